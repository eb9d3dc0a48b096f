#include "config.h"

#include "replay.h"

#include "buf.h"
#include "event.h"
#include "linux/rtnl_decode.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * Recordings made by hand, and of what a kernel gave; what comes of their
 * lines.
 */

static struct replay *replay;
static struct buf events;

static void
publish(void *arg, struct kev_event *ev)
{
	ev->run = "0";
	kev_event_put(arg, ev);
}

static int
set_up(void **state)
{
	(void)state;
	replay = replay_new("file", publish, &events);
	assert_non_null(replay);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	replay_free(replay);
	buf_fini(&events);
	return 0;
}

/* One line. False: it is no good. */
static bool
play(const char *line)
{
	if (!replay_offer(replay, line, strlen(line)))
		return false;
	replay_step(replay);
	return true;
}

/* A message at so many microseconds of both clocks. */
static void
at(uint64_t now, const char *source, const char *members, const char *hex)
{
	size_t size = strlen(hex) + strlen(members) + 256;
	char *line = malloc(size);
	struct buf time = BUF_INIT;

	kev_event_put_time(&time, now);
	snprintf(line, size, "{\"source\":\"%s\",\"time\":\"%.*s\","
	    "\"mono\":%llu%s,\"hex\":\"%s\"}", source, (int)time.len, time.data,
	    (unsigned long long)now, members, hex);
	assert_true(play(line));
	buf_fini(&time);
	free(line);
}

/* What was published, as an array; not any more after that. */
static json_t *
published(void)
{
	json_t *all = json_array(), *ev;
	size_t pos = 0, end;

	for (; pos < events.len; pos = end) {
		for (end = pos; events.data[end++] != '\n';)
			continue;
		ev = json_loadb(events.data + pos, end - pos, 0, NULL);
		assert_non_null(ev);
		assert_string_equal(json_string_value(json_object_get(ev,
		    "source")), "play");
		json_array_append_new(all, ev);
	}
	buf_clear(&events);
	return all;
}

/* When the last event of TOPIC was, in stamp.mono, or 0. */
static uint64_t
last_of(const char *topic)
{
	json_t *all = published(), *ev;
	uint64_t mono = 0;
	size_t i;

	json_array_foreach(all, i, ev) {
		if (strcmp(json_string_value(json_object_get(ev, "topic")),
		    topic) == 0)
			mono = (uint64_t)json_integer_value(
			    json_object_get(ev, "mono"));
	}
	json_decref(all);
	return mono;
}

static const struct source_stats *
stats(const char *name)
{
	const struct source_stats *st;
	size_t i;

	for (i = 0; (st = replay_stats(replay, i)) != NULL; i++) {
		if (strcmp(st->name, name) == 0)
			return st;
	}
	fail_msg("no stats of %s", name);
	return NULL;
}

static void
each_vector(void (*call)(const char *name, const char *hex, void *arg),
    void *arg)
{
	FILE *f = fopen(VECTORS "rtnetlink.ndjson", "r");
	char *line = NULL;
	size_t size = 0;
	json_t *v;

	assert_non_null(f);
	while (getline(&line, &size, f) != -1) {
		v = json_loads(line, 0, NULL);
		assert_non_null(v);
		if (json_object_get(v, "from_pid") == NULL)
			call(json_string_value(json_object_get(v, "name")),
			    json_string_value(json_object_get(v, "hex")), arg);
		json_decref(v);
	}
	free(line);
	fclose(f);
}

/* The state that the same messages made without being recorded. */
struct direct {
	struct state *state;
	struct buf events;
	struct stamp now;
	uint64_t malformed;
};

static void
both(const char *name, const char *hex, void *arg)
{
	static uint8_t bytes[65536];
	struct direct *d = arg;
	struct rtnl_reader r;
	enum rtnl_found found;
	struct change c;
	unsigned byte;
	size_t i;

	(void)name;
	for (i = 0; hex[2 * i] != '\0'; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	d->now.mono = d->now.time += 1000;
	rtnl_reader_init(&r, bytes, i);
	while ((found = rtnl_next(&r, &c)) != RTNL_END) {
		if (found == RTNL_CHANGE)
			state_apply(d->state, &c, &d->now);
		d->malformed += found == RTNL_MALFORMED;
	}
	state_settle(d->state, &d->now);
	at(d->now.time, "rtnetlink", "", hex);
}

/* Every vector says the same when it is played. */
static void
vectors(void **state)
{
	struct direct d = { .now = { 1000000, 1000000 } };

	(void)state;
	d.state = state_new(NULL, publish, &d.events);
	state_set_played(d.state);
	at(d.now.time, "timer", "", "");
	each_vector(both, &d);
	replay_end(replay);
	assert_true(d.events.len > 10000);
	assert_int_equal(events.len, d.events.len);
	assert_memory_equal(events.data, d.events.data, events.len);
	assert_true(d.malformed > 10);
	assert_int_equal(stats("rtnetlink")->malformed, d.malformed);
	state_free(d.state);
	buf_fini(&d.events);
}

static void
find(const char *name, const char *hex, void *arg)
{
	const char **want = arg;

	if (strcmp(name, want[0]) == 0)
		want[1] = strdup(hex);
}

/* The vector of that name at so many microseconds. */
static void
vector(uint64_t now, const char *name, const char *members)
{
	const char *found[2] = { name, NULL };

	each_vector(find, found);
	assert_non_null(found[1]);
	at(now, "rtnetlink", members, found[1]);
	free((char *)found[1]);
}

#define SECOND UINT64_C(1000000)
#define START (1000000 * SECOND)

/* Clocks that are not told, or go back. */
static void
clocks(void **state)
{
	static const struct {
		const char *time, *mono;
		uint64_t due;
	} table[] = {
		{ "1970-01-01T00:00:05Z", "", 5 * SECOND },
		{ "1970-01-01T00:00:07Z", "", 7 * SECOND },
		{ "1970-01-01T00:00:06Z", "", 7 * SECOND },
		{ "1970-01-01T00:00:08Z", "", 9 * SECOND },
		{ "1970-01-01T00:00:08Z", ",\"mono\":3", 9 * SECOND },
		{ "1970-01-01T00:00:08Z", ",\"mono\":20000000", 20 * SECOND },
		{ "1970-01-01T00:00:09Z", "", 21 * SECOND },
	};
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		snprintf(line, sizeof line, "{\"source\":\"arp\",\"time\":"
		    "\"%s\"%s,\"hex\":\"\"}", table[i].time, table[i].mono);
		assert_true(play(line));
		assert_int_equal(replay_due(replay), table[i].due);
		assert_int_equal(replay_now(replay).mono, table[i].due);
	}
}

/* network/changed comes before what does not continue; at once, or at its
 * end. */
static void
batches(void **state)
{
	(void)state;
	at(START, "timer", "", "");
	vector(START + 1, "veth-create.2", "");
	vector(START + 2, "addr4-add.1", "");
	assert_int_equal(last_of("network/changed"), 0);
	vector(START + 3, "addr4-add-secondary.1", ",\"continued\":true");
	assert_int_equal(last_of("network/changed"), 0);
	vector(START + 4, "mtu-change", "");
	assert_int_equal(last_of("network/changed"), START + 3);
	vector(START + 5, "addr4-peer.1", "");
	replay_settle(replay);
	assert_int_equal(last_of("network/changed"), START + 5);
	vector(START + 6, "addr4-peer-2.1", "");
	replay_end(replay);
	assert_int_equal(last_of("network/changed"), START + 6);
}

/* An option that tells a prefix for NAT64, of that many seconds. */
static void
nat64(uint64_t now, unsigned seconds)
{
	char hex[256];

	snprintf(hex, sizeof hex, "440000004400000000000000000000000a00100003"
	    "0000008600000000000000" "2602%04x0064ff9b0000000000000000"
	    "14000100fe8000000000000000aa00fffe000020", seconds);
	at(now, "rtnetlink", "", hex);
}

/*
 * Times that a state waits for are met when they come, where they are not
 * recorded; but not without end: a router whose lifetime is over is asked about
 * each second, which nobody answers.
 */
static void
ticks(void **state)
{
	(void)state;
	vector(START, "veth-create.2", "");
	nat64(START, 800);
	/* 600 seconds. */
	vector(START, "ra-router.1", "");
	at(START + 5000 * SECOND, "arp", "", "");
	assert_int_equal(last_of("ipv6/nat64-prefix"), START + 800 * SECOND);
}

static void
few_ticks(void **state)
{
	(void)state;
	vector(START, "veth-create.2", "");
	nat64(START, 1616);
	vector(START, "ra-router.1", "");
	at(START + 5000 * SECOND, "arp", "", "");
	assert_int_equal(last_of("ipv6/nat64-prefix"), START + 1616 * SECOND);
}

static void
many_ticks(void **state)
{
	(void)state;
	vector(START, "veth-create.2", "");
	nat64(START, 1632);
	vector(START, "ra-router.1", "");
	at(START + 5000 * SECOND, "arp", "", "");
	assert_int_equal(last_of("ipv6/nat64-prefix"), START + 5000 * SECOND);
}

/* Where they are recorded nothing is met that is not. */
static void
recorded_ticks(void **state)
{
	(void)state;
	at(START, "timer", "", "");
	vector(START, "veth-create.2", "");
	nat64(START, 8);
	at(START + 9 * SECOND, "arp", "", "");
	assert_int_equal(last_of("ipv6/nat64-prefix"), START);
	at(START + 10 * SECOND, "timer", "", "");
	assert_int_equal(last_of("ipv6/nat64-prefix"), START + 10 * SECOND);
}

static void
dumps(void **state)
{
	(void)state;
	at(START, "timer", "", "");
	vector(START, "veth-create.1", "");
	vector(START, "veth-create.2", "");
	/* One of them is told again; then none, and they go in two pieces. */
	at(START + 1, "rtnetlink", ",\"dump\":[\"link\"]", "");
	vector(START + 1, "veth-create.1", ",\"end\":true");
	assert_int_equal(last_of("interface/detach"), START + 1);
	vector(START + 2, "veth-create.2", "");
	at(START + 2, "rtnetlink", ",\"dump\":[\"link\"]", "");
	at(START + 3, "rtnetlink", ",\"end\":1", "");
	assert_int_equal(last_of("interface/detach"), START + 3);
	assert_false(state_is_empty(replay_state(replay, 0)));
	at(START + 4, "rtnetlink", ",\"end\":true", "");
	assert_int_equal(last_of("interface/detach"), START + 4);
	assert_true(state_is_empty(replay_state(replay, 0)));
	/* One that does not end says nothing of what it does not have. */
	vector(START + 5, "veth-create.1", "");
	at(START + 6, "rtnetlink", ",\"dump\":[\"link\"]", "");
	replay_end(replay);
	assert_false(state_is_empty(replay_state(replay, 0)));
	assert_int_equal(last_of("interface/detach"), 0);
}

static void
gaps(void **state)
{
	json_t *all;

	(void)state;
	at(START, "rtnetlink", ",\"cause\":\"kernel-overrun\",\"lost\":5", "");
	at(START, "audit", ",\"cause\":\"kernel-overrun\"", "");
	all = published();
	assert_int_equal(json_array_size(all), 2);
	assert_true(json_is_true(json_object_get(json_object_get(
	    json_array_get(all, 0), "data"), "resynced")));
	assert_true(json_is_false(json_object_get(json_object_get(
	    json_array_get(all, 1), "data"), "resynced")));
	json_decref(all);
}

static unsigned
count_gaps(void)
{
	json_t *all = published(), *ev;
	unsigned count = 0;
	size_t i;

	json_array_foreach(all, i, ev) {
		if (strcmp(json_string_value(json_object_get(ev, "topic")),
		    "kev/gap") != 0)
			continue;
		assert_true(json_is_false(json_object_get(json_object_get(ev,
		    "data"), "resynced")));
		count++;
	}
	json_decref(all);
	return count;
}

/*
 * A kernel said that messages were lost: RTM_DESYNC, NLMSG_OVERRUN. What kevd did
 * then is in its recordings, which begin with a timer; in others nothing is.
 */
static void
told_losses(void **state)
{
	static const char members[] = ",\"os\":\"openbsd\",\"abi\":\"lp64le\"";
	static const char overrun[] = "10000000040000000000000000000000";
	char desync[2 * 96 + 1];

	memset(desync, '0', sizeof desync - 1);
	desync[sizeof desync - 1] = '\0';
	memcpy(desync, "6000051060", 10);
	at(START, "route", members, desync);
	assert_int_equal(count_gaps(), 1);
	assert_int_equal(stats("route")->ignored, 1);
	at(START + 3 * SECOND, "rtnetlink", "", overrun);
	assert_int_equal(count_gaps(), 1);
	tear_down(state);
	set_up(state);
	at(START, "timer", "", "");
	at(START, "route", members, desync);
	at(START + 3 * SECOND, "rtnetlink", "", overrun);
	assert_int_equal(count_gaps(), 0);
}

/* States in order of names, each with what was told of it. */
static void
spaces(void **state)
{
	(void)state;
	at(START, "timer", "", "");
	vector(START, "veth-create.1", ",\"netns\":\"red\"");
	vector(START, "veth-create.1", ",\"netns\":\"blue\"");
	assert_true(state_is_empty(replay_state(replay, 0)));
	assert_int_not_equal(state_ifindex(replay_state(replay, 1), "peer0"),
	    0);
	assert_int_not_equal(state_ifindex(replay_state(replay, 2), "peer0"),
	    0);
	assert_null(replay_state(replay, 3));
	/* It is no more, and there is another one. */
	at(START + 1, "rtnetlink", ",\"netns\":\"red\",\"dump\":[\"link\","
	    "\"addr4\",\"addr6\",\"route4\",\"route6\",\"neigh\"],\"end\":true",
	    "");
	at(START + 1, "rtnetlink", ",\"netns\":\"red\","
	    "\"cause\":\"source-lost\"", "");
	assert_int_equal(last_of("kev/gap"), START + 1);
	vector(START + 2, "veth-create.1", ",\"netns\":\"red\"");
	assert_int_equal(last_of("interface/attach"), START + 2);
	assert_null(replay_state(replay, 3));
}

/* What is wrong counts for its source, and what follows is played. */
static void
broken(void **state)
{
	static const char *const table[] = {
		"{", "7", "{\"source\":\"rtnetlink\"}",
		"{\"source\":\"rtnetlink\",\"time\":\"1970-01-01T00:00:00Z\","
		    "\"hex\":\"0\"}",
		"{\"source\":\"none\",\"time\":\"1970-01-01T00:00:00Z\","
		    "\"hex\":\"\"}",
		"{\"source\":\"timer\",\"time\":\"x\",\"hex\":\"\"}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++)
		assert_false(play(table[i]));
	assert_false(replay_offer(replay, NULL, 0));
	assert_int_equal(stats("rtnetlink")->malformed, 2);
	assert_int_equal(stats("play")->malformed, 5);
	assert_int_equal(stats("play")->ignored, 0);
	assert_int_equal(stats("play")->decoded, 0);
	/* An empty message is none of rtnetlink's. */
	at(START, "rtnetlink", "", "");
	at(START, "arp", "", "0001");
	at(START, "ndp", "", "88");
	at(START, "audit", "", "1000000014050000");
	at(START, "ethtool", "", "0100");
	at(START, "kern_event", "", "");
	at(START, "route", "", "04000504");
	at(START, "route", ",\"os\":\"netbsd\",\"abi\":\"lp64le\"", "04");
	assert_int_equal(stats("rtnetlink")->malformed, 3);
	assert_int_equal(stats("arp")->malformed, 1);
	assert_int_equal(stats("ndp")->malformed, 1);
	assert_int_equal(stats("audit")->malformed, 1);
	assert_int_equal(stats("ethtool")->malformed, 1);
	assert_int_equal(stats("kern_event")->malformed, 1);
	assert_int_equal(stats("route")->malformed, 2);
	assert_int_equal(stats("play")->decoded, 8);
	vector(START, "veth-create.1", "");
	assert_int_equal(last_of("interface/attach"), START);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(vectors), TEST(clocks), TEST(batches), TEST(ticks),
		TEST(few_ticks), TEST(many_ticks), TEST(recorded_ticks),
		TEST(dumps), TEST(gaps), TEST(told_losses), TEST(spaces), TEST(broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

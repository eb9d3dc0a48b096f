#include "config.h"

#include "buf.h"
#include "event.h"
#include "hub.h"
#include "source.h"

#include <sys/resource.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/*
 * Readers that take as many bytes as they are told to. What they got must be
 * what they would have got each by itself.
 */
struct reader {
	struct subscriber sub;
	struct buf got;
	size_t takes;		/* bytes until it is blocked */
	bool waits;		/* is told pieces only by tell() */
};

static bool starving;

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	return starving ? NULL : __real_malloc(size);
}

static struct hub *hub;
static bool generous = true;

static bool
affords(struct subscriber *s)
{
	(void)s;
	return generous;
}

static void
flush(struct subscriber *s)
{
	struct reader *r = (struct reader *)s;
	struct iovec iov[8];
	size_t total = 0, own, sent, n;
	int i, count;

	do {
		while (outq_ready(&s->q) > 0) {
			count = 0;
			own = s->q.own.len - s->q.own_sent;
			if (own > 0)
				iov[count++] = (struct iovec){
				    s->q.own.data + s->q.own_sent, own };
			if (s->q.stream != NULL && !s->q.held)
				count += stream_iov(s->q.stream,
				    hub_history(hub), s->q.at, iov + count,
				    8 - count, &total);
			sent = 0;
			for (i = 0; i < count && r->takes > 0; i++) {
				n = iov[i].iov_len < r->takes ?
				    iov[i].iov_len : r->takes;
				buf_put(&r->got, iov[i].iov_base, n);
				r->takes -= n;
				sent += n;
			}
			outq_sent(&s->q, sent);
			s->blocked = r->takes == 0;
			if (s->blocked)
				return;
		}
	} while (hub_catch_up(hub, s) || (!r->waits && (hub_go_on(hub, s) ||
	    (s->behind && hub_may_tell(hub)) || outq_ready(&s->q) > 0)));
	s->blocked = false;
}

static struct stamp
now(void *source)
{
	static uint64_t moments;

	(void)source;
	moments++;
	return (struct stamp){ moments, moments };
}

/* What holds: interfaces from 1 on, an attach and a link-up each. */
static unsigned present_calls;
static struct state *world;

static const struct state *
only_state(const struct source *s, size_t n)
{
	(void)s;
	return n == 0 ? world : NULL;
}

static struct present *
present(void *source, const struct stamp *at, state_publish_fn *publish,
    void *arg)
{
	static const struct source_ops ops = { .state = only_state };
	static const struct source world_source = { &ops };

	(void)source;
	present_calls++;
	return present_new(&world_source, at, publish, arg);
}

static void
publish_change(void *arg, struct kev_event *ev)
{
	(void)arg;
	if (hub != NULL)
		hub_publish(hub, ev);
}

static void
link_is(unsigned ifindex, uint32_t mtu)
{
	struct change c = { .type = mtu > 0 ? CHANGE_LINK : CHANGE_LINK_GONE,
	    .ifindex = ifindex };
	struct stamp at = now(NULL);

	snprintf(c.link.ifname, sizeof c.link.ifname, "p%u", ifindex);
	c.link.link.has = KEV_BIT(MTU) | KEV_BIT(FLAGS);
	c.link.link.mtu = mtu;
	c.link.link.flags = KEV_IFF_UP | KEV_IFF_RUNNING;
	state_apply(world, &c, &at);
}

/* N interfaces, without a word. */
static void
make_world(unsigned n)
{
	struct hub *h = hub;

	state_free(world);
	world = state_new(NULL, publish_change, NULL);
	hub = NULL;
	while (n > 0)
		link_is(n--, 1500);
	hub = h;
}

static int
begin(void **state)
{
	(void)state;
	hub = NULL;
	make_world(1);
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	state_free(world);
	world = NULL;
	return 0;
}

/* Nobody waits for others. */
static void
flush_end(void *none)
{
	(void)none;
}

static void
open_hub(size_t history, size_t queue)
{
	struct hub_config config = { .history = history, .queue = queue,
	    .flush = flush, .flush_end = flush_end, .affords = affords,
	    .present = present, .now = now };

	hub = hub_new(&config);
	assert_non_null(hub);
}

static void
open_reader(struct reader *r, uint64_t topics, size_t takes)
{
	struct kev_filter f = { .topics = topics };

	memset(r, 0, sizeof *r);
	r->takes = takes;
	assert_true(hub_subscribe(hub, &r->sub, &f));
}

static void
close_reader(struct reader *r)
{
	hub_unsubscribe(hub, &r->sub);
	outq_fini(&r->sub.q);
	buf_fini(&r->got);
}

static void
publish(enum kev_topic topic, const char *ifname)
{
	struct kev_event ev = { .topic = topic, .ifname = ifname, .ifindex = 1 };

	hub_publish(hub, &ev);
}

static char *
text(struct buf *b)
{
	buf_putc(b, '\0');
	b->len--;
	return b->data;
}

/* Calls back with each line that was got. */
static size_t
count_lines(struct reader *r, const char *part)
{
	char *line = text(&r->got), *end;
	size_t n = 0;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		char *found = strstr(line, part);

		n += found != NULL && found < end;
	}
	assert_string_equal(line, "");
	return n;
}

/* The numbers in what was got go up by one, but for a gap told. */
static void
assert_whole(struct reader *r, uint64_t next)
{
	char *line, *end;

	for (line = text(&r->got); (end = strchr(line, '\n')) != NULL;
	    line = end + 1) {
		json_t *ev = json_loadb(line, (size_t)(end - line), 0, NULL);
		json_t *data = json_object_get(ev, "data");
		const char *topic;
		uint64_t seq;

		assert_non_null(ev);
		topic = json_string_value(json_object_get(ev, "topic"));
		seq = (uint64_t)json_integer_value(json_object_get(ev, "seq"));
		if (strcmp(topic, "kev/gap") == 0) {
			assert_int_equal(next, json_integer_value(
			    json_object_get(data, "first")));
			next = (uint64_t)json_integer_value(
			    json_object_get(data, "last")) + 1;
			assert_int_equal(json_integer_value(json_object_get(
			    data, "lost")), next - (uint64_t)json_integer_value(
			    json_object_get(data, "first")));
		} else if (json_object_get(ev, "snapshot") == NULL &&
		    strcmp(topic, "kev/synced") != 0) {
			assert_int_equal(seq, next);
			next++;
		}
		json_decref(ev);
	}
}

static void
routing(void **state)
{
	static const char *const names[] = { "eth0", "wg0", NULL };
	struct kev_filter f = { .topics = KEV_TOPIC(IPV6_DUPLICATE) };
	struct reader all, some, one, none;
	unsigned i;

	(void)state;
	open_hub(100000, 100000);
	open_reader(&all, KEV_TOPIC_ALL, SIZE_MAX);
	open_reader(&some, KEV_TOPIC(IPV6_DUPLICATE), SIZE_MAX);
	open_reader(&none, KEV_TOPIC(INTERFACE_IDLE), SIZE_MAX);
	memset(&one, 0, sizeof one);
	one.takes = SIZE_MAX;
	f.ifnames = (struct kev_names){ strdup("wg?"), 4, 1 };
	assert_true(hub_subscribe(hub, &one.sub, &f));
	for (i = 0; i < 3; i++) {
		publish(KEV_T_IPV6_DUPLICATE, names[i]);
		publish(KEV_T_NETWORK_CHANGED, NULL);
	}
	assert_int_equal(all.got.len, 0);
	hub_flush(hub);
	assert_whole(&all, 1);
	assert_int_equal(count_lines(&all, "topic"), 6);
	assert_int_equal(count_lines(&some, "topic"), 3);
	assert_int_equal(count_lines(&some, "ipv6/duplicate"), 3);
	assert_int_equal(count_lines(&one, "topic"), 1);
	assert_int_equal(count_lines(&one, "\"ifname\":\"wg0\""), 1);
	assert_int_equal(count_lines(&none, "topic"), 0);
	assert_int_equal(hub_events(hub, KEV_T_IPV6_DUPLICATE), 3);
	assert_int_equal(hub_sent(hub, &some.sub), 3);
	/* What is said comes in its place. */
	publish(KEV_T_IPV6_DUPLICATE, "a");
	buf_puts(hub_say(hub, &some.sub), "reply\n");
	publish(KEV_T_IPV6_DUPLICATE, "b");
	hub_flush(hub);
	assert_non_null(strstr(strstr(strstr(text(&some.got), "\"a\""),
	    "reply\n"), "\"b\""));
	/* kev/ goes to all, whatever they want. */
	publish(KEV_T_KEV_GAP, NULL);
	hub_flush(hub);
	assert_int_equal(count_lines(&none, "kev/gap"), 1);
	assert_int_equal(count_lines(&one, "kev/gap"), 1);
	close_reader(&all);
	close_reader(&some);
	close_reader(&one);
	close_reader(&none);
	hub_free(hub);
}

/* A reader that takes little gets a gap, and then the present; once. */
static void
slow_reader(void **state)
{
	struct reader slow, fast;
	int i;

	(void)state;
	open_hub(0, 10000);
	open_reader(&slow, KEV_TOPIC_ALL, 1000);
	open_reader(&fast, KEV_TOPIC_ALL, SIZE_MAX);
	present_calls = 0;
	for (i = 0; i < 2000; i++) {
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		if (i % 7 == 0)
			hub_flush(hub);
		assert_true(hub_queued(&slow.sub) < 10000 + 7 * 300);
	}
	hub_flush(hub);
	assert_int_equal(count_lines(&fast, "topic"), 2000);
	assert_whole(&fast, 1);
	assert_int_equal(present_calls, 0);
	assert_true(slow.sub.behind);
	assert_true(slow.got.len == 1000);
	slow.takes = SIZE_MAX;
	flush(&slow.sub);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_int_equal(present_calls, 1);
	assert_int_equal(count_lines(&slow, "kev/gap"), 1);
	assert_int_equal(count_lines(&slow, "\"cause\":\"slow-reader\""), 1);
	assert_int_equal(count_lines(&slow, "kev/synced"), 1);
	assert_int_equal(count_lines(&slow, "\"snapshot\":true"), 2);
	assert_whole(&slow, 1);
	assert_int_equal(hub_sent(hub, &slow.sub) + slow.sub.lost, 2001);
	close_reader(&slow);
	close_reader(&fast);
	hub_free(hub);
}

static int
crowded_calls(void)
{
	int n = 0;

	while (n < 1000 && hub_crowded(hub))
		n++;
	return n;
}

/* Who is owed much is waited for, but not for ever, and again when he reads. */
static void
crowd(void **state)
{
	struct reader r;

	(void)state;
	open_hub(0, 20000);
	open_reader(&r, KEV_TOPIC_ALL, 0);
	while (outq_behind(&r.sub.q) <= 20000 / 4) {
		assert_int_equal(crowded_calls(), 0);
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		hub_flush(hub);
	}
	while (outq_behind(&r.sub.q) < 15000)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_int_equal(crowded_calls(), 100);
	r.takes = 4095;
	flush(&r.sub);
	assert_int_equal(crowded_calls(), 0);
	r.takes = 1;
	flush(&r.sub);
	assert_int_equal(crowded_calls(), 100);
	assert_false(r.sub.behind);
	close_reader(&r);
	hub_free(hub);
}

/* Who can read again in the middle of an event is told the present after it. */
static void
in_between(void **state)
{
	struct reader r;
	int i;

	(void)state;
	open_hub(30000, 8192);
	open_reader(&r, KEV_TOPIC_ALL, 0);
	while (!r.sub.behind) {
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		hub_flush(hub);
	}
	r.takes = SIZE_MAX;
	r.sub.blocked = false;
	/* Until the log has no room, which is made when all is flushed. */
	for (i = 0; i < 10000; i++) {
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		assert_true(r.sub.behind);
	}
	hub_flush(hub);
	assert_false(r.sub.behind);
	assert_whole(&r, 1);
	close_reader(&r);
	hub_free(hub);
}

/* What was lost is told, also when something else is wanted from there on. */
static void
leaver(void **state)
{
	struct kev_filter every = { .topics = KEV_TOPIC_ALL };
	struct reader r;
	int i;

	(void)state;
	open_hub(0, 10000);
	open_reader(&r, KEV_TOPIC_ALL, 1000);
	for (i = 0; i < 200; i++)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_true(r.sub.behind);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	assert_true(hub_subscribe(hub, &r.sub, &every));
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	r.takes = SIZE_MAX;
	flush(&r.sub);
	assert_int_equal(count_lines(&r, "kev/gap"), 1);
	assert_int_equal(count_lines(&r, "\"resynced\":false"), 1);
	assert_int_equal(count_lines(&r, "kev/synced"), 0);
	assert_whole(&r, 1);
	assert_int_equal(hub_sent(hub, &r.sub) + r.sub.lost, 202);
	close_reader(&r);
	hub_free(hub);
}

/* The rest of a line that was begun is over the limit, and not lost. */
static void
begun_line(void **state)
{
	char name[20001];
	struct kev_note note = { .has = KEV_BIT(INTERFACES),
	    .interfaces = { name, sizeof name, 1 } };
	struct kev_event ev = { .topic = KEV_T_NETWORK_CHANGED,
	    .data = (const struct kev_object *)&note };
	struct reader r;

	(void)state;
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	open_hub(0, 10000);
	open_reader(&r, KEV_TOPIC_ALL, 1000);
	hub_publish(hub, &ev);
	hub_flush(hub);
	assert_false(r.sub.behind);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_true(r.sub.behind);
	r.takes = SIZE_MAX;
	flush(&r.sub);
	assert_int_equal(count_lines(&r, "\"first\":2,"), 1);
	assert_whole(&r, 1);
	close_reader(&r);
	hub_free(hub);
}

/* A present larger than the limit is no reason for a gap; a backlog is. */
static void
large_present(void **state)
{
	struct reader r;
	uint64_t said;
	int i;

	(void)state;
	open_hub(0, 10000);
	open_reader(&r, KEV_TOPIC_ALL, 0);
	present_calls = 0;
	make_world(60);
	hub_tell_present(hub, &r.sub);
	assert_false(hub_go_on(hub, &r.sub));
	assert_true(hub_queued(&r.sub) > 11000);
	for (i = 0; i < 20; i++) {
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		r.takes = 1000;
		r.sub.blocked = false;
		hub_flush(hub);
		/* An answer in between changes nothing. */
		if (i % 5 == 0)
			buf_puts(hub_say(hub, &r.sub), "");
	}
	assert_false(r.sub.behind);
	r.takes = SIZE_MAX;
	flush(&r.sub);
	assert_int_equal(count_lines(&r, "\"snapshot\":true"), 120);
	assert_int_equal(count_lines(&r, "kev/gap"), 0);
	assert_whole(&r, 1);
	assert_int_equal(hub_sent(hub, &r.sub), 20);
	assert_int_equal(present_calls, 1);

	/* Answers don't hide how far it is behind. */
	hub_tell_present(hub, &r.sub);
	assert_false(hub_go_on(hub, &r.sub));
	said = hub_queued(&r.sub);
	r.takes = 0;
	r.sub.blocked = true;
	for (i = 0; i < 200 && !r.sub.behind; i++) {
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		hub_flush(hub);
		hub_say(hub, &r.sub);
	}
	assert_true(r.sub.behind);
	assert_true(hub_queued(&r.sub) < said + 10300);
	close_reader(&r);
	hub_free(hub);
}

/* Rare events owed to one who sleeps outlive the log. */
static void
sleeper(void **state)
{
	struct reader sleeps, all;
	int i;

	(void)state;
	open_hub(100000, 100000);
	open_reader(&sleeps, KEV_TOPIC(INTERFACE_IDLE), 0);
	sleeps.sub.blocked = true;
	open_reader(&all, KEV_TOPIC_ALL, SIZE_MAX);
	for (i = 0; i < 20000; i++) {
		publish(i % 1000 == 0 ? KEV_T_INTERFACE_IDLE :
		    KEV_T_IPV6_DUPLICATE, "eth0");
		if (i % 10 == 0)
			hub_flush(hub);
	}
	hub_flush(hub);
	assert_whole(&all, 1);
	sleeps.takes = SIZE_MAX;
	flush(&sleeps.sub);
	assert_int_equal(count_lines(&sleeps, "interface/idle"), 20);
	assert_int_equal(count_lines(&sleeps, "kev/gap"), 0);
	assert_int_equal(sleeps.sub.lost, 0);
	close_reader(&sleeps);
	close_reader(&all);
	hub_free(hub);
}

/* A line larger than the log. */
static void
large_line(void **state)
{
	size_t size = 3 << 20;
	struct kev_note note = { .has = KEV_BIT(INTERFACES) };
	struct kev_event ev = { .topic = KEV_T_NETWORK_CHANGED,
	    .data = (const struct kev_object *)&note };
	struct reader all;

	(void)state;
	open_hub(10000, 100 << 20);
	open_reader(&all, KEV_TOPIC_ALL, SIZE_MAX);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	note.interfaces = (struct kev_names){ malloc(size), (uint32_t)size, 1 };
	memset(note.interfaces.buf, 'x', size - 1);
	note.interfaces.buf[size - 1] = '\0';
	hub_publish(hub, &ev);
	hub_publish(hub, &ev);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_whole(&all, 1);
	assert_int_equal(count_lines(&all, "topic"), 4);
	free(note.interfaces.buf);
	close_reader(&all);
	hub_free(hub);
}

static long
faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* No line waits for a page of the log that was never written. */
static void
memory_ahead(void **state)
{
	long page = sysconf(_SC_PAGESIZE), sum = 0;
	uint64_t from;
	int i;

	(void)state;
	open_hub(1 << 20, 1 << 20);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	from = hub_history(hub)->head;
	for (i = 0; i < 2000; i++) {
		sum -= faults();
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		sum += faults();
		hub_flush(hub);
	}
	/* What the index of the lines takes is less than half of that. */
	assert_in_range(sum, 0, (long)(hub_history(hub)->head - from) / page /
	    2);
	hub_free(hub);
}

static void
tell_after(struct reader *r, struct kev_filter *f, uint64_t seq)
{
	assert_true(hub_subscribe(hub, &r->sub, f));
	buf_clear(&r->got);
	hub_tell_after(hub, &r->sub, seq);
	flush(&r->sub);
	assert_null(r->sub.telling);
}

static void
resume(void **state)
{
	struct kev_filter every = { .topics = KEV_TOPIC_ALL };
	struct reader r;
	int i;

	(void)state;
	open_hub(20000, 20000);
	memset(&r, 0, sizeof r);
	r.takes = SIZE_MAX;
	assert_true(hub_reaches(hub, 0));
	assert_false(hub_reaches(hub, 1));
	for (i = 0; i < 10; i++)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	tell_after(&r, &every, 4);
	assert_int_equal(count_lines(&r, "topic"), 6);
	assert_whole(&r, 5);
	assert_int_equal(hub_sent(hub, &r.sub), 6);
	assert_true(hub_reaches(hub, 0));
	for (i = 0; i < 10000; i++)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_false(hub_reaches(hub, 10));
	assert_true(hub_reaches(hub, hub_seq(hub)));
	assert_true(hub_reaches(hub, hub_seq(hub) - 50));
	assert_false(hub_reaches(hub, hub_seq(hub) + 1));
	/* All there is, and no more than was to be kept. */
	every.topics = KEV_TOPIC_ALL;
	tell_after(&r, &every, 0);
	assert_true(r.got.len <= 20000 && r.got.len > 19000);
	/* Only what fits. */
	every = (struct kev_filter){ .topics = KEV_TOPIC_ALL,
	    .ifnames = { strdup("w*"), 3, 1 } };
	publish(KEV_T_IPV6_DUPLICATE, "wg0");
	hub_flush(hub);
	tell_after(&r, &every, hub_seq(hub) - 10);
	assert_int_equal(count_lines(&r, "topic"), 1);
	close_reader(&r);
	hub_free(hub);
}

/* A reader that is told pieces only when it is asked to be. */
static void
open_told(struct reader *r, uint64_t topics)
{
	open_reader(r, topics, SIZE_MAX);
	r->waits = true;
}

static bool
tell(struct reader *r)
{
	bool more = hub_go_on(hub, &r->sub);

	flush(&r->sub);
	return more;
}

/* All of the present, and its end, is of the same moment. */
static void
present_of_one_moment(void **state)
{
	struct reader r;
	const char *mono;
	char wanted[64];

	(void)state;
	make_world(1);
	open_hub(1 << 20, 1 << 20);
	open_told(&r, KEV_TOPIC_ALL);
	hub_tell_after(hub, &r.sub, 0);
	hub_tell_present(hub, &r.sub);
	assert_false(tell(&r));
	assert_int_equal(count_lines(&r, "\"snapshot\":true"), 2);
	mono = strstr(r.got.data, "\"mono\"");
	assert_non_null(mono);
	snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(mono, ","), mono);
	assert_int_equal(count_lines(&r, wanted), 3);
	close_reader(&r);
	hub_free(hub);
}

/* The present is that of its beginning, and what is said meanwhile follows. */
static void
present_in_pieces(void **state)
{
	struct reader r, other;
	unsigned i, pieces = 1;

	(void)state;
	open_hub(1 << 20, 1 << 20);
	make_world(300);
	open_told(&r, KEV_TOPIC_ALL);
	open_reader(&other, KEV_TOPIC_ALL, SIZE_MAX);
	publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	hub_tell_present(hub, &r.sub);
	assert_true(tell(&r));
	assert_int_equal(count_lines(&r, "\"snapshot\":true"), 128);
	assert_int_equal(hub_unread(&r.sub), 0);
	/* One that it was told of, one that it was not. */
	link_is(1, 1400);
	link_is(300, 1400);
	link_is(299, 0);
	link_is(301, 1500);
	hub_flush(hub);
	assert_int_equal(count_lines(&other, "\"mtu\":1400"), 2);
	assert_true(hub_queued(&r.sub) > hub_unread(&r.sub));
	assert_true(hub_unread(&r.sub) > 0);
	buf_puts(hub_say(hub, &r.sub),
	    "{\"topic\":\"kev/synced\",\"seq\":0}\n");
	while (tell(&r))
		pieces++;
	assert_int_equal(pieces, 4);
	assert_int_equal(count_lines(&r, "\"snapshot\":true"), 600);
	assert_int_equal(count_lines(&r, "kev/synced"), 2);
	assert_int_equal(count_lines(&r, "\"mtu\":1400"), 2);
	assert_int_equal(count_lines(&r, "\"ifname\":\"p301\""), 2);
	for (i = 299; i <= 300; i++) {
		char *line = strstr(r.got.data, i == 299 ? "\"p299\"" :
		    "\"p300\"");

		assert_true(line < strstr(r.got.data, "kev/synced"));
		assert_non_null(strstr(line, "\"mtu\":1500"));
	}
	assert_null(strstr(strstr(r.got.data, "\"seq\":0}"), "\"snapshot\""));
	assert_whole(&r, 1);
	assert_int_equal(hub_queued(&r.sub), 0);
	/* One that goes in the middle, and one whose present it is not. */
	hub_tell_present(hub, &r.sub);
	assert_true(tell(&r));
	hub_unsubscribe(hub, &r.sub);
	link_is(301, 1400);
	assert_int_equal(hub_unread(&r.sub), 0);
	assert_false(tell(&r));
	close_reader(&r);
	close_reader(&other);
	hub_free(hub);
}

/* A backlog while it is told is one: but first it is told to the end. */
static void
behind_while_told(void **state)
{
	struct reader r, other;
	int i;

	(void)state;
	open_hub(0, 10000);
	make_world(300);
	open_told(&r, KEV_TOPIC_ALL);
	hub_tell_present(hub, &r.sub);
	for (i = 0; i < 20; i++)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_false(r.sub.behind);
	for (i = 0; i < 100; i++)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	hub_flush(hub);
	assert_true(r.sub.behind);
	r.waits = false;
	flush(&r.sub);
	assert_int_equal(count_lines(&r, "\"snapshot\":true"), 1200);
	assert_int_equal(count_lines(&r, "kev/synced"), 2);
	assert_int_equal(count_lines(&r, "\"lost\":120,\"first\":1,"), 1);
	assert_true(strstr(r.got.data, "kev/synced") <
	    strstr(r.got.data, "kev/gap"));
	assert_whole(&r, 1);
	close_reader(&r);

	/* What waits is not copied when the log is full. */
	open_reader(&other, KEV_TOPIC(IPV6_DUPLICATE), SIZE_MAX);
	open_told(&r, KEV_TOPIC(INTERFACE_IDLE));
	hub_tell_present(hub, &r.sub);
	publish(KEV_T_INTERFACE_IDLE, "eth0");
	for (i = 0; i < 10000; i++)
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
	assert_int_equal(hub_unread(&r.sub), 0);
	r.waits = false;
	flush(&r.sub);
	assert_int_equal(count_lines(&r, "\"lost\":1,\"first\":121,"), 1);
	assert_int_equal(count_lines(&r, "kev/synced"), 2);
	close_reader(&r);
	close_reader(&other);
	hub_free(hub);
}

/* What happened is told in pieces, too, even if it is overwritten. */
static void
past_in_pieces(void **state)
{
	struct kev_filter f = { .topics = KEV_TOPIC_ALL };
	struct reader plain, some;
	int i;

	(void)state;
	open_hub(1 << 20, 1 << 20);
	make_world(1);
	for (i = 0; i < 600; i++)
		publish(KEV_T_IPV6_DUPLICATE, i % 2 ? "eth0" : "wg0");
	open_told(&plain, KEV_TOPIC(IPV6_DUPLICATE));
	f.ifnames = (struct kev_names){ strdup("w*"), 3, 1 };
	f.topics = KEV_TOPIC(IPV6_DUPLICATE) | KEV_TOPIC(INTERFACE_ATTACH);
	open_told(&some, 0);
	assert_true(hub_subscribe(hub, &some.sub, &f));
	hub_tell_after(hub, &plain.sub, 0);
	hub_tell_present(hub, &plain.sub);
	hub_tell_after(hub, &some.sub, 0);
	assert_true(tell(&plain));
	assert_int_equal(count_lines(&plain, "topic"), 128);
	assert_true(tell(&some));
	assert_int_equal(count_lines(&some, "topic"), 16);
	/* All of it goes, and what holds changes. */
	link_is(1, 1400);
	for (i = 0; i < 20000; i++)
		publish(KEV_T_NETWORK_CHANGED, NULL);
	assert_false(hub_reaches(hub, 600));
	assert_true(hub_unread(&plain.sub) > 0);
	publish(KEV_T_IPV6_DUPLICATE, "wg0");
	hub_flush(hub);
	while (tell(&plain))
		;
	while (tell(&some))
		;
	assert_int_equal(count_lines(&plain, "ipv6/duplicate"), 601);
	assert_int_equal(count_lines(&plain, "kev/synced"), 1);
	assert_int_equal(count_lines(&some, "ipv6/duplicate"), 301);
	assert_int_equal(count_lines(&some, "\"wg0\""), 301);
	assert_int_equal(count_lines(&some, "kev/"), 0);
	assert_int_equal(hub_sent(hub, &plain.sub), 601);
	close_reader(&plain);
	close_reader(&some);
	hub_free(hub);
}

/* What cannot be copied breaks it off; what was lost of it nobody knows. */
static void
broken_off(void **state)
{
	struct reader r;
	int i, past;

	(void)state;
	for (past = 0; past < 2; past++) {
		open_hub(1 << 20, 1 << 20);
		make_world(300);
		for (i = 0; i < 600; i++)
			publish(KEV_T_IPV6_DUPLICATE, "eth0");
		open_told(&r, KEV_TOPIC(IPV6_DUPLICATE) |
		    KEV_TOPIC(INTERFACE_ATTACH));
		if (past)
			hub_tell_after(hub, &r.sub, 0);
		hub_tell_present(hub, &r.sub);
		assert_true(tell(&r));
		generous = false;
		for (i = 0; past && i < 20000; i++)
			publish(KEV_T_NETWORK_CHANGED, NULL);
		for (i = 250; i < 300; i++)
			link_is((unsigned)i, 1400);
		hub_flush(hub);
		assert_int_equal(hub_unread(&r.sub), 0);
		generous = true;
		r.waits = false;
		flush(&r.sub);
		assert_int_equal(count_lines(&r, "kev/gap"), 1);
		assert_int_equal(count_lines(&r, "\"data\":{\"cause\":"
		    "\"slow-reader\",\"resynced\":true}"), 1);
		assert_int_equal(count_lines(&r, "kev/synced"), 1);
		assert_int_equal(count_lines(&r, "\"snapshot\":true"),
		    past ? 300 : 364);
		assert_int_equal(count_lines(&r, "ipv6/duplicate"),
		    past ? 128 : 0);
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		hub_flush(hub);
		assert_int_equal(count_lines(&r, "ipv6/duplicate"),
		    past ? 129 : 1);
		close_reader(&r);
		hub_free(hub);
	}
}

/* Without memory for it there is no present, and who wants it is cut off. */
static void
no_memory_to_tell(void **state)
{
	struct reader r;

	(void)state;
	open_hub(0, 10000);
	open_told(&r, KEV_TOPIC_ALL);
	starving = true;
	hub_tell_present(hub, &r.sub);
	starving = false;
	assert_true(r.sub.q.own.failed);
	close_reader(&r);
	hub_free(hub);
}

/* Many readers of any manner, and nobody misses anything unsaid. */
static void
random_walk(void **state)
{
	enum { READERS = 12 };
	struct reader r[READERS];
	unsigned seed;
	int step, i;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		srand(seed);
		open_hub(seed % 3 == 0 ? 0 : 30000, 8192);
		for (i = 0; i < READERS; i++)
			open_reader(&r[i], KEV_TOPIC_ALL, 0);
		for (step = 0; step < 3000; step++) {
			i = rand() % READERS;
			publish(KEV_T_IPV6_DUPLICATE, "eth0");
			if (rand() % 4 == 0)
				hub_flush(hub);
			if (rand() % 8 == 0) {
				r[i].takes = (size_t)rand() % (i < 6 ? 100000 :
				    3000);
				flush(&r[i].sub);
			}
			/* Anew, while much is owed: nothing lost by that. */
			if (rand() % 500 == 0) {
				struct kev_filter f = { .topics =
				    KEV_TOPIC_ALL };

				if (!r[i].sub.behind)
					assert_true(hub_subscribe(hub,
					    &r[i].sub, &f));
			}
		}
		for (i = 0; i < READERS; i++) {
			r[i].takes = SIZE_MAX;
			r[i].sub.blocked = false;
			flush(&r[i].sub);
		}
		publish(KEV_T_IPV6_DUPLICATE, "eth0");
		hub_flush(hub);
		for (i = 0; i < READERS; i++) {
			assert_whole(&r[i], 1);
			assert_int_equal(hub_sent(hub, &r[i].sub) +
			    r[i].sub.lost, 3001);
			assert_int_equal(hub_queued(&r[i].sub), 0);
			close_reader(&r[i]);
		}
		hub_free(hub);
	}
}

/* For want of memory the log lacks one: nobody may take it for whole. */
static void
no_memory(void **state)
{
	struct reader r;
	int i;

	(void)state;
	open_hub(1 << 20, 1 << 20);
	open_reader(&r, KEV_TOPIC_ALL, SIZE_MAX);
	for (i = 0; i < 256; i++)
		publish(KEV_T_INTERFACE_IDLE, "a");
	hub_flush(hub);
	/* The index has no place for more than these. */
	starving = true;
	publish(KEV_T_INTERFACE_IDLE, "nowhere");
	starving = false;
	publish(KEV_T_INTERFACE_IDLE, "b");
	hub_flush(hub);
	assert_int_equal(hub_seq(hub), 258);
	assert_false(hub_reaches(hub, 0));
	assert_false(hub_reaches(hub, 256));
	assert_true(hub_reaches(hub, 257));
	assert_true(hub_reaches(hub, 258));
	assert_int_equal(count_lines(&r, "\"nowhere\""), 0);
	assert_int_equal(count_lines(&r, "kev/gap"), 1);
	close_reader(&r);
	hub_free(hub);
}

/* Up to three names out of few, globs among them. */
static struct kev_names
choose_names(const char *const *from, unsigned many)
{
	struct kev_names names = { .n = (uint32_t)rand() % 4 };
	struct buf b = BUF_INIT;
	const char *name;
	uint32_t i;

	for (i = 0; i < names.n; i++) {
		name = from[(unsigned)rand() % many];
		buf_put(&b, name, strlen(name) + 1);
	}
	names.buf = b.data;
	names.len = (uint32_t)b.len;
	return names;
}

static const char *const there[] = { "eth0", "eth1", "wg0", "wg1", "lo", "" };

static void
publish_any(const struct kev_filter *f, unsigned *want, int readers)
{
	static const enum kev_topic topics[] = { KEV_T_INTERFACE_RENAME,
		KEV_T_NETWORK_CHANGED, KEV_T_IPV6_DUPLICATE, KEV_T_KEV_GAP };
	struct kev_note data = { .has = 0 }, prev = { .has = 0 };
	struct kev_event ev = { .data = (struct kev_object *)&data };
	int i;

	ev.topic = topics[rand() % 4];
	ev.ifname = rand() % 4 == 0 ? NULL : there[rand() % 6];
	if (ev.topic == KEV_T_NETWORK_CHANGED) {
		data.has = KEV_BIT(INTERFACES);
		data.interfaces = choose_names(there, 6);
	} else if (ev.topic == KEV_T_INTERFACE_RENAME) {
		prev.has = KEV_BIT(IFNAME);
		strcpy(prev.ifname, there[rand() % 6]);
		ev.prev = (struct kev_object *)&prev;
		ev.changed = KEV_BIT(IFNAME);
	}
	for (i = 0; i < readers; i++)
		want[i] += (f[i].topics & UINT64_C(1) << ev.topic) != 0 &&
		    kev_filter_fits(&f[i], &ev);
	hub_publish(hub, &ev);
	free(data.interfaces.buf);
}

/* Whoever wants some names gets what each filter by itself would let through,
 * and gets it once. */
static void
names(void **state)
{
	static const char *const globs[] = { "eth0", "eth1", "wg0", "eth0",
		"none", "", "w*", "\\lo", "[e]th1" };
	enum { READERS = 60 };
	struct reader r[READERS];
	struct kev_filter f[READERS] = { { .topics = 0 } }, copy;
	unsigned want[READERS] = { 0 };
	int i, step;

	(void)state;
	srand(1);
	open_hub(100000, 1 << 20);
	for (i = 0; i < READERS; i++) {
		f[i].topics = KEV_TOPIC_KEV | (rand() % 4 == 0 ?
		    KEV_TOPIC_ALL : KEV_TOPIC(NETWORK_CHANGED) |
		    (rand() % 2 ? KEV_TOPIC(INTERFACE_RENAME) : 0));
		f[i].ifnames = choose_names(globs, LENGTH(globs));
	}
	for (step = 0; step < 3000; step++) {
		i = step < READERS ? step : rand() % READERS;
		if (step >= READERS)
			close_reader(&r[i]);
		want[i] = 0;
		memset(&copy, 0, sizeof copy);
		memset(&r[i], 0, sizeof r[i]);
		r[i].takes = SIZE_MAX;
		assert_true(kev_filter_copy(&copy, &f[i]));
		assert_true(hub_subscribe(hub, &r[i].sub, &copy));
		publish_any(f, want, READERS);
	}
	hub_flush(hub);
	for (i = 0; i < READERS; i++) {
		assert_int_equal(count_lines(&r[i], "topic"), want[i]);
		close_reader(&r[i]);
		kev_filter_fini(&f[i]);
	}
	hub_free(hub);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory),
		cmocka_unit_test(routing),
		cmocka_unit_test(names),
		cmocka_unit_test(slow_reader),
		cmocka_unit_test(crowd),
		cmocka_unit_test(in_between),
		cmocka_unit_test(leaver),
		cmocka_unit_test(begun_line),
		cmocka_unit_test(large_present),
		cmocka_unit_test(sleeper),
		cmocka_unit_test(large_line),
		cmocka_unit_test(memory_ahead),
		cmocka_unit_test(resume),
		cmocka_unit_test(present_of_one_moment),
		cmocka_unit_test(present_in_pieces),
		cmocka_unit_test(behind_while_told),
		cmocka_unit_test(past_in_pieces),
		cmocka_unit_test(broken_off),
		cmocka_unit_test(no_memory_to_tell),
		cmocka_unit_test(random_walk),
	};

	return cmocka_run_group_tests(tests, begin, finish);
}

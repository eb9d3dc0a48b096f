#include "config.h"

#include "route_feed.h"

#include "bpf.h"
#include "event.h"
#include "kame.h"
#include "probes.h"
#include "tape.h"

#include <errno.h>
#include <string.h>

#include "test.h"
#include "vectors.h"

/*
 * The source of the BSDs on a kernel that is made of vectors: what is read, what
 * is dumped, what is asked, and when.
 */

static struct state *st;
static struct tape tape;
static struct route_feed *feed;
static unsigned told[KEV_TOPICS];
static uint8_t status;		/* of the address told last */

/* What the kernel has to say, in order: bytes or an error. */
static struct { uint8_t bytes[4096]; ssize_t n; bool cut; } queue[8];
static size_t queued, taken;
static int lacking;		/* times that there is no memory first */
static uint8_t dumped[16384];
static size_t dumped_len;
static int dump_error;
static struct in6_answer answer;
static int in6_error;
static const char *in6_name;
static unsigned asked;
static uint8_t routers[2 * IN6_ROUTER_SIZE];
static size_t routers_len;
static int routers_error;

static void
publish(void *arg, struct kev_event *ev)
{
	(void)arg;
	told[ev->topic]++;
	if (ev->topic == KEV_T_IPV6_ADDRESS_ADD ||
	    ev->topic == KEV_T_IPV6_ADDRESS_CHANGE)
		status = ((const struct kev_addr *)ev->data)->status;
	if (ev->topic == KEV_T_ND6_ROUTER_EXPIRED)
		assert_int_equal(ev->origin, KEV_BY_TIMER);
	else if (ev->topic != KEV_T_KEV_GAP && ev->topic != KEV_T_NETWORK_CHANGED)
		assert_true(ev->origin == KEV_BY_ROUTE ||
		    ev->origin == KEV_BY_RESYNC);
}

static ssize_t
receive(void *arg, void *bytes, size_t size, bool *cut)
{
	(void)arg;
	if (lacking > 0) {
		lacking--;
		return -ENOMEM;
	}
	if (taken == queued)
		return -EAGAIN;
	if (queue[taken].n < 0)
		return queue[taken++].n;
	assert_true((size_t)queue[taken].n <= size);
	memcpy(bytes, queue[taken].bytes, (size_t)queue[taken].n);
	*cut = queue[taken].cut;
	return queue[taken++].n;
}

static bool
has_news(void *arg)
{
	(void)arg;
	return taken < queued;
}

static int
dump(void *arg, unsigned parts, struct buf *b)
{
	(void)arg;
	assert_int_not_equal(parts, 0);
	buf_put(b, dumped, dumped_len);
	return dump_error;
}

static int
in6(void *arg, struct in6_answer *a)
{
	(void)arg;
	asked++;
	assert_string_equal(a->ifname, in6_name);
	a->has = answer.has;
	a->flags = answer.flags;
	a->valid = answer.valid;
	a->preferred = answer.preferred;
	return in6_error;
}

static int
list(void *arg, struct buf *b)
{
	(void)arg;
	buf_put(b, routers, routers_len);
	return routers_error;
}

static const struct route_calls calls = { receive, has_news, dump, in6, list };

static void
begin(const char *os)
{
	memset(told, 0, sizeof told);
	queued = taken = dumped_len = asked = 0;
	routers_len = 0;
	lacking = 0;
	in6_name = "em0";
	dump_error = in6_error = routers_error = 0;
	memset(&answer, 0, sizeof answer);
	st = state_new(NULL, publish, NULL);
	state_set_origin(st, KEV_BY_ROUTE);
	tape_init(&tape, st, NULL, "route", NULL);
	feed = route_feed_new(&tape, os, &calls, NULL);
	assert_non_null(feed);
}

static void
end(void)
{
	route_feed_free(feed);
	state_free(st);
}

static const char *wanted_os, *wanted;
static uint8_t *found;
static size_t found_len;

static void
look(const json_t *v)
{
	if (strcmp(vectors_text(v, "os"), wanted_os) == 0 &&
	    strcmp(vectors_text(v, "name"), wanted) == 0 && found == NULL)
		found = vectors_bytes(v, &found_len);
}

/* The bytes of a vector into ROOM. */
static size_t
vector(const char *file, const char *os, const char *name, uint8_t *room,
    size_t size)
{
	wanted_os = os;
	wanted = name;
	found = NULL;
	vectors_each(file, look);
	assert_non_null(found);
	assert_true(found_len <= size);
	memcpy(room, found, found_len);
	free(found);
	return found_len;
}

static void
say(const char *os, const char *name)
{
	queue[queued].cut = false;
	queue[queued].n = (ssize_t)vector("route.ndjson", os, name,
	    queue[queued].bytes, sizeof queue[queued].bytes);
	queued++;
}

static void
say_error(int error)
{
	queue[queued++].n = -error;
}

static void
reconcile(enum route_progress want)
{
	enum route_progress got = ROUTE_MORE;

	while (got == ROUTE_MORE)
		got = route_feed_resync(feed);
	assert_int_equal(got, want);
}

/* What a NetBSD said when asked for all, and that a while later it is gone. */
static void
dumps(void **state)
{
	(void)state;
	begin("netbsd");
	in6_error = -ENXIO;
	dumped_len = vector("netbsd-rump.ndjson", "netbsd",
	    "main1_8-110-sysctl-iflist", dumped, sizeof dumped);
	/* Its interfaces have other names than em0. */
	route_feed_free(feed);
	feed = route_feed_new(&tape, "netbsd", &(struct route_calls){ receive,
	    has_news, dump, NULL, NULL }, NULL);
	assert_int_equal(route_feed_dump(feed, PART_ADDR4), 0);
	assert_int_not_equal(told[KEV_T_INTERFACE_ATTACH], 0);
	assert_int_not_equal(told[KEV_T_IPV4_ADDRESS_ADD], 0);
	assert_int_not_equal(state_ifindex(st, "lo0"), 0);
	dumped_len = 0;
	assert_int_equal(route_feed_dump(feed, PART_LINK), 0);
	assert_true(state_is_empty(st));
	assert_int_equal(told[KEV_T_INTERFACE_DETACH],
	    told[KEV_T_INTERFACE_ATTACH]);
	end();
}

/* From a dump that is not understood nothing follows. */
static void
bad_dump(void **state)
{
	(void)state;
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_IPV4_ADDRESS_ADD], 1);
	dumped[0] = 3;
	dumped[1] = 0;
	dumped_len = 7;
	reconcile(ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_IPV4_ADDRESS_REMOVE], 0);
	assert_int_equal(route_feed_stats(feed, 0)->malformed, 1);
	dump_error = -EPERM;
	reconcile(ROUTE_LOST);
	dump_error = 0;
	dumped_len = 0;
	reconcile(ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_INTERFACE_DETACH], 1);
	assert_int_equal(told[KEV_T_KEV_GAP], 1);
	end();
}

/* Nor is anything repaired by it: that is tried until it is. */
static void
bad_dump_after_loss(void **state)
{
	int i;

	(void)state;
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say_error(ENOBUFS);
	assert_int_equal(route_feed_read(feed), ROUTE_LOST);
	dumped[0] = 3;
	dumped[1] = 0;
	dumped_len = 7;
	for (i = 0; i < 3; i++)
		reconcile(ROUTE_LOST);
	/* What is read meanwhile does not make it good. */
	assert_int_equal(route_feed_read(feed), ROUTE_LOST);
	assert_int_equal(route_feed_stats(feed, 0)->resyncs, 0);
	assert_int_equal(told[KEV_T_KEV_GAP], 0);
	assert_int_equal(told[KEV_T_INTERFACE_DETACH], 0);
	dumped_len = 0;
	reconcile(ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_INTERFACE_DETACH], 1);
	assert_int_equal(told[KEV_T_KEV_GAP], 1);
	assert_int_equal(route_feed_stats(feed, 0)->resyncs, 1);
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	end();
}

/* For a while there is none, and others have their turn; or for long. */
static void
no_memory(void **state)
{
	(void)state;
	begin("freebsd");
	lacking = 255;
	say("freebsd", "newaddr-v4");
	assert_int_equal(route_feed_read(feed), ROUTE_MORE);
	assert_int_equal(told[KEV_T_IPV4_ADDRESS_ADD], 1);
	assert_int_equal(route_feed_read(feed), ROUTE_LOST);
	reconcile(ROUTE_FINISHED);
	lacking = 256;
	assert_int_equal(route_feed_read(feed), ROUTE_BROKEN);
	reconcile(ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_KEV_GAP], 2);
	end();
}

/* Each way to lose something leads to a resync, which says so. */
static void
losses(void **state)
{
	static const struct {
		const char *os, *name;
		int error;
		bool cut;
		enum route_progress got;
		unsigned overruns;
	} cases[] = {
		{ "freebsd", NULL, ENOBUFS, false, ROUTE_LOST, 1 },
		{ "freebsd", NULL, ENOMEM, false, ROUTE_LOST, 1 },
		{ "freebsd", "newaddr-v4", 0, true, ROUTE_LOST, 1 },
		{ "freebsd", "concat-then-truncated", 0, false, ROUTE_LOST, 0 },
		{ "freebsd", NULL, EIO, false, ROUTE_BROKEN, 0 },
		{ "openbsd", "desync", 0, false, ROUTE_LOST, 1 },
		{ "freebsd", NULL, EINTR, false, ROUTE_FINISHED, 0 },
		{ "freebsd", "newaddr-v4", 0, false, ROUTE_FINISHED, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		begin(cases[i].os);
		if (cases[i].name != NULL)
			say(cases[i].os, cases[i].name);
		else
			say_error(cases[i].error);
		queue[0].cut = cases[i].cut;
		assert_int_equal(route_feed_read(feed), cases[i].got);
		assert_int_equal(route_feed_stats(feed, 0)->overruns,
		    cases[i].overruns);
		if (cases[i].got != ROUTE_FINISHED) {
			reconcile(ROUTE_FINISHED);
			assert_int_equal(told[KEV_T_KEV_GAP], 1);
		}
		end();
	}
}

#define TENTATIVE 0x2
#define DEPRECATED 0x10
#define SECOND 1000000

/* There is an address that is not known to be unique yet. */
static void
begin_tentative(void)
{
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say("freebsd", "newaddr-v6");
	answer = (struct in6_answer){ .has = IN6_HAS_FLAGS | IN6_HAS_LIFETIMES,
	    .flags = TENTATIVE, .valid = 20, .preferred = 10 };
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
}

/* FreeBSD says that there is an address, and nothing of what becomes of it. */
static void
becomes(void **state)
{
	struct stamp now = stamp_now();
	uint64_t due;

	(void)state;
	begin_tentative();
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_ADD], 1);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_CHANGE], 0);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_READY], 0);
	assert_int_equal(status, KEV_TENTATIVE);
	assert_int_equal(asked, 1);
	/* What else it did without a word is to be read. */
	assert_int_not_equal(route_feed_wants(feed) & PART_LINK, 0);
	assert_int_equal(route_feed_wants(feed), 0);
	due = route_feed_deadline(feed);
	assert_true(due >= now.mono + SECOND);
	now.mono = due - 1;
	route_feed_tick(feed, &now);
	assert_int_equal(asked, 1);
	now.mono = due;
	answer.flags = 0;
	route_feed_tick(feed, &now);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_READY], 1);
	/* When it is not preferred any more, a second later at most. */
	assert_int_equal(route_feed_deadline(feed), due + 11 * SECOND);
	now.mono = due + 11 * SECOND;
	answer.flags = DEPRECATED;
	answer.valid = 9;
	answer.preferred = 0;
	route_feed_tick(feed, &now);
	assert_int_equal(told[KEV_T_ND6_ADDRESS_DEPRECATED], 1);
	now.mono = route_feed_deadline(feed);
	assert_int_equal(now.mono, due + 21 * SECOND);
	answer.valid = 0;
	route_feed_tick(feed, &now);
	assert_int_equal(told[KEV_T_ND6_ADDRESS_EXPIRED], 0);
	say("freebsd", "deladdr-v6");
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_REMOVE], 1);
	assert_int_equal(told[KEV_T_ND6_ADDRESS_EXPIRED], 1);
	assert_int_equal(route_feed_deadline(feed), 0);
	end();
}

/* Removed before its time; and one that is gone when it is asked. */
static void
goes(void **state)
{
	struct stamp now = stamp_now();

	(void)state;
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say("freebsd", "newaddr-v6");
	say("freebsd", "deladdr-v6");
	answer = (struct in6_answer){ .has = IN6_HAS_FLAGS | IN6_HAS_LIFETIMES,
	    .valid = 20, .preferred = 10 };
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_REMOVE], 1);
	assert_int_equal(told[KEV_T_ND6_ADDRESS_EXPIRED], 0);
	assert_int_equal(route_feed_deadline(feed), 0);
	say("freebsd", "newaddr-v6");
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	now.mono = route_feed_deadline(feed);
	assert_int_not_equal(now.mono, 0);
	in6_error = -EADDRNOTAVAIL;
	route_feed_tick(feed, &now);
	assert_int_equal(route_feed_deadline(feed), 0);
	end();
}

/* With another name an address is asked for by that. */
static void
renamed(void **state)
{
	struct stamp now = stamp_now();

	(void)state;
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say("freebsd", "newaddr-v6");
	answer = (struct in6_answer){ .has = IN6_HAS_FLAGS | IN6_HAS_LIFETIMES,
	    .flags = TENTATIVE, .valid = KEV_FOREVER,
	    .preferred = KEV_FOREVER };
	say("freebsd", "rename-pair");
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_INTERFACE_RENAME], 1);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_READY], 0);
	in6_name = "verylongname123";
	answer.flags = 0;
	now.mono = route_feed_deadline(feed);
	assert_int_not_equal(now.mono, 0);
	route_feed_tick(feed, &now);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_READY], 1);
	end();
}

/* What is not answered changes nothing, whatever was left in the answer. */
static void
not_answered(void **state)
{
	struct stamp now = stamp_now();
	uint64_t due;

	(void)state;
	begin_tentative();
	assert_int_equal(status, KEV_TENTATIVE);
	answer.has = 0;
	in6_error = -EIO;
	for (answer.flags = 0; answer.flags < 16; answer.flags++) {
		now.mono = route_feed_deadline(feed);
		if (now.mono == 0)
			break;
		route_feed_tick(feed, &now);
		assert_int_equal(told[KEV_T_IPV6_ADDRESS_CHANGE], 0);
		assert_int_equal(told[KEV_T_IPV6_ADDRESS_READY], 0);
		assert_int_equal(told[KEV_T_IPV6_DUPLICATE], 0);
		assert_int_equal(status, KEV_TENTATIVE);
	}
	/* It was asked once more, and that was all. */
	assert_int_equal(asked, 3);
	/* Something happened, so it is again; and this time it was passing. */
	say("freebsd", "newaddr-v6");
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	due = route_feed_deadline(feed);
	assert_int_not_equal(due, 0);
	in6_error = 0;
	answer.has = IN6_HAS_FLAGS | IN6_HAS_LIFETIMES;
	answer.flags = 0;
	now.mono = due;
	route_feed_tick(feed, &now);
	assert_int_equal(told[KEV_T_IPV6_ADDRESS_READY], 1);
	end();
}

/* fe80::1 on em0, as the kernel lists it: until END, in seconds since 1970. */
static void
list_router(uint64_t end)
{
	size_t i;

	memset(routers, 0, sizeof routers);
	routers[0] = 28;
	routers[1] = 28;
	routers[8] = 0xfe;
	routers[9] = 0x80;
	routers[8 + 15] = 1;
	routers[30] = 0x08;
	routers[31] = 0x07;
	for (i = 0; i < 8; i++)
		routers[32 + i] = (uint8_t)(end >> 8 * i);
	routers[40] = 2;
	routers_len = IN6_ROUTER_SIZE;
}

/* The lifetime seems to be over, and the kernel is asked. */
static void
look_again(void)
{
	uint64_t due = state_deadline(st);
	struct stamp now = stamp_now();

	assert_int_not_equal(due, 0);
	now.time += due - now.mono;
	now.mono = due;
	state_tick(st, &now);
	assert_int_equal(state_wants(st), PART_ROUTE6);
	dumped_len = vector("route.ndjson", "freebsd", "add-default-v6", dumped,
	    sizeof dumped);
}

static void
begin_router(uint64_t seconds)
{
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say("freebsd", "add-default-v6");
	list_router(stamp_now().time / SECOND + seconds);
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_ND6_ROUTER_ADD], 1);
}

static void
check_gone(unsigned expired)
{
	assert_int_equal(told[KEV_T_ND6_ROUTER_ADD], 1);
	assert_int_equal(told[KEV_T_ND6_ROUTER_REMOVE], 1);
	assert_int_equal(told[KEV_T_ND6_ROUTER_EXPIRED], expired);
	assert_int_equal(state_deadline(st), 0);
	end();
}

/* FreeBSD lists until when a router is one, and renews that without a word. */
static void
router_ends(void **state)
{
	uint64_t due, now;

	(void)state;
	begin_router(1800);
	now = stamp_now().mono;
	due = state_deadline(st);
	/* Never after the kernel's own end. */
	assert_true(due > now + 1797 * (uint64_t)SECOND);
	assert_true(due < now + 1801 * (uint64_t)SECOND);
	look_again();
	list_router(stamp_now().time / SECOND + 900);
	assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
	assert_true(state_deadline(st) > now + 897 * (uint64_t)SECOND);
	assert_true(state_deadline(st) < now + 902 * (uint64_t)SECOND);
	/* Over, but still there: so it may be any moment. */
	look_again();
	list_router(1);
	assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
	assert_int_equal(told[KEV_T_ND6_ROUTER_EXPIRED], 0);
	assert_true(state_deadline(st) < now + 3 * (uint64_t)SECOND);
	say("freebsd", "delete-default-v6");
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	check_gone(1);
	/* Gone when it is looked for. */
	begin_router(1800);
	look_again();
	routers_len = dumped_len = 0;
	assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
	check_gone(1);
}

/* Withdrawn, or removed: whatever the list said before, it was not its end. */
static void
router_goes(void **state)
{
	unsigned how;

	(void)state;
	for (how = 0; how < 3; how++) {
		begin_router(1800);
		routers_len = 0;
		if (how == 2) {
			/* Renewed when it was looked for, and then gone. */
			look_again();
			list_router(stamp_now().time / SECOND + 1800);
			assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
		}
		if (how == 0)
			assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
		else
			say("freebsd", "delete-default-v6");
		assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
		check_gone(0);
	}
}

/* Nothing follows from a list that fails, is cut or has others. */
static void
router_lists(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < sizeof routers; len++) {
		begin("freebsd");
		say("freebsd", "newaddr-v4");
		say("freebsd", "add-default-v6");
		list_router(stamp_now().time / SECOND + 1800);
		routers_len = len;
		assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
		assert_int_equal(state_deadline(st) != 0,
		    len == IN6_ROUTER_SIZE);
		end();
	}
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say("freebsd", "add-default-v6");
	list_router(stamp_now().time / SECOND + 1800);
	routers_error = -EPERM;
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(state_deadline(st), 0);
	routers_error = 0;
	routers[8 + 15] = 2;
	assert_int_equal(route_feed_dump(feed, PART_LINK), 0);
	assert_int_equal(route_feed_stats(feed, 1)->decoded, 0);
	end();
	/* Made by hand, so it stays when the router is none any more. */
	begin("freebsd");
	say("freebsd", "newaddr-v4");
	say("freebsd", "add-default-v6");
	queue[1].bytes[9] |= 0x08;
	list_router(stamp_now().time / SECOND + 1800);
	assert_int_equal(route_feed_read(feed), ROUTE_FINISHED);
	assert_int_equal(told[KEV_T_ND6_ROUTER_ADD], 1);
	assert_int_equal(state_deadline(st), 0);
	end();
	/* It is there and not in the list: that is looked for once. */
	begin_router(1800);
	look_again();
	routers_len = 0;
	assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
	look_again();
	assert_int_equal(route_feed_dump(feed, PART_ROUTE6), 0);
	assert_int_equal(state_deadline(st), 0);
	assert_int_equal(told[KEV_T_ND6_ROUTER_EXPIRED], 0);
	end();
}

static void
in6_router_bytes(void **state)
{
	uint8_t bytes[IN6_SIZE + 1] = { 0 };
	struct message m = { .bytes = bytes, .len = IN6_SIZE };
	struct in6_answer a;
	struct change c;

	(void)state;
	list_router(1010);
	/* As kernels have it that keep the interface in the address. */
	routers[8 + 3] = 2;
	in6_router(routers, 1001, &a);
	assert_int_equal(a.valid, 9);
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_CHANGE);
	assert_int_equal(c.type, CHANGE_ROUTER_END);
	assert_int_equal(c.ifindex, 2);
	assert_int_equal(c.router.expires, 900);
	assert_int_equal(c.router.router.lifetime, 9);
	assert_int_equal(c.router.router.gateway.byte[3], 0);
	/* A clock that was set makes it no longer than it was. */
	in6_router(routers, 1, &a);
	assert_int_equal(a.valid, 1009);
	list_router(UINT64_MAX);
	in6_router(routers, 1, &a);
	assert_int_equal(a.valid, 0);
	list_router(INT64_MAX);
	in6_router(routers, 1, &a);
	assert_int_equal(a.valid, 1800);
	for (m.len = 0; m.len <= IN6_SIZE + 1; m.len++)
		assert_int_equal(in6_decode(&m, &c), m.len == IN6_SIZE ?
		    MESSAGE_CHANGE : MESSAGE_MALFORMED);
	m.len = IN6_SIZE;
	a.valid = UINT16_MAX;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_CHANGE);
	assert_int_equal(c.router.expires, 6553500);
	a.valid++;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	a.valid = 0;
	a.has |= IN6_HAS_LIFETIMES;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	a.has = IN6_HAS_ROUTER;
	a.ifindex = 0;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
}

static void
in6_bytes(void **state)
{
	struct in6_answer a = { .ifindex = 7, .prefixlen = 64, .has = 3,
	    .flags = DEPRECATED, .valid = 5, .preferred = KEV_FOREVER,
	    .address = { .family = KEV_INET6, .byte = { 0x20, [15] = 1 } } };
	/* As in6.h says. */
	static const uint8_t want[IN6_SIZE] = { 7, [4] = DEPRECATED, [8] = 5,
	    [12] = 0xff, 0xff, 0xff, 0xff, [16] = 64, 3, [20] = 0x20,
	    [35] = 1, [36] = 0x20, [51] = 2 };
	struct in6_answer ends = a;
	uint8_t bytes[IN6_SIZE + 1];
	struct message m = { .bytes = bytes, .len = IN6_SIZE };
	struct change c;

	(void)state;
	ends.peer = (struct kev_ip){ .family = KEV_INET6,
	    .byte = { 0x20, [15] = 2 } };
	in6_put(&ends, bytes);
	assert_memory_equal(bytes, want, IN6_SIZE);
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_CHANGE);
	assert_int_equal(c.ifindex, 7);
	assert_int_equal(c.addr.status, KEV_DEPRECATED);
	assert_int_equal(c.addr.valid_lft, 5);
	assert_int_equal(c.addr.preferred_lft, KEV_FOREVER);
	assert_int_equal(c.addr.has & KEV_BIT(PEER), 0);
	a.prefixlen = 128;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_CHANGE);
	a.prefixlen = 129;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	a.prefixlen = 64;
	a.has = 5;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	a.has = 0;
	a.ifindex = 0;
	in6_put(&a, bytes);
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	a.ifindex = 1;
	in6_put(&a, bytes);
	m.len = IN6_SIZE - 1;
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	m.len = IN6_SIZE + 1;
	bytes[IN6_SIZE] = 0;
	assert_int_equal(in6_decode(&m, &c), MESSAGE_MALFORMED);
	assert_int_equal(in6_left(KEV_FOREVER, 0, 9), KEV_FOREVER);
	assert_int_equal(in6_left(10, 9, 9), 0);
	assert_int_equal(in6_left(10, 9, 10), 0);
	assert_int_equal(in6_left(10, 15, 9), 6);
	assert_int_equal(in6_left(10, 1000000, 9), 10);
}

/* Each flag that a kernel has for an address of IPv6, alone. */
static void
in6_flags(void **state)
{
	static const struct {
		uint32_t ours;
		uint8_t status;
	} table[32] = {
		[1] = { KEV_IFA_TENTATIVE, KEV_TENTATIVE },
		[2] = { KEV_IFA_DADFAILED, KEV_DUPLICATE },
		[3] = { 0, KEV_INACCESSIBLE },
		[4] = { KEV_IFA_DEPRECATED, KEV_DEPRECATED },
		[5] = { 0x2, 0 },
		[7] = { KEV_IFA_TEMPORARY, 0 },
		[9] = { KEV_IFA_OPTIMISTIC, KEV_OPTIMISTIC },
	};
	struct kev_addr a = { .family = KEV_INET6 };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		kame_in6_flags(&a, (uint32_t)1 << i);
		assert_int_equal(a.flags, table[i].ours);
		assert_int_equal(a.status, table[i].status != 0 ?
		    table[i].status : KEV_PREFERRED);
	}
}

static void
schedule(void **state)
{
	struct kev_addr a = { .address = { .family = KEV_INET6 } };
	struct probes p = PROBES_INIT;
	struct probe *one;
	uint8_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		a.address.byte[0] = i;
		one = probes_put(&p, i % 2 + 1u, &a);
		assert_non_null(one);
		assert_ptr_equal(one, probes_put(&p, i % 2 + 1u, &a));
	}
	assert_int_equal(p.count, 100);
	assert_int_equal(probes_deadline(&p), 0);
	probes_touch(&p, 1, 5);
	assert_int_equal(probes_deadline(&p), 5 + SECOND);
	assert_null(probes_due(&p, 4 + SECOND));
	assert_non_null(probes_due(&p, 5 + SECOND));
	probes_touch(&p, 0, 4);
	assert_int_equal(probes_deadline(&p), 4 + SECOND);
	probes_forget(&p, 1, NULL);
	assert_int_equal(p.count, 50);
	a.address.byte[0] = 1;
	probes_forget(&p, 2, &a.address);
	assert_int_equal(p.count, 49);
	/* A duplicate stays what it is. */
	a.address.byte[0] = 3;
	one = probes_put(&p, 2, &a);
	one->about.has = IN6_HAS_FLAGS;
	one->about.flags = TENTATIVE | 0x4;
	probes_answered(one, true, 0);
	assert_int_equal(one->due, UINT64_MAX);
	/* It is asked again once. */
	probes_answered(one, false, 5);
	assert_int_equal(one->due, 5 + SECOND);
	probes_answered(one, false, 5);
	assert_int_equal(one->due, UINT64_MAX);
	probes_answered(one, true, 5);
	probes_answered(one, false, 6);
	assert_int_equal(one->due, 6 + SECOND);
	probes_clear(&p);
	assert_int_equal(probes_deadline(&p), 0);
	probes_fini(&p);
}

/* Frames as FreeBSD has them, 32 bytes before each. */
static void
frames(void **state)
{
	struct bpf_reader r = { .caplen = 16, .hdrlen = 24, .align = 8 };
	uint8_t *bytes = calloc(1, 160), *cut;
	size_t len, size;
	unsigned n = 0;

	(void)state;
	assert_non_null(bytes);
	/* One of another type, and ARP, which is not padded. */
	bytes[16] = 42;
	bytes[24] = 26;
	bytes[26 + 12] = 0x86;
	bytes[72 + 16] = 42;
	bytes[72 + 24] = 26;
	bytes[72 + 26 + 12] = 0x08;
	bytes[72 + 26 + 13] = 0x06;
	for (size = 0; size <= 140; size++) {
		cut = malloc(size > 0 ? size : 1);
		assert_non_null(cut);
		memcpy(cut, bytes, size);
		r.bytes = cut;
		r.len = size;
		r.next = 0;
		if (bpf_next_arp(&r, &len) != NULL) {
			assert_int_equal(len, 28);
			assert_null(bpf_next_arp(&r, &len));
			n++;
		}
		free(cut);
	}
	/* It is there as a whole or not at all. */
	assert_int_equal(n, 1);
	r = (struct bpf_reader){ .bytes = bytes, .len = 160, .caplen = 16,
	    .hdrlen = 24, .align = 8 };
	bytes[24] = 25;
	assert_null(bpf_next_arp(&r, &len));
	memset(bytes, 0xff, 160);
	r.next = 0;
	assert_null(bpf_next_arp(&r, &len));
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dumps),
		cmocka_unit_test(bad_dump),
		cmocka_unit_test(bad_dump_after_loss),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(losses),
		cmocka_unit_test(becomes),
		cmocka_unit_test(goes),
		cmocka_unit_test(renamed),
		cmocka_unit_test(not_answered),
		cmocka_unit_test(router_ends),
		cmocka_unit_test(router_goes),
		cmocka_unit_test(router_lists),
		cmocka_unit_test(in6_router_bytes),
		cmocka_unit_test(in6_bytes),
		cmocka_unit_test(in6_flags),
		cmocka_unit_test(schedule),
		cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

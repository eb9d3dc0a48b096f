#include "config.h"

#include "macos/kern_feed.h"

#include "event.h"
#include "macos/kern_socket.h"

#include <net/if.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/*
 * Kernel events of macOS as they come from a socket, which is this file here:
 * what it gives, and what it says when it is asked.
 */

static const uint8_t quality[] = { 52, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
	2, 0, 0, 0, 7, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 'e', 'n',
	[48] = 50, [51] = 0 };
static const uint8_t unknown[] = { 24, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
	99, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0 };
static const uint8_t endless[] = { 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
	2, 0, 0, 0, 7, 0, 0, 0, 13, 0, 0, 0 };

/* What is received, in order: bytes, or -errno; then -EAGAIN. */
static struct {
	const uint8_t *bytes;
	ssize_t n;
} gives[8];
static int given, opened, opens;
static int again;		/* so often the first one is given */
static uint32_t routes;

static struct state *st;
static struct tape tape;
static struct reread when;
static struct kern_feed feed;
static char told[512];

int
kern_socket_open(size_t rcvbuf)
{
	assert_int_equal(rcvbuf, 4096);
	opened++;
	return opens < 0 ? opens : dup(0);
}

ssize_t
kern_socket_receive(int fd, void *bytes, size_t len)
{
	ssize_t n = gives[given].n;

	assert_int_equal(fd, feed.fd);
	if (n == 0)
		return -EAGAIN;
	if (n > 0) {
		assert_true((size_t)n <= len);
		memcpy(bytes, gives[given].bytes, (size_t)n);
	}
	if (--again <= 0)
		given++;
	return n;
}

uint64_t
kern_socket_drops(void)
{
	return 0;
}

/* It has media, and its quality is 50; nothing else is ever asked or told. */
int
kern_socket_ask(void *arg, uint32_t request, void *bytes)
{
	uint8_t *p = bytes;

	(void)arg;
	switch (request) {
	case 0xc02c6948:
		p[24] = 3;
		p[32] = 1;
		return 0;
	case 0xc020698a:
		p[16] = 50;
		return 0;
	default:
		assert_int_equal(request, 0xc0206989);
		p[16] = (uint8_t)routes;
		return 0;
	}
}

/* There is one interface, and one with a name that no event can have. */
struct if_nameindex *
if_nameindex(void)
{
	static char en0[] = "en0", none[] = "none";
	static struct if_nameindex all[] = { { 4, en0 }, { 5, none },
		{ 0, NULL } };

	return all;
}

void
if_freenameindex(struct if_nameindex *all)
{
	assert_int_equal(all[0].if_index, 4);
}

unsigned
if_nametoindex(const char *name)
{
	return strcmp(name, "en0") == 0 ? 4 : 0;
}

static void
publish(void *arg, struct kev_event *ev)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof told - len, "%s %s\n",
	    kev_topics[ev->topic].name, kev_origin_name(ev->origin));
}

static int
set_up(void **state)
{
	(void)state;
	memset(gives, 0, sizeof gives);
	given = opened = opens = again = 0;
	routes = 0;
	told[0] = '\0';
	st = state_new(NULL, publish, NULL);
	state_set_origin(st, KEV_BY_ROUTE);
	tape_init(&tape, st, NULL, "route", NULL);
	reread_init(&when, 0, 1);
	assert_int_equal(kern_feed_init(&feed, &tape, &when, 4096), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	kern_feed_fini(&feed);
	state_free(st);
	return 0;
}

static void
give(const uint8_t *bytes, ssize_t n)
{
	size_t i;

	for (i = 0; gives[i].n != 0; i++)
		continue;
	assert_true(i + 1 < LENGTH(gives));
	gives[i].bytes = bytes;
	gives[i].n = n;
}

static void
test_events(void **state)
{
	(void)state;
	give(quality, sizeof quality);
	give(unknown, sizeof unknown);
	assert_true(kern_feed_read(&feed));
	assert_string_equal(told, "interface/attach kern_event\n"
	    "interface/quality kern_event\n");
	assert_int_equal(state_ifindex(st, "en0"), 4);
	assert_int_equal(feed.stats.received, 2);
	assert_int_equal(feed.stats.ignored, 1);
	assert_false(feed.lost);
	/* No state follows from these. */
	assert_int_equal(reread_when(&when), 0);
}

/* What is of arp, audit and a timer on Linux is all of this one. */
static void
test_origins(void **state)
{
	static const struct {
		uint8_t subclass, code, size;
		const char *told;
	} table[] = {
		{ 1, 7, 32 + 24, "ipv4/collision kern_event\n" },
		{ 1, 8, 16 + 24, "ipv4/port-in-use kern_event\n" },
		{ 1, 9, 24 + 24, "ipv4/router-failure kern_event\n" },
		{ 7, 9, 44 + 24, "nd6/router-expired kern_event\n" },
	};
	uint8_t bytes[128];
	size_t i;

	for (i = 0; i < LENGTH(table); i++) {
		memset(bytes, 0, sizeof bytes);
		memcpy(bytes, quality, 48);
		bytes[0] = table[i].size;
		bytes[12] = table[i].subclass;
		bytes[20] = table[i].code;
		give(bytes, table[i].size);
		assert_true(kern_feed_read(&feed));
		assert_non_null(strstr(told, table[i].told));
		tear_down(state);
		set_up(state);
	}
}

/*
 * Apple's plug-in ends with the first error, whichever it is, and is never heard
 * of again.
 */
static void
test_errors(void **state)
{
	static const int passing[] = { -EINTR, -EMSGSIZE, -ENOBUFS, -ENOMEM };
	static const int lasting[] = { -EBADF, -ECONNRESET, -EIO, -EINVAL };
	size_t i;

	for (i = 0; i < LENGTH(passing); i++) {
		give(NULL, passing[i]);
		give(quality, sizeof quality);
		assert_true(kern_feed_read(&feed));
		/* For want of memory there is nothing more this time. */
		assert_true(kern_feed_read(&feed));
		assert_non_null(strstr(told, "interface/quality"));
		assert_int_equal(feed.lost, passing[i] != -EINTR);
		assert_int_equal(reread_when(&when) != 0, feed.lost);
		assert_true(kern_feed_reopen(&feed));
		assert_int_equal(opened, 1);
		tear_down(state);
		set_up(state);
	}
	for (i = 0; i < LENGTH(lasting); i++) {
		give(NULL, lasting[i]);
		give(quality, sizeof quality);
		assert_true(kern_feed_read(&feed));
		assert_true(feed.failed && feed.lost);
		assert_string_equal(told, "");
		/* Not at once, perhaps. */
		opens = -EMFILE;
		assert_false(kern_feed_reopen(&feed));
		assert_true(kern_feed_read(&feed));
		assert_string_equal(told, "");
		opens = 0;
		assert_true(kern_feed_reopen(&feed));
		assert_true(kern_feed_read(&feed));
		assert_non_null(strstr(told, "interface/quality"));
		assert_int_equal(opened, 3);
		tear_down(state);
		set_up(state);
	}
}

/* One of size 0 keeps Apple's plug-in for ever. */
static void
test_malformed(void **state)
{
	(void)state;
	give(endless, sizeof endless);
	give(quality, sizeof quality - 1);
	give(quality, sizeof quality);
	assert_true(kern_feed_read(&feed));
	assert_int_equal(feed.stats.malformed, 2);
	assert_true(feed.lost);
	assert_int_not_equal(reread_when(&when), 0);
	assert_non_null(strstr(told, "interface/quality"));
}

/* Others have their turn, however much there is. */
static void
test_turns(void **state)
{
	(void)state;
	give(unknown, sizeof unknown);
	again = 255;
	assert_true(kern_feed_read(&feed));
	assert_int_equal(feed.stats.ignored, 255);
	given = 0;
	again = 300;
	assert_false(kern_feed_read(&feed));
	assert_true(kern_feed_read(&feed));
	assert_int_equal(feed.stats.ignored, 555);
}

/* As long as nothing can be had, the rest goes on, and all is read again. */
static void
test_no_memory(void **state)
{
	(void)state;
	give(NULL, -ENOBUFS);
	give(quality, sizeof quality);
	again = 2;
	assert_true(kern_feed_read(&feed));
	assert_int_equal(feed.stats.overruns, 1);
	assert_int_equal(again, 1);
	assert_true(kern_feed_read(&feed));
	assert_string_equal(told, "");
	assert_true(kern_feed_read(&feed));
	assert_non_null(strstr(told, "interface/quality"));
}

/* An interface that no route used a moment ago may be in use again. */
static void
test_idle(void **state)
{
	uint8_t idle[48];

	(void)state;
	memcpy(idle, quality, sizeof idle);
	idle[0] = sizeof idle;
	idle[20] = 18;
	give(quality, sizeof quality);
	give(idle, sizeof idle);
	routes = 1;
	assert_true(kern_feed_read(&feed));
	assert_null(strstr(told, "interface/idle"));
	routes = 0;
	give(idle, sizeof idle);
	assert_true(kern_feed_read(&feed));
	assert_non_null(strstr(told, "interface/idle kern_event\n"));
}

/* Asked again, what is known is no news, and nothing goes. */
static void
test_ask(void **state)
{
	struct change c = { .type = CHANGE_LINK, .present = true, .part = true,
		.ifindex = 7, .ifname = "bridge0" };
	struct stamp now = { 1, 1 };

	(void)state;
	state_apply(st, &c, &now);
	told[0] = '\0';
	kern_feed_ask(&feed);
	assert_string_equal(told, "interface/attach resync\n"
	    "interface/link-up resync\ninterface/quality resync\n");
	assert_int_equal(state_ifindex(st, "en0"), 4);
	assert_int_equal(state_ifindex(st, "bridge0"), 7);
	told[0] = '\0';
	kern_feed_ask(&feed);
	assert_string_equal(told, "");
	/* The kernel was asked, and did not tell. */
	assert_int_equal(feed.stats.received, 0);
	assert_int_equal(reread_when(&when), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_events), TEST(test_origins), TEST(test_errors),
		TEST(test_malformed),
		TEST(test_turns), TEST(test_no_memory), TEST(test_idle), TEST(test_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

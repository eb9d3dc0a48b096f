#include "config.h"

#include "arp_watch.h"

#include "tape.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <ev.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/*
 * Who listens to which interface, where bpf(4) is a pair of sockets: what is
 * written to the other one is heard.
 */

/* More than what malloc keeps: once given back, it is not there any more. */
#define ROOM (40 * 1024 * 1024)

static const uint8_t claim[26 + 42] = { [16] = 42, [24] = 26,
	/* Ethernet, a request of 192.0.2.1 for 192.0.2.2. */
	[26 + 12] = 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1,
	0x02, 0, 0x5e, 0, 0x53, 1, 192, 0, 2, 1,
	0, 0, 0, 0, 0, 0, 192, 0, 2, 2 };

static struct ev_loop *loop;
static struct state *st;
static struct tape tape;
static struct arp_watch *watch;
static int other[64];		/* the other end, by descriptor; or 0 */
static int opened, limit;	/* sockets, and when there are no more */
static int fds[8];		/* what was set up, in order */
static size_t ready;
static unsigned heard;
static uint32_t heard_index;
static void (*meanwhile)(void);	/* before it is told */

static int
open_one(void)
{
	int pair[2];

	if (opened == limit)
		return -EPERM;
	opened++;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	assert_true(pair[0] < (int)LENGTH(other));
	other[pair[0]] = pair[1];
	return pair[0];
}

static int
set_up_one(int fd, const char *ifname)
{
	if (strcmp(ifname, "wg0") == 0)
		return -EINVAL;
	assert_true(ready < LENGTH(fds));
	fds[ready++] = fd;
	return ROOM;
}

static const struct arp_calls calls = { .open = open_one,
	.set_up = set_up_one, .caplen = 16, .hdrlen = 24, .align = 8 };

static void
hear(void *arg, uint32_t ifindex, const void *bytes, size_t len)
{
	assert_ptr_equal(arg, &calls);
	heard++;
	heard_index = ifindex;
	if (meanwhile != NULL)
		meanwhile();
	arp_watch_tell(watch, &tape, ifindex, bytes, len, true);
}

static void
publish(void *arg, struct kev_event *ev)
{
	(void)arg;
	(void)ev;
}

static void
begin(int sockets)
{
	memset(other, 0, sizeof other);
	opened = 0;
	limit = sockets;
	ready = 0;
	heard = 0;
	meanwhile = NULL;
	loop = ev_loop_new(0);
	st = state_new(NULL, publish, NULL);
	assert_true(loop != NULL && st != NULL);
	tape_init(&tape, st, NULL, "route", NULL);
	watch = arp_watch_new(&calls, hear, (void *)(uintptr_t)&calls);
	assert_non_null(watch);
}

static void
end(void)
{
	size_t i;

	arp_watch_free(watch);
	state_free(st);
	ev_loop_destroy(loop);
	for (i = 0; i < LENGTH(other); i++) {
		if (other[i] == 0)
			continue;
		/* It was closed, and so is this. */
		assert_int_equal(fcntl((int)i, F_GETFD), -1);
		close(other[i]);
	}
}

/* Something is said on what was set up as the Nth. */
static void
say(size_t n)
{
	assert_int_equal(send(other[fds[n]], claim, sizeof claim, 0),
	    sizeof claim);
	ev_run(loop, EVRUN_NOWAIT);
}

/* Whether anybody listens there. */
static bool
is_heard(size_t n)
{
	ssize_t sent = send(other[fds[n]], claim, sizeof claim, MSG_NOSIGNAL);

	return sent == (ssize_t)sizeof claim;
}

/* Each once, before the loop and in it; not those that can't be. */
static void
test_add(void **state)
{
	(void)state;
	begin(64);
	arp_watch_add(watch, 3, "em0");
	arp_watch_add(watch, 3, "em0");
	arp_watch_start(watch, loop);
	arp_watch_add(watch, 4, "em1");
	arp_watch_add(watch, 5, "wg0");
	assert_int_equal(ready, 2);
	say(0);
	assert_int_equal(heard_index, 3);
	say(1);
	assert_int_equal(heard_index, 4);
	assert_int_equal(heard, 2);
	assert_int_equal(arp_watch_stats(watch)->decoded, 2);
	end();
}

/* The next one with the index of one that went is another. */
static void
test_forget(void **state)
{
	(void)state;
	begin(64);
	arp_watch_start(watch, loop);
	arp_watch_add(watch, 3, "em0");
	arp_watch_add(watch, 4, "em1");
	arp_watch_forget(watch, 9);
	arp_watch_forget(watch, 3);
	assert_false(is_heard(0));
	arp_watch_add(watch, 3, "em2");
	assert_int_equal(ready, 3);
	say(2);
	assert_int_equal(heard_index, 3);
	say(1);
	assert_int_equal(heard_index, 4);
	assert_int_equal(heard, 2);
	end();
}

static void
go(void)
{
	arp_watch_forget(watch, 3);
}

static void
go_and_come(void)
{
	arp_watch_forget(watch, 3);
	arp_watch_add(watch, 3, "em2");
}

static void
go_both(void)
{
	arp_watch_forget(watch, 4);
	arp_watch_forget(watch, 3);
}

/* That it went may be heard while what it heard last is told. */
static void
test_meanwhile(void **state)
{
	static void (*const table[])(void) = { go, go_and_come, go_both };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		begin(64);
		arp_watch_start(watch, loop);
		arp_watch_add(watch, 3, "em0");
		arp_watch_add(watch, 4, "em1");
		meanwhile = table[i];
		say(0);
		meanwhile = NULL;
		assert_int_equal(arp_watch_stats(watch)->decoded, 1);
		assert_false(is_heard(0));
		arp_watch_add(watch, 3, "em3");
		say(2);
		assert_int_equal(heard_index, 3);
		assert_int_equal(arp_watch_stats(watch)->decoded, 2);
		end();
	}
}

/* What was opened while that could be is enough for so many. */
static void
test_places(void **state)
{
	static const char name[] = "em0";
	uint32_t i;

	(void)state;
	begin(5);
	assert_true(arp_watch_stats(watch)->available);
	for (i = 1; i <= 7; i++)
		arp_watch_add(watch, i, name);
	assert_int_equal(ready, 5);
	end();
	begin(0);
	assert_false(arp_watch_stats(watch)->available);
	assert_non_null(strstr(arp_watch_stats(watch)->reason,
	    "(needs root)"));
	arp_watch_add(watch, 1, name);
	assert_int_equal(ready, 0);
	end();
	/* There is nothing to watch. */
	assert_null(arp_watch_new(NULL, hear, NULL));
	arp_watch_add(NULL, 1, name);
	arp_watch_forget(NULL, 1);
	arp_watch_start(NULL, NULL);
	assert_null(arp_watch_stats(NULL));
	arp_watch_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

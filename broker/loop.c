#include "config.h"

#include "loop.h"

#include "hot.h"
#include "log.h"
#include "stamp.h"
#include "sys.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Bytes for when there is no memory, many times what libev asks for then. */
#define STORE 65536

/* What stands before each piece of memory. */
union head {
	size_t size;
	max_align_t align;
};

static union head store[STORE / sizeof(union head)];
static size_t stored;		/* heads in use; none is ever given back */

static union head *
take_stored(size_t size)
{
	size_t n = 1 + (size + sizeof(union head) - 1) / sizeof(union head);
	union head *h = &store[stored];

	if (n > sizeof store / sizeof store[0] - stored)
		return NULL;
	stored += n;
	return h;
}

static void
release(union head *h)
{
	if (h < store || h >= store + sizeof store / sizeof store[0])
		free(h);
}

/* As realloc(3), but that SIZE 0 frees: libev aborts when it gets NULL. */
static void *
get_memory(void *old, long size)
{
	union head *from = old != NULL ? (union head *)old - 1 : NULL, *to;
	size_t n = (size_t)size;

	if (n == 0) {
		if (from != NULL)
			release(from);
		return NULL;
	}
	to = malloc(sizeof *to + n);
	if (to == NULL)
		to = take_stored(n);
	if (to == NULL)
		return NULL;
	to->size = n;
	if (from != NULL) {
		memcpy(to + 1, from + 1, from->size < n ? from->size : n);
		release(from);
	}
	return to + 1;
}

/*
 * libev wakes once a minute to see whether the clock was set, but (since 4.33)
 * has itself told so while anybody waits for a time of day: a far one.
 */
static void
be_quiet(struct ev_loop *loop)
{
	static ev_periodic never;

	ev_periodic_init(&never, NULL, 1e15, 0., NULL);
	ev_periodic_start(loop, &never);
}

struct ev_loop *
loop_new(void)
{
	struct ev_loop *loop;

	ev_set_allocator(get_memory);
	loop = ev_default_loop(sys_backends());
	if (loop == NULL)
		log_error("libev finds no way to wait for events");
	else
		be_quiet(loop);
	return loop;
}

HOT void
loop_wake(struct ev_loop *loop, ev_timer *timer, const uint64_t times[],
    size_t n)
{
	uint64_t when = 0, now;
	size_t i;

	for (i = 0; i < n; i++) {
		if (times[i] != 0 && (when == 0 || times[i] < when))
			when = times[i];
	}
	if (ev_is_active(timer))
		ev_timer_stop(loop, timer);
	if (when == 0)
		return;
	now = stamp_now().mono;
	ev_now_update(loop);
	ev_timer_set(timer, when > now ? (double)(when - now) / 1e6 : 0., 0.);
	ev_timer_start(loop, timer);
}

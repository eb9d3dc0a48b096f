/*
 * The loop of libev(3) as kevd wants it: it doesn't wake when nothing happens,
 * and doesn't end the process when memory runs out.
 */
#ifndef KEVD_LOOP_H
#define KEVD_LOOP_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: the system has no way to wait for events. Logged. */
struct ev_loop *loop_new(void);

/*
 * Lets TIMER run once, at the first of N TIMES: microseconds of stamp_now()'s
 * mono, 0 for never. It stops when there is none.
 */
void	loop_wake(struct ev_loop *loop, ev_timer *timer,
	    const uint64_t times[], size_t n);

#endif

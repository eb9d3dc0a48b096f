/*
 * The loop of libev(3) as kevd wants it: it doesn't wake when nothing happens,
 * and doesn't end the process when memory runs out.
 */
#ifndef KEVD_LOOP_H
#define KEVD_LOOP_H

#include <ev.h>

/* NULL: the system has no way to wait for events. Logged. */
struct ev_loop *loop_new(void);

#endif

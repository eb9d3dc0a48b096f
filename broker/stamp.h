/*
 * When something was read: both clocks that an event carries.
 */
#ifndef KEVD_STAMP_H
#define KEVD_STAMP_H

#include <stdint.h>

struct stamp {
	uint64_t time;	/* microseconds since 1970, UTC */
	uint64_t mono;	/* microseconds since boot, sleep included if known */
};

struct stamp stamp_now(void);

#endif

#include "config.h"

#include "stamp.h"

#include "hot.h"

#include <time.h>

/* Linux and OpenBSD have a clock that goes on while the machine sleeps; the
 * monotonic clock of FreeBSD, NetBSD and macOS stands still or not by its own
 * lights, and there is no other. */
#ifdef CLOCK_BOOTTIME
#define CLOCK_MONO CLOCK_BOOTTIME
#else
#define CLOCK_MONO CLOCK_MONOTONIC
#endif

static uint64_t
micros(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

HOT struct stamp
stamp_now(void)
{
	return (struct stamp){ micros(CLOCK_REALTIME), micros(CLOCK_MONO) };
}

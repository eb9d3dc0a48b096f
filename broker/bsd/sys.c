#include "config.h"

#include "sys.h"

#include <ev.h>

/*
 * By itself libev takes kqueue on NetBSD only, and select elsewhere, because
 * kqueue does not work with everything that is a file; with sockets and pipes
 * it does. What else there is comes second.
 */
unsigned
sys_backends(void)
{
	return EVBACKEND_KQUEUE | ev_recommended_backends();
}

/*
 * Where routes lead of which the kernel says no more than on which next hop
 * object they hang, as it does with net.ipv4.nexthop_compat_mode=0
 * (fib_nexthop_info, rt6_fill_node): asks for the objects, and tells the routes
 * as it does else, one for each next hop.
 */
#ifndef KEVD_NEXTHOPS_H
#define KEVD_NEXTHOPS_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nexthops {
	struct buf asked;	/* those that default routes hang on, now */
	uint32_t *seq;		/* lent: of the last request on the socket */
};

void nexthops_fini(struct nexthops *);

/*
 * Adds what the default routes lack that DUMP has, which is of FAMILY from byte
 * FROM on, in messages that are padded. FD is a socket of rtnetlink that waits
 * for an answer for some time. 0 or -errno; no object is no error, but no hop.
 */
int nexthops_resolve(struct nexthops *, int fd, uint8_t family,
    struct buf *dump, size_t from);

/* Whether a default route hangs on it, if that was to be asked for. */
bool nexthops_matter(const struct nexthops *, uint32_t id);

#endif

/*
 * Next hop objects that default routes hang on. With
 * net.ipv4.nexthop_compat_mode=0 the kernel says of such a route no more than
 * the number (fib_nexthop_info, rt6_fill_node), and nothing when the object
 * becomes another one: they are read, and the routes told as the kernel tells
 * them else, one for each hop.
 */
#ifndef KEVD_NEXTHOPS_H
#define KEVD_NEXTHOPS_H

#include "buf.h"
#include "log.h"

#include <stddef.h>
#include <stdint.h>

struct nexthops {
	/* Numbers, ascending, of those that routes of a family hang on, and of
	 * what is in them if they are groups: IPv4, IPv6. */
	struct buf ids[2];
	uint32_t *seq;		/* lent: of the last request on the socket */
	struct log_limit unread;
};

void nexthops_fini(struct nexthops *);

/*
 * Adds to DUMP what its default routes lack, which are of FAMILY (AF_INET,
 * AF_INET6), from byte FROM on, in messages that are padded. FD is a socket of
 * rtnetlink that waits for an answer for some time. 0; -EAGAIN if something
 * changed meanwhile; or -errno of the socket. If the kernel won't tell of the
 * objects, that is logged, and the routes lead nowhere.
 */
int nexthops_resolve(struct nexthops *, int fd, int family, struct buf *dump,
    size_t from);

/* Whether default routes of that family (AF_*) hang on it, when last read. */
bool nexthops_matter(const struct nexthops *, int family, uint32_t id);

#endif

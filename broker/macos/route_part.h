/*
 * What macOS does for a route_feed: its routing socket, and the one that
 * addresses of IPv6 are asked by.
 */
#ifndef KEVD_ROUTE_PART_H
#define KEVD_ROUTE_PART_H

#include "route_feed.h"

struct route_part {
	int fd, in6_fd;		/* or -1 */
	size_t rcvbuf;
	bool failed;		/* the first: nothing more is read from it */
};

/* 0 or -errno, logged. */
int route_part_init(struct route_part *, size_t rcvbuf);
void route_part_fini(struct route_part *);

/* Another socket in place of one that failed. False: not now. */
bool route_part_reopen(struct route_part *);

/* Of a struct route_part. */
extern const struct route_calls route_part_calls;

#endif

/*
 * The ethtool source: speed and duplex of links. The kernel tells of them only
 * when somebody sets them, so that kevd asks when a link comes up or goes down.
 */
#ifndef KEVD_ETHTOOL_SOURCE_H
#define KEVD_ETHTOOL_SOURCE_H

#include "ethtool_decode.h"
#include "sockets.h"
#include "source.h"

struct tape;

struct ethtool_source {
	int fd;			/* lent; -1: not available */
	struct tape *tape;	/* lent */
	struct ethtool_family family;
	uint32_t seq;		/* of the last request */
	bool lost;		/* something is missing: for who reads to clear */
	int error;		/* errno: the socket is of no use any more */
	struct source_stats stats;
};

/* Without its socket, or in a kernel without it, it is not available. */
void ethtool_init(struct ethtool_source *, struct tape *,
    const struct sockets *, const char *netns);

/*
 * The socket failed ("error"): goes on with FD, which is lent; without one, if
 * it is negative, for that reason (-errno).
 */
void ethtool_renew(struct ethtool_source *, int fd);

/*
 * Asks for one link. The answer is handed to the state, by the tape, and before
 * it whatever was told before: the order of one socket is the kernel's.
 */
void ethtool_ask(struct ethtool_source *, uint32_t ifindex);

/* Hands what has come to the state, up to a limit. */
void ethtool_read(struct ethtool_source *);

#endif

/*
 * The packet sources: ARP and neighbour discovery, where other hosts say what
 * the kernel keeps to itself. They see what the kernel sees, and send nothing.
 */
#ifndef KEVD_PACKET_SOURCE_H
#define KEVD_PACKET_SOURCE_H

#include "source.h"

enum packet_kind { PACKET_KIND_ARP, PACKET_KIND_NDP, PACKET_KINDS };

struct packet_source {
	enum packet_kind kind;
	int fd;			/* lent; -1: not available */
	struct source_stats stats;
	char reason[64];	/* why not */
};

/*
 * FD or, when it is -1, the errno of why there is none: then the source is not
 * available, which is logged, and all else works.
 */
void packet_source_init(struct packet_source *, enum packet_kind, int fd,
    int error);

/* Hands what has come to the state, up to a limit. */
void packet_source_read(struct packet_source *, struct state *);

#endif

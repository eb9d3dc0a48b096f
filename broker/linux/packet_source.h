/*
 * The packet sources: ARP and neighbour discovery, where other hosts say what
 * the kernel keeps to itself. They see what the kernel sees, and send nothing.
 */
#ifndef KEVD_PACKET_SOURCE_H
#define KEVD_PACKET_SOURCE_H

#include "sockets.h"
#include "source.h"

enum packet_kind { PACKET_KIND_ARP, PACKET_KIND_NDP, PACKET_KINDS };

struct packet_source {
	enum packet_kind kind;
	int fd;			/* lent; -1: not available */
	struct source_stats stats;
};

/* Without its socket the source is not available, and all else works. */
void packet_source_init(struct packet_source *, enum packet_kind,
    const struct sockets *, const char *netns);

/* Hands what has come to the state, up to a limit. */
void packet_source_read(struct packet_source *, struct state *);

#endif

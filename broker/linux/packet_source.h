/*
 * The packet sources: ARP and neighbour discovery, where other hosts say what
 * the kernel keeps to itself. They see what the kernel sees, and send nothing.
 */
#ifndef KEVD_PACKET_SOURCE_H
#define KEVD_PACKET_SOURCE_H

#include "buf.h"
#include "change.h"
#include "sockets.h"
#include "source.h"

enum packet_kind { PACKET_KIND_ARP, PACKET_KIND_NDP, PACKET_KINDS };

/* Packets taken before others have their turn, or kept by packet_source_read. */
#define PACKET_TURN 64

struct tape;

/* A claim to be told later, and the packet if somebody looks. */
struct dispute {
	struct change change;
	struct message message;	/* its bytes are in "bytes", in order */
};

struct packet_source {
	enum packet_kind kind;
	int fd;			/* lent; -1: not available */
	int error;		/* errno: the socket is of no use any more */
	struct source_stats stats;
	uint32_t drops;		/* the kernel's count, when last looked at */
	struct dispute disputes[PACKET_TURN];
	int disputed;
	struct buf bytes;	/* of their packets */
};

/* The socket that it reads. */
enum socket_kind packet_source_socket(enum packet_kind);

/* Without its socket the source is not available, and all else works. */
void packet_source_init(struct packet_source *, enum packet_kind,
    const struct sockets *, const char *netns);
void packet_source_fini(struct packet_source *);

/*
 * The socket failed ("error"): goes on with FD, which is lent; without one, if
 * it is negative, for that reason (-errno).
 */
void packet_source_renew(struct packet_source *, int fd);

/*
 * Hands what has come to the state, by the tape, up to a limit, but for claims
 * to addresses in use here: perhaps such an address was taken back before that,
 * and the kernel's message is still to be read. When there is none any more,
 * packet_source_tell hands them over.
 */
void packet_source_read(struct packet_source *, struct tape *);
void packet_source_tell(struct packet_source *, struct tape *);

#endif

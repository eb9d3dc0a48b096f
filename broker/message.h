/*
 * A message as it was read: its bytes, and what came with them.
 */
#ifndef KEVD_MESSAGE_H
#define KEVD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_found {
	MESSAGE_CHANGE,		/* it says something */
	MESSAGE_IGNORED,	/* well-formed, but not about our topics */
	MESSAGE_MALFORMED
};

/* All that is pointed to is lent. */
struct message {
	const char *source;	/* as that of an event */
	const char *name;	/* what its kind is called, or NULL */
	const void *bytes;
	size_t len;
	bool more;		/* a further change of the message before */
	bool lost;		/* it says that others were lost */
	const char *fault;	/* what is wrong, if it is known, or NULL */
	const char *os;		/* route: "freebsd" ..., or NULL */
	const char *abi;	/* route: "lp64le" ..., or NULL */
	uint32_t ifindex;	/* arp, ndp: the interface that it came in by;
				 * kern_event: that it names, 0 if not known */
	int hops;		/* ndp: its hop limit, -1 if not known */
	uint8_t from[16];	/* ndp: its source address */
	uint16_t protocol;	/* audit: KEV_PROTO_IP and more, or 0: of those
				 * who hold the port */
};

#endif

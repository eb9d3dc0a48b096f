/*
 * Decodes rtnetlink: the bytes of one recv(2) in, changes out.
 *
 * The same for live messages, dumps, recordings and fuzzers. Knows no sockets,
 * keeps nothing of what it read, and trusts no length in it.
 */
#ifndef KEVD_RTNL_DECODE_H
#define KEVD_RTNL_DECODE_H

#include "change.h"

#include <stddef.h>
#include <stdint.h>

enum rtnl_found {
	RTNL_END,		/* nothing is left */
	RTNL_CHANGE,		/* one; a route has one for each next hop */
	RTNL_IGNORED,		/* well-formed, but not for us */
	RTNL_MALFORMED,		/* "fault" says why; what follows is sound */
	RTNL_DONE,		/* end of a dump, refused if "error" is set */
	RTNL_ERROR,		/* answer to a request; "error" 0: accepted */
	RTNL_OVERRUN		/* the kernel says that messages were lost */
};

struct rtnl_reader {
	const uint8_t *bytes;	/* lent */
	size_t len;
	size_t next;		/* where the next message begins */
	/* The message found last. */
	size_t at, size;	/* its extent, header included */
	uint16_t type;		/* RTM_* or NLMSG_* */
	uint16_t flags;		/* NLM_F_* */
	uint32_t seq;
	uint32_t pid;
	int error;		/* of RTNL_DONE and RTNL_ERROR, negative or 0 */
	const char *fault;	/* static text, of RTNL_MALFORMED */
	bool more;		/* this is a further change of that message */
	/* Next hops of a route that are still to be told. */
	size_t hops, hops_end;
	struct change route;
};

/* BYTES are lent until the last rtnl_next. */
void rtnl_reader_init(struct rtnl_reader *, const void *bytes, size_t len);

/* Finds the next thing; alternative names in *CHANGE are lent until the next
 * call, of whichever reader. */
enum rtnl_found rtnl_next(struct rtnl_reader *, struct change *);

/* "newlink" for RTM_NEWLINK ..., or NULL. */
const char *rtnl_type_name(uint16_t type);

#endif

/*
 * Decodes routing sockets (PF_ROUTE) of the BSDs and macOS: the bytes of one
 * recv(2), or of a dump by sysctl(3), in, changes out.
 *
 * Each system has a table of its numbers and offsets, and all tables are on
 * every system. Knows no sockets, keeps nothing of what it read, and trusts no
 * length in it.
 */
#ifndef KEVD_ROUTE_DECODE_H
#define KEVD_ROUTE_DECODE_H

#include "change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct route_system;

/*
 * The table of "freebsd", "netbsd", "openbsd" or "macos", or NULL; and whether
 * ABI is one that it is for.
 */
const struct route_system *route_system(const char *os);
bool route_abi(const char *abi);

enum route_found {
	ROUTE_END,		/* nothing is left */
	ROUTE_CHANGE,
	ROUTE_IGNORED,		/* well-formed, but not for us */
	ROUTE_MALFORMED,	/* "fault" says why; what follows is sound */
	ROUTE_OVERRUN		/* the kernel says that messages were lost */
};

struct route_reader {
	const struct route_system *system;
	const uint8_t *bytes;	/* lent */
	size_t len;
	size_t next;		/* where the next message begins */
	/* The message found last. */
	size_t at, size;	/* its extent, header included */
	const char *name;	/* "newaddr" ..., or NULL */
	const char *fault;	/* static text, of ROUTE_MALFORMED, or NULL */
};

/* BYTES are lent until the last route_next. */
void route_reader_init(struct route_reader *, const struct route_system *,
    const void *bytes, size_t len);

enum route_found route_next(struct route_reader *, struct change *);

#endif

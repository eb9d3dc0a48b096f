/*
 * Decodes the kernel events of macOS (PF_SYSTEM, SYSPROTO_EVENT): the bytes of
 * one recv(2) in, changes out.
 *
 * By offset and on every system, for live messages, recordings and fuzzers.
 * Knows no sockets, keeps nothing of what it read, and trusts no length in it.
 * An event names an interface, but does not tell its index.
 */
#ifndef KEVD_KERN_DECODE_H
#define KEVD_KERN_DECODE_H

#include "change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kern_found {
	KERN_END,		/* nothing is left */
	KERN_CHANGE,
	KERN_IGNORED,		/* well-formed, but not for us */
	KERN_MALFORMED		/* "fault" says why; what follows is sound */
};

struct kern_reader {
	const uint8_t *bytes;	/* lent */
	size_t len;
	size_t next;		/* where the next message begins */
	/* The message found last. */
	size_t at, size;	/* its extent, header included */
	const char *name;	/* "inet-new-addr" ..., or NULL */
	const char *fault;	/* static text, of KERN_MALFORMED, or NULL */
};

/* BYTES are lent until the last kern_next. */
void kern_reader_init(struct kern_reader *, const void *bytes, size_t len);

enum kern_found kern_next(struct kern_reader *, struct change *);

#endif

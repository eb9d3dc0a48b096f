/*
 * Decodes what the kernel's audit says of system calls: text that any process
 * has a hand in. Bytes of one recv(2) in, changes out. A bind(2) that failed
 * because its port is in use is told in two records, which are kept until both
 * are there; no more than AUDIT_HALVES of them, so that the memory is fixed.
 */
#ifndef KEVD_AUDIT_DECODE_H
#define KEVD_AUDIT_DECODE_H

#include "change.h"

#include <stddef.h>
#include <stdint.h>

enum audit_found {
	AUDIT_NO_MORE,		/* nothing is left */
	AUDIT_PORT,		/* CHANGE_PORT, without its protocol */
	AUDIT_IGNORED,		/* well-formed; not for us, or the other half
				 * is to come */
	AUDIT_MALFORMED		/* "fault" says why; what follows is sound */
};

/* What is known of a system call from some of its records. */
struct audit_half {
	uint64_t time;		/* milliseconds; with the serial, its name */
	uint32_t serial;
	unsigned has;		/* 0: the place is free */
	struct change_port port;
};

#define AUDIT_HALVES 32
/* Zeroes at first; kept as long as records are read. */
struct audit_halves {
	struct audit_half half[AUDIT_HALVES];
	unsigned oldest;	/* of them, to be given up for another one */
};

struct audit_reader {
	const uint8_t *bytes;	/* lent */
	size_t len;
	size_t next;
	const char *fault;	/* static text, of AUDIT_MALFORMED */
};

/* BYTES are lent until the last audit_next. */
void audit_reader_init(struct audit_reader *, const void *bytes, size_t);

enum audit_found audit_next(struct audit_reader *, struct audit_halves *,
    struct change *);

#endif

/*
 * Decodes the messages of the generic netlink family "ethtool" that tell the
 * speed and duplex of a link (Documentation/networking/ethtool-netlink.rst).
 * Bytes of one recv(2) in, changes out; trusts no length, keeps nothing.
 */
#ifndef KEVD_ETHTOOL_DECODE_H
#define KEVD_ETHTOOL_DECODE_H

#include "change.h"

#include <stddef.h>
#include <stdint.h>

enum ethtool_found {
	ETHTOOL_END,		/* nothing is left */
	ETHTOOL_MODES,		/* CHANGE_MODES */
	ETHTOOL_IGNORED,	/* well-formed, but not for us */
	ETHTOOL_MALFORMED	/* "fault" says why; what follows is sound */
};

/* What the kernel calls the family at present (genl-ctrl). */
struct ethtool_family {
	uint16_t id;		/* 0: not known */
	uint32_t monitor;	/* its group of notifications, 0: none */
};

struct ethtool_reader {
	const uint8_t *bytes;	/* lent */
	size_t len;
	size_t next;
	uint32_t seq;		/* of the message found last */
	const char *fault;	/* static text, of ETHTOOL_MALFORMED */
};

/* BYTES are lent until the last ethtool_next. */
void ethtool_reader_init(struct ethtool_reader *, const void *bytes, size_t);

/*
 * Finds the next message. An answer is a change with "answer" set; when the
 * request in it was refused, it is one that knows neither.
 */
enum ethtool_found ethtool_next(struct ethtool_reader *,
    const struct ethtool_family *, struct change *);

/* Reads the answer to CTRL_CMD_GETFAMILY; what is wrong, or NULL. */
const char *ethtool_family(const void *bytes, size_t, struct ethtool_family *);

#endif

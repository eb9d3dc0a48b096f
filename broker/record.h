/*
 * A line of a recording: what was read, or what was done with it, as JSON.
 * Both ways; see kevd(8). Everything in a line may be anybody's.
 */
#ifndef KEVD_RECORD_H
#define KEVD_RECORD_H

#include "change.h"
#include "message.h"
#include "stamp.h"

struct buf;

/* Bytes of a line, without its newline. */
#define RECORD_LINE_MAX (256 * 1024)

struct record {
	struct message message;	/* without bytes if "empty" */
	bool empty;		/* there is no message, only what follows */
	const char *netns;	/* or NULL: our own */
	struct stamp now;	/* when it was read */
	bool has_mono;		/* "now.mono" is known */
	bool continued;		/* not settled between the one before and it */
	unsigned parts;		/* a dump of these begins; 0: none does */
	size_t end;		/* a dump ends: so many things may go, SIZE_MAX:
				 * all that are to go; 0: it does not end */
	enum kev_cause cause;	/* some were lost for that, or 0 */
	uint64_t lost;		/* how many, if it is known */
	/* What a line that was read points into: owned, used again. */
	char *text;
	size_t cap;
};

/* Appends the line, newline included. */
void record_put(struct buf *, const struct record *);

/*
 * Reads a line, without its newline: NULL, or what is wrong (static text), and
 * of the record only "message.source" is set then, if it was found. The record
 * is one that was all 0 at first, or was read before; what that pointed to is
 * no more. To be ended by record_fini.
 */
const char *record_get(struct record *, const char *line, size_t len);
void record_fini(struct record *);

#endif

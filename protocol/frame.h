/*
 * Lines out of a byte stream, none longer than "max": what is longer is
 * reported once, and skipped up to its end.
 */
#ifndef KEV_FRAME_H
#define KEV_FRAME_H

#include "buf.h"

enum frame_found {
	FRAME_NONE,		/* nothing more without more bytes */
	FRAME_LINE,
	FRAME_TOO_LONG		/* a line began that is too long */
};

struct frame {
	struct buf in;		/* bytes not yet taken as lines */
	size_t taken;		/* of them, those already returned */
	size_t seen;		/* of them, those known to hold no newline */
	size_t max;		/* bytes of a line; 0: KEV_REQUEST_MAX */
	bool skipping;		/* inside a line that is too long */
};

void frame_fini(struct frame *);

/* Whether there is nothing left to take. */
bool frame_is_empty(const struct frame *);

/* Adds what was read. False: no memory, and nothing was added. */
bool frame_feed(struct frame *, const char *, size_t);

/*
 * The next line, without its newline; lent until the next call. EOF: no
 * more bytes will come, so that a rest without a newline is a line. All memory
 * is given back when nothing is left.
 */
enum frame_found frame_next(struct frame *, bool eof, const char **line,
    size_t *len);

#endif

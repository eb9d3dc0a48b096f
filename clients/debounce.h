/*
 * kevsub -d: events that are held until nothing more happened to what they are
 * about. Of each thing the last one is kept. Knows times as they are told, no
 * clock, no sockets.
 *
 * They come out in the order in which they came in, those that were kept.
 */
#ifndef KEV_CLIENT_DEBOUNCE_H
#define KEV_CLIENT_DEBOUNCE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

struct held;
struct kev_line;

/* With more than these the first one comes out, quiet or not. */
#define DEBOUNCE_MAX 4096

struct debounce {
	int64_t quiet;			/* ms; 0: nothing is held */
	RB_HEAD(held_tree, held) things;
	TAILQ_HEAD(held_list, held) order;	/* as they came */
	size_t n;
	struct buf key;			/* memory for one */
	char cursor[256];		/* of the last line dealt with */
};

void debounce_init(struct debounce *, int64_t quiet);
void debounce_fini(struct debounce *);

/*
 * Holds a copy of an event, that came at NOW (monotonic ms), in place of the
 * one about the same thing. False: no memory.
 */
bool debounce_hold(struct debounce *, const struct kev_line *, int64_t now);

/*
 * The first that has been quiet until NOW, to be freed by kev_line_free(), or
 * NULL; NOW is -1: the first there is. Only when nothing more waits to be read,
 * because that may be about the same thing.
 */
struct kev_line *debounce_take(struct debounce *, int64_t now);

/*
 * The first one that kevd's own clock proves to have been quiet when it said
 * LINE; or that is one too many.
 */
struct kev_line *debounce_take_before(struct debounce *,
    const struct kev_line *line);

/* In how many ms from NOW the first one is due, -1: none is held. */
int debounce_due(const struct debounce *, int64_t now);

/* All lines up to that cursor (NULL: there is none) are dealt with or held. */
void debounce_dealt(struct debounce *, const char *cursor);

/*
 * From where on lines must come again if those held are forgotten; NULL: that
 * is not known. Lent until the next call.
 */
const char *debounce_cursor(const struct debounce *);

#endif

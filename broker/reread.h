/*
 * When a source reads everything again that it is not told: soon after it was
 * told something, but not too often, and from time to time anyway. Knows no
 * clock but the times it is handed, which are stamp.mono.
 */
#ifndef KEVD_REREAD_H
#define KEVD_REREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds that are between two of them; and until one that failed is
 * tried again. */
#define REREAD_PAUSE 100000
#define REREAD_RETRY 1000000

struct reread {
	uint64_t period;	/* between those that are anyway; 0: none are */
	uint64_t last;		/* when it was done */
	uint64_t due;		/* when something was told; 0: nothing was */
	uint64_t anyway;	/* when next; 0: never */
};

void reread_init(struct reread *, uint64_t period, uint64_t now);

/* Something was told that all must be read again for. */
void reread_want(struct reread *, uint64_t now);

/* Whether it is to be done now. */
bool reread_is_due(const struct reread *, uint64_t now);

/* When it is; 0: never. */
uint64_t reread_when(const struct reread *);

/* It was done, or could not be. */
void reread_done(struct reread *, uint64_t now);
void reread_failed(struct reread *, uint64_t now);

#endif

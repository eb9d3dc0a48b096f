/*
 * The file of --record: lines are kept until the loop's turn is over, and then
 * written at once. Neither a full disk nor a reader that is slow stops kevd:
 * the file ends with the last line that went in whole, and recording is over.
 */
#ifndef KEVD_RECORDER_H
#define KEVD_RECORDER_H

#include "record.h"

struct ev_loop;
struct recorder;

struct recorder_stats {
	const char *file;
	uint64_t messages;	/* lines written, or to be written */
	uint64_t bytes;		/* the same, bytes */
	const char *error;	/* why it is over, or NULL */
};

/* PATH is lent. 0 or -errno, logged. */
int recorder_open(struct recorder **, const char *path);

/* From here on lines are written at the end of each turn of the loop. */
void recorder_start(struct recorder *, struct ev_loop *);

/* Writes what is left. NULL is fine. */
void recorder_free(struct recorder *);

/* Whether it takes lines; none does if it is NULL. */
bool recorder_is_on(const struct recorder *);

/*
 * Adds a line. WHO (not looked into) says it: "continued" is left out if the
 * line before was another one's.
 */
void recorder_line(struct recorder *, const struct record *, const void *who);

struct recorder_stats recorder_stats(const struct recorder *);

#endif

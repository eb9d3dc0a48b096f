/*
 * What waits on the disk for a broker that is away: lines in files, the oldest
 * dropped when there are too many. Knows files, nothing of what a line says.
 *
 * Each line has a number, one more than the line before it, and a sum. So what
 * was dropped, cut off or damaged is a hole in the numbers, and is counted when
 * it is come to, also by the next process.
 *
 * Functions return 0 or -errno unless said otherwise.
 */
#ifndef KEV_CLIENT_SPOOL_H
#define KEV_CLIENT_SPOOL_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The least LIMIT that there is. */
#define SPOOL_LIMIT_MIN 65536

struct spool_segment {
	TAILQ_ENTRY(spool_segment) entry;
	uint64_t first;		/* its first number, and its name */
	uint64_t size;		/* bytes */
};

TAILQ_HEAD(spool_segments, spool_segment);

struct spool {
	int folder;			/* descriptor */
	uint64_t limit, size;		/* bytes of all segments */
	struct spool_segments segments;	/* oldest first */
	uint64_t done;			/* the last number of spool_done() */
	uint64_t read;			/* that spool_next() gave */
	uint64_t last;			/* that there is */
	int acks;			/* the file that has "done" */
	int out;			/* the last segment, to add to, or -1 */
	bool dirty;			/* not all is on the disk */
	FILE *in;			/* the segment that is read, or NULL */
	struct spool_segment *reading;
	char *line;			/* of getline(3) */
	size_t line_size;
	char cursor[256];		/* of the last line that has one */
};

/* A line, lent until the next call for the spool. */
struct spool_line {
	uint64_t number;
	uint64_t lost;		/* how many are missing right before it */
	bool dropped;		/* these were the oldest; else damaged */
	const char *cursor;
	const char *text;	/* NUL at the end */
	size_t len;
};

/*
 * The spool in FOLDER, made if it is not there, of LIMIT bytes at most.
 * -EWOULDBLOCK: another process has it.
 */
int spool_open(struct spool *, const char *folder, uint64_t limit);
void spool_close(struct spool *);

/*
 * Adds a line, which has neither newline nor NUL, and its CURSOR, without space,
 * which may be empty. One that is larger than the limit is lost, and counted.
 * When that fails all is as it was.
 */
int spool_put(struct spool *, const char *cursor, const char *text,
    size_t len);

/*
 * What was put is on the disk then. When that fails nobody knows what of it is;
 * it can be read as long as the system lives, and what is put next goes
 * elsewhere.
 */
int spool_sync(struct spool *);

/*
 * The next line that was not read yet, and 1; 0: there is none. -errno: it cannot
 * be had now, for want of memory or descriptors. What the disk does not give any
 * more is a hole in the numbers.
 */
int spool_next(struct spool *, struct spool_line *);

/* L, which spool_next() gave just now, and what it lost, comes again. */
void spool_unread(struct spool *, const struct spool_line *l);

/* What there is counts as read. */
void spool_skip(struct spool *);

/* Lines up to NUMBER are done with, and are not there any more. */
void spool_done(struct spool *, uint64_t number);

/* Whether all lines are done with. */
bool spool_empty(const struct spool *);

#endif

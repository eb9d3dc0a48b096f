/*
 * Many who read from one broker, in one process: they take everything as
 * cheaply as can be, count bytes, and see when all have all.
 */
#ifndef READERS_H
#define READERS_H

#include "brokers.h"

/* What the last event has in it, and nothing else that is sent. */
#define READERS_MARK "the-end"

struct reader {
	int fd;
	bool welcome;		/* was served what it asked for first */
	struct buf first;	/* what was read until then */
	uint64_t got;		/* bytes since */
};

struct readers {
	const struct broker *broker;
	struct reader *v;
	unsigned n;
	int epoll;
	unsigned welcome;	/* so many are */
	uint64_t lines;		/* newlines that the first one has */
	uint64_t end;		/* bytes up to and with the mark; 0: unknown */
	unsigned done;		/* so many have these */
	struct buf tail;	/* of the first one, to find things in */
	const char *things[2];	/* lent: what is counted, or NULL */
	unsigned long found[2];	/* how often it was there */
};

/*
 * Connects N of them to the broker, which is the process PID in the folder DIR,
 * and waits until all are served. OTHERS: they want what never happens.
 */
void readers_open(struct readers *, const struct broker *, const char *dir,
    pid_t, unsigned n, bool others);
void readers_close(struct readers *);

/* Counts two things in the events up to the mark, as long as each other, and
 * longer than that. */
void readers_look_for(struct readers *, const char *, const char *);

/* Waiting ends, too, when FD can be written to, or read, as it could not. */
void readers_attend(struct readers *, int fd);

/* Reads what is there, or waits up to TIMEOUT ms for it. */
void readers_pump(struct readers *, int timeout);

/* The bytes of the one who has fewest. */
uint64_t readers_slowest(const struct readers *);

/* From here on another mark is waited for. */
void readers_again(struct readers *);

#endif

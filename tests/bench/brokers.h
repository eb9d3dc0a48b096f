/*
 * The brokers that are measured: kevd, the limit, and others where they are
 * installed; how each is started, and what its clients say, on the wire.
 */
#ifndef BROKERS_H
#define BROKERS_H

#include "buf.h"

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of what those carry who carry any bytes. */
#define PAYLOAD 200

struct broker {
	const char *name;
	/* Starts it in the folder DIR; 0: it is not installed. */
	pid_t (*start)(const struct broker *, const char *dir);
	const char *where;	/* a file in DIR, or a port of the loopback */
	const char *mode;	/* of the limit */
	/* What a reader says to hear all (OTHER is 0), or what never happens
	 * (else: another one for each). NULL: nothing. */
	void (*hello)(struct buf *, unsigned other);
	/* Whether what a client got first has all that it asked for. */
	bool (*is_welcome)(const char *, size_t);
	/* What the publisher says first. NULL: nothing. */
	void (*login)(struct buf *);
	/* The publisher's next event; TEXT is somewhere in it. NULL: events
	 * come from elsewhere, see go(). */
	void (*publish)(struct buf *, const char *text);
	/* Lets COUNT messages happen, the last one with READERS_MARK; FD is the
	 * first reader's. Returns a process that does it, or 0. */
	pid_t (*go)(const char *dir, int fd, unsigned count);
	unsigned lines;		/* newlines an event has */
	unsigned slow;		/* how many times fewer events do; 0: 1 */
	bool limit;		/* others are compared with it */
};

/* All of them; one without a name is the end. */
extern const struct broker brokers[];

/* The limit of latency: what a publisher says goes to all at once. */
extern const struct broker broker_relay;

/* The same by io_uring, where that is allowed. */
extern const struct broker broker_uring;

/* The one of that name, which there is. */
const struct broker *broker_find(const char *name);

/* Whether it is one of NAMES, which end with NULL, or there are none. */
bool broker_is_wanted(const struct broker *, char *const names[]);

/* What to connect to; valid until the next call. */
const char *broker_where(const struct broker *, const char *dir);

#endif

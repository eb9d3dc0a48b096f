/*
 * Who publishes what readers read: as fast as the slowest of them takes it, so
 * that no broker has to queue or drop.
 */
#ifndef PUBLISHER_H
#define PUBLISHER_H

#include "readers.h"

struct publisher {
	int fd;
	struct buf out;		/* what is not yet sent */
	unsigned count, made;	/* events: all, and those made */
};

/* Connects to the broker, to make COUNT events. */
void publisher_open(struct publisher *, const struct broker *, const char *dir,
    pid_t, unsigned count);
void publisher_close(struct publisher *);

/* Makes some, if there is room; false: it has to wait, for readers or its
 * socket. */
bool publisher_step(struct publisher *, const struct readers *);

/* One event, and the nanoseconds until all readers have it. */
uint64_t publisher_time(struct publisher *, struct readers *);

/* COUNT events, or messages, happen, until all readers have all. */
void publish_all(struct readers *, const char *dir, pid_t, unsigned count);

#endif

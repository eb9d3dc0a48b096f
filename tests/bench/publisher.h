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

/* COUNT events, or messages, happen, until all readers have all. */
void publish_all(struct readers *, const char *dir, pid_t, unsigned count);

#endif

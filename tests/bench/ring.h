/*
 * io_uring, for one thing only: many sends with one system call. A kernel may
 * not have it, or refuse it.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>

struct io_uring_cqe;
struct io_uring_sqe;

struct ring {
	int fd;
	struct io_uring_sqe *asked;	/* as many as there is place for */
	const struct io_uring_cqe *answered;
	unsigned *asked_end, *answered_start;	/* counted on and on */
	unsigned mask;		/* for a place among the answers */
	unsigned n;		/* asked, and not yet sent */
};

/* Whether there is such a thing, for us. */
bool ring_is_allowed(void);

/* False, and errno: there is none. It is for as long as we are. */
bool ring_open(struct ring *);

/* Sends with the next ring_flush(), which has to be at least after each
 * RING_MAX; until then the bytes are lent. */
void ring_send(struct ring *, int fd, const void *, size_t len);
#define RING_MAX 256

/* The system call. False, and errno: somebody did not take all. */
bool ring_flush(struct ring *);

#endif

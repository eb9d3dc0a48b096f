/*
 * What is still to be sent, without a copy of it: a stream is the ranges of the
 * log that one interest wants, shared by all who have it; a queue is one
 * reader's place in that stream, and before it some bytes of its own: answers,
 * snapshots, and what it was owed of an earlier interest.
 *
 * Knows no sockets.
 */
#ifndef KEVD_OUTQ_H
#define KEVD_OUTQ_H

#include "buf.h"
#include "history.h"

struct range {
	uint64_t at;		/* where in the stream */
	uint64_t pos;		/* where in the log */
	uint64_t len;
};

struct stream {
	struct range *ranges;	/* in order, neighbours merged */
	size_t first;		/* those before it are done */
	size_t n;		/* end of them */
	size_t cap;
	uint64_t end;		/* bytes ever put into the stream */
	uint64_t events;	/* the same, events */
	uint64_t last;		/* seq of the last one */
};

struct outq {
	struct stream *stream;	/* lent; NULL: wants nothing */
	uint64_t at;		/* place in the stream */
	bool held;		/* the stream waits: own is not complete */
	struct buf own;		/* goes first */
	size_t own_sent;
	size_t spilled;		/* of own: was of the stream, at most */
	uint64_t sent;		/* bytes of either, ever */
};

void stream_fini(struct stream *);

/* The stream goes on with event SEQ, LEN bytes at POS. False: no memory. */
bool outq_push(struct stream *, uint64_t seq, uint64_t pos, size_t len);

/* Everybody has read it to the end. */
void stream_clear(struct stream *);

/* Nobody needs what lies before POS any more. */
void stream_forget(struct stream *, uint64_t pos);

/* The position in the log of place AT, which is before the end. */
uint64_t stream_pos(const struct stream *, uint64_t at);

/* How much lies side by side in the log from place AT on, and where. */
uint64_t stream_piece(const struct stream *, uint64_t at, uint64_t *pos);

/* Makes at most MAX vectors from place AT on; *TOTAL is what they hold. */
int stream_iov(const struct stream *, const struct history *, uint64_t at,
    struct iovec *, int max, size_t *total);

void outq_fini(struct outq *);

/*
 * Bytes not yet sent: all; those that can be sent now; those of the stream; the
 * backlog, which is these and what was spilled of it, but nothing that was said
 * in answer.
 */
uint64_t outq_pending(const struct outq *);
uint64_t outq_ready(const struct outq *);
uint64_t outq_behind(const struct outq *);
uint64_t outq_backlog(const struct outq *);

/* From now on the events of STREAM (NULL: none); what is owed stays owed. */
void outq_join(struct outq *, const struct history *, struct stream *);

/*
 * Copies what is owed of the stream, so that bytes can be added behind it, or
 * its lines be overwritten.
 */
void outq_spill(struct outq *, const struct history *);

/* The lines owed of the stream, without one that was begun. */
uint64_t outq_lines(const struct outq *, const struct history *);

/*
 * Drops what is owed of the stream but for the rest of a line begun. Returns
 * how many events that were, the first of them in *FIRST.
 */
uint64_t outq_drop(struct outq *, const struct history *, uint64_t *first);

/* N bytes were sent. */
void outq_sent(struct outq *, size_t n);

#endif

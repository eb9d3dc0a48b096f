/*
 * The log: every line published, one after the other in a ring of bytes.
 *
 * It is the only place where events are kept. Subscribers hold positions in
 * it, "after" reads it, and what nobody needs any more is overwritten.
 * Positions only grow; byte POS is at POS modulo the size of the ring.
 */
#ifndef KEVD_HISTORY_H
#define KEVD_HISTORY_H

#include "topics.h"

#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A line of the log. */
struct entry {
	uint64_t pos;		/* where it begins */
	uint64_t seq : 56;	/* its event's number, below 2^53 */
	uint64_t topic : 8;	/* enum kev_topic */
};

struct history {
	char *ring;
	size_t size;		/* a multiple of "page" */
	size_t page;		/* of memory, in bytes */
	int fd;			/* to send from, or -1; see sys.h */
	uint64_t head;		/* where the next line goes */
	uint64_t tail;		/* the oldest byte that is there */
	uint64_t fresh;		/* pages before it may be written again */
	uint64_t lent;		/* bytes before it may be on their way */
	uint64_t ready;		/* there is memory for those before it */
	size_t keep;		/* bytes that "after" may go back */
	struct entry *index;	/* a ring, too, of all lines from tail on */
	size_t slots;		/* a power of two */
	uint64_t first, end;	/* lines are first, first + 1 ... end - 1 */
};

/* KEEP bytes for "after", room for QUEUE bytes of backlog. 0 or -ENOMEM. */
int history_init(struct history *, size_t keep, size_t queue);
void history_fini(struct history *);

/* The bytes that must be freed (history_forget) before LEN more fit, or 0. */
size_t history_lacks(const struct history *, size_t len);

/*
 * The lines before POS, which is the start of one, can be overwritten; if some
 * of their bytes are IN_FLIGHT, in other pages than they are in.
 */
void history_forget(struct history *, uint64_t pos, bool in_flight);

/* Whether bytes that are to be overwritten were ever lent. */
bool history_has_lent(const struct history *);

/*
 * How many of the LEN bytes at POS can be sent at once by sys_send_pages, from
 * *OFFSET of "fd"; it is taken that they are.
 */
size_t history_lend(struct history *, uint64_t pos, uint64_t len,
    size_t *offset);

/* The system does not send from it after all: "fd" is -1 from now on. */
void history_lend_no_more(struct history *);

/* Makes the ring larger, for a line that no forgetting makes room for. */
bool history_grow(struct history *, size_t len);

/* Appends the line of event SEQ. False: no memory. */
bool history_add(struct history *, uint64_t seq, enum kev_topic, const char *,
    size_t len);

/*
 * Has memory for what comes next, so that no line waits until there is some:
 * to be called when nobody waits.
 */
void history_prepare(struct history *);

/* Makes vectors of the LEN bytes at POS; at most two. Returns how many. */
int history_iov(const struct history *, uint64_t pos, size_t len,
    struct iovec *);
void history_copy(const struct history *, uint64_t pos, size_t len,
    struct buf *);

/* The first line that begins at POS or after it; "end" when none does. */
uint64_t history_from(const struct history *, uint64_t pos);

/* The first line that "after" may tell: what is older may be incomplete. */
uint64_t history_kept(const struct history *);

/* The first of those whose event comes after SEQ. */
uint64_t history_after(const struct history *, uint64_t seq);

/* Line number I, from first to end - 1, and where it ends. */
struct entry history_line(const struct history *, uint64_t i, uint64_t *end);

#endif

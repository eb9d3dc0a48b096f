/*
 * All that the clients of one kevd heard, together: what one of them missed
 * another one knows.
 *
 * An event has one text, whoever gets it. A stint is the time that a client
 * had one subscription: what it heard in it, and how far it must have heard
 * everything that fits.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "wish.h"

#include <sys/queue.h>

#include <stddef.h>

/* Events that it was told it lost. */
struct lapse {
	uint64_t first, last, lost;
};

struct stint {
	STAILQ_ENTRY(stint) entry;
	struct wish wish;
	unsigned client;
	uint64_t from, to;	/* it has all that fit after FROM, up to TO */
	unsigned char *seen;	/* a bit for each number */
	uint64_t bits;
	struct lapse *lapses;
	size_t n_lapses;
};

/* Forgets everything. */
void journal_clear(void);

/* The event of that number if LINE is what is known of it, else NULL; lent. */
const json_t *journal_find(uint64_t seq, const char *line, size_t len);

/* Broken if that number has another text already. The event is shared. */
void journal_add(uint64_t seq, const char *line, size_t len, json_t *ev);

/* Client begins to hear what REQUEST wants, after number FROM. Lent. */
struct stint *journal_stint(unsigned client, json_t *request, uint64_t from);
void journal_heard(struct stint *, uint64_t seq);
void journal_lost(struct stint *, struct lapse);

/* Broken if somebody lacks what he must have, or lost it in silence. */
void journal_check(void);

/* How many events are known. */
uint64_t journal_size(void);

#endif

/*
 * What a subscriber is told before its stream goes on: what happened after some
 * event, out of the log; what holds; and that this was all. In pieces, because
 * others would wait for it.
 *
 * All of it is as it was at the beginning: what changes or is overwritten
 * before it was told is copied, for this subscriber alone.
 */
#ifndef KEVD_TELLING_H
#define KEVD_TELLING_H

#include "buf.h"
#include "filter.h"
#include "history.h"
#include "present.h"

#include <sys/queue.h>

struct subscriber;
struct telling;
LIST_HEAD(telling_list, telling);

struct telling_config {
	const struct history *log;
	const struct kev_filter *filter;
	const char *run;
	struct telling_list *list;	/* it is on, until it is freed */
	uint64_t seq;		/* the last event */
	struct stamp now;
	/* Whether more may be copied for that subscriber. */
	bool (*affords)(struct subscriber *);
	struct subscriber *subscriber;
};

/* All that CONFIG points to is lent. NULL: no memory. */
struct telling *telling_new(const struct telling_config *);
void telling_free(struct telling *);

/* When it was made: all of the present is dated from there, as its end is. */
const struct stamp *telling_made(const struct telling *);

/* Those lines of the log after event SEQ. */
void telling_after(struct telling *, uint64_t seq);

/* What PUBLISH of telling_publish says: owned. Then kev/synced. */
void telling_present(struct telling *, struct present *);

/* Where the present is told to, a state_publish_fn with the telling. */
void telling_publish(void *telling, struct kev_event *);

/*
 * Puts a piece of it into OUT, and counts events of the past in *EVENTS. True
 * when that was all.
 */
bool telling_go_on(struct telling *, struct buf *out, uint64_t *events);

/* A place for what is to be said after all that, before the stream. */
struct buf *telling_last(struct telling *);

/* Lines of the log before that number are about to be overwritten. */
void telling_keep(const struct telling_list *, uint64_t line);

/* Whether something had to be copied and could not be: the rest is lost. */
bool telling_is_broken(const struct telling *);

/* Bytes that are copied. */
size_t telling_bytes(const struct telling *);

#endif

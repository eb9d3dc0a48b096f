/*
 * The hub: numbers every event, keeps it in the log, and lets it flow to those
 * who want it.
 *
 * Subscribers who want the same share one interest. An interest is found by
 * topic, so that an event costs nothing for those who don't want it, and what
 * it gets is kept once, as ranges of the log, however many share it. An event
 * becomes JSON when the first one wants it, or the history keeps it, and only
 * once.
 *
 * A subscriber who falls behind by more than the limit loses what it was owed,
 * and is told so as soon as it reads again: kev/gap, then the present, then
 * what happens from there on.
 */
#ifndef KEVD_HUB_H
#define KEVD_HUB_H

#include "filter.h"
#include "history.h"
#include "outq.h"
#include "present.h"
#include "stamp.h"

#include <sys/queue.h>

struct hub;
struct interest;
struct telling;

struct subscriber {
	LIST_ENTRY(subscriber) entry;	/* those of the same interest */
	struct interest *interest;	/* NULL: not subscribed */
	struct outq q;
	struct telling *telling;	/* what goes before, or NULL */
	uint64_t mark;			/* events of the stream counted in: */
	uint64_t sent;			/* events put into its queue, less... */
	uint64_t lost;			/* ...those that it lost, in all */
	uint64_t gap_first;		/* while behind: the first one lost */
	uint64_t gap_lost;		/* while behind: how many so far */
	uint64_t taken;			/* q.sent at its last progress, see */
	unsigned stalls;		/* hub_crowded: looks since then */
	bool blocked;			/* its socket takes nothing now */
	bool behind;			/* fell behind, not yet told so */
	bool vague;			/* and how many it lost is not known */
};

struct hub_config {
	size_t history;		/* bytes that "after" may go back */
	size_t queue;		/* bytes a subscriber may be behind */
	/* Sends what can be sent without blocking, and sets "blocked": of each
	 * in turn, or of all those together when flush_end is called. */
	void (*flush)(struct subscriber *);
	void (*flush_end)(void *source);
	/* Whether what it is owed may be copied for it alone. */
	bool (*affords)(struct subscriber *);
	/* Whether bytes of the log before POS that were lent may be unread. */
	bool (*in_flight)(void *source, uint64_t pos);
	/* Begins the present, which is NOW; NULL: no memory. */
	struct present *(*present)(void *source, const struct stamp *now,
	    state_publish_fn *, void *arg);
	/* What time it is for what holds. */
	struct stamp (*now)(void *source);
	void *source;
};

/* NULL: no memory. */
struct hub *hub_new(const struct hub_config *);
void hub_free(struct hub *);

/* Unique to this run of the daemon, of [0-9a-f]. */
const char *hub_run(const struct hub *);

/* The number of the last event. */
uint64_t hub_seq(const struct hub *);
uint64_t hub_events(const struct hub *, enum kev_topic);
struct history *hub_history(struct hub *);

/* Numbers an event and gives it to all who want it. */
void hub_publish(struct hub *, struct kev_event *);

/* Sends what was published since the last time: once a turn of the loop. */
void hub_flush(struct hub *);

/*
 * From now on events that fit F, in place of those it had. F is moved, also on
 * failure. False: no memory, and it has no subscription.
 */
bool hub_subscribe(struct hub *, struct subscriber *, struct kev_filter *f);
void hub_unsubscribe(struct hub *, struct subscriber *);
const struct kev_filter *hub_filter(const struct subscriber *);

/*
 * A place to write lines in order with events: a reply, for one. It is behind
 * all that is being told.
 */
struct buf *hub_say(struct hub *, struct subscriber *);

/* Whether there is nothing to say after SEQ that could be missing. */
bool hub_reaches(const struct hub *, uint64_t seq);

/*
 * A subscriber is to be told events after number SEQ, of those kept; what holds
 * now, then kev/synced; or first the one, then the other. Events of its stream
 * wait until it was told all that by hub_go_on.
 */
void hub_tell_after(struct hub *, struct subscriber *, uint64_t seq);
void hub_tell_present(struct hub *, struct subscriber *);

/*
 * Tells a piece, to one that all of its own was sent to. True if it is to be
 * called again, and false also if there was nothing to tell.
 */
bool hub_go_on(struct hub *, struct subscriber *);

/*
 * Not while an event is on its way to the streams: what holds could have its
 * number, and be without it.
 */
bool hub_may_tell(const struct hub *);

/*
 * All of its own is sent: if it had fallen behind, says so and begins to tell
 * it the present. Returns whether there is something to send now.
 */
bool hub_catch_up(struct hub *, struct subscriber *);

/*
 * After hub_flush: whether somebody is owed a quarter of the limit and is worth
 * to be waited for, because he took a good piece within the last calls.
 */
bool hub_crowded(struct hub *);

/* How many events were sent to it, or are being sent. */
uint64_t hub_sent(const struct hub *, const struct subscriber *);

/* Bytes owed to it; and those that are kept for it alone. */
uint64_t hub_queued(const struct subscriber *);
size_t hub_unread(const struct subscriber *);

#endif

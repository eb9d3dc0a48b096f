/*
 * What a state is told goes by here, whoever tells it, in the order in which it
 * happens: so a recording has all of it, and -v shows every message. One a
 * state; costs nothing when nobody looks.
 */
#ifndef KEVD_TAPE_H
#define KEVD_TAPE_H

#include "message.h"
#include "recorder.h"
#include "state.h"

struct tape {
	struct state *state;		/* lent */
	struct recorder *recorder;	/* lent; NULL: none */
	const char *source;		/* lent: where dumps come from */
	const char *netns;		/* lent; NULL: our own */
	struct stamp last;		/* when it was told something */
	bool settled;			/* was not told anything since */
	bool dumping;			/* a dump began that did not end */
};

void tape_init(struct tape *, struct state *, struct recorder *,
    const char *source, const char *netns);

/*
 * A message was read, with what it says (if it is MESSAGE_CHANGE): in the same
 * order as that is applied, and before it is.
 */
void tape_message(struct tape *, const struct message *, enum message_found,
    const struct change *, const struct stamp *);

/* Whether a message that is kept for later must be kept in bytes, too. */
bool tape_looks(const struct tape *);

/* These are those of the state. */
void tape_apply(struct tape *, const struct change *, const struct stamp *);
void tape_begin(struct tape *, unsigned parts, const struct stamp *);
bool tape_end(struct tape *, const struct stamp *, size_t limit);
void tape_cancel(struct tape *, const struct stamp *);
void tape_gap(struct tape *, enum kev_cause, uint64_t lost,
    const struct stamp *);
void tape_missed(struct tape *, const struct stamp *);

/* The state's tick, if it is due. */
void tape_tick(struct tape *, const struct stamp *);

/* The state is settled as of the last thing that it was told, but for a dump
 * that is not over. */
void tape_settle(struct tape *);

/* Nothing more is to come. */
void tape_flush(struct tape *);

#endif

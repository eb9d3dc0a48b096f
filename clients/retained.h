/*
 * The state that kev-mqtt keeps at the broker: of each interface what kevd says
 * of it, retained. Knows what kevd is asked and what it answers.
 *
 * An event only says that an interface is to be asked for. So what is retained
 * is always what held at a moment after it, and never what comes late.
 */
#ifndef KEV_CLIENT_RETAINED_H
#define KEV_CLIENT_RETAINED_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kev;
struct kev_line;
struct mqttlink;
struct mqttoptions;
struct retained_thing;

/* What the broker has that we don't know, in one go; then it is asked again. */
enum { RETAINED_STRANGERS = 64 };

RB_HEAD(retained_things, retained_thing);

struct retained {
	const struct mqttoptions *options;	/* lent, as all of these */
	const char *level;		/* the host's, in a topic */
	struct kev *kev;
	struct mqttlink *link;
	struct retained_things things;
	size_t strangers;
	bool more;			/* of these there were */
	long long asked;		/* id of our question, 0: none */
	bool all;			/* that is, or is to be, about all */
	bool up;
	bool refused;			/* the last question, which was said */
	int64_t not_before;		/* to ask, monotonic ms */
	unsigned unanswered;		/* publications */
};

void retained_init(struct retained *, const struct mqttoptions *,
    const char *level, struct kev *, struct mqttlink *);
void retained_fini(struct retained *);

/* All is to be told anew. */
void retained_all(struct retained *);

/* An event: what it is about is to be told anew. */
void retained_event(struct retained *, const struct kev_line *);

/* kevd went, and what it was asked is not answered. */
void retained_lost(struct retained *);

/* The broker is there; it went. */
void retained_up(struct retained *);
void retained_down(struct retained *);

/* The broker has that topic, of our own. */
void retained_told(struct retained *, const char *topic);

/* An answer of kevd. False: it is for somebody else. */
bool retained_answer(struct retained *, const struct kev_line *);

/* The broker has MID, something of ours, or refuses it for REASON. */
void retained_done(struct retained *, int mid, int reason);

/* Asks kevd what is to be told. To be called when there was some of the above. */
void retained_step(struct retained *);

/* In how many ms it wants to be called even so, or -1. */
int retained_due(const struct retained *);

#endif

/*
 * The connection of kev-mqtt to a broker: made, made again with longer and longer
 * waits when it breaks, and what is published on it. Knows libmosquitto and
 * libev, no events.
 *
 * Each attempt begins anew: nothing is kept from one to the next, so what the
 * broker has not said it has is to be published again.
 */
#ifndef KEV_CLIENT_MQTTLINK_H
#define KEV_CLIENT_MQTTLINK_H

#include <ev.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqttoptions;
struct mosquitto;

/* What comes of it; none of them may end the connection. */
struct mqttlink_calls {
	void (*up)(void *arg);
	void (*down)(void *arg);	/* after "up" only */
	/* The broker has MID, or refuses it for REASON, 0x80 or more. */
	void (*done)(void *arg, int mid, int reason);
	/* That topic, of those subscribed to, has something in it. */
	void (*retained)(void *arg, const char *topic);
};

struct mqttlink {
	struct ev_loop *loop;
	const struct mqttoptions *options;	/* lent */
	const struct mqttlink_calls *calls;	/* lent */
	void *arg;
	char *id;			/* of ours, as a client */
	char *will_topic, *will;	/* what is published when we are lost */
	struct mosquitto *m;		/* NULL: waiting */
	ev_io io;
	ev_timer timer;			/* to try again, or to give up */
	ev_timer misc;			/* libmosquitto wants to be called */
	int version;			/* of MQTT, as libmosquitto counts */
	bool older;			/* the broker has told that it is */
	unsigned vanished;		/* attempts at which it only went away,
					   since it was up */
	size_t too_large;		/* the least payload that the broker has
					   refused for its size, 0: none */
	unsigned attempts;
	unsigned pending;		/* publications not answered */
	double progress;		/* when the last one was answered, or
					   the first one sent */
	double up_since;
	bool writable;			/* the socket was, in this attempt */
	bool up;
	bool broken;			/* it ends after its callbacks */
	bool denied;			/* to let us read; it was said */
	char why[512];			/* it broke, "": nobody told */
	char said[2][512];		/* the last two, mostly of IPv6 and of
					   IPv4, which were said */
};

struct mqttlink_message {
	const char *topic;
	const char *payload;
	size_t len;
	bool retain;
	uint32_t expiry;	/* seconds, 0: none */
	const char *id;		/* of the event, NULL: it has none */
};

/* Nothing happens before mqttlink_open(). ID is copied. False: no memory. */
bool mqttlink_init(struct mqttlink *, struct ev_loop *,
    const struct mqttoptions *, const char *id, const struct mqttlink_calls *,
    void *arg);
void mqttlink_fini(struct mqttlink *);

/*
 * Connects, or connects again with a new will; of an earlier connection the
 * broker tells its will. False: no memory, so that nothing was begun.
 */
bool mqttlink_open(struct mqttlink *, const char *will_topic, const char *will);

/* Ends the connection. In order: the broker does not tell our will. */
void mqttlink_close(struct mqttlink *, bool in_order);

/* Breaks it, because of WHY, and tries again later. */
void mqttlink_break(struct mqttlink *, const char *why);

/* Breaks it, because what was published is refused for REASON. */
void mqttlink_refused(struct mqttlink *, int reason);

/* Whether REASON is what was published, so that it would be refused again. */
bool mqttlink_is_final(int reason);

/*
 * A payload of LEN bytes was refused for REASON. If it is its size, which some
 * brokers break the connection for, none that is as large is sent any more.
 */
void mqttlink_learn(struct mqttlink *, int reason, size_t len);

enum mqttlink_result {
	MQTTLINK_OK,
	MQTTLINK_TOO_LARGE,	/* for this broker */
	MQTTLINK_FAILED		/* it is about to break */
};

/* Publishes, so that "done" comes for *MID. */
enum mqttlink_result mqttlink_publish(struct mqttlink *,
    const struct mqttlink_message *, int *mid);

/* To be told "retained" of all topics that fit. */
void mqttlink_subscribe(struct mqttlink *, const char *filter);

/* To be called before the loop waits. */
void mqttlink_watch(struct mqttlink *);

#endif

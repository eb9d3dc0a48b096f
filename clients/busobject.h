/*
 * What is on the bus: an object for each interface with what kevd says of it as
 * properties, and a signal for each event. Interfaces, signals, properties and
 * their types are made of protocol/topics.def and fields.def.
 *
 * Knows no kevd; kev-dbus(8) says what a user sees of it.
 */
#ifndef KEV_CLIENT_BUSOBJECT_H
#define KEV_CLIENT_BUSOBJECT_H

#include <systemd/sd-bus.h>

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct json_t;

/* The object of an interface. */
struct busobject {
	RB_ENTRY(busobject) entry;
	TAILQ_ENTRY(busobject) stale_entry;
	bool stale;			/* something happened to it */
	bool told;			/* in what is being told */
	struct json_t *state;		/* as of "kevctl state"; owned */
	char *path;			/* owned */
};

RB_HEAD(busobject_tree, busobject);
TAILQ_HEAD(busobject_list, busobject);

struct busobjects {
	sd_bus *bus;			/* lent */
	struct busobject_tree all;
	struct busobject_list stale;
	size_t n_stale;
	size_t weight;			/* of what is kept */
	bool full;			/* something is not, and it was said */
	int connected;			/* kevd is there */
	bool named;			/* others may know of us */
};

RB_PROTOTYPE(busobject_tree, busobject, entry, busobject_cmp)

/* Nothing is there yet. False: it was said why. */
bool busobjects_init(struct busobjects *, sd_bus *);
void busobjects_fini(struct busobjects *);

/* An event becomes a signal; interfaces come, go, get names or are stale. */
void busobjects_event(struct busobjects *, const struct json_t *event);

/* A signal of org.kev1.Kev with DATA, of which it takes ownership. */
void busobjects_signal(struct busobjects *, const char *member,
    struct json_t *data);

/* "interfaces" of an answer to "state"; SWEEP: others are no more. */
void busobjects_state(struct busobjects *, const struct json_t *interfaces,
    bool sweep);

/* Appends globs that fit those that are stale, as JSON, and forgets which. */
void busobjects_put_stale(struct busobjects *, struct buf *);

void busobjects_connected(struct busobjects *, bool);

/* Whether so much is unsent that nothing more should be said for now. */
bool busobjects_crowded(const struct busobjects *);

#endif

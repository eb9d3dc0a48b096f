/*
 * What is: every interface with its addresses and default routers, and the
 * diff that turns the kernel's facts into events.
 *
 * Knows no sockets, no JSON and no clock but the stamps it is handed. Facts
 * come one by one; a dump is facts between state_begin and state_end, and what
 * was not told in between is gone. So start-up, repair after a loss and the
 * re-reading of routes are the same lines of code.
 *
 * One state is one network namespace.
 */
#ifndef KEVD_STATE_H
#define KEVD_STATE_H

#include "change.h"
#include "event.h"
#include "stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state;
struct walk;

/*
 * Where events go. The event and all it points to is lent for the call; run,
 * seq and the rest that the hub knows are for it to fill in.
 */
typedef void state_publish_fn(void *arg, struct kev_event *);

/* NETNS: the name of the namespace, or NULL for our own; copied. */
struct state *state_new(const char *netns, state_publish_fn *, void *arg);
void state_free(struct state *);

/* From here on "source" of its events is "play", whoever knew it. */
void state_set_played(struct state *);

/* What tells of the present, if it is not rtnetlink: "source" of events. */
void state_set_origin(struct state *, enum kev_origin);

/* Whether nothing is. */
bool state_is_empty(const struct state *);

/*
 * One fact. Events come out at once, in order, but that the removal of an IPv4
 * address is held back for a moment: when the same address is added again
 * right after it, that was a change.
 *
 * Interfaces are known by their index. One that is only told of by its name has
 * none in its events, until it is told.
 */
void state_apply(struct state *, const struct change *, const struct stamp *);

/*
 * Whether the speed and duplex should be asked for before this CHANGE_LINK is
 * applied: they may be other ones with it.
 */
bool state_wants_modes(const struct state *, const struct change *);

/*
 * Whether this CHANGE_CLAIM is to an address in use here: to be applied only
 * when all that the kernel told before it is.
 */
bool state_disputes(const struct state *, const struct change *);

/* A dump of PARTS begins; one that began before and did not end is void. */
void state_begin(struct state *, unsigned parts);

/*
 * It ends: what was not told since state_begin is gone. Removes at most LIMIT
 * things, and returns false if there are more: to be called again.
 */
bool state_end(struct state *, const struct stamp *, size_t limit);

/* It could not be read to the end: nothing follows from it. */
void state_cancel(struct state *);

/*
 * The source has nothing more to read for now: publishes network/changed if
 * any address or router changed since the last time.
 */
void state_settle(struct state *, const struct stamp *);

/* Nothing more is to come: what was held back is published. */
void state_flush(struct state *);

/*
 * The parts that must be dumped again, because the kernel tells of some
 * changes to them by silence. Forgotten once asked.
 */
unsigned state_wants(struct state *);

/*
 * Whether something could not be kept because memory ran out: all must be
 * dumped again. Forgotten once asked.
 */
bool state_starved(struct state *);

/* How many events the last dump gave: what had changed without a word. */
uint64_t state_corrections(const struct state *);

/*
 * Publishes kev/gap: LOST messages (0: unknown) were lost for CAUSE, and all
 * was dumped since (state_end), which gave that many corrections.
 */
void state_gap(struct state *, enum kev_cause, uint64_t lost,
    const struct stamp *);

/*
 * Publishes kev/gap, once a second at most: reports of what is not state were
 * lost, which nothing brings back.
 */
void state_missed(struct state *, const struct stamp *);

/* When state_tick wants to be called, in stamp.mono; 0: not at all. */
uint64_t state_deadline(const struct state *);
void state_tick(struct state *, const struct stamp *);

/* How often the link of an interface went up and down while it is known. */
struct flaps {
	const char *ifname;
	const char *netns;	/* NULL: our own */
	uint32_t ifindex;
	uint64_t ups, downs;
};

/* Calls FN for each interface whose link ever did, in order of index. */
typedef void state_flaps_fn(void *arg, const struct flaps *);
void state_flaps(const struct state *, state_flaps_fn *, void *arg);

/* The index of the interface of that name, or 0. */
uint32_t state_ifindex(const struct state *, const char *ifname);

/* The name of an interface, lent, or NULL. */
const char *state_ifname(const struct state *, uint32_t ifindex);

/*
 * Calls PUBLISH with every lasting event that holds now, interface by
 * interface in order of index, "snapshot" set.
 */
void state_snapshot(const struct state *, const struct stamp *,
    state_publish_fn *, void *arg);

/*
 * The same in pieces, while facts come: all that holds when the walk begins,
 * each once and at that time's stamp. What changes before it is come to is told
 * as it was, from within state_apply and the like; so is the rest when the
 * state is freed. An interface comes before what it has, but the order is else
 * not certain. That a lifetime was refreshed is no change.
 *
 * NULL: no memory. PUBLISH must not free it.
 */
struct walk *walk_new(const struct state *, const struct stamp *,
    state_publish_fn *, void *arg);

/* Goes on by *N things at most, and takes them from it. True at the end. */
bool walk_on(struct walk *, size_t *n);
void walk_free(struct walk *);

#endif

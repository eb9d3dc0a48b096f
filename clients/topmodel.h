/*
 * What kevtop knows: interfaces, addresses and default routers as events tell
 * them, conflicts, the last events, and how many come. Knows no sockets and no
 * terminal. Text in here is safe to show, and one column a character.
 *
 * Times are monotonic milliseconds.
 */
#ifndef KEV_CLIENT_TOPMODEL_H
#define KEV_CLIENT_TOPMODEL_H

#include "buf.h"

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum {
	TOP_THINGS = 131072,	/* interfaces, addresses, routers in all */
	TOP_CONFLICTS = 64,	/* the last ones */
	TOP_EVENTS = 256,
	TOP_NAME = 80,		/* bytes of a name, with the NUL */
	TOP_MAC = 64,
	TOP_ADDRESS = 104,
	TOP_TEXT = 400		/* of an event */
};

/* How many a second, of the last five or ten. */
struct top_rate {
	int64_t window;
	uint64_t now, before;
};

/* A lifetime without end; and one that is not told. */
#define TOP_FOREVER INT64_MAX
#define TOP_UNTOLD INT64_MIN

struct top_addr {
	RB_ENTRY(top_addr) entry;
	const struct top_link *of;
	unsigned generation;
	char key[TOP_ADDRESS];
	char address[TOP_ADDRESS];	/* with prefix length and peer */
	char status[16];
	int64_t valid, preferred;	/* until then */
};

struct top_router {
	RB_ENTRY(top_router) entry;
	const struct top_link *of;
	unsigned generation;
	char key[TOP_ADDRESS];
	char gateway[48];
	char protocol[16], table[16], lladdr[TOP_MAC];
	long long metric;		/* -1: not told */
	bool failed;			/* does not answer */
};

RB_HEAD(top_addrs, top_addr);
RB_HEAD(top_routers, top_router);

struct top_link {
	RB_ENTRY(top_link) entry;
	char *netns;			/* "": that of kevd */
	long long ifindex;		/* 0: not told, the name counts */
	unsigned generation;
	char plain[TOP_NAME];		/* what a glob is held against */
	char name[TOP_NAME];		/* with the namespace before it */
	char operstate[20], type[16], lladdr[TOP_MAC];
	bool off;			/* switched off by its owner */
	int carrier;			/* -1: not told */
	long long mtu, speed;		/* -1: not told; Mbit/s */
	bool told;			/* whether it is up or down */
	uint64_t flaps;			/* how often it went down */
	struct top_rate rate;		/* of its events */
	struct top_addrs addrs;
	struct top_routers routers;
};

RB_HEAD(top_links, top_link);

/* Another host that has an address of ours. */
struct top_conflict {
	TAILQ_ENTRY(top_conflict) entry;
	char time[16], what[12];
	char plain[TOP_NAME], name[TOP_NAME];
	char address[48], lladdr[TOP_MAC];
	uint64_t count;
};

TAILQ_HEAD(top_conflicts, top_conflict);

struct top_event {
	TAILQ_ENTRY(top_event) entry;
	char plain[TOP_NAME];
	char text[TOP_TEXT];
	int color;			/* see text_color() */
};

TAILQ_HEAD(top_events, top_event);

enum top_feed { TOP_WAITS, TOP_LIVE, TOP_LOST };

struct topmodel {
	enum top_feed feed;
	struct top_links links;
	struct top_conflicts conflicts;	/* the last one first */
	struct top_events events;	/* the last one first */
	size_t n_links, n_addrs, n_routers, n_conflicts, n_events;
	size_t unkept;			/* over TOP_THINGS */
	uint64_t version;		/* more with each change */
	int64_t begun;
	uint64_t total;			/* events since then */
	struct top_rate rate;
	uint64_t gaps;
	char gap[96];			/* the last one */
	unsigned generation;		/* of the snapshot */
	struct buf raw, safe;
};

RB_PROTOTYPE(top_links, top_link, entry, top_link_cmp)
RB_PROTOTYPE(top_addrs, top_addr, entry, top_addr_cmp)
RB_PROTOTYPE(top_routers, top_router, entry, top_router_cmp)

void topmodel_init(struct topmodel *, int64_t now);
void topmodel_fini(struct topmodel *);

/* What holds now is about to be told: what is not told until then is gone. */
void topmodel_begin(struct topmodel *);

/* kevd went; it is back, with what happened meanwhile or else a snapshot. */
void topmodel_lost(struct topmodel *);
void topmodel_back(struct topmodel *, bool complete);

/* Any event, as kevd sends it. False: no memory. */
bool topmodel_event(struct topmodel *, const struct json_t *event, int64_t now);

/*
 * Lifetimes, which change without an event, out of the "interfaces" of an
 * answer to "state".
 */
void topmodel_lifetimes(struct topmodel *, const struct json_t *interfaces,
    int64_t now);

/* Tenths of events a second. */
uint64_t topmodel_rate(const struct top_rate *, int64_t now);

#endif

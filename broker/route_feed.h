/*
 * A routing socket (PF_ROUTE) as a source of a state: what comes from it, dumps,
 * repair after a loss, and what must be asked for, because the kernel does not
 * tell it. What the system has to do for that is in a few functions, so that
 * this is the same on all systems that have such sockets, and tested on all.
 */
#ifndef KEVD_ROUTE_FEED_H
#define KEVD_ROUTE_FEED_H

#include "buf.h"
#include "in6.h"
#include "source.h"

#include <sys/types.h>

struct route_feed;
struct tape;

struct route_calls {
	/* One message: its length or -errno, -EAGAIN if there is none. Sets
	 * *CUT if it was longer than SIZE. */
	ssize_t (*receive)(void *arg, void *bytes, size_t size, bool *cut);
	/* Whether there is one. */
	bool (*has_news)(void *arg);
	/* Appends messages of all that there is of PARTS, or more. 0 or
	 * -errno. */
	int (*dump)(void *arg, unsigned parts, struct buf *);
	/* Fills in what is to be answered. 0 or -errno: -EADDRNOTAVAIL or
	 * -ENXIO if it is no more. NULL: nothing needs to be asked. */
	int (*in6)(void *arg, struct in6_answer *);
	/* Appends what a list has of default routers of IPv6, each as in6_router
	 * takes it. 0 or -errno. NULL: there is none. */
	int (*routers)(void *arg, struct buf *);
};

enum route_progress {
	ROUTE_FINISHED,		/* read empty, or all was handed over */
	ROUTE_MORE,		/* others have their turn first */
	ROUTE_LOST,		/* something is missing: resync */
	ROUTE_BROKEN		/* nothing can be read: resync after a while */
};

/* OS is as route_system has it. All is lent. NULL: no memory. */
struct route_feed *route_feed_new(struct tape *, const char *os,
    const struct route_calls *, void *arg);

/* NULL is fine. */
void route_feed_free(struct route_feed *);

/* Hands over what has come. */
enum route_progress route_feed_read(struct route_feed *);

/*
 * Dumps PARTS, of interfaces and addresses all if any, into the state, at once.
 * 0 or -errno, logged; then a resync is due. Nothing goes by one that could not
 * be understood as a whole.
 */
int route_feed_dump(struct route_feed *, unsigned parts);

/*
 * Dumps everything and hands it over in pieces, as long as it is called again;
 * then says what was lost. What comes meanwhile is to be read later. ROUTE_LOST:
 * to be tried again after a while, also if something was lost and the dump could
 * not be understood.
 */
enum route_progress route_feed_resync(struct route_feed *);

/* Something is missing, for a reason that the feed does not know of. */
void route_feed_lose(struct route_feed *, enum kev_cause);

/* Parts to be dumped once all is read, besides what the state wants, because
 * the kernel changes them without a word. Forgotten once asked. */
unsigned route_feed_wants(struct route_feed *);

/* When to call route_feed_tick, in stamp.mono; 0: not at all. */
uint64_t route_feed_deadline(const struct route_feed *);
void route_feed_tick(struct route_feed *, const struct stamp *now);

/* First that of the socket, then that of what is asked; then NULL. */
const struct source_stats *route_feed_stats(const struct route_feed *,
    size_t n);

#endif

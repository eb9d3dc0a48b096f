/*
 * The events of kev-mqtt between kevd and a broker, in order: some that the broker
 * was sent and has not said it has, and behind them those that wait on the disk.
 * Knows the spool and the connection, nothing of kevd but its lines.
 *
 * While the broker keeps up nothing is written: what it has not got yet kevd
 * gives again, to who asks with the cursor of the last event that it has. What
 * is on the disk has cursors of its own, so that kevd gives that again, too, if
 * it is destroyed there.
 */
#ifndef KEV_CLIENT_OUTBOX_H
#define KEV_CLIENT_OUTBOX_H

#include "spool.h"

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqttlink;
struct outbox_entry;

/* What may be sent and not answered; one event more if it is a large one. */
enum { OUTBOX_ENTRIES = 128, OUTBOX_BYTES = 1024 * 1024 };

TAILQ_HEAD(outbox_entries, outbox_entry);

struct outbox {
	const char *host;		/* as it calls itself, lent */
	const char *level;		/* that in a topic, lent */
	uint32_t expiry;		/* of events, seconds; 0: none */
	struct mqttlink *link;
	struct spool spool;
	struct outbox_entries entries;	/* oldest first */
	size_t n, bytes;
	bool up;
	uint64_t late;			/* lines of the spool up to this waited
					   for the connection */
	char cursor[256];		/* the broker has all up to there; "" */
	bool failing;			/* the spool failed, which was said */
	bool unsynced;			/* when it was to be synced */
	uint64_t refused;		/* events that the broker does not take */
};

/*
 * SPOOL is open, and is the outbox's from now on. What is in it goes first; its
 * cursor is where kevd is to go on, unless it is empty.
 */
void outbox_init(struct outbox *, struct mqttlink *, const char *host,
    const char *level, uint32_t expiry);
void outbox_fini(struct outbox *);

/*
 * Takes the line of an event, and the CURSOR after it, "" if it has none. False:
 * there is no place for it now, not even on the disk, which was said once; try
 * again later.
 */
bool outbox_put(struct outbox *, const char *cursor, const char *text,
    size_t len);

/*
 * All up to CURSOR was given, or need not be, and that is where the broker is,
 * if nothing is on its way.
 */
void outbox_pass(struct outbox *, const char *cursor);

/* The broker is there; it went. */
void outbox_up(struct outbox *);
void outbox_down(struct outbox *);

/* The broker has MID, or refuses it. False: that is not ours. */
bool outbox_done(struct outbox *, int mid, int reason);

/* To be called when there was some of the above: what is spooled is safe then. */
void outbox_sync(struct outbox *);

/* Microseconds since 1970. */
uint64_t outbox_now(void);

/* What the broker has not got is on the disk then, if that can be. */
void outbox_save(struct outbox *);

#endif

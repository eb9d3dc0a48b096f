/*
 * Kernel events as a source of a state: what comes from their socket, and what
 * must be asked for besides. They are hints and not a complete feed, so that all
 * that they may be about is to be read again, which "reread" is told.
 */
#ifndef KEVD_KERN_FEED_H
#define KEVD_KERN_FEED_H

#include "kern_ask.h"
#include "reread.h"
#include "source.h"
#include "tape.h"

struct kern_feed {
	int fd;			/* or -1 */
	bool failed;		/* nothing more is read from it */
	size_t rcvbuf;
	struct tape *tape;	/* lent, as is the next one */
	struct reread *reread;
	struct kern_asker asker;
	int ask_fd;
	struct source_stats stats;
	bool lost;		/* something is missing */
	bool asking;		/* what is told was asked for */
	struct stamp now;	/* when what is told was read */
};

/* 0 or -errno, logged. */
int kern_feed_init(struct kern_feed *, struct tape *, struct reread *,
    size_t rcvbuf);
void kern_feed_fini(struct kern_feed *);

/* Hands over what has come, or can be had now. False: there is more, but others
 * have their turn. */
bool kern_feed_read(struct kern_feed *);

/* Another socket in place of one that failed. False: not now. */
bool kern_feed_reopen(struct kern_feed *);

/* Asks about all interfaces what no dump tells. */
void kern_feed_ask(struct kern_feed *);

#endif

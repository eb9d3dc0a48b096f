/*
 * A client's connection: lines in, lines out, and when it ends. What a line
 * means is the server's business.
 */
#ifndef KEVD_PEER_H
#define KEVD_PEER_H

#include "frame.h"
#include "hub.h"

#include <sys/queue.h>
#include <sys/types.h>

#include <ev.h>

struct peer;

/* What the peers of one server share. */
struct peer_group {
	TAILQ_HEAD(peer_list, peer) live;	/* served */
	struct peer_list dead;			/* to be freed, see peer_reap */
	struct ev_loop *loop;
	struct hub *hub;
	size_t queue;		/* read no more while it is owed as much */
	size_t count;
	int hangup;		/* see sys.h */
	/* A line, or NULL: one that was too long. */
	void (*line)(struct peer *, const char *, size_t);
	void *server;
};

struct peer {
	struct subscriber sub;
	ev_io in, out;
	TAILQ_ENTRY(peer) entry;
	struct peer_group *group;
	struct frame frame;
	char *patterns;		/* as it gave them, a JSON array; owned */
	uid_t uid;
	pid_t pid;
	bool eof;		/* it will send nothing more */
	bool dead;
};

/* Serves FD, which is then owned. NULL: no memory; FD is closed. */
struct peer *peer_new(struct peer_group *, int fd);

/* Sends what can be sent; hub_config.flush. */
void peer_flush(struct subscriber *);

/* Ends it; it is freed by peer_reap. */
void peer_close(struct peer *);

/* Frees those that ended: not while lists of them are walked. */
void peer_reap(struct peer_group *);

/* Somebody hung up whom nothing is read from. */
void peer_hangup(struct peer_group *);

#endif

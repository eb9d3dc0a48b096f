/*
 * A client's connection: lines in, lines out, and when it ends. What a line
 * means is the server's business.
 */
#ifndef KEVD_PEER_H
#define KEVD_PEER_H

#include "frame.h"
#include "hub.h"
#include "sys.h"
#include "user.h"

#include <sys/queue.h>
#include <sys/types.h>

#include <ev.h>

struct peer;

/* What the peers of one server share. */
struct peer_group {
	TAILQ_HEAD(peer_list, peer) live;	/* served */
	struct peer_list dead;			/* to be freed, see peer_reap */
	struct peer_list busy;			/* have work, see peer_go_on */
	struct peer *next;			/* of those, its turn is next */
	struct user_list users;
	struct ev_loop *loop;
	struct hub *hub;
	size_t queue;		/* read no more while it is owed as much */
	unsigned timeout;	/* seconds until who is stuck is cut off; 0: no */
	size_t count;
	size_t waiting;		/* how many wait to catch up */
	uint64_t cut_off;	/* how many were */
	uint64_t lent_gone;	/* end of what was lent to those who went */
	ev_idle idle;		/* while there are busy ones */
	ev_timer look;		/* while there are blocked ones */
	int hangup;		/* see sys.h */
	/* To be sent at once, and to whom; see peer_flush_soon. */
	struct sys_send sends[SYS_SENDS_MAX];
	struct peer *sent_to[SYS_SENDS_MAX];
	size_t n_sends;
	/* A line, or NULL: one that was too long. */
	void (*line)(struct peer *, const char *, size_t);
	void *server;
};

/* The last piece of the log that one was lent, see history_lend. */
struct lent {
	uint64_t pos, end;	/* where it is */
	uint64_t begun, sent;	/* what of sub.q.sent it is */
};

/* There may be many who only wait: what they don't need then is elsewhere. */
struct peer {
	struct subscriber sub;
	ev_io io;
	TAILQ_ENTRY(peer) entry, busy_entry;
	struct peer_group *group;
	struct user *user;
	struct frame *frame;	/* while there is a piece of a line, or NULL */
	char *patterns;		/* as it gave them, a JSON array; owned */
	size_t globs;		/* of its subscription */
	size_t unread;		/* of user->unread, what is its own */
	pid_t pid;
	struct lent *lent;	/* NULL: nothing, ever */
	uint64_t looked;	/* sub.q.sent at its last progress, and... */
	unsigned looks;		/* ...how many looks were there since then */
	unsigned char watched;	/* EV_READ, EV_WRITE, of its socket */
	bool busy;		/* has more to do, and its turn is over */
	bool waits;		/* to catch up, until its user reads more */
	bool eof;		/* it will send nothing more */
	bool dead;
};

/* Everything but what server.h sets. */
void peer_group_init(struct peer_group *);
void peer_group_start(struct peer_group *, struct ev_loop *);
void peer_group_stop(struct peer_group *);

/*
 * Serves FD, which is then owned, of a process of that user, who has it as a
 * client already. NULL: no memory; FD is closed, and the user has it no more.
 */
struct peer *peer_new(struct peer_group *, int fd, struct user *, pid_t);

/* Sends what can be sent. */
void peer_flush(struct subscriber *);

/* The same, but what many are told may wait for peer_flush_end, to be sent to
 * all of them with one system call; hub_config.flush and flush_end. */
void peer_flush_soon(struct subscriber *);
void peer_flush_end(struct peer_group *);

/* Whether what was lent of the log before POS may be unread. */
bool peer_in_flight(struct peer_group *, uint64_t pos);

/* Whether its user may leave more unread; hub_config.affords. */
bool peer_affords(struct subscriber *);
size_t peer_unread_max(const struct peer_group *);

/* Once a turn: goes on with those that are told something, have lines left, or
 * waited. */
void peer_go_on(struct peer_group *);

/* Ends it; it is freed by peer_reap. */
void peer_close(struct peer *);

/* Frees those that ended: not while lists of them are walked. */
void peer_reap(struct peer_group *);

/* Somebody hung up whom nothing is read from. */
void peer_hangup(struct peer_group *);

#endif

/*
 * What the clients of one user have together: nobody but root and kevd's own
 * user may take what all have to share.
 */
#ifndef KEVD_USER_H
#define KEVD_USER_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

LIST_HEAD(user_list, user);

struct user {
	LIST_ENTRY(user) entry;
	uid_t uid;		/* -1: the system doesn't tell */
	bool trusted;		/* may do what it likes */
	bool spent;		/* had its long answer of this turn... */
	bool told;		/* ...and a piece of one begun before */
	size_t clients;
	size_t globs;		/* of their subscriptions, in all */
	size_t unread;		/* bytes of answers that they leave unread */
};

/* That user, with a client more. NULL: no memory. */
struct user *user_add_client(struct user_list *, uid_t);

/* A client less; freed with the last. */
void user_drop_client(struct user *);

#endif

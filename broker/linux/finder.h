/*
 * The finder: a process of its own that finds other network namespaces, enters
 * each for a moment, and hands over sockets opened there. It stays what it was
 * when kevd becomes another user, because entering takes privileges, but keeps
 * none that it does not need for that.
 *
 * A namespace has the name that ip-netns(8) gave it, or else the number that
 * ours knows it by (the "nsid" of "ip netns list-id"); what has neither is not
 * found. One that only we hold on to is let go: a socket would keep it alive.
 */
#ifndef KEVD_FINDER_H
#define KEVD_FINDER_H

#include "sockets.h"

#define FINDER_NAME_MAX 255	/* NAME_MAX: it is a file, too */

struct finder;

/*
 * Starts it for the NAMES, or all if one of them is "all"; NULL at the end.
 * RCVBUF as for sockets_open; SANDBOX: only with the system calls that it needs
 * for that. 0 or -errno, logged.
 */
int finder_start(struct finder **, const char *const *names, size_t rcvbuf,
    bool sandbox);

/* Ends the process. NULL is fine. */
void finder_stop(struct finder *);

enum found {
	FOUND_NOTHING,		/* so far */
	FOUND_NEW,		/* NAME, with its sockets, which are yours */
	FOUND_GONE,		/* NAME is no more: close its sockets */
	FOUND_ALL,		/* those that were there at the start are told */
	FOUND_END		/* the process is no more */
};

/* Waits until FOUND_ALL; not any more after finder_go_on. */
enum found finder_next(struct finder *, char name[FINDER_NAME_MAX + 1],
    struct sockets *);
void finder_go_on(struct finder *);

/* To be polled for reading. */
int finder_fd(const struct finder *);

/* The sockets of NAME are of no use: it will be gone, and new again. */
void finder_again(struct finder *, const char *name);

#endif

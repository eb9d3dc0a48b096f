/*
 * The network namespaces that there are, and where each can be entered: read
 * from /proc, and from the numbers (nsid) that our own has for others.
 */
#ifndef KEVD_NSLIST_H
#define KEVD_NSLIST_H

#include "finder.h"

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mnl_socket;

struct nsplace {
	uint64_t ino;		/* which one; 0: nobody is there to tell */
	pid_t pid;		/* who is in it; 0: it is mounted */
	char name[FINDER_NAME_MAX + 1];
	char path[PATH_MAX];
};

struct nslist {
	struct nsplace *v;
	size_t n;
	bool failed;		/* no memory, no descriptors: some are missing */
};

/*
 * All but our own, each once. With a socket for requests NL also those that
 * have a number only; *UNKNOWN says whether there are numbers whose namespace
 * nobody is in, as far as one can see. To be ended by nslist_fini.
 */
void nslist_read(struct nslist *, struct mnl_socket *nl, bool *unknown);
void nslist_fini(struct nslist *);

/*
 * Adds those that are mounted, but for number OWN: F is what
 * /proc/self/mountinfo is, lines that others have a hand in.
 */
void nslist_read_mounts(struct nslist *, FILE *, uint64_t own);

#endif

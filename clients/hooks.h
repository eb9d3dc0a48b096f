/*
 * The folders of kev-hook: which scripts there are for a topic, and which of them
 * may be run. Knows files and the catalogue of topics; nothing that kevd says
 * comes in here but the number of a topic, so no name is made of it.
 */
#ifndef KEV_CLIENT_HOOKS_H
#define KEV_CLIENT_HOOKS_H

#include "topics.h"

#include <stdbool.h>

/* For a topic, for its class, for all, and where these are. */
#define HOOKS_PLACES (2 * KEV_TOPICS + 2)

struct hooks {
	char *folder;			/* absolute, without links */
	char *told[HOOKS_PLACES];	/* what was refused there last time */
};

/* Gets the absolute path of a script, lent. False: no more. */
typedef bool hooks_fn(void *arg, const char *path);

/*
 * FOLDER is where they are. -1, or an exit status when it is not there or others
 * may write to it, which was said.
 */
int hooks_open(struct hooks *, const char *folder);
void hooks_fini(struct hooks *);

/*
 * Calls FN with each script for TOPIC, in order, right after it was found to be
 * safe: it and all folders on the way to it belong to root or us, and nobody else
 * may write to them. So nobody else can put something else in its place before it
 * runs, either. What is not safe is said, once until that changes.
 */
void hooks_each(struct hooks *, enum kev_topic, hooks_fn *, void *arg);

#endif

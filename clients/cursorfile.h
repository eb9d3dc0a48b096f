/*
 * The file of kevsub --cursor-file: the id of the last event that was handed
 * on. It is old at times, but never ahead, and never half written. Knows files
 * and what a cursor looks like, nothing of kevd.
 */
#ifndef KEV_CLIENT_CURSORFILE_H
#define KEV_CLIENT_CURSORFILE_H

#include <stdbool.h>
#include <stdint.h>

struct cursorfile {
	const char *name;	/* as it was given; NULL: there is none */
	char *path;		/* where it is, if NAME is a symbolic link */
	char *folder;
	char text[256];		/* the cursor, "" when there is none yet */
	bool dirty;		/* it is not in the file yet */
	bool failing;		/* the last try failed, which was said */
	int64_t saved_at;	/* monotonic ms */
};

/*
 * Reads what the file NAME has, if it is there. -1, or an exit status when
 * there is something else than a cursor in it, or it cannot be read, which was
 * said. NAME is lent.
 */
int cursorfile_open(struct cursorfile *, const char *name);
void cursorfile_fini(struct cursorfile *);

/* ID is the cursor now; NULL: none is known, so it stays. */
void cursorfile_set(struct cursorfile *, const char *id);

/* In how many ms it wants cursorfile_save(), -1: not before it is set again. */
int cursorfile_due(const struct cursorfile *);

/*
 * Puts it onto the disk, in place of what was there. False when that failed,
 * which was said once; what was there is whole then.
 */
bool cursorfile_save(struct cursorfile *);

#endif

/*
 * Being a daemon: the background, another user.
 */
#ifndef KEVD_DAEMON_H
#define KEVD_DAEMON_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Opens /dev/null as those of stdin, stdout and stderr that are closed, so that
 * no socket becomes one of them, and what is logged goes to nobody's client.
 */
void daemon_fill_standard(void);

/*
 * Goes on in the background. The parent stays until daemon_detached, and exits
 * with 0 then, with 1 if this process ends before. Returns what to hand to
 * daemon_detached, or -1, logged.
 */
int daemon_detach(void);

/*
 * It works: lets the parent go, and stdin, stdout and stderr; also the working
 * directory, unless STAY: files named from it are to be removed at the end.
 */
void daemon_detached(int token, bool stay);

/* The ids of a user or group, by name or number. 0 or -1, logged. */
int daemon_find_user(const char *name, uid_t *, gid_t *);
int daemon_find_group(const char *name, gid_t *);

/* Becomes that user for good. 0 or -1, logged. */
int daemon_become(const char *name, uid_t, gid_t);

/* Allows N descriptors if the limit can be raised so far; says if not. */
void daemon_allow_files(size_t n);

#endif

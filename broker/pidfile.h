/*
 * The pid file, which is locked while we live. (That of libutil is not on every
 * system.)
 */
#ifndef KEVD_PIDFILE_H
#define KEVD_PIDFILE_H

struct pidfile;

/*
 * Takes the file and writes our number into it; says whose it is when it is in
 * use. PATH is lent. NULL on failure, logged.
 */
struct pidfile *pidfile_new(const char *path);

/* Removes it, unless another one is there by now. NULL is fine. */
void pidfile_free(struct pidfile *);

#endif

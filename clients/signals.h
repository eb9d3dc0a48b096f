/*
 * Signals that wake whoever sleeps in poll(): that a command ended, and, for
 * who has something to save first, that we are to end.
 */
#ifndef KEV_CLIENT_SIGNALS_H
#define KEV_CLIENT_SIGNALS_H

#include <stdbool.h>

/* A pipe, close-on-exec. False and errno when there is none. */
bool signals_pipe(int fd[2]);

/* SIGCHLD wakes from now on. False and errno when that cannot be. */
bool signals_child(void);

/*
 * The first signal of each kind that would end us only wakes from now on, if
 * it was not ignored; then it is to be given to signals_die(). False and errno
 * when that cannot be.
 */
bool signals_keep(void);

/* Whether signals_keep() was called; the signal that came then, or 0. */
bool signals_kept(void);
int signals_caught(void);

/* To poll for POLLIN; -1 when nothing wakes. */
int signals_fd(void);

/* What was told is not told again. */
void signals_drain(void);

/* Ends us as SIG would have. */
void signals_die(int sig);

#endif

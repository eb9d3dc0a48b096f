/*
 * The end of a run that went wrong.
 */
#ifndef BROKEN_H
#define BROKEN_H

/* Where it was: which seed, which step. */
extern char broken_where[128];

/* Says so, and exits with 1. */
__attribute__((noreturn, format(printf, 1, 2)))
void broken(const char *fmt, ...);

#endif

/*
 * What the command line tools share: exit statuses, saying things on stderr,
 * reaching kevd and asking it one question. Knows libkev, no events.
 */
#ifndef KEV_CLIENT_TOOL_H
#define KEV_CLIENT_TOOL_H

#include "kev.h"

#include <stdint.h>

enum {
	EXIT_OK = 0,
	EXIT_NOTHING = 1,	/* nothing matched; or cannot write */
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_REFUSED = 4,
	EXIT_LOST = 5,
	EXIT_TIMEOUT = 124,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127
};

/*
 * To be called first. The name stands before everything that is said, and is
 * kept as is.
 */
void tool_begin(const char *name);

/* "NAME: text" on stderr, made harmless for a terminal, in one write. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Monotonic milliseconds. */
int64_t tool_now(void);

/* STATUS; or FAILED if that is EXIT_OK, but not all that was printed on stdout
 * could be written, which is said. To be called last. */
int tool_end(int status, int failed);

/* "NAME VERSION" on stdout. */
void tool_version(void);

/*
 * Opens a connection to PATH (NULL: the default). NULL and an exit status in
 * STATUS when that fails; it was said why.
 */
struct kev *tool_open(const char *path, unsigned flags, int *status);

/* The exit status for an error that libkev returned. */
int tool_status(int err);

/*
 * Sends a request and waits for its answer, TIMEOUT milliseconds at most;
 * lines that are something else are dropped. Returns 0 and the answer in
 * *LINE, or -errno (-ETIMEDOUT); says nothing.
 */
int tool_ask(struct kev *, const char *op, const char *members, int timeout,
    const struct kev_line **line);

/* Says that kevd refused, from its answer; returns the exit status. */
int tool_refused(const struct kev_line *);

#endif

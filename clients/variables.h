/*
 * An event as variables of a shell: KEV_TOPIC, KEV_IFNAME, KEV_ADDRESS and so
 * on. Knows JSON, no processes and no options.
 */
#ifndef KEV_CLIENT_VARIABLES_H
#define KEV_CLIENT_VARIABLES_H

#include <stdbool.h>

struct buf;
struct kev_line;

/* NAME is KEV_ and then of A-Z, 0-9 and "_" only. Both are lent. */
typedef void variables_fn(void *arg, const char *name, const char *value);

/*
 * Calls FN with each variable: KEV_<MEMBER> for the members of the event and of
 * its "data", those of the event first, and KEV_OLD_<MEMBER> for "prev". SAFE:
 * values by text_put(). A value there is no memory for is left out.
 */
void variables_each(const struct kev_line *, bool safe, variables_fn *,
    void *arg);

/* Appends all of them in one line that a shell may eval, without newline. */
void variables_put(struct buf *, const struct kev_line *);

#endif

/*
 * One network namespace that is watched: its state, and the sockets that feed
 * it. It reads them in the loop's turns, and repairs what was lost.
 */
#ifndef KEVD_NAMESPACE_H
#define KEVD_NAMESPACE_H

#include "finder.h"
#include "sockets.h"
#include "source.h"

struct namespace;

/*
 * NAME is NULL for our own, else copied. SOCKETS are taken over; what cannot
 * be watched without those that are missing is logged and told in the stats.
 * FINDER, NULL for our own, is lent: where another one's sockets come from.
 * NULL: no memory; the sockets are closed.
 */
struct namespace *namespace_new(const char *name, const struct sockets *,
    struct finder *, const struct source_config *);

/* NULL is fine. */
void namespace_free(struct namespace *);

const char *namespace_name(const struct namespace *);
const struct state *namespace_state(const struct namespace *);

/* Whether it can be watched. */
bool namespace_is_open(const struct namespace *);

/* Whether that is for want of descriptors, of which there may be more later. */
bool namespace_lacks_files(const struct namespace *);

/* Tells the state the present. Blocks. 0 or -errno, logged. */
int namespace_prime(struct namespace *);

/* Goes live; one whose prime failed tries again. */
void namespace_start(struct namespace *, struct ev_loop *);

/* It is no more: publishes that nothing in it is. */
void namespace_end(struct namespace *);

const struct source_stats *namespace_stats(const struct namespace *, size_t n);

#endif

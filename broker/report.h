/*
 * The long answers: members of a reply, each with a comma in front.
 */
#ifndef KEVD_REPORT_H
#define KEVD_REPORT_H

#include "filter.h"

struct buf;
struct server;

/* "interfaces": made of what a snapshot has, so it can't differ from it. */
void report_state(struct buf *, const struct server *,
    const struct kev_filter *where);
void report_topics(struct buf *, const struct server *);
void report_stats(struct buf *, const struct server *);

#endif

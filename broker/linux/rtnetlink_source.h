/*
 * The rtnetlink source: one socket that is told of changes, one to ask for
 * dumps. Facts about both, and about what the kernel does not tell, stand
 * beside the code; they hold for Linux 6.18, and were seen, if not said
 * otherwise, by experiment.
 */
#ifndef KEVD_RTNETLINK_SOURCE_H
#define KEVD_RTNETLINK_SOURCE_H

#include "source.h"
#include "stamp.h"

struct rtnetlink;

/* Opens both sockets and joins the groups. 0 or -errno, logged. */
int rtnetlink_new(struct rtnetlink **, struct state *,
    const struct source_config *);
void rtnetlink_free(struct rtnetlink *);

/* To be polled for reading; after a failure another one, or -1. */
int rtnetlink_fd(const struct rtnetlink *);

/*
 * Reads what there is, up to a limit, and hands it to the state. Returns false
 * when the present must be read anew: rtnetlink_resync.
 */
bool rtnetlink_read(struct rtnetlink *);

/*
 * Reads everything anew and hands over a piece of it. RTNL_MORE: to be called
 * again, before anything is read; RTNL_LATER: it failed, to be tried again.
 */
enum rtnl_progress { RTNL_FINISHED, RTNL_MORE, RTNL_LATER };
enum rtnl_progress rtnetlink_resync(struct rtnetlink *);

/* Dumps PARTS (PART_*) into the state. 0 or -errno, logged. */
int rtnetlink_dump(struct rtnetlink *, unsigned parts);

const struct source_stats *rtnetlink_stats(const struct rtnetlink *);

#endif

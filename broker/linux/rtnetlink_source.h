/*
 * The rtnetlink source: one socket that is told of changes, one to ask for
 * dumps. Facts about both, and about what the kernel does not tell, stand
 * beside the code; they hold for Linux 6.18, and were seen, if not said
 * otherwise, by experiment.
 */
#ifndef KEVD_RTNETLINK_SOURCE_H
#define KEVD_RTNETLINK_SOURCE_H

#include "ethtool_source.h"
#include "packet_source.h"
#include "sockets.h"
#include "source.h"
#include "stamp.h"

struct rtnetlink;
struct tape;

/*
 * Reads the sockets, which are lent, asks ETHTOOL where it matters, and reads
 * NDP before what its packets may explain. Without the sockets it is not
 * available. RCVBUF as for sockets_open, should one of our own namespace (NETNS
 * is NULL) fail. NULL: no memory.
 */
struct rtnetlink *rtnetlink_new(struct tape *, struct sockets *,
    struct ethtool_source *, struct packet_source *ndp, const char *netns,
    size_t rcvbuf);
void rtnetlink_free(struct rtnetlink *);

/* To be polled for reading; after a failure another one, or -1. */
int rtnetlink_fd(const struct rtnetlink *);

/* One failed, and there is no other yet. */
bool rtnetlink_lacks_socket(const struct rtnetlink *);

enum rtnl_progress {
	RTNL_FINISHED,		/* nothing is left to do */
	RTNL_MORE,		/* to be called again */
	RTNL_LOST		/* something is missing: rtnetlink_reread */
};

/* Reads what there is, up to a limit, and hands it to the tape's state. */
enum rtnl_progress rtnetlink_read(struct rtnetlink *);

/*
 * Reads PARTS (PART_*) anew, and hands them over when all are in memory, a piece
 * of that at a time; while there is more, PARTS are the same and nothing else is
 * to be done. RTNL_LOST: it failed, logged, and everything (PART_ALL) is to be
 * read later; or that was, and the kernel had news meanwhile, so that what it
 * corrects would say nothing. EXPECTED: to correct something is no sign of a
 * loss that went unnoticed.
 */
enum rtnl_progress rtnetlink_reread(struct rtnetlink *, unsigned parts,
    bool expected);

/* Something is missing, for this reason: rtnetlink_read says RTNL_LOST. */
void rtnetlink_lose(struct rtnetlink *, enum kev_cause);

/* Nothing can be read anew: what is missing is told as it is, if anything. */
void rtnetlink_give_up(struct rtnetlink *);

/* Whether the kernel can wait for us a moment and nothing is lost by that. */
bool rtnetlink_can_wait(const struct rtnetlink *);

/* The same at once, however long that takes. 0; or -errno, logged, and all is to
 * be read anew. */
int rtnetlink_dump(struct rtnetlink *, unsigned parts);

const struct source_stats *rtnetlink_stats(const struct rtnetlink *);

#endif

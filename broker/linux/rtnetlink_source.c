#include "config.h"

#include "rtnetlink_source.h"

#include "formats.h"
#include "hot.h"
#include "log.h"
#include "nl.h"
#include "reading.h"
#include "tape.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Datagrams read before others have their turn. */
#define TURN 256
/* What is read anew at a time: for so many microseconds; and handed over, so
 * many changes. */
#define PIECE_TIME 1000
#define PIECE 256
/* So often all is read again for nothing, because there were news meanwhile. */
#define QUIET_TRIES 10

struct rtnetlink {
	struct tape *tape;
	struct sockets *sockets;
	struct ethtool_source *ethtool;
	struct packet_source *ndp;
	size_t rcvbuf;
	struct source_stats stats;
	uint32_t drops;		/* the kernel's count, when last looked at */
	enum kev_cause lost;	/* why a resync is due, or 0 */
	unsigned parts;		/* that are being read anew, or 0 */
	bool read;		/* they were, and are being handed over */
	bool unsure;		/* what comes may be older than what was read */
	int disturbed;		/* times that it was read again for that */
	struct reading reading;
	size_t handed_over;	/* bytes of them */
	struct stamp now;	/* when what is told was read */
};

/* What was read last, of any. */
static struct datagrams received;

static int
fail(const char *what, int error)
{
	log_error("rtnetlink: %s: %s", what, strerror(error));
	return -error;
}

struct rtnetlink *
rtnetlink_new(struct tape *tape, struct sockets *sockets,
    struct ethtool_source *ethtool, struct packet_source *ndp,
    const char *netns, size_t rcvbuf)
{
	struct rtnetlink *rt = calloc(1, sizeof *rt);
	int error = sockets->error[SOCKET_EVENTS];

	if (rt == NULL)
		return NULL;
	rt->tape = tape;
	rt->sockets = sockets;
	rt->ethtool = ethtool;
	rt->ndp = ndp;
	rt->rcvbuf = rcvbuf;
	source_stats_init(&rt->stats, "rtnetlink", netns);
	reading_init(&rt->reading, sockets, &rt->stats, tape);
	if (error == 0)
		error = sockets->error[SOCKET_REQUESTS];
	if (error != 0)
		source_stats_missing(&rt->stats, strerror(error),
		    error == EPERM && netns != NULL ? "CAP_SYS_ADMIN" : NULL);
	else
		rt->drops = socket_drops(sockets->fd[SOCKET_EVENTS]);
	return rt;
}

void
rtnetlink_free(struct rtnetlink *rt)
{
	if (rt == NULL)
		return;
	reading_fini(&rt->reading);
	free(rt);
}

int
rtnetlink_fd(const struct rtnetlink *rt)
{
	return rt->sockets->fd[SOCKET_EVENTS];
}

bool
rtnetlink_lacks_socket(const struct rtnetlink *rt)
{
	return rt->sockets->fd[SOCKET_EVENTS] == -1 ||
	    rt->sockets->fd[SOCKET_REQUESTS] == -1;
}

/* Another one; only for our own namespace can we open it. */
static bool
reopen(struct rtnetlink *rt, enum socket_kind kind)
{
	int got;

	if (rt->sockets->fd[kind] != -1)
		return true;
	if (rt->stats.netns != NULL)
		return false;
	got = socket_open(kind, rt->rcvbuf);
	if (got < 0) {
		(void)fail("opening another socket", -got);
		return false;
	}
	rt->sockets->fd[kind] = got;
	if (kind == SOCKET_EVENTS)
		rt->drops = socket_drops(got);
	return true;
}

const struct source_stats *
rtnetlink_stats(const struct rtnetlink *rt)
{
	return &rt->stats;
}

/* What is no change may say that one is missing. */
static void
heed(struct rtnetlink *rt, const struct message *m)
{
	struct nlmsghdr head;
	size_t next;

	(void)nl_message(m->bytes, m->len, &head, &next);
	if (m->fault != NULL)
		reading_log_malformed(&rt->reading, head.nlmsg_type, m->fault);
	if (m->fault != NULL || head.nlmsg_type == NLMSG_OVERRUN)
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
}

/* What neighbour discovery may have to do with. */
static bool
is_addr6(const struct change *c)
{
	return (c->type == CHANGE_ADDR || c->type == CHANGE_ADDR_GONE) &&
	    c->addr.family == KEV_INET6;
}

/* Routes of that family are to be read again. */
static void
doubt_routes(struct rtnetlink *rt, uint8_t family)
{
	const struct change c = { .type = CHANGE_ROUTES,
		.router.router.family = family };

	tape_apply(rt->tape, &c, &rt->now);
}

static bool
matters(const struct rtnetlink *rt, uint8_t family, uint32_t nh_id)
{
	return nexthops_matter(&rt->reading.nexthops,
	    family == KEV_INET ? AF_INET : AF_INET6, nh_id);
}

/* What next hop objects are to routes is not told, or not with them. */
static void
heed_nexthops(struct rtnetlink *rt, const struct change *c)
{
	static const uint8_t families[] = { KEV_INET, KEV_INET6 };
	uint32_t id = c->router.nh_id;
	size_t i;

	for (i = 0; c->type == CHANGE_NEXTHOP && i < sizeof families; i++) {
		if (matters(rt, families[i], id))
			doubt_routes(rt, families[i]);
	}
	/* What is in it, if it is a group, nobody has asked yet. */
	if (c->type == CHANGE_ROUTER && id != 0 &&
	    !matters(rt, c->router.router.family, id))
		doubt_routes(rt, c->router.router.family);
}

/* One thing that was found. What is asked for about it comes before it. */
HOT static void
take(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct rtnetlink *rt = arg;

	if (!m->more)
		source_stats_count(&rt->stats, found);
	/* A packet that explains what the kernel tells came before that. */
	if (found == MESSAGE_CHANGE && is_addr6(c)) {
		packet_source_read(rt->ndp, rt->tape);
		rt->now = stamp_now();
	}
	if (found == MESSAGE_CHANGE && state_wants_modes(rt->tape->state, c)) {
		ethtool_ask(rt->ethtool, c->ifindex);
		rt->now = stamp_now();
	}
	tape_message(rt->tape, m, found, c, &rt->now);
	if (found != MESSAGE_CHANGE) {
		heed(rt, m);
		return;
	}
	tape_apply(rt->tape, c, &rt->now);
	/*
	 * That a route goes is told with the router it makes, which is also that
	 * of others: when it is older than what was read, of one that is there.
	 */
	if (rt->unsure && c->type == CHANGE_ROUTER_GONE)
		doubt_routes(rt, c->router.router.family);
	if (c->type == CHANGE_NEXTHOP || c->type == CHANGE_ROUTER)
		heed_nexthops(rt, c);
}

static void
decode(struct rtnetlink *rt, const void *bytes, size_t len)
{
	const struct message m = { .source = rt->stats.name, .bytes = bytes,
	    .len = len };

	format_rtnetlink.decode(NULL, &m, take, rt);
}

/* The kernel told something while all was read: it may be in there already. */
static bool
has_news(const struct rtnetlink *rt)
{
	struct pollfd p = { .fd = rtnetlink_fd(rt), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

void
rtnetlink_lose(struct rtnetlink *rt, enum kev_cause cause)
{
	if (rt->lost != KEV_KERNEL_OVERRUN)
		rt->lost = cause;
}

static int
begin(struct rtnetlink *rt, unsigned parts)
{
	if (!reopen(rt, SOCKET_REQUESTS))
		return -ENOTCONN;
	rt->parts = parts;
	reading_begin(&rt->reading, parts);
	return 0;
}

/* All of it is in memory. */
static void
hand_out(struct rtnetlink *rt)
{
	struct stamp now = stamp_now();

	rt->unsure = has_news(rt);
	rt->read = true;
	rt->handed_over = 0;
	tape_begin(rt->tape, rt->parts | rt->reading.torn, &now);
}

/* Hands over at most LIMIT messages. False: there are more. */
static bool
hand_over(struct rtnetlink *rt, size_t limit)
{
	const struct buf *messages = &rt->reading.messages;
	uint64_t decoded;
	struct nlmsghdr head;
	const uint8_t *at;
	size_t len;

	rt->now = stamp_now();
	while (limit > 0 && rt->handed_over < messages->len) {
		at = (const uint8_t *)messages->data + rt->handed_over;
		(void)nl_message(at, messages->len - rt->handed_over, &head,
		    &len);
		decoded = rt->stats.decoded;
		decode(rt, at, len);
		limit -= rt->stats.decoded - decoded;
		rt->handed_over += len;
	}
	if (limit == 0 || !tape_end(rt->tape, &rt->now, limit))
		return false;
	reading_end(&rt->reading);
	rt->parts = 0;
	rt->read = false;
	return true;
}

int
rtnetlink_dump(struct rtnetlink *rt, unsigned parts)
{
	int error = begin(rt, parts);

	if (error == 0)
		error = reading_go_on(&rt->reading, UINT64_MAX);
	if (error < 0) {
		rt->parts = 0;
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
		return error;
	}
	hand_out(rt);
	(void)hand_over(rt, SIZE_MAX);
	return 0;
}

/* Nothing is missing any more; nothing was, if there was no reason for it. */
static void
tell_gap(struct rtnetlink *rt, bool expected)
{
	int fd = rtnetlink_fd(rt);
	uint32_t drops = fd != -1 ? socket_drops(fd) : rt->drops;
	struct stamp now = stamp_now();

	tape_settle(rt->tape);
	if (rt->lost == 0 && !expected && state_corrections(rt->tape->state) > 0)
		rt->lost = KEV_KERNEL_OVERRUN;
	if (rt->lost != 0)
		tape_gap(rt->tape, rt->lost, drops - rt->drops, &now);
	rt->drops = drops;
	rt->lost = 0;
}

/*
 * Whether what was read can say that something was missing. After a loss there
 * is no telling, nor if it never is quiet.
 */
static bool
is_conclusive(struct rtnetlink *rt)
{
	if (rt->lost == 0 && has_news(rt) && rt->disturbed++ < QUIET_TRIES)
		return false;
	rt->disturbed = 0;
	return true;
}

/* Everything was handed over. */
static enum rtnl_progress
end_resync(struct rtnetlink *rt, bool expected)
{
	/* What found no place is as missing as before. */
	if (state_starved(rt->tape->state)) {
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
		return RTNL_LOST;
	}
	rt->stats.resyncs++;
	tell_gap(rt, expected);
	return RTNL_FINISHED;
}

/* A piece of what is to be in memory. RTNL_FINISHED: it is. */
static enum rtnl_progress
read_piece(struct rtnetlink *rt, unsigned parts)
{
	bool all = parts == PART_ALL;
	int got = 0;

	if (rt->parts == 0)
		got = all && !reopen(rt, SOCKET_EVENTS) ? -ENOTCONN :
		    begin(rt, parts);
	if (got == 0)
		got = reading_go_on(&rt->reading,
		    stamp_now().mono + PIECE_TIME);
	if (got == 0)
		return RTNL_MORE;
	if (got > 0 && (!all || is_conclusive(rt)))
		return RTNL_FINISHED;
	if (got < 0 && !all)
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
	reading_end(&rt->reading);
	rt->parts = 0;
	return RTNL_LOST;
}

enum rtnl_progress
rtnetlink_reread(struct rtnetlink *rt, unsigned parts, bool expected)
{
	enum rtnl_progress progress;
	bool all;

	if (!rt->read) {
		progress = read_piece(rt, parts);
		if (progress != RTNL_FINISHED)
			return progress;
		hand_out(rt);
	}
	all = rt->parts == PART_ALL;
	if (!hand_over(rt, PIECE))
		return RTNL_MORE;
	return all ? end_resync(rt, expected) : RTNL_FINISHED;
}

void
rtnetlink_give_up(struct rtnetlink *rt)
{
	if (rt->lost != 0)
		tell_gap(rt, false);
}

/* While it drops anyway, or has more than half of its room left. */
bool
rtnetlink_can_wait(const struct rtnetlink *rt)
{
	return rt->lost != 0 || socket_has_room(rtnetlink_fd(rt));
}

/* What came at once, in its order. */
static void
take_all(struct rtnetlink *rt, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (received.len[i] >= 0) {
			rt->now = stamp_now();
			decode(rt, received.bytes[i], (size_t)received.len[i]);
		} else if (received.len[i] == -EMSGSIZE) {
			fail("receive", EMSGSIZE);
			rtnetlink_lose(rt, KEV_SOURCE_LOST);
		}
	}
}

HOT enum rtnl_progress
rtnetlink_read(struct rtnetlink *rt)
{
	int i, n;

	for (i = 0; i < TURN; i += DATAGRAMS) {
		n = socket_receive_all(rtnetlink_fd(rt), &received);
		take_all(rt, n);
		/* Only what comes after the queue was empty is whole again. */
		if (n == -EAGAIN || n == -EWOULDBLOCK ||
		    (n >= 0 && n < DATAGRAMS && rt->lost == 0))
			break;
		if (n >= 0 || n == -EINTR)
			continue;
		if (n == -ENOBUFS || n == -ENOMEM) {
			/* Told once; the kernel goes on dropping until the
			 * queue is empty, so nothing read now proves that
			 * nothing is missing. */
			rt->stats.overruns++;
			rtnetlink_lose(rt, KEV_KERNEL_OVERRUN);
			continue;
		}
		fail("receive", -n);
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
		/* Nothing more comes from this one: another is opened. */
		socket_give_up(rt->sockets, SOCKET_EVENTS);
		return RTNL_LOST;
	}
	if (i >= TURN)
		return RTNL_MORE;
	if (rt->lost != 0)
		return RTNL_LOST;
	rt->unsure = false;
	return RTNL_FINISHED;
}

#include "config.h"

#include "rtnetlink_source.h"

#include "buf.h"
#include "formats.h"
#include "hot.h"
#include "log.h"
#include "nexthops.h"
#include "nl.h"
#include "rtnl_decode.h"
#include "tape.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Datagrams read before others have their turn. */
#define TURN 256
/* A dump that something changed under is repeated this often. */
#define TRIES 10
/* Changes of a resync handed over at a time. */
#define PIECE 256
/* So often all is read again for nothing, because there were news meanwhile. */
#define QUIET_TRIES 10
/* The first link of each namespace (LOOPBACK_IFINDEX). */
#define LOOPBACK 1

struct rtnetlink {
	struct tape *tape;
	struct sockets *sockets;
	struct ethtool_source *ethtool;
	struct packet_source *ndp;
	size_t rcvbuf;
	struct source_stats stats;
	uint32_t seq;		/* of the last request */
	uint32_t drops;		/* the kernel's count, when last looked at */
	enum kev_cause lost;	/* why a resync is due, or 0 */
	bool resyncing;		/* "dump" is being handed over */
	bool unsure;		/* there were news when all had been read */
	int disturbed;		/* times that it was read again for that */
	struct buf dump;	/* messages of the dumps, each padded */
	struct nexthops nexthops;
	size_t handed_over;	/* bytes of them */
	struct stamp now;	/* when what is told was read */
	struct log_limit malformed;
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
	rt->nexthops.seq = &rt->seq;
	source_stats_init(&rt->stats, "rtnetlink", netns);
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
	buf_fini(&rt->dump);
	nexthops_fini(&rt->nexthops);
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

/* Nothing more comes from that one. */
static void
give_up(struct rtnetlink *rt, enum socket_kind kind)
{
	if (rt->sockets->fd[kind] != -1)
		close(rt->sockets->fd[kind]);
	rt->sockets->fd[kind] = -1;
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

static void
log_malformed(struct rtnetlink *rt, uint16_t type, const char *fault)
{
	log_limited(&rt->malformed,
	    "rtnetlink: malformed message of type %u: %s", type, fault);
}

/* What is no change may say that one is missing. */
static void
heed(struct rtnetlink *rt, const struct message *m)
{
	struct nlmsghdr head;
	size_t next;

	(void)nl_message(m->bytes, m->len, &head, &next);
	if (m->fault != NULL)
		log_malformed(rt, head.nlmsg_type, m->fault);
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

/* What next hop objects are to routes is not told, or not with them. */
static void
heed_nexthops(struct rtnetlink *rt, const struct change *c)
{
	uint32_t id = c->router.nh_id;

	if (c->type == CHANGE_NEXTHOP &&
	    nexthops_matter(&rt->nexthops, AF_INET, id))
		doubt_routes(rt, KEV_INET);
	if (c->type == CHANGE_NEXTHOP &&
	    nexthops_matter(&rt->nexthops, AF_INET6, id))
		doubt_routes(rt, KEV_INET6);
	/* What is in it, if it is a group, nobody has asked yet. */
	if (c->type == CHANGE_ROUTER && id != 0 &&
	    !nexthops_matter(&rt->nexthops, c->router.router.family == KEV_INET ?
	    AF_INET : AF_INET6, id))
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

/* A part of an answer: its length, or -errno. */
static ssize_t
receive(struct rtnetlink *rt)
{
	return socket_receive(rt->sockets->fd[SOCKET_REQUESTS], received.bytes[0],
	    DATAGRAM_MAX);
}

/* All of a TYPE, for NLM_F_DUMP; or the first link, for NLM_F_ACK. */
static int
request(struct rtnetlink *rt, uint16_t type, unsigned char family,
    uint16_t flags)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char bytes[256];
	struct nlmsghdr *h;
	struct ifinfomsg *ifi;

	memset(bytes, 0, sizeof bytes);
	h = mnl_nlmsg_put_header(bytes);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = ++rt->seq;
	/* Strictly checked is the header of each type; each begins with the
	 * family. */
	switch (type) {
	case RTM_GETLINK:
		ifi = mnl_nlmsg_put_extra_header(h, sizeof *ifi);
		ifi->ifi_family = family;
		ifi->ifi_index = flags == NLM_F_ACK ? LOOPBACK : 0;
		mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		break;
	case RTM_GETADDR:
		*(unsigned char *)mnl_nlmsg_put_extra_header(h,
		    sizeof(struct ifaddrmsg)) = family;
		break;
	case RTM_GETNEIGH:
		*(unsigned char *)mnl_nlmsg_put_extra_header(h,
		    sizeof(struct ndmsg)) = family;
		break;
	default:
		*(unsigned char *)mnl_nlmsg_put_extra_header(h,
		    sizeof(struct rtmsg)) = family;
	}
	return sendto(rt->sockets->fd[SOCKET_REQUESTS], h, h->nlmsg_len, 0,
	    (const struct sockaddr *)&kernel, sizeof kernel) == -1 ? -errno : 0;
}

static const struct dump {
	unsigned part;
	uint16_t type;
	unsigned char family;
	const char *name;
} dumps[] = {
	{ PART_LINK, RTM_GETLINK, AF_UNSPEC, "dump of links" },
	{ PART_ADDR4, RTM_GETADDR, AF_INET, "dump of IPv4 addresses" },
	{ PART_ADDR6, RTM_GETADDR, AF_INET6, "dump of IPv6 addresses" },
	{ PART_ROUTE4, RTM_GETROUTE, AF_INET, "dump of IPv4 routes" },
	{ PART_ROUTE6, RTM_GETROUTE, AF_INET6, "dump of IPv6 routes" },
	{ PART_NEIGH, RTM_GETNEIGH, AF_INET, "dump of IPv4 neighbours" },
	{ PART_NEIGH, RTM_GETNEIGH, AF_INET6, "dump of IPv6 neighbours" },
};

/*
 * Looks for the end of the dump in N bytes that answer a request. 1: it is
 * there; 0: not yet; -EAGAIN: something changed under it, which may be said by
 * one message alone; -errno: refused, which is said at the end of a dump like
 * success is.
 */
static int
look(struct rtnetlink *rt, size_t n, bool *changed)
{
	enum rtnl_found found;
	struct rtnl_reader r;
	struct change c;

	rtnl_reader_init(&r, received.bytes[0], n);
	while ((found = rtnl_next(&r, &c)) != RTNL_END) {
		if (found == RTNL_MALFORMED) {
			source_stats_count(&rt->stats, MESSAGE_MALFORMED);
			log_malformed(rt, r.type, r.fault);
			return -EBADMSG;
		}
		if (r.seq != rt->seq)
			continue;
		if (r.flags & NLM_F_DUMP_INTR)
			*changed = true;
		if (found != RTNL_DONE && found != RTNL_ERROR)
			continue;
		if (r.error != 0)
			return r.error;
		return *changed ? -EAGAIN : 1;
	}
	return 0;
}

/* It is the socket that failed, not what was asked. */
static bool
is_fatal(int error)
{
	switch (-error) {
	case 0:
	case EAGAIN:
	case EINTR:
	case EMSGSIZE:
	case ENOBUFS:
	case ENOMEM:
		return false;
	default:
		return true;
	}
}

/* Asks as request does, and adds the answer. 1, or -errno as look has it. */
static int
ask(struct rtnetlink *rt, uint16_t type, unsigned char family, uint16_t flags)
{
	static const char padding[NLMSG_ALIGNTO];
	bool changed = false;
	int found = reopen(rt, SOCKET_REQUESTS) ?
	    request(rt, type, family, flags) : -ENOTCONN;
	ssize_t n;

	if (is_fatal(found))
		give_up(rt, SOCKET_REQUESTS);
	while (found == 0) {
		n = receive(rt);
		if (n == -EINTR)
			continue;
		if (n < 0) {
			if (is_fatal((int)n))
				give_up(rt, SOCKET_REQUESTS);
			/* No answer in time is not one to ask for again. */
			return n == -EAGAIN ? -ETIMEDOUT : (int)n;
		}
		found = look(rt, (size_t)n, &changed);
		buf_put(&rt->dump, received.bytes[0], (size_t)n);
		buf_put(&rt->dump, padding, NLMSG_ALIGN((size_t)n) - (size_t)n);
	}
	return found;
}

/*
 * Waits for who changes something now. Of an address, a link or a next hop
 * object that goes the kernel tells before it takes the routes that hang on it
 * (__inet_del_ifa, __dev_notify_flags, remove_nexthop), of which it tells
 * nothing; and to dump routes takes no lock since Linux 6.9 (inet_dump_fib),
 * but to tell of a link does (rtnl_getlink).
 */
static int
wait_for_changes(struct rtnetlink *rt)
{
	int found = ask(rt, RTM_GETLINK, AF_UNSPEC, NLM_F_ACK);

	buf_clear(&rt->dump);
	return found > 0 || found == -ENODEV ? 0 :
	    fail("wait for changes", -found);
}

/* One dump, added to the others. 0, -EAGAIN as above, or -errno, logged. */
static int
dump_one(struct rtnetlink *rt, const struct dump *d)
{
	size_t from = rt->dump.len;
	int found = ask(rt, d->type, d->family, NLM_F_DUMP);

	if (found > 0 && d->type == RTM_GETROUTE)
		found = nexthops_resolve(&rt->nexthops,
		    rt->sockets->fd[SOCKET_REQUESTS], d->family, &rt->dump, from);
	if (rt->dump.failed)
		found = -ENOMEM;
	/* A kernel without IPv6 knows nothing of it. */
	if (found >= 0 || found == -EOPNOTSUPP || found == -EAFNOSUPPORT)
		return 0;
	return found == -EAGAIN ? found : fail(d->name, -found);
}

/* The rest of a dump that was given up: until it is read there is no other. */
static void
drain(struct rtnetlink *rt)
{
	while (recv(rt->sockets->fd[SOCKET_REQUESTS], received.bytes[0],
	    DATAGRAM_MAX, MSG_DONTWAIT) > 0)
		continue;
}

/* The kernel told something while all was read: it may be in there already. */
static bool
has_news(const struct rtnetlink *rt)
{
	struct pollfd p = { .fd = rtnetlink_fd(rt), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* All dumps of PARTS into memory: only what is whole is handed over. */
static int
fetch(struct rtnetlink *rt, unsigned parts)
{
	int error = 0, i;
	size_t d;

	for (i = 0; i < TRIES; i++) {
		error = wait_for_changes(rt);
		for (d = 0; error == 0 &&
		    d < sizeof dumps / sizeof dumps[0]; d++) {
			if (parts & dumps[d].part)
				error = dump_one(rt, &dumps[d]);
		}
		if (error != -EAGAIN)
			break;
	}
	if (error == -EAGAIN)
		log_warning("rtnetlink: no dump without a change in between; "
		    "trying again later");
	if (error != 0) {
		buf_fini(&rt->dump);
		drain(rt);
	}
	if (parts == PART_ALL)
		rt->unsure = has_news(rt);
	rt->handed_over = 0;
	return error;
}

/* Hands over at most LIMIT messages. False: there are more. */
static bool
hand_over(struct rtnetlink *rt, size_t limit)
{
	uint64_t decoded;
	struct nlmsghdr head;
	const uint8_t *at;
	size_t len;

	rt->now = stamp_now();
	while (limit > 0 && rt->handed_over < rt->dump.len) {
		at = (const uint8_t *)rt->dump.data + rt->handed_over;
		(void)nl_message(at, rt->dump.len - rt->handed_over, &head,
		    &len);
		decoded = rt->stats.decoded;
		decode(rt, at, len);
		limit -= rt->stats.decoded - decoded;
		rt->handed_over += len;
	}
	if (limit == 0 || !tape_end(rt->tape, &rt->now, limit))
		return false;
	buf_fini(&rt->dump);
	return true;
}

void
rtnetlink_lose(struct rtnetlink *rt, enum kev_cause cause)
{
	if (rt->lost != KEV_KERNEL_OVERRUN)
		rt->lost = cause;
}

int
rtnetlink_dump(struct rtnetlink *rt, unsigned parts)
{
	int error = fetch(rt, parts);
	struct stamp now;

	if (error != 0) {
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
		return error;
	}
	now = stamp_now();
	tape_begin(rt->tape, parts, &now);
	(void)hand_over(rt, SIZE_MAX);
	return 0;
}

/* Nothing is missing any more; nothing was, if there was no reason for it. */
static void
tell_gap(struct rtnetlink *rt)
{
	int fd = rtnetlink_fd(rt);
	uint32_t drops = fd != -1 ? socket_drops(fd) : rt->drops;
	struct stamp now = stamp_now();

	tape_settle(rt->tape);
	if (rt->lost == 0 && state_corrections(rt->tape->state) > 0)
		rt->lost = KEV_KERNEL_OVERRUN;
	if (rt->lost != 0)
		tape_gap(rt->tape, rt->lost, drops - rt->drops, &now);
	rt->drops = drops;
	rt->lost = 0;
}

/* All is in memory. False: to be tried again. */
static bool
fetch_all(struct rtnetlink *rt)
{
	if (!reopen(rt, SOCKET_EVENTS) || fetch(rt, PART_ALL) != 0)
		return false;
	/* After a loss there is no telling, nor if it never is quiet. */
	if (rt->lost == 0 && rt->unsure && rt->disturbed++ < QUIET_TRIES) {
		buf_fini(&rt->dump);
		return false;
	}
	rt->disturbed = 0;
	return true;
}

enum rtnl_progress
rtnetlink_resync(struct rtnetlink *rt)
{
	struct stamp now;

	if (!rt->resyncing) {
		if (!fetch_all(rt))
			return RTNL_LOST;
		now = stamp_now();
		tape_begin(rt->tape, PART_ALL, &now);
		rt->resyncing = true;
	}
	if (!hand_over(rt, PIECE))
		return RTNL_MORE;
	rt->resyncing = false;
	/* What found no place is as missing as before. */
	if (state_starved(rt->tape->state)) {
		rtnetlink_lose(rt, KEV_SOURCE_LOST);
		return RTNL_LOST;
	}
	rt->stats.resyncs++;
	tell_gap(rt);
	return RTNL_FINISHED;
}

void
rtnetlink_give_up(struct rtnetlink *rt)
{
	if (rt->lost != 0)
		tell_gap(rt);
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

/*
 * That a route goes is told with the router it makes, which is also that of
 * others; whoever heard of none of them before all was read takes the news from
 * before for the end of one that is there.
 */
static void
make_sure(struct rtnetlink *rt)
{
	rt->unsure = false;
	rt->now = stamp_now();
	doubt_routes(rt, KEV_INET);
	doubt_routes(rt, KEV_INET6);
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
		give_up(rt, SOCKET_EVENTS);
		return RTNL_LOST;
	}
	if (i >= TURN)
		return RTNL_MORE;
	if (rt->lost != 0)
		return RTNL_LOST;
	if (rt->unsure && !rt->resyncing)
		make_sure(rt);
	return RTNL_FINISHED;
}

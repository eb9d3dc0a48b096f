#include "config.h"

#include "rtnetlink_source.h"

#include "buf.h"
#include "log.h"
#include "rtnl_decode.h"
#include "state.h"

#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel doubles it: 64 MiB hold 80,000 changes of addresses, or 29,000 of
 * links, while we don't read. */
#define RCVBUF (32 << 20)
/* Datagrams read before others have their turn. */
#define TURN 256
/* A dump that something changed under is repeated this often. */
#define TRIES 10
/* Changes of a resync handed over at a time. */
#define PIECE 256

/* Parts of linux/netlink.h that old headers don't have. */
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif
#ifndef SK_MEMINFO_DROPS
#define SK_MEMINFO_DROPS 8
#endif

struct rtnetlink {
	struct state *state;
	struct mnl_socket *events, *requests;
	size_t rcvbuf;
	struct source_stats stats;
	uint32_t seq;		/* of the last request */
	uint32_t drops;		/* the kernel's count, when last looked at */
	enum kev_cause lost;	/* why a resync is due, or 0 */
	bool resyncing;		/* "dump" is being handed over */
	struct buf dump;	/* messages of the dumps, each padded */
	struct rtnl_reader reader;	/* of them */
	struct log_limit malformed;
	union {
		struct nlmsghdr align;
		char bytes[32768];	/* the kernel fills dumps up to that */
	} buf;
};

static const unsigned groups[] = {
	RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_ND_USEROPT,
	32,			/* RTNLGRP_NEXTHOP, Linux 5.3 */
};

static int
fail(const char *what, int error)
{
	log_error("rtnetlink: %s: %s", what, strerror(error));
	return -error;
}

/*
 * Routes that are not default routes, what bridges learn, and neighbours that
 * are no longer kept cost no buffer and no time: a filter sees the message from
 * its header on. Notifications come one in a datagram.
 */
static int
attach_filter(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, sizeof(struct nlmsghdr) +
		    offsetof(struct rtmsg, rtm_dst_len)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, sizeof(struct nlmsghdr) +
		    offsetof(struct ndmsg, ndm_family)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	/* The filter loads big endian, the message is of this machine. */
	code[1].k = htons(RTM_NEWROUTE);
	code[2].k = htons(RTM_DELROUTE);
	code[3].k = htons(RTM_NEWNEIGH);
	code[4].k = htons(RTM_DELNEIGH);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof program) == -1 ? -errno : 0;
}

/* Beyond net.core.rmem_max, if we may; else as much as that allows. */
static void
set_rcvbuf(int fd, size_t wanted)
{
	int size = (int)(wanted > 0 ? wanted : RCVBUF);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof size) == -1)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* SK_MEMINFO_* of a socket; all 0 when the kernel doesn't tell. */
struct meminfo {
	uint32_t value[16];
};

static struct meminfo
meminfo(int fd)
{
	struct meminfo info;
	socklen_t len = sizeof info;

	memset(&info, 0, sizeof info);
	(void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, &info, &len);
	return info;
}

static uint32_t
count_drops(int fd)
{
	return meminfo(fd).value[SK_MEMINFO_DROPS];
}

static int
open_events(struct rtnetlink *rt)
{
	unsigned i;
	int fd;

	rt->events = mnl_socket_open2(NETLINK_ROUTE,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (rt->events == NULL)
		return fail("socket", errno);
	fd = mnl_socket_get_fd(rt->events);
	set_rcvbuf(fd, rt->rcvbuf);
	if (attach_filter(fd) != 0)
		return fail("filter", errno);
	if (mnl_socket_bind(rt->events, 0, MNL_SOCKET_AUTOPID) == -1)
		return fail("bind", errno);
	for (i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		/* A kernel without next hop objects has no group for them. */
		if (mnl_socket_setsockopt(rt->events, NETLINK_ADD_MEMBERSHIP,
		    (void *)&groups[i], sizeof groups[i]) == -1 &&
		    groups[i] <= RTNLGRP_IPV6_ROUTE)
			return fail("join", errno);
	}
	rt->drops = count_drops(fd);
	return 0;
}

static int
open_requests(struct rtnetlink *rt)
{
	struct timeval patience = { .tv_sec = 10 };
	int on = 1;

	rt->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (rt->requests == NULL)
		return fail("socket", errno);
	if (mnl_socket_bind(rt->requests, 0, MNL_SOCKET_AUTOPID) == -1)
		return fail("bind", errno);
	/* Old kernels check requests less strictly, and dump more. */
	(void)mnl_socket_setsockopt(rt->requests, NETLINK_GET_STRICT_CHK, &on,
	    sizeof on);
	(void)mnl_socket_setsockopt(rt->requests, NETLINK_EXT_ACK, &on,
	    sizeof on);
	if (setsockopt(mnl_socket_get_fd(rt->requests), SOL_SOCKET, SO_RCVTIMEO,
	    &patience, sizeof patience) == -1)
		return fail("timeout", errno);
	return 0;
}

int
rtnetlink_new(struct rtnetlink **out, struct state *st,
    const struct source_config *config)
{
	struct rtnetlink *rt = calloc(1, sizeof *rt);
	int error;

	*out = NULL;
	if (rt == NULL)
		return -ENOMEM;
	rt->state = st;
	rt->rcvbuf = config->rcvbuf;
	rt->stats.name = "rtnetlink";
	rt->stats.available = true;
	if ((error = open_events(rt)) != 0 ||
	    (error = open_requests(rt)) != 0) {
		rtnetlink_free(rt);
		return error;
	}
	*out = rt;
	return 0;
}

void
rtnetlink_free(struct rtnetlink *rt)
{
	if (rt == NULL)
		return;
	if (rt->events != NULL)
		mnl_socket_close(rt->events);
	if (rt->requests != NULL)
		mnl_socket_close(rt->requests);
	buf_fini(&rt->dump);
	free(rt);
}

int
rtnetlink_fd(const struct rtnetlink *rt)
{
	return rt->events != NULL ? mnl_socket_get_fd(rt->events) : -1;
}

const struct source_stats *
rtnetlink_stats(const struct rtnetlink *rt)
{
	return &rt->stats;
}

/* One message, for who watches with -v. */
static void
show(const struct rtnl_reader *r, enum rtnl_found found, const struct change *c)
{
	static const char *const words[] = {
		[RTNL_CHANGE] = "taken", [RTNL_IGNORED] = "ignored",
		[RTNL_MALFORMED] = "malformed", [RTNL_DONE] = "done",
		[RTNL_ERROR] = "error", [RTNL_OVERRUN] = "overrun",
	};
	char hex[2 * 2048 + 1] = "";
	const char *name;
	size_t i, n = r->size;

	for (i = 0; i < n && i < 2048; i++)
		snprintf(hex + 2 * i, 3, "%02x", r->bytes[r->at + i]);
	name = rtnl_type_name(r->type);
	log_debug("rtnetlink: %s (%u) flags 0x%x seq %u pid %u, %s%s%s, "
	    "interface %u: %s%s", name != NULL ? name : "message", r->type, r->flags,
	    r->seq, r->pid, words[found], found == RTNL_MALFORMED ? ": " : "",
	    found == RTNL_MALFORMED ? r->fault : "", c->ifindex, hex,
	    n > 2048 ? "..." : "");
}

static void
count(struct rtnetlink *rt, const struct rtnl_reader *r, enum rtnl_found found,
    const struct change *c)
{
	if (!r->more)
		rt->stats.received++;
	if (log_verbose() && !r->more)
		show(r, found, c);
	if (found == RTNL_CHANGE)
		rt->stats.decoded += !r->more;
	else if (found == RTNL_IGNORED)
		rt->stats.ignored++;
	if (found != RTNL_MALFORMED)
		return;
	rt->stats.malformed++;
	log_limited(&rt->malformed,
	    "rtnetlink: malformed message of type %u: %s", r->type, r->fault);
}

/* Decodes N bytes and applies what they say. False: something is missing. */
static bool
take(struct rtnetlink *rt, size_t n)
{
	struct stamp now = stamp_now();
	struct rtnl_reader *r = &rt->reader;
	enum rtnl_found found;
	struct change c;
	bool whole = true;

	rtnl_reader_init(r, rt->buf.bytes, n);
	while ((found = rtnl_next(r, &c)) != RTNL_END) {
		count(rt, r, found, &c);
		if (found == RTNL_CHANGE)
			state_apply(rt->state, &c, &now);
		else if (found == RTNL_MALFORMED || found == RTNL_OVERRUN)
			whole = false;
	}
	return whole;
}

/* One datagram from the kernel: its length, or -errno. */
static ssize_t
receive(struct rtnetlink *rt, const struct mnl_socket *from)
{
	struct sockaddr_nl sender;
	socklen_t len = sizeof sender;
	ssize_t n;

	n = recvfrom(mnl_socket_get_fd(from), rt->buf.bytes,
	    sizeof rt->buf.bytes, MSG_TRUNC, (struct sockaddr *)&sender, &len);
	if (n == -1)
		return -errno;
	/* Others may send to a netlink socket, too: as if nothing had come. */
	if (len != sizeof sender || sender.nl_pid != 0)
		return -EINTR;
	return n > (ssize_t)sizeof rt->buf.bytes ? -EMSGSIZE : n;
}

static int
request(struct rtnetlink *rt, uint16_t type, unsigned char family)
{
	char bytes[256];
	struct nlmsghdr *h;
	struct ifinfomsg *ifi;

	memset(bytes, 0, sizeof bytes);
	h = mnl_nlmsg_put_header(bytes);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++rt->seq;
	/* Strictly checked is the header of each type; each begins with the
	 * family. */
	switch (type) {
	case RTM_GETLINK:
		ifi = mnl_nlmsg_put_extra_header(h, sizeof *ifi);
		ifi->ifi_family = family;
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
	return mnl_socket_sendto(rt->requests, h, h->nlmsg_len) == -1 ?
	    -errno : 0;
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
	struct rtnl_reader *r = &rt->reader;
	enum rtnl_found found;
	struct change c;

	rtnl_reader_init(r, rt->buf.bytes, n);
	while ((found = rtnl_next(r, &c)) != RTNL_END) {
		if (found == RTNL_MALFORMED) {
			count(rt, r, found, &c);
			return -EBADMSG;
		}
		if (r->seq != rt->seq)
			continue;
		if (r->flags & NLM_F_DUMP_INTR)
			*changed = true;
		if (found != RTNL_DONE && found != RTNL_ERROR)
			continue;
		if (r->error != 0)
			return r->error;
		return *changed ? -EAGAIN : 1;
	}
	return 0;
}

/* One dump, added to the others. 0, -EAGAIN as above, or -errno, logged. */
static int
dump_one(struct rtnetlink *rt, const struct dump *d)
{
	static const char padding[NLMSG_ALIGNTO];
	bool changed = false;
	int found = 0;
	ssize_t n;

	found = request(rt, d->type, d->family);
	while (found == 0) {
		n = receive(rt, rt->requests);
		if (n == -EINTR)
			continue;
		if (n < 0) {
			found = (int)n;
			break;
		}
		found = look(rt, (size_t)n, &changed);
		buf_put(&rt->dump, rt->buf.bytes, (size_t)n);
		buf_put(&rt->dump, padding, NLMSG_ALIGN((size_t)n) - (size_t)n);
	}
	if (rt->dump.failed)
		found = -ENOMEM;
	/* A kernel without IPv6 knows nothing of it. */
	if (found > 0 || found == -EOPNOTSUPP || found == -EAFNOSUPPORT)
		return 0;
	return found == -EAGAIN ? found : fail(d->name, -found);
}

/* All dumps of PARTS into memory: only what is whole is handed over. */
static int
fetch(struct rtnetlink *rt, unsigned parts)
{
	int error = 0, i;
	size_t d;

	for (i = 0; i < TRIES; i++) {
		buf_clear(&rt->dump);
		for (d = 0; d < sizeof dumps / sizeof dumps[0]; d++) {
			error = 0;
			if (parts & dumps[d].part)
				error = dump_one(rt, &dumps[d]);
			if (error != 0)
				break;
		}
		if (error != -EAGAIN)
			break;
	}
	if (error == -EAGAIN)
		log_warning("rtnetlink: no dump without a change in between; "
		    "trying again later");
	if (error != 0)
		buf_fini(&rt->dump);
	rtnl_reader_init(&rt->reader, rt->dump.data, rt->dump.len);
	return error;
}

/* Hands over at most LIMIT changes. False: there are more. */
static bool
hand_over(struct rtnetlink *rt, size_t limit)
{
	struct stamp now = stamp_now();
	enum rtnl_found found;
	struct change c;

	while (limit > 0) {
		if (rt->dump.len == 0 ||
		    (found = rtnl_next(&rt->reader, &c)) == RTNL_END)
			break;
		count(rt, &rt->reader, found, &c);
		if (found != RTNL_CHANGE)
			continue;
		state_apply(rt->state, &c, &now);
		limit--;
	}
	if (limit == 0 || !state_end(rt->state, &now, limit))
		return false;
	buf_fini(&rt->dump);
	return true;
}

int
rtnetlink_dump(struct rtnetlink *rt, unsigned parts)
{
	int error = fetch(rt, parts);

	if (error != 0)
		return error;
	state_begin(rt->state, parts);
	(void)hand_over(rt, SIZE_MAX);
	return 0;
}

enum rtnl_progress
rtnetlink_resync(struct rtnetlink *rt)
{
	uint32_t drops;
	struct stamp now;

	if (!rt->resyncing) {
		if (rt->events == NULL && open_events(rt) != 0)
			return RTNL_LOST;
		if (fetch(rt, PART_ALL) != 0)
			return RTNL_LOST;
		state_begin(rt->state, PART_ALL);
		rt->resyncing = true;
	}
	if (!hand_over(rt, PIECE))
		return RTNL_MORE;
	rt->resyncing = false;
	rt->stats.resyncs++;
	drops = count_drops(mnl_socket_get_fd(rt->events));
	now = stamp_now();
	state_settle(rt->state, &now);
	state_gap(rt->state, rt->lost, drops - rt->drops, &now);
	rt->drops = drops;
	rt->lost = 0;
	return RTNL_FINISHED;
}

/* While it drops anyway, or has more than half of its room left. */
bool
rtnetlink_can_wait(const struct rtnetlink *rt)
{
	struct meminfo info;

	if (rt->lost != 0)
		return true;
	info = meminfo(rtnetlink_fd(rt));
	return info.value[SK_MEMINFO_RMEM_ALLOC] <
	    info.value[SK_MEMINFO_RCVBUF] / 2;
}

static void
lose(struct rtnetlink *rt, enum kev_cause cause)
{
	if (rt->lost != KEV_KERNEL_OVERRUN)
		rt->lost = cause;
}

enum rtnl_progress
rtnetlink_read(struct rtnetlink *rt)
{
	ssize_t n;
	int i;

	for (i = 0; i < TURN; i++) {
		n = receive(rt, rt->events);
		if (n >= 0) {
			if (!take(rt, (size_t)n))
				lose(rt, KEV_SOURCE_LOST);
			continue;
		}
		if (n == -EAGAIN || n == -EWOULDBLOCK)
			break;
		if (n == -EINTR)
			continue;
		if (n == -ENOBUFS || n == -ENOMEM) {
			/* Told once; the kernel goes on dropping until the
			 * queue is empty, so nothing read now proves that
			 * nothing is missing. */
			rt->stats.overruns++;
			lose(rt, KEV_KERNEL_OVERRUN);
			continue;
		}
		fail("receive", (int)-n);
		lose(rt, KEV_SOURCE_LOST);
		if (n == -EMSGSIZE)
			continue;
		/* Nothing more comes from this one: another is opened. */
		mnl_socket_close(rt->events);
		rt->events = NULL;
		return RTNL_LOST;
	}
	if (i == TURN)
		return RTNL_MORE;
	/* Only what comes after the queue was empty is whole again. */
	return rt->lost != 0 ? RTNL_LOST : RTNL_FINISHED;
}

#include "config.h"

#include "reading.h"

#include "log.h"
#include "nl.h"
#include "rtnl_decode.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

/* All is read from the first on again so often, if it changes under us. */
#define TRIES 10
/* The first link of each namespace (LOOPBACK_IFINDEX). */
#define LOOPBACK 1

/*
 * What is asked for, in this order. The first waits for who changes something
 * now: of an address, a link or a next hop object that goes the kernel tells
 * before it takes the routes that hang on it (__inet_del_ifa, remove_nexthop,
 * __dev_notify_flags), of which it tells nothing; and to dump routes takes no
 * lock since Linux 6.9 (inet_dump_fib), but to tell of a link does
 * (rtnl_getlink).
 */
static const struct step {
	unsigned parts;
	uint16_t type;
	unsigned char family;
	uint16_t flags;
	const char *name;
} steps[] = {
	{ PART_ALL, RTM_GETLINK, AF_UNSPEC, NLM_F_ACK, "wait for changes" },
	{ PART_LINK, RTM_GETLINK, AF_UNSPEC, NLM_F_DUMP, "dump of links" },
	{ PART_ADDR4, RTM_GETADDR, AF_INET, NLM_F_DUMP,
	    "dump of IPv4 addresses" },
	{ PART_ADDR6, RTM_GETADDR, AF_INET6, NLM_F_DUMP,
	    "dump of IPv6 addresses" },
	{ PART_ROUTE4, RTM_GETROUTE, AF_INET, NLM_F_DUMP,
	    "dump of IPv4 routes" },
	{ PART_ROUTE6, RTM_GETROUTE, AF_INET6, NLM_F_DUMP,
	    "dump of IPv6 routes" },
	{ PART_NEIGH, RTM_GETNEIGH, AF_INET, NLM_F_DUMP,
	    "dump of IPv4 neighbours" },
	{ PART_NEIGH, RTM_GETNEIGH, AF_INET6, NLM_F_DUMP,
	    "dump of IPv6 neighbours" },
};
#define STEPS (sizeof steps / sizeof steps[0])

void
reading_init(struct reading *r, struct sockets *sockets,
    struct source_stats *stats, const struct tape *tape)
{
	*r = (struct reading){ .sockets = sockets, .stats = stats,
		.tape = tape };
	r->nexthops.seq = &r->seq;
}

void
reading_fini(struct reading *r)
{
	buf_fini(&r->messages);
	nexthops_fini(&r->nexthops);
}

static int
request(struct reading *r, const struct step *s)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char bytes[256];
	struct nlmsghdr *h;
	struct ifinfomsg *ifi;

	memset(bytes, 0, sizeof bytes);
	h = mnl_nlmsg_put_header(bytes);
	h->nlmsg_type = s->type;
	h->nlmsg_flags = NLM_F_REQUEST | s->flags;
	h->nlmsg_seq = ++r->seq;
	/* Strictly checked is the header of each type; each begins with the
	 * family. */
	switch (s->type) {
	case RTM_GETLINK:
		ifi = mnl_nlmsg_put_extra_header(h, sizeof *ifi);
		ifi->ifi_family = s->family;
		ifi->ifi_index = s->flags == NLM_F_ACK ? LOOPBACK : 0;
		mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		break;
	case RTM_GETADDR:
		*(unsigned char *)mnl_nlmsg_put_extra_header(h,
		    sizeof(struct ifaddrmsg)) = s->family;
		break;
	case RTM_GETNEIGH:
		*(unsigned char *)mnl_nlmsg_put_extra_header(h,
		    sizeof(struct ndmsg)) = s->family;
		break;
	default:
		*(unsigned char *)mnl_nlmsg_put_extra_header(h,
		    sizeof(struct rtmsg)) = s->family;
	}
	return sendto(r->sockets->fd[SOCKET_REQUESTS], h, h->nlmsg_len, 0,
	    (const struct sockaddr *)&kernel, sizeof kernel) == -1 ? -errno : 0;
}

/*
 * Whether a dump of routes that goes on after this one may miss some that are
 * there. No lock is held between two datagrams, and the next one begins after
 * as many as were told: of those to 0.0.0.0, which are in one leaf of the trie
 * and come first (fn_trie_dump_leaf); or of a whole table of IPv6, after any
 * change, and there the default routes come last (fib6_walk_continue).
 */
static bool
may_tear(const uint8_t *bytes, size_t len, unsigned char family)
{
	static const struct nl_size sizes[RTA_DST + 1] = {
		[RTA_DST] = NL_EXACTLY(4) };
	const size_t head = NLMSG_SPACE(sizeof(struct rtmsg));
	struct nl_attr a[RTA_DST + 1];

	return family == AF_INET6 || len < head ||
	    nl_parse(bytes + head, len - head, sizes, RTA_DST + 1, 4, a) !=
	    NULL || a[RTA_DST].data == NULL || nl_u32(&a[RTA_DST]) == 0;
}

/* What is for us, or may be looked at, stays; and it is padded. */
static void
keep(struct reading *r, const uint8_t *message, size_t len)
{
	char *to = r->messages.data + r->messages.len;

	memmove(to, message, len);
	memset(to + len, 0, NLMSG_ALIGN(len) - len);
	r->messages.len += NLMSG_ALIGN(len);
}

void
reading_log_malformed(struct reading *r, uint16_t type, const char *fault)
{
	log_limited(&r->malformed, "rtnetlink: malformed message of type %u: %s",
	    type, fault);
}

/*
 * Takes what there is in N bytes after the messages, which answer a request. 1:
 * that was the last of it; 0: there is more; -EAGAIN: something changed under
 * it, which may be said by one message alone; -errno: refused, which is said at
 * the end of a dump like success is.
 */
static int
take(struct reading *r, const struct step *s, size_t n)
{
	const uint8_t *bytes = (uint8_t *)r->messages.data + r->messages.len;
	bool all = tape_looks(r->tape), tears = false;
	struct rtnl_reader reader;
	enum rtnl_found found;
	struct change c;

	rtnl_reader_init(&reader, bytes, n);
	while ((found = rtnl_next(&reader, &c)) != RTNL_END) {
		if (found == RTNL_MALFORMED) {
			source_stats_count(r->stats, MESSAGE_MALFORMED);
			reading_log_malformed(r, reader.type, reader.fault);
			return -EBADMSG;
		}
		/* All next hops of a route are in one message. */
		reader.hops = reader.hops_end;
		if (reader.seq != r->seq)
			continue;
		if (reader.flags & NLM_F_DUMP_INTR)
			r->changed = true;
		if (reader.type == RTM_NEWROUTE)
			tears = may_tear(bytes + reader.at, reader.size,
			    s->family);
		if (found != RTNL_IGNORED || all)
			keep(r, bytes + reader.at, reader.size);
		else
			source_stats_count(r->stats, MESSAGE_IGNORED);
		if (found != RTNL_DONE && found != RTNL_ERROR)
			continue;
		if (reader.error != 0)
			return reader.error;
		return r->changed ? -EAGAIN : 1;
	}
	if (tears)
		r->torn |= s->family == AF_INET ? PART_TORN4 : PART_TORN6;
	return 0;
}

/* It is the socket that failed, not what was asked. */
static int
socket_failed(struct reading *r, int error)
{
	switch (-error) {
	case EAGAIN:
		/* No answer in time is not one to ask for again. */
		return -ETIMEDOUT;
	case EINTR:
	case EMSGSIZE:
	case ENOBUFS:
	case ENOMEM:
		break;
	default:
		socket_give_up(r->sockets, SOCKET_REQUESTS);
	}
	return error;
}

/* Asks, or reads one datagram more of the answer: as take has it. */
static int
read_some(struct reading *r, const struct step *s)
{
	char *room;
	ssize_t n;
	int error;

	if (!r->asked) {
		r->asked = true;
		r->changed = false;
		r->from = r->messages.len;
		error = request(r, s);
		return error != 0 ? socket_failed(r, error) : 0;
	}
	/* Also for what pads the last message. */
	room = buf_room(&r->messages, DATAGRAM_MAX + NLMSG_ALIGNTO);
	if (room == NULL)
		return -ENOMEM;
	n = socket_receive(r->sockets->fd[SOCKET_REQUESTS], room, DATAGRAM_MAX);
	if (n >= 0)
		return take(r, s, (size_t)n);
	return n == -EINTR ? 0 : socket_failed(r, (int)n);
}

/* Its answer is there, for which that was FOUND. 0, -EAGAIN as above, or
 * -errno. */
static int
end_step(struct reading *r, const struct step *s, int found)
{
	if (s->flags == NLM_F_ACK) {
		r->messages.len = r->from;
		return found > 0 || found == -ENODEV ? 0 : found;
	}
	if (found > 0 && s->type == RTM_GETROUTE)
		found = nexthops_resolve(&r->nexthops,
		    r->sockets->fd[SOCKET_REQUESTS], s->family, &r->messages,
		    r->from);
	if (r->messages.failed)
		return -ENOMEM;
	/* A kernel without IPv6 knows nothing of it. */
	return found >= 0 || found == -EOPNOTSUPP || found == -EAFNOSUPPORT ?
	    0 : found;
}

static void
restart(struct reading *r)
{
	buf_clear(&r->messages);
	r->torn = 0;
	r->step = 0;
	r->asked = false;
}

void
reading_begin(struct reading *r, unsigned parts)
{
	r->parts = parts;
	r->tries = 0;
	restart(r);
}

/* The rest of a dump that was given up: until it is read there is no other. */
static void
drain(struct reading *r)
{
	char unused;

	while (recv(r->sockets->fd[SOCKET_REQUESTS], &unused, 1,
	    MSG_DONTWAIT) > 0)
		continue;
}

static int
fail(struct reading *r, const struct step *s, int error)
{
	if (error == -EAGAIN)
		log_warning("rtnetlink: no dump without a change in between; "
		    "trying again later");
	else
		log_error("rtnetlink: %s: %s", s->name, strerror(-error));
	drain(r);
	reading_end(r);
	return error;
}

int
reading_go_on(struct reading *r, uint64_t until)
{
	const struct step *s;
	int found;

	while (r->step < STEPS) {
		s = &steps[r->step];
		if ((r->parts & s->parts) == 0) {
			r->step++;
			continue;
		}
		found = read_some(r, s);
		/* What says that it changed under us is not read any slower. */
		if (found == 0 && s->type == RTM_GETROUTE &&
		    stamp_now().mono >= until)
			return 0;
		if (found == 0)
			continue;
		found = end_step(r, s, found);
		r->step++;
		r->asked = false;
		if (found == -EAGAIN && ++r->tries < TRIES)
			restart(r);
		else if (found != 0)
			return fail(r, s, found);
	}
	return 1;
}

void
reading_end(struct reading *r)
{
	buf_fini(&r->messages);
}

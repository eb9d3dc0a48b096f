#include "config.h"

#include "nexthops.h"

#include "nl.h"
#include "rtnl_decode.h"
#include "sockets.h"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

/* A group has as many objects as an attribute has room for. */
#define ANSWER_MAX (72 * 1024)
/* The attributes of a hop: RTA_OIF and RTA_VIA, which is the longest. */
#define HOP_MAX (8 + 4 + 2 + 16 + 2)

#define NEXTHOP_ATTRS (NHA_GATEWAY + 1)
static const struct nl_size sizes[NEXTHOP_ATTRS] = {
	[NHA_GROUP] = NL_NESTED,
	[NHA_OIF] = NL_EXACTLY(4),
	[NHA_GATEWAY] = { 4, 16 },
};

struct asked {
	uint32_t id;
	uint8_t family;		/* of the routes */
};

/* What the kernel answers, until the next question. */
struct object {
	uint8_t family;		/* of the gateway: AF_* */
	struct nl_attr a[NEXTHOP_ATTRS];
};

static _Alignas(struct nlmsghdr) char answer[ANSWER_MAX];

void
nexthops_fini(struct nexthops *n)
{
	buf_fini(&n->asked);
}

static int
request(struct nexthops *n, int fd, uint32_t id)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char bytes[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(bytes);

	h->nlmsg_type = RTM_GETNEXTHOP;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = ++*n->seq;
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct nhmsg));
	mnl_attr_put_u32(h, NHA_ID, id);
	return sendto(fd, h, h->nlmsg_len, 0, (const struct sockaddr *)&kernel,
	    sizeof kernel) == -1 ? -errno : 0;
}

/* 1: it is that; 0: there is none of that number; or -errno. */
static int
parse(const struct nlmsghdr *head, size_t len, struct object *o)
{
	const uint8_t *p = (const uint8_t *)answer + NLMSG_HDRLEN;
	struct nlmsgerr error;
	struct nhmsg nh;

	len -= NLMSG_HDRLEN;
	if (head->nlmsg_type == NLMSG_ERROR && len >= sizeof error) {
		memcpy(&error, p, sizeof error);
		return error.error == -ENOENT ? 0 : error.error;
	}
	if (head->nlmsg_type != RTM_NEWNEXTHOP || len < sizeof nh)
		return -EBADMSG;
	memcpy(&nh, p, sizeof nh);
	o->family = nh.nh_family;
	return nl_parse(p + NLMSG_ALIGN(sizeof nh),
	    len - NLMSG_ALIGN(sizeof nh), sizes, NEXTHOP_ATTRS, 0, o->a) ==
	    NULL ? 1 : -EBADMSG;
}

static int
ask(struct nexthops *n, int fd, uint32_t id, struct object *o)
{
	struct nlmsghdr head;
	ssize_t len;
	size_t next;
	int error = request(n, fd, id);

	while (error == 0) {
		len = socket_receive(fd, answer, sizeof answer);
		if (len == -EINTR)
			continue;
		if (len < 0)
			return len == -EAGAIN ? -ETIMEDOUT : (int)len;
		if (nl_message((const uint8_t *)answer, (size_t)len, &head,
		    &next) != NULL)
			return -EBADMSG;
		/* The rest of what was given up. */
		if (head.nlmsg_seq == *n->seq)
			return parse(&head, head.nlmsg_len, o);
	}
	return error;
}

static void
put_gateway(struct nlmsghdr *h, const struct object *o, uint8_t family)
{
	const struct nl_attr *a = &o->a[NHA_GATEWAY];
	uint16_t af = o->family;
	uint8_t via[sizeof af + 16];

	if (a->data == NULL)
		return;
	if (o->family == family) {
		mnl_attr_put(h, RTA_GATEWAY, a->len, a->data);
		return;
	}
	memcpy(via, &af, sizeof af);
	memcpy(via + sizeof af, a->data, a->len);
	mnl_attr_put(h, RTA_VIA, sizeof af + a->len, via);
}

/* The route at byte AT of DUMP once more, with that hop. What has no interface
 * leads nowhere. */
static void
put_route(struct buf *dump, size_t at, const struct object *o)
{
	struct nlmsghdr head, *h;
	struct rtmsg route;

	if (o->a[NHA_OIF].data == NULL)
		return;
	memcpy(&head, dump->data + at, sizeof head);
	memcpy(&route, dump->data + at + NLMSG_HDRLEN, sizeof route);
	h = (struct nlmsghdr *)buf_room(dump,
	    NLMSG_ALIGN(head.nlmsg_len) + HOP_MAX);
	if (h == NULL)
		return;
	memset(h, 0, NLMSG_ALIGN(head.nlmsg_len) + HOP_MAX);
	memcpy(h, dump->data + at, head.nlmsg_len);
	/* Also if it led nowhere when it was told. */
	route.rtm_type = RTN_UNICAST;
	memcpy(mnl_nlmsg_get_payload(h), &route, sizeof route);
	mnl_attr_put(h, RTA_OIF, 4, o->a[NHA_OIF].data);
	put_gateway(h, o, route.rtm_family);
	dump->len += NLMSG_ALIGN(h->nlmsg_len);
}

static void
remember(struct nexthops *n, uint32_t id, uint8_t family)
{
	const struct asked a = { .id = id, .family = family };

	buf_put(&n->asked, &a, sizeof a);
}

/* All hops of that route; a group has no groups in it. */
static int
put_routes(struct nexthops *n, int fd, struct buf *dump, size_t at,
    uint32_t id, uint8_t family)
{
	struct buf group = BUF_INIT;
	struct nexthop_grp member;
	struct object o;
	size_t pos;
	int r = ask(n, fd, id, &o);

	remember(n, id, family);
	if (r == 1 && o.a[NHA_GROUP].data == NULL)
		put_route(dump, at, &o);
	else if (r == 1)
		buf_put(&group, o.a[NHA_GROUP].data, o.a[NHA_GROUP].len);
	if (group.failed)
		r = -ENOMEM;
	for (pos = 0; r >= 0 && group.len - pos >= sizeof member;
	    pos += sizeof member) {
		memcpy(&member, group.data + pos, sizeof member);
		remember(n, member.id, family);
		r = ask(n, fd, member.id, &o);
		if (r == 1)
			put_route(dump, at, &o);
	}
	buf_fini(&group);
	return r < 0 ? r : 0;
}

/* A default route that says no more than that; 0: it is none. */
static uint32_t
hangs_on(const uint8_t *bytes, const struct nlmsghdr *head)
{
	struct rtnl_reader r;
	struct rtmsg route;
	struct change c;

	if (head->nlmsg_type != RTM_NEWROUTE ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof route))
		return 0;
	memcpy(&route, bytes + NLMSG_HDRLEN, sizeof route);
	if (route.rtm_dst_len > 0)
		return 0;
	rtnl_reader_init(&r, bytes, head->nlmsg_len);
	return rtnl_next(&r, &c) == RTNL_CHANGE && c.type == CHANGE_ROUTES ?
	    c.router.nh_id : 0;
}

static void
forget(struct nexthops *n, uint8_t family)
{
	struct asked a;
	size_t from, to = 0;

	for (from = 0; from < n->asked.len; from += sizeof a) {
		memcpy(&a, n->asked.data + from, sizeof a);
		if (a.family == family)
			continue;
		memcpy(n->asked.data + to, &a, sizeof a);
		to += sizeof a;
	}
	n->asked.len = to;
}

int
nexthops_resolve(struct nexthops *n, int fd, uint8_t family, struct buf *dump,
    size_t from)
{
	size_t end = dump->len, len;
	struct nlmsghdr head;
	const uint8_t *at;
	uint32_t id;
	int error = 0;

	forget(n, family);
	for (; from < end && error == 0; from += len) {
		at = (const uint8_t *)dump->data + from;
		if (nl_message(at, end - from, &head, &len) != NULL)
			continue;
		id = hangs_on(at, &head);
		if (id != 0)
			error = put_routes(n, fd, dump, from, id, family);
	}
	return dump->failed || n->asked.failed ? -ENOMEM : error;
}

bool
nexthops_matter(const struct nexthops *n, uint32_t id)
{
	struct asked a;
	size_t i;

	for (i = 0; i < n->asked.len; i += sizeof a) {
		memcpy(&a, n->asked.data + i, sizeof a);
		if (a.id == id)
			return true;
	}
	return false;
}

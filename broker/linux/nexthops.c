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
#include <stdlib.h>
#include <string.h>

/* The attributes of a hop: RTA_OIF and RTA_VIA, which is the longest. */
#define HOP_MAX (8 + 4 + 2 + 16 + 2)

#define NEXTHOP_ATTRS (NHA_GATEWAY + 1)
static const struct nl_size sizes[NEXTHOP_ATTRS] = {
	[NHA_ID] = NL_EXACTLY(4),
	[NHA_GROUP] = NL_NESTED,
	[NHA_OIF] = NL_EXACTLY(4),
	[NHA_GATEWAY] = { 4, 16 },
};

/* As the kernel told it, in the messages that were read. */
struct object {
	uint32_t id;
	bool matters;		/* a route hangs on it */
	uint8_t family;		/* of the gateway: AF_* */
	size_t at, len;		/* its attributes */
};

/* All there are, ascending as the kernel tells them. */
struct objects {
	struct buf messages;
	struct buf list;	/* of struct object */
	bool changed;		/* something did, under the dump */
};

static struct buf *
ids_of(struct nexthops *n, int family)
{
	return &n->ids[family == AF_INET6];
}

void
nexthops_fini(struct nexthops *n)
{
	buf_fini(&n->ids[0]);
	buf_fini(&n->ids[1]);
}

static int
cmp_ids(const void *a, const void *b)
{
	uint32_t x, y;

	/* Also of an object, which begins with it. */
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static struct object *
find(const struct objects *all, uint32_t id)
{
	return all->list.len == 0 ? NULL : bsearch(&id, all->list.data,
	    all->list.len / sizeof(struct object), sizeof(struct object),
	    cmp_ids);
}

static bool
get_attrs(const struct objects *all, const struct object *o, struct nl_attr *a)
{
	return nl_parse((const uint8_t *)all->messages.data + o->at, o->len,
	    sizes, NEXTHOP_ATTRS, 0, a) == NULL;
}

static int
request(struct nexthops *n, int fd)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char bytes[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(bytes);

	h->nlmsg_type = RTM_GETNEXTHOP;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++*n->seq;
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct nhmsg));
	return sendto(fd, h, h->nlmsg_len, 0, (const struct sockaddr *)&kernel,
	    sizeof kernel) == -1 ? -errno : 0;
}

/* The message at byte AT, whose header is sound. */
static void
add_object(struct objects *all, size_t at, size_t size)
{
	struct object o = { .at = at + NLMSG_SPACE(sizeof(struct nhmsg)) };
	struct nl_attr a[NEXTHOP_ATTRS];
	struct nhmsg head;

	if (size < NLMSG_LENGTH(sizeof head))
		return;
	memcpy(&head, all->messages.data + at + NLMSG_HDRLEN, sizeof head);
	o.family = head.nh_family;
	o.len = at + size > o.at ? at + size - o.at : 0;
	if (!get_attrs(all, &o, a) || a[NHA_ID].data == NULL)
		return;
	o.id = nl_u32(&a[NHA_ID]);
	buf_put(&all->list, &o, sizeof o);
}

/*
 * What came from byte AT on. 1: that was all; 0: more comes; or -errno. That
 * something changed under it is said at the end: there is no other dump before
 * (EBUSY).
 */
static int
take(struct nexthops *n, struct objects *all, size_t at)
{
	struct nlmsghdr head;
	size_t len;
	int error;

	for (; at < all->messages.len; at += len) {
		if (nl_message((const uint8_t *)all->messages.data + at,
		    all->messages.len - at, &head, &len) != NULL)
			return -EBADMSG;
		if (head.nlmsg_seq != *n->seq)
			continue;
		if (head.nlmsg_flags & NLM_F_DUMP_INTR)
			all->changed = true;
		if (head.nlmsg_type == RTM_NEWNEXTHOP) {
			add_object(all, at, head.nlmsg_len);
			continue;
		}
		if (head.nlmsg_len < NLMSG_LENGTH(sizeof error))
			return -EBADMSG;
		/* Both begin with it: NLMSG_DONE, and struct nlmsgerr. */
		memcpy(&error, all->messages.data + at + NLMSG_HDRLEN,
		    sizeof error);
		if (error < 0)
			log_limited(&n->unread, "rtnetlink: next hop objects: "
			    "%s", strerror(-error));
		return all->changed ? -EAGAIN : 1;
	}
	return 0;
}

static int
read_all(struct nexthops *n, int fd, struct objects *all)
{
	int r = request(n, fd);
	ssize_t len;
	size_t at;
	char *room;

	while (r == 0) {
		at = all->messages.len;
		room = buf_room(&all->messages, DATAGRAM_MAX);
		if (room == NULL)
			return -ENOMEM;
		len = socket_receive(fd, room, DATAGRAM_MAX);
		if (len == -EINTR)
			continue;
		if (len < 0)
			return len == -EAGAIN ? -ETIMEDOUT : (int)len;
		all->messages.len += NLMSG_ALIGN((size_t)len);
		r = take(n, all, at);
	}
	return r < 0 ? r : 0;
}

static void
put_gateway(struct nlmsghdr *h, const struct nl_attr *a, uint16_t af,
    uint8_t family)
{
	uint8_t via[sizeof af + 16];

	if (a->data == NULL)
		return;
	if (af == family) {
		mnl_attr_put(h, RTA_GATEWAY, a->len, a->data);
		return;
	}
	memcpy(via, &af, sizeof af);
	memcpy(via + sizeof af, a->data, a->len);
	mnl_attr_put(h, RTA_VIA, sizeof af + a->len, via);
}

/* The route at byte AT of DUMP once more, with that hop. */
static void
put_route(struct buf *dump, size_t at, const struct object *o,
    const struct nl_attr *a)
{
	struct nlmsghdr head, *h;
	struct rtmsg route;

	memcpy(&head, dump->data + at, sizeof head);
	memcpy(&route, dump->data + at + NLMSG_HDRLEN, sizeof route);
	h = (struct nlmsghdr *)buf_room(dump,
	    NLMSG_ALIGN(head.nlmsg_len) + HOP_MAX);
	if (h == NULL)
		return;
	memset(h, 0, NLMSG_ALIGN(head.nlmsg_len) + HOP_MAX);
	memcpy(h, dump->data + at, head.nlmsg_len);
	mnl_attr_put(h, RTA_OIF, 4, a[NHA_OIF].data);
	put_gateway(h, &a[NHA_GATEWAY], o->family, route.rtm_family);
	dump->len += NLMSG_ALIGN(h->nlmsg_len);
}

/* A default route, as it was told. */
struct route {
	size_t at;
	uint32_t id;		/* of what it hangs on */
	bool told;		/* where it leads, or that it leads nowhere */
};

/*
 * What it hangs on matters, and what is in that: a group has no groups in it.
 * What has no interface leads nowhere.
 */
static void
hang(const struct route *route, struct objects *all, struct buf *dump,
    uint32_t id, bool in_group)
{
	struct nl_attr a[NEXTHOP_ATTRS];
	struct nexthop_grp member;
	struct object *o = find(all, id);
	size_t pos;

	if (o == NULL || !get_attrs(all, o, a))
		return;
	o->matters = true;
	if (a[NHA_OIF].data != NULL && !route->told)
		put_route(dump, route->at, o, a);
	if (a[NHA_GROUP].data == NULL || in_group)
		return;
	for (pos = 0; a[NHA_GROUP].len - pos >= sizeof member;
	    pos += sizeof member) {
		memcpy(&member, a[NHA_GROUP].data + pos, sizeof member);
		hang(route, all, dump, member.id, true);
	}
}

/* The first message from *FROM up to END that is such a route; false: none. */
static bool
next_route(const struct buf *dump, size_t *from, size_t end,
    struct route *route)
{
	struct nlmsghdr head;
	struct rtnl_reader r;
	struct rtmsg rtm;
	struct change c;
	const uint8_t *at;
	size_t len;

	for (; *from < end; *from += len) {
		at = (const uint8_t *)dump->data + *from;
		if (nl_message(at, end - *from, &head, &len) != NULL ||
		    head.nlmsg_type != RTM_NEWROUTE ||
		    head.nlmsg_len < NLMSG_LENGTH(sizeof rtm))
			continue;
		memcpy(&rtm, at + NLMSG_HDRLEN, sizeof rtm);
		if (rtm.rtm_dst_len > 0)
			continue;
		rtnl_reader_init(&r, at, head.nlmsg_len);
		if (rtnl_next(&r, &c) != RTNL_CHANGE || c.router.nh_id == 0)
			continue;
		*route = (struct route){ .at = *from, .id = c.router.nh_id,
			.told = c.type == CHANGE_ROUTER ||
			    rtm.rtm_type != RTN_UNICAST };
		*from += len;
		return true;
	}
	return false;
}

/* Those that matter, of all. */
static void
remember(struct buf *ids, const struct objects *all)
{
	struct object o;
	size_t i;

	buf_clear(ids);
	for (i = 0; i < all->list.len; i += sizeof o) {
		memcpy(&o, all->list.data + i, sizeof o);
		if (o.matters)
			buf_put(ids, &o.id, sizeof o.id);
	}
}

int
nexthops_resolve(struct nexthops *n, int fd, int family, struct buf *dump,
    size_t from)
{
	struct objects all = { BUF_INIT, BUF_INIT, false };
	size_t end = dump->len;
	struct route route;
	bool found = next_route(dump, &from, end, &route);
	int error = found ? read_all(n, fd, &all) : 0;

	while (found && error == 0) {
		hang(&route, &all, dump, route.id, false);
		found = next_route(dump, &from, end, &route);
	}
	remember(ids_of(n, family), &all);
	if (all.list.failed || dump->failed || ids_of(n, family)->failed)
		error = -ENOMEM;
	buf_fini(&all.messages);
	buf_fini(&all.list);
	return error;
}

bool
nexthops_matter(const struct nexthops *n, int family, uint32_t id)
{
	const struct buf *ids = &n->ids[family == AF_INET6];

	return ids->len > 0 && bsearch(&id, ids->data, ids->len / sizeof id,
	    sizeof id, cmp_ids) != NULL;
}

#include "config.h"

#include "rtnl_decode.h"

#include "hot.h"
#include "nl.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <string.h>
#include <sys/socket.h>

/* if_link.h of Linux 5.5; the numbers are the kernel's for good. */
#define PROP_LIST 52
#define ALT_IFNAME 53
/* if_addr.h of Linux 5.18. */
#define ADDR_PROTO 11
/* Type of a neighbour discovery option, RFC 8781. */
#define PREF64 38

#define LINK_ATTRS (PROP_LIST + 1)
static const struct nl_size link_sizes[LINK_ATTRS] = {
	[IFLA_ADDRESS] = { 0, 32 },
	[IFLA_IFNAME] = { 1, KEV_IFNAMSIZ },
	[IFLA_MTU] = NL_EXACTLY(4),
	[IFLA_MASTER] = NL_EXACTLY(4),
	[IFLA_OPERSTATE] = NL_EXACTLY(1),
	[IFLA_LINKINFO] = NL_NESTED,
	[IFLA_CARRIER] = NL_EXACTLY(1),
	[IFLA_CARRIER_CHANGES] = NL_EXACTLY(4),
	[PROP_LIST] = NL_NESTED,
};

#define INFO_ATTRS (IFLA_INFO_KIND + 1)
static const struct nl_size info_sizes[INFO_ATTRS] = {
	[IFLA_INFO_KIND] = { 1, 64 },
};

#define ADDR_ATTRS (ADDR_PROTO + 1)
static const struct nl_size addr_sizes[ADDR_ATTRS] = {
	[IFA_ADDRESS] = NL_ADDRESS,
	[IFA_LOCAL] = NL_ADDRESS,
	[IFA_LABEL] = { 1, KEV_IFNAMSIZ },
	[IFA_BROADCAST] = NL_ADDRESS,
	[IFA_CACHEINFO] = { sizeof(struct ifa_cacheinfo), UINT16_MAX - 1 },
	[IFA_FLAGS] = NL_EXACTLY(4),
	[ADDR_PROTO] = NL_EXACTLY(1),
};

#define ROUTE_ATTRS (RTA_NH_ID + 1)
static const struct nl_size route_sizes[ROUTE_ATTRS] = {
	[RTA_OIF] = NL_EXACTLY(4),
	[RTA_GATEWAY] = NL_ADDRESS,
	[RTA_PRIORITY] = NL_EXACTLY(4),
	[RTA_PREFSRC] = NL_ADDRESS,
	[RTA_MULTIPATH] = NL_NESTED,
	[RTA_CACHEINFO] = { sizeof(struct rta_cacheinfo), UINT16_MAX - 1 },
	[RTA_TABLE] = NL_EXACTLY(4),
	[RTA_VIA] = { 2 + 4, 2 + 16 },
	[RTA_NH_ID] = NL_EXACTLY(4),
};

#define NEIGH_ATTRS (NDA_LLADDR + 1)
static const struct nl_size neigh_sizes[NEIGH_ATTRS] = {
	[NDA_DST] = NL_ADDRESS,
	[NDA_LLADDR] = { 0, 32 },
};

#define NEXTHOP_ATTRS (NHA_ID + 1)
static const struct nl_size nexthop_sizes[NEXTHOP_ATTRS] = {
	[NHA_ID] = NL_EXACTLY(4),
};

#define USEROPT_ATTRS (NDUSEROPT_SRCADDR + 1)
static const struct nl_size useropt_sizes[USEROPT_ATTRS] = {
	[NDUSEROPT_SRCADDR] = NL_ADDRESS,
};

static enum rtnl_found
malformed(struct rtnl_reader *r, const char *fault)
{
	r->fault = fault;
	return RTNL_MALFORMED;
}

/* Text up to its NUL, if it has one; what does not fit is cut. */
static void
get_text(const struct nl_attr *a, char *dst, size_t size)
{
	size_t len = strnlen((const char *)a->data, a->len);

	if (len >= size)
		len = size - 1;
	memcpy(dst, a->data, len);
	memset(dst + len, 0, size - len);
}

static void
get_ip(const struct nl_attr *a, struct kev_ip *ip)
{
	memset(ip, 0, sizeof *ip);
	ip->family = a->len == 4 ? KEV_INET : KEV_INET6;
	memcpy(ip->byte, a->data, a->len);
}

/* 0: none of ours. */
static uint8_t
kev_family(uint8_t af)
{
	return af == AF_INET ? KEV_INET : af == AF_INET6 ? KEV_INET6 : 0;
}

static size_t
address_len(uint8_t family)
{
	return family == KEV_INET ? 4 : 16;
}

/* The payload's fixed part, of SIZE bytes; false if there is less. */
static bool
get_head(const struct rtnl_reader *r, void *head, size_t size)
{
	if (r->size - NLMSG_HDRLEN < size)
		return false;
	memcpy(head, r->bytes + r->at + NLMSG_HDRLEN, size);
	return true;
}

/* The attributes behind a fixed part of SIZE bytes. */
static const char *
get_attrs(const struct rtnl_reader *r, size_t size, const struct nl_size *sizes,
    size_t n, uint8_t family, struct nl_attr *found)
{
	size_t from = NLMSG_HDRLEN + NLMSG_ALIGN(size);

	return nl_parse(r->bytes + r->at + from, r->size > from ?
	    r->size - from : 0, sizes, n, address_len(family), found);
}

static const char *
get_kind(const struct nl_attr *info, struct kev_link *l)
{
	struct nl_attr a[INFO_ATTRS];
	const char *fault;

	fault = nl_parse(info->data, info->len, info_sizes, INFO_ATTRS, 0, a);
	if (fault != NULL || a[IFLA_INFO_KIND].data == NULL)
		return fault;
	get_text(&a[IFLA_INFO_KIND], l->kind, sizeof l->kind);
	l->has |= KEV_BIT(KIND);
	return NULL;
}

/* They are shorter than the attributes they come from, so that all fit. */
static const char *
get_altnames(const struct nl_attr *list, struct kev_link *l)
{
	static char names[UINT16_MAX];
	const char *fault = NULL;
	const uint8_t *data;
	struct nlattr a;
	size_t pos = 0, len, used = 0;

	while ((data = nl_next(list->data, list->len, &pos, &a, &fault)) !=
	    NULL) {
		if (a.nla_type != ALT_IFNAME)
			continue;
		len = strnlen((const char *)data, a.nla_len);
		memcpy(names + used, data, len);
		names[used + len] = '\0';
		used += len + 1;
		l->altnames.n++;
	}
	if (fault != NULL)
		return fault;
	l->altnames.buf = names;
	l->altnames.len = (uint32_t)used;
	return NULL;
}

static const char *
get_link(const struct nl_attr *a, struct change_link *c)
{
	struct kev_link *l = &c->link;
	const char *fault = NULL;

	if (a[IFLA_ADDRESS].len > 0) {
		l->lladdr.len = (uint8_t)a[IFLA_ADDRESS].len;
		memcpy(l->lladdr.byte, a[IFLA_ADDRESS].data, l->lladdr.len);
		l->has |= KEV_BIT(LLADDR);
	}
	if (a[IFLA_MTU].data != NULL) {
		l->mtu = nl_u32(&a[IFLA_MTU]);
		l->has |= KEV_BIT(MTU);
	}
	if (a[IFLA_MASTER].data != NULL)
		c->master_index = nl_u32(&a[IFLA_MASTER]);
	if (a[IFLA_OPERSTATE].data != NULL) {
		l->operstate = *a[IFLA_OPERSTATE].data;
		if (l->operstate > KEV_OPER_UP)
			l->operstate = KEV_OPER_UNKNOWN;
		l->has |= KEV_BIT(OPERSTATE);
	}
	if (a[IFLA_CARRIER].data != NULL) {
		l->carrier = *a[IFLA_CARRIER].data != 0;
		l->has |= KEV_BIT(CARRIER);
	}
	if (a[IFLA_CARRIER_CHANGES].data != NULL) {
		l->carrier_changes = nl_u32(&a[IFLA_CARRIER_CHANGES]);
		l->has |= KEV_BIT(CARRIER_CHANGES);
	}
	if (a[IFLA_LINKINFO].data != NULL)
		fault = get_kind(&a[IFLA_LINKINFO], l);
	if (fault == NULL && a[PROP_LIST].data != NULL)
		fault = get_altnames(&a[PROP_LIST], l);
	return fault;
}

/*
 * Messages of family bridge (7) tell of ports, also RTM_DELLINK when one is
 * released; those of family inet6 (10) tell of IPv6 on the link.
 */
HOT static enum rtnl_found
decode_link(struct rtnl_reader *r, struct change *c)
{
	struct nl_attr a[LINK_ATTRS];
	struct change_link *l = &c->link;
	struct ifinfomsg head;
	const char *fault;

	if (!get_head(r, &head, sizeof head))
		return malformed(r, "link message is too short");
	if (head.ifi_family != AF_UNSPEC)
		return RTNL_IGNORED;
	if (head.ifi_index <= 0)
		return malformed(r, "link without an index");
	fault = get_attrs(r, sizeof head, link_sizes, LINK_ATTRS, 0, a);
	if (fault != NULL)
		return malformed(r, fault);
	c->ifindex = (uint32_t)head.ifi_index;
	if (r->type == RTM_DELLINK) {
		c->type = CHANGE_LINK_GONE;
		return RTNL_CHANGE;
	}
	if (a[IFLA_IFNAME].data == NULL)
		return RTNL_IGNORED;
	get_text(&a[IFLA_IFNAME], l->ifname, sizeof l->ifname);
	if (l->ifname[0] == '\0')
		return malformed(r, "link without a name");
	c->type = CHANGE_LINK;
	l->link.type = head.ifi_type;
	l->link.flags = head.ifi_flags;
	l->link.has = KEV_BIT(TYPE) | KEV_BIT(FLAGS) | KEV_BIT(ALTNAMES);
	/* dev_close() of the kernel; "ip link set down" changes IFF_UP alone. */
	l->closing = (head.ifi_flags & IFF_UP) == 0 &&
	    head.ifi_change == (IFF_UP | IFF_RUNNING);
	fault = get_link(a, l);
	return fault == NULL ? RTNL_CHANGE : malformed(r, fault);
}

static uint8_t
addr_status(uint32_t flags)
{
	if (flags & KEV_IFA_DADFAILED)
		return KEV_DUPLICATE;
	if (flags & KEV_IFA_OPTIMISTIC)
		return KEV_OPTIMISTIC;
	if (flags & KEV_IFA_TENTATIVE)
		return KEV_TENTATIVE;
	if (flags & KEV_IFA_DEPRECATED)
		return KEV_DEPRECATED;
	return KEV_PREFERRED;
}

/* The first bit is "secondary" in one family and "temporary" in the other. */
static uint32_t
addr_flags(uint32_t flags, uint8_t family)
{
	flags &= ~KEV_IFA_TEMPORARY;
	if (family == KEV_INET6 && (flags & IFA_F_TEMPORARY) != 0)
		flags ^= IFA_F_TEMPORARY | KEV_IFA_TEMPORARY;
	return flags;
}

static void
get_lifetimes(const struct nl_attr *a, struct kev_addr *addr)
{
	struct ifa_cacheinfo info = { .ifa_prefered = KEV_FOREVER,
	    .ifa_valid = KEV_FOREVER };

	if (a->data != NULL)
		memcpy(&info, a->data, sizeof info);
	addr->valid_lft = info.ifa_valid;
	addr->preferred_lft = info.ifa_prefered;
	addr->has |= KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT);
}

/* IFA_LOCAL is ours and IFA_ADDRESS the other end's; without IFA_LOCAL, as
 * IPv6 has it unless there is a peer, IFA_ADDRESS is ours. */
static bool
get_address(const struct nl_attr *a, struct kev_addr *addr)
{
	const struct nl_attr *local = &a[IFA_LOCAL], *other = &a[IFA_ADDRESS];

	if (local->data == NULL && other->data == NULL)
		return false;
	get_ip(local->data != NULL ? local : other, &addr->address);
	addr->has |= KEV_BIT(ADDRESS);
	if (local->data == NULL || other->data == NULL ||
	    memcmp(local->data, other->data, local->len) == 0)
		return true;
	get_ip(other, &addr->peer);
	addr->has |= KEV_BIT(PEER);
	return true;
}

static void
get_addr(const struct nl_attr *a, struct kev_addr *addr)
{
	if (addr->family == KEV_INET6)
		get_lifetimes(&a[IFA_CACHEINFO], addr);
	if (a[IFA_BROADCAST].data != NULL) {
		get_ip(&a[IFA_BROADCAST], &addr->broadcast);
		addr->has |= KEV_BIT(BROADCAST);
	}
	if (a[IFA_LABEL].data != NULL) {
		get_text(&a[IFA_LABEL], addr->label, sizeof addr->label);
		addr->has |= KEV_BIT(LABEL);
	}
	if (a[ADDR_PROTO].data != NULL && *a[ADDR_PROTO].data != 0) {
		addr->protocol = (uint16_t)(KEV_PROTO_IFA | *a[ADDR_PROTO].data);
		addr->has |= KEV_BIT(PROTOCOL);
	}
}

static enum rtnl_found
decode_addr(struct rtnl_reader *r, struct change *c)
{
	struct nl_attr a[ADDR_ATTRS];
	struct kev_addr *addr = &c->addr;
	struct ifaddrmsg head;
	const char *fault;

	if (!get_head(r, &head, sizeof head))
		return malformed(r, "address message is too short");
	addr->family = kev_family(head.ifa_family);
	if (addr->family == 0)
		return RTNL_IGNORED;
	if (head.ifa_index == 0 || head.ifa_index > INT32_MAX)
		return malformed(r, "address without an interface");
	if (head.ifa_prefixlen > 8 * address_len(addr->family))
		return malformed(r, "prefix length is too large");
	fault = get_attrs(r, sizeof head, addr_sizes, ADDR_ATTRS, addr->family,
	    a);
	if (fault != NULL)
		return malformed(r, fault);
	if (!get_address(a, addr))
		return RTNL_IGNORED;
	c->type = r->type == RTM_NEWADDR ? CHANGE_ADDR : CHANGE_ADDR_GONE;
	c->ifindex = head.ifa_index;
	addr->prefixlen = head.ifa_prefixlen;
	addr->scope = head.ifa_scope;
	addr->flags = addr_flags(a[IFA_FLAGS].data != NULL ?
	    nl_u32(&a[IFA_FLAGS]) : head.ifa_flags, addr->family);
	addr->status = addr_status(addr->flags);
	addr->has |= KEV_BIT(FAMILY) | KEV_BIT(PREFIXLEN) | KEV_BIT(SCOPE) |
	    KEV_BIT(FLAGS) | KEV_BIT(STATUS);
	get_addr(a, addr);
	return RTNL_CHANGE;
}

/* Where the gateway is: of the route's own family, or (RTA_VIA) of another. */
static const char *
get_gateway(const struct nl_attr *a, struct kev_router *router)
{
	struct nl_attr via = a[RTA_VIA];
	uint16_t af;

	router->has &= ~KEV_BIT(GATEWAY);
	memset(&router->gateway, 0, sizeof router->gateway);
	if (a[RTA_GATEWAY].data != NULL) {
		get_ip(&a[RTA_GATEWAY], &router->gateway);
		router->has |= KEV_BIT(GATEWAY);
	} else if (via.data != NULL) {
		memcpy(&af, via.data, sizeof af);
		via.data += sizeof af;
		via.len -= sizeof af;
		if ((af != AF_INET || via.len != 4) &&
		    (af != AF_INET6 || via.len != 16))
			return "gateway of an unknown family";
		get_ip(&via, &router->gateway);
		router->has |= KEV_BIT(GATEWAY);
	}
	return NULL;
}

/* One next hop at *POS of the message; adds it to C, if that is not NULL. */
static const char *
get_hop(const struct rtnl_reader *r, size_t *pos, size_t end, struct change *c)
{
	const uint8_t *p = r->bytes + *pos;
	struct nl_attr a[ROUTE_ATTRS];
	struct rtnexthop hop;
	const char *fault;

	if (end - *pos < sizeof hop)
		return "next hop is too short";
	memcpy(&hop, p, sizeof hop);
	if (hop.rtnh_len < sizeof hop || hop.rtnh_len > end - *pos)
		return "next hop length is wrong";
	if (hop.rtnh_ifindex <= 0)
		return "next hop without an interface";
	fault = nl_parse(p + sizeof hop, hop.rtnh_len - sizeof hop, route_sizes,
	    ROUTE_ATTRS, address_len(c->router.router.family), a);
	if (fault == NULL)
		fault = get_gateway(a, &c->router.router);
	c->ifindex = (uint32_t)hop.rtnh_ifindex;
	*pos += RTNH_ALIGN(hop.rtnh_len);
	if (*pos > end)
		*pos = end;
	return fault;
}

static enum rtnl_found
next_hop(struct rtnl_reader *r, struct change *c)
{
	const char *fault;

	*c = r->route;
	fault = get_hop(r, &r->hops, r->hops_end, c);
	if (fault == NULL)
		return RTNL_CHANGE;
	r->hops = r->hops_end;
	return malformed(r, fault);
}

/* All of them are looked at before the first one is told. */
static enum rtnl_found
begin_hops(struct rtnl_reader *r, const struct nl_attr *list, struct change *c)
{
	const char *fault;

	r->route = *c;
	r->hops = (size_t)(list->data - r->bytes);
	r->hops_end = r->hops + list->len;
	for (size_t pos = r->hops; pos < r->hops_end;) {
		fault = get_hop(r, &pos, r->hops_end, c);
		if (fault == NULL)
			continue;
		r->hops = r->hops_end;
		return malformed(r, fault);
	}
	return r->hops < r->hops_end ? next_hop(r, c) : RTNL_IGNORED;
}

/*
 * In hundredths of a second; negative when it is over but the route was not
 * collected yet, and 0 in every RTM_DELROUTE.
 */
static void
get_expiry(const struct nl_attr *a, struct change_router *c)
{
	struct rta_cacheinfo info;

	if (a[RTA_CACHEINFO].data == NULL || c->router.family != KEV_INET6)
		return;
	memcpy(&info, a[RTA_CACHEINFO].data, sizeof info);
	c->expires = info.rta_expires;
	if (c->expires == 0)
		return;
	c->router.lifetime = c->expires > 0 ? (uint32_t)c->expires / 100 : 0;
	c->router.has |= KEV_BIT(LIFETIME);
}

static void
get_route(const struct nl_attr *a, struct change_router *c)
{
	struct kev_router *router = &c->router;

	router->has |= KEV_BIT(FAMILY) | KEV_BIT(METRIC) | KEV_BIT(PROTOCOL) |
	    KEV_BIT(TABLE);
	if (a[RTA_PRIORITY].data != NULL)
		router->metric = nl_u32(&a[RTA_PRIORITY]);
	if (a[RTA_PREFSRC].data != NULL)
		get_ip(&a[RTA_PREFSRC], &c->prefsrc);
	if (a[RTA_NH_ID].data != NULL)
		c->nh_id = nl_u32(&a[RTA_NH_ID]);
	get_expiry(a, c);
}

static bool
is_default(const struct rtmsg *head, uint32_t table)
{
	return head->rtm_dst_len == 0 &&
	    (head->rtm_flags & RTM_F_CLONED) == 0 && table != RT_TABLE_LOCAL;
}

static enum rtnl_found
decode_route(struct rtnl_reader *r, struct change *c)
{
	struct nl_attr a[ROUTE_ATTRS];
	struct kev_router *router = &c->router.router;
	struct rtmsg head;
	const char *fault;

	if (!get_head(r, &head, sizeof head))
		return malformed(r, "route message is too short");
	router->family = kev_family(head.rtm_family);
	if (router->family == 0)
		return RTNL_IGNORED;
	if (head.rtm_dst_len > 8 * address_len(router->family))
		return malformed(r, "prefix length is too large");
	fault = get_attrs(r, sizeof head, route_sizes, ROUTE_ATTRS,
	    router->family, a);
	if (fault != NULL)
		return malformed(r, fault);
	router->table = a[RTA_TABLE].data != NULL ? nl_u32(&a[RTA_TABLE]) :
	    head.rtm_table;
	if (!is_default(&head, router->table))
		return RTNL_IGNORED;
	c->type = r->type == RTM_NEWROUTE ? CHANGE_ROUTER : CHANGE_ROUTER_GONE;
	c->router.replaces = r->type == RTM_NEWROUTE &&
	    (r->flags & NLM_F_REPLACE) != 0;
	router->protocol = (uint16_t)(KEV_PROTO_ROUTE | head.rtm_protocol);
	get_route(a, &c->router);
	if (head.rtm_type == RTN_UNICAST && a[RTA_MULTIPATH].data != NULL)
		return begin_hops(r, &a[RTA_MULTIPATH], c);
	/* Through this one no packets leave, but maybe through the one before;
	 * or a next hop object is all that is said: see nexthops.h. */
	if (head.rtm_type != RTN_UNICAST || a[RTA_OIF].data == NULL) {
		c->type = CHANGE_ROUTES;
		return c->router.replaces || c->router.nh_id != 0 ?
		    RTNL_CHANGE : RTNL_IGNORED;
	}
	c->ifindex = nl_u32(&a[RTA_OIF]);
	if (c->ifindex == 0 || c->ifindex > INT32_MAX)
		return malformed(r, "route without an interface");
	fault = get_gateway(a, router);
	return fault == NULL ? RTNL_CHANGE : malformed(r, fault);
}

/* RTM_NEWNEXTHOP too: a group that lost a member takes it from its routes, and
 * says no more than that. */
static enum rtnl_found
decode_nexthop(struct rtnl_reader *r, struct change *c)
{
	struct nl_attr a[NEXTHOP_ATTRS];
	struct nhmsg head;
	const char *fault;

	if (!get_head(r, &head, sizeof head))
		return malformed(r, "next hop message is too short");
	fault = get_attrs(r, sizeof head, nexthop_sizes, NEXTHOP_ATTRS, 0, a);
	if (fault != NULL)
		return malformed(r, fault);
	if (a[NHA_ID].data == NULL)
		return RTNL_IGNORED;
	c->type = CHANGE_NEXTHOP;
	c->router.nh_id = nl_u32(&a[NHA_ID]);
	return RTNL_CHANGE;
}

/*
 * Only what is known for sure: that it failed, or that it is there. Between
 * them (INCOMPLETE, PROBE) the kernel is still trying. RTM_DELNEIGH says that
 * an entry is not kept any longer, which is neither.
 */
static enum rtnl_found
decode_neigh(struct rtnl_reader *r, struct change *c)
{
	struct nl_attr a[NEIGH_ATTRS];
	struct ndmsg head;
	const char *fault;
	uint8_t family;

	if (!get_head(r, &head, sizeof head))
		return malformed(r, "neighbour message is too short");
	family = kev_family(head.ndm_family);
	if (family == 0)
		return RTNL_IGNORED;
	if (head.ndm_ifindex <= 0)
		return malformed(r, "neighbour without an interface");
	fault = get_attrs(r, sizeof head, neigh_sizes, NEIGH_ATTRS, family, a);
	if (fault != NULL)
		return malformed(r, fault);
	if (a[NDA_DST].data == NULL)
		return RTNL_IGNORED;
	c->neigh.failed = (head.ndm_state & NUD_FAILED) != 0;
	if (!c->neigh.failed && ((head.ndm_state & (NUD_REACHABLE | NUD_STALE |
	    NUD_DELAY | NUD_PERMANENT)) == 0 || a[NDA_LLADDR].len == 0))
		return RTNL_IGNORED;
	c->type = CHANGE_NEIGH;
	c->ifindex = (uint32_t)head.ndm_ifindex;
	get_ip(&a[NDA_DST], &c->neigh.address);
	c->neigh.lladdr.len = (uint8_t)a[NDA_LLADDR].len;
	if (a[NDA_LLADDR].len > 0)
		memcpy(c->neigh.lladdr.byte, a[NDA_LLADDR].data,
		    a[NDA_LLADDR].len);
	return RTNL_CHANGE;
}

/*
 * An option of a router advertisement that the kernel leaves to others, one a
 * message. PREF64 (RFC 8781): type, length in 8 octets, 13 bits of lifetime in
 * 8 seconds, 3 bits that stand for a prefix length, 96 bits of prefix.
 */
static enum rtnl_found
decode_useropt(struct rtnl_reader *r, struct change *c)
{
	static const uint8_t lengths[8] = { 96, 64, 56, 48, 40, 32 };
	const uint8_t *option = r->bytes + r->at + sizeof(struct nlmsghdr);
	struct nl_attr a[USEROPT_ATTRS];
	struct nduseroptmsg head;
	const char *fault;
	unsigned lifetime;
	size_t skip, bits;

	if (!get_head(r, &head, sizeof head))
		return malformed(r, "option message is too short");
	option += sizeof head;
	skip = sizeof head + NLMSG_ALIGN((size_t)head.nduseropt_opts_len);
	if (sizeof(struct nlmsghdr) + skip > r->size)
		return malformed(r, "option is longer than its message");
	if (head.nduseropt_opts_len < 8 || option[1] == 0 ||
	    8u * option[1] > head.nduseropt_opts_len)
		return malformed(r, "length of an option is wrong");
	if (head.nduseropt_family != AF_INET6 || option[0] != PREF64)
		return RTNL_IGNORED;
	if (head.nduseropt_ifindex <= 0)
		return malformed(r, "option without an interface");
	fault = get_attrs(r, skip, useropt_sizes, USEROPT_ATTRS, KEV_INET6, a);
	if (fault != NULL)
		return malformed(r, fault);
	if (option[1] != 2)
		return malformed(r, "PREF64 has the wrong size");
	lifetime = option[2] * 256u + option[3];
	bits = lengths[lifetime & 7];
	if (bits == 0)
		return RTNL_IGNORED;
	c->type = CHANGE_NAT64;
	c->ifindex = (uint32_t)head.nduseropt_ifindex;
	c->nat64.lifetime = (uint16_t)(lifetime & ~7u);
	c->nat64.prefixlen = (uint8_t)bits;
	c->nat64.prefix.family = KEV_INET6;
	/* What lies beyond the prefix is to be zero, but is the sender's. */
	memcpy(c->nat64.prefix.byte, option + 4, bits / 8);
	if (a[NDUSEROPT_SRCADDR].data != NULL)
		get_ip(&a[NDUSEROPT_SRCADDR], &c->nat64.router);
	return RTNL_CHANGE;
}

/* What ends a dump or answers a request. A short DONE has no error to tell. */
static enum rtnl_found
decode_error(struct rtnl_reader *r)
{
	int error = 0;
	bool told = get_head(r, &error, sizeof error);

	if (r->type == NLMSG_ERROR && !told)
		return malformed(r, "error message is too short");
	r->error = error < 0 ? error : 0;
	return r->type == NLMSG_ERROR ? RTNL_ERROR : RTNL_DONE;
}

static enum rtnl_found
decode(struct rtnl_reader *r, struct change *c)
{
	switch (r->type) {
	case NLMSG_ERROR:
	case NLMSG_DONE:
		return decode_error(r);
	case NLMSG_OVERRUN:
		return RTNL_OVERRUN;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return decode_link(r, c);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return decode_addr(r, c);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return decode_route(r, c);
	case RTM_NEWNEIGH:
		return decode_neigh(r, c);
	case RTM_NEWNDUSEROPT:
		return decode_useropt(r, c);
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return decode_nexthop(r, c);
	default:
		return RTNL_IGNORED;
	}
}

HOT void
rtnl_reader_init(struct rtnl_reader *r, const void *bytes, size_t len)
{
	*r = (struct rtnl_reader){ .bytes = bytes, .len = len };
}

HOT enum rtnl_found
rtnl_next(struct rtnl_reader *r, struct change *c)
{
	size_t left = r->len - r->next, next;
	struct nlmsghdr head;
	const char *fault;

	r->more = r->hops < r->hops_end;
	if (r->more)
		return next_hop(r, c);
	memset(c, 0, sizeof *c);
	/* A datagram has a message in it; an empty one is as wrong as half. */
	if (left == 0 && (r->len > 0 || r->fault != NULL))
		return RTNL_END;
	r->at = r->next;
	fault = nl_message(r->bytes + r->at, left, &head, &next);
	r->next = r->at + next;
	r->size = fault != NULL ? left : head.nlmsg_len;
	r->type = head.nlmsg_type;
	r->flags = head.nlmsg_flags;
	r->seq = head.nlmsg_seq;
	r->pid = c->pid = head.nlmsg_pid;
	return fault == NULL ? decode(r, c) : malformed(r, fault);
}

HOT const char *
rtnl_type_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ NLMSG_NOOP, "noop" }, { NLMSG_ERROR, "error" },
		{ NLMSG_DONE, "done" }, { NLMSG_OVERRUN, "overrun" },
		{ RTM_NEWLINK, "newlink" }, { RTM_DELLINK, "dellink" },
		{ RTM_NEWADDR, "newaddr" }, { RTM_DELADDR, "deladdr" },
		{ RTM_NEWROUTE, "newroute" }, { RTM_DELROUTE, "delroute" },
		{ RTM_NEWNEIGH, "newneigh" }, { RTM_DELNEIGH, "delneigh" },
		{ RTM_NEWNDUSEROPT, "newnduseropt" },
		{ RTM_NEWNEXTHOP, "newnexthop" },
		{ RTM_DELNEXTHOP, "delnexthop" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return NULL;
}

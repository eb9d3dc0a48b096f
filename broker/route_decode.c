#include "config.h"

#include "route_decode.h"

#include "kame.h"

#include <string.h>

/* What a message is, whatever number its system gives it. */
enum kind {
	NONE,
	ADD, DELETE, CHANGE, MISS, RESOLVE,
	OTHER_ROUTE,		/* as a route, but tells of nothing */
	NEWADDR, DELADDR, CHGADDR,
	IFINFO, ANNOUNCE, WIRELESS, INFO80211, MULTICAST, DESYNC
};

/* Words for -v. */
static const char *const kind_names[] = {
	[ADD] = "add", [DELETE] = "delete", [CHANGE] = "change",
	[MISS] = "miss", [RESOLVE] = "resolve", [OTHER_ROUTE] = "route",
	[NEWADDR] = "newaddr", [DELADDR] = "deladdr", [CHGADDR] = "chgaddr",
	[IFINFO] = "ifinfo", [ANNOUNCE] = "ifannounce",
	[WIRELESS] = "ieee80211", [INFO80211] = "80211info",
	[MULTICAST] = "maddr", [DESYNC] = "desync",
};

#define TYPES 0x19

/*
 * One system's: its numbers for what differs, and offsets into its messages,
 * of which 0 is "has none". Sizes are those of the fixed part, behind which
 * sockaddrs are, each on a multiple of "align".
 */
struct route_system {
	const char *os;
	uint8_t version, inet6, align;
	uint8_t sockaddrs;	/* RTAX_MAX */
	uint8_t hdrlen;		/* where the sockaddrs begin */
	uint8_t down, up;	/* LINK_STATE_*: not beyond, not below */
	bool renames;		/* departure and arrival may be one rename */
	uint8_t kinds[TYPES];
	struct {
		uint8_t size, index, flags, addrs, pid, error, table, priority;
	} route;
	struct {
		uint8_t size, index, flags, addrs, type;
		uint8_t state, mtu;
	} link;
	struct {
		uint8_t size, index, addrs, flags;
	} addr;
	struct {
		uint8_t size, index, name, what;
	} announce;
	struct {
		uint8_t size, nwid_len;
	} info;
	struct {
		uint8_t size;
	} multicast;
};

/* Numbers and offsets are in a file a system. */
#define NUMBER(member, theirs, number) .member = (number),
#define KIND(kind, theirs, number) .kinds[number] = (kind),
#define SIZE(part, theirs, number) .part.size = (number),
#define AT(part, member, theirs, their_member, number) .part.member = (number),

static const struct route_system systems[] = {
	{
		.os = "freebsd",
		.renames = true,
#include "route_freebsd.def"
	}, {
		.os = "netbsd",
#include "route_netbsd.def"
	}, {
		.os = "openbsd",
#include "route_openbsd.def"
	}, {
		.os = "macos",
#include "route_macos.def"
	},
};
#define SYSTEMS (sizeof systems / sizeof systems[0])

enum {
#define CONSTANT(ours, theirs, number) ours = (number),
#include "route_constants.def"
	SOCKADDRS = BRD + 1	/* that we look at */
};

#define PROTO_STATIC (KEV_PROTO_ROUTE | 4)

/* IN_IFF_*, which are not those of IPv6. */
#define IN_TENTATIVE 0x1
#define IN_DUPLICATED 0x2
#define IN_DETACHED 0x4

#define NWID_MAX 32

/* One in a message, up to its own length; what is beyond counts as 0. */
struct sockaddr_at {
	const uint8_t *p;	/* NULL: it is not there */
	uint8_t len;
};

static enum route_found
malformed(struct route_reader *r, const char *fault)
{
	r->fault = fault;
	return ROUTE_MALFORMED;
}

static void
get_bytes(const struct sockaddr_at *sa, size_t from, void *dst, size_t len)
{
	memset(dst, 0, len);
	if (sa->len > from)
		memcpy(dst, sa->p + from, sa->len - from < len ?
		    sa->len - from : len);
}

static uint8_t
family_of(const struct route_reader *r, const struct sockaddr_at *sa)
{
	if (sa->len < 2)
		return 0;
	return sa->p[1] == FAMILY_INET ? KEV_INET :
	    sa->p[1] == r->system->inet6 ? KEV_INET6 : 0;
}

static bool
is_link(const struct sockaddr_at *sa)
{
	return sa->len >= 2 && sa->p[1] == FAMILY_LINK;
}

/* The scope of a link-local address is in it, or beside. */
static uint32_t
get_ip(const struct route_reader *r, const struct sockaddr_at *sa,
    struct kev_ip *ip)
{
	uint8_t beside[4];
	uint32_t scope;

	memset(ip, 0, sizeof *ip);
	ip->family = family_of(r, sa);
	if (ip->family == KEV_INET)
		get_bytes(sa, 4, ip->byte, 4);
	else if (ip->family == KEV_INET6)
		get_bytes(sa, 8, ip->byte, 16);
	if (ip->family != KEV_INET6)
		return 0;
	scope = kame_unscope(ip);
	get_bytes(sa, 24, beside, sizeof beside);
	return scope != 0 ? scope : kame_u32(beside);
}

static bool
is_any(const struct kev_ip *ip)
{
	static const uint8_t zero[sizeof ip->byte];

	return memcmp(ip->byte, zero, sizeof zero) == 0;
}

/* sockaddr_dl: index, a name, then the address; false: there is no address. */
static bool
get_lladdr(const struct sockaddr_at *sa, struct kev_lladdr *lladdr)
{
	uint8_t head[8];

	memset(lladdr, 0, sizeof *lladdr);
	get_bytes(sa, 0, head, sizeof head);
	if (!is_link(sa) || head[6] == 0 || head[6] > sizeof lladdr->byte)
		return false;
	lladdr->len = head[6];
	memcpy(lladdr->byte, sa->p + 8 + head[5], head[6]);
	return true;
}

static uint32_t
get_index(const struct sockaddr_at *sa)
{
	uint8_t index[2];

	get_bytes(sa, 2, index, sizeof index);
	return is_link(sa) ? kame_u16(index) : 0;
}

static const char *
check(const struct route_reader *r, const struct sockaddr_at *sa)
{
	uint8_t family = family_of(r, sa), head[8];

	if ((family == KEV_INET && sa->len < 8) ||
	    (family == KEV_INET6 && sa->len < 24))
		return "address is too short";
	get_bytes(sa, 0, head, sizeof head);
	/* head[5] and head[6]: lengths of its name and address. */
	if (is_link(sa) && head[5] + head[6] > 0 &&
	    8 + head[5] + head[6] > sa->len)
		return "link-level address is longer than it says";
	return NULL;
}

/* Those of the MASK, from POS of the message on. The last one needs no more
 * bytes than it has. */
static const char *
get_sockaddrs(const struct route_reader *r, size_t pos, uint32_t mask,
    struct sockaddr_at sa[SOCKADDRS])
{
	size_t align = r->system->align;
	const uint8_t *p = r->bytes + r->at;
	const char *fault = NULL;
	struct sockaddr_at one;
	unsigned i;

	memset(sa, 0, SOCKADDRS * sizeof *sa);
	for (i = 0; i < r->system->sockaddrs && fault == NULL; i++) {
		if ((mask & 1u << i) == 0)
			continue;
		if (pos >= r->size)
			return "address is announced, but not there";
		one = (struct sockaddr_at){ p + pos, p[pos] };
		if (one.len > r->size - pos)
			return "address is longer than its message";
		pos += one.len == 0 ? align :
		    (one.len + align - 1) / align * align;
		if (i >= SOCKADDRS)
			continue;
		sa[i] = one;
		/* What a mask says it is means nothing. */
		if (i != NETMASK && i != NETMASK + 1)
			fault = check(r, &one);
	}
	return fault;
}

static const char *
get_name(const struct sockaddr_at *ifp, char ifname[KEV_IFNAMSIZ])
{
	uint8_t len[1];

	get_bytes(ifp, 5, len, sizeof len);
	if (!is_link(ifp) || len[0] == 0)
		return NULL;
	if (len[0] >= KEV_IFNAMSIZ)
		return "name of an interface is too long";
	memcpy(ifname, ifp->p + 8, len[0]);
	return NULL;
}

/* The bits of a mask, of the family of what it is for; -1: it is none. */
static int
get_prefixlen(const struct sockaddr_at *mask, uint8_t family)
{
	size_t len = family == KEV_INET ? 4 : 16;
	uint8_t bytes[16];

	if (mask->p == NULL)
		return -1;
	get_bytes(mask, family == KEV_INET ? 4 : 8, bytes, len);
	return kame_prefixlen(bytes, len);
}

/* IFT_*, as ARPHRD_*; 0: not known. */
static uint16_t
hardware_type(uint8_t type)
{
	switch (type) {
	case 6:		/* Ethernet, and what behaves so: 802.11, VLAN, */
	case 71:	/* aggregates, bridges */
	case 135:
	case 161:
	case 209:
		return 1;
	case 23:	/* PPP */
		return 512;
	case 24:	/* loopback */
		return 772;
	case 28:	/* SLIP */
		return 256;
	case 144:	/* FireWire */
		return 24;
	default:
		return 0;
	}
}

/* As Linux's; whether it runs is concluded from the state of the link. */
static uint32_t
link_flags(uint32_t flags)
{
	/* UP, BROADCAST, DEBUG, LOOPBACK, POINTOPOINT, NOARP, PROMISC and
	 * ALLMULTI are the same; MULTICAST is not. */
	return (flags & 0x39f) | (flags & LINK_MULTICAST ? 0x1000 : 0);
}

/* Who is not up, or not yet ready, is down whatever the cable is like. */
static void
get_state(const struct route_reader *r, const uint8_t *p, struct kev_link *l)
{
	const struct route_system *s = r->system;
	uint32_t flags = kame_u32(p + s->link.flags);
	uint8_t state;

	if (s->link.state == 0)
		return;
	state = p[s->link.state];
	if (state != 0) {
		l->carrier = state >= s->up;
		l->has |= KEV_BIT(CARRIER);
	}
	l->operstate = (flags & LINK_UP) == 0 || (flags & LINK_RUNNING) == 0 ||
	    (state != 0 && state <= s->down) ? KEV_OPER_DOWN :
	    state == 0 ? KEV_OPER_UNKNOWN : KEV_OPER_UP;
	l->has |= KEV_BIT(OPERSTATE);
}

static enum route_found
decode_link(struct route_reader *r, const uint8_t *p,
    const struct sockaddr_at *sa, struct change *c)
{
	const struct route_system *s = r->system;
	struct kev_link *l = &c->link.link;
	const char *fault = get_name(&sa[IFP], c->ifname);

	if (fault != NULL)
		return malformed(r, fault);
	c->type = CHANGE_LINK;
	c->ifindex = kame_u16(p + s->link.index);
	l->flags = link_flags(kame_u32(p + s->link.flags));
	l->mtu = kame_u32(p + s->link.mtu);
	l->type = hardware_type(p[s->link.type]);
	l->has = KEV_BIT(FLAGS) | KEV_BIT(MTU) |
	    (l->type != 0 ? KEV_BIT(TYPE) : 0);
	if (get_lladdr(&sa[IFP], &l->lladdr))
		l->has |= KEV_BIT(LLADDR);
	get_state(r, p, l);
	return ROUTE_CHANGE;
}

static enum route_found
decode_announce(struct route_reader *r, const uint8_t *p, enum kind kind,
    struct change *c)
{
	const struct route_system *s = r->system;
	const char *name = (const char *)p + s->announce.name;
	uint16_t what = kame_u16(p + s->announce.what);

	if (memchr(name, '\0', NAME_LEN) == NULL)
		return malformed(r, "name of an interface without an end");
	/* Of 802.11, with other numbers for what happened. */
	if (kind == WIRELESS || what > 1)
		return ROUTE_IGNORED;
	if (name[0] == '\0')
		return malformed(r, "interface without a name");
	strcpy(c->ifname, name);
	c->ifindex = kame_u16(p + s->announce.index);
	c->type = what == 0 ? CHANGE_LINK : CHANGE_LINK_GONE;
	c->present = what == 0;
	c->link.arrives = what == 0;
	c->link.renames = what == 1 && s->renames;
	return ROUTE_CHANGE;
}

static void
get_in_flags(struct kev_addr *a, uint32_t flags)
{
	a->status = flags & IN_DUPLICATED ? KEV_DUPLICATE :
	    flags & IN_TENTATIVE ? KEV_TENTATIVE :
	    flags & IN_DETACHED ? KEV_INACCESSIBLE : KEV_PREFERRED;
	a->flags = (flags & IN_DUPLICATED ? KEV_IFA_DADFAILED : 0) |
	    (flags & IN_TENTATIVE ? KEV_IFA_TENTATIVE : 0);
	a->has |= KEV_BIT(FLAGS) | KEV_BIT(STATUS);
}

/* Only NetBSD tells what has become of an address, and who has it. */
static void
get_status(const struct route_reader *r, const uint8_t *p,
    const struct sockaddr_at *sa, struct kev_addr *a)
{
	const struct route_system *s = r->system;

	if (s->addr.flags == 0)
		return;
	if (a->family == KEV_INET6)
		kame_in6_flags(a, kame_u32(p + s->addr.flags));
	else
		get_in_flags(a, kame_u32(p + s->addr.flags));
	if (a->status == KEV_DUPLICATE && get_lladdr(&sa[AUTHOR], &a->lladdr))
		a->has |= KEV_BIT(LLADDR);
}

/* RTA_BRD is the broadcast address, or the other end's: the state knows. */
static void
get_other_end(const struct route_reader *r, const struct sockaddr_at *brd,
    struct kev_addr *a)
{
	struct kev_ip other;

	(void)get_ip(r, brd, &other);
	if (other.family != a->family || is_any(&other) ||
	    kev_ip_cmp(&other, &a->address) == 0)
		return;
	if (a->family == KEV_INET) {
		a->broadcast = other;
		a->has |= KEV_BIT(BROADCAST);
	} else {
		a->peer = other;
		a->has |= KEV_BIT(PEER);
	}
}

static enum route_found
decode_lladdr(const struct sockaddr_at *sa, enum kind kind, struct change *c)
{
	struct kev_link *l = &c->link.link;

	/* Others may be added and removed; only one is in use. */
	if (kind != CHGADDR)
		return ROUTE_IGNORED;
	if (!get_lladdr(&sa[IFA], &l->lladdr))
		return ROUTE_IGNORED;
	l->has = KEV_BIT(LLADDR);
	c->type = CHANGE_LINK;
	return ROUTE_CHANGE;
}

/* A removed one tells the flags that it had at some time. */
static enum route_found
decode_addr(struct route_reader *r, const uint8_t *p, enum kind kind,
    const struct sockaddr_at *sa, struct change *c)
{
	struct kev_addr *a = &c->addr;
	const char *fault;
	int bits;

	if (sa[IFA].p == NULL)
		return malformed(r, "address message without an address");
	fault = get_name(&sa[IFP], c->ifname);
	if (fault != NULL)
		return malformed(r, fault);
	c->ifindex = kame_u16(p + r->system->addr.index);
	if (is_link(&sa[IFA]))
		return decode_lladdr(sa, kind, c);
	(void)get_ip(r, &sa[IFA], &a->address);
	a->family = a->address.family;
	if (a->family == 0)
		return ROUTE_IGNORED;
	c->type = kind == DELADDR ? CHANGE_ADDR_GONE : CHANGE_ADDR;
	a->scope = kame_scope(&a->address);
	a->has = KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(SCOPE);
	bits = get_prefixlen(&sa[NETMASK], a->family);
	if (bits >= 0) {
		a->prefixlen = (uint32_t)bits;
		a->has |= KEV_BIT(PREFIXLEN);
	}
	get_other_end(r, &sa[BRD], a);
	if (kind == DELADDR)
		a->valid_lft = a->preferred_lft = KEV_FOREVER;
	else
		get_status(r, p, sa, a);
	return ROUTE_CHANGE;
}

/* Whose index it is: told, or that of a link or scope in the addresses. */
static uint32_t
route_index(const struct route_reader *r, const uint8_t *p,
    const struct sockaddr_at *sa)
{
	uint32_t index = kame_u16(p + r->system->route.index);
	struct kev_ip gateway;

	if (index == 0)
		index = get_index(&sa[IFP]);
	if (index == 0)
		index = get_index(&sa[GATEWAY]);
	if (index == 0)
		index = get_ip(r, &sa[GATEWAY], &gateway);
	return index <= UINT16_MAX ? index : 0;
}

/*
 * A neighbour is a host route whose gateway is a link-level address. NetBSD
 * tells of one that does not answer, by a miss of the same kind without one.
 */
static enum route_found
decode_neigh(const struct route_reader *r, enum kind kind, uint32_t flags,
    const struct sockaddr_at *sa, struct change *c)
{
	struct change_neigh *n = &c->neigh;
	bool answers;

	if ((flags & ROUTE_HOST) == 0 || (flags & ROUTE_LLDATA) == 0 ||
	    !is_link(&sa[GATEWAY]) || kind == DELETE)
		return ROUTE_IGNORED;
	answers = get_lladdr(&sa[GATEWAY], &n->lladdr);
	n->failed = kind == MISS;
	if (answers == n->failed)
		return ROUTE_IGNORED;
	(void)get_ip(r, &sa[DST], &n->address);
	c->type = CHANGE_NEIGH;
	return ROUTE_CHANGE;
}

static bool
is_default(const struct route_reader *r, uint32_t flags,
    const struct sockaddr_at *sa)
{
	struct kev_ip dst;

	(void)get_ip(r, &sa[DST], &dst);
	return is_any(&dst) && (flags & ROUTE_HOST) == 0 &&
	    get_prefixlen(&sa[NETMASK], dst.family) == 0;
}

static void
get_router(const struct route_reader *r, const uint8_t *p, uint32_t flags,
    const struct sockaddr_at *sa, struct kev_router *router)
{
	const struct route_system *s = r->system;

	router->has = KEV_BIT(FAMILY);
	router->family = family_of(r, &sa[DST]);
	(void)get_ip(r, &sa[GATEWAY], &router->gateway);
	if (router->gateway.family != 0)
		router->has |= KEV_BIT(GATEWAY);
	if (flags & ROUTE_STATIC) {
		router->protocol = PROTO_STATIC;
		router->has |= KEV_BIT(PROTOCOL);
	}
	if (s->route.priority == 0)
		return;
	router->metric = p[s->route.priority];
	router->table = kame_u16(p + s->route.table);
	router->has |= KEV_BIT(METRIC) | KEV_BIT(TABLE);
}

/* With an error it is the echo of a request that failed. */
static enum route_found
decode_route(struct route_reader *r, const uint8_t *p, enum kind kind,
    const struct sockaddr_at *sa, struct change *c)
{
	const struct route_system *s = r->system;
	uint32_t flags = kame_u32(p + s->route.flags);
	const char *fault = get_name(&sa[IFP], c->ifname);

	if (fault != NULL)
		return malformed(r, fault);
	if (kind == OTHER_ROUTE || family_of(r, &sa[DST]) == 0 ||
	    kame_u32(p + s->route.error) != 0)
		return ROUTE_IGNORED;
	c->ifindex = route_index(r, p, sa);
	c->pid = kame_u32(p + s->route.pid);
	if (kind == MISS || kind == RESOLVE || !is_default(r, flags, sa))
		return decode_neigh(r, kind, flags, sa, c);
	if (flags & (ROUTE_REJECT | ROUTE_BLACKHOLE))
		return ROUTE_IGNORED;
	c->type = kind == DELETE ? CHANGE_ROUTER_GONE : CHANGE_ROUTER;
	c->present = kind != DELETE;
	c->router.changes = kind == CHANGE;
	get_router(r, p, flags, sa, &c->router.router);
	return ROUTE_CHANGE;
}

/* The size of the fixed part, and where it tells which sockaddrs follow. */
static size_t
fixed_part(const struct route_system *s, enum kind kind, uint8_t *addrs)
{
	*addrs = 0;
	switch (kind) {
	case NEWADDR:
	case DELADDR:
	case CHGADDR:
		*addrs = s->addr.addrs;
		return s->addr.size;
	case IFINFO:
		*addrs = s->link.addrs;
		return s->link.size;
	case ANNOUNCE:
	case WIRELESS:
		return s->announce.size;
	case INFO80211:
		return s->info.size;
	case MULTICAST:
		return s->multicast.size;
	default:
		*addrs = s->route.addrs;
		return s->route.size;
	}
}

static enum route_found
decode(struct route_reader *r, const uint8_t *p, enum kind kind,
    const struct sockaddr_at *sa, struct change *c)
{
	c->present = c->part = true;
	switch (kind) {
	case DESYNC:
		return ROUTE_OVERRUN;
	case MULTICAST:
		return ROUTE_IGNORED;
	case INFO80211:
		return p[r->system->info.nwid_len] <= NWID_MAX ? ROUTE_IGNORED :
		    malformed(r, "name of a network is too long");
	case ANNOUNCE:
	case WIRELESS:
		return decode_announce(r, p, kind, c);
	case IFINFO:
		return decode_link(r, p, sa, c);
	case NEWADDR:
	case CHGADDR:
		return decode_addr(r, p, kind, sa, c);
	case DELADDR:
		c->present = false;
		return decode_addr(r, p, kind, sa, c);
	default:
		c->present = false;
		return decode_route(r, p, kind, sa, c);
	}
}

/* The message at r->at, which is there as a whole. */
static enum route_found
decode_message(struct route_reader *r, struct change *c)
{
	const uint8_t *p = r->bytes + r->at;
	const struct route_system *s = r->system;
	enum kind kind = p[3] < TYPES ? s->kinds[p[3]] : NONE;
	struct sockaddr_at sa[SOCKADDRS];
	const char *fault;
	uint8_t addrs;
	size_t head;

	if (p[2] != s->version)
		return malformed(r, "message of another version");
	if (kind == NONE)
		return ROUTE_IGNORED;
	r->name = kind_names[kind];
	head = fixed_part(s, kind, &addrs);
	if (r->size < head)
		return malformed(r, "message is too short for its type");
	if (s->hdrlen != 0) {
		if (kame_u16(p + s->hdrlen) < head ||
		    kame_u16(p + s->hdrlen) > r->size)
			return malformed(r, "length of a header is wrong");
		head = kame_u16(p + s->hdrlen);
	}
	fault = get_sockaddrs(r, head, addrs != 0 && kind != DESYNC ?
	    kame_u32(p + addrs) : 0, sa);
	if (fault != NULL)
		return malformed(r, fault);
	return decode(r, p, kind, sa, c);
}

const struct route_system *
route_system(const char *os)
{
	size_t i;

	for (i = 0; i < SYSTEMS; i++) {
		if (strcmp(systems[i].os, os) == 0)
			return &systems[i];
	}
	return NULL;
}

/* 64 bits, little-endian: all that there are tables for. */
bool
route_abi(const char *abi)
{
	return strcmp(abi, "lp64le") == 0;
}

void
route_reader_init(struct route_reader *r, const struct route_system *system,
    const void *bytes, size_t len)
{
	*r = (struct route_reader){ .system = system, .bytes = bytes,
	    .len = len };
}

/* A length that cannot be leaves no way to find the next one. */
enum route_found
route_next(struct route_reader *r, struct change *c)
{
	size_t left = r->len - r->next, size;

	memset(c, 0, sizeof *c);
	/* There is a message in what was read; nothing is as wrong as half. */
	if (left == 0 && (r->len > 0 || r->fault != NULL))
		return ROUTE_END;
	r->at = r->next;
	r->size = left;
	r->next = r->len;
	r->name = NULL;
	r->fault = NULL;
	if (left < 4)
		return malformed(r, "message is cut");
	size = kame_u16(r->bytes + r->at);
	if (size < 4)
		return malformed(r, "length of a message is wrong");
	if (size > left)
		return malformed(r, "message is longer than what was read");
	r->size = size;
	r->next = r->at + size;
	return decode_message(r, c);
}

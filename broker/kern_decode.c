#include "config.h"

#include "kern_decode.h"

#include "kame.h"

#include <stdio.h>
#include <string.h>

enum {
#define SIZE(header, ours, theirs, number) ours##_LEN = (number),
#define AT(header, ours, theirs, their_member, number) AT_##ours = (number),
#define CONSTANT(header, ours, theirs, number) ours = (number),
#include "kern_layout.def"
};

struct event {
	struct kern_reader *r;
	const uint8_t *data;
	size_t len;
};
typedef enum kern_found decode_fn(const struct event *, struct change *);

static enum kern_found
malformed(struct kern_reader *r, const char *fault)
{
	r->fault = fault;
	return KERN_MALFORMED;
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

static void
get_ip(const uint8_t *p, uint8_t family, struct kev_ip *ip)
{
	memset(ip, 0, sizeof *ip);
	ip->family = family;
	memcpy(ip->byte, p, family == KEV_INET ? 4 : 16);
	(void)kame_unscope(ip);
}

/*
 * "en" and 0 are en0. The name ends with its NUL or its place (IOKit copies it
 * so); behind a NUL there may be anything.
 */
static const char *
get_name(const uint8_t *link, char ifname[KEV_IFNAMSIZ])
{
	size_t len = strnlen((const char *)link + AT_NAME, NAME_LEN);
	int n;

	if (len == 0)
		return "interface without a name";
	n = snprintf(ifname, KEV_IFNAMSIZ, "%.*s%u", (int)len,
	    (const char *)link + AT_NAME, (unsigned)kame_u32(link + AT_UNIT));
	return n < KEV_IFNAMSIZ ? NULL : "name of an interface is too long";
}

static enum kern_found
name_link(const struct event *e, enum change_type type, struct change *c)
{
	const char *fault = get_name(e->data, c->ifname);

	if (fault != NULL)
		return malformed(e->r, fault);
	c->type = type;
	c->present = type != CHANGE_LINK_GONE && type != CHANGE_ADDR_GONE &&
	    type != CHANGE_STATUS;
	c->part = true;
	return KERN_CHANGE;
}

/* As ARPHRD_*, which is what Linux has for the same; 0: not known. */
static uint16_t
hardware_type(uint32_t family)
{
	switch (family) {
	case 1:		/* loopback */
		return 772;
	case 2:		/* Ethernet, and what behaves so: VLAN, bond */
	case 5:
	case 14:
		return 1;
	case 3:		/* SLIP */
		return 256;
	case 6:		/* PPP */
		return 512;
	case 13:	/* FireWire */
		return 24;
	case 12:	/* 6to4 */
		return 776;
	default:
		return 0;
	}
}

static enum kern_found
link_attached(const struct event *e, struct change *c)
{
	c->link.link.type = hardware_type(kame_u32(e->data + AT_FAMILY));
	if (c->link.link.type != 0)
		c->link.link.has |= KEV_BIT(TYPE);
	return name_link(e, CHANGE_LINK, c);
}

static enum kern_found
link_detaching(const struct event *e, struct change *c)
{
	return name_link(e, CHANGE_LINK_GOING, c);
}

static enum kern_found
link_detached(const struct event *e, struct change *c)
{
	return name_link(e, CHANGE_LINK_GONE, c);
}

/*
 * From macOS 11 to 14 interfaces that are software (bridge, vlan, bond, feth up
 * to 15.3) had all of it four bytes further on. Nothing else looks so: there is
 * no family 0.
 */
static bool
is_shifted(const struct event *e)
{
	const uint8_t *p = e->data + 4;
	uint32_t family, unit;
	size_t i;

	if (e->len != LINK_LEN + 4 || kame_u32(e->data) != 0)
		return false;
	family = kame_u32(p + AT_FAMILY);
	unit = kame_u32(p + AT_UNIT);
	for (i = 0; i < NAME_LEN && p[AT_NAME + i] != 0; i++) {
		if (p[AT_NAME + i] <= ' ' || p[AT_NAME + i] > '~')
			return false;
	}
	return i > 0 && family > 0 && family < 256 && unit <= INT16_MAX;
}

static enum kern_found
link_state(const struct event *e, bool up, struct change *c)
{
	struct event moved = { e->r, e->data + 4, LINK_LEN };
	struct kev_link *l = &c->link.link;

	l->has = KEV_BIT(OPERSTATE) | KEV_BIT(CARRIER);
	l->operstate = up ? KEV_OPER_UP : KEV_OPER_DOWN;
	l->carrier = up;
	return name_link(is_shifted(e) ? &moved : e, CHANGE_LINK, c);
}

static enum kern_found
link_off(const struct event *e, struct change *c)
{
	return link_state(e, false, c);
}

static enum kern_found
link_on(const struct event *e, struct change *c)
{
	return link_state(e, true, c);
}

/* Of VLANs, bonds and bridges, too, which are no families of ours. */
static enum kern_found
proto(const struct event *e, bool gone, struct change *c)
{
	uint32_t family = kame_u32(e->data + AT_PROTO_FAMILY);

	if (family != AF_INET_DARWIN && family != AF_INET6_DARWIN)
		return KERN_IGNORED;
	c->proto.family = family == AF_INET_DARWIN ? KEV_INET : KEV_INET6;
	c->proto.gone = gone;
	c->proto.remaining = kame_u32(e->data + AT_PROTO_REMAINING);
	return name_link(e, CHANGE_PROTO, c);
}

static enum kern_found
proto_attached(const struct event *e, struct change *c)
{
	return proto(e, false, c);
}

static enum kern_found
proto_detached(const struct event *e, struct change *c)
{
	return proto(e, true, c);
}

static enum kern_found
link_idle(const struct event *e, struct change *c)
{
	return name_link(e, CHANGE_IDLE, c);
}

static enum kern_found
link_quality(const struct event *e, struct change *c)
{
	c->quality = (int32_t)kame_u32(e->data + AT_QUALITY);
	return name_link(e, CHANGE_QUALITY, c);
}

static void
put_hex(char *dst, const uint8_t *p, size_t len)
{
	for (; len > 0; len--, dst += 2)
		snprintf(dst, 3, "%02x", *p++);
}

/* A module of the driver and what it says are bytes of its own. */
static enum kern_found
link_issues(const struct event *e, struct change *c)
{
	put_hex(c->issues.reason, e->data + AT_ISSUES_MODULE, MODULE_LEN);
	if (!is_zero(e->data + AT_ISSUES_INFO, INFO_LEN))
		put_hex(c->issues.info, e->data + AT_ISSUES_INFO, INFO_LEN);
	return name_link(e, CHANGE_ISSUES, c);
}

/*
 * Of one union the kernel has the broadcast address or the other end's; there
 * is a broadcast address of the network only with the first. On loopback it is
 * the address itself.
 */
static void
get_other_end(const uint8_t *p, struct kev_addr *a)
{
	struct kev_ip other;

	get_ip(p + AT_IN_DSTADDR, KEV_INET, &other);
	if (is_zero(other.byte, 4) || kev_ip_cmp(&other, &a->address) == 0)
		return;
	if (!is_zero(p + AT_IN_NETBROADCAST, 4)) {
		a->broadcast = other;
		a->has |= KEV_BIT(BROADCAST);
	} else {
		a->peer = other;
		a->has |= KEV_BIT(PEER);
	}
}

static enum kern_found
inet_addr(const struct event *e, struct change *c)
{
	struct kev_addr *a = &c->addr;
	uint32_t mask = kame_u32(e->data + AT_IN_MASK);
	const uint8_t bytes[] = { (uint8_t)(mask >> 24), (uint8_t)(mask >> 16),
		(uint8_t)(mask >> 8), (uint8_t)mask };
	int bits = kame_prefixlen(bytes, sizeof bytes);

	a->family = KEV_INET;
	get_ip(e->data + AT_IN_ADDR, KEV_INET, &a->address);
	a->scope = kame_scope(&a->address);
	a->status = KEV_PREFERRED;
	a->has = KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(SCOPE) |
	    KEV_BIT(STATUS);
	if (bits >= 0) {
		a->prefixlen = (uint32_t)bits;
		a->has |= KEV_BIT(PREFIXLEN);
	}
	get_other_end(e->data, a);
	return name_link(e, CHANGE_ADDR, c);
}

/* What it was like does not matter any more, nor why it went. */
static void
forget_status(struct kev_addr *a)
{
	a->flags = 0;
	a->status = KEV_PREFERRED;
	a->valid_lft = a->preferred_lft = KEV_FOREVER;
	a->has &= ~(KEV_BIT(FLAGS) | KEV_BIT(STATUS) | KEV_BIT(LLADDR) |
	    KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT));
}

static enum kern_found
inet_addr_deleted(const struct event *e, struct change *c)
{
	enum kern_found found = inet_addr(e, c);

	forget_status(&c->addr);
	return found == KERN_CHANGE ? name_link(e, CHANGE_ADDR_GONE, c) : found;
}

/* Without padding: the next message follows the last byte of the address. */
static enum kern_found
inet_collision(const struct event *e, struct change *c)
{
	struct kev_lladdr *lladdr = &c->claim.lladdr;
	size_t len = e->data[AT_COLLISION_LEN];

	if (len > e->len - AT_COLLISION_LLADDR)
		return malformed(e->r, "hardware address is longer than its "
		    "message");
	if (len > sizeof lladdr->byte)
		return malformed(e->r, "hardware address is too long");
	get_ip(e->data + AT_COLLISION_ADDR, KEV_INET, &c->claim.address);
	lladdr->len = (uint8_t)len;
	memcpy(lladdr->byte, e->data + AT_COLLISION_LLADDR, len);
	c->claim.sure = true;
	return name_link(e, CHANGE_CLAIM, c);
}

static enum kern_found
inet_port_in_use(const struct event *e, struct change *c)
{
	c->type = CHANGE_PORT;
	c->port.port = kame_u16(e->data + AT_PORT);
	c->port.pid = kame_u32(e->data + AT_PORT_PID);
	return KERN_CHANGE;
}

/* Which router it is about is not told. */
static enum kern_found
neigh(const struct event *e, uint8_t family, bool failed, struct change *c)
{
	c->neigh.address.family = family;
	c->neigh.any = true;
	c->neigh.failed = failed;
	return name_link(e, CHANGE_NEIGH, c);
}

static enum kern_found
inet_router_failure(const struct event *e, struct change *c)
{
	return neigh(e, KEV_INET, true, c);
}

static enum kern_found
inet_router_alive(const struct event *e, struct change *c)
{
	return neigh(e, KEV_INET, false, c);
}

static enum kern_found
nd6_router_failure(const struct event *e, struct change *c)
{
	return neigh(e, KEV_INET6, true, c);
}

static enum kern_found
nd6_router_alive(const struct event *e, struct change *c)
{
	return neigh(e, KEV_INET6, false, c);
}

static enum kern_found
inet6_addr(const struct event *e, struct change *c)
{
	uint32_t flags = kame_u32(e->data + AT_IN6_FLAGS);
	struct kev_addr *a = &c->addr;

	a->prefixlen = kame_u32(e->data + AT_IN6_PLEN);
	if (a->prefixlen > 128)
		return malformed(e->r, "prefix length is too large");
	a->family = KEV_INET6;
	get_ip(e->data + AT_IN6_ADDR, KEV_INET6, &a->address);
	a->scope = kame_scope(&a->address);
	a->valid_lft = kame_u32(e->data + AT_IN6_VALID);
	a->preferred_lft = kame_u32(e->data + AT_IN6_PREFERRED);
	kame_in6_flags(a, flags);
	a->has |= KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(PREFIXLEN) |
	    KEV_BIT(SCOPE) | KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT);
	if (a->valid_lft == KEV_FOREVER &&
	    (flags & (IN6_AUTOCONF | IN6_DYNAMIC)) == 0)
		a->flags |= KEV_IFA_PERMANENT;
	get_ip(e->data + AT_IN6_DSTADDR, KEV_INET6, &a->peer);
	if (!is_zero(a->peer.byte, 16))
		a->has |= KEV_BIT(PEER);
	else
		a->peer.family = 0;
	if (a->status == KEV_DUPLICATE && e->len > IN6_LEN &&
	    !is_zero(e->data + AT_IN6_MAC, 6)) {
		a->lladdr.len = 6;
		memcpy(a->lladdr.byte, e->data + AT_IN6_MAC, 6);
		a->has |= KEV_BIT(LLADDR);
	}
	return name_link(e, CHANGE_ADDR, c);
}

static enum kern_found
inet6_addr_deleted(const struct event *e, struct change *c)
{
	enum kern_found found = inet6_addr(e, c);

	forget_status(&c->addr);
	return found == KERN_CHANGE ? name_link(e, CHANGE_ADDR_GONE, c) : found;
}

static enum kern_found
inet6_nat64_request(const struct event *e, struct change *c)
{
	return name_link(e, CHANGE_NAT64_REQUEST, c);
}

static enum kern_found
status(const struct event *e, uint8_t status, struct change *c)
{
	get_ip(e->data + AT_ND6_ADDR, KEV_INET6, &c->status.address);
	c->status.status = status;
	return name_link(e, CHANGE_STATUS, c);
}

static enum kern_found
nd6_addr_detached(const struct event *e, struct change *c)
{
	return status(e, KEV_INACCESSIBLE, c);
}

static enum kern_found
nd6_addr_deprecated(const struct event *e, struct change *c)
{
	return status(e, KEV_DEPRECATED, c);
}

static enum kern_found
nd6_addr_expired(const struct event *e, struct change *c)
{
	return status(e, KEV_INVALID, c);
}

static enum kern_found
nd6_router_expired(const struct event *e, struct change *c)
{
	get_ip(e->data + AT_ND6_ADDR, KEV_INET6, &c->expired);
	return name_link(e, CHANGE_EXPIRED, c);
}

/* All that kernels post up to macOS 15, and the least that each must have. */
static const struct {
	uint8_t subclass, code;
	uint16_t size;
	decode_fn *decode;	/* NULL: tells of nothing that we do */
	const char *name;
} events[] = {
	{ 1, 1, IN_LEN, inet_addr, "inet-new-addr" },
	{ 1, 2, IN_LEN, inet_addr, "inet-changed-addr" },
	{ 1, 3, IN_LEN, inet_addr_deleted, "inet-addr-deleted" },
	{ 1, 4, IN_LEN, inet_addr, "inet-sifdstaddr" },
	{ 1, 5, IN_LEN, inet_addr, "inet-sifbrdaddr" },
	{ 1, 6, IN_LEN, inet_addr, "inet-sifnetmask" },
	{ 1, 7, AT_COLLISION_LLADDR, inet_collision, "inet-arpcollision" },
	{ 1, 8, PORT_LEN, inet_port_in_use, "inet-portinuse" },
	{ 1, 9, LINK_LEN, inet_router_failure, "inet-arprtrfailure" },
	{ 1, 10, LINK_LEN, inet_router_alive, "inet-arprtralive" },
	{ 2, 1, LINK_LEN, NULL, "dl-sifflags" },
	{ 2, 2, LINK_LEN, NULL, "dl-sifmetrics" },
	{ 2, 3, LINK_LEN, NULL, "dl-sifmtu" },
	{ 2, 4, LINK_LEN, NULL, "dl-sifphys" },
	{ 2, 5, LINK_LEN, NULL, "dl-sifmedia" },
	{ 2, 6, LINK_LEN, NULL, "dl-sifgeneric" },
	{ 2, 7, LINK_LEN, NULL, "dl-addmulti" },
	{ 2, 8, LINK_LEN, NULL, "dl-delmulti" },
	{ 2, 9, LINK_LEN, link_attached, "dl-if-attached" },
	{ 2, 10, LINK_LEN, link_detaching, "dl-if-detaching" },
	{ 2, 11, LINK_LEN, link_detached, "dl-if-detached" },
	{ 2, 12, LINK_LEN, link_off, "dl-link-off" },
	{ 2, 13, LINK_LEN, link_on, "dl-link-on" },
	{ 2, 14, PROTO_LEN, proto_attached, "dl-proto-attached" },
	{ 2, 15, PROTO_LEN, proto_detached, "dl-proto-detached" },
	{ 2, 16, LINK_LEN, NULL, "dl-link-address-changed" },
	{ 2, 17, LINK_LEN, NULL, "dl-wakeflags-changed" },
	{ 2, 18, LINK_LEN, link_idle, "dl-if-idle-route-refcnt" },
	{ 2, 19, LINK_LEN, NULL, "dl-ifcap-changed" },
	{ 2, 20, QUALITY_LEN, link_quality, "dl-link-quality-metric-changed" },
	{ 2, 21, 132, NULL, "dl-node-presence" },
	{ 2, 22, 72, NULL, "dl-node-absence" },
	{ 2, 23, LINK_LEN, NULL, "dl-primary-elected" },
	{ 2, 24, ISSUES_LEN, link_issues, "dl-issues" },
	{ 2, 25, LINK_LEN, NULL, "dl-ifdelegate-changed" },
	{ 2, 26, LINK_LEN, NULL, "dl-awdl-restricted" },
	{ 2, 27, LINK_LEN, NULL, "dl-awdl-unrestricted" },
	{ 2, 28, 28, NULL, "dl-rrc-state-changed" },
	{ 2, 29, LINK_LEN, NULL, "dl-qos-mode-changed" },
	{ 2, 30, 28, NULL, "dl-low-power-mode-changed" },
	{ 3, 1, 40, NULL, "netpolicy-ifdenied" },
	{ 3, 2, 40, NULL, "netpolicy-iffailed" },
	{ 3, 3, 40, NULL, "netpolicy-netdenied" },
	{ 4, 1, 56, NULL, "socket-closed" },
	{ 6, 1, IN6_LEN, inet6_addr, "inet6-new-user-addr" },
	{ 6, 2, IN6_LEN, inet6_addr, "inet6-changed-addr" },
	{ 6, 3, IN6_LEN, inet6_addr_deleted, "inet6-addr-deleted" },
	{ 6, 4, IN6_LEN, inet6_addr, "inet6-new-ll-addr" },
	{ 6, 5, IN6_LEN, inet6_addr, "inet6-new-rtadv-addr" },
	{ 6, 6, IN6_LEN, NULL, "inet6-defrouter" },
	{ 6, 7, IN6_LEN, inet6_nat64_request, "inet6-request-nat64-prefix" },
	{ 7, 1, 104, NULL, "nd6-ra" },
	{ 7, 2, LINK_LEN, nd6_router_failure, "nd6-ndfailure" },
	{ 7, 3, LINK_LEN, nd6_router_alive, "nd6-ndalive" },
	{ 7, 4, ND6_LEN, NULL, "nd6-dad-failure" },
	{ 7, 5, ND6_LEN, NULL, "nd6-dad-success" },
	{ 7, 6, ND6_LEN, nd6_addr_detached, "nd6-addr-detached" },
	{ 7, 7, ND6_LEN, nd6_addr_deprecated, "nd6-addr-deprecated" },
	{ 7, 8, ND6_LEN, nd6_addr_expired, "nd6-addr-expired" },
	{ 7, 9, ND6_LEN, nd6_router_expired, "nd6-rtr-expired" },
	{ 7, 10, ND6_LEN, NULL, "nd6-pfx-expired" },
	{ 8, 1, 4, NULL, "necp-policies-changed" },
	{ 9, 1, 16, NULL, "netagent-registered" },
	{ 9, 2, 16, NULL, "netagent-unregistered" },
	{ 9, 3, 16, NULL, "netagent-updated" },
	{ 9, 4, 16, NULL, "netagent-updated-interfaces" },
	{ 10, 0, 1, NULL, "log-ipfw" },
	{ 11, 1, 20, NULL, "netevent-apnfallback" },
	{ 11, 2, 24, NULL, "netevent-clat46" },
	{ 12, 1, 4, NULL, "mptcp-celluse" },
	{ 13, 1, 0, NULL, "ipsec-wake-packet" },
	{ 14, 1, 208, NULL, "power-wake-packet" },
	{ 14, 2, 240, NULL, "power-unattributed-wake" },
};
#define EVENTS (sizeof events / sizeof events[0])

/* Longer than it must be is fine: newer kernels add to the end. */
static enum kern_found
decode(struct kern_reader *r, struct change *c)
{
	const uint8_t *p = r->bytes + r->at;
	struct event e = { r, p + AT_DATA, r->size - AT_DATA };
	uint32_t subclass = kame_u32(p + AT_SUBCLASS);
	uint32_t code = kame_u32(p + AT_CODE);
	size_t i;

	if (kame_u32(p + AT_VENDOR) != VENDOR_APPLE ||
	    kame_u32(p + AT_CLASS) != CLASS_NETWORK)
		return KERN_IGNORED;
	for (i = 0; i < EVENTS; i++) {
		if (events[i].subclass == subclass && events[i].code == code)
			break;
	}
	if (i == EVENTS)
		return KERN_IGNORED;
	r->name = events[i].name;
	if (e.len < events[i].size || (events[i].size == IN6_LEN &&
	    e.len > IN6_LEN && e.len < IN6_MAC_LEN))
		return malformed(r, "event is too short for its kind");
	return events[i].decode != NULL ? events[i].decode(&e, c) :
	    KERN_IGNORED;
}

void
kern_reader_init(struct kern_reader *r, const void *bytes, size_t len)
{
	*r = (struct kern_reader){ .bytes = bytes, .len = len };
}

/*
 * Behind each other without padding, at any address. A size that cannot be
 * leaves no way to find the next one.
 */
enum kern_found
kern_next(struct kern_reader *r, struct change *c)
{
	size_t left = r->len - r->next, size;

	memset(c, 0, sizeof *c);
	/* There is a message in what was read; nothing is as wrong as half. */
	if (left == 0 && (r->len > 0 || r->fault != NULL))
		return KERN_END;
	r->at = r->next;
	r->size = left;
	r->next = r->len;
	r->name = NULL;
	r->fault = NULL;
	if (left < AT_DATA)
		return malformed(r, left == 0 ? "nothing was read" :
		    "header is too short");
	size = kame_u32(r->bytes + r->at + AT_SIZE);
	if (size < AT_DATA)
		return malformed(r, "size is less than that of a header");
	if (size > left)
		return malformed(r, "event is longer than what was read");
	r->size = size;
	r->next = r->at + size;
	return decode(r, c);
}

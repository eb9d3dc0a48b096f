#include "config.h"

#include "change.h"

#include "buf.h"
#include "json.h"

#include <string.h>

static const char *const names[] = {
	[CHANGE_NONE] = "nothing",
	[CHANGE_LINK] = "link",
	[CHANGE_LINK_GONE] = "link gone",
	[CHANGE_MODES] = "link modes",
	[CHANGE_ADDR] = "address",
	[CHANGE_ADDR_GONE] = "address gone",
	[CHANGE_ROUTER] = "router",
	[CHANGE_ROUTER_GONE] = "router gone",
	[CHANGE_ROUTER_END] = "end of router",
	[CHANGE_ROUTES] = "default routes changed",
	[CHANGE_NEXTHOP] = "next hop changed",
	[CHANGE_CLAIM] = "claim",
	[CHANGE_NEIGH] = "neighbour",
	[CHANGE_ADVERT] = "router advertisement",
	[CHANGE_NAT64] = "NAT64 prefix",
	[CHANGE_PORT] = "port in use",
	[CHANGE_LINK_GOING] = "link going",
	[CHANGE_PROTO] = "protocol",
	[CHANGE_STATUS] = "status of address",
	[CHANGE_EXPIRED] = "router expired",
	[CHANGE_QUALITY] = "link quality",
	[CHANGE_ISSUES] = "link issues",
	[CHANGE_IDLE] = "link idle",
	[CHANGE_NAT64_REQUEST] = "request for NAT64 prefix",
};

static void
put_object(struct buf *b, enum kev_class class, const void *object)
{
	buf_putc(b, ' ');
	kev_object_put(b, class, object, UINT64_MAX, false);
}

static void
put_number(struct buf *b, const char *name, uint64_t v)
{
	if (v == 0)
		return;
	buf_putc(b, ' ');
	buf_puts(b, name);
	buf_putc(b, ' ');
	json_put_u64(b, v);
}

static void
put_link(struct buf *b, const struct change_link *l)
{
	buf_putc(b, ' ');
	json_put_string(b, l->ifname, strlen(l->ifname));
	put_object(b, KEV_LINK, &l->link);
	put_number(b, "master", l->master_index);
	buf_puts(b, l->closing ? " closing" : "");
	buf_puts(b, l->arrives ? " arrives" : "");
	buf_puts(b, l->renames ? " or renamed" : "");
}

static void
put_modes(struct buf *b, const struct change_modes *m)
{
	struct kev_link link = { .has = m->has, .speed = m->speed,
	    .duplex = m->duplex };

	put_object(b, KEV_LINK, &link);
	buf_puts(b, m->answer ? " asked for" : "");
}

static void
put_router(struct buf *b, const struct change_router *r)
{
	struct kev_note from = { .has = KEV_BIT(ADDRESS),
	    .address = r->prefsrc };

	put_object(b, KEV_ROUTER, &r->router);
	if (r->prefsrc.family != 0)
		put_object(b, KEV_NOTE, &from);
	put_number(b, "next hop", r->nh_id);
	if (r->expires < 0)
		buf_puts(b, " expired");
	else
		put_number(b, "expires in 1/100 s", (uint64_t)r->expires);
	buf_puts(b, r->replaces ? " replaces others" : "");
	buf_puts(b, r->changes ? " in place of another" : "");
}

/* What has no object of its own is told as one of those that are not kept. */
static void
put_note(struct buf *b, const struct change *c)
{
	struct kev_note n = { .has = KEV_BIT(ADDRESS) | KEV_BIT(LLADDR) };

	switch (c->type) {
	case CHANGE_CLAIM:
		n.address = c->claim.address;
		n.lladdr = c->claim.lladdr;
		break;
	case CHANGE_NEIGH:
		n.address = c->neigh.address;
		n.lladdr = c->neigh.lladdr;
		break;
	case CHANGE_ADVERT:
		n.has = KEV_BIT(ADDRESS) | KEV_BIT(LIFETIME);
		n.address = c->advert.address;
		n.lifetime = c->advert.lifetime;
		break;
	case CHANGE_PROTO:
		n.has = KEV_BIT(FAMILY) | KEV_BIT(REMAINING);
		n.family = c->proto.family;
		n.remaining = c->proto.remaining;
		break;
	case CHANGE_EXPIRED:
		n.has = KEV_BIT(ADDRESS);
		n.address = c->expired;
		break;
	case CHANGE_QUALITY:
		n.has = KEV_BIT(QUALITY);
		n.quality = c->quality;
		break;
	case CHANGE_ISSUES:
		n.has = KEV_BIT(REASON) | KEV_BIT(INFO);
		memcpy(n.reason, c->issues.reason, sizeof n.reason);
		memcpy(n.info, c->issues.info, sizeof n.info);
		break;
	case CHANGE_NAT64:
		n.has = KEV_BIT(PREFIX) | KEV_BIT(PREFIXLEN) |
		    KEV_BIT(LIFETIME) | (c->nat64.router.family != 0 ?
		    KEV_BIT(ROUTER) : 0);
		n.prefix = c->nat64.prefix;
		n.prefixlen = c->nat64.prefixlen;
		n.lifetime = c->nat64.lifetime;
		n.router = c->nat64.router;
		break;
	default:
		n.has = KEV_BIT(PORT) | KEV_BIT(PID) | KEV_BIT(COMMAND) |
		    (c->port.protocol != 0 ? KEV_BIT(PROTOCOL) : 0);
		n.port = c->port.port;
		n.pid = c->port.pid;
		n.protocol = c->port.protocol;
		memcpy(n.command, c->port.command, sizeof n.command);
	}
	put_object(b, KEV_NOTE, &n);
	if (c->type == CHANGE_NEIGH && c->neigh.failed)
		buf_puts(b, " does not answer");
	if (c->type == CHANGE_PROTO && c->proto.gone)
		buf_puts(b, " gone");
}

static void
put_status(struct buf *b, const struct change_status *s)
{
	struct kev_addr a = { .has = KEV_BIT(ADDRESS) | KEV_BIT(STATUS),
	    .address = s->address, .status = s->status };

	put_object(b, KEV_ADDR, &a);
}

void
change_put(struct buf *b, const struct change *c)
{
	buf_puts(b, names[c->type]);
	put_number(b, "of interface", c->ifindex);
	if (c->ifname[0] != '\0') {
		buf_puts(b, " of ");
		json_put_string(b, c->ifname, strlen(c->ifname));
	}
	switch (c->type) {
	case CHANGE_LINK:
	case CHANGE_LINK_GONE:
		put_link(b, &c->link);
		break;
	case CHANGE_MODES:
		put_modes(b, &c->modes);
		break;
	case CHANGE_ADDR:
	case CHANGE_ADDR_GONE:
		put_object(b, KEV_ADDR, &c->addr);
		break;
	case CHANGE_ROUTER:
	case CHANGE_ROUTER_GONE:
	case CHANGE_ROUTER_END:
		put_router(b, &c->router);
		break;
	case CHANGE_ROUTES:
		put_number(b, "family", c->router.router.family);
		break;
	case CHANGE_NEXTHOP:
		put_number(b, "number", c->router.nh_id);
		break;
	case CHANGE_STATUS:
		put_status(b, &c->status);
		break;
	case CHANGE_NONE:
	case CHANGE_LINK_GOING:
	case CHANGE_IDLE:
	case CHANGE_NAT64_REQUEST:
		break;
	default:
		put_note(b, c);
	}
	put_number(b, "for netlink port", c->pid);
}

#include "config.h"

#include "state.h"

#include "buf.h"
#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

static int
link_cmp(const struct link *a, const struct link *b)
{
	return (a->ifindex > b->ifindex) - (a->ifindex < b->ifindex);
}

static int
port_cmp(const struct link *a, const struct link *b)
{
	if (a->master_index != b->master_index)
		return a->master_index < b->master_index ? -1 : 1;
	return link_cmp(a, b);
}

static int
name_cmp(const struct link *a, const struct link *b)
{
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : link_cmp(a, b);
}

static int
lladdr_cmp(const struct link *a, const struct link *b)
{
	int order = memcmp(&a->l.lladdr, &b->l.lladdr, sizeof a->l.lladdr);

	return order != 0 ? order : link_cmp(a, b);
}

RB_GENERATE(link_tree, link, by_index, link_cmp)
RB_GENERATE(name_tree, link, by_name, name_cmp)
RB_GENERATE(lladdr_tree, link, by_lladdr, lladdr_cmp)
RB_GENERATE(port_tree, link, by_master, port_cmp)

struct state *
state_new(const char *netns, state_publish_fn *publish, void *arg)
{
	struct state *st = calloc(1, sizeof *st);

	if (st == NULL)
		return NULL;
	if (netns != NULL && (st->netns = strdup(netns)) == NULL) {
		free(st);
		return NULL;
	}
	st->live = KEV_BY_RTNETLINK;
	st->publish = publish;
	st->arg = arg;
	RB_INIT(&st->links);
	RB_INIT(&st->names);
	RB_INIT(&st->lladdrs);
	RB_INIT(&st->ports);
	RB_INIT(&st->routers);
	RB_INIT(&st->deadlines);
	RB_INIT(&st->prefsrcs);
	RB_INIT(&st->hops);
	RB_INIT(&st->nat64);
	LIST_INIT(&st->walks);
	TAILQ_INIT(&st->touched);
	return st;
}

void
state_free(struct state *st)
{
	struct link *l;

	if (st == NULL)
		return;
	walk_before_end(st);
	while ((l = RB_MIN(link_tree, &st->links)) != NULL)
		link_free(st, l);
	buf_fini(&st->gone);
	free(st->claims);
	free(st->in_use);
	free(st->remarks);
	free(st->netns);
	free(st);
}

void
state_set_played(struct state *st)
{
	st->played = true;
}

void
state_set_origin(struct state *st, enum kev_origin by)
{
	st->live = by;
}

bool
state_is_empty(const struct state *st)
{
	return RB_EMPTY(&st->links);
}

/* What Linux tells in as many ways is all in kernel events of macOS. */
static enum kev_origin
origin(const struct state *st, enum kev_origin by)
{
	if (st->played)
		return KEV_BY_PLAY;
	return st->live == KEV_BY_KERN_EVENT && (by == KEV_BY_ARP ||
	    by == KEV_BY_NDP || by == KEV_BY_AUDIT) ? st->live : by;
}

HOT struct link *
state_link(struct state *st, uint32_t ifindex)
{
	struct link key;

	key.ifindex = ifindex;
	return RB_FIND(link_tree, &st->links, &key);
}

uint32_t
state_told_index(const struct link *l)
{
	return l->ifindex <= INT32_MAX ? l->ifindex : 0;
}

const char *
state_told_name(const struct link *l)
{
	return l->name[0] != '\0' ? l->name : NULL;
}

uint32_t
state_ifindex(const struct state *st, const char *ifname)
{
	const struct link *l = link_named((struct state *)st, ifname);

	return l != NULL ? state_told_index(l) : 0;
}

const char *
state_ifname(const struct state *st, uint32_t ifindex)
{
	struct link *l = state_link((struct state *)st, ifindex);

	return l != NULL ? state_told_name(l) : NULL;
}

void
state_flaps(const struct state *st, state_flaps_fn *fn, void *arg)
{
	struct flaps f = { .netns = st->netns };
	struct link *l;

	RB_FOREACH(l, link_tree, (struct link_tree *)&st->links) {
		f.ifname = l->name;
		f.ifindex = state_told_index(l);
		f.ups = l->ups;
		f.downs = l->downs;
		if (f.ups + f.downs > 0)
			fn(arg, &f);
	}
}

HOT static void
emit_any(struct state *st, const struct link *l, enum kev_topic topic,
    enum kev_origin by, const struct kev_object *data,
    const struct kev_object *prev, uint64_t changed)
{
	struct kev_event ev = {
		.topic = topic,
		.origin = origin(st, by),
		.time = st->now.time,
		.mono = st->now.mono,
		.ifname = l != NULL ? state_told_name(l) : NULL,
		.ifindex = l != NULL ? state_told_index(l) : 0,
		.netns = st->netns,
		.data = data,
		.prev = prev,
		.changed = changed,
	};

	if (by == KEV_BY_RESYNC)
		st->corrections++;
	st->publish(st->arg, &ev);
}

HOT void
state_emit_change(struct state *st, const struct link *l, enum kev_topic topic,
    const struct kev_object *data, const struct kev_object *prev,
    uint64_t changed)
{
	emit_any(st, l, topic, st->parts != 0 ? KEV_BY_RESYNC :
	    st->live, data, prev, changed);
}

void
state_emit_by(struct state *st, const struct link *l, enum kev_topic topic,
    enum kev_origin by, const struct kev_object *data)
{
	emit_any(st, l, topic, by, data, NULL, 0);
}

HOT void
state_emit(struct state *st, const struct link *l, enum kev_topic topic,
    const struct kev_object *data)
{
	state_emit_change(st, l, topic, data, NULL, 0);
}

HOT void
state_touch(struct state *st, struct link *l, enum kev_family family)
{
	if (!l->changed)
		TAILQ_INSERT_TAIL(&st->touched, l, changed_entry);
	l->changed = true;
	st->changed = true;
	st->families |= (uint8_t)family;
	if (st->parts == 0)
		st->changed_live = true;
}

/* The departure of an interface was none if it arrives with another name. */
HOT static void
leave(struct state *st, const struct change *c)
{
	struct link *l = state_link(st, st->leaving);

	if (l != NULL && c != NULL && c->type == CHANGE_LINK &&
	    c->link.arrives && c->ifindex == l->ifindex &&
	    strcmp(c->ifname, l->name) != 0)
		return;
	st->leaving = 0;
	if (l != NULL)
		link_gone(st, l);
}

static void
go(struct state *st, struct link *l, const struct change *c)
{
	if (c->link.renames)
		st->leaving = l->ifindex;
	else
		link_gone(st, l);
}

/* What is about an interface that is there. */
static void
apply_to_link(struct state *st, struct link *l, const struct change *c)
{
	switch (c->type) {
	case CHANGE_LINK:
		link_part(st, l, c);
		break;
	case CHANGE_LINK_GONE:
		go(st, l, c);
		break;
	case CHANGE_LINK_GOING:
		state_emit(st, l, KEV_T_INTERFACE_DETACHING,
		    (const struct kev_object *)&l->l);
		break;
	case CHANGE_PROTO:
		link_proto(st, l, &c->proto);
		break;
	case CHANGE_ADDR:
		addr_apply(st, l, c);
		break;
	case CHANGE_STATUS:
		addr_status(st, l, &c->status);
		break;
	case CHANGE_CLAIM:
		claim_apply(st, l, &c->claim);
		break;
	case CHANGE_ADDR_GONE:
		addr_gone(st, l, c);
		break;
	case CHANGE_ROUTER:
		router_apply(st, l, &c->router);
		break;
	case CHANGE_NEIGH:
		router_neigh(st, l, c);
		break;
	case CHANGE_ADVERT:
		router_advert(st, l, &c->advert);
		break;
	case CHANGE_ROUTER_GONE:
		router_gone(st, l, c);
		break;
	case CHANGE_ROUTER_END:
		router_ends(st, l, &c->router);
		break;
	case CHANGE_EXPIRED:
		router_expired(st, l, &c->expired);
		break;
	case CHANGE_QUALITY:
	case CHANGE_ISSUES:
	case CHANGE_IDLE:
	case CHANGE_NAT64_REQUEST:
		remark_apply(st, l, c);
		break;
	case CHANGE_NAT64:
		nat64_apply(st, l, &c->nat64);
		break;
	default:
		break;
	}
}

HOT void
state_apply(struct state *st, const struct change *c, const struct stamp *now)
{
	struct link *l;

	st->now = *now;
	/* A kernel's are less; those above are numbers of ours. */
	if (c->ifindex > INT32_MAX)
		return;
	if (st->leaving != 0)
		leave(st, c);
	l = link_find(st, c);
	if (l == NULL && c->ifindex == 0 && (c->type == CHANGE_ROUTER ||
	    c->type == CHANGE_ROUTER_GONE))
		l = router_link(st, c);
	if (c->type == CHANGE_PORT) {
		port_apply(st, &c->port);
		return;
	}
	if (c->type != CHANGE_ADDR && c->type != CHANGE_NEIGH &&
	    c->type != CHANGE_ADVERT && c->type != CHANGE_NAT64 &&
	    c->type != CHANGE_CLAIM)
		addr_flush(st);
	if (c->type == CHANGE_LINK && !c->part) {
		link_apply(st, c->ifindex, &c->link);
		return;
	}
	if (l == NULL && c->present)
		l = link_make(st, c);
	if (c->type == CHANGE_MODES) {
		link_modes(st, c->ifindex, &c->modes);
		return;
	}
	if (c->type == CHANGE_ROUTES) {
		router_doubt(st, c->router.router.family);
		return;
	}
	if (c->type == CHANGE_NEXTHOP) {
		st->wants |= router_parts_on(st, c->router.nh_id);
		return;
	}
	if (l != NULL)
		apply_to_link(st, l, c);
}

void
state_flush(struct state *st)
{
	addr_flush(st);
	leave(st, NULL);
}

void
state_begin(struct state *st, unsigned parts)
{
	state_flush(st);
	st->parts = parts;
	/* It was wanted while the kernel told them, or after that. */
	st->doubted = st->wants;
	st->dump++;
	st->corrections = 0;
}

static bool
dumped(unsigned parts, uint8_t family, unsigned part4, unsigned part6)
{
	return (parts & (family == KEV_INET ? part4 : part6)) != 0;
}

/* Removes what a dump did not tell; takes each from *LIMIT, down to 0. */
static void
sweep_link(struct state *st, struct link *l, size_t *limit)
{
	struct addr *a, *next_a;
	struct router *r, *next_r;

	RB_FOREACH_SAFE(r, router_tree, &l->routers, next_r) {
		if (!dumped(st->parts, r->r.family, PART_ROUTE4, PART_ROUTE6))
			continue;
		if (r->seen == st->dump) {
			router_settle(st, l, r);
			continue;
		}
		if (*limit == 0)
			return;
		if (dumped(st->parts, r->r.family, PART_TORN4, PART_TORN6) &&
		    router_may_be_there(st, r))
			continue;
		--*limit;
		router_vanish(st, l, r);
	}
	RB_FOREACH_SAFE(a, addr_tree, &l->addrs, next_a) {
		if (a->seen == st->dump || !dumped(st->parts, a->a.family,
		    PART_ADDR4, PART_ADDR6))
			continue;
		if (*limit == 0)
			return;
		--*limit;
		addr_remove(st, l, a, NULL);
	}
}

bool
state_end(struct state *st, const struct stamp *now, size_t limit)
{
	struct link *l, *next;

	st->now = *now;
	RB_FOREACH_SAFE(l, link_tree, &st->links, next) {
		sweep_link(st, l, &limit);
		if (limit == 0)
			return false;
		if ((st->parts & PART_LINK) == 0 || l->seen == st->dump)
			continue;
		link_gone(st, l);
		limit--;
	}
	/* Whatever was to be read again has been read now, but for this. */
	st->wants = (st->wants & ~st->parts) | st->doubted;
	st->parts = 0;
	return true;
}

void
state_cancel(struct state *st)
{
	st->parts = 0;
}

/* That it changed is told with the batch, in that order. */
HOT void
state_name(struct state *st, struct link *l)
{
	TAILQ_REMOVE(&st->touched, l, changed_entry);
	l->changed = false;
	if (l->name[0] == '\0')
		return;
	buf_put(&st->gone, l->name, strlen(l->name) + 1);
	st->gone_names++;
}

/* Names of the interfaces concerned, those that went first. */
HOT static void
publish_changed(struct state *st)
{
	struct kev_note note = { .has = KEV_BIT(INTERFACES) | KEV_BIT(FAMILIES) };
	struct kev_event ev = {
		.topic = KEV_T_NETWORK_CHANGED,
		.origin = origin(st, st->changed_live ? st->live :
		    KEV_BY_RESYNC),
		.time = st->now.time,
		.mono = st->now.mono,
		.netns = st->netns,
		.data = (const struct kev_object *)&note,
	};
	struct link *l;

	while ((l = TAILQ_FIRST(&st->touched)) != NULL)
		state_name(st, l);
	note.families = st->families;
	if (!st->gone.failed)
		note.interfaces = (struct kev_names){ st->gone.data,
		    (uint32_t)st->gone.len, st->gone_names };
	st->publish(st->arg, &ev);
	buf_clear(&st->gone);
	st->gone_names = 0;
	st->families = 0;
	st->changed = st->changed_live = false;
}

HOT void
state_settle(struct state *st, const struct stamp *now)
{
	st->now = *now;
	/* Who asks by netlink removes and adds in messages of their own; only
	 * ioctls, for which the kernel answers as nobody, change by both. */
	if (st->held.ifindex != 0 && st->held.settles)
		addr_flush(st);
	leave(st, NULL);
	if (st->changed)
		publish_changed(st);
}

HOT unsigned
state_wants(struct state *st)
{
	unsigned wants = st->wants;

	st->wants = 0;
	return wants;
}

HOT bool
state_starved(struct state *st)
{
	bool starved = st->starved;

	st->starved = false;
	return starved;
}

void *
state_alloc(struct state *st, size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		st->starved = true;
	return p;
}

uint64_t
state_corrections(const struct state *st)
{
	return st->corrections;
}

void
state_gap(struct state *st, enum kev_cause cause, uint64_t lost,
    const struct stamp *now)
{
	struct kev_note note = {
		.has = KEV_BIT(CAUSE) | KEV_BIT(RESYNCED) |
		    KEV_BIT(CORRECTIONS) | (lost > 0 ? KEV_BIT(LOST) : 0),
		.cause = (uint8_t)cause,
		.lost = lost,
		.resynced = true,
		.corrections = st->corrections,
	};

	st->now = *now;
	state_emit(st, NULL, KEV_T_KEV_GAP, (const struct kev_object *)&note);
}

HOT uint64_t
state_deadline(const struct state *st)
{
	uint64_t times[] = {
		st->held.ifindex != 0 ? st->held.until : 0,
		st->claims != NULL ? ration_deadline(&st->claims->ration) : 0,
		router_deadline(st),
		nat64_deadline(st),
		port_deadline(st),
		remark_deadline(st),
	}, first = 0;
	size_t i;

	for (i = 0; i < sizeof times / sizeof times[0]; i++) {
		if (times[i] != 0 && (first == 0 || times[i] < first))
			first = times[i];
	}
	return first;
}

void
state_tick(struct state *st, const struct stamp *now)
{
	st->now = *now;
	if (st->held.ifindex != 0 && st->held.until <= now->mono)
		addr_flush(st);
	claim_tick(st);
	router_tick(st);
	nat64_tick(st);
	port_tick(st);
	remark_tick(st);
}

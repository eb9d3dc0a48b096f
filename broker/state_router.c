#include "config.h"

#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

/* Microseconds: so much later than its end a router is looked for, and looked
 * for again, if it could not be. */
#define GRACE 20000
#define RETRY 1000000
/* What so many readings in a row don't have is gone: of a reading under which
 * thousands of routes come and go one in fifty lacks one that is there. */
#define MISSED 3
/* Of routes that router advertisements made (RTPROT_RA). */
#define BY_ADVERT (KEV_PROTO_ROUTE | 9)

/* A device route has no gateway: all zero, which sorts first. */
int
router_cmp(const struct router *x, const struct router *y)
{
	const struct kev_router *a = &x->r, *b = &y->r;
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = kev_ip_cmp(&a->gateway, &b->gateway);
	if (order != 0)
		return order;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return (a->table > b->table) - (a->table < b->table);
}

static int
order_cmp(const struct router *a, const struct router *b)
{
	return (a->order > b->order) - (a->order < b->order);
}

static int
table_cmp(const struct router *a, const struct router *b)
{
	if (a->r.family != b->r.family)
		return a->r.family < b->r.family ? -1 : 1;
	if (a->r.table != b->r.table)
		return a->r.table < b->r.table ? -1 : 1;
	if (a->r.metric != b->r.metric)
		return a->r.metric < b->r.metric ? -1 : 1;
	return order_cmp(a, b);
}

static int
deadline_cmp(const struct router *a, const struct router *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline ? -1 : 1;
	return order_cmp(a, b);
}

static int
prefsrc_cmp(const struct router *a, const struct router *b)
{
	int order = kev_ip_cmp(&a->prefsrc, &b->prefsrc);

	return order != 0 ? order : order_cmp(a, b);
}

static int
hop_cmp(const struct router *a, const struct router *b)
{
	if (a->nh_id != b->nh_id)
		return a->nh_id < b->nh_id ? -1 : 1;
	if (a->r.family != b->r.family)
		return a->r.family < b->r.family ? -1 : 1;
	return order_cmp(a, b);
}

RB_GENERATE(router_tree, router, entry, router_cmp)
RB_GENERATE(table_tree, router, by_table, table_cmp)
RB_GENERATE(deadline_tree, router, by_deadline, deadline_cmp)
RB_GENERATE(prefsrc_tree, router, by_prefsrc, prefsrc_cmp)
RB_GENERATE(hop_tree, router, by_hop, hop_cmp)

enum kev_topic
router_topic(const struct kev_router *r, bool add)
{
	if (r->family == KEV_INET)
		return add ? KEV_T_IPV4_ROUTER_ADD : KEV_T_IPV4_ROUTER_REMOVE;
	return add ? KEV_T_ND6_ROUTER_ADD : KEV_T_ND6_ROUTER_REMOVE;
}

static void
emit(struct state *st, struct link *l, const struct kev_router *r, bool add)
{
	state_touch(st, l, r->family);
	state_emit(st, l, router_topic(r, add), (const struct kev_object *)r);
}

struct kev_router
router_now(const struct router *router, const struct stamp *now)
{
	uint64_t seconds = now->mono > router->told ?
	    (now->mono - router->told) / 1000000 : 0;
	struct kev_router r = router->r;

	r.lifetime = r.lifetime > seconds ? r.lifetime - (uint32_t)seconds : 0;
	return r;
}

static struct router *
find(struct link *l, const struct change_router *c)
{
	struct router key = { .r = c->router };

	return RB_FIND(router_tree, &l->routers, &key);
}

static unsigned
part(uint8_t family)
{
	return family == KEV_INET ? PART_ROUTE4 : PART_ROUTE6;
}

/*
 * The kernel goes on having it, up to 30 seconds (net.ipv6.route.gc_interval),
 * but does not use it any more. Without a carrier nobody could be heard.
 */
static void
expire(struct state *st, struct link *l, struct router *router)
{
	router->expired = true;
	if (!link_is_up(&l->l))
		return;
	state_touch(st, l, router->r.family);
	state_emit_by(st, l, KEV_T_ND6_ROUTER_EXPIRED, KEV_BY_TIMER,
	    (const struct kev_object *)&router->r);
}

static void
set_deadline(struct state *st, struct router *r, uint64_t when)
{
	if (r->deadline == when)
		return;
	if (r->deadline != 0)
		RB_REMOVE(deadline_tree, &st->deadlines, r);
	r->deadline = when;
	if (when != 0)
		RB_INSERT(deadline_tree, &st->deadlines, r);
}

static void
set_prefsrc(struct state *st, struct router *r, const struct kev_ip *prefsrc)
{
	if (kev_ip_cmp(&r->prefsrc, prefsrc) == 0)
		return;
	if (r->prefsrc.family != 0)
		RB_REMOVE(prefsrc_tree, &st->prefsrcs, r);
	r->prefsrc = *prefsrc;
	if (prefsrc->family != 0)
		RB_INSERT(prefsrc_tree, &st->prefsrcs, r);
}

static void
set_hop(struct state *st, struct router *r, uint32_t nh_id)
{
	if (r->nh_id == nh_id)
		return;
	if (r->nh_id != 0)
		RB_REMOVE(hop_tree, &st->hops, r);
	r->nh_id = nh_id;
	if (nh_id != 0)
		RB_INSERT(hop_tree, &st->hops, r);
}

/*
 * It ends so many microseconds from now. 0 is never, but also what the kernel
 * says in the very moment of the end: then it is asked once more.
 */
static void
await(struct state *st, struct router *router, uint64_t left)
{
	bool unsure = left == 0 && router->deadline != 0 && !router->unsure;

	router->expired = false;
	router->unsure = unsure;
	set_deadline(st, router, left > 0 || unsure ?
	    st->now.mono + left + GRACE : 0);
}

/*
 * There was another one in its place, of which no more is told than that. If
 * there are several, the kernel has to be asked which one.
 */
static void
supersede(struct state *st, struct link *l, const struct kev_router *now)
{
	struct router key = { .r = *now }, *r, *one = NULL;
	int count = 0;

	for (r = RB_NFIND(table_tree, &st->routers, &key);
	    r != NULL && r->r.family == now->family &&
	    r->r.table == now->table && r->r.metric == now->metric;
	    r = RB_NEXT(table_tree, &st->routers, r)) {
		if (r->link == l &&
		    kev_ip_cmp(&r->r.gateway, &now->gateway) == 0)
			return;
		one = r;
		count++;
	}
	if (count == 1)
		router_remove(st, one->link, one);
	else if (count > 1)
		st->wants |= part(now->family);
}

void
router_doubt(struct state *st, uint8_t family)
{
	if (st->parts == 0)
		st->wants |= part(family);
}

/*
 * Whether C, which is told of, is another route than the one that has made the
 * router KNOWN: their type of service differs, or where packets are from, or
 * who made them. A reading tells each of them once. Else the kernel tells a
 * route again when it takes the place of others, which are read then; and IPv6
 * when there is another hop (inet6_rt_notify), which costs a reading in the end.
 */
static bool
is_another(const struct state *st, const struct router *known,
    const struct change_router *c)
{
	if (st->parts != 0)
		return known->seen == st->dump;
	return !c->replaces && !c->changes;
}

/* A lifetime in 1/100 s; what never ends, which is 0, is the longest. */
static int32_t
longer(int32_t a, int32_t b)
{
	if (a == 0 || b == 0)
		return 0;
	return a > b ? a : b;
}

/*
 * While all are read: it is whose it was, as long as one of its routes is, and
 * lasts as long as the last of them.
 */
static void
note(struct state *st, struct router *router, const struct change_router *c)
{
	bool first = router->seen != st->dump;

	if (first || router->r.protocol == c->router.protocol)
		router->other = c->router.protocol;
	router->expires = first ? c->expires :
	    longer(router->expires, c->expires);
	router->noted = true;
}

/* What the kernel tells of its end, in 1/100 s. */
static void
take_expiry(struct state *st, struct link *l, struct router *router,
    int32_t expires)
{
	if (expires < 0) {
		if (!router->expired)
			expire(st, l, router);
		set_deadline(st, router, 0);
	} else {
		await(st, router, (uint64_t)expires * 10000);
	}
	/* That it is refreshed is nowhere told. Who made a route is told where
	 * its lifetime is, too. */
	if (expires != 0) {
		router->r.has |= KEV_BIT(LIFETIME);
		router->r.lifetime = expires > 0 ? (uint32_t)expires / 100 : 0;
		router->told = st->now.mono;
	} else if (!router->unsure && router->r.has & KEV_BIT(PROTOCOL)) {
		router->r.has &= ~KEV_BIT(LIFETIME);
	}
}

/* Whether what ends then, in 1/100 s, does so after the router as it is known. */
static bool
outlasts(const struct state *st, const struct router *router, int32_t expires)
{
	if (router->expired || expires <= 0)
		return expires >= 0;
	return router->deadline != 0 && router->deadline <
	    st->now.mono + (uint64_t)expires * 10000;
}

void
router_settle(struct state *st, struct link *l, struct router *router)
{
	struct kev_router r = router_now(router, &st->now);

	if (!router->noted)
		return;
	router->noted = false;
	take_expiry(st, l, router, router->expires);
	if (router->other == router->r.protocol)
		return;
	walk_before_router(st, l, router);
	router->r.protocol = router->other;
	emit(st, l, &r, false);
	emit(st, l, &router->r, true);
}

void
router_apply(struct state *st, struct link *l, const struct change_router *c)
{
	struct router *router;
	bool another;

	if (c->changes)
		supersede(st, l, &c->router);
	router = find(l, c);
	/* Which others it replaces the message does not say. */
	if (c->replaces)
		router_doubt(st, c->router.family);
	another = router != NULL && is_another(st, router, c);
	if (router != NULL && st->parts == 0 && !another &&
	    router->r.protocol != c->router.protocol) {
		router_remove(st, l, router);
		router = NULL;
	}
	if (router == NULL) {
		router = state_alloc(st, sizeof *router);
		if (router == NULL)
			return;
		router->r = c->router;
		router->link = l;
		router->order = ++st->order;
		router->version = st->walks_begun;
		RB_INSERT(router_tree, &l->routers, router);
		RB_INSERT(table_tree, &st->routers, router);
		emit(st, l, &router->r, true);
	}
	/* Not any less if one is read: that another is gone may yet be told. */
	router->shared |= another;
	router->asked = router->withdrawn = false;
	router->missed = 0;
	if (st->parts != 0)
		note(st, router, c);
	else if (!another || outlasts(st, router, c->expires))
		take_expiry(st, l, router, c->expires);
	set_prefsrc(st, router, &c->prefsrc);
	set_hop(st, router, c->nh_id);
	router->seen = st->dump;
}

void
router_free(struct state *st, struct router *router)
{
	static const struct kev_ip none;

	set_deadline(st, router, 0);
	set_prefsrc(st, router, &none);
	set_hop(st, router, 0);
	RB_REMOVE(table_tree, &st->routers, router);
	RB_REMOVE(router_tree, &router->link->routers, router);
	free(router);
}

void
router_remove(struct state *st, struct link *l, struct router *router)
{
	struct kev_router r = router_now(router, &st->now);

	walk_before_router(st, l, router);
	router_free(st, router);
	emit(st, l, &r, false);
}

void
router_gone(struct state *st, struct link *l, const struct change *c)
{
	struct router *router = find(l, &c->router);

	if (router == NULL)
		return;
	/* Collected before we looked; not by hand, and not withdrawn. */
	router->asked |= router->deadline != 0 &&
	    router->deadline <= st->now.mono + GRACE;
	router->asked &= c->pid == 0;
	/* Which of them it was, and what is left, the kernel knows. */
	if (router->shared)
		router_doubt(st, c->router.router.family);
	else
		router_vanish(st, l, router);
}

bool
router_may_be_there(struct state *st, struct router *router)
{
	if (++router->missed >= MISSED)
		return false;
	router->seen = st->dump;
	st->doubted |= part(router->r.family);
	return true;
}

/* Gone without a reason: its time was over, if it was asked for that. */
void
router_vanish(struct state *st, struct link *l, struct router *router)
{
	struct kev_router r = router->r;
	bool over = router->asked && !router->withdrawn && !router->expired &&
	    link_is_up(&l->l);

	router_remove(st, l, router);
	if (over)
		state_emit_by(st, l, KEV_T_ND6_ROUTER_EXPIRED, KEV_BY_TIMER,
		    (const struct kev_object *)&r);
}

/*
 * Told besides the routes, which don't say it. What has not gone at its end may
 * go any moment, but may also be renewed.
 */
void
router_ends(struct state *st, struct link *l, const struct change_router *c)
{
	struct router *r;

	RB_FOREACH(r, router_tree, &l->routers) {
		/* What somebody made himself does not end. */
		if (r->r.has & KEV_BIT(PROTOCOL) ||
		    kev_ip_cmp(&r->r.gateway, &c->router.gateway) != 0)
			continue;
		router_settle(st, l, r);
		r->r.has |= KEV_BIT(LIFETIME);
		r->r.lifetime = c->router.lifetime;
		r->told = st->now.mono;
		r->asked = c->expires <= 0;
		await(st, r, r->asked ? RETRY : (uint64_t)c->expires * 10000);
	}
}

/* Told by the kernel, maybe of one that was not told of before. */
void
router_expired(struct state *st, struct link *l, const struct kev_ip *gateway)
{
	struct kev_router data = { .has = KEV_BIT(GATEWAY),
	    .gateway = *gateway };
	struct router *r;

	RB_FOREACH(r, router_tree, &l->routers) {
		if (kev_ip_cmp(&r->r.gateway, gateway) != 0)
			continue;
		r->expired = true;
		set_deadline(st, r, 0);
	}
	state_touch(st, l, gateway->family);
	state_emit(st, l, KEV_T_ND6_ROUTER_EXPIRED,
	    (const struct kev_object *)&data);
}

/* An interface has an address in the network of A, or A at its other end. */
static bool
reaches(struct link *l, const struct kev_ip *a)
{
	struct addr *addr;

	RB_FOREACH(addr, addr_tree, &l->addrs) {
		if (addr->a.family == a->family &&
		    (kev_ip_cmp(&addr->a.peer, a) == 0 ||
		    (addr->a.has & KEV_BIT(PREFIXLEN) &&
		    addr_is_near(&addr->a, a))))
			return true;
	}
	return false;
}

struct link *
router_link(struct state *st, const struct change *c)
{
	const struct kev_router *r = &c->router.router;
	struct link *l;

	if ((r->has & KEV_BIT(GATEWAY)) == 0)
		return NULL;
	RB_FOREACH(l, link_tree, &st->links) {
		if (c->type == CHANGE_ROUTER_GONE ?
		    find(l, &c->router) != NULL : reaches(l, &r->gateway))
			return l;
	}
	return NULL;
}

/*
 * Heard on the wire: the kernel takes its lifetime anew, without a word, if it
 * heeds it at all, which depends on half a dozen of its settings. So the end is
 * never put off for it: when it would have been the kernel is asked, and tells
 * what is left. But it may come sooner.
 */
void
router_advert(struct state *st, struct link *l, const struct change_advert *a)
{
	uint64_t left = (uint64_t)a->lifetime * 1000000, until;
	struct router *r;

	RB_FOREACH(r, router_tree, &l->routers) {
		if (r->r.protocol != BY_ADVERT ||
		    kev_ip_cmp(&r->r.gateway, &a->address) != 0)
			continue;
		r->withdrawn = left == 0;
		if (left == 0 || (r->deadline == 0 && !r->expired))
			continue;
		r->r.lifetime = a->lifetime;
		r->told = st->now.mono;
		until = st->now.mono + (r->expired ? 0 : left) + GRACE;
		if (r->deadline == 0 || until < r->deadline)
			set_deadline(st, r, until);
	}
}

HOT uint64_t
router_deadline(const struct state *st)
{
	const struct router *r = RB_MIN(deadline_tree,
	    (struct deadline_tree *)&st->deadlines);

	return r != NULL ? r->deadline : 0;
}

/* When one seems to be over, the kernel is asked: it alone knows for sure. */
void
router_tick(struct state *st)
{
	struct router *r;

	while ((r = RB_MIN(deadline_tree, &st->deadlines)) != NULL &&
	    r->deadline <= st->now.mono) {
		set_deadline(st, r, st->now.mono + RETRY);
		r->asked = true;
		st->wants |= part(r->r.family);
	}
}

static void
tell_neigh(struct state *st, struct link *l, const struct change_neigh *n)
{
	bool told = false;
	struct router *r;
	struct kev_router data;

	RB_FOREACH(r, router_tree, &l->routers) {
		if (r->failed == n->failed ||
		    kev_ip_cmp(&r->r.gateway, &n->address) != 0)
			continue;
		walk_before_router(st, l, r);
		r->failed = n->failed;
		if (told)
			continue;
		told = true;
		data = r->r;
		data.lladdr = n->lladdr;
		if (n->lladdr.len > 0)
			data.has |= KEV_BIT(LLADDR);
		state_touch(st, l, data.family);
		state_emit(st, l, data.family == KEV_INET ?
		    n->failed ? KEV_T_IPV4_ROUTER_FAILURE :
		    KEV_T_IPV4_ROUTER_ALIVE :
		    n->failed ? KEV_T_ND6_ROUTER_FAILURE :
		    KEV_T_ND6_ROUTER_ALIVE, (const struct kev_object *)&data);
	}
}

/* The gateway of the only router of a family, or NULL. */
static const struct kev_ip *
only_gateway(struct link *l, uint8_t family)
{
	struct router *r, *one = NULL;

	RB_FOREACH(r, router_tree, &l->routers) {
		if (r->r.family != family)
			continue;
		if (one != NULL)
			return NULL;
		one = r;
	}
	return one != NULL && one->r.has & KEV_BIT(GATEWAY) ? &one->r.gateway :
	    NULL;
}

/* Of some router of the link. If there is only one, it is that one. */
static void
tell_any(struct state *st, struct link *l, const struct change_neigh *n)
{
	uint8_t family = n->address.family;
	const struct kev_ip *gateway = only_gateway(l, family);
	struct change_neigh of = *n;
	struct kev_router data = { .has = 0 };
	bool had = (l->failed & family) != 0;
	struct router *r;

	if (gateway != NULL && !had) {
		of.address = *gateway;
		tell_neigh(st, l, &of);
		return;
	}
	if (n->failed && had)
		return;
	walk_before_link(st, l);
	l->failed = (uint8_t)(n->failed ? l->failed | family :
	    l->failed & ~family);
	RB_FOREACH(r, router_tree, &l->routers) {
		if (r->r.family != family || !r->failed || n->failed)
			continue;
		walk_before_router(st, l, r);
		r->failed = false;
	}
	state_touch(st, l, family);
	state_emit(st, l, family == KEV_INET ?
	    n->failed ? KEV_T_IPV4_ROUTER_FAILURE : KEV_T_IPV4_ROUTER_ALIVE :
	    n->failed ? KEV_T_ND6_ROUTER_FAILURE : KEV_T_ND6_ROUTER_ALIVE,
	    (const struct kev_object *)&data);
}

/*
 * The gateway's entry in the neighbour table. FAILED with somebody's port was
 * set by hand ("ip neigh del" does that first); without a carrier nobody can
 * answer. A gateway that several routes share is told of once.
 */
void
router_neigh(struct state *st, struct link *l, const struct change *c)
{
	const struct change_neigh *n = &c->neigh;

	if (n->failed && ((c->pid != 0 && st->parts == 0) ||
	    !link_is_up(&l->l)))
		return;
	if (n->any)
		tell_any(st, l, n);
	else
		tell_neigh(st, l, n);
}

unsigned
router_parts(const struct link *l)
{
	unsigned parts = 0;
	struct router *r;

	RB_FOREACH(r, router_tree, (struct router_tree *)&l->routers)
		parts |= part(r->r.family);
	return parts;
}

unsigned
router_parts_hanging(const struct link *l)
{
	unsigned parts = 0;
	struct router *r;

	RB_FOREACH(r, router_tree, (struct router_tree *)&l->routers)
		parts |= r->nh_id != 0 ? part(r->r.family) : 0;
	return parts;
}

unsigned
router_parts_from(struct state *st, const struct kev_ip *prefsrc)
{
	struct router key = { .prefsrc = *prefsrc }, *r;
	unsigned parts = 0;

	for (r = RB_NFIND(prefsrc_tree, &st->prefsrcs, &key);
	    r != NULL && kev_ip_cmp(&r->prefsrc, prefsrc) == 0;
	    r = RB_NEXT(prefsrc_tree, &st->prefsrcs, r))
		parts |= part(r->r.family);
	return parts;
}

unsigned
router_parts_on(struct state *st, uint32_t nh_id)
{
	static const uint8_t families[] = { KEV_INET, KEV_INET6 };
	struct router key = { .nh_id = nh_id }, *r;
	unsigned parts = 0;
	size_t i;

	for (i = 0; i < sizeof families; i++) {
		key.r.family = families[i];
		r = RB_NFIND(hop_tree, &st->hops, &key);
		if (r != NULL && r->nh_id == nh_id &&
		    r->r.family == families[i])
			parts |= part(families[i]);
	}
	return parts;
}

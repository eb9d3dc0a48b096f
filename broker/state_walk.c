/*
 * Walks: what is told of the present in pieces, as it was when the walk began.
 *
 * Nothing is copied for that. What is about to change, and was not come to yet,
 * is told before it does; "version" then says which walks that is done for: all
 * that had begun. What is new has one, too, because to them it is not there.
 */
#include "config.h"

#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

static void
walk_init(struct walk *w, struct state *st, const struct stamp *now,
    state_publish_fn *publish, void *arg)
{
	*w = (struct walk){ .st = st, .since = ++st->walks_begun, .now = *now,
	    .publish = publish, .arg = arg };
	LIST_INSERT_HEAD(&st->walks, w, entry);
}

struct walk *
walk_new(const struct state *st, const struct stamp *now,
    state_publish_fn *publish, void *arg)
{
	struct walk *w = malloc(sizeof *w);

	/* Who looks at it is no part of what is. */
	if (w != NULL)
		walk_init(w, (struct state *)st, now, publish, arg);
	return w;
}

static void
end(struct walk *w)
{
	if (w->st == NULL)
		return;
	LIST_REMOVE(w, entry);
	w->st = NULL;
}

void
walk_free(struct walk *w)
{
	if (w == NULL)
		return;
	end(w);
	free(w);
}

static void
tell(const struct walk *w, const struct link *l, enum kev_topic topic,
    const void *data)
{
	struct kev_event ev = {
		.topic = topic,
		.origin = w->st->played ? KEV_BY_PLAY : w->st->live,
		.time = w->now.time,
		.mono = w->now.mono,
		.ifname = state_told_name(l),
		.ifindex = state_told_index(l),
		.netns = w->st->netns,
		.snapshot = true,
		.data = data,
	};

	w->publish(w->arg, &ev);
}

static void
tell_link(const struct walk *w, const struct link *l)
{
	const struct kev_note quality = { .has = KEV_BIT(QUALITY),
	    .quality = l->quality };
	const struct kev_router any = { .has = 0 };

	if (l->version >= w->since)
		return;
	tell(w, l, KEV_T_INTERFACE_ATTACH, &l->l);
	if (!l->untold)
		tell(w, l, link_is_up(&l->l) ? KEV_T_INTERFACE_LINK_UP :
		    KEV_T_INTERFACE_LINK_DOWN, &l->l);
	if (l->has_quality)
		tell(w, l, KEV_T_INTERFACE_QUALITY, &quality);
	if (l->failed & KEV_INET)
		tell(w, l, KEV_T_IPV4_ROUTER_FAILURE, &any);
	if (l->failed & KEV_INET6)
		tell(w, l, KEV_T_ND6_ROUTER_FAILURE, &any);
}

static void
tell_addr(const struct walk *w, const struct link *l, const struct addr *addr)
{
	struct kev_addr a;

	if (addr->version >= w->since)
		return;
	a = addr_now(addr, &w->now);
	if (a.family == KEV_INET) {
		tell(w, l, KEV_T_IPV4_ADDRESS_ADD, &a);
		if (addr->ready)
			tell(w, l, KEV_T_IPV4_ADDRESS_READY, &a);
		return;
	}
	tell(w, l, KEV_T_IPV6_ADDRESS_ADD, &a);
	if (addr->ready)
		tell(w, l, KEV_T_IPV6_ADDRESS_READY, &a);
	if (a.status == KEV_DUPLICATE)
		tell(w, l, KEV_T_IPV6_DUPLICATE, &a);
	if (a.status == KEV_DEPRECATED)
		tell(w, l, KEV_T_ND6_ADDRESS_DEPRECATED, &a);
	if (a.status == KEV_INACCESSIBLE)
		tell(w, l, KEV_T_ND6_ADDRESS_DETACHED, &a);
}

static void
tell_router(const struct walk *w, const struct link *l, const struct router *r)
{
	struct kev_router router;

	if (r->version >= w->since)
		return;
	router = router_now(r, &w->now);
	tell(w, l, router_topic(&router, true), &router);
	if (r->failed)
		tell(w, l, router.family == KEV_INET ?
		    KEV_T_IPV4_ROUTER_FAILURE : KEV_T_ND6_ROUTER_FAILURE,
		    &router);
}

/* They are few, and told all at once. */
static void
tell_nat64(const struct walk *w, const struct link *l)
{
	const struct nat64 *n;
	struct kev_note prefix;

	if (l->nat64_version >= w->since)
		return;
	TAILQ_FOREACH(n, &l->nat64, entry) {
		prefix = nat64_now(n, &w->now);
		tell(w, l, KEV_T_IPV6_NAT64_PREFIX, &prefix);
	}
}

static bool
pass_addrs(struct walk *w, struct link *l, size_t *n)
{
	struct addr *a;

	for (a = RB_NFIND(addr_tree, &l->addrs, &w->addr); a != NULL;
	    a = RB_NEXT(addr_tree, &l->addrs, a)) {
		if (*n == 0) {
			w->addr.a = a->a;
			return false;
		}
		--*n;
		tell_addr(w, l, a);
	}
	memset(&w->addr.a, 0, sizeof w->addr.a);
	w->part = WALK_ROUTERS;
	return true;
}

static bool
pass_routers(struct walk *w, struct link *l, size_t *n)
{
	struct router *r;

	for (r = RB_NFIND(router_tree, &l->routers, &w->router); r != NULL;
	    r = RB_NEXT(router_tree, &l->routers, r)) {
		if (*n == 0) {
			w->router.r = r->r;
			return false;
		}
		--*n;
		tell_router(w, l, r);
	}
	memset(&w->router.r, 0, sizeof w->router.r);
	w->part = WALK_NAT64;
	return true;
}

/* From where it is; false when N things were told, and it is not past L. */
static bool
pass_link(struct walk *w, struct link *l, size_t *n)
{
	if (w->part == WALK_LINK) {
		if (*n == 0)
			return false;
		--*n;
		tell_link(w, l);
		w->part = WALK_ADDRS;
	}
	if (w->part == WALK_ADDRS && !pass_addrs(w, l, n))
		return false;
	if (w->part == WALK_ROUTERS && !pass_routers(w, l, n))
		return false;
	if (TAILQ_EMPTY(&l->nat64))
		return true;
	if (*n == 0)
		return false;
	--*n;
	tell_nat64(w, l);
	return true;
}

bool
walk_on(struct walk *w, size_t *n)
{
	struct link key, *l;

	if (w->st == NULL)
		return true;
	key.ifindex = w->ifindex;
	for (l = RB_NFIND(link_tree, &w->st->links, &key); l != NULL;
	    l = RB_NEXT(link_tree, &w->st->links, l)) {
		/* That one may be gone meanwhile. */
		if (l->ifindex != w->ifindex) {
			w->ifindex = l->ifindex;
			w->part = WALK_LINK;
			memset(&w->addr.a, 0, sizeof w->addr.a);
			memset(&w->router.r, 0, sizeof w->router.r);
		}
		if (!pass_link(w, l, n))
			return false;
	}
	end(w);
	return true;
}

void
state_snapshot(const struct state *st, const struct stamp *now,
    state_publish_fn *publish, void *arg)
{
	size_t all = SIZE_MAX;
	struct walk w;

	walk_init(&w, (struct state *)st, now, publish, arg);
	walk_on(&w, &all);
}

/* ORDER: the thing's and where the walk is, within this part of L. */
static bool
is_ahead(const struct walk *w, const struct link *l, enum walk_part part,
    int order)
{
	if (l->ifindex != w->ifindex)
		return l->ifindex > w->ifindex;
	return part > w->part || (part == w->part && order >= 0);
}

HOT void
walk_before_link(struct state *st, struct link *l)
{
	const struct walk *w;

	LIST_FOREACH(w, &st->walks, entry) {
		if (is_ahead(w, l, WALK_LINK, 0))
			tell_link(w, l);
	}
	l->version = st->walks_begun;
}

/* Nobody hears of what is on a link before the link itself. */
HOT void
walk_before_addr(struct state *st, struct link *l, struct addr *a)
{
	const struct walk *w;

	if (LIST_EMPTY(&st->walks))
		return;
	walk_before_link(st, l);
	LIST_FOREACH(w, &st->walks, entry) {
		if (is_ahead(w, l, WALK_ADDRS, addr_cmp(a, &w->addr)))
			tell_addr(w, l, a);
	}
	a->version = st->walks_begun;
}

void
walk_before_router(struct state *st, struct link *l, struct router *r)
{
	const struct walk *w;

	if (LIST_EMPTY(&st->walks))
		return;
	walk_before_link(st, l);
	LIST_FOREACH(w, &st->walks, entry) {
		if (is_ahead(w, l, WALK_ROUTERS, router_cmp(r, &w->router)))
			tell_router(w, l, r);
	}
	r->version = st->walks_begun;
}

void
walk_before_nat64(struct state *st, struct link *l)
{
	const struct walk *w;

	if (LIST_EMPTY(&st->walks))
		return;
	walk_before_link(st, l);
	LIST_FOREACH(w, &st->walks, entry) {
		if (is_ahead(w, l, WALK_NAT64, 0))
			tell_nat64(w, l);
	}
	l->nat64_version = st->walks_begun;
}

/* What is on it is told by its name, too. */
void
walk_before_rename(struct state *st, struct link *l)
{
	struct router *r;
	struct addr *a;

	if (LIST_EMPTY(&st->walks))
		return;
	walk_before_nat64(st, l);
	RB_FOREACH(a, addr_tree, &l->addrs)
		walk_before_addr(st, l, a);
	RB_FOREACH(r, router_tree, &l->routers)
		walk_before_router(st, l, r);
}

void
walk_before_end(struct state *st)
{
	struct walk *w, *next;
	size_t all = SIZE_MAX;

	LIST_FOREACH_SAFE(w, &st->walks, entry, next)
		walk_on(w, &all);
}

#include "config.h"

#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>

/* So many prefixes an interface has; anybody on the link can make more. */
#define PREFIXES 16

static int
end_cmp(const struct nat64 *a, const struct nat64 *b)
{
	if (a->until != b->until)
		return a->until < b->until ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

RB_GENERATE(end_tree, nat64, by_end, end_cmp)

struct kev_note
nat64_now(const struct nat64 *n, const struct stamp *now)
{
	struct kev_note data = {
		.has = KEV_BIT(PREFIX) | KEV_BIT(PREFIXLEN) | KEV_BIT(LIFETIME),
		.prefix = n->told.prefix,
		.prefixlen = n->told.prefixlen,
		.router = n->told.router,
	};

	if (n->told.router.family != 0)
		data.has |= KEV_BIT(ROUTER);
	if (n->until > now->mono)
		data.lifetime = (uint32_t)((n->until - now->mono) / 1000000);
	return data;
}

static void
emit(struct state *st, const struct nat64 *n, enum kev_origin origin)
{
	struct kev_note data = nat64_now(n, &st->now);

	if (st->parts != 0)
		origin = KEV_BY_RESYNC;
	state_emit_by(st, n->link, KEV_T_IPV6_NAT64_PREFIX, origin,
	    (const struct kev_object *)&data);
}

static void
set_end(struct state *st, struct nat64 *n, uint64_t when)
{
	if (n->until != 0)
		RB_REMOVE(end_tree, &st->nat64, n);
	n->until = when;
	if (when != 0)
		RB_INSERT(end_tree, &st->nat64, n);
}

void
nat64_free(struct state *st, struct nat64 *n)
{
	set_end(st, n, 0);
	TAILQ_REMOVE(&n->link->nat64, n, entry);
	free(n);
}

/* It is over: its lifetime is 0. */
static void
end(struct state *st, struct nat64 *n, enum kev_origin origin)
{
	walk_before_nat64(st, n->link);
	set_end(st, n, 0);
	emit(st, n, origin);
	nat64_free(st, n);
}

/* Each router has prefixes of its own: what one withdraws others may tell. */
void
nat64_apply(struct state *st, struct link *l, const struct change_nat64 *c)
{
	struct nat64 *n, *found = NULL;
	int count = 0;

	TAILQ_FOREACH(n, &l->nat64, entry) {
		count++;
		if (n->told.prefixlen == c->prefixlen &&
		    kev_ip_cmp(&n->told.prefix, &c->prefix) == 0 &&
		    kev_ip_cmp(&n->told.router, &c->router) == 0)
			found = n;
	}
	if (found != NULL && c->lifetime == 0) {
		end(st, found, KEV_BY_RTNETLINK);
		return;
	}
	if (c->lifetime == 0 || (found == NULL && count == PREFIXES))
		return;
	n = found != NULL ? found : state_alloc(st, sizeof *n);
	if (n == NULL)
		return;
	if (found == NULL)
		n->order = ++st->order;
	set_end(st, n, st->now.mono + c->lifetime * UINT64_C(1000000));
	if (found != NULL)
		return;
	n->link = l;
	n->told = *c;
	walk_before_nat64(st, l);
	TAILQ_INSERT_TAIL(&l->nat64, n, entry);
	emit(st, n, KEV_BY_RTNETLINK);
}

void
nat64_end(struct state *st, const struct link *l)
{
	struct nat64 *n;

	while ((n = TAILQ_FIRST(&l->nat64)) != NULL)
		end(st, n, KEV_BY_RTNETLINK);
}

HOT uint64_t
nat64_deadline(const struct state *st)
{
	const struct nat64 *n = RB_MIN(end_tree,
	    (struct end_tree *)&st->nat64);

	return n != NULL ? n->until : 0;
}

void
nat64_tick(struct state *st)
{
	struct nat64 *n;

	while ((n = RB_MIN(end_tree, &st->nat64)) != NULL &&
	    n->until <= st->now.mono)
		end(st, n, KEV_BY_TIMER);
}

#include "config.h"

#include "state_impl.h"

#include <stdlib.h>

/* So many prefixes an interface has; anybody on the link can make more. */
#define PREFIXES 16

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

void
nat64_free(struct state *st, struct nat64 *n)
{
	TAILQ_REMOVE(&n->link->nat64, n, entry);
	TAILQ_REMOVE(&st->nat64, n, all);
	free(n);
}

/* It is over: its lifetime is 0. */
static void
end(struct state *st, struct nat64 *n, enum kev_origin origin)
{
	walk_before_nat64(st, n->link);
	n->until = 0;
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
	n->until = st->now.mono + c->lifetime * UINT64_C(1000000);
	if (found != NULL)
		return;
	n->link = l;
	n->told = *c;
	walk_before_nat64(st, l);
	TAILQ_INSERT_TAIL(&l->nat64, n, entry);
	TAILQ_INSERT_TAIL(&st->nat64, n, all);
	emit(st, n, KEV_BY_RTNETLINK);
}

void
nat64_end(struct state *st, const struct link *l)
{
	struct nat64 *n;

	while ((n = TAILQ_FIRST(&l->nat64)) != NULL)
		end(st, n, KEV_BY_RTNETLINK);
}

uint64_t
nat64_deadline(const struct state *st)
{
	uint64_t first = 0;
	const struct nat64 *n;

	TAILQ_FOREACH(n, &st->nat64, all) {
		if (first == 0 || n->until < first)
			first = n->until;
	}
	return first;
}

void
nat64_tick(struct state *st)
{
	struct nat64 *n, *next;

	TAILQ_FOREACH_SAFE(n, &st->nat64, all, next) {
		if (n->until <= st->now.mono)
			end(st, n, KEV_BY_TIMER);
	}
}

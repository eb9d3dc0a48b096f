/*
 * Claims of other hosts to addresses of ours, and what may be told of them
 * how often.
 */
#include "config.h"

#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

/* So often one conflict with one host is told, in microseconds. */
#define INTERVAL 1000000
/* A claim explains a duplicate that the kernel reports soon after it. */
#define EXPLAINS 3000000

static bool
same_lladdr(const struct kev_lladdr *a, const struct kev_lladdr *b)
{
	return a->len == b->len && memcmp(a->byte, b->byte, a->len) == 0;
}

/* Whether it is one of our own interfaces. */
static bool
is_ours(struct state *st, const struct kev_lladdr *lladdr)
{
	struct link *l;

	RB_FOREACH(l, link_tree, &st->links) {
		if ((l->l.has & KEV_BIT(LLADDR)) != 0 &&
		    same_lladdr(&l->l.lladdr, lladdr))
			return true;
	}
	return false;
}

static struct addr *
find_addr(struct link *l, const struct kev_ip *ip)
{
	struct addr key = { .a = { .family = ip->family, .address = *ip } };
	struct addr *addr = RB_NFIND(addr_tree, &l->addrs, &key);

	return addr != NULL && kev_ip_cmp(&addr->a.address, ip) == 0 ? addr :
	    NULL;
}

static void
emit(struct state *st, const struct link *l, const struct alert *a,
    uint32_t count)
{
	struct addr *addr;
	struct kev_addr duplicate;
	struct kev_note collision = {
		.has = KEV_BIT(ADDRESS) | KEV_BIT(LLADDR) | KEV_BIT(COUNT) |
		    (l->l.has & KEV_BIT(LLADDR) ? KEV_BIT(OWN_LLADDR) : 0),
		.address = a->address, .lladdr = a->lladdr,
		.own_lladdr = l->l.lladdr, .count = count,
	};

	if (a->address.family == KEV_INET) {
		state_emit_by(st, l, KEV_T_IPV4_COLLISION, KEV_BY_ARP,
		    (const struct kev_object *)&collision);
		return;
	}
	addr = find_addr((struct link *)l, &a->address);
	if (addr == NULL)
		return;
	/* The kernel goes on using it, so its status is as it was. */
	duplicate = addr_now(addr, &st->now);
	duplicate.lladdr = a->lladdr;
	duplicate.count = count;
	duplicate.has |= KEV_BIT(LLADDR) | KEV_BIT(COUNT);
	state_emit_by(st, l, KEV_T_IPV6_DUPLICATE, KEV_BY_NDP,
	    (const struct kev_object *)&duplicate);
}

/* What was pending is told, and when the next one is due. */
void
claim_tick(struct state *st)
{
	struct claims *claims = st->claims;
	struct link *l;
	struct alert *a;
	uint32_t count;

	if (claims == NULL || claims->due == 0)
		return;
	claims->due = 0;
	for (a = claims->alerts; a < claims->alerts + ALERTS; a++) {
		if (a->ifindex == 0 || a->pending == 0)
			continue;
		l = state_link(st, a->ifindex);
		if (a->told + INTERVAL <= st->now.mono && l != NULL) {
			count = a->pending;
			a->pending = 0;
			a->told = st->now.mono;
			emit(st, l, a, count);
		} else if (claims->due == 0 ||
		    a->told + INTERVAL < claims->due) {
			claims->due = a->told + INTERVAL;
		}
	}
}

/*
 * The entry for this conflict, or a free one, or that of one which is over. If
 * there is none, because so many different hosts claim so fast, another one
 * about the same address, whose count it adds to; else NULL.
 */
static struct alert *
find_alert(struct state *st, uint32_t ifindex, const struct change_claim *c)
{
	struct alert *a, *oldest = st->claims->alerts, *other = NULL;

	for (a = st->claims->alerts; a < st->claims->alerts + ALERTS; a++) {
		if (a->ifindex == ifindex &&
		    kev_ip_cmp(&a->address, &c->address) == 0) {
			if (same_lladdr(&a->lladdr, &c->lladdr))
				return a;
			other = a;
		}
		if (a->told < oldest->told)
			oldest = a;
	}
	if (oldest->ifindex != 0 && (oldest->pending > 0 ||
	    oldest->told + INTERVAL > st->now.mono))
		return other;
	*oldest = (struct alert){ .ifindex = ifindex, .address = c->address,
	    .lladdr = c->lladdr };
	return oldest;
}

static void
tell(struct state *st, struct link *l, const struct change_claim *c)
{
	struct alert *a = find_alert(st, l->ifindex, c);

	if (a == NULL)
		return;
	a->pending++;
	if (a->told != 0 && a->told + INTERVAL > st->now.mono) {
		if (st->claims->due == 0 ||
		    a->told + INTERVAL < st->claims->due)
			st->claims->due = a->told + INTERVAL;
		return;
	}
	a->told = st->now.mono;
	emit(st, l, a, a->pending);
	a->pending = 0;
}

static void
remember(struct state *st, uint32_t ifindex, const struct change_claim *c)
{
	struct claims *claims = st->claims;

	claims->culprits[claims->next] = (struct culprit){ ifindex, c->address,
	    c->lladdr, st->now.mono };
	claims->next = (claims->next + 1) % CULPRITS;
}

void
claim_apply(struct state *st, struct link *l, const struct change_claim *c)
{
	struct addr *addr = find_addr(l, &c->address);

	/* Neighbours say every day where they are: only what is ours counts,
	 * or may be about to be, which the kernel does not always tell. */
	if (c->address.family == KEV_INET && addr == NULL)
		return;
	if (is_ours(st, &c->lladdr))
		return;
	if (st->claims == NULL &&
	    (st->claims = calloc(1, sizeof *st->claims)) == NULL)
		return;
	if (c->address.family == KEV_INET6 &&
	    (addr == NULL || !addr_is_ready(&addr->a)))
		remember(st, l->ifindex, c);
	else
		tell(st, l, c);
}

bool
state_disputes(const struct state *st, const struct change *c)
{
	struct link *l = state_link((struct state *)st, c->ifindex);
	struct addr *addr;

	if (c->type != CHANGE_CLAIM || l == NULL)
		return false;
	addr = find_addr(l, &c->claim.address);
	return addr != NULL && addr_is_ready(&addr->a);
}

void
claim_forget(struct state *st, uint32_t ifindex)
{
	struct alert *a;

	if (st->claims == NULL)
		return;
	for (a = st->claims->alerts; a < st->claims->alerts + ALERTS; a++) {
		if (a->ifindex == ifindex)
			memset(a, 0, sizeof *a);
	}
}

void
claim_explain(const struct state *st, uint32_t ifindex, struct kev_addr *addr)
{
	const struct culprit *c;

	if (st->claims == NULL)
		return;
	for (c = st->claims->culprits; c < st->claims->culprits + CULPRITS;
	    c++) {
		if (c->ifindex != ifindex ||
		    kev_ip_cmp(&c->address, &addr->address) != 0 ||
		    c->seen + EXPLAINS < st->now.mono)
			continue;
		addr->lladdr = c->lladdr;
		addr->has |= KEV_BIT(LLADDR);
	}
}

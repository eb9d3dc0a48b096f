/*
 * Claims of other hosts to addresses of ours.
 */
#include "config.h"

#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

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
	struct link key = { .l.lladdr = *lladdr }, *l;

	l = RB_NFIND(lladdr_tree, &st->lladdrs, &key);
	return l != NULL && lladdr->len > 0 &&
	    same_lladdr(&l->l.lladdr, lladdr);
}

static void
emit(struct state *st, const struct claim *c, uint32_t count)
{
	struct link *l = state_link(st, c->ifindex);
	struct kev_note collision;
	struct kev_addr duplicate;
	struct addr *addr;

	if (l == NULL)
		return;
	if (c->address.family == KEV_INET) {
		collision = (struct kev_note){
			.has = KEV_BIT(ADDRESS) | KEV_BIT(COUNT) |
			    (c->lladdr.len > 0 ? KEV_BIT(LLADDR) : 0) |
			    (l->l.has & KEV_BIT(LLADDR) ?
			    KEV_BIT(OWN_LLADDR) : 0),
			.address = c->address, .lladdr = c->lladdr,
			.own_lladdr = l->l.lladdr, .count = count,
		};
		state_emit_by(st, l, KEV_T_IPV4_COLLISION, KEV_BY_ARP,
		    (const struct kev_object *)&collision);
		return;
	}
	addr = addr_find(l, &c->address);
	if (addr == NULL)
		return;
	/* The kernel goes on using it, so its status is as it was. */
	duplicate = addr_now(addr, &st->now);
	duplicate.lladdr = c->lladdr;
	duplicate.count = count;
	duplicate.has |= KEV_BIT(LLADDR) | KEV_BIT(COUNT);
	state_emit_by(st, l, KEV_T_IPV6_DUPLICATE, KEV_BY_NDP,
	    (const struct kev_object *)&duplicate);
}

/* What was waiting is told. */
void
claim_tick(struct state *st)
{
	uint32_t count;
	size_t i;

	if (st->claims == NULL)
		return;
	while ((i = ration_due(&st->claims->ration, st->now.mono, &count)) !=
	    RATION_NONE)
		emit(st, &st->claims->told[i], count);
}

/* A conflict is with one host about one address. */
struct asking {
	const struct claims *claims;
	const struct claim *claim;
};

static unsigned
kin(const void *arg, size_t place)
{
	const struct asking *a = arg;
	const struct claim *c = &a->claims->told[place];
	bool subject = c->ifindex == a->claim->ifindex &&
	    kev_ip_cmp(&c->address, &a->claim->address) == 0;
	bool actor = same_lladdr(&c->lladdr, &a->claim->lladdr);

	return (subject ? RATION_SUBJECT : 0) | (actor ? RATION_ACTOR : 0);
}

static void
tell(struct state *st, const struct claim *c)
{
	struct asking a = { st->claims, c };
	struct ration_share s = ration_take(&st->claims->ration, st->now.mono,
	    kin, &a);

	if (s.begins)
		st->claims->told[s.place] = *c;
	if (s.count > 0)
		emit(st, &st->claims->told[s.place], s.count);
}

/*
 * Where a claim that may explain something goes: where the same was; else in
 * place of the oldest, but of the same host's own if it has a quarter of all,
 * so that it cannot drive out what others said.
 */
static struct culprit *
find_culprit(struct claims *claims, const struct claim *claim)
{
	struct culprit *c, *oldest = claims->culprits, *own = NULL;
	unsigned count = 0;

	for (c = claims->culprits; c < claims->culprits + CULPRITS; c++) {
		if (c->order < oldest->order)
			oldest = c;
		if (c->order == 0 ||
		    !same_lladdr(&c->claim.lladdr, &claim->lladdr))
			continue;
		if (c->claim.ifindex == claim->ifindex &&
		    kev_ip_cmp(&c->claim.address, &claim->address) == 0)
			return c;
		count++;
		if (own == NULL || c->order < own->order)
			own = c;
	}
	return count >= CULPRITS / 4 ? own : oldest;
}

static void
remember(struct state *st, const struct claim *c)
{
	*find_culprit(st->claims, c) = (struct culprit){ *c, st->now.mono,
	    ++st->claims->count };
}

void
claim_apply(struct state *st, struct link *l, const struct change_claim *c)
{
	const struct claim claim = { l->ifindex, c->address, c->lladdr };
	struct addr *addr = addr_find(l, &c->address);

	/* Neighbours say every day where they are: only what is ours counts,
	 * or may be about to be, which the kernel does not always tell. */
	if (c->address.family == KEV_INET && addr == NULL && !c->sure)
		return;
	if (is_ours(st, &c->lladdr) && !c->sure)
		return;
	if (st->claims == NULL &&
	    (st->claims = state_alloc(st, sizeof *st->claims)) == NULL)
		return;
	if (c->address.family == KEV_INET6 &&
	    (addr == NULL || !addr_is_ready(&addr->a)))
		remember(st, &claim);
	else
		tell(st, &claim);
}

bool
state_disputes(const struct state *st, const struct change *c)
{
	struct link *l = state_link((struct state *)st, c->ifindex);
	struct addr *addr;

	if (c->type != CHANGE_CLAIM || l == NULL)
		return false;
	addr = addr_find(l, &c->claim.address);
	return addr != NULL && addr_is_ready(&addr->a);
}

void
claim_forget(struct state *st, uint32_t ifindex)
{
	size_t i;

	if (st->claims == NULL)
		return;
	for (i = 0; i < RATION_PLACES; i++) {
		if (st->claims->told[i].ifindex == ifindex)
			ration_forget(&st->claims->ration, i);
	}
}

void
claim_renumber(struct state *st, uint32_t from, uint32_t to)
{
	struct claims *claims = st->claims;
	size_t i;

	for (i = 0; claims != NULL && i < RATION_PLACES; i++) {
		if (claims->told[i].ifindex == from)
			claims->told[i].ifindex = to;
	}
	for (i = 0; claims != NULL && i < CULPRITS; i++) {
		if (claims->culprits[i].claim.ifindex == from)
			claims->culprits[i].claim.ifindex = to;
	}
}

void
claim_explain(const struct state *st, uint32_t ifindex, struct kev_addr *addr)
{
	const struct culprit *c, *last = NULL;

	if (st->claims == NULL)
		return;
	for (c = st->claims->culprits; c < st->claims->culprits + CULPRITS;
	    c++) {
		if (c->order != 0 && c->claim.ifindex == ifindex &&
		    kev_ip_cmp(&c->claim.address, &addr->address) == 0 &&
		    c->seen + EXPLAINS >= st->now.mono &&
		    (last == NULL || c->order > last->order))
			last = c;
	}
	if (last == NULL || (addr->has & KEV_BIT(LLADDR)) != 0)
		return;
	addr->lladdr = last->claim.lladdr;
	addr->has |= KEV_BIT(LLADDR);
}

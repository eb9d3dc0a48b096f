#include "config.h"

#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

/* An ioctl's two messages were 0.2 ms apart on a busy machine. */
#define HOLD 20000

#define LIFETIMES (KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT))
#define TOLD (KEV_BIT(ADDRESS) | KEV_BIT(PREFIXLEN) | KEV_BIT(BROADCAST) | \
	KEV_BIT(PEER) | KEV_BIT(LABEL) | KEV_BIT(SCOPE) | KEV_BIT(FLAGS) | \
	KEV_BIT(STATUS) | KEV_BIT(PROTOCOL))

/* IPv4: address, prefix length and peer; IPv6: the address alone. */
int
addr_cmp(const struct addr *x, const struct addr *y)
{
	const struct kev_addr *a = &x->a, *b = &y->a;
	int order = kev_ip_cmp(&a->address, &b->address);

	if (order != 0 || a->family != KEV_INET)
		return order;
	if (a->prefixlen != b->prefixlen)
		return a->prefixlen < b->prefixlen ? -1 : 1;
	return kev_ip_cmp(&a->peer, &b->peer);
}

RB_GENERATE(addr_tree, addr, entry, addr_cmp)

/* The first one with these bytes, whatever else it has. */
struct addr *
addr_find(struct link *l, const struct kev_ip *ip)
{
	struct addr key = { .a = { .family = ip->family, .address = *ip } };
	struct addr *addr = RB_NFIND(addr_tree, &l->addrs, &key);

	return addr != NULL && kev_ip_cmp(&addr->a.address, ip) == 0 ? addr :
	    NULL;
}

static const struct kev_object *
object(const struct kev_addr *a)
{
	return (const struct kev_object *)a;
}

/* The topic of this family, of two. */
static enum kev_topic
pick(const struct kev_addr *a, enum kev_topic inet, enum kev_topic inet6)
{
	return a->family == KEV_INET ? inet : inet6;
}

bool
addr_is_ready(const struct kev_addr *a)
{
	return a->status == KEV_PREFERRED || a->status == KEV_DEPRECATED;
}

static uint32_t
left(uint32_t lifetime, uint64_t seconds)
{
	if (lifetime == KEV_FOREVER)
		return lifetime;
	return lifetime > seconds ? lifetime - (uint32_t)seconds : 0;
}

HOT struct kev_addr
addr_now(const struct addr *addr, const struct stamp *now)
{
	uint64_t seconds = now->mono > addr->told ?
	    (now->mono - addr->told) / 1000000 : 0;
	struct kev_addr a = addr->a;

	a.valid_lft = left(a.valid_lft, seconds);
	a.preferred_lft = left(a.preferred_lft, seconds);
	return a;
}

static void
emit_proto(struct state *st, const struct link *l, const struct kev_addr *a,
    enum kev_topic topic)
{
	struct kev_note note = {
		.has = KEV_BIT(FAMILY) | KEV_BIT(REMAINING),
		.family = a->family,
		.remaining = (l->count[KEV_INET] > 0 ? 1u : 0) +
		    (l->count[KEV_INET6] > 0 ? 1u : 0),
	};

	state_emit(st, l, topic, (const struct kev_object *)&note);
}

/* NetBSD's kernel itself looks whether others have an address of IPv4. */
static void
emit_collision(struct state *st, struct link *l, const struct kev_addr *a)
{
	struct change_claim c = { .address = a->address, .sure = true };

	if (a->has & KEV_BIT(LLADDR))
		c.lladdr = a->lladdr;
	claim_apply(st, l, &c);
}

/* What an address has become, after the event that says how. */
HOT static void
emit_status(struct state *st, struct link *l, struct addr *addr,
    uint8_t old_status)
{
	struct kev_addr *a = &addr->a;

	if (addr_is_ready(a) && !addr->ready)
		state_emit(st, l, pick(a, KEV_T_IPV4_ADDRESS_READY,
		    KEV_T_IPV6_ADDRESS_READY), object(a));
	addr->ready = addr_is_ready(a);
	if (a->status == old_status)
		return;
	if (a->family == KEV_INET) {
		if (a->status == KEV_DUPLICATE)
			emit_collision(st, l, a);
	} else if (a->status == KEV_DUPLICATE) {
		claim_explain(st, l->ifindex, a);
		state_emit(st, l, KEV_T_IPV6_DUPLICATE, object(a));
	} else if (a->status == KEV_DEPRECATED) {
		state_emit(st, l, KEV_T_ND6_ADDRESS_DEPRECATED, object(a));
	} else if (a->status == KEV_INACCESSIBLE) {
		state_emit(st, l, KEV_T_ND6_ADDRESS_DETACHED, object(a));
	}
}

static void
add(struct state *st, struct link *l, const struct kev_addr *told)
{
	/* calloc(3) of glibc passes by what has just been freed. */
	struct addr *addr = malloc(sizeof *addr);

	if (addr == NULL) {
		st->starved = true;
		return;
	}
	*addr = (struct addr){ .a = *told, .told = st->now.mono,
	    .version = st->walks_begun, .seen = st->dump };
	RB_INSERT(addr_tree, &l->addrs, addr);
	state_touch(st, l, told->family);
	if (++l->count[told->family] == 1 &&
	    (l->protos & told->family) == 0)
		emit_proto(st, l, told, KEV_T_INTERFACE_PROTO_ATTACH);
	state_emit(st, l, pick(told, KEV_T_IPV4_ADDRESS_ADD,
	    KEV_T_IPV6_ADDRESS_ADD), object(told));
	emit_status(st, l, addr, 0);
}

/* Lifetimes alone are no news, but their beginning and end is. */
static void
change(struct state *st, struct link *l, struct addr *addr,
    const struct kev_addr *told)
{
	struct kev_addr old = addr_now(addr, &st->now);
	uint64_t changed = kev_object_diff(KEV_ADDR, object(&old), object(told),
	    TOLD);

	if (changed != 0)
		walk_before_addr(st, l, addr);
	/* What it is found by may have changed, too. */
	RB_REMOVE(addr_tree, &l->addrs, addr);
	addr->a = *told;
	RB_INSERT(addr_tree, &l->addrs, addr);
	/* Who has it stays known as long as somebody has. */
	if (told->status == KEV_DUPLICATE &&
	    (told->has & KEV_BIT(LLADDR)) == 0) {
		addr->a.lladdr = old.lladdr;
		addr->a.has |= old.has & KEV_BIT(LLADDR);
	}
	addr->told = st->now.mono;
	addr->seen = st->dump;
	if (changed == 0)
		return;
	if ((old.flags ^ told->flags) & KEV_IFA_PERMANENT)
		changed |= kev_object_diff(KEV_ADDR, object(&old), object(told),
		    LIFETIMES);
	state_touch(st, l, told->family);
	state_emit_change(st, l, pick(told, KEV_T_IPV4_ADDRESS_CHANGE,
	    KEV_T_IPV6_ADDRESS_CHANGE), object(told), object(&old), changed);
	emit_status(st, l, addr, old.status);
}

static bool
is_held(const struct held *h, const struct link *l, const struct kev_addr *a)
{
	return h->ifindex == l->ifindex &&
	    kev_ip_cmp(&h->address, &a->address) == 0;
}

/* Whether A is in the network of the address. */
bool
addr_is_near(const struct kev_addr *addr, const struct kev_ip *a)
{
	uint32_t i;

	for (i = 0; i < addr->prefixlen; i++) {
		if ((addr->address.byte[i / 8] ^ a->byte[i / 8]) &
		    0x80 >> i % 8)
			return false;
	}
	return true;
}

/*
 * The BSDs have one place for the broadcast address and that of the other end.
 * Which it is depends on the link; if its flags are not told, on the network.
 */
static void
tell_ends_apart(const struct link *l, struct kev_addr *a)
{
	bool peer = (l->l.has & KEV_BIT(FLAGS)) != 0 ?
	    (l->l.flags & KEV_IFF_POINTOPOINT) != 0 :
	    a->prefixlen >= 31 || !addr_is_near(a, &a->broadcast);

	if ((a->has & KEV_BIT(BROADCAST)) == 0 || !peer)
		return;
	a->peer = a->broadcast;
	memset(&a->broadcast, 0, sizeof a->broadcast);
	a->has ^= KEV_BIT(BROADCAST) | KEV_BIT(PEER);
}

/* What is not told of it is as it was, but for its ends, which always are told
 * if it has them; ADDR may be NULL. */
static void
complete(const struct state *st, const struct link *l, const struct addr *addr,
    struct kev_addr *a)
{
	struct kev_addr old = { .has = 0 };

	tell_ends_apart(l, a);
	if (addr != NULL)
		old = addr_now(addr, &st->now);
	if ((a->has & KEV_BIT(PREFIXLEN)) == 0)
		a->prefixlen = old.prefixlen;
	if ((a->has & KEV_BIT(STATUS)) == 0) {
		a->status = old.status;
		a->flags = old.flags;
		a->lladdr = old.lladdr;
		a->has |= old.has & (KEV_BIT(FLAGS) | KEV_BIT(LLADDR));
	}
	if ((a->has & LIFETIMES) == 0) {
		a->valid_lft = old.valid_lft;
		a->preferred_lft = old.preferred_lft;
	}
	a->has |= old.has & (KEV_BIT(PREFIXLEN) | LIFETIMES);
	/* Whether an address of IPv6 can be used is for the kernel to say. */
	if (a->status == 0)
		a->status = a->family == KEV_INET ? KEV_PREFERRED : KEV_UNKNOWN;
	a->has |= KEV_BIT(STATUS);
}

/* The address that a change is about: by all that it has, or its bytes. */
HOT static struct addr *
find(struct link *l, const struct change *c)
{
	struct addr key = { .a = c->addr };
	struct addr *addr = RB_FIND(addr_tree, &l->addrs, &key);

	return addr == NULL && c->part ? addr_find(l, &c->addr.address) : addr;
}

HOT void
addr_apply(struct state *st, struct link *l, const struct change *c)
{
	struct addr *addr = find(l, c);
	struct kev_addr whole = c->addr;
	const struct kev_addr *told = &whole;
	struct held *held = &st->held;

	if (c->part)
		complete(st, l, addr, &whole);
	if (is_held(held, l, told) && (addr == NULL || addr == held->addr)) {
		held->ifindex = 0;
		addr = held->addr;
		st->wants |= router_parts(l);
	} else {
		addr_flush(st);
	}
	if (addr == NULL)
		add(st, l, told);
	else
		change(st, l, addr, told);
}

/* A kernel that tells no lifetimes with it (they are KEV_FOREVER then) may have
 * told them before. */
static bool
is_over(const struct kev_addr *known, const struct kev_addr *told)
{
	return told->valid_lft == 0 || (told->valid_lft == KEV_FOREVER &&
	    (known->has & KEV_BIT(VALID_LFT)) != 0 && known->valid_lft == 0);
}

/* A duplicate of which only its removal tells. */
static void
emit_duplicate(struct state *st, const struct link *l,
    const struct kev_addr *told)
{
	struct kev_addr a = *told;

	claim_explain(st, l->ifindex, &a);
	state_emit(st, l, KEV_T_IPV6_DUPLICATE, object(&a));
}

/*
 * TOLD is what the message said, NULL when the removal is only concluded. The
 * failure of duplicate address detection of an address with a lifetime is told
 * by its removal alone (addrconf_dad_stop in Linux).
 */
HOT void
addr_remove(struct state *st, struct link *l, struct addr *addr,
    const struct kev_addr *told)
{
	struct kev_addr a = addr_now(addr, &st->now);
	bool was_duplicate = a.status == KEV_DUPLICATE;

	if (st->held.addr == addr)
		st->held.ifindex = 0;
	walk_before_addr(st, l, addr);
	RB_REMOVE(addr_tree, &l->addrs, addr);
	free(addr);
	l->count[a.family]--;
	state_touch(st, l, a.family);
	state_emit(st, l, pick(&a, KEV_T_IPV4_ADDRESS_REMOVE,
	    KEV_T_IPV6_ADDRESS_REMOVE), object(&a));
	if (told != NULL && a.family == KEV_INET6) {
		st->gone_addr = a;
		st->gone_index = l->ifindex;
		if (told->status == KEV_DUPLICATE && !was_duplicate)
			emit_duplicate(st, l, told);
		else if ((told->flags & KEV_IFA_PERMANENT) == 0 &&
		    is_over(&a, told))
			state_emit(st, l, KEV_T_ND6_ADDRESS_EXPIRED, object(&a));
	}
	if (l->count[a.family] == 0 && (l->protos & a.family) == 0)
		emit_proto(st, l, &a, KEV_T_INTERFACE_PROTO_DETACH);
	if (a.family == KEV_INET)
		st->wants |= (router_parts(l) & PART_ROUTE4) |
		    router_parts_from(st, &a.address);
	/* IPv6 ends on this link, and its routes, of which it may say nothing
	 * (net.ipv6.route.skip_notify_on_dev_down). */
	else if (l->count[KEV_INET6] == 0)
		st->wants |= router_parts(l) & PART_ROUTE6;
}

HOT void
addr_gone(struct state *st, struct link *l, const struct change *c)
{
	struct addr *addr = find(l, c);

	if (addr == NULL) {
		/* An autoconfigured one was never told before DAD failed. */
		if (c->addr.family == KEV_INET6 &&
		    c->addr.status == KEV_DUPLICATE)
			emit_duplicate(st, l, &c->addr);
		return;
	}
	if (c->addr.family == KEV_INET6) {
		addr_remove(st, l, addr, &c->addr);
		return;
	}
	st->held = (struct held){ .ifindex = l->ifindex,
	    .settles = c->pid != 0 || c->part,
	    .address = c->addr.address, .addr = addr,
	    .until = st->now.mono + HOLD };
}

HOT void
addr_flush(struct state *st)
{
	struct held held = st->held;
	struct link *l;

	if (held.ifindex == 0)
		return;
	st->held.ifindex = 0;
	l = state_link(st, held.ifindex);
	addr_remove(st, l, held.addr, NULL);
}

/* The lifetime of an address is over, which was removed just before. */
static void
expire(struct state *st, struct link *l, const struct addr *addr,
    const struct kev_addr *told)
{
	struct kev_addr a = *told;

	if (addr != NULL)
		a = addr_now(addr, &st->now);
	else if (st->gone_index == l->ifindex &&
	    kev_ip_cmp(&st->gone_addr.address, &told->address) == 0)
		a = st->gone_addr;
	/* That was told with its removal, if it was known. */
	if (addr == NULL && (a.has & KEV_BIT(VALID_LFT)) != 0 &&
	    a.valid_lft == 0)
		return;
	state_emit(st, l, KEV_T_ND6_ADDRESS_EXPIRED, object(&a));
}

/* Of an address that was never told there is no more to say. */
void
addr_status(struct state *st, struct link *l, const struct change_status *c)
{
	struct addr *addr = addr_find(l, &c->address);
	struct kev_addr told = {
		.has = KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(STATUS),
		.family = c->address.family, .address = c->address,
		.status = c->status,
	};

	if (c->status == KEV_INVALID) {
		expire(st, l, addr, &told);
		return;
	}
	if (addr == NULL) {
		state_emit(st, l, c->status == KEV_DEPRECATED ?
		    KEV_T_ND6_ADDRESS_DEPRECATED : KEV_T_ND6_ADDRESS_DETACHED,
		    object(&told));
		return;
	}
	told = addr_now(addr, &st->now);
	told.status = c->status;
	if (c->status == KEV_DEPRECATED) {
		told.flags |= KEV_IFA_DEPRECATED;
		told.preferred_lft = 0;
	}
	change(st, l, addr, &told);
}

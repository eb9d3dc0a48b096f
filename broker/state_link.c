#include "config.h"

#include "buf.h"
#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

#define MODES (KEV_BIT(SPEED) | KEV_BIT(DUPLEX))
/* What interface/change tells of. */
#define TOLD (MODES | KEV_BIT(TYPE) | KEV_BIT(KIND) | KEV_BIT(LLADDR) | \
	KEV_BIT(MTU) | KEV_BIT(FLAGS) | KEV_BIT(OPERSTATE) | KEV_BIT(CARRIER) | \
	KEV_BIT(MASTER) | KEV_BIT(ALTNAMES))

static const struct kev_object *
object(const struct kev_link *l)
{
	return (const struct kev_object *)l;
}

/* One of which that is not known is taken for it. */
bool
link_is_up(const struct kev_link *l)
{
	if (l->has & KEV_BIT(FLAGS))
		return (l->flags & KEV_IFF_RUNNING) != 0;
	return (l->has & KEV_BIT(OPERSTATE)) == 0 ||
	    l->operstate == KEV_OPER_UP || l->operstate == KEV_OPER_UNKNOWN;
}

static void
emit_state(struct state *st, const struct link *l, bool up, uint32_t count)
{
	struct kev_link told = l->l;

	told.count = count;
	if (count > 1)
		told.has |= KEV_BIT(COUNT);
	state_emit(st, l, up ? KEV_T_INTERFACE_LINK_UP :
	    KEV_T_INTERFACE_LINK_DOWN, object(&told));
}

/* A change, not what it was at first. */
static void
flap(struct state *st, struct link *l, bool up, uint32_t count)
{
	*(up ? &l->ups : &l->downs) += count;
	emit_state(st, l, up, count);
}

/*
 * Up and down as it came, and what came and went between two messages: the
 * kernel reports a link once a second at most (net/core/link_watch.c), but
 * counts every change of carrier. The count runs ahead of the flags until
 * both agree, so that it is believed only then.
 */
static void
emit_flaps(struct state *st, struct link *l, bool was_up)
{
	const struct kev_link *now = &l->l;
	bool counted = (now->has & KEV_BIT(CARRIER_CHANGES)) != 0;
	bool settled = now->carrier == link_is_up(now) ||
	    (now->has & KEV_BIT(CARRIER)) == 0 ||
	    (now->flags & KEV_IFF_UP) == 0;
	uint32_t changes = counted ? now->carrier_changes - l->carrier_base : 0;

	if (l->untold) {
		l->untold = (now->has & KEV_BIT(OPERSTATE)) == 0;
		if (!l->untold)
			emit_state(st, l, link_is_up(now), 1);
		return;
	}
	if (!settled)
		changes = 0;
	else
		l->carrier_base = now->carrier_changes;
	if (link_is_up(now) != was_up) {
		flap(st, l, !was_up, changes > 2 ? (changes + 1) / 2 : 1);
		return;
	}
	if (changes < 2)
		return;
	flap(st, l, !was_up, changes / 2);
	flap(st, l, was_up, changes / 2);
}

static void
put_modes(struct kev_link *l, uint64_t has, uint32_t speed, uint8_t duplex)
{
	l->has = (l->has & ~MODES) | (has & MODES);
	l->speed = speed;
	l->duplex = duplex;
}

/* Those asked for, if it was for this message; else what they were. */
static void
find_modes(struct state *st, uint32_t ifindex, const struct kev_link *old,
    struct kev_link *told)
{
	const struct change_modes *m = &st->modes;

	if (st->modes_index == ifindex)
		put_modes(told, m->has, m->speed, m->duplex);
	else if (old != NULL)
		put_modes(told, old->has, old->speed, old->duplex);
	st->modes_index = 0;
}

/* Takes the values of TOLD and copies its names. False: no memory. */
HOT static bool
set_link(struct state *st, struct kev_link *l, const struct kev_link *told)
{
	struct kev_names names = told->altnames;
	char *copy = NULL;

	if (names.len > 0) {
		copy = state_alloc(st, names.len);
		if (copy == NULL)
			return false;
		memcpy(copy, names.buf, names.len);
	}
	free(l->altnames.buf);
	*l = *told;
	l->altnames.buf = copy;
	return true;
}

static void
set_master(struct state *st, struct link *l, uint32_t master)
{
	/* Nothing can be a port of itself, whatever a message says. */
	if (master == l->ifindex)
		master = 0;
	if (l->master_index == master)
		return;
	if (l->master_index != 0)
		RB_REMOVE(port_tree, &st->ports, l);
	l->master_index = master;
	if (master != 0)
		RB_INSERT(port_tree, &st->ports, l);
}

static void
put_master(struct state *st, const struct link *l, struct kev_link *told)
{
	const struct link *master = NULL;

	if (l->master_index != 0)
		master = state_link(st, l->master_index);
	told->has &= ~KEV_BIT(MASTER);
	memset(told->master, 0, sizeof told->master);
	if (master == NULL)
		return;
	told->has |= KEV_BIT(MASTER);
	memcpy(told->master, master->name, sizeof told->master);
}

/* The master of these came, went or has a new name: theirs is to follow. */
static void
update_ports(struct state *st, uint32_t master)
{
	struct link key = { .master_index = master };
	struct kev_link old, told;
	struct link *l;

	for (l = RB_NFIND(port_tree, &st->ports, &key);
	    l != NULL && l->master_index == master;
	    l = RB_NEXT(port_tree, &st->ports, l)) {
		old = told = l->l;
		put_master(st, l, &told);
		if (kev_object_diff(KEV_LINK, object(&old), object(&told),
		    KEV_BIT(MASTER)) == 0)
			continue;
		walk_before_link(st, l);
		l->l = told;
		state_emit_change(st, l, KEV_T_INTERFACE_CHANGE, object(&l->l),
		    object(&old), KEV_BIT(MASTER));
	}
}

/* It is found by what it has and is called. */
static void
enlist(struct state *st, struct link *l)
{
	RB_INSERT(link_tree, &st->links, l);
	RB_INSERT(name_tree, &st->names, l);
	RB_INSERT(lladdr_tree, &st->lladdrs, l);
}

/* Before any of that changes. */
static void
delist(struct state *st, struct link *l)
{
	RB_REMOVE(link_tree, &st->links, l);
	RB_REMOVE(name_tree, &st->names, l);
	RB_REMOVE(lladdr_tree, &st->lladdrs, l);
}

static struct link *
attach(struct state *st, uint32_t ifindex, const struct change_link *c,
    bool untold)
{
	struct link *l = state_alloc(st, sizeof *l);
	struct kev_link told = c->link;

	if (l == NULL)
		return NULL;
	find_modes(st, ifindex, NULL, &told);
	l->ifindex = ifindex;
	l->seen = st->dump;
	l->version = l->nat64_version = st->walks_begun;
	RB_INIT(&l->addrs);
	RB_INIT(&l->routers);
	TAILQ_INIT(&l->nat64);
	memcpy(l->name, c->ifname, sizeof l->name);
	if (!set_link(st, &l->l, &told)) {
		free(l);
		return NULL;
	}
	l->carrier_base = l->l.carrier_changes;
	l->untold = untold;
	enlist(st, l);
	set_master(st, l, c->master_index);
	put_master(st, l, &l->l);
	state_emit(st, l, KEV_T_INTERFACE_ATTACH, object(&l->l));
	if (!untold)
		emit_state(st, l, link_is_up(&l->l), 1);
	update_ports(st, ifindex);
	return l;
}

static void
rename_link(struct state *st, struct link *l, const char *name)
{
	struct kev_note now = { .has = KEV_BIT(IFNAME) }, old = now;

	/* It may have had none that was told. */
	if (l->name[0] == '\0')
		old.has = 0;
	memcpy(now.ifname, name, sizeof now.ifname);
	memcpy(old.ifname, l->name, sizeof old.ifname);
	walk_before_rename(st, l);
	delist(st, l);
	memcpy(l->name, name, sizeof l->name);
	enlist(st, l);
	state_emit_change(st, l, KEV_T_INTERFACE_RENAME,
	    (const struct kev_object *)&now, (const struct kev_object *)&old,
	    KEV_BIT(IFNAME));
	update_ports(st, l->ifindex);
}

HOT static void
change_link(struct state *st, struct link *l, const struct change_link *c)
{
	struct kev_link told = c->link, old = l->l;
	uint64_t changed;
	bool moves = memcmp(&old.lladdr, &told.lladdr, sizeof old.lladdr) != 0;
	bool set;

	set_master(st, l, c->master_index);
	put_master(st, l, &told);
	find_modes(st, l->ifindex, &old, &told);
	changed = kev_object_diff(KEV_LINK, object(&old), object(&told),
	    TOLD | KEV_BIT(CARRIER_CHANGES));
	if (changed != 0)
		walk_before_link(st, l);
	if (strcmp(l->name, c->ifname) != 0)
		rename_link(st, l, c->ifname);
	/* The old names are still needed, for "prev". */
	l->l.altnames.buf = NULL;
	if (moves)
		delist(st, l);
	set = set_link(st, &l->l, &told);
	if (moves)
		enlist(st, l);
	if (!set) {
		l->l.altnames.buf = old.altnames.buf;
		return;
	}
	changed &= TOLD;
	if (changed != 0)
		state_emit_change(st, l, KEV_T_INTERFACE_CHANGE, object(&l->l),
		    object(&old), changed);
	free(old.altnames.buf);
	emit_flaps(st, l, link_is_up(&old));
	/* Next hop objects go without a carrier, without a message
	 * (nh_netdev_event), and routes with them. */
	if ((l->l.flags & (KEV_IFF_RUNNING | KEV_IFF_LOWER_UP)) == 0)
		st->wants |= router_parts_hanging(l);
	if ((old.flags & KEV_IFF_UP) == 0 || (l->l.flags & KEV_IFF_UP) != 0)
		return;
	/* IPv4 routes go with a link that goes down, without a message. */
	st->wants |= router_parts(l);
	/* It forgets what routers told, and will ask them again. */
	nat64_end(st, l);
	if (c->closing)
		state_emit(st, l, KEV_T_INTERFACE_DETACHING, object(&l->l));
}

/*
 * An index can be used anew, and while messages are lost nobody says so. What
 * an interface is never changes, and its name and address not both at once.
 */
static bool
is_another(const struct link *l, const struct change_link *c)
{
	uint64_t differ = kev_object_diff(KEV_LINK, object(&l->l),
	    object(&c->link), KEV_BIT(TYPE) | KEV_BIT(KIND) | KEV_BIT(LLADDR));

	return (differ & (KEV_BIT(TYPE) | KEV_BIT(KIND))) != 0 ||
	    (differ != 0 && strcmp(l->name, c->ifname) != 0);
}

HOT bool
state_wants_modes(const struct state *st, const struct change *c)
{
	const struct link *l;

	if (c->type != CHANGE_LINK)
		return false;
	l = state_link((struct state *)st, c->ifindex);
	return l == NULL || st->parts != 0 || is_another(l, &c->link) ||
	    link_is_up(&l->l) != link_is_up(&c->link.link);
}

void
link_modes(struct state *st, uint32_t ifindex, const struct change_modes *c)
{
	struct link *l = state_link(st, ifindex);
	struct kev_link old, told;
	uint64_t changed;

	if (c->answer) {
		st->modes = *c;
		st->modes_index = ifindex;
		return;
	}
	if (l == NULL)
		return;
	old = told = l->l;
	put_modes(&told, c->has, c->speed, c->duplex);
	changed = kev_object_diff(KEV_LINK, object(&old), object(&told), MODES);
	if (changed == 0)
		return;
	walk_before_link(st, l);
	l->l = told;
	state_emit_change(st, l, KEV_T_INTERFACE_CHANGE, object(&l->l),
	    object(&old), changed);
}

HOT void
link_apply(struct state *st, uint32_t ifindex, const struct change_link *c)
{
	struct link *l = state_link(st, ifindex);

	if (c->ifname[0] == '\0')
		return;
	if (l != NULL && is_another(l, c)) {
		link_gone(st, l);
		l = NULL;
	}
	if (l == NULL) {
		(void)attach(st, ifindex, c, false);
		return;
	}
	l->seen = st->dump;
	change_link(st, l, c);
}

/*
 * What it was, with what is told now. Whether packets pass follows from both,
 * that it is to be up and that it can.
 */
static struct kev_link
merge(const struct kev_link *old, const struct kev_link *part)
{
	struct kev_link l = *old;

	if (part->has & KEV_BIT(TYPE))
		l.type = part->type;
	if (part->has & KEV_BIT(LLADDR))
		l.lladdr = part->lladdr;
	if (part->has & KEV_BIT(MTU))
		l.mtu = part->mtu;
	if (part->has & KEV_BIT(FLAGS))
		l.flags = part->flags;
	if (part->has & KEV_BIT(OPERSTATE))
		l.operstate = part->operstate;
	if (part->has & KEV_BIT(CARRIER))
		l.carrier = part->carrier;
	/* Nobody knows it any more who does not tell it with the other. */
	if (part->has & KEV_BIT(OPERSTATE))
		l.has &= ~KEV_BIT(CARRIER);
	l.has |= part->has;
	l.flags &= ~KEV_IFF_RUNNING;
	if ((l.flags & KEV_IFF_UP) != 0 && ((l.has & KEV_BIT(OPERSTATE)) == 0 ||
	    l.operstate == KEV_OPER_UP || l.operstate == KEV_OPER_UNKNOWN))
		l.flags |= KEV_IFF_RUNNING;
	return l;
}

/*
 * An interface that is only told of by its name has a number of ours, beyond
 * those that kernels give.
 */
static uint32_t
own_number(struct state *st)
{
	const struct link *last = RB_MAX(link_tree, &st->links);

	return last != NULL && last->ifindex > INT32_MAX ? last->ifindex + 1 :
	    (uint32_t)INT32_MAX + 1;
}

/* It is there, which nobody has said before. */
struct link *
link_make(struct state *st, const struct change *c)
{
	static const struct kev_link nothing = { .has = 0 };
	struct change_link made = { .closing = false };

	if (c->ifindex == 0 && c->ifname[0] == '\0')
		return NULL;
	if (c->type == CHANGE_LINK)
		made.link = merge(&nothing, &c->link.link);
	memcpy(made.ifname, c->ifname, sizeof made.ifname);
	return attach(st, c->ifindex != 0 ? c->ifindex : own_number(st), &made,
	    (made.link.has & KEV_BIT(OPERSTATE)) == 0);
}

/* It had a number of ours until its own is told. */
static void
renumber(struct state *st, struct link *l, uint32_t ifindex)
{
	uint32_t old = l->ifindex;

	walk_before_rename(st, l);
	delist(st, l);
	l->ifindex = ifindex;
	enlist(st, l);
	if (st->held.ifindex == old)
		st->held.ifindex = ifindex;
	if (st->gone_index == old)
		st->gone_index = ifindex;
	claim_renumber(st, old, ifindex);
	remark_renumber(st, old, ifindex);
	/* That it has one now is all that is new. */
	state_emit(st, l, KEV_T_INTERFACE_CHANGE, object(&l->l));
}

struct link *
link_named(struct state *st, const char *name)
{
	struct link key = { .ifindex = 0 }, *l;

	if (strlen(name) >= sizeof key.name)
		return NULL;
	strcpy(key.name, name);
	l = RB_NFIND(name_tree, &st->names, &key);
	return l != NULL && strcmp(l->name, name) == 0 ? l : NULL;
}

/* There are no two of a name: nobody told that the other one went. */
static void
take_name(struct state *st, const struct link *l, const char *name)
{
	struct link *other = link_named(st, name);

	if (other != NULL && other != l)
		link_gone(st, other);
}

/* By its index or else its name; what of them was not told is known then. */
HOT struct link *
link_find(struct state *st, const struct change *c)
{
	struct link *l = c->ifindex != 0 ? state_link(st, c->ifindex) : NULL;

	if (c->ifname[0] == '\0')
		return l;
	if (l != NULL && l->name[0] == '\0') {
		take_name(st, l, c->ifname);
		rename_link(st, l, c->ifname);
	}
	if (l != NULL)
		return l;
	l = link_named(st, c->ifname);
	if (l == NULL || c->ifindex == 0)
		return l;
	if (l->ifindex > INT32_MAX) {
		renumber(st, l, c->ifindex);
		return l;
	}
	take_name(st, NULL, c->ifname);
	return NULL;
}

void
link_part(struct state *st, struct link *l, const struct change *c)
{
	struct change_link whole = { .master_index = l->master_index };
	bool leaving = st->leaving == l->ifindex;
	const char *name = c->ifname[0] != '\0' ? c->ifname : l->name;

	st->leaving = 0;
	if (strcmp(name, l->name) != 0)
		take_name(st, l, name);
	/* It is another one, and nobody told that the first one went. */
	if (c->link.arrives && !leaving && strcmp(name, l->name) != 0) {
		link_gone(st, l);
		(void)link_make(st, c);
		return;
	}
	whole.link = merge(&l->l, &c->link.link);
	memcpy(whole.ifname, name, sizeof whole.ifname);
	l->seen = st->dump;
	change_link(st, l, &whole);
}

/* Told as such it is told once, whatever addresses there are. */
void
link_proto(struct state *st, struct link *l, const struct change_proto *c)
{
	struct kev_note note = { .has = KEV_BIT(FAMILY) | KEV_BIT(REMAINING),
	    .family = c->family, .remaining = c->remaining };
	bool had = (l->protos & c->family) != 0 || l->count[c->family] > 0;

	if (c->gone)
		l->protos &= (uint8_t)~c->family;
	else
		l->protos |= c->family;
	if (c->gone || !had)
		state_emit(st, l, c->gone ? KEV_T_INTERFACE_PROTO_DETACH :
		    KEV_T_INTERFACE_PROTO_ATTACH,
		    (const struct kev_object *)&note);
}

void
link_free(struct state *st, struct link *l)
{
	struct nat64 *n;
	struct router *r;
	struct addr *a;

	while ((r = RB_MIN(router_tree, &l->routers)) != NULL)
		router_free(st, r);
	while ((a = RB_MIN(addr_tree, &l->addrs)) != NULL) {
		RB_REMOVE(addr_tree, &l->addrs, a);
		free(a);
	}
	while ((n = TAILQ_FIRST(&l->nat64)) != NULL)
		nat64_free(st, n);
	set_master(st, l, 0);
	delist(st, l);
	free(l->l.altnames.buf);
	free(l);
}

void
link_gone(struct state *st, struct link *l)
{
	uint32_t ifindex = l->ifindex;
	struct router *r;
	struct addr *a;

	nat64_end(st, l);
	/* With one of its hops an IPv4 route goes, and the others with it, in
	 * silence (fib_sync_down_dev); a dump tells that itself. */
	if (st->parts == 0)
		st->wants |= router_parts(l) & PART_ROUTE4;
	while ((r = RB_MIN(router_tree, &l->routers)) != NULL)
		router_remove(st, l, r);
	while ((a = RB_MIN(addr_tree, &l->addrs)) != NULL)
		addr_remove(st, l, a, NULL);
	walk_before_link(st, l);
	state_emit(st, l, KEV_T_INTERFACE_DETACH, object(&l->l));
	if (l->changed)
		state_name(st, l);
	claim_forget(st, ifindex);
	remark_forget(st, ifindex);
	link_free(st, l);
	update_ports(st, ifindex);
}

#include "config.h"

#include "buf.h"
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

static bool
is_up(const struct kev_link *l)
{
	return (l->flags & KEV_IFF_RUNNING) != 0;
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
	bool settled = now->carrier == is_up(now) ||
	    (now->has & KEV_BIT(CARRIER)) == 0 ||
	    (now->flags & KEV_IFF_UP) == 0;
	uint32_t changes = counted ? now->carrier_changes - l->carrier_base : 0;

	if (!settled)
		changes = 0;
	else
		l->carrier_base = now->carrier_changes;
	if (is_up(now) != was_up) {
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
static bool
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

static void
attach(struct state *st, uint32_t ifindex, const struct change_link *c)
{
	struct link *l = state_alloc(st, sizeof *l);
	struct kev_link told = c->link;

	if (l == NULL)
		return;
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
		return;
	}
	l->carrier_base = l->l.carrier_changes;
	RB_INSERT(link_tree, &st->links, l);
	set_master(st, l, c->master_index);
	put_master(st, l, &l->l);
	state_emit(st, l, KEV_T_INTERFACE_ATTACH, object(&l->l));
	emit_state(st, l, is_up(&l->l), 1);
	update_ports(st, ifindex);
}

static void
rename_link(struct state *st, struct link *l, const char *name)
{
	struct kev_note now = { .has = KEV_BIT(IFNAME) }, old = now;

	memcpy(now.ifname, name, sizeof now.ifname);
	memcpy(old.ifname, l->name, sizeof old.ifname);
	walk_before_rename(st, l);
	memcpy(l->name, name, sizeof l->name);
	state_emit_change(st, l, KEV_T_INTERFACE_RENAME,
	    (const struct kev_object *)&now, (const struct kev_object *)&old,
	    KEV_BIT(IFNAME));
	update_ports(st, l->ifindex);
}

static void
change_link(struct state *st, struct link *l, const struct change_link *c)
{
	struct kev_link told = c->link, old = l->l;
	uint64_t changed;

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
	if (!set_link(st, &l->l, &told)) {
		l->l.altnames.buf = old.altnames.buf;
		return;
	}
	changed &= TOLD;
	if (changed != 0)
		state_emit_change(st, l, KEV_T_INTERFACE_CHANGE, object(&l->l),
		    object(&old), changed);
	free(old.altnames.buf);
	emit_flaps(st, l, is_up(&old));
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

bool
state_wants_modes(const struct state *st, const struct change *c)
{
	const struct link *l;

	if (c->type != CHANGE_LINK)
		return false;
	l = state_link((struct state *)st, c->ifindex);
	return l == NULL || st->parts != 0 || is_another(l, &c->link) ||
	    is_up(&l->l) != is_up(&c->link.link);
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

void
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
		attach(st, ifindex, c);
		return;
	}
	l->seen = st->dump;
	change_link(st, l, c);
}

void
link_free(struct state *st, struct link *l)
{
	struct nat64 *n;
	struct router *r;
	struct addr *a;

	while ((r = RB_MIN(router_tree, &l->routers)) != NULL)
		router_free(l, r);
	while ((a = RB_MIN(addr_tree, &l->addrs)) != NULL) {
		RB_REMOVE(addr_tree, &l->addrs, a);
		free(a);
	}
	while ((n = TAILQ_FIRST(&l->nat64)) != NULL)
		nat64_free(st, n);
	set_master(st, l, 0);
	RB_REMOVE(link_tree, &st->links, l);
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
	while ((r = RB_MIN(router_tree, &l->routers)) != NULL)
		router_remove(st, l, r);
	while ((a = RB_MIN(addr_tree, &l->addrs)) != NULL)
		addr_remove(st, l, a, NULL);
	walk_before_link(st, l);
	state_emit(st, l, KEV_T_INTERFACE_DETACH, object(&l->l));
	if (l->changed) {
		buf_put(&st->gone, l->name, strlen(l->name) + 1);
		st->gone_names++;
	}
	claim_forget(st, ifindex);
	link_free(st, l);
	update_ports(st, ifindex);
}

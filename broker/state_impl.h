/*
 * The inside of the state, for state*.c alone: what is kept of each thing.
 */
#ifndef KEVD_STATE_IMPL_H
#define KEVD_STATE_IMPL_H

#include "state.h"

#include "buf.h"
#include "event.h"
#include "ration.h"

#include <sys/queue.h>
#include <sys/tree.h>

struct addr {
	RB_ENTRY(addr) entry;
	struct kev_addr a;	/* lifetimes as they were at "told" */
	uint64_t told;		/* stamp.mono */
	uint64_t version;	/* see state_walk.c */
	uint32_t seen;		/* dump that told it last */
	bool ready;		/* address-ready was published */
};

struct router {
	RB_ENTRY(router) entry;
	RB_ENTRY(router) by_table;
	RB_ENTRY(router) by_deadline;	/* while there is one */
	RB_ENTRY(router) by_prefsrc;	/* while there is one */
	RB_ENTRY(router) by_hop;	/* while it hangs on an object */
	uint64_t order;		/* of those that are alike: which came first */
	struct link *link;
	struct kev_router r;	/* lifetime as it was at "told" */
	struct kev_ip prefsrc;
	uint64_t told;
	uint64_t version;
	uint32_t nh_id;
	uint32_t seen;
	uint64_t deadline;	/* stamp.mono of its end, 0: not to be awaited */
	bool failed;		/* does not answer, which was told */
	bool expired;		/* its lifetime is over, which was told */
	bool asked;		/* it seems to be over; the kernel is asked */
	bool unsure;		/* it may be over; to be asked once more */
	bool withdrawn;		/* said that it is none; the kernel will, too */
	bool shared;		/* several routes of the kernel were this one */
	uint8_t missed;		/* readings that did not have it, in a row */
	/* As it was read: */
	bool noted;
	uint16_t other;		/* protocol */
	int32_t expires;	/* in 1/100 s; 0: never, negative: over */
};

/* A prefix for NAT64 that a router told. */
struct nat64 {
	TAILQ_ENTRY(nat64) entry;	/* those of its link */
	RB_ENTRY(nat64) by_end;
	uint64_t order;		/* of those that end at once: which came first */
	struct link *link;
	struct change_nat64 told;
	uint64_t until;		/* stamp.mono, when its lifetime is over */
};

RB_HEAD(addr_tree, addr);
RB_HEAD(router_tree, router);

struct link {
	RB_ENTRY(link) by_index;
	RB_ENTRY(link) by_name;
	RB_ENTRY(link) by_lladdr;
	RB_ENTRY(link) by_master;	/* while master_index is not 0 */
	uint32_t ifindex;
	uint32_t master_index;
	char name[KEV_IFNAMSIZ];
	struct kev_link l;		/* owns its altnames */
	uint32_t carrier_base;		/* carrier_changes already told of */
	uint64_t ups, downs;		/* changes of its link, told or counted */
	uint32_t seen;
	uint32_t count[3];		/* addresses, by enum kev_family */
	uint8_t protos;			/* bits of enum kev_family: told as such */
	uint8_t failed;			/* of which routers don't answer, which
					 * was told, but not of which ones */
	bool untold;			/* whether it is up was never told */
	bool has_quality;
	int32_t quality;
	struct addr_tree addrs;
	struct router_tree routers;
	TAILQ_HEAD(, nat64) nat64;
	uint64_t version;
	uint64_t nat64_version;
	TAILQ_ENTRY(link) changed_entry;
	bool changed;			/* to be named in network/changed */
};

RB_HEAD(link_tree, link);
RB_HEAD(name_tree, link);
RB_HEAD(lladdr_tree, link);
RB_HEAD(port_tree, link);
RB_HEAD(table_tree, router);
RB_HEAD(deadline_tree, router);
RB_HEAD(prefsrc_tree, router);
RB_HEAD(hop_tree, router);
RB_HEAD(end_tree, nat64);
RB_PROTOTYPE(addr_tree, addr, entry, addr_cmp)
RB_PROTOTYPE(router_tree, router, entry, router_cmp)
RB_PROTOTYPE(link_tree, link, by_index, link_cmp)
RB_PROTOTYPE(name_tree, link, by_name, name_cmp)
RB_PROTOTYPE(lladdr_tree, link, by_lladdr, lladdr_cmp)
RB_PROTOTYPE(port_tree, link, by_master, port_cmp)
RB_PROTOTYPE(table_tree, router, by_table, table_cmp)
RB_PROTOTYPE(deadline_tree, router, by_deadline, deadline_cmp)
RB_PROTOTYPE(prefsrc_tree, router, by_prefsrc, prefsrc_cmp)
RB_PROTOTYPE(hop_tree, router, by_hop, hop_cmp)
RB_PROTOTYPE(end_tree, nat64, by_end, end_cmp)

/* The order in which what is on a link is told. */
enum walk_part { WALK_LINK, WALK_ADDRS, WALK_ROUTERS, WALK_NAT64 };

struct walk {
	LIST_ENTRY(walk) entry;
	struct state *st;	/* NULL: it is at its end */
	uint64_t since;		/* versions below that are for it */
	struct stamp now;
	state_publish_fn *publish;
	void *arg;
	/* It has come to this link, if that is there, this part of it, and in
	 * that to what has this key, or follows. Other keys are 0, which sorts
	 * first. */
	uint32_t ifindex;
	enum walk_part part;
	struct addr addr;
	struct router router;
};

/* The removal of an IPv4 address that may turn out to be a change. */
struct held {
	uint32_t ifindex;	/* 0: nothing is held */
	bool settles;		/* with the batch, if it is none till then */
	struct kev_ip address;
	struct addr *addr;
	uint64_t until;		/* stamp.mono */
};

/* Another host says that an address is its own. */
struct claim {
	uint32_t ifindex;
	struct kev_ip address;
	struct kev_lladdr lladdr;
};

/* A claim that may explain a duplicate that the kernel is about to tell. */
struct culprit {
	struct claim claim;
	uint64_t seen;		/* stamp.mono */
	uint64_t order;		/* which it was; 0: the place is free */
};

/* Bounded, because anybody on the link makes them. */
#define CULPRITS 64
struct claims {
	struct ration ration;
	struct claim told[RATION_PLACES];
	struct culprit culprits[CULPRITS];
	uint64_t count;		/* of culprits, ever */
};

/* What happens to an interface and changes nothing. */
struct remark {
	uint32_t ifindex;
	enum kev_topic topic;
	int32_t quality;
	struct change_issues issues;
};

struct remarks {
	struct ration ration;
	struct remark told[RATION_PLACES];
};

/* Ports in use, bounded for the same reason. */
struct ports {
	struct ration ration;
	struct change_port told[RATION_PLACES];
	struct ration missed;	/* times that some were lost */
};

struct state {
	char *netns;
	enum kev_origin live;	/* of what is told as it happens */
	bool played;		/* all of it is out of a recording */
	state_publish_fn *publish;
	void *arg;
	struct link_tree links;
	struct name_tree names;
	struct lladdr_tree lladdrs;
	struct port_tree ports;
	/* Of all links: */
	struct table_tree routers;
	struct deadline_tree deadlines;
	struct prefsrc_tree prefsrcs;
	struct hop_tree hops;
	struct end_tree nat64;
	uint64_t order;		/* of routers and prefixes for NAT64, ever */
	LIST_HEAD(, walk) walks;	/* not at their end */
	uint64_t walks_begun;
	struct held held;
	struct change_modes modes;	/* asked for... */
	uint32_t modes_index;	/* ...this interface, or 0 */
	struct claims *claims;	/* NULL until there is one */
	struct ports *in_use;	/* the same */
	struct remarks *remarks;	/* the same */
	uint32_t leaving;	/* interface that went, or has another name */
	struct kev_addr gone_addr;	/* the IPv6 address removed last... */
	uint32_t gone_index;	/* ...of this interface, or 0 */
	struct stamp now;
	unsigned parts;		/* of the dump going on, 0: none */
	unsigned wants;		/* parts to dump again */
	unsigned doubted;	/* the same, after the dump going on */
	uint32_t dump;		/* number of the last dump */
	uint64_t corrections;	/* events that it gave */
	TAILQ_HEAD(, link) touched;	/* to be named in network/changed... */
	struct buf gone;	/* ...after those of them that are no more */
	uint32_t gone_names;
	uint8_t families;	/* to be named in network/changed */
	bool starved;		/* for want of memory something is missing */
	bool changed;		/* network/changed is due */
	bool changed_live;	/* not for corrections alone */
};

/* state.c */
struct link *state_link(struct state *, uint32_t ifindex);

/* Its index as it is told: 0 if it is a number of ours. */
uint32_t state_told_index(const struct link *);
const char *state_told_name(const struct link *);	/* or NULL */
void state_name(struct state *, struct link *);
void state_emit(struct state *, const struct link *, enum kev_topic,
    const struct kev_object *data);
void state_emit_change(struct state *, const struct link *, enum kev_topic,
    const struct kev_object *data, const struct kev_object *prev,
    uint64_t changed);
void state_emit_by(struct state *, const struct link *, enum kev_topic,
    enum kev_origin, const struct kev_object *data);
void *state_alloc(struct state *, size_t);	/* calloc, or starved */
void state_touch(struct state *, struct link *, enum kev_family);

/* state_link.c */
void link_apply(struct state *, uint32_t ifindex, const struct change_link *);
void link_part(struct state *, struct link *, const struct change *);
struct link *link_find(struct state *, const struct change *);
struct link *link_named(struct state *, const char *name);
struct link *link_make(struct state *, const struct change *);
bool link_is_up(const struct kev_link *);
void link_proto(struct state *, struct link *, const struct change_proto *);
void link_modes(struct state *, uint32_t ifindex, const struct change_modes *);
void link_gone(struct state *, struct link *);
void link_free(struct state *, struct link *);

/* state_addr.c */
int addr_cmp(const struct addr *, const struct addr *);
void addr_apply(struct state *, struct link *, const struct change *);
void addr_status(struct state *, struct link *, const struct change_status *);
struct addr *addr_find(struct link *, const struct kev_ip *);
void addr_gone(struct state *, struct link *, const struct change *);
void addr_remove(struct state *, struct link *, struct addr *,
    const struct kev_addr *told);
void addr_flush(struct state *);
struct kev_addr addr_now(const struct addr *, const struct stamp *);
bool addr_is_ready(const struct kev_addr *);
bool addr_is_near(const struct kev_addr *, const struct kev_ip *);

/* state_claim.c */
void claim_apply(struct state *, struct link *, const struct change_claim *);
void claim_tick(struct state *);
void claim_forget(struct state *, uint32_t ifindex);
void claim_renumber(struct state *, uint32_t from, uint32_t to);

/* Adds who it was, if that is known, to a duplicate that the kernel told. */
void claim_explain(const struct state *, uint32_t ifindex, struct kev_addr *);

/* state_nat64.c */
void nat64_apply(struct state *, struct link *, const struct change_nat64 *);
void nat64_end(struct state *, const struct link *);
uint64_t nat64_deadline(const struct state *);
void nat64_tick(struct state *);
void nat64_free(struct state *, struct nat64 *);
struct kev_note nat64_now(const struct nat64 *, const struct stamp *);

/* state_remark.c */
void remark_apply(struct state *, struct link *, const struct change *);
void remark_tick(struct state *);
uint64_t remark_deadline(const struct state *);
void remark_forget(struct state *, uint32_t ifindex);
void remark_renumber(struct state *, uint32_t from, uint32_t to);

/* state_port.c */
void port_apply(struct state *, const struct change_port *);
void port_tick(struct state *);
uint64_t port_deadline(const struct state *);

/* state_router.c */
int router_cmp(const struct router *, const struct router *);
void router_apply(struct state *, struct link *, const struct change_router *);
void router_gone(struct state *, struct link *, const struct change *);
void router_advert(struct state *, struct link *, const struct change_advert *);
void router_ends(struct state *, struct link *, const struct change_router *);
void router_expired(struct state *, struct link *, const struct kev_ip *);

/* The link of a default route that is told of without one, or NULL. */
struct link *router_link(struct state *, const struct change *);
void router_vanish(struct state *, struct link *, struct router *);
void router_tick(struct state *);
uint64_t router_deadline(const struct state *);
void router_neigh(struct state *, struct link *, const struct change *);
void router_remove(struct state *, struct link *, struct router *);
void router_free(struct state *, struct router *);
struct kev_router router_now(const struct router *, const struct stamp *);
enum kev_topic router_topic(const struct kev_router *, bool add);

/* Of a router that was read: whose it is, and until when. */
void router_settle(struct state *, struct link *, struct router *);

/* What was not read where some may be missing: then all is read again. */
bool router_may_be_there(struct state *, struct router *);

/* Default routes of this family may not be as they are known. */
void router_doubt(struct state *, uint8_t family);

/* The parts with default routes that hang on this, and may go in silence. */
unsigned router_parts(const struct link *);
unsigned router_parts_hanging(const struct link *);	/* on an object */
unsigned router_parts_from(struct state *, const struct kev_ip *prefsrc);
unsigned router_parts_on(struct state *, uint32_t nh_id);

/*
 * state_walk.c: to be called before any of these changes in what is told of it,
 * or goes, the last one before all does.
 */
void walk_before_link(struct state *, struct link *);
void walk_before_rename(struct state *, struct link *);
void walk_before_addr(struct state *, struct link *, struct addr *);
void walk_before_router(struct state *, struct link *, struct router *);
void walk_before_nat64(struct state *, struct link *);
void walk_before_end(struct state *);

#endif

/*
 * What every source says to the state: one fact about one thing, as the
 * kernel told it. Plain values in kev's own numbers; nothing points into a
 * receive buffer, and nothing is compared with what was known before: that is
 * the state's work.
 */
#ifndef KEVD_CHANGE_H
#define KEVD_CHANGE_H

#include "object.h"

enum change_type {
	CHANGE_NONE,
	CHANGE_LINK,		/* the interface is there and is like this */
	CHANGE_LINK_GONE,
	CHANGE_MODES,		/* speed and duplex of an interface */
	CHANGE_ADDR,
	CHANGE_ADDR_GONE,	/* "addr" as the kernel last told it */
	CHANGE_ROUTER,		/* a default route, one next hop of it */
	CHANGE_ROUTER_GONE,
	CHANGE_ROUTER_END,	/* only when it ends, if it is one; 0: should
				 * have gone by now */
	CHANGE_ROUTES,		/* default routes of "router.family" came or
				 * went, which is all that is told */
	CHANGE_NEXTHOP,		/* "router.nh_id" changed or went */
	CHANGE_CLAIM,		/* another host says that an address is its own */
	CHANGE_NEIGH,		/* a neighbour answers, or does not */
	CHANGE_ADVERT,		/* a router said that it is one */
	CHANGE_NAT64,		/* a router told the prefix for NAT64 */
	CHANGE_PORT,		/* a process wants a port that another holds */
	/* These are what kernels tell who have no other words for it. */
	CHANGE_LINK_GOING,	/* the interface is about to go */
	CHANGE_PROTO,		/* it has a protocol, or has it no more */
	CHANGE_STATUS,		/* only what has become of an address */
	CHANGE_EXPIRED,		/* the lifetime of a router ran out */
	CHANGE_QUALITY,
	CHANGE_ISSUES,
	CHANGE_IDLE,		/* no route uses the interface any more */
	CHANGE_NAT64_REQUEST	/* it wants to know the prefix for NAT64 */
};

/* The parts of the kernel's state, to dump and to compare one by one. */
#define PART_LINK	0x01u
#define PART_ADDR4	0x02u
#define PART_ADDR6	0x04u
#define PART_ROUTE4	0x08u
#define PART_ROUTE6	0x10u
#define PART_NEIGH	0x20u	/* never complete, so nothing goes with it */
#define PART_ALL	0x3fu
/* Of routes that are told anew: some that are there may be missing. */
#define PART_TORN4	0x40u
#define PART_TORN6	0x80u

struct change_link {
	struct kev_link link;	/* "master" is not set: see master_index */
	uint32_t master_index;	/* interface that this is a port of, or 0 */
	bool closing;		/* closed by the kernel: likely goes next */
	bool arrives;		/* it is a new one, if it has another name */
	bool renames;		/* gone: but it may come with another name */
	char ifname[KEV_IFNAMSIZ];	/* "" when not told */
};

struct change_modes {
	uint64_t has;		/* SPEED and DUPLEX, where the driver knows */
	uint32_t speed;		/* in Mbit/s */
	uint8_t duplex;
	/* Was asked for, by state_wants_modes: goes with the CHANGE_LINK that
	 * comes next. */
	bool answer;
};

struct change_router {
	struct kev_router router;	/* has GATEWAY unless device only */
	struct kev_ip prefsrc;		/* goes with this address */
	uint32_t nh_id;			/* next hop object it hangs on, or 0 */
	int32_t expires;		/* in 1/100 s; 0: never, negative: over */
	bool replaces;			/* others of its kind may be gone */
	bool changes;			/* it was another one before */
};

struct change_claim {
	struct kev_ip address;
	struct kev_lladdr lladdr;	/* of who says so; length 0: not known */
	bool sure;			/* it is the kernel who tells of it */
};

struct change_neigh {
	struct kev_ip address;
	struct kev_lladdr lladdr;	/* its length is 0 when not known */
	bool failed;			/* does not answer; else it does */
	bool any;			/* it is a router, of the family; which
					 * address it has is not told */
};

struct change_advert {
	struct kev_ip address;		/* of the router */
	uint16_t lifetime;		/* in seconds; 0: no default router */
};

/* RFC 8781, the PREF64 option. */
struct change_nat64 {
	struct kev_ip prefix;
	struct kev_ip router;
	uint16_t lifetime;		/* in seconds; 0: not any more */
	uint8_t prefixlen;
};

struct change_port {
	uint32_t pid;
	uint16_t port;
	uint16_t protocol;		/* KEV_PROTO_IP and more; 0: not known */
	char command[KEV_IFNAMSIZ];	/* any bytes; "" when not known */
};

struct change_proto {
	uint8_t family;			/* enum kev_family */
	bool gone;
	uint32_t remaining;		/* that the interface has after it */
};

struct change_status {
	struct kev_ip address;
	uint8_t status;			/* KEV_INVALID: its time is over */
};

struct change_issues {
	char reason[64], info[64];	/* "" when not told */
};

struct change {
	enum change_type type;
	uint32_t ifindex;	/* 0: not told */
	uint32_t pid;		/* netlink port of who asked; 0: the kernel */
	/* Its name, if it is told besides or in place of the index. */
	char ifname[KEV_IFNAMSIZ];
	bool present;		/* the interface is there, told before or not */
	bool part;		/* of a link or address: what it has not is as
				 * it was; there is one address of its bytes */
	union {
		struct change_link link;
		struct change_modes modes;
		struct kev_addr addr;
		struct change_router router;
		struct change_claim claim;
		struct change_neigh neigh;
		struct change_advert advert;
		struct change_nat64 nat64;
		struct change_port port;
		struct change_proto proto;
		struct change_status status;
		struct kev_ip expired;
		struct change_issues issues;
		int32_t quality;
	};
};

/* Appends what it says, in words and JSON, for people. */
struct buf;
void change_put(struct buf *, const struct change *);

#endif

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
	CHANGE_NEXTHOP,		/* "router.nh_id" changed or went */
	CHANGE_CLAIM,		/* another host says that an address is its own */
	CHANGE_NEIGH,		/* a neighbour answers, or does not */
	CHANGE_ADVERT,		/* a router said that it is one */
	CHANGE_NAT64,		/* a router told the prefix for NAT64 */
	CHANGE_PORT		/* a process wants a port that another holds */
};

/* The parts of the kernel's state, to dump and to compare one by one. */
#define PART_LINK	0x01u
#define PART_ADDR4	0x02u
#define PART_ADDR6	0x04u
#define PART_ROUTE4	0x08u
#define PART_ROUTE6	0x10u
#define PART_NEIGH	0x20u	/* never complete, so nothing goes with it */
#define PART_ALL	0x3fu

struct change_link {
	struct kev_link link;	/* "master" is not set: see master_index */
	uint32_t master_index;	/* interface that this is a port of, or 0 */
	bool closing;		/* closed by the kernel: likely goes next */
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
};

struct change_claim {
	struct kev_ip address;
	struct kev_lladdr lladdr;	/* of who says so */
};

struct change_neigh {
	struct kev_ip address;
	struct kev_lladdr lladdr;	/* its length is 0 when not known */
	bool failed;			/* does not answer; else it does */
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

struct change {
	enum change_type type;
	uint32_t ifindex;
	uint32_t pid;		/* netlink port of who asked; 0: the kernel */
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
	};
};

/* Appends what it says, in words and JSON, for people. */
struct buf;
void change_put(struct buf *, const struct change *);

#endif

/*
 * What a BSD or macOS says of an address of IPv6 when it is asked, by ioctl(2):
 * few of them tell by themselves what becomes of one. A recording has each
 * answer in a form of its own, as a message of "in6":
 *
 *	0	interface's index
 *	4	IN6_IFF_*
 *	8	seconds that it is valid, 0xffffffff: for ever
 *	12	seconds that it is preferred
 *	16	length of its prefix
 *	17	1: the flags are told; 2: the seconds are; or both; or only 4: it is
 *		a default router, which is one for so many seconds as are at 8
 *	18	0
 *	20	the address
 *	36	that of the other end, or 0
 *
 * All numbers are little-endian.
 */
#ifndef KEVD_IN6_H
#define KEVD_IN6_H

#include "change.h"
#include "message.h"

#define IN6_SIZE 52
#define IN6_HAS_FLAGS 1u
#define IN6_HAS_LIFETIMES 2u
#define IN6_HAS_ROUTER 4u

/* FreeBSD's struct in6_defrouter of 64 bits, and where it has what. */
#define IN6_ROUTER_SIZE 48
#define IN6_ROUTER_ADDRESS 8
#define IN6_ROUTER_LIFETIME 30
#define IN6_ROUTER_END 32
#define IN6_ROUTER_INDEX 40

struct in6_answer {
	/* What is asked about. */
	const char *ifname;		/* lent */
	uint32_t ifindex;
	struct kev_ip address, peer;	/* peer: family 0 if there is none */
	uint8_t prefixlen;
	/* And what was answered. */
	uint8_t has;
	uint32_t flags;			/* IN6_IFF_* */
	uint32_t valid, preferred;	/* in seconds, or KEV_FOREVER */
};

/* The message that says it. */
void in6_put(const struct in6_answer *, uint8_t bytes[IN6_SIZE]);

enum message_found in6_decode(const struct message *, struct change *);

/* What is in a list of them, by a clock of seconds since 1970. */
void in6_router(const uint8_t bytes[IN6_ROUTER_SIZE], int64_t now,
    struct in6_answer *);

/* What the address is still good for, if it is until WHEN, in seconds of a
 * clock that is at NOW; LIFETIME is what it was given. */
uint32_t in6_left(uint32_t lifetime, int64_t when, int64_t now);

#endif

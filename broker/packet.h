/*
 * Packets in which another host says that an address is its own, or that it is
 * a router. Bytes in, a change out; the same for every system. Everything in
 * them is an enemy's.
 */
#ifndef KEVD_PACKET_H
#define KEVD_PACKET_H

#include "change.h"
#include "message.h"

enum packet_found {
	PACKET_CLAIM,		/* somebody claims an address */
	PACKET_ADVERT,		/* a router advertises itself */
	PACKET_IGNORED,		/* well-formed, but claims nothing */
	PACKET_MALFORMED
};

/*
 * An ARP packet (RFC 826) from its header on. A claim is any packet whose
 * sender has an address (RFC 5227 section 2.4), but for a request that asks
 * for 0.0.0.0, which is none; a probe has no sender.
 */
enum packet_found packet_arp(const void *, size_t len, struct change *);

/*
 * An ICMPv6 message from its type on, with the hop limit and from the address
 * that it came with. A claim is a neighbour advertisement (RFC 4861 section
 * 4.4); an advertisement of a router must be from a link-local address
 * (section 6.1.2).
 */
enum packet_found packet_icmp6(const void *, size_t len, int hops,
    const uint8_t from[16], struct change *);

/* Either of them, by the name of its source, with the interface. */
enum message_found packet_decode(const struct message *, struct change *);

#endif

/*
 * What a host on the wire may send: the first byte chooses ARP or ICMPv6 and
 * the hop limit, the rest is the packet. Whatever it claims, memory and the
 * number of events are bounded.
 */
#include "config.h"

#include "event.h"
#include "fuzz.h"
#include "packet.h"
#include "state.h"

#include <string.h>

static unsigned events;

static void
publish(void *arg, struct kev_event *ev)
{
	(void)arg;
	encode(ev);
	events++;
}

/* A router of that address is there: it says the same over and over. */
static void
advertise(struct change c)
{
	static const struct change link = {
		.type = CHANGE_LINK, .ifindex = 2,
		.link = { .link = { .has = KEV_BIT(FLAGS), .flags = 0x41 },
		    .ifname = "eth0" },
	};
	struct change router = { .type = CHANGE_ROUTER, .ifindex = 2 };
	struct state *st = state_new(NULL, publish, NULL);
	struct stamp now = { 1, 1 };
	int i;

	MUST(c.type == CHANGE_ADVERT);
	router.router.expires = 100;
	router.router.router = (struct kev_router){ .family = KEV_INET6,
	    .gateway = c.advert.address, .protocol = KEV_PROTO_ROUTE | 9 };
	state_apply(st, &link, &now);
	state_apply(st, &router, &now);
	events = 0;
	c.ifindex = 2;
	for (i = 0; i < 1000; i++) {
		now.mono += 100;
		state_apply(st, &c, &now);
		state_tick(st, &now);
	}
	MUST(events == 0 && state_deadline(st) != 0);
	state_free(st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct change link = {
		.type = CHANGE_LINK, .ifindex = 2,
		.link = { .link = { .has = KEV_BIT(FLAGS), .flags = 0x41 },
		    .ifname = "eth0" },
	};
	struct change addr = {
		.type = CHANGE_ADDR, .ifindex = 2,
		.addr = { .has = KEV_BIT(ADDRESS) | KEV_BIT(STATUS),
		    .status = KEV_PREFERRED },
	}, c;
	static const uint8_t from[16] = { 0xfe, 0x80, [15] = 1 };
	struct stamp now = { 1, 1 };
	enum packet_found found;
	struct state *st;
	int i;

	if (len < 1)
		return 0;
	if (bytes[0] & 1)
		found = packet_arp(bytes + 1, len - 1, &c);
	else
		found = packet_icmp6(bytes + 1, len - 1,
		    bytes[0] & 2 ? 255 : bytes[0], from, &c);
	if (found == PACKET_ADVERT)
		advertise(c);
	if (found != PACKET_CLAIM)
		return 0;
	MUST(c.type == CHANGE_CLAIM && c.claim.lladdr.len == 6);
	st = state_new(NULL, publish, NULL);
	state_apply(st, &link, &now);
	addr.addr.family = c.claim.address.family;
	addr.addr.address = c.claim.address;
	state_apply(st, &addr, &now);
	c.ifindex = 2;
	events = 0;
	for (i = 0; i < 1000; i++) {
		now.mono += 100;
		c.claim.lladdr.byte[4] = (uint8_t)(i >> 8);
		c.claim.lladdr.byte[5] = (uint8_t)i;
		state_apply(st, &c, &now);
	}
	MUST(events > 0 && events <= 64);
	state_free(st);
	return 0;
}

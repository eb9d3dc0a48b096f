#include "config.h"

#include "buf.h"
#include "event.h"
#include "state.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"
#include "test.h"

/* What a state published: the lines, and the topics alone. */
struct log {
	struct buf lines;
	struct buf topics;
	uint64_t seq;
};

static struct stamp now = { UINT64_C(1795498235000000), 1000000 };

static void
publish(void *arg, struct kev_event *ev)
{
	struct log *log = arg;

	ev->seq = ++log->seq;
	ev->run = "0";
	kev_event_put(&log->lines, ev);
	if (log->topics.len > 0)
		buf_putc(&log->topics, ' ');
	buf_puts(&log->topics, kev_topics[ev->topic].name);
}

static void
log_clear(struct log *log)
{
	buf_clear(&log->lines);
	buf_clear(&log->topics);
}

static void
log_fini(struct log *log)
{
	buf_fini(&log->lines);
	buf_fini(&log->topics);
}

/* The topics since the last time were these; the log is cleared. */
static void
expect(struct log *log, const char *topics)
{
	buf_putc(&log->topics, '\0');
	assert_string_equal(log->topics.data, topics);
	log_clear(log);
}

/* The same, and the line holds this. */
static void
expect_line(struct log *log, const char *topics, const char *part)
{
	buf_putc(&log->lines, '\0');
	if (strstr(log->lines.data, part) == NULL)
		fail_msg("%s is not in\n%s", part, log->lines.data);
	expect(log, topics);
}

static struct change
link_change(uint32_t ifindex, const char *name, uint32_t flags)
{
	struct change c = { .type = CHANGE_LINK, .ifindex = ifindex };
	struct kev_link *l = &c.link.link;

	l->has = KEV_BIT(TYPE) | KEV_BIT(LLADDR) | KEV_BIT(MTU) |
	    KEV_BIT(FLAGS) | KEV_BIT(OPERSTATE) | KEV_BIT(CARRIER) |
	    KEV_BIT(CARRIER_CHANGES) | KEV_BIT(ALTNAMES);
	l->type = 1;
	l->mtu = 1500;
	l->flags = flags;
	l->lladdr.len = 6;
	l->lladdr.byte[5] = (uint8_t)ifindex;
	l->carrier = (flags & KEV_IFF_RUNNING) != 0;
	l->operstate = l->carrier ? KEV_OPER_UP : KEV_OPER_DOWN;
	snprintf(c.link.ifname, sizeof c.link.ifname, "%s", name);
	return c;
}

static struct change
addr_change(uint32_t ifindex, uint8_t family, uint8_t last, uint32_t flags)
{
	struct change c = { .type = CHANGE_ADDR, .ifindex = ifindex };
	struct kev_addr *a = &c.addr;

	a->has = KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(PREFIXLEN) |
	    KEV_BIT(SCOPE) | KEV_BIT(FLAGS) | KEV_BIT(STATUS);
	a->family = a->address.family = family;
	a->address.byte[family == KEV_INET ? 3 : 15] = last;
	a->address.byte[0] = family == KEV_INET ? 10 : 0x20;
	a->prefixlen = family == KEV_INET ? 24 : 64;
	a->flags = flags;
	a->status = flags & KEV_IFA_DADFAILED ? KEV_DUPLICATE :
	    flags & KEV_IFA_TENTATIVE ? KEV_TENTATIVE :
	    flags & KEV_IFA_DEPRECATED ? KEV_DEPRECATED : KEV_PREFERRED;
	if (family == KEV_INET)
		return c;
	a->has |= KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT);
	a->valid_lft = a->preferred_lft =
	    flags & KEV_IFA_PERMANENT ? KEV_FOREVER : 300;
	return c;
}

static struct change
router_change(uint32_t ifindex, uint8_t family, uint8_t last)
{
	struct change c = { .type = CHANGE_ROUTER, .ifindex = ifindex };
	struct kev_router *r = &c.router.router;

	r->family = family;
	r->has = KEV_BIT(FAMILY) | KEV_BIT(METRIC) | KEV_BIT(PROTOCOL) | KEV_BIT(TABLE);
	r->table = 254;
	r->protocol = KEV_PROTO_ROUTE | 3;
	if (last == 0)
		return c;
	r->has |= KEV_BIT(GATEWAY);
	r->gateway.family = family;
	r->gateway.byte[0] = 10;
	r->gateway.byte[3] = last;
	return c;
}

static void
apply(struct state *st, struct change c)
{
	now.mono += 1000;
	now.time += 1000;
	state_apply(st, &c, &now);
}

static void
gone(struct state *st, struct change c)
{
	c.type++;
	assert_true(c.type == CHANGE_LINK_GONE || c.type == CHANGE_ADDR_GONE ||
	    c.type == CHANGE_ROUTER_GONE);
	apply(st, c);
}

#define UP KEV_IFF_UP
/* RTPROT_RA: what a router advertisement made. */
#define BY_ADVERT (KEV_PROTO_ROUTE | 9)
#define RUNNING (KEV_IFF_UP | KEV_IFF_RUNNING)
#define PERMANENT KEV_IFA_PERMANENT
#define TENTATIVE KEV_IFA_TENTATIVE
#define FAILED (KEV_IFA_DADFAILED | KEV_IFA_TENTATIVE)

static void
links(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = link_change(2, "eth0", 0), port;

	(void)unused;
	apply(st, c);
	expect_line(&log, "interface/attach interface/link-down",
	    "\"ifname\":\"eth0\",\"ifindex\":2,\"source\":\"rtnetlink\"");
	apply(st, c);
	expect(&log, "");
	c.link.link.mtu = 1400;
	apply(st, c);
	expect_line(&log, "interface/change", "\"prev\":{\"mtu\":1500}");
	c = link_change(2, "eth0", RUNNING);
	apply(st, c);
	expect(&log, "interface/change interface/link-up");
	c = link_change(2, "lan", RUNNING);
	apply(st, c);
	expect_line(&log, "interface/rename",
	    "\"data\":{\"ifname\":\"lan\"},\"prev\":{\"ifname\":\"eth0\"}");
	/* A port is told the name of its master, and its new name. */
	port = link_change(3, "p", RUNNING);
	port.link.master_index = 4;
	apply(st, port);
	expect(&log, "interface/attach interface/link-up");
	apply(st, link_change(4, "br0", RUNNING));
	expect_line(&log, "interface/attach interface/link-up interface/change",
	    "\"master\":\"br0\",\"altnames\":[],\"lladdr\":"
	    "\"00:00:00:00:00:03\"},\"prev\":{\"master\":null}}");
	apply(st, link_change(4, "br1", RUNNING));
	expect_line(&log, "interface/rename interface/change",
	    "\"prev\":{\"master\":\"br0\"}");
	gone(st, link_change(4, "br1", RUNNING));
	expect_line(&log, "interface/detach interface/change",
	    "\"prev\":{\"master\":\"br1\"}");
	/* Closed by the kernel: it may be going. */
	c = link_change(2, "lan", 0);
	c.link.closing = true;
	apply(st, c);
	expect(&log, "interface/change interface/link-down "
	    "interface/detaching");
	gone(st, c);
	expect(&log, "interface/detach");
	gone(st, c);
	expect(&log, "");
	/* No name: no interface. */
	apply(st, link_change(9, "", 0));
	expect(&log, "");
	state_free(st);
	log_fini(&log);
}

static void
another(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = link_change(2, "eth0", 0);

	(void)unused;
	apply(st, c);
	apply(st, addr_change(2, KEV_INET, 1, PERMANENT));
	log_clear(&log);
	c.link.link.type = 772;
	apply(st, c);
	expect(&log, "ipv4/address-remove interface/proto-detach "
	    "interface/detach interface/attach interface/link-down");
	/* One of both may change; both at once make another interface. */
	strcpy(c.link.ifname, "eth1");
	apply(st, c);
	expect(&log, "interface/rename");
	c.link.link.lladdr.byte[0] = 2;
	apply(st, c);
	expect(&log, "interface/change");
	strcpy(c.link.ifname, "eth2");
	c.link.link.lladdr.byte[0] = 4;
	apply(st, c);
	expect(&log, "interface/detach interface/attach interface/link-down");
	state_free(st);
	log_fini(&log);
}

static void
see_flaps(void *arg, const struct flaps *f)
{
	struct flaps *seen = arg;

	assert_string_equal(f->ifname, "eth0");
	assert_null(seen->ifname);
	*seen = *f;
}

static void
flaps(void **unused)
{
	static const struct {
		uint32_t flags;
		bool carrier;
		uint32_t changes;
		const char *topics, *part;
	} steps[] = {
		{ RUNNING, true, 1, "interface/change interface/link-up", "" },
		/* Down and up, seen only in the counter. */
		{ RUNNING, true, 3, "interface/link-down interface/link-up",
		    "" },
		{ RUNNING, true, 9, "interface/link-down interface/link-up",
		    "\"count\":3" },
		/* The counter runs ahead: wait until the flags agree. */
		{ RUNNING, false, 10, "interface/change", "" },
		{ UP, false, 10, "interface/change interface/link-down", "" },
		/* Up, down, up: one up is told, for two. */
		{ RUNNING, true, 13, "interface/change interface/link-up",
		    "\"count\":2" },
		{ RUNNING, true, 13, "", "" },
		/* What happens while it is down by will is no flap. */
		{ 0, false, 14, "interface/change interface/link-down", "" },
		{ 0, false, 14, "", "" },
		{ UP, false, 14, "interface/change", "" },
		{ UP, false, 16, "interface/link-up interface/link-down", "" },
	};
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c;
	struct flaps seen = { .ifname = NULL };
	size_t i;

	(void)unused;
	apply(st, link_change(2, "eth0", 0));
	log_clear(&log);
	state_flaps(st, see_flaps, &seen);
	assert_null(seen.ifname);
	for (i = 0; i < LENGTH(steps); i++) {
		c = link_change(2, "eth0", steps[i].flags);
		c.link.link.carrier = steps[i].carrier;
		c.link.link.carrier_changes = steps[i].changes;
		apply(st, c);
		expect_line(&log, steps[i].topics, steps[i].part);
	}
	state_flaps(st, see_flaps, &seen);
	assert_int_equal(seen.ifindex, 2);
	assert_int_equal(seen.ups, 8);
	assert_int_equal(seen.downs, 7);
	state_free(st);
	log_fini(&log);
}

static struct change
modes_change(uint32_t ifindex, uint32_t speed, bool answer)
{
	struct change c = { .type = CHANGE_MODES, .ifindex = ifindex };

	c.modes.speed = speed;
	c.modes.duplex = 1;
	c.modes.has = speed != 0 ? KEV_BIT(SPEED) | KEV_BIT(DUPLEX) : 0;
	c.modes.answer = answer;
	return c;
}

/* Speed and duplex: those asked for come with the link, others at once. */
static void
modes(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change up = link_change(2, "eth0", RUNNING);
	struct change down = link_change(2, "eth0", UP);

	(void)unused;
	assert_true(state_wants_modes(st, &up));
	apply(st, modes_change(2, 100, true));
	apply(st, up);
	expect_line(&log, "interface/attach interface/link-up",
	    "\"speed\":100,\"duplex\":\"full\"");
	assert_false(state_wants_modes(st, &up));
	apply(st, up);
	expect(&log, "");
	apply(st, modes_change(2, 1000, false));
	expect_line(&log, "interface/change", "\"prev\":{\"speed\":100}");
	apply(st, modes_change(2, 1000, false));
	expect(&log, "");
	/* Without a link nothing is known: they go. */
	assert_true(state_wants_modes(st, &down));
	apply(st, modes_change(2, 0, true));
	apply(st, down);
	expect_line(&log, "interface/change interface/link-down",
	    "\"speed\":1000,\"duplex\":\"full\"}}");
	/* An answer is for its own interface, and for one message. */
	apply(st, modes_change(3, 10, true));
	apply(st, up);
	apply(st, up);
	expect(&log, "interface/change interface/link-up");
	apply(st, modes_change(9, 10, false));
	expect(&log, "");
	state_begin(st, PART_ALL);
	assert_true(state_wants_modes(st, &up));
	state_cancel(st);
	up = link_change(2, "eth1", RUNNING);
	up.link.link.type = 772;
	assert_true(state_wants_modes(st, &up));
	state_free(st);
	log_fini(&log);
}

static void
addresses(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c;

	(void)unused;
	/* Of an interface that is not known. */
	apply(st, addr_change(2, KEV_INET, 1, PERMANENT));
	expect(&log, "");
	apply(st, link_change(2, "eth0", RUNNING));
	log_clear(&log);
	apply(st, addr_change(2, KEV_INET, 1, PERMANENT));
	expect_line(&log, "interface/proto-attach ipv4/address-add "
	    "ipv4/address-ready", "\"family\":\"inet\",\"remaining\":1");
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT | TENTATIVE));
	expect_line(&log, "interface/proto-attach ipv6/address-add",
	    "\"remaining\":2");
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT));
	expect_line(&log, "ipv6/address-change ipv6/address-ready",
	    "\"prev\":{\"flags\":[\"tentative\",\"permanent\"],"
	    "\"status\":\"tentative\"}");
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT));
	expect(&log, "");
	state_settle(st, &now);
	expect_line(&log, "network/changed", "\"interfaces\":[\"eth0\"],"
	    "\"families\":[\"inet\",\"inet6\"]");
	state_settle(st, &now);
	expect(&log, "");
	/* Lifetimes alone are no news; that they begin or end is. */
	c = addr_change(2, KEV_INET6, 1, 0);
	apply(st, c);
	expect_line(&log, "ipv6/address-change", "\"prev\":{\"flags\":"
	    "[\"permanent\"],\"valid_lft\":4294967295");
	c.addr.valid_lft = 50;
	apply(st, c);
	expect(&log, "");
	apply(st, addr_change(2, KEV_INET6, 1, KEV_IFA_DEPRECATED));
	expect(&log, "ipv6/address-change nd6/address-deprecated");
	apply(st, addr_change(2, KEV_INET6, 1, 0));
	expect(&log, "ipv6/address-change");
	/* It ran out. */
	c.addr.valid_lft = 0;
	gone(st, c);
	expect(&log, "ipv6/address-remove nd6/address-expired "
	    "interface/proto-detach");
	gone(st, addr_change(2, KEV_INET, 1, PERMANENT));
	state_begin(st, 0);
	state_end(st, &now, SIZE_MAX);
	expect_line(&log, "ipv4/address-remove interface/proto-detach",
	    "\"remaining\":0");
	state_free(st);
	log_fini(&log);
}

static void
duplicates(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, addr_change(2, KEV_INET6, 9, PERMANENT));
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT | TENTATIVE));
	log_clear(&log);
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT | FAILED));
	expect(&log, "ipv6/address-change ipv6/duplicate");
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT | FAILED));
	expect(&log, "");
	gone(st, addr_change(2, KEV_INET6, 1, PERMANENT | FAILED));
	expect(&log, "ipv6/address-remove");
	/* With a lifetime: the removal alone tells it. */
	apply(st, addr_change(2, KEV_INET6, 2, TENTATIVE));
	log_clear(&log);
	gone(st, addr_change(2, KEV_INET6, 2, FAILED));
	expect(&log, "ipv6/address-remove ipv6/duplicate");
	/* Autoconfigured: never told before. */
	gone(st, addr_change(2, KEV_INET6, 3, FAILED));
	expect(&log, "ipv6/duplicate");
	/* Removed while tentative and never told: nothing. */
	gone(st, addr_change(2, KEV_INET6, 4, TENTATIVE));
	expect(&log, "");
	state_free(st);
	log_fini(&log);
}

static void
held(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = addr_change(2, KEV_INET, 1, PERMANENT), d;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, c);
	log_clear(&log);
	/* An ioctl: removed and added within a moment is a change. */
	gone(st, c);
	state_settle(st, &now);
	expect_line(&log, "network/changed", "");
	assert_int_equal(state_deadline(st), now.mono + 20000);
	d = c;
	d.addr.prefixlen = 16;
	apply(st, d);
	expect_line(&log, "ipv4/address-change", "\"prev\":{\"prefixlen\":24}");
	assert_int_equal(state_deadline(st), 0);
	/* The same again: nothing happened. */
	gone(st, d);
	apply(st, d);
	expect(&log, "");
	/* Not added again: a removal, when the time is over. */
	gone(st, d);
	now.mono = state_deadline(st) - 1;
	state_tick(st, &now);
	expect(&log, "");
	now.mono++;
	state_tick(st, &now);
	expect(&log, "ipv4/address-remove interface/proto-detach");
	/* Somebody's netlink request removes for good. */
	apply(st, c);
	log_clear(&log);
	c.pid = 77;
	gone(st, c);
	state_settle(st, &now);
	expect(&log, "ipv4/address-remove interface/proto-detach "
	    "network/changed");
	/* Another change in between: no change of this one. */
	apply(st, d);
	log_clear(&log);
	gone(st, d);
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT));
	expect(&log, "ipv4/address-remove interface/proto-detach "
	    "interface/proto-attach ipv6/address-add ipv6/address-ready");
	/* Both exist; one goes and the other is told again. */
	c.pid = 0;
	apply(st, c);
	apply(st, d);
	log_clear(&log);
	gone(st, c);
	apply(st, d);
	expect(&log, "ipv4/address-remove");
	/* Its interface goes while it is held. */
	gone(st, d);
	gone(st, link_change(2, "eth0", RUNNING));
	expect(&log, "ipv4/address-remove interface/proto-detach "
	    "ipv6/address-remove interface/proto-detach interface/detach");
	state_free(st);
	log_fini(&log);
}

static void
routers(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = router_change(2, KEV_INET, 1), d;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	log_clear(&log);
	apply(st, c);
	expect_line(&log, "ipv4/router-add", "\"data\":{\"family\":\"inet\","
	    "\"gateway\":\"10.0.0.1\",\"metric\":0,\"protocol\":\"boot\","
	    "\"table\":\"main\"}");
	apply(st, c);
	expect(&log, "");
	assert_int_equal(state_wants(st), 0);
	/* Replaced: what went is not said, so it is to be read. */
	d = router_change(2, KEV_INET, 2);
	d.router.replaces = true;
	apply(st, d);
	expect(&log, "ipv4/router-add");
	assert_int_equal(state_wants(st), PART_ROUTE4);
	assert_int_equal(state_wants(st), 0);
	state_begin(st, PART_ROUTE4);
	apply(st, router_change(2, KEV_INET, 2));
	state_end(st, &now, SIZE_MAX);
	expect_line(&log, "ipv4/router-remove", "\"source\":\"resync\"");
	/* Without a gateway, and by another one's hand. */
	apply(st, router_change(2, KEV_INET6, 0));
	expect_line(&log, "nd6/router-add", "\"family\":\"inet6\",\"metric\"");
	d = router_change(2, KEV_INET6, 0);
	d.router.router.protocol = KEV_PROTO_ROUTE | 9;
	d.router.nh_id = 5;
	d.router.prefsrc.family = KEV_INET;
	d.router.prefsrc.byte[0] = 10;
	d.router.prefsrc.byte[3] = 7;
	d.router.replaces = true;
	apply(st, d);
	expect(&log, "nd6/router-remove nd6/router-add");
	assert_int_equal(state_wants(st), PART_ROUTE6);
	/* They may go in silence with these. */
	apply(st, (struct change){ .type = CHANGE_NEXTHOP,
	    .router.nh_id = 4 });
	assert_int_equal(state_wants(st), 0);
	apply(st, (struct change){ .type = CHANGE_NEXTHOP,
	    .router.nh_id = 5 });
	assert_int_equal(state_wants(st), PART_ROUTE6);
	apply(st, link_change(3, "eth1", RUNNING));
	apply(st, addr_change(3, KEV_INET, 7, 0));
	gone(st, addr_change(3, KEV_INET, 7, 0));
	state_begin(st, 0);
	state_end(st, &now, SIZE_MAX);
	assert_int_equal(state_wants(st), PART_ROUTE6);
	apply(st, link_change(2, "eth0", 0));
	assert_int_equal(state_wants(st), PART_ROUTE4 | PART_ROUTE6);
	log_clear(&log);
	gone(st, router_change(2, KEV_INET, 2));
	expect(&log, "ipv4/router-remove");
	gone(st, router_change(2, KEV_INET, 2));
	expect(&log, "");
	gone(st, link_change(2, "eth0", 0));
	expect(&log, "nd6/router-remove interface/detach");
	state_free(st);
	log_fini(&log);
}

static struct change
neigh(uint32_t ifindex, uint8_t last, bool failed)
{
	struct change c = { .type = CHANGE_NEIGH, .ifindex = ifindex };

	c.neigh.address = router_change(ifindex, KEV_INET,
	    last).router.router.gateway;
	c.neigh.failed = failed;
	c.neigh.lladdr.len = failed ? 0 : 6;
	return c;
}

static void
failures(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, router_change(2, KEV_INET, 1));
	c = router_change(2, KEV_INET, 1);
	c.router.router.metric = 5;
	apply(st, c);
	log_clear(&log);
	/* Not a router's; alive all the time. */
	apply(st, neigh(2, 9, true));
	apply(st, neigh(2, 1, false));
	expect(&log, "");
	/* Once for both routes, and once for an episode. */
	apply(st, neigh(2, 1, true));
	expect_line(&log, "ipv4/router-failure",
	    "\"data\":{\"gateway\":\"10.0.0.1\"}");
	apply(st, neigh(2, 1, true));
	expect(&log, "");
	state_snapshot(st, &now, publish, &log);
	expect(&log, "interface/attach interface/link-up ipv4/router-add "
	    "ipv4/router-failure ipv4/router-add ipv4/router-failure");
	apply(st, neigh(2, 1, false));
	expect_line(&log, "ipv4/router-alive", "\"data\":{\"gateway\":"
	    "\"10.0.0.1\",\"lladdr\":\"00:00:00:00:00:00\"}");
	apply(st, neigh(2, 1, false));
	expect(&log, "");
	/* By hand, and without a carrier, is no failure. */
	c = neigh(2, 1, true);
	c.pid = 77;
	apply(st, c);
	expect(&log, "");
	apply(st, link_change(2, "eth0", UP));
	log_clear(&log);
	apply(st, neigh(2, 1, true));
	expect(&log, "");
	/* A dump tells it as well, in whose answer it has our port. */
	apply(st, link_change(2, "eth0", RUNNING));
	log_clear(&log);
	state_begin(st, PART_NEIGH);
	apply(st, c);
	state_end(st, &now, SIZE_MAX);
	expect_line(&log, "ipv4/router-failure", "\"source\":\"resync\"");
	/* It ends with its router. */
	gone(st, router_change(2, KEV_INET, 1));
	apply(st, router_change(2, KEV_INET, 1));
	log_clear(&log);
	apply(st, neigh(2, 1, true));
	expect(&log, "ipv4/router-failure");
	state_free(st);
	log_fini(&log);
}

/* All routes of a family are read: these. */
static void
reread(struct state *st, unsigned part, const struct change *c, size_t n)
{
	state_begin(st, part);
	while (n-- > 0)
		apply(st, *c++);
	assert_true(state_end(st, &now, SIZE_MAX));
}

static void
expiries(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = router_change(2, KEV_INET6, 1), ra;
	uint64_t due;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	c.router.router.protocol = BY_ADVERT;
	c.router.router.has |= KEV_BIT(LIFETIME);
	c.router.router.lifetime = 9;
	c.router.expires = 900;
	apply(st, c);
	log_clear(&log);
	due = state_deadline(st);
	assert_true(due > now.mono + 9000000 && due < now.mono + 9100000);
	/* Heard again: only the kernel knows whether that made it longer. */
	now.mono += 4000000;
	ra = (struct change){ .type = CHANGE_ADVERT, .ifindex = 2,
	    .advert = { c.router.router.gateway, 9 } };
	apply(st, ra);
	assert_int_equal(state_deadline(st), due);
	now.mono = state_deadline(st);
	state_tick(st, &now);
	assert_int_equal(state_wants(st), PART_ROUTE6);
	state_begin(st, PART_ROUTE6);
	apply(st, c);
	state_end(st, &now, SIZE_MAX);
	expect(&log, "");
	/* Over, in truth; told once. */
	now.mono = state_deadline(st);
	state_tick(st, &now);
	assert_int_equal(state_wants(st), PART_ROUTE6);
	c.router.expires = -3;
	state_begin(st, PART_ROUTE6);
	apply(st, c);
	state_end(st, &now, SIZE_MAX);
	expect_line(&log, "nd6/router-expired", "\"source\":\"timer\",\"data\":"
	    "{\"gateway\":\"a00:1::\"}");
	assert_int_equal(state_deadline(st), 0);
	gone(st, c);
	expect(&log, "nd6/router-remove");
	/* Collected before we looked. */
	c.router.expires = 900;
	apply(st, c);
	log_clear(&log);
	now.mono = state_deadline(st);
	gone(st, c);
	expect(&log, "nd6/router-remove nd6/router-expired");
	/* Collected while we looked. */
	apply(st, c);
	log_clear(&log);
	now.mono = state_deadline(st);
	state_tick(st, &now);
	state_begin(st, state_wants(st));
	state_end(st, &now, SIZE_MAX);
	expect(&log, "nd6/router-remove nd6/router-expired");
	/* Withdrawn, by hand: that is not expired. */
	apply(st, c);
	log_clear(&log);
	gone(st, c);
	expect(&log, "nd6/router-remove");
	apply(st, c);
	log_clear(&log);
	now.mono = state_deadline(st);
	c.pid = 77;
	gone(st, c);
	expect(&log, "nd6/router-remove");
	/* It has a lifetime, and then none. */
	apply(st, c);
	expect_line(&log, "nd6/router-add", "\"lifetime\":9");
	c.router.router.has &= ~KEV_BIT(LIFETIME);
	c.router.expires = 0;
	reread(st, PART_ROUTE6, &c, 1);
	reread(st, PART_ROUTE6, &c, 1);
	state_snapshot(st, &now, publish, &log);
	expect_line(&log, "interface/attach interface/link-up nd6/router-add",
	    "\"table\":\"main\"}");
	state_free(st);
	log_fini(&log);
}

/* Several routes of the kernel may be one router: when it ends. */
static void
ends_alike(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change two[2];

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	/* It lasts as long as the last of them, in whatever order. */
	two[0] = two[1] = router_change(2, KEV_INET6, 1);
	two[0].router.expires = -3;
	two[1].router.expires = 500;
	apply(st, two[1]);
	log_clear(&log);
	now.mono = state_deadline(st);
	reread(st, PART_ROUTE6, two, 2);
	assert_true(state_deadline(st) > now.mono + 4900000);
	two[0].router.expires = 0;
	reread(st, PART_ROUTE6, two, 2);
	reread(st, PART_ROUTE6, two, 2);
	assert_int_equal(state_deadline(st), 0);
	two[1].router.expires = -3;
	reread(st, PART_ROUTE6, two, 2);
	expect(&log, "");
	two[0].router.expires = -100;
	reread(st, PART_ROUTE6, two, 2);
	reread(st, PART_ROUTE6, two, 2);
	expect(&log, "nd6/router-expired");
	/* Also those that are told one by one. */
	two[0].router.expires = 300;
	two[1].router.expires = 900;
	apply(st, two[0]);
	apply(st, two[1]);
	apply(st, two[0]);
	assert_true(state_deadline(st) > now.mono + 8900000);
	two[1].router.expires = 0;
	apply(st, two[1]);
	now.mono = state_deadline(st);
	state_tick(st, &now);
	assert_int_equal(state_wants(st), PART_ROUTE6);
	reread(st, PART_ROUTE6, &two[1], 1);
	assert_int_equal(state_deadline(st), 0);
	apply(st, two[0]);
	assert_int_equal(state_deadline(st), 0);
	state_free(st);
	log_fini(&log);
}

/* Where some that are there may be missing, what is gone is missing thrice. */
static void
torn(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	const struct change two[] = { router_change(2, KEV_INET, 1),
		router_change(2, KEV_INET, 2) };
	const struct change six = router_change(2, KEV_INET6, 1);
	int i;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, two[0]);
	apply(st, two[1]);
	apply(st, six);
	log_clear(&log);
	reread(st, PART_ROUTE4 | PART_TORN4, two, 1);
	assert_int_equal(state_wants(st), PART_ROUTE4);
	reread(st, PART_ROUTE4 | PART_TORN4, two, 1);
	assert_int_equal(state_wants(st), PART_ROUTE4);
	/* It was there all the time. */
	reread(st, PART_ROUTE4 | PART_TORN4, two, 2);
	reread(st, PART_ROUTE4 | PART_TORN4, two, 1);
	reread(st, PART_ROUTE4 | PART_TORN4, two, 1);
	assert_int_equal(state_wants(st), PART_ROUTE4);
	expect(&log, "");
	reread(st, PART_ROUTE4 | PART_TORN4, two, 1);
	expect(&log, "ipv4/router-remove");
	assert_int_equal(state_wants(st), 0);
	/* The other family was whole; in pieces, each looks at all of them. */
	reread(st, PART_ROUTE4 | PART_ROUTE6 | PART_TORN6, NULL, 0);
	expect(&log, "ipv4/router-remove");
	apply(st, two[0]);
	apply(st, six);
	apply(st, router_change(2, KEV_INET6, 2));
	log_clear(&log);
	for (i = 0; i < 2; i++) {
		state_begin(st, PART_ROUTE6 | PART_TORN6);
		while (!state_end(st, &now, 1))
			continue;
		expect(&log, "");
		assert_int_equal(state_wants(st), PART_ROUTE6);
	}
	state_begin(st, PART_ROUTE6 | PART_TORN6);
	while (!state_end(st, &now, 1))
		continue;
	expect(&log, "nd6/router-remove nd6/router-remove");
	assert_int_equal(state_wants(st), 0);
	/* What was wanted while it was read is to be read once more. */
	apply(st, (struct change){ .type = CHANGE_ROUTES,
	    .router.router.family = KEV_INET });
	reread(st, PART_ROUTE4, NULL, 0);
	expect(&log, "ipv4/router-remove");
	assert_int_equal(state_wants(st), PART_ROUTE4);
	state_free(st);
	log_fini(&log);
}

/* Routes that go without a word. */
static void
silence(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = router_change(2, KEV_INET6, 1);
	const struct change c4 = router_change(2, KEV_INET, 1);

	(void)unused;
	apply(st, link_change(2, "eth0", UP | KEV_IFF_LOWER_UP));
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT));
	apply(st, addr_change(2, KEV_INET6, 2, PERMANENT));
	apply(st, c4);
	c.router.nh_id = 3;
	apply(st, c);
	gone(st, addr_change(2, KEV_INET6, 1, PERMANENT));
	apply(st, link_change(2, "eth0", UP | KEV_IFF_LOWER_UP));
	assert_int_equal(state_wants(st), 0);
	/* With IPv6, that is with its last address. */
	gone(st, addr_change(2, KEV_INET6, 2, PERMANENT));
	assert_int_equal(state_wants(st), PART_ROUTE6);
	/* With a next hop object, of a link that was never running. */
	apply(st, link_change(2, "eth0", UP));
	assert_int_equal(state_wants(st), PART_ROUTE6);
	state_free(st);
	log_fini(&log);
}

/* The kernel is asked, and says that so much is left, in 1/100 s. */
static void
ask(struct state *st, struct change c, int32_t left)
{
	now.mono = state_deadline(st);
	state_tick(st, &now);
	assert_int_equal(state_wants(st), PART_ROUTE6);
	c.router.expires = left;
	state_begin(st, PART_ROUTE6);
	apply(st, c);
	state_end(st, &now, SIZE_MAX);
}

/* What is heard of a router whose lifetime the kernel counts. */
static void
adverts(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = router_change(2, KEV_INET6, 1), ra, end, link;
	uint64_t due;

	(void)unused;
	link = link_change(2, "eth0", RUNNING);
	apply(st, link);
	c.router.router.protocol = BY_ADVERT;
	c.router.expires = 900;
	apply(st, c);
	ra = (struct change){ .type = CHANGE_ADVERT,
		.ifindex = 2,
		.advert = { c.router.router.gateway, 2 } };
	end = ra;
	end.advert.lifetime = 0;
	/* It may end sooner than it was to. */
	apply(st, ra);
	assert_true(state_deadline(st) < now.mono + 2100000);
	/* 0 may be what is said in the moment of the end, or be never. */
	ask(st, c, 0);
	assert_true(state_deadline(st) < now.mono + 100000);
	log_clear(&log);
	ask(st, c, -1);
	expect(&log, "nd6/router-expired");
	/* Heard again: it may be alive, if the kernel says so. */
	apply(st, ra);
	ask(st, c, -100);
	assert_int_equal(state_deadline(st), 0);
	apply(st, ra);
	ask(st, c, 200);
	expect(&log, "");
	/* Told once, however the kernel removes it. */
	ask(st, c, -1);
	expect(&log, "nd6/router-expired");
	apply(st, ra);
	now.mono = state_deadline(st);
	gone(st, c);
	expect(&log, "nd6/router-remove");
	/* Withdrawn, and the removal is seen late. */
	apply(st, c);
	apply(st, end);
	log_clear(&log);
	now.mono = state_deadline(st);
	gone(st, c);
	expect(&log, "nd6/router-remove");
	/* That was not heeded. */
	apply(st, c);
	apply(st, end);
	log_clear(&log);
	ask(st, c, -1);
	expect(&log, "nd6/router-expired");
	gone(st, c);
	/* The link went down, and that is seen late. */
	apply(st, c);
	due = state_deadline(st);
	apply(st, link_change(2, "eth0", 0));
	log_clear(&log);
	now.mono = due;
	gone(st, c);
	expect(&log, "nd6/router-remove");
	/* The cable is out when it ends. */
	apply(st, c);
	apply(st, link_change(2, "eth0", KEV_IFF_UP));
	log_clear(&log);
	ask(st, c, -1);
	expect(&log, "");
	gone(st, c);
	expect(&log, "nd6/router-remove");
	/* 0 twice is never. */
	apply(st, link);
	apply(st, c);
	ask(st, c, 0);
	ask(st, c, 0);
	assert_int_equal(state_deadline(st), 0);
	/* A route of somebody else that ends is none of the router's. */
	gone(st, c);
	c.router.router.protocol = KEV_PROTO_ROUTE | 4;
	apply(st, c);
	due = state_deadline(st);
	apply(st, ra);
	assert_int_equal(state_deadline(st), due);
	state_free(st);
	log_fini(&log);
}

static struct change
prefix(uint32_t ifindex, uint8_t last, uint8_t router, uint16_t lifetime)
{
	struct change c = { .type = CHANGE_NAT64, .ifindex = ifindex };

	c.nat64.prefix = (struct kev_ip){ KEV_INET6, { 0, 0x64, 0xff, last } };
	c.nat64.prefixlen = 96;
	c.nat64.router = (struct kev_ip){ KEV_INET6, { 0xfe, 0x80, router } };
	c.nat64.lifetime = lifetime;
	return c;
}

static void
nat64(void **state)
{
	struct log log = { .lines = BUF_INIT, .topics = BUF_INIT };
	struct state *st = state_new(NULL, publish, &log);
	int i;

	(void)state;
	apply(st, prefix(2, 1, 1, 80));
	expect(&log, "");
	apply(st, link_change(2, "eth0", RUNNING));
	log_clear(&log);
	apply(st, prefix(2, 1, 1, 80));
	expect_line(&log, "ipv6/nat64-prefix", "\"data\":{\"prefix\":"
	    "\"64:ff01::\",\"prefixlen\":96,\"router\":\"fe80:100::\","
	    "\"lifetime\":80}");
	assert_true(state_deadline(st) == now.mono + 80000000);
	/* Told again: it lasts longer, in silence. */
	now.mono += 60000000;
	apply(st, prefix(2, 1, 1, 80));
	expect(&log, "");
	assert_true(state_deadline(st) == now.mono + 80000000);
	now.mono += 10000000;
	state_snapshot(st, &now, publish, &log);
	expect_line(&log, "interface/attach interface/link-up "
	    "ipv6/nat64-prefix", "\"lifetime\":70}");
	/* Another router has it, too, and withdraws it; others' don't end. */
	apply(st, prefix(2, 1, 2, 800));
	log_clear(&log);
	apply(st, prefix(2, 1, 2, 0));
	expect_line(&log, "ipv6/nat64-prefix", "fe80:200::\",\"lifetime\":0}");
	apply(st, prefix(2, 1, 2, 0));
	expect(&log, "");
	/* Its time is over. */
	now.mono = state_deadline(st) - 1;
	state_tick(st, &now);
	expect(&log, "");
	now.mono++;
	state_tick(st, &now);
	expect_line(&log, "ipv6/nat64-prefix", "\"source\":\"timer\"");
	assert_int_equal(state_deadline(st), 0);
	/* Of two the one that ends first. */
	apply(st, prefix(2, 1, 1, 80));
	apply(st, prefix(2, 2, 1, 40));
	log_clear(&log);
	assert_true(state_deadline(st) == now.mono + 40000000);
	now.mono = state_deadline(st);
	state_tick(st, &now);
	expect(&log, "ipv6/nat64-prefix");
	now.mono = state_deadline(st);
	state_tick(st, &now);
	expect(&log, "ipv6/nat64-prefix");
	assert_int_equal(state_deadline(st), 0);
	/* There are bounds to what a router can make us keep. */
	for (i = 0; i < 1000; i++)
		apply(st, prefix(2, (uint8_t)i, (uint8_t)(i / 256), 80));
	log_clear(&log);
	state_snapshot(st, &now, publish, &log);
	for (i = 0; (size_t)i < log.topics.len; i++)
		log.topics.data[i] = log.topics.data[i] == '6' ? '6' : '.';
	buf_putc(&log.topics, '\0');
	assert_int_equal(strlen(log.topics.data), 34 + 16 * 18);
	log_clear(&log);
	/* An interface that goes down forgets what routers said. */
	apply(st, link_change(2, "eth0", 0));
	assert_int_equal(state_deadline(st), 0);
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, prefix(2, 1, 1, 80));
	log_clear(&log);
	gone(st, link_change(2, "eth0", RUNNING));
	expect(&log, "ipv6/nat64-prefix interface/detach");
	state_free(st);
	log_fini(&log);
}

static struct change
claim(uint32_t ifindex, uint8_t family, uint8_t last, uint32_t host)
{
	struct change c = { .type = CHANGE_CLAIM, .ifindex = ifindex };

	c.claim.address = addr_change(ifindex, family, last, 0).addr.address;
	c.claim.lladdr.len = 6;
	memcpy(c.claim.lladdr.byte, &host, sizeof host);
	c.claim.lladdr.byte[4] = 0xaa;
	return c;
}

static void
claims(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change ours;
	uint32_t i;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, link_change(3, "eth1", RUNNING));
	apply(st, addr_change(2, KEV_INET, 1, PERMANENT));
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT));
	log_clear(&log);
	/* Not ours, on another interface, or by another interface of ours. */
	apply(st, claim(2, KEV_INET, 2, 7));
	apply(st, claim(3, KEV_INET, 1, 7));
	apply(st, claim(9, KEV_INET, 1, 7));
	ours = claim(2, KEV_INET, 1, 0);
	ours.claim.lladdr = link_change(3, "", 0).link.link.lladdr;
	apply(st, ours);
	expect(&log, "");
	/* The first one at once; others counted, and told after a second. */
	apply(st, claim(2, KEV_INET, 1, 7));
	expect_line(&log, "ipv4/collision", "\"source\":\"arp\",\"data\":{"
	    "\"address\":\"10.0.0.1\",\"lladdr\":\"07:00:00:00:aa:00\","
	    "\"own_lladdr\":\"00:00:00:00:00:02\",\"count\":1}");
	assert_int_equal(state_deadline(st), 0);
	apply(st, claim(2, KEV_INET, 1, 7));
	apply(st, claim(2, KEV_INET, 1, 7));
	expect(&log, "");
	/* Another host is another conflict. */
	apply(st, claim(2, KEV_INET, 1, 8));
	expect_line(&log, "ipv4/collision", "\"count\":1}");
	assert_true(state_deadline(st) > now.mono);
	now.mono = state_deadline(st);
	state_tick(st, &now);
	expect_line(&log, "ipv4/collision", "07:00:00:00:aa:00\",\"own_lladdr\":"
	    "\"00:00:00:00:00:02\",\"count\":2}");
	assert_int_equal(state_deadline(st), 0);
	/* A flood of hosts: no more than may be, and no more memory. */
	now.mono += 5000000;
	for (i = 0; i < 100000; i++) {
		struct change c = claim(2, KEV_INET, 1, 1000 + i);

		state_apply(st, &c, &now);
	}
	buf_putc(&log.topics, '\0');
	assert_int_equal(log.topics.len, 64 * sizeof "ipv4/collision");
	log_clear(&log);
	/* IPv6, when it is ours already: a duplicate, too. */
	now.mono += 5000000;
	state_tick(st, &now);
	log_clear(&log);
	apply(st, claim(2, KEV_INET6, 1, 7));
	expect_line(&log, "ipv6/duplicate", "\"source\":\"ndp\",\"data\":{"
	    "\"family\":\"inet6\",\"address\":\"2000::1\"");
	/* Before: it explains what the kernel says then. */
	apply(st, addr_change(2, KEV_INET6, 2, PERMANENT | TENTATIVE));
	log_clear(&log);
	apply(st, claim(2, KEV_INET6, 2, 9));
	expect(&log, "");
	apply(st, addr_change(2, KEV_INET6, 2, PERMANENT | FAILED));
	expect_line(&log, "ipv6/address-change ipv6/duplicate",
	    "\"lladdr\":\"09:00:00:00:aa:00\"");
	state_snapshot(st, &now, publish, &log);
	expect_line(&log, "interface/attach interface/link-up ipv4/address-add "
	    "ipv4/address-ready ipv6/address-add ipv6/address-ready "
	    "ipv6/address-add ipv6/duplicate interface/attach "
	    "interface/link-up", "\"lladdr\":\"09:00:00:00:aa:00\"");
	/* Too long ago to be the reason. */
	apply(st, claim(2, KEV_INET6, 3, 9));
	now.mono += 5000000;
	log_clear(&log);
	gone(st, addr_change(2, KEV_INET6, 3, FAILED));
	buf_putc(&log.lines, '\0');
	assert_null(strstr(log.lines.data, "lladdr"));
	expect(&log, "ipv6/duplicate");
	/* What was pending goes with its interface. */
	apply(st, claim(2, KEV_INET, 1, 7));
	apply(st, claim(2, KEV_INET, 1, 7));
	gone(st, link_change(2, "eth0", RUNNING));
	log_clear(&log);
	now.mono += 5000000;
	state_tick(st, &now);
	expect(&log, "");
	state_free(st);
	log_fini(&log);
}

/* By its name, its link-layer address, a preferred source and a deadline. */
static void
found(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = link_change(2, "eth0", RUNNING), r[3];
	struct change ours = claim(2, KEV_INET, 1, 0);
	uint32_t i;

	(void)unused;
	apply(st, c);
	apply(st, link_change(3, "eth1", RUNNING));
	apply(st, link_change(4, "eth2", RUNNING));
	apply(st, addr_change(2, KEV_INET, 1, PERMANENT));
	state_settle(st, &now);
	log_clear(&log);
	/* It has what the other had, which has none any more. */
	ours.claim.lladdr = c.link.link.lladdr;
	c.link.link.lladdr.byte[0] = 2;
	apply(st, c);
	expect(&log, "interface/change");
	apply(st, ours);
	expect(&log, "ipv4/collision");
	ours.claim.lladdr = c.link.link.lladdr;
	apply(st, ours);
	expect(&log, "");
	/* Who says none is not who has none. */
	c = link_change(6, "tun0", RUNNING);
	c.link.link.has &= ~KEV_BIT(LLADDR);
	memset(&c.link.link.lladdr, 0, sizeof c.link.link.lladdr);
	apply(st, c);
	log_clear(&log);
	ours.claim.lladdr = c.link.link.lladdr;
	apply(st, ours);
	expect(&log, "ipv4/collision");
	/* What no kernel says. */
	apply(st, link_change(INT32_MAX + 1u, "none", RUNNING));
	expect(&log, "");
	apply(st, link_change(3, "eth9", RUNNING));
	expect(&log, "interface/rename");
	assert_int_equal(state_ifindex(st, "eth9"), 3);
	assert_int_equal(state_ifindex(st, "eth1"), 0);
	assert_int_equal(state_ifindex(st, "an interface with a long name"), 0);
	gone(st, link_change(4, "eth2", RUNNING));
	assert_int_equal(state_ifindex(st, "eth2"), 0);
	log_clear(&log);
	/* Those that went are named first, then each once, as they changed. */
	apply(st, link_change(5, "eth5", RUNNING));
	apply(st, addr_change(5, KEV_INET, 5, PERMANENT));
	apply(st, addr_change(3, KEV_INET, 3, PERMANENT));
	apply(st, addr_change(5, KEV_INET, 6, PERMANENT));
	apply(st, addr_change(2, KEV_INET, 2, PERMANENT));
	gone(st, link_change(5, "eth5", RUNNING));
	log_clear(&log);
	state_settle(st, &now);
	expect_line(&log, "network/changed",
	    "\"interfaces\":[\"eth5\",\"eth9\",\"eth0\"]");
	state_settle(st, &now);
	expect(&log, "");
	/* Of routes with that source, and of no others, nobody tells the end. */
	for (i = 0; i < 3; i++) {
		r[i] = router_change(2, KEV_INET, (uint8_t)(100 + i));
		r[i].router.prefsrc = addr_change(2, KEV_INET,
		    (uint8_t)(3 + i / 2), 0).addr.address;
		apply(st, r[i]);
	}
	(void)state_wants(st);
	gone(st, addr_change(3, KEV_INET, 3, PERMANENT));
	state_flush(st);
	assert_int_equal(state_wants(st), PART_ROUTE4);
	for (i = 0; i < 2; i++) {
		r[i].router.prefsrc = r[2].router.prefsrc;
		apply(st, r[i]);
	}
	(void)state_wants(st);
	apply(st, addr_change(3, KEV_INET, 3, PERMANENT));
	gone(st, addr_change(3, KEV_INET, 3, PERMANENT));
	state_flush(st);
	assert_int_equal(state_wants(st), 0);
	/* In place of another one: of its table, metric and family. */
	for (i = 0; i < 3; i++) {
		r[i] = router_change(2, KEV_INET, (uint8_t)(110 + i));
		r[i].router.router.metric = i == 1 ? 30 : 20;
		r[i].router.router.table = i == 2 ? 255 : 254;
		apply(st, r[i]);
	}
	log_clear(&log);
	r[0].router.router.gateway.byte[3] = 120;
	r[0].router.changes = true;
	apply(st, r[0]);
	expect_line(&log, "ipv4/router-remove ipv4/router-add", "10.0.0.110");
	assert_int_equal(state_wants(st), 0);
	/* The first one that ends is waited for, whichever that is. */
	for (i = 0; i < 3; i++) {
		r[i] = router_change(2, KEV_INET6, (uint8_t)(100 + i));
		r[i].router.expires = 300 - 100 * (int32_t)i;
		apply(st, r[i]);
	}
	assert_true(state_deadline(st) < now.mono + 1100000);
	r[2].router.expires = 9000;
	apply(st, r[2]);
	assert_true(state_deadline(st) > now.mono + 1900000);
	assert_true(state_deadline(st) < now.mono + 2100000);
	gone(st, r[1]);
	assert_true(state_deadline(st) > now.mono + 2900000);
	gone(st, link_change(2, "eth0", RUNNING));
	assert_int_equal(state_deadline(st), 0);
	state_free(st);
	log_fini(&log);
}

static void
read_routes(struct state *st, const struct change *a, const struct change *b)
{
	state_begin(st, PART_ROUTE4);
	apply(st, *a);
	if (b != NULL)
		apply(st, *b);
	state_end(st, &now, SIZE_MAX);
}

/* Several routes of the kernel may be one router: which is left is read. */
static void
routes_alike(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = router_change(2, KEV_INET, 1), d = c;

	(void)unused;
	d.router.router.protocol = KEV_PROTO_ROUTE | 4;
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, c);
	log_clear(&log);
	/* Made by somebody else: it goes on being the first one's. */
	apply(st, d);
	gone(st, d);
	expect(&log, "");
	assert_int_equal(state_wants(st), PART_ROUTE4);
	read_routes(st, &d, &c);
	expect(&log, "");
	read_routes(st, &c, &d);
	expect(&log, "");
	/* Its route goes, the other one is left. */
	gone(st, c);
	expect(&log, "");
	assert_int_equal(state_wants(st), PART_ROUTE4);
	read_routes(st, &d, NULL);
	expect(&log, "ipv4/router-remove ipv4/router-add");
	/* That one has gone may be told after that was read. */
	gone(st, c);
	expect(&log, "");
	assert_int_equal(state_wants(st), PART_ROUTE4);
	/* Both were found at once. */
	state_begin(st, PART_ROUTE4);
	state_end(st, &now, SIZE_MAX);
	expect(&log, "ipv4/router-remove");
	read_routes(st, &c, &d);
	expect(&log, "ipv4/router-add");
	gone(st, c);
	expect(&log, "");
	assert_int_equal(state_wants(st), PART_ROUTE4);
	/* What came or went is not told; while all is read that is no reason to. */
	c = (struct change){ .type = CHANGE_ROUTES,
	    .router.router.family = KEV_INET };
	apply(st, c);
	assert_int_equal(state_wants(st), PART_ROUTE4);
	state_begin(st, PART_ROUTE6);
	apply(st, c);
	state_end(st, &now, SIZE_MAX);
	assert_int_equal(state_wants(st), 0);
	state_free(st);
	log_fini(&log);
}

static unsigned
wants_after(struct state *st, uint32_t nh_id)
{
	apply(st, (struct change){ .type = CHANGE_NEXTHOP,
	    .router.nh_id = nh_id });
	return state_wants(st);
}

/* Those that hang on a next hop object, and no others, are looked at again. */
static void
next_hops(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change r[4];
	uint32_t i;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	for (i = 0; i < 4; i++) {
		r[i] = router_change(2, i % 2 == 0 ? KEV_INET : KEV_INET6,
		    (uint8_t)(1 + i));
		r[i].router.nh_id = i < 3 ? 7 : 8;
		apply(st, r[i]);
	}
	assert_int_equal(wants_after(st, 7), PART_ROUTE4 | PART_ROUTE6);
	assert_int_equal(wants_after(st, 8), PART_ROUTE6);
	assert_int_equal(wants_after(st, 9), 0);
	/* From one to another, to none, and gone. */
	r[1].router.nh_id = 9;
	apply(st, r[1]);
	assert_int_equal(wants_after(st, 7), PART_ROUTE4);
	assert_int_equal(wants_after(st, 9), PART_ROUTE6);
	r[3].router.nh_id = 0;
	apply(st, r[3]);
	assert_int_equal(wants_after(st, 8), 0);
	gone(st, r[0]);
	assert_int_equal(wants_after(st, 7), PART_ROUTE4);
	gone(st, r[2]);
	assert_int_equal(wants_after(st, 7), 0);
	gone(st, link_change(2, "eth0", RUNNING));
	assert_int_equal(wants_after(st, 9), 0);
	/* The other hops of an IPv4 route go with it in silence. */
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, r[0]);
	gone(st, link_change(2, "eth0", RUNNING));
	assert_int_equal(state_wants(st), PART_ROUTE4);
	state_free(st);
	log_fini(&log);
}

/* A host that wants all we have does not hide another. */
static void
greedy(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c;
	uint32_t i;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	for (i = 0; i < 100; i++)
		apply(st, addr_change(2, KEV_INET, (uint8_t)i, PERMANENT));
	log_clear(&log);
	for (i = 0; i < 100000; i++) {
		c = claim(2, KEV_INET, (uint8_t)(i % 100), 7);
		state_apply(st, &c, &now);
	}
	buf_putc(&log.topics, '\0');
	assert_int_equal(log.topics.len, 16 * sizeof "ipv4/collision");
	log_clear(&log);
	apply(st, claim(2, KEV_INET, 50, 8));
	expect_line(&log, "ipv4/collision", "08:00:00:00:aa:00\"");
	/* Nor who has an address that is being tried, whatever it makes up. */
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT | TENTATIVE));
	log_clear(&log);
	apply(st, claim(2, KEV_INET6, 1, 9));
	for (i = 0; i < 1000; i++) {
		c = claim(2, KEV_INET6, (uint8_t)(2 + i % 250), 7);
		state_apply(st, &c, &now);
	}
	apply(st, addr_change(2, KEV_INET6, 1, PERMANENT | FAILED));
	expect_line(&log, "ipv6/address-change ipv6/duplicate",
	    "\"lladdr\":\"09:00:00:00:aa:00\"");
	state_free(st);
	log_fini(&log);
}

static void
ports(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct change c = { .type = CHANGE_PORT, .port = { .pid = 7,
	    .port = 80, .protocol = KEV_PROTO_IP | 6, .command = "httpd" } };
	uint32_t i;

	(void)unused;
	apply(st, c);
	expect_line(&log, "ipv4/port-in-use", "\"source\":\"audit\",\"data\":{"
	    "\"protocol\":\"tcp\",\"port\":80,\"pid\":7,"
	    "\"command\":\"httpd\",\"count\":1}");
	assert_int_equal(state_deadline(st), 0);
	apply(st, c);
	apply(st, c);
	expect(&log, "");
	/* Each is another one: the port, the protocol, the process. */
	c.port.port = 81;
	apply(st, c);
	c.port.protocol = KEV_PROTO_IP | 17;
	apply(st, c);
	c.port.pid = 8;
	apply(st, c);
	expect_line(&log, "ipv4/port-in-use ipv4/port-in-use ipv4/port-in-use",
	    "\"protocol\":\"udp\",\"port\":81,\"pid\":8");
	now.mono = state_deadline(st);
	state_tick(st, &now);
	expect_line(&log, "ipv4/port-in-use", "\"port\":80,\"pid\":7,"
	    "\"command\":\"httpd\",\"count\":2}");
	assert_int_equal(state_deadline(st), 0);
	/* What is not known is not there. */
	c.port = (struct change_port){ .pid = 9, .port = 1 };
	apply(st, c);
	expect_line(&log, "ipv4/port-in-use", "\"data\":{\"port\":1,"
	    "\"pid\":9,\"count\":1}");
	/* One process that tries all ports does not hide another one. */
	for (i = 1; i <= 65535; i++) {
		c.port.port = (uint16_t)i;
		state_apply(st, &c, &now);
	}
	log_clear(&log);
	c.port.pid = 10;
	apply(st, c);
	expect(&log, "ipv4/port-in-use");
	/* Some were lost: told as often as that. */
	now.mono += 5000000;
	state_tick(st, &now);
	log_clear(&log);
	state_missed(st, &now);
	expect_line(&log, "kev/gap", "\"source\":\"audit\",\"data\":{"
	    "\"cause\":\"kernel-overrun\",\"resynced\":false}");
	now.mono += 10;
	state_missed(st, &now);
	state_missed(st, &now);
	expect(&log, "");
	assert_int_equal(state_deadline(st), now.mono - 10 + 1000000);
	now.mono += 1000000;
	state_tick(st, &now);
	expect(&log, "kev/gap");
	assert_int_equal(state_deadline(st), 0);
	state_snapshot(st, &now, publish, &log);
	expect(&log, "");
	state_free(st);
	log_fini(&log);
}

static void
resync(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new("blue", publish, &log);

	(void)unused;
	state_begin(st, PART_ALL);
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, link_change(3, "eth1", RUNNING));
	apply(st, addr_change(3, KEV_INET, 1, 0));
	apply(st, addr_change(3, KEV_INET6, 1, PERMANENT));
	apply(st, router_change(3, KEV_INET, 1));
	state_end(st, &now, SIZE_MAX);
	state_settle(st, &now);
	expect_line(&log, "interface/attach interface/link-up interface/attach "
	    "interface/link-up interface/proto-attach ipv4/address-add "
	    "ipv4/address-ready interface/proto-attach ipv6/address-add "
	    "ipv6/address-ready ipv4/router-add network/changed",
	    "\"netns\":\"blue\",\"source\":\"resync\"");
	/* A part that was not dumped stays. */
	state_begin(st, PART_ADDR4 | PART_ROUTE6);
	state_end(st, &now, SIZE_MAX);
	expect(&log, "ipv4/address-remove interface/proto-detach");
	/* What did not end proves nothing. */
	state_begin(st, PART_ALL);
	state_cancel(st);
	expect(&log, "");
	state_begin(st, PART_ALL);
	apply(st, link_change(3, "eth1", RUNNING));
	state_end(st, &now, SIZE_MAX);
	state_gap(st, KEV_KERNEL_OVERRUN, 12, &now);
	expect_line(&log, "interface/detach ipv4/router-remove "
	    "ipv6/address-remove interface/proto-detach kev/gap",
	    "\"data\":{\"cause\":\"kernel-overrun\",\"lost\":12,"
	    "\"resynced\":true,\"corrections\":4}");
	state_free(st);
	log_fini(&log);
}

/* What a snapshot of the state says, played. */
static json_t *
snapshot(struct state *st, struct log *log)
{
	json_t *player = player_new(), *all;
	char *line, *end;

	log_clear(log);
	state_snapshot(st, &now, publish, log);
	buf_putc(&log->lines, '\0');
	for (line = log->lines.data; (end = strchr(line, '\n')) != NULL;
	    line = end + 1) {
		assert_true(player_line(player, line, (size_t)(end - line)));
		assert_non_null(strstr(line, "\"snapshot\":true"));
	}
	all = player_state(player);
	json_decref(player);
	return all;
}

static void
play(json_t *player, struct log *log)
{
	char *line, *end;

	buf_putc(&log->lines, '\0');
	for (line = log->lines.data; (end = strchr(line, '\n')) != NULL;
	    line = end + 1)
		assert_true(player_line(player, line, (size_t)(end - line)));
	log_clear(log);
}

static void
assert_same(json_t *a, json_t *b)
{
	if (!json_equal(a, b)) {
		json_dumpf(a, stderr, JSON_SORT_KEYS | JSON_INDENT(1));
		fputs("\nwas played back, but the state is\n", stderr);
		json_dumpf(b, stderr, JSON_SORT_KEYS | JSON_INDENT(1));
		fail();
	}
	json_decref(a);
	json_decref(b);
}

/* A small world, so that everything happens to everything. */
static struct change
random_change(void)
{
	static const uint32_t link_flags[] = { 0, UP, RUNNING };
	static const uint32_t addr_flags[] = { 0, PERMANENT, TENTATIVE,
	    PERMANENT | TENTATIVE, FAILED, PERMANENT | FAILED,
	    KEV_IFA_DEPRECATED };
	static const char *const names[] = { "a", "b", "c\xff", "d" };
	uint32_t ifindex = 1 + (uint32_t)rand() % 4;
	uint8_t family = rand() % 2 ? KEV_INET : KEV_INET6;
	struct change c;

	switch (rand() % 8) {
	case 0:
	case 1:
		c = link_change(ifindex, names[rand() % 4],
		    link_flags[rand() % 3]);
		c.link.link.mtu = rand() % 2 ? 1500 : 1400;
		c.link.link.type = rand() % 20 ? 1 : 772;
		c.link.link.carrier_changes = (uint32_t)rand() % 5;
		c.link.master_index = (uint32_t)rand() % 5;
		c.link.closing = rand() % 5 == 0;
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		c = addr_change(ifindex, family, (uint8_t)(rand() % 3),
		    addr_flags[rand() % 7]);
		if (rand() % 3 == 0)
			c.addr.prefixlen--;
		if (rand() % 4 == 0) {
			c.addr.has |= KEV_BIT(PEER);
			c.addr.peer = c.addr.address;
			c.addr.peer.byte[1] = (uint8_t)(rand() % 2);
		}
		c.addr.valid_lft = rand() % 3 == 0 ? 0 : c.addr.valid_lft;
		break;
	default:
		c = router_change(ifindex, family, (uint8_t)(rand() % 3));
		c.router.router.metric = (uint32_t)rand() % 2;
		c.router.router.protocol += (uint16_t)(rand() % 2);
		c.router.replaces = rand() % 10 == 0;
	}
	c.pid = (uint32_t)rand() % 2;
	if (rand() % 3 == 0)
		c.type++;
	return c;
}

/* What kernels tell that tell parts, and maybe no index, or only that. */
static struct change
random_part(void)
{
	static const char *const names[] = { "", "e", "f", "g" };
	struct change c = random_change();
	struct kev_ip ip = c.addr.address;
	bool gone = c.type == CHANGE_LINK_GONE || c.type == CHANGE_ADDR_GONE ||
	    c.type == CHANGE_ROUTER_GONE;
	uint8_t family = rand() % 2 ? KEV_INET : KEV_INET6;

	c.part = true;
	c.present = !gone;
	if (c.type == CHANGE_LINK) {
		c.link.link.has &= ~((uint64_t)rand() << 8) |
		    KEV_BIT(CARRIER_CHANGES) | KEV_BIT(ALTNAMES);
		c.link.link.has &= KEV_BIT(TYPE) | KEV_BIT(LLADDR) |
		    KEV_BIT(MTU) | KEV_BIT(FLAGS) | KEV_BIT(OPERSTATE);
		c.link.arrives = rand() % 4 == 0;
	} else if (c.type == CHANGE_LINK_GONE) {
		c.link.renames = rand() % 2;
	} else if (c.type == CHANGE_ADDR && rand() % 2) {
		c.addr.has &= ~(KEV_BIT(STATUS) | KEV_BIT(FLAGS) |
		    KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT));
	} else if (c.type == CHANGE_ROUTER) {
		c.router.changes = rand() % 4 == 0;
	}
	switch (rand() % 12) {
	case 0:
		c.type = CHANGE_QUALITY;
		c.quality = rand() % 3 * 50 - 1;
		break;
	case 1:
		c.type = CHANGE_NEIGH;
		memset(&c.neigh, 0, sizeof c.neigh);
		c.neigh.address.family = family;
		c.neigh.failed = rand() % 2;
		c.neigh.any = true;
		break;
	case 2:
		c.type = CHANGE_PROTO;
		c.proto.family = family;
		c.proto.gone = rand() % 2;
		break;
	case 3:
		c.type = CHANGE_STATUS;
		c.present = false;
		ip.family = KEV_INET6;
		ip.byte[0] = 0x20;
		c.status.address = ip;
		c.status.status = rand() % 2 ? KEV_DEPRECATED :
		    KEV_INACCESSIBLE;
		break;
	case 4:
		c.type = CHANGE_LINK_GOING;
		break;
	default:
		break;
	}
	if (rand() % 2)
		snprintf(c.ifname, sizeof c.ifname, "%s", names[rand() % 4]);
	if (c.ifname[0] != '\0' && rand() % 2)
		c.ifindex = 0;
	return c;
}

/* Anything in any order: the log is always the state. */
static void
random_walk(void **unused)
{
	struct log log = { .seq = 0 }, own = { .seq = 0 };
	json_t *player = player_new();
	unsigned seed;
	int step, i, n;

	(void)unused;
	for (seed = 1; seed <= 40; seed++) {
		struct state *st = state_new(NULL, publish, &log);

		srand(seed);
		json_object_clear(player);
		for (step = 0; step < 300; step++) {
			if (rand() % 30 == 0)
				state_begin(st, (unsigned)rand() & PART_ALL);
			n = rand() % 5;
			for (i = 0; i < n; i++)
				apply(st, seed % 2 ? random_change() :
				    random_part());
			if (rand() % 30 == 0)
				state_end(st, &now, (size_t)rand() % 10);
			if (rand() % 3 == 0)
				state_settle(st, &now);
			if (rand() % 5 == 0) {
				now.mono += 30000;
				state_tick(st, &now);
			}
			play(player, &log);
			assert_same(player_state(player), snapshot(st, &own));
		}
		state_free(st);
	}
	json_decref(player);
	log_fini(&log);
	log_fini(&own);
}

/* A dump of what is known says nothing; of a part, that the rest is gone. */
static void
dump_again(void **unused)
{
	struct log log = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	int pass;
	uint8_t i;

	(void)unused;
	for (pass = 0; pass < 3; pass++) {
		state_begin(st, PART_ALL);
		for (i = 1; i <= 50; i++) {
			char name[8];

			if (pass == 2 && i % 2 == 0)
				continue;
			snprintf(name, sizeof name, "if%u", i);
			apply(st, link_change(i, name, RUNNING));
			apply(st, addr_change(i, KEV_INET, i, PERMANENT));
			apply(st, addr_change(i, KEV_INET6, i, FAILED));
			apply(st, router_change(i, KEV_INET, i));
		}
		state_end(st, &now, SIZE_MAX);
		state_settle(st, &now);
		if (pass == 1)
			expect(&log, "");
		log_clear(&log);
	}
	state_snapshot(st, &now, publish, &log);
	assert_int_equal(log.topics.len > 0, 1);
	buf_putc(&log.topics, '\0');
	for (i = 0, pass = 0; log.topics.data[pass] != '\0'; pass++)
		i += strncmp(log.topics.data + pass, "interface/attach", 16) == 0;
	assert_int_equal(i, 25);
	state_free(st);
	log_fini(&log);
}

/* What a walk told, each line as a text; lifetimes are nobody's business. */
struct told {
	char *lines[512];
	size_t n;
	uint64_t links;		/* bits of indexes told of */
	bool asked;		/* it is gone on with */
	bool early;		/* something came when it was not */
};

static void
collect(void *arg, struct kev_event *ev)
{
	struct told *told = arg;
	struct buf line = BUF_INIT;
	union kev_any data;
	size_t size = kev_topics[ev->topic].class == KEV_LINK ?
	    sizeof data.link : kev_topics[ev->topic].class == KEV_ADDR ?
	    sizeof data.addr : kev_topics[ev->topic].class == KEV_ROUTER ?
	    sizeof data.router : sizeof data.note;

	memcpy(&data, ev->data, size);
	data.object.has &= ~(KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT) |
	    KEV_BIT(LIFETIME));
	ev->data = &data.object;
	ev->run = "0";
	kev_event_put(&line, ev);
	buf_putc(&line, '\0');
	/* An interface comes before what it has. */
	if (ev->topic == KEV_T_INTERFACE_ATTACH)
		told->links |= UINT64_C(1) << ev->ifindex;
	assert_true((told->links & UINT64_C(1) << ev->ifindex) != 0);
	assert_true(told->n < LENGTH(told->lines));
	told->lines[told->n++] = line.data;
	told->early |= !told->asked;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* It was all that there was, each once; both are empty then. */
static void
assert_told(struct told *a, struct told *b)
{
	size_t i;

	qsort(a->lines, a->n, sizeof a->lines[0], compare);
	qsort(b->lines, b->n, sizeof b->lines[0], compare);
	for (i = 0; i < a->n && i < b->n; i++)
		assert_string_equal(a->lines[i], b->lines[i]);
	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++) {
		free(a->lines[i]);
		free(b->lines[i]);
	}
	a->n = b->n = 0;
	a->links = b->links = 0;
}

/* What a walk may come upon, and what random_change has not. */
static struct change
any_change(void)
{
	static char altname[] = "x";
	uint32_t ifindex = 1 + (uint32_t)rand() % 4;
	struct change c;

	switch (rand() % 12) {
	case 10:
	case 11:
		return random_part();
	case 0:
		return prefix(ifindex, (uint8_t)(rand() % 3),
		    (uint8_t)(rand() % 2), (uint16_t)(rand() % 3 * 40));
	case 1:
		return neigh(ifindex, (uint8_t)(rand() % 3), rand() % 2);
	case 2:
		return modes_change(ifindex, (uint32_t)rand() % 3 * 100,
		    rand() % 2);
	case 3:
		c = link_change(ifindex, "a", RUNNING);
		c.link.link.altnames = rand() % 2 ?
		    (struct kev_names){ altname, sizeof altname, 1 } :
		    (struct kev_names){ NULL, 0, 0 };
		c.link.link.carrier_changes = (uint32_t)rand() % 5;
		return c;
	default:
		return random_change();
	}
}

/*
 * Walks that are gone on with now and then, while anything happens: each tells
 * what held when it began.
 */
static void
walks(void **unused)
{
	enum { WALKS = 4 };
	static struct told told[WALKS], held[WALKS];
	struct log log = { .seq = 0 };
	struct walk *w[WALKS] = { NULL };
	unsigned seed, early = 0, whole = 0;
	struct state *st;
	size_t n;
	int step, i;

	(void)unused;
	for (seed = 1; seed <= 200; seed++) {
		srand(seed);
		st = state_new(seed % 2 ? NULL : "blue", publish, &log);
		for (step = 0; step < 400; step++) {
			i = rand() % WALKS;
			if (rand() % 40 == 0)
				state_begin(st, (unsigned)rand() & PART_ALL);
			apply(st, any_change());
			if (rand() % 40 == 0)
				state_end(st, &now, (size_t)rand() % 10);
			if (rand() % 10 == 0) {
				now.mono += 30000 * (1 + (uint64_t)rand() % 99);
				state_tick(st, &now);
			}
			log_clear(&log);
			if (w[i] == NULL && rand() % 4 == 0) {
				state_snapshot(st, &now, collect, &held[i]);
				told[i].early = false;
				w[i] = walk_new(st, &now, collect, &told[i]);
			}
			n = (size_t)rand() % 3;
			told[i].asked = true;
			if (w[i] != NULL && walk_on(w[i], &n)) {
				early += told[i].early;
				whole++;
				assert_told(&told[i], &held[i]);
				walk_free(w[i]);
				w[i] = NULL;
			}
			told[i].asked = false;
		}
		/* What is left is told when it ends. */
		state_free(st);
		for (i = 0; i < WALKS; i++) {
			n = 0;
			assert_true(w[i] == NULL || walk_on(w[i], &n));
			assert_told(&told[i], &held[i]);
			walk_free(w[i]);
			w[i] = NULL;
		}
	}
	assert_true(early > whole / 2);
	log_fini(&log);
}

/* One that is given up tells nothing more; and a piece is so many things. */
static void
pieces(void **unused)
{
	struct log log = { .seq = 0 }, own = { .seq = 0 };
	struct state *st = state_new(NULL, publish, &log);
	struct walk *w;
	size_t n = 0;
	uint8_t i;

	(void)unused;
	apply(st, link_change(2, "eth0", RUNNING));
	for (i = 0; i < 5; i++)
		apply(st, addr_change(2, KEV_INET, i, PERMANENT));
	apply(st, router_change(2, KEV_INET, 1));
	apply(st, prefix(2, 1, 1, 80));
	w = walk_new(st, &now, publish, &own);
	assert_false(walk_on(w, &n));
	expect(&own, "");
	n = 2;
	assert_false(walk_on(w, &n));
	expect(&own, "interface/attach interface/link-up ipv4/address-add "
	    "ipv4/address-ready");
	/* What was told may change, and so may the key it has come to. */
	gone(st, addr_change(2, KEV_INET, 0, PERMANENT));
	apply(st, router_change(2, KEV_INET, 2));
	expect(&own, "");
	gone(st, addr_change(2, KEV_INET, 1, PERMANENT));
	apply(st, router_change(2, KEV_INET, 3));
	expect_line(&own, "ipv4/address-add ipv4/address-ready", "10.0.0.1");
	n = 3;
	assert_false(walk_on(w, &n));
	assert_int_equal(n, 0);
	log_clear(&own);
	walk_free(w);
	gone(st, link_change(2, "eth0", RUNNING));
	expect(&own, "");
	/* Nothing is told of what has come since. */
	w = walk_new(st, &now, publish, &own);
	apply(st, link_change(2, "eth0", RUNNING));
	apply(st, addr_change(2, KEV_INET, 1, PERMANENT));
	n = 9;
	assert_true(walk_on(w, &n));
	assert_int_equal(n, 7);
	expect(&own, "");
	walk_free(w);
	state_free(st);
	log_fini(&log);
	log_fini(&own);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(links),
		cmocka_unit_test(another),
		cmocka_unit_test(flaps),
		cmocka_unit_test(modes),
		cmocka_unit_test(addresses),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(held),
		cmocka_unit_test(routers),
		cmocka_unit_test(ends_alike),
		cmocka_unit_test(torn),
		cmocka_unit_test(silence),
		cmocka_unit_test(expiries),
		cmocka_unit_test(adverts),
		cmocka_unit_test(failures),
		cmocka_unit_test(claims),
		cmocka_unit_test(found),
		cmocka_unit_test(routes_alike),
		cmocka_unit_test(next_hops),
		cmocka_unit_test(greedy),
		cmocka_unit_test(ports),
		cmocka_unit_test(nat64),
		cmocka_unit_test(resync),
		cmocka_unit_test(random_walk),
		cmocka_unit_test(dump_again),
		cmocka_unit_test(walks),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "route_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "vectors.h"

/*
 * Routing messages of each system, of a real NetBSD too, and broken ones, with
 * what is in them: see tests/vectors/README.md. What a change says is compared
 * as JSON.
 */

static json_t *
describe_link(const struct change *c)
{
	json_t *o = vectors_members(KEV_LINK, &c->link.link);

	/* The vectors don't have those that are beside a name. */
	if (c->link.link.has & KEV_BIT(MTU))
		json_object_del(o, "lladdr");
	json_object_set_new(o, "arrives", json_boolean(c->link.arrives));
	return o;
}

static json_t *
describe_neigh(const struct change *c)
{
	struct kev_note n = { .has = KEV_BIT(ADDRESS) |
	    (c->neigh.lladdr.len > 0 ? KEV_BIT(LLADDR) : 0),
	    .address = c->neigh.address, .lladdr = c->neigh.lladdr };
	json_t *o = vectors_members(KEV_NOTE, &n);

	json_object_set_new(o, "failed", json_boolean(c->neigh.failed));
	return o;
}

static json_t *
describe(const struct change *c)
{
	static const char *const words[] = {
		[CHANGE_LINK] = "link", [CHANGE_LINK_GONE] = "link-gone",
		[CHANGE_ADDR] = "addr", [CHANGE_ADDR_GONE] = "addr-gone",
		[CHANGE_ROUTER] = "router",
		[CHANGE_ROUTER_GONE] = "router-gone", [CHANGE_NEIGH] = "neigh",
	};
	bool route = c->type == CHANGE_ROUTER || c->type == CHANGE_ROUTER_GONE;
	json_t *o;

	switch (c->type) {
	case CHANGE_LINK:
		o = describe_link(c);
		break;
	case CHANGE_ADDR:
	case CHANGE_ADDR_GONE:
		o = vectors_members(KEV_ADDR, &c->addr);
		break;
	case CHANGE_NEIGH:
		o = describe_neigh(c);
		break;
	case CHANGE_LINK_GONE:
		o = json_pack("{s:b}", "renames", c->link.renames);
		break;
	default:
		o = vectors_members(KEV_ROUTER, &c->router.router);
		json_object_set_new(o, "changes",
		    json_boolean(c->router.changes));
		json_object_set_new(o, "pid", json_integer(c->pid));
	}
	json_object_set_new(o, "change", json_string(words[c->type]));
	if (c->ifindex != 0)
		json_object_set_new(o, "ifindex", json_integer(c->ifindex));
	if (c->ifname[0] != '\0' && !route && c->type != CHANGE_NEIGH)
		json_object_set_new(o, "ifname", json_string(c->ifname));
	return o;
}

static bool
is(const json_t *o, const char *key, const char *value)
{
	return strcmp(vectors_text(o, key), value) == 0;
}

static json_t *
named(const char *change, const json_t *e)
{
	json_t *o = json_pack("{s:s}", "change", change);

	if (vectors_int(e, "ifindex") != 0)
		vectors_move(o, "ifindex", e, "ifindex");
	vectors_move(o, "ifname", e, "ifname");
	return o;
}

/* Words of bits, in the order of kev's own. */
static void
add_word(json_t *o, const char *key, json_int_t flags, int bit,
    const char *word)
{
	if (json_object_get(o, key) == NULL)
		json_object_set_new(o, key, json_array());
	if (flags & bit)
		json_array_append_new(json_object_get(o, key),
		    json_string(word));
}

static json_t *
expect_link(const json_t *v, const json_t *e)
{
	json_int_t flags = vectors_int(e, "flags");
	json_t *o = named("link", e);
	const char *state = vectors_text(e, "link_state");

	if (json_object_get(v, "if_flags") != NULL)
		flags = strtol(vectors_text(v, "if_flags"), NULL, 16);
	vectors_move(o, "mtu", e, "mtu");
	if (vectors_int(e, "iftype") == 6 || vectors_int(e, "iftype") == 209)
		json_object_set_new(o, "type", json_string("ether"));
	else if (vectors_int(e, "iftype") == 24)
		json_object_set_new(o, "type", json_string("loopback"));
	add_word(o, "flags", flags, 0x1, "up");
	add_word(o, "flags", flags, 0x2, "broadcast");
	add_word(o, "flags", flags, 0x8, "loopback");
	add_word(o, "flags", flags, 0x10, "pointopoint");
	add_word(o, "flags", flags, 0x100, "promisc");
	add_word(o, "flags", flags, 0x8000, "multicast");
	json_object_set_new(o, "arrives", json_false());
	if (json_object_get(e, "flags") == NULL &&
	    json_object_get(v, "if_flags") == NULL)
		json_object_del(o, "flags");
	if (state[0] == '\0')
		return o;
	if (strcmp(state, "unknown") != 0)
		json_object_set_new(o, "carrier",
		    json_boolean(strcmp(state, "up") == 0));
	if (json_object_get(o, "flags") != NULL)
		json_object_set_new(o, "operstate", json_string(
		    (flags & 0x41) == 0x41 ? state : "down"));
	return o;
}

static json_t *
expect_announce(const json_t *v, const json_t *e)
{
	json_t *o;

	if (is(e, "what", "arrival")) {
		o = named("link", e);
		json_object_set_new(o, "arrives", json_true());
	} else if (is(e, "what", "departure")) {
		o = named("link-gone", e);
		json_object_set_new(o, "renames", json_boolean(
		    is(v, "os", "freebsd")));
	} else {
		o = NULL;
	}
	return o;
}

static void
expect_status(json_t *o, const json_t *e)
{
	json_int_t flags = vectors_int(e, "addrflags");
	const char *status = "preferred";

	if (is(e, "family", "inet")) {
		status = flags & 2 ? "duplicate" : flags & 1 ? "tentative" :
		    flags & 4 ? "inaccessible" : "preferred";
		add_word(o, "flags", flags, 2, "dadfailed");
		add_word(o, "flags", flags, 1, "tentative");
	} else {
		status = flags & 4 ? "duplicate" : flags & 2 ? "tentative" :
		    flags & 8 ? "inaccessible" : flags & 0x10 ? "deprecated" :
		    "preferred";
		add_word(o, "flags", flags, 0x20, "nodad");
		add_word(o, "flags", flags, 4, "dadfailed");
		add_word(o, "flags", flags, 0x10, "deprecated");
		add_word(o, "flags", flags, 2, "tentative");
		add_word(o, "flags", flags, 0x80, "temporary");
	}
	json_object_set_new(o, "status", json_string(status));
	vectors_move(o, "lladdr", e, "author");
}

static json_t *
expect_addr(const json_t *e)
{
	const char *addr = vectors_text(e, "addr"), *brd;
	bool gone = is(e, "type", "RTM_DELADDR");
	json_t *o = named(gone ? "addr-gone" : "addr", e);

	vectors_move(o, "family", e, "family");
	vectors_move(o, "address", e, "addr");
	vectors_move(o, "prefixlen", e, "prefixlen");
	json_object_set_new(o, "scope", json_string(
	    strncmp(addr, "fe80:", 5) == 0 ? "link" :
	    strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0 ? "host" :
	    "global"));
	brd = vectors_text(e, "brd");
	if (strcmp(brd, addr) != 0 && strcmp(brd, "0.0.0.0") != 0)
		vectors_move(o, is(e, "family", "inet") ? "broadcast" : "peer",
		    e, "brd");
	if (!gone && json_object_get(e, "addrflags") != NULL)
		expect_status(o, e);
	return o;
}

/* NULL: to be ignored. */
static json_t *
expect_lladdr(const json_t *e)
{
	json_t *o;

	if (!is(e, "type", "RTM_CHGADDR"))
		return NULL;
	o = named("link", e);
	vectors_move(o, "lladdr", e, "addr");
	json_object_set_new(o, "arrives", json_false());
	return o;
}

static void
put_index(json_t *o, const json_t *e)
{
	json_int_t index = vectors_int(e, "ifindex");

	if (index == 0)
		index = vectors_int(json_object_get(e, "gateway"), "link");
	if (index == 0)
		index = vectors_int(e, "gateway_scope");
	if (index != 0)
		json_object_set_new(o, "ifindex", json_integer(index));
	json_object_del(o, "ifname");
}

static json_t *
expect_router(const json_t *e)
{
	json_t *o = named(is(e, "type", "RTM_DELETE") ? "router-gone" :
	    "router", e);
	char table[16];

	put_index(o, e);
	vectors_move(o, "family", e, "family");
	if (json_is_string(json_object_get(e, "gateway")))
		vectors_move(o, "gateway", e, "gateway");
	vectors_move(o, "metric", e, "priority");
	if (json_object_get(e, "tableid") != NULL) {
		snprintf(table, sizeof table, "%d",
		    (int)vectors_int(e, "tableid"));
		json_object_set_new(o, "table", json_string(table));
	}
	if (vectors_int(e, "flags") & 0x800)
		json_object_set_new(o, "protocol", json_string("static"));
	json_object_set_new(o, "changes", json_boolean(
	    is(e, "type", "RTM_CHANGE")));
	vectors_move(o, "pid", e, "pid");
	return o;
}

/* NULL: to be ignored. */
static json_t *
expect_neigh(const json_t *v, const json_t *e)
{
	const json_t *gateway = json_object_get(e, "gateway");
	bool miss = is(e, "type", "RTM_MISS");
	bool answers = json_is_string(json_object_get(gateway, "lladdr"));
	json_t *o;

	if ((vectors_int(e, "flags") & 0x404) != 0x404 ||
	    !json_is_object(gateway) || is(e, "type", "RTM_DELETE") ||
	    miss == answers || (miss && !is(v, "os", "netbsd")))
		return NULL;
	o = named("neigh", e);
	put_index(o, e);
	vectors_move(o, "address", e, "dst");
	vectors_move(o, "lladdr", gateway, "lladdr");
	json_object_set_new(o, "failed", json_boolean(miss));
	return o;
}

static json_t *
expect_route(const json_t *v, const json_t *e)
{
	if (vectors_int(e, "errno") != 0)
		return NULL;
	if (!json_is_true(json_object_get(e, "default")) ||
	    vectors_int(e, "prefixlen") != 0 || is(e, "type", "RTM_MISS"))
		return expect_neigh(v, e);
	return vectors_int(e, "flags") & 0x1008 ? NULL : expect_router(e);
}

static json_t *
expect(const json_t *v, const json_t *e)
{
	const char *type = vectors_text(e, "type");
	bool old = is(v, "os", "netbsd7");
	json_t *o = NULL;

	if (strcmp(type, "RTM_DESYNC") == 0)
		return json_string("overrun");
	if (strcmp(type, "RTM_IFINFO") == 0)
		o = expect_link(v, e);
	else if (strcmp(type, "RTM_IFANNOUNCE") == 0)
		o = expect_announce(v, e);
	else if (strncmp(type + 7, "ADDR", 4) == 0 && !old)
		o = is(e, "family", "link") ? expect_lladdr(e) : expect_addr(e);
	else if (json_object_get(e, "dst") != NULL)
		o = expect_route(v, e);
	return o != NULL ? o : json_string("ignored");
}

static const char *const faults[][2] = {
	{ "truncated", "cut" }, { "truncated", "what was read" },
	{ "short", "length of a message" }, { "short", "too short for its" },
	{ "version", "version" }, { "hdrlen", "length of a header" },
	{ "sockaddr", "address" }, { "name", "without an end" },
	{ "nwid", "network" },
};

static bool
is_fault(const char *kind, const char *fault)
{
	size_t i;

	for (i = 0; i < LENGTH(faults); i++) {
		if (strcmp(faults[i][0], kind) == 0 &&
		    strstr(fault, faults[i][1]) != NULL)
			return true;
	}
	return false;
}

/* Changes, and words for others; of the first broken one the KIND must be
 * this. */
static json_t *
decode(const char *os, const uint8_t *bytes, size_t len, const char *kind,
    int *malformed)
{
	json_t *got = json_array();
	enum route_found found;
	struct route_reader r;
	struct change c;
	size_t at = 0;

	*malformed = 0;
	route_reader_init(&r, route_system(os), bytes, len);
	for (; (found = route_next(&r, &c)) != ROUTE_END; at = r.next) {
		assert_true(r.at == at && r.next >= at + (len > 0) &&
		    r.next <= len && r.at + r.size == r.next);
		assert_int_equal(r.fault != NULL, found == ROUTE_MALFORMED);
		if (found == ROUTE_MALFORMED && ++*malformed == 1 &&
		    kind != NULL && !is_fault(kind, r.fault))
			fail_msg("%s, not %s", r.fault, kind);
		if (found == ROUTE_CHANGE)
			json_array_append_new(got, describe(&c));
		else if (found != ROUTE_MALFORMED)
			json_array_append_new(got, json_string(
			    found == ROUTE_OVERRUN ? "overrun" : "ignored"));
	}
	assert_int_equal(at, len);
	return got;
}

static const char *
system_of(const json_t *v)
{
	return is(v, "os", "netbsd7") ? "netbsd" : vectors_text(v, "os");
}

static void
vector(const json_t *v)
{
	const char *kind = vectors_text(v, "expect_error");
	json_t *want = json_array(), *got, *e, *link;
	size_t len, i;
	uint8_t *bytes = vectors_bytes(v, &len);
	int malformed;

	assert_true(route_abi(vectors_text(v, "abi")));
	json_array_foreach(json_object_get(v, "expect"), i, e)
		json_array_append_new(want, expect(v, e));
	got = decode(system_of(v), bytes, len, kind, &malformed);
	/* The vectors don't tell the flags in a dump. */
	json_array_foreach(got, i, link) {
		e = json_array_get(want, i);
		if (!is(e, "change", "link") || json_object_get(e, "flags"))
			continue;
		json_object_del(link, "flags");
		json_object_del(link, "operstate");
	}
	vectors_same(v, want, got);
	assert_int_equal(malformed > 0, kind[0] != '\0');
	free(bytes);
	json_decref(want);
	json_decref(got);
}

static void
vectors(void **state)
{
	(void)state;
	assert_int_equal(vectors_each("route.ndjson", vector), 305);
}

static void
netbsd(void **state)
{
	(void)state;
	assert_int_equal(vectors_each("netbsd-rump.ndjson", vector), 859);
}

/* What is before the cut is found as it was; what is cut is malformed. */
static void
cut(const json_t *v)
{
	size_t len, n, k, end;
	uint8_t *bytes = vectors_bytes(v, &len), *copy;
	int malformed;
	json_t *all = decode(system_of(v), bytes, len, NULL, &malformed), *some;

	for (n = 0; n < len; n++) {
		copy = malloc(n > 0 ? n : 1);
		memcpy(copy, bytes, n);
		some = decode(system_of(v), copy, n, NULL, &malformed);
		end = json_array_size(some);
		assert_in_range(end, malformed > 0 ? 0 : 1,
		    json_array_size(all));
		for (k = 0; k < end; k++)
			assert_true(json_equal(json_array_get(some, k),
			    json_array_get(all, k)));
		json_decref(some);
		free(copy);
	}
	free(bytes);
	json_decref(all);
}

static void
truncated(void **state)
{
	(void)state;
	vectors_each("route.ndjson", cut);
}

/* Any bit wrong, and as if it were of any other system: no harm, which
 * sanitizers see, and no loop. */
static void
damage(const json_t *v)
{
	static const char *const systems[] = { "freebsd", "netbsd", "openbsd",
	    "macos" };
	size_t len, n, i;
	uint8_t *bytes = vectors_bytes(v, &len);
	int malformed;

	for (i = 0; i < LENGTH(systems); i++) {
		for (n = 0; n < 8 * len; n++) {
			bytes[n / 8] ^= (uint8_t)(1u << n % 8);
			json_decref(decode(systems[i], bytes, len, NULL,
			    &malformed));
			bytes[n / 8] ^= (uint8_t)(1u << n % 8);
		}
	}
	free(bytes);
}

static void
damaged(void **state)
{
	(void)state;
	vectors_each("route.ndjson", damage);
}

static void
systems(void **state)
{
	(void)state;
	assert_null(route_system("linux"));
	assert_null(route_system(""));
	assert_false(route_abi("ilp32le"));
	assert_false(route_abi(""));
}

/* Types of interfaces: in the vectors there are few, beside other bytes of the
 * same value. */
static void
types(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t ours;
	} table[] = {
		{ 6, 1 }, { 71, 1 }, { 135, 1 }, { 161, 1 }, { 209, 1 },
		{ 23, 512 }, { 24, 772 }, { 28, 256 }, { 144, 24 }, { 1, 0 },
	};
	uint8_t bytes[168] = { 168, 0, 5, 0xe, 0, 0, 0, 0, 0x41, 0, 0, 0, 3 };
	struct route_reader r;
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		bytes[16] = table[i].type;
		route_reader_init(&r, route_system("freebsd"), bytes, 168);
		assert_int_equal(route_next(&r, &c), ROUTE_CHANGE);
		assert_int_equal(c.link.link.type, table[i].ours);
	}
}

/* Addresses are announced by bits; those that a system does not have yet mean
 * nothing, the last one that it has is to be there. */
static void
beyond(void **state)
{
	static const struct {
		const char *os;
		uint8_t version, type, at, head, last;
	} table[] = {
		{ "freebsd", 5, 0xc, 4, 20, 7 },
		{ "netbsd", 4, 0x16, 12, 32, 8 },
		{ "openbsd", 5, 0xc, 12, 24, 14 },
		{ "macos", 5, 0xc, 4, 20, 7 },
	};
	struct route_reader r;
	struct change c;
	size_t i, bit;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		for (bit = table[i].last; bit <= table[i].last + 1u; bit++) {
			uint8_t bytes[48] = { table[i].head + 16, 0,
				table[i].version, table[i].type,
				table[i].head };

			/* RTA_IFA, and that. */
			bytes[table[i].at] = 0x20;
			bytes[table[i].at + bit / 8] |= (uint8_t)(1u << bit % 8);
			memcpy(bytes + table[i].head,
			    "\x10\x02\0\0\xc0\0\x02\x01", 8);
			route_reader_init(&r, route_system(table[i].os), bytes,
			    table[i].head + 16u);
			assert_int_equal(route_next(&r, &c),
			    bit == table[i].last ? ROUTE_MALFORMED :
			    ROUTE_CHANGE);
		}
	}
}

/*
 * Headers of which all bytes are set that don't matter, so that one read too
 * early or too late is another number. Offsets once more, from their headers.
 */
struct header {
	const char *os;
	uint8_t version, type, size, hdrlen, index, flags, addrs;
	uint8_t a, b, c;	/* what only these have */
};

static void
put(uint8_t *p, size_t at, size_t width, uint32_t value)
{
	for (; width > 0; width--, value >>= 8)
		p[at++] = (uint8_t)value;
}

/* The header, with ADDRS, and what is behind it; one byte less is too short. */
static enum route_found
try(const struct header *h, uint8_t *bytes, const char *behind, size_t len,
    struct change *c)
{
	struct route_reader r;

	memcpy(bytes + h->size, behind, len);
	put(bytes, 0, 2, h->size - 1u);
	route_reader_init(&r, route_system(h->os), bytes, h->size - 1u);
	assert_int_equal(route_next(&r, c), ROUTE_MALFORMED);
	assert_string_equal(r.fault, "message is too short for its type");
	put(bytes, 0, 2, h->size + (uint32_t)len);
	route_reader_init(&r, route_system(h->os), bytes, h->size + len);
	return route_next(&r, c);
}

static void
begin(const struct header *h, uint8_t *bytes)
{
	memset(bytes, 0xff, h->size);
	bytes[2] = h->version;
	bytes[3] = h->type;
	if (h->hdrlen != 0)
		put(bytes, h->hdrlen, 2, h->size);
	put(bytes, h->index, 2, 0x203);
}

/* Process and error, then table and priority. */
static void
route_headers(void **state)
{
	static const struct header table[] = {
		{ "freebsd", 5, 1, 152, 0, 4, 8, 12, 16, 24, 0 },
		{ "netbsd", 4, 1, 120, 0, 4, 8, 12, 16, 24, 0 },
		{ "openbsd", 5, 1, 96, 4, 6, 16, 12, 24, 32, 8 },
		{ "macos", 5, 1, 92, 0, 4, 8, 12, 16, 24, 0 },
	};
	static const unsigned nowhere[] = { 0x8, 0x1000 };
	uint8_t bytes[256];
	struct change c;
	size_t i, f;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		begin(&table[i], bytes);
		put(bytes, table[i].flags, 4, 0x803);
		put(bytes, table[i].addrs, 4, 0x7);
		put(bytes, table[i].a, 4, 0x1020304);
		put(bytes, table[i].b, 4, 0);
		if (table[i].c != 0)
			put(bytes, table[i].c, 3, 0x90506);
		assert_int_equal(try(&table[i], bytes,
		    "\x10\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		    "\x10\x02\0\0\xc0\0\x02\x01\0\0\0\0\0\0\0\0"
		    "\0\0\0\0\0\0\0\0", 40, &c), ROUTE_CHANGE);
		assert_int_equal(c.type, CHANGE_ROUTER);
		assert_int_equal(c.ifindex, 0x203);
		assert_int_equal(c.pid, 0x1020304);
		assert_true(c.router.router.has & KEV_BIT(PROTOCOL));
		assert_int_equal(c.router.router.table,
		    table[i].c != 0 ? 0x506 : 0);
		assert_int_equal(c.router.router.metric,
		    table[i].c != 0 ? 9 : 0);
		/* It leads nowhere: RTF_REJECT, RTF_BLACKHOLE. */
		for (f = 0; f < LENGTH(nowhere); f++) {
			put(bytes, table[i].flags, 4, 0x803 | nowhere[f]);
			assert_int_equal(try(&table[i], bytes,
			    "\x10\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			    "\x10\x02\0\0\xc0\0\x02\x01\0\0\0\0\0\0\0\0"
			    "\0\0\0\0\0\0\0\0", 40, &c), ROUTE_IGNORED);
		}
		put(bytes, table[i].flags, 4, 0x803);
		/* Any error, wherever in its bytes it is. */
		put(bytes, table[i].b, 4, 0x1000000);
		assert_int_equal(try(&table[i], bytes, "\x10\x02\0\0\0\0\0\0"
		    "\0\0\0\0\0\0\0\0\x10\x02\0\0\xc0\0\x02\x01\0\0\0\0"
		    "\0\0\0\0\0\0\0\0\0\0\0\0", 40, &c), ROUTE_IGNORED);
	}
}

/* Type, state and the largest packet. */
static void
link_headers(void **state)
{
	static const struct header table[] = {
		{ "freebsd", 5, 0xe, 168, 0, 12, 8, 4, 16, 20, 24 },
		{ "netbsd", 4, 0x14, 152, 0, 12, 8, 4, 16, 20, 24 },
		{ "openbsd", 5, 0xe, 168, 4, 6, 16, 12, 24, 27, 28 },
		{ "macos", 5, 0xe, 112, 0, 12, 8, 4, 16, 0, 24 },
	};
	uint8_t bytes[256];
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		begin(&table[i], bytes);
		put(bytes, table[i].flags, 4, 0x8041);
		put(bytes, table[i].addrs, 4, 0);
		bytes[table[i].a] = 24;
		if (table[i].b != 0)
			bytes[table[i].b] = 1;
		put(bytes, table[i].c, 4, 0x5dc);
		assert_int_equal(try(&table[i], bytes, "", 0, &c),
		    ROUTE_CHANGE);
		assert_int_equal(c.ifindex, 0x203);
		assert_int_equal(c.link.link.flags, 0x1001);
		assert_int_equal(c.link.link.type, 772);
		assert_int_equal(c.link.link.mtu, 0x5dc);
		assert_false(c.link.link.carrier);
		assert_int_equal((c.link.link.has & KEV_BIT(CARRIER)) != 0,
		    table[i].b != 0);
	}
}

/* Flags of NetBSD's. */
static void
addr_headers(void **state)
{
	static const struct header table[] = {
		{ "freebsd", 5, 0xc, 20, 0, 12, 0, 4, 0, 0, 0 },
		{ "netbsd", 4, 0x16, 32, 0, 4, 20, 12, 0, 0, 0 },
		{ "openbsd", 5, 0xc, 24, 4, 6, 0, 12, 0, 0, 0 },
		{ "macos", 5, 0xc, 20, 0, 12, 0, 4, 0, 0, 0 },
	};
	uint8_t bytes[256];
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		begin(&table[i], bytes);
		put(bytes, table[i].addrs, 4, 0x20);
		if (table[i].flags != 0)
			put(bytes, table[i].flags, 4, 4);
		assert_int_equal(try(&table[i], bytes,
		    "\x10\x02\0\0\xc0\0\x02\x01\0\0\0\0\0\0\0\0", 16,
		    &c), ROUTE_CHANGE);
		assert_int_equal(c.ifindex, 0x203);
		assert_int_equal(c.addr.status,
		    table[i].flags != 0 ? KEV_INACCESSIBLE : 0);
	}
}

/* Of those without addresses: what happened, and the name; the length of one. */
static void
other_headers(void **state)
{
	static const struct header announce[] = {
		{ "freebsd", 5, 0x11, 24, 0, 4, 0, 0, 6, 22, 0 },
		{ "netbsd", 4, 0x10, 24, 0, 4, 0, 0, 6, 22, 0 },
		{ "openbsd", 5, 0xf, 26, 4, 6, 0, 0, 10, 8, 0 },
	}, multicast[] = {
		{ "freebsd", 5, 0xf, 16, 0, 12, 0, 0, 0, 0, 0 },
		{ "macos", 5, 0xf, 16, 0, 12, 0, 0, 0, 0, 0 },
	}, info = { "openbsd", 5, 0x15, 64, 4, 6, 0, 0, 13, 0, 0 };
	uint8_t bytes[256];
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(announce); i++) {
		begin(&announce[i], bytes);
		memcpy(bytes + announce[i].a, "abcdefghijklmno", 16);
		put(bytes, announce[i].b, 2, 1);
		assert_int_equal(try(&announce[i], bytes, "", 0, &c),
		    ROUTE_CHANGE);
		assert_int_equal(c.type, CHANGE_LINK_GONE);
		assert_int_equal(c.ifindex, 0x203);
		assert_string_equal(c.ifname, "abcdefghijklmno");
	}
	for (i = 0; i < LENGTH(multicast); i++) {
		begin(&multicast[i], bytes);
		assert_int_equal(try(&multicast[i], bytes, "", 0, &c),
		    ROUTE_IGNORED);
	}
	begin(&info, bytes);
	bytes[info.a] = 32;
	assert_int_equal(try(&info, bytes, "", 0, &c), ROUTE_IGNORED);
	bytes[info.a] = 33;
	assert_int_equal(try(&info, bytes, "", 0, &c), ROUTE_MALFORMED);
}

/* A name in a link-level address: as long as one may be, and one more. */
static void
names(void **state)
{
	uint8_t bytes[32 + 16 + 24] = { 72, 0, 4, 0x16, 2, 0, 0, 0, 0, 0, 0, 0,
		0x30, 0 };
	struct route_reader r;
	struct change c;

	(void)state;
	memcpy(bytes + 32, "\x18\x12\x02\0\0\x0f\0\0abcdefghijklmnop", 24);
	memcpy(bytes + 56, "\x10\x02\0\0\xc0\0\x02\x01", 8);
	route_reader_init(&r, route_system("netbsd"), bytes, sizeof bytes);
	assert_int_equal(route_next(&r, &c), ROUTE_CHANGE);
	assert_string_equal(c.ifname, "abcdefghijklmno");
	bytes[32 + 5] = 16;
	route_reader_init(&r, route_system("netbsd"), bytes, sizeof bytes);
	assert_int_equal(route_next(&r, &c), ROUTE_MALFORMED);
}

/* What each type is called, and that all others are ignored. */
static void
kinds(void **state)
{
#define ALL "", "add", "delete", "change", "add", "route", "route"
	static const struct {
		const char *os;
		uint8_t version;
		const char *names[256];
	} table[] = {
		{ "freebsd", 5, { ALL, "route", "route", [0xb] = "route",
		    "newaddr", "deladdr", "ifinfo", "maddr", "maddr",
		    "ifannounce", "ieee80211" } },
		{ "netbsd", 4, { ALL, "miss", "route", [0x10] = "ifannounce",
		    "ieee80211", [0x14] = "ifinfo", [0x16] = "newaddr",
		    "deladdr", "chgaddr" } },
		{ "openbsd", 5, { ALL, "route", [0xb] = "resolve", "newaddr",
		    "deladdr", "ifinfo", "ifannounce", "desync",
		    [0x14] = "newaddr", "80211info" } },
		{ "macos", 5, { ALL, "route", "route", [0xb] = "route",
		    "newaddr", "deladdr", "ifinfo", "maddr", "maddr" } },
	};
	struct route_reader r;
	struct change c;
	size_t i, type;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		for (type = 0; type < 256; type++) {
			const uint8_t bytes[] = { 4, 0, table[i].version,
				(uint8_t)type };
			const char *name = table[i].names[type];

			route_reader_init(&r, route_system(table[i].os), bytes,
			    sizeof bytes);
			if (route_next(&r, &c) == ROUTE_IGNORED)
				assert_null(r.name);
			else
				assert_string_equal(r.name,
				    name != NULL ? name : "");
			assert_int_equal(r.name != NULL, name != NULL &&
			    name[0] != '\0');
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(netbsd),
		cmocka_unit_test(truncated),
		cmocka_unit_test(damaged),
		cmocka_unit_test(systems),
		cmocka_unit_test(types),
		cmocka_unit_test(kinds),
		cmocka_unit_test(beyond),
		cmocka_unit_test(route_headers),
		cmocka_unit_test(link_headers),
		cmocka_unit_test(addr_headers),
		cmocka_unit_test(other_headers),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "kern_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "vectors.h"

/*
 * Kernel events of macOS, and broken ones, with what is in them: see
 * tests/vectors/README.md. What a change says is compared as JSON.
 */

static const char *const words[] = {
	[CHANGE_LINK] = "link", [CHANGE_LINK_GONE] = "link-gone",
	[CHANGE_ADDR] = "addr", [CHANGE_ADDR_GONE] = "addr-gone",
	[CHANGE_CLAIM] = "claim", [CHANGE_NEIGH] = "neigh",
	[CHANGE_PORT] = "port", [CHANGE_LINK_GOING] = "link-going",
	[CHANGE_PROTO] = "proto", [CHANGE_STATUS] = "status",
	[CHANGE_EXPIRED] = "expired", [CHANGE_QUALITY] = "quality",
	[CHANGE_ISSUES] = "issues", [CHANGE_IDLE] = "idle",
	[CHANGE_NAT64_REQUEST] = "nat64-request",
};

static json_t *
describe_note(const struct change *c)
{
	struct kev_note n = { .has = 0 };

	switch (c->type) {
	case CHANGE_CLAIM:
		n.has = KEV_BIT(ADDRESS) |
		    (c->claim.lladdr.len > 0 ? KEV_BIT(LLADDR) : 0);
		n.address = c->claim.address;
		n.lladdr = c->claim.lladdr;
		assert_true(c->claim.sure);
		break;
	case CHANGE_PORT:
		n.has = KEV_BIT(PORT) | KEV_BIT(PID);
		n.port = c->port.port;
		n.pid = c->port.pid;
		break;
	case CHANGE_PROTO:
		n.has = KEV_BIT(FAMILY) | KEV_BIT(REMAINING);
		n.family = c->proto.family;
		n.remaining = c->proto.remaining;
		break;
	case CHANGE_EXPIRED:
		n.has = KEV_BIT(ADDRESS);
		n.address = c->expired;
		break;
	case CHANGE_QUALITY:
		n.has = KEV_BIT(QUALITY);
		n.quality = c->quality;
		break;
	case CHANGE_ISSUES:
		n.has = KEV_BIT(REASON) |
		    (c->issues.info[0] != '\0' ? KEV_BIT(INFO) : 0);
		memcpy(n.reason, c->issues.reason, sizeof n.reason);
		memcpy(n.info, c->issues.info, sizeof n.info);
		break;
	case CHANGE_NEIGH:
		assert_true(c->neigh.any);
		n.has = KEV_BIT(FAMILY);
		n.family = c->neigh.address.family;
		break;
	default:
		break;
	}
	return vectors_members(KEV_NOTE, &n);
}

static json_t *
describe(const struct change *c)
{
	struct kev_addr a = { .has = 0 };
	json_t *o;

	switch (c->type) {
	case CHANGE_LINK:
		o = vectors_members(KEV_LINK, &c->link.link);
		break;
	case CHANGE_ADDR:
	case CHANGE_ADDR_GONE:
		o = vectors_members(KEV_ADDR, &c->addr);
		break;
	case CHANGE_STATUS:
		a.has = KEV_BIT(ADDRESS) | KEV_BIT(STATUS);
		a.address = c->status.address;
		a.status = c->status.status;
		o = vectors_members(KEV_ADDR, &a);
		break;
	default:
		o = describe_note(c);
	}
	if (c->type == CHANGE_PROTO)
		json_object_set_new(o, "gone", json_boolean(c->proto.gone));
	if (c->type == CHANGE_NEIGH)
		json_object_set_new(o, "failed", json_boolean(c->neigh.failed));
	json_object_set_new(o, "change", json_string(words[c->type]));
	if (c->ifname[0] != '\0')
		json_object_set_new(o, "ifname", json_string(c->ifname));
	assert_int_equal(c->ifindex, 0);
	assert_int_equal(c->part, c->type != CHANGE_PORT);
	assert_int_equal(c->present, c->type != CHANGE_PORT &&
	    c->type != CHANGE_LINK_GONE && c->type != CHANGE_ADDR_GONE &&
	    c->type != CHANGE_STATUS);
	return o;
}

static json_t *
named(const char *change)
{
	return json_pack("{s:s}", "change", change);
}

static bool
is(const json_t *f, const char *key, const char *value)
{
	return strcmp(vectors_text(f, key), value) == 0;
}

/* Bits of a mask in dots; all of those in the vectors are contiguous. */
static int
count_bits(const char *mask)
{
	unsigned a, b, c, d;

	assert_int_equal(sscanf(mask, "%u.%u.%u.%u", &a, &b, &c, &d), 4);
	return __builtin_popcount(a << 24 | b << 16 | c << 8 | d);
}

static json_t *
expect_inet(const json_t *f, bool gone)
{
	json_t *o = named(gone ? "addr-gone" : "addr");
	const char *address = vectors_text(f, "ia_addr");

	json_object_set_new(o, "family", json_string("inet"));
	vectors_move(o, "address", f, "ia_addr");
	json_object_set_new(o, "prefixlen", json_integer(
	    count_bits(vectors_text(f, "ia_subnetmask"))));
	json_object_set_new(o, "scope", json_string(
	    strncmp(address, "127.", 4) == 0 ? "host" :
	    strncmp(address, "169.254.", 8) == 0 ? "link" : "global"));
	if (!is(f, "ia_netbroadcast", "0.0.0.0"))
		vectors_move(o, "broadcast", f, "ia_dstaddr");
	else if (!is(f, "ia_dstaddr", address))
		vectors_move(o, "peer", f, "ia_dstaddr");
	if (!gone)
		json_object_set_new(o, "status", json_string("preferred"));
	return o;
}

static void
expect_flags(json_t *o, json_int_t flags, bool forever)
{
	static const struct {
		int bit;
		const char *word, *status;
	} table[] = {
		{ 0x20, "nodad", NULL }, { 0x200, "optimistic", "optimistic" },
		{ 0x4, "dadfailed", "duplicate" },
		{ 0x10, "deprecated", "deprecated" },
		{ 0x2, "tentative", "tentative" },
		{ 0, "permanent", NULL }, { 0x80, "temporary", NULL },
	};
	const char *status = "preferred";
	json_t *list = json_array();
	size_t i;

	/* In the order of kev's own bits. */
	for (i = 0; i < LENGTH(table); i++) {
		if (table[i].bit == 0 ? !forever || flags & 0x140 :
		    (flags & table[i].bit) == 0)
			continue;
		json_array_append_new(list, json_string(table[i].word));
		if (table[i].status != NULL &&
		    strcmp(status, "optimistic") != 0)
			status = table[i].status;
	}
	json_object_set_new(o, "flags", list);
	json_object_set_new(o, "status", json_string(status));
}

static json_t *
expect_inet6(const json_t *f, bool gone)
{
	const json_t *lifetime = json_object_get(f, "ia_lifetime");
	json_t *o = named(gone ? "addr-gone" : "addr");
	json_int_t flags = vectors_int(f, "ia6_flags");

	json_object_set_new(o, "family", json_string("inet6"));
	vectors_move(o, "address", f, "ia_addr_unscoped");
	vectors_move(o, "prefixlen", f, "ia_plen");
	vectors_move(o, "peer", f, "ia_dstaddr");
	json_object_set_new(o, "scope", json_string(
	    strncmp(vectors_text(f, "ia_addr_unscoped"), "fe80", 4) == 0 ?
	    "link" : "global"));
	if (gone)
		return o;
	vectors_move(o, "valid_lft", lifetime, "vltime");
	vectors_move(o, "preferred_lft", lifetime, "pltime");
	expect_flags(o, flags, vectors_int(lifetime, "vltime") == UINT32_MAX);
	if (flags & 4 && !is(f, "ia_mac", "00:00:00:00:00:00"))
		vectors_move(o, "lladdr", f, "ia_mac");
	return o;
}

static json_t *
expect_link(const json_t *f, json_int_t code)
{
	json_int_t family = vectors_int(f, "if_family");
	json_t *o = named("link");

	if (code != 9) {
		json_object_set_new(o, "operstate", json_string(code == 13 ?
		    "up" : "down"));
		json_object_set_new(o, "carrier", json_boolean(code == 13));
	} else if (family == 2) {
		json_object_set_new(o, "type", json_string("ether"));
	}
	return o;
}

/* NULL: to be ignored. */
static json_t *
expect_proto(const json_t *f, bool gone)
{
	json_int_t family = vectors_int(f, "proto_family");
	json_t *o;

	if (family != 2 && family != 30)
		return NULL;
	o = named("proto");
	json_object_set_new(o, "gone", json_boolean(gone));
	json_object_set_new(o, "family", json_string(family == 2 ? "inet" :
	    "inet6"));
	vectors_move(o, "remaining", f, "proto_remaining_count");
	return o;
}

static json_t *
expect_status(const json_t *f, const char *status)
{
	json_t *o = named("status");

	vectors_move(o, "address", f, "in6_address_unscoped");
	json_object_set_new(o, "status", json_string(status));
	return o;
}

static json_t *
expect_neigh(const char *family, bool failed)
{
	json_t *o = named("neigh");

	json_object_set_new(o, "family", json_string(family));
	json_object_set_new(o, "failed", json_boolean(failed));
	return o;
}

static json_t *
expect_note(const json_t *f, int event)
{
	json_t *o;

	switch (event) {
	case 0x107:
		o = named("claim");
		vectors_move(o, "address", f, "ia_ipaddr");
		if (!is(f, "hw_addr", ""))
			vectors_move(o, "lladdr", f, "hw_addr");
		return o;
	case 0x108:
		o = named("port");
		vectors_move(o, "port", f, "port");
		vectors_move(o, "pid", f, "req_pid");
		return o;
	case 0x214:
		o = named("quality");
		vectors_move(o, "quality", f, "link_quality_metric");
		return o;
	case 0x218:
		o = named("issues");
		vectors_move(o, "reason", f, "modid");
		if (strspn(vectors_text(f, "info"), "0") < 24)
			vectors_move(o, "info", f, "info");
		return o;
	case 0x709:
		o = named("expired");
		vectors_move(o, "address", f, "in6_address_unscoped");
		return o;
	default:
		return NULL;
	}
}

/* NULL: to be ignored, as everything is that Apple's own plug-in only logs, or
 * throws away, but for what has a topic. */
static json_t *
expect_fields(const json_t *e)
{
	const json_t *f = json_object_get(e, "fields");
	int event = (int)(vectors_int(e, "subclass") << 8 |
	    vectors_int(e, "code"));

	switch (event) {
	case 0x101: case 0x102: case 0x104: case 0x105: case 0x106:
		return expect_inet(f, false);
	case 0x103:
		return expect_inet(f, true);
	case 0x109: case 0x10a:
		return expect_neigh("inet", event == 0x109);
	case 0x209: case 0x20c: case 0x20d:
		return expect_link(f, event & 0xff);
	case 0x20a:
		return named("link-going");
	case 0x20b:
		return named("link-gone");
	case 0x20e: case 0x20f:
		return expect_proto(f, event == 0x20f);
	case 0x212:
		return named("idle");
	case 0x601: case 0x602: case 0x604: case 0x605:
		return expect_inet6(f, false);
	case 0x603:
		return expect_inet6(f, true);
	case 0x607:
		return named("nat64-request");
	case 0x702: case 0x703:
		return expect_neigh("inet6", event == 0x702);
	case 0x706:
		return expect_status(f, "inaccessible");
	case 0x707:
		return expect_status(f, "deprecated");
	case 0x708:
		return expect_status(f, "invalid");
	default:
		return expect_note(f, event);
	}
}

static json_t *
expect(const json_t *e, const char *ifname)
{
	json_t *o;

	if (is(e, "status", "unknown"))
		return json_string("ignored");
	if (!is(e, "status", "ok"))
		return json_string("malformed");
	o = expect_fields(e);
	if (o == NULL)
		return json_string("ignored");
	if (ifname != NULL)
		json_object_set_new(o, "ifname", json_string(ifname));
	else
		vectors_move(o, "ifname", e, "ifname");
	return o;
}

static json_t *
decode(const uint8_t *bytes, size_t len)
{
	json_t *got = json_array();
	enum kern_found found;
	struct kern_reader r;
	struct change c;
	size_t at = 0;

	kern_reader_init(&r, bytes, len);
	for (; (found = kern_next(&r, &c)) != KERN_END; at = r.next) {
		assert_true(r.at == at && r.next >= at + (len > 0) &&
		    r.next <= len && r.at + r.size == r.next);
		assert_int_equal(r.fault != NULL, found == KERN_MALFORMED);
		json_array_append_new(got, found == KERN_CHANGE ?
		    describe(&c) : json_string(found == KERN_IGNORED ?
		    "ignored" : "malformed"));
	}
	assert_int_equal(at, len);
	return got;
}

/* Names that are none here, and sizes that are taken here: see below. */
static bool
is_special(const json_t *v)
{
	static const char *const names[] = { "if_name_not_terminated",
	    "if_unit_minus_one", "if_name_empty", "short_in6_160" };
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		if (is(v, "name", names[i]))
			return true;
	}
	return false;
}

static void
vector(const json_t *v)
{
	const json_t *error = json_object_get(v, "expect_error");
	const char *ifname = json_string_value(json_object_get(
	    json_object_get(v, "quirk"), "true_ifname"));
	json_t *want = json_array(), *got, *e;
	size_t len, i;
	uint8_t *bytes = vectors_bytes(v, &len);

	json_array_foreach(json_object_get(v, "expect"), i, e)
		json_array_append_new(want, expect(e, ifname));
	if (is(error, "scope", "stream"))
		json_array_append_new(want, json_string("malformed"));
	got = decode(bytes, len);
	if (!is_special(v))
		vectors_same(v, want, got);
	free(bytes);
	json_decref(want);
	json_decref(got);
}

static void
vectors(void **state)
{
	(void)state;
	assert_int_equal(vectors_each("kern_event.ndjson", vector), 154);
}

/* What is before the cut is found as it was; what is cut is malformed. */
static void
cut(const json_t *v)
{
	size_t len, n, k, end;
	uint8_t *bytes = vectors_bytes(v, &len), *copy;
	json_t *all = decode(bytes, len), *some;

	for (n = 0; n < len; n++) {
		copy = malloc(n > 0 ? n : 1);
		memcpy(copy, bytes, n);
		some = decode(copy, n);
		end = json_array_size(some);
		assert_in_range(end, 1, json_array_size(all));
		for (k = 0; k + 1 < end; k++)
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
	vectors_each("kern_event.ndjson", cut);
}

/* Any bit wrong: no harm, which sanitizers see, and no loop. */
static void
damage(const json_t *v)
{
	size_t len, n;
	uint8_t *bytes = vectors_bytes(v, &len);

	for (n = 0; n < 8 * len && n < 8 * 256; n++) {
		bytes[n / 8] ^= (uint8_t)(1u << n % 8);
		json_decref(decode(bytes, len));
		bytes[n / 8] ^= (uint8_t)(1u << n % 8);
	}
	free(bytes);
}

static void
damaged(void **state)
{
	(void)state;
	vectors_each("kern_event.ndjson", damage);
}

/* An event of a class of Apple, with SIZE bytes of DATA. */
static size_t
make(uint8_t *p, uint8_t subclass, uint8_t code, const uint8_t *data,
    uint8_t size)
{
	memset(p, 0, 24);
	p[0] = (uint8_t)(24 + size);
	p[4] = p[8] = 1;
	p[12] = subclass;
	p[20] = code;
	memcpy(p + 24, data, size);
	return 24u + size;
}

static enum kern_found
find(uint8_t subclass, uint8_t code, const uint8_t *data, uint8_t size,
    struct change *c)
{
	struct kern_reader r;
	uint8_t bytes[256];

	kern_reader_init(&r, bytes, make(bytes, subclass, code, data, size));
	return kern_next(&r, c);
}

/* As long as a name may be, and one more; and no name at all. */
static void
names(void **state)
{
	uint8_t link[24] = { 2, 0, 0, 0, 7 };
	struct change c;

	(void)state;
	memcpy(link + 8, "abcdefghijklmnop", 16);
	assert_int_equal(find(2, 9, link, 24, &c), KERN_MALFORMED);
	link[8 + 15] = '\0';
	assert_int_equal(find(2, 9, link, 24, &c), KERN_MALFORMED);
	link[8 + 14] = '\0';
	assert_int_equal(find(2, 9, link, 24, &c), KERN_CHANGE);
	assert_string_equal(c.ifname, "abcdefghijklmn7");
	link[8] = '\0';
	assert_int_equal(find(2, 9, link, 24, &c), KERN_MALFORMED);
	/* A unit that is negative is what it is as a number without a sign. */
	memcpy(link + 4, "\xff\xff\xff\xff" "en", 7);
	assert_int_equal(find(2, 9, link, 24, &c), KERN_CHANGE);
	assert_string_equal(c.ifname, "en4294967295");
}

/* Before macOS 10.10 nobody told who has a duplicate. */
static void
old_inet6(void **state)
{
	uint8_t data[168] = { 2, 0, 0, 0, 0, 0, 0, 0, 'e', 'n' };
	struct change c;

	(void)state;
	data[32] = 0x20;
	data[136] = 64;
	data[140] = 4;
	data[160] = 2;
	assert_int_equal(find(6, 1, data, 159, &c), KERN_MALFORMED);
	assert_int_equal(find(6, 1, data, 160, &c), KERN_CHANGE);
	assert_int_equal(c.addr.status, KEV_DUPLICATE);
	assert_false(c.addr.has & KEV_BIT(LLADDR));
	assert_int_equal(find(6, 1, data, 161, &c), KERN_MALFORMED);
	assert_int_equal(find(6, 1, data, 167, &c), KERN_MALFORMED);
	assert_int_equal(find(6, 1, data, 168, &c), KERN_CHANGE);
	assert_true(c.addr.has & KEV_BIT(LLADDR));
	data[136] = 129;
	assert_int_equal(find(6, 1, data, 168, &c), KERN_MALFORMED);
}

/* An address that never ends is permanent, but for those of others who know
 * better: IN6_IFF_AUTOCONF, IN6_IFF_DYNAMIC. */
static void
permanent(void **state)
{
	uint8_t data[168] = { 2, 0, 0, 0, 0, 0, 0, 0, 'e', 'n' };
	struct change c;
	unsigned bit;

	(void)state;
	data[32] = 0x20;
	data[136] = 64;
	memset(data + 152, 0xff, 8);
	for (bit = 0; bit < 32; bit++) {
		memset(data + 140, 0, 4);
		data[140 + bit / 8] = (uint8_t)(1u << bit % 8);
		assert_int_equal(find(6, 5, data, 168, &c), KERN_CHANGE);
		assert_int_equal((c.addr.flags & KEV_IFA_PERMANENT) != 0,
		    bit != 6 && bit != 8);
	}
	data[152] = 0xfe;
	assert_int_equal(find(6, 5, data, 168, &c), KERN_CHANGE);
	assert_int_equal(c.addr.flags & KEV_IFA_PERMANENT, 0);
}

/* The other end of a tunnel, a sockaddr between others. */
static void
peer(void **state)
{
	uint8_t data[168] = { 17, 0, 0, 0, 3, 0, 0, 0, 'u', 't', 'u', 'n' };
	char text[KEV_IPSTRLEN];
	struct change c;

	(void)state;
	memcpy(data + 24, "\x1c\x1e\0\0\0\0\0\0\x20\x01\xd\xb8", 12);
	data[47] = 1;
	memcpy(data + 80, "\x1c\x1e\0\0\0\0\0\0\x20\x01\xd\xb8", 12);
	data[103] = 2;
	data[136] = 128;
	assert_int_equal(find(6, 2, data, 168, &c), KERN_CHANGE);
	assert_true(c.addr.has & KEV_BIT(PEER));
	kev_ip_text(&c.addr.peer, text);
	assert_string_equal(text, "2001:db8::2");
	assert_string_equal(c.ifname, "utun3");
}

/* A hardware address as long as one may be, and one more. */
static void
hardware(void **state)
{
	uint8_t data[64] = { 2, 0, 0, 0, 0, 0, 0, 0, 'e', 'n' };
	struct change c;

	(void)state;
	data[28] = 32;
	assert_int_equal(find(1, 7, data, 61, &c), KERN_CHANGE);
	assert_int_equal(c.claim.lladdr.len, 32);
	data[28] = 33;
	assert_int_equal(find(1, 7, data, 64, &c), KERN_MALFORMED);
}

/* Every other kind of interface that has a type, and masks with holes. */
static void
types(void **state)
{
	static const struct {
		uint8_t family;
		uint16_t type;
	} table[] = {
		{ 1, 772 }, { 2, 1 }, { 3, 256 }, { 5, 1 }, { 6, 512 },
		{ 12, 776 }, { 13, 24 }, { 14, 1 }, { 17, 0 },
	};
	uint8_t data[52] = { 0, 0, 0, 0, 0, 0, 0, 0, 'x' };
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		data[0] = table[i].family;
		assert_int_equal(find(2, 9, data, 24, &c), KERN_CHANGE);
		assert_int_equal(c.link.link.type, table[i].type);
		assert_int_equal((c.link.link.has & KEV_BIT(TYPE)) != 0,
		    table[i].type != 0);
	}
	memcpy(data + 40, "\xff\x00\xff\xff", 4);
	assert_int_equal(find(1, 1, data, 52, &c), KERN_CHANGE);
	assert_false(c.addr.has & KEV_BIT(PREFIXLEN));
}

/* One byte less than the least is too short. */
static void
least(void **state)
{
	static const struct {
		uint8_t subclass, code, size;
	} table[] = {
		{ 1, 1, 52 }, { 1, 7, 29 }, { 1, 8, 16 }, { 2, 9, 24 },
		{ 2, 14, 32 }, { 2, 20, 28 }, { 2, 24, 72 }, { 6, 1, 160 },
		{ 7, 6, 44 },
	};
	/* Family 2 is of Ethernet, and of IPv4 where one is asked for. */
	static const uint8_t data[160] = { 2, [8] = 'e', [24] = 2 };
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		assert_int_equal(find(table[i].subclass, table[i].code, data,
		    table[i].size, &c), KERN_CHANGE);
		assert_int_equal(find(table[i].subclass, table[i].code, data,
		    table[i].size - 1, &c), KERN_MALFORMED);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(truncated),
		cmocka_unit_test(damaged),
		cmocka_unit_test(names),
		cmocka_unit_test(old_inet6),
		cmocka_unit_test(permanent),
		cmocka_unit_test(peer),
		cmocka_unit_test(hardware),
		cmocka_unit_test(types),
		cmocka_unit_test(least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

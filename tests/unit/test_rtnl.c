#include "config.h"

#include "buf.h"
#include "event.h"
#include "linux/rtnl_decode.h"
#include "state.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"
#include "test.h"

/*
 * Buffers that the kernel gave, and broken ones, with what is in them: see
 * tests/vectors/README.md. What a change says is compared as JSON.
 */

static size_t
unhex(const char *hex, uint8_t *bytes)
{
	size_t n = strlen(hex) / 2, i;
	unsigned byte;

	for (i = 0; i < n; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	return n;
}

static void
put_hex(json_t *o, const char *key, const char *text)
{
	char hex[512];
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
	hex[2 * i] = '\0';
	json_object_set_new(o, key, json_string(hex));
}

/* Flags in the words that the vectors have them in. */
static json_t *
flag_words(const json_t *flags, bool inet6)
{
	static const char *const other[][2] = {
		{ "mngtmpaddr", "MANAGETEMPADDR" }, { "autojoin", "MCAUTOJOIN" },
		{ "home", "HOMEADDRESS" },
	};
	json_t *list = json_array(), *v;
	size_t i, k;
	char word[32];

	json_array_foreach((json_t *)flags, i, v) {
		snprintf(word, sizeof word, "%s", json_string_value(v));
		for (k = 0; k < LENGTH(other); k++) {
			if (strcmp(word, other[k][0]) == 0)
				strcpy(word, other[k][1]);
		}
		if (inet6 && strcmp(word, "temporary") == 0)
			strcpy(word, "secondary");
		for (k = 0; word[k] != '\0'; k++)
			word[k] = word[k] == '-' ? '_' :
			    (char)toupper((unsigned char)word[k]);
		json_array_append_new(list, json_string(word));
	}
	return list;
}

static json_t *
members(enum kev_class class, const void *object)
{
	struct buf b = BUF_INIT;
	json_t *o;

	kev_object_put(&b, class, object, UINT64_MAX, false);
	o = json_loadb(b.data, b.len, 0, NULL);
	assert_non_null(o);
	buf_fini(&b);
	return o;
}

static void
move(json_t *to, const char *key, const json_t *from, const char *old)
{
	json_t *v = json_object_get(from, old);

	if (v != NULL)
		json_object_set(to, key, v);
}

static json_t *
describe_link(const struct change *c)
{
	json_t *in = members(KEV_LINK, &c->link.link), *o = json_object(), *v;
	const struct kev_link *l = &c->link.link;
	const char *name;
	char word[32];
	uint32_t i;

	json_object_set_new(o, "arphrd", json_integer(l->type));
	move(o, "mtu", in, "mtu");
	move(o, "kind", in, "kind");
	move(o, "lladdr", in, "lladdr");
	move(o, "carrier_changes", in, "carrier_changes");
	if (l->has & KEV_BIT(CARRIER))
		json_object_set_new(o, "carrier", json_integer(l->carrier));
	if (l->has & KEV_BIT(OPERSTATE)) {
		snprintf(word, sizeof word, "%s", json_string_value(
		    json_object_get(in, "operstate")));
		for (i = 0; word[i] != '\0'; i++)
			word[i] = (char)toupper((unsigned char)word[i]);
		json_object_set_new(o, "operstate", json_string(word));
	}
	if (c->link.master_index != 0)
		json_object_set_new(o, "master",
		    json_integer(c->link.master_index));
	json_object_set_new(o, "flags", flag_words(json_object_get(in, "flags"),
	    false));
	put_hex(o, "ifname_hex", c->link.ifname);
	v = json_array();
	for (name = l->altnames.buf, i = 0; i < l->altnames.n;
	    i++, name += strlen(name) + 1) {
		json_t *holder = json_object();

		put_hex(holder, "x", name);
		json_array_append(v, json_object_get(holder, "x"));
		json_decref(holder);
	}
	json_object_set_new(o, "altnames_hex", v);
	json_decref(in);
	return o;
}

static json_t *
describe_addr(const struct change *c)
{
	json_t *in = members(KEV_ADDR, &c->addr), *o = json_object();

	move(o, "family", in, "family");
	move(o, "addr", in, "address");
	move(o, "prefixlen", in, "prefixlen");
	move(o, "peer", in, "peer");
	move(o, "broadcast", in, "broadcast");
	move(o, "label", in, "label");
	move(o, "valid", in, "valid_lft");
	move(o, "preferred", in, "preferred_lft");
	json_object_set_new(o, "scope", json_integer(c->addr.scope));
	if (c->addr.has & KEV_BIT(PROTOCOL))
		json_object_set_new(o, "proto",
		    json_integer(c->addr.protocol & 0xff));
	json_object_set_new(o, "flags", flag_words(json_object_get(in, "flags"),
	    c->addr.family == KEV_INET6));
	json_decref(in);
	return o;
}

static json_t *
describe_router(const struct change *c)
{
	json_t *in = members(KEV_ROUTER, &c->router.router);
	json_t *o = json_object();
	char text[KEV_IPSTRLEN];

	move(o, "family", in, "family");
	move(o, "gateway", in, "gateway");
	json_object_set_new(o, "priority",
	    json_integer(c->router.router.metric));
	json_object_set_new(o, "table", json_integer(c->router.router.table));
	json_object_set_new(o, "protocol",
	    json_integer(c->router.router.protocol & 0xff));
	json_object_set_new(o, "nh_id", json_integer(c->router.nh_id));
	json_object_set_new(o, "replaces", json_boolean(c->router.replaces));
	if (c->router.prefsrc.family != 0) {
		kev_ip_text(&c->router.prefsrc, text);
		json_object_set_new(o, "prefsrc", json_string(text));
	}
	json_decref(in);
	return o;
}

static json_t *
describe_neigh(const struct change *c)
{
	const struct kev_note note = { .has = KEV_BIT(ADDRESS) |
	    (c->neigh.lladdr.len > 0 ? KEV_BIT(LLADDR) : 0),
	    .address = c->neigh.address, .lladdr = c->neigh.lladdr };
	json_t *in = members(KEV_NOTE, &note), *o = json_object();

	move(o, "dst", in, "address");
	move(o, "lladdr", in, "lladdr");
	json_object_set_new(o, "failed", json_boolean(c->neigh.failed));
	json_decref(in);
	return o;
}

static json_t *
describe_nat64(const struct change *c)
{
	char prefix[KEV_IPSTRLEN], router[KEV_IPSTRLEN];

	kev_ip_text(&c->nat64.prefix, prefix);
	kev_ip_text(&c->nat64.router, router);
	return json_pack("{s:s,s:i,s:i,s:s}", "prefix", prefix, "bits",
	    c->nat64.prefixlen, "lifetime", c->nat64.lifetime, "src", router);
}

static json_t *
describe(const struct change *c)
{
	static const char *const words[] = {
		[CHANGE_LINK] = "link", [CHANGE_LINK_GONE] = "link-gone",
		[CHANGE_ADDR] = "addr", [CHANGE_ADDR_GONE] = "addr-gone",
		[CHANGE_ROUTER] = "router",
		[CHANGE_ROUTER_GONE] = "router-gone",
		[CHANGE_NEXTHOP] = "nexthop", [CHANGE_NEIGH] = "neigh",
		[CHANGE_NAT64] = "nat64",
	};
	json_t *o;

	switch (c->type) {
	case CHANGE_LINK:
		o = describe_link(c);
		break;
	case CHANGE_ADDR:
	case CHANGE_ADDR_GONE:
		o = describe_addr(c);
		break;
	case CHANGE_ROUTER:
	case CHANGE_ROUTER_GONE:
		o = describe_router(c);
		break;
	case CHANGE_NEIGH:
		o = describe_neigh(c);
		break;
	case CHANGE_NAT64:
		o = describe_nat64(c);
		break;
	case CHANGE_NEXTHOP:
		o = json_pack("{s:i}", "id", (int)c->router.nh_id);
		break;
	default:
		o = json_object();
	}
	json_object_set_new(o, "change", json_string(words[c->type]));
	if (c->ifindex != 0)
		json_object_set_new(o, "ifindex", json_integer(c->ifindex));
	return o;
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* Copies what the message and the description may both have. */
static json_t *
pick(const json_t *e, const char *const *keys, const char *change)
{
	json_t *o = json_pack("{s:s}", "change", change);

	for (; *keys != NULL; keys++)
		move(o, *keys, e, *keys);
	return o;
}

static json_t *
expect_link(const json_t *e)
{
	static const char *const keys[] = { "ifindex", "arphrd", "mtu", "kind",
	    "lladdr", "carrier_changes", "carrier", "operstate", "master",
	    "flags", "ifname_hex", "altnames_hex", NULL };
	json_t *o = pick(e, keys, "link"), *list, *v;
	char word[32];
	size_t i;

	if (json_object_get(e, "ifname_hex") == NULL)
		put_hex(o, "ifname_hex", text(e, "ifname"));
	if (json_object_get(e, "altnames_hex") == NULL) {
		list = json_array();
		json_array_foreach(json_object_get(e, "altnames"), i, v) {
			json_t *holder = json_object();

			put_hex(holder, "x", json_string_value(v));
			json_array_append(list, json_object_get(holder, "x"));
			json_decref(holder);
		}
		json_object_set_new(o, "altnames_hex", list);
	}
	/* "LOWERLAYERDOWN" there, "lower-layer-down" here. */
	if (strcmp(text(e, "operstate"), "LOWERLAYERDOWN") == 0)
		strcpy(word, "LOWER-LAYER-DOWN");
	else
		snprintf(word, sizeof word, "%s", text(e, "operstate"));
	if (word[0] != '\0')
		json_object_set_new(o, "operstate", json_string(word));
	return o;
}

static json_t *
expect_router(const json_t *e, const json_t *hop, bool gone)
{
	static const char *const keys[] = { "family", "table", "protocol",
	    "prefsrc", NULL };
	json_t *o = pick(e, keys, gone ? "router-gone" : "router"), *v;
	bool replaces = false;
	size_t i;

	move(o, "gateway", hop, "gateway");
	move(o, "gateway", json_object_get(hop, "via"), "addr");
	move(o, "ifindex", hop, "oif");
	json_object_set_new(o, "priority", json_integer(
	    json_integer_value(json_object_get(e, "priority"))));
	json_object_set_new(o, "nh_id", json_integer(
	    json_integer_value(json_object_get(e, "nh_id"))));
	json_array_foreach(json_object_get(e, "nlmsg_flags"), i, v)
		replaces |= strcmp(json_string_value(v), "REPLACE") == 0;
	json_object_set_new(o, "replaces", json_boolean(replaces && !gone));
	return o;
}

/* Failed, or there; NULL: neither. */
static json_t *
expect_neigh(const json_t *e)
{
	static const char *const keys[] = { "ifindex", "dst", "lladdr", NULL };
	bool failed = false, there = false;
	const char *word;
	json_t *v, *o;
	size_t i;

	json_array_foreach(json_object_get(e, "state"), i, v) {
		word = json_string_value(v);
		failed |= strcmp(word, "FAILED") == 0;
		there |= strcmp(word, "REACHABLE") == 0 ||
		    strcmp(word, "STALE") == 0 || strcmp(word, "DELAY") == 0 ||
		    strcmp(word, "PERMANENT") == 0;
	}
	if ((!failed && !there) || json_object_get(e, "dst") == NULL)
		return NULL;
	o = pick(e, keys, "neigh");
	json_object_set_new(o, "failed", json_boolean(failed));
	return o;
}

/* RFC 8781, figure 1; NULL: another option. */
static json_t *
expect_option(const json_t *e)
{
	static const char *const keys[] = { "ifindex", "src", NULL };
	const json_t *option = json_array_get(json_object_get(e, "options"), 0);
	struct kev_ip prefix = { .family = KEV_INET6 };
	char text_of[KEV_IPSTRLEN];
	uint8_t bytes[4096];
	unsigned lifetime;
	json_t *o;

	if (json_integer_value(json_object_get(option, "type")) != 38)
		return NULL;
	unhex(text(option, "hex"), bytes);
	lifetime = bytes[2] * 256u + bytes[3];
	memcpy(prefix.byte, bytes + 4, 12);
	kev_ip_text(&prefix, text_of);
	o = pick(e, keys, "nat64");
	json_object_set_new(o, "prefix", json_string(text_of));
	json_object_set_new(o, "lifetime", json_integer(lifetime / 8 * 8));
	json_object_set_new(o, "bits", json_integer(lifetime % 8 == 0 ? 96 :
	    72 - 8 * (lifetime % 8)));
	return o;
}

/* What of a message is to be told; appended to LIST. */
static void
expect(json_t *list, const json_t *e)
{
	static const char *const addr_keys[] = { "ifindex", "family", "addr",
	    "prefixlen", "peer", "broadcast", "label", "scope", "proto",
	    "flags", "valid", "preferred", NULL };
	static const char *const gone_keys[] = { "ifindex", NULL };
	static const char *const id_keys[] = { "id", NULL };
	const char *type = text(e, "type"), *family = text(e, "family");
	bool gone = strncmp(type, "RTM_DEL", 7) == 0;
	json_t *o, *hop;
	size_t i;

	if (strcmp(type + 7, "NEXTHOP") == 0) {
		json_array_append_new(list, pick(e, id_keys, "nexthop"));
	} else if (strcmp(family, "unspec") == 0 &&
	    strcmp(type, "RTM_DELLINK") == 0) {
		json_array_append_new(list, pick(e, gone_keys, "link-gone"));
	} else if (strcmp(family, "unspec") == 0 &&
	    strcmp(type, "RTM_NEWLINK") == 0) {
		if (json_object_get(e, "ifname") != NULL ||
		    json_object_get(e, "ifname_hex") != NULL)
			json_array_append_new(list, expect_link(e));
	} else if (strncmp(family, "inet", 4) != 0) {
		return;
	} else if (strcmp(type, "RTM_NEWNEIGH") == 0) {
		o = expect_neigh(e);
		if (o != NULL)
			json_array_append_new(list, o);
	} else if (strcmp(type, "RTM_NEWNDUSEROPT") == 0) {
		o = expect_option(e);
		if (o != NULL)
			json_array_append_new(list, o);
	} else if (strcmp(type + 7, "ADDR") == 0) {
		o = pick(e, addr_keys, gone ? "addr-gone" : "addr");
		if (strcmp(family, "inet") == 0) {
			json_object_del(o, "valid");
			json_object_del(o, "preferred");
		}
		json_array_append_new(list, o);
	} else if (strcmp(type + 7, "ROUTE") == 0) {
		if (json_integer_value(json_object_get(e, "dst_len")) != 0 ||
		    strcmp(text(e, "rtype"), "unicast") != 0 ||
		    json_integer_value(json_object_get(e, "table")) == 255)
			return;
		if (json_object_get(e, "multipath") == NULL)
			json_array_append_new(list, expect_router(e, e, gone));
		json_array_foreach(json_object_get(e, "multipath"), i, hop)
			json_array_append_new(list,
			    expect_router(e, hop, gone));
	}
}

/* Whether what was found is what had to be, and besides what may be. */
static bool
is_allowed(const json_t *want, const json_t *may, const json_t *got)
{
	size_t i, next = 0;
	json_t *o, *other;
	size_t k;

	json_array_foreach((json_t *)got, i, o) {
		if (json_equal(o, json_array_get(want, next))) {
			next++;
			continue;
		}
		json_array_foreach((json_t *)may, k, other) {
			if (json_equal(o, other))
				break;
		}
		if (k == json_array_size(may))
			return false;
	}
	return next == json_array_size(want);
}

static void
vector(const json_t *v)
{
	const char *fault = text(v, "expect_error");
	json_t *want = json_array(), *may = json_array(), *e;
	json_t *got = json_array();
	static uint8_t bytes[65536];
	size_t len = unhex(text(v, "hex"), bytes), i, malformed = 0;
	uint8_t *copy = malloc(len + 1);
	enum rtnl_found found;
	struct rtnl_reader r;
	struct change c;

	/* In memory of its own, so that one byte too far is found. */
	memcpy(copy, bytes, len);
	json_array_foreach(json_object_get(v, "expect"), i, e)
		expect(want, e);
	json_array_foreach(json_object_get(v, "may"), i, e)
		expect(may, e);
	rtnl_reader_init(&r, copy, len);
	while ((found = rtnl_next(&r, &c)) != RTNL_END) {
		if (found == RTNL_CHANGE)
			json_array_append_new(got, describe(&c));
		malformed += found == RTNL_MALFORMED;
	}
	free(copy);
	if (!is_allowed(want, may, got)) {
		json_dumpf(want, stderr, JSON_SORT_KEYS | JSON_INDENT(1));
		fprintf(stderr, "\nwas in %s, but found was\n", text(v, "name"));
		json_dumpf(got, stderr, JSON_SORT_KEYS | JSON_INDENT(1));
		fail();
	}
	/* What is no fault, or not of something that we look at, is none. */
	if (fault[0] == '\0' && malformed > 0)
		fail_msg("%s is malformed: %s", text(v, "name"), r.fault);
	if (strncmp(fault, "bad-length", 10) == 0)
		assert_int_equal(malformed, 1);
	json_decref(want);
	json_decref(may);
	json_decref(got);
}

static void
each_vector(void (*call)(const json_t *))
{
	FILE *f = fopen(VECTORS "rtnetlink.ndjson", "r");
	char *line = NULL;
	size_t size = 0, n = 0;
	json_t *v;

	assert_non_null(f);
	while (getline(&line, &size, f) != -1) {
		v = json_loads(line, 0, NULL);
		assert_non_null(v);
		/* Who sent it is looked at before it is decoded. */
		if (json_object_get(v, "from_pid") == NULL)
			call(v);
		json_decref(v);
		n++;
	}
	assert_true(n > 400);
	free(line);
	fclose(f);
}

static void
vectors(void **state)
{
	(void)state;
	each_vector(vector);
}

/* Any byte of any vector changed, any vector cut: no harm. */
static void
damage(const json_t *v)
{
	static uint8_t bytes[65536];
	size_t len = unhex(text(v, "hex"), bytes), cut;
	struct rtnl_reader r;
	struct change c;
	int i;

	for (i = 0; len > 0 && i < 40; i++) {
		uint8_t *copy;

		cut = i % 4 == 0 ? (size_t)rand() % len : len;
		copy = malloc(cut + 1);
		memcpy(copy, bytes, cut);
		if (cut > 0)
			copy[(size_t)rand() % cut] ^= (uint8_t)(1 << rand() % 8);
		rtnl_reader_init(&r, copy, cut);
		while (rtnl_next(&r, &c) != RTNL_END)
			assert_true(r.next <= cut);
		free(copy);
	}
}

static void
damaged(void **state)
{
	(void)state;
	srand(1);
	each_vector(damage);
}

/* Every prefix length, and options that are not one. */
static void
prefixes(void **state)
{
	static const struct {
		const char *option;	/* hex */
		enum rtnl_found found;
		const char *prefix;
		unsigned bits, lifetime;
	} table[] = {
		{ "26020258" "0064ff9b0000000000000000", RTNL_CHANGE,
		    "64:ff9b::", 96, 600 },
		{ "2602fff9" "20010db811112222ffffffff", RTNL_CHANGE,
		    "2001:db8:1111:2222::", 64, 65528 },
		{ "2602000a" "20010db811112222ffffffff", RTNL_CHANGE,
		    "2001:db8:1111:2200::", 56, 8 },
		{ "2602000b" "20010db811112222ffffffff", RTNL_CHANGE,
		    "2001:db8:1111::", 48, 8 },
		{ "2602000c" "20010db811112222ffffffff", RTNL_CHANGE,
		    "2001:db8:1100::", 40, 8 },
		{ "26020005" "20010db811112222ffffffff", RTNL_CHANGE,
		    "2001:db8::", 32, 0 },
		{ "26020006" "20010db811112222ffffffff", RTNL_IGNORED,
		    NULL, 0, 0 },
		{ "26020007" "20010db811112222ffffffff", RTNL_IGNORED,
		    NULL, 0, 0 },
		{ "26010258" "0064ff9b0000000000000000", RTNL_MALFORMED,
		    NULL, 0, 0 },
		{ "26030258" "0064ff9b0000000000000000", RTNL_MALFORMED,
		    NULL, 0, 0 },
		{ "26000258" "0064ff9b0000000000000000", RTNL_MALFORMED,
		    NULL, 0, 0 },
	};
	char hex[512], prefix[KEV_IPSTRLEN];
	struct rtnl_reader r;
	uint8_t bytes[256];
	struct change c;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		snprintf(hex, sizeof hex, "%s%s%s",
		    "440000004400000000000000000000000a00100003000000"
		    "8600000000000000", table[i].option,
		    "14000100fe8000000000000000aa00fffe000020");
		len = unhex(hex, bytes);
		rtnl_reader_init(&r, bytes, len);
		assert_int_equal(rtnl_next(&r, &c), table[i].found);
		if (table[i].found != RTNL_CHANGE)
			continue;
		kev_ip_text(&c.nat64.prefix, prefix);
		assert_string_equal(prefix, table[i].prefix);
		assert_int_equal(c.nat64.prefixlen, table[i].bits);
		assert_int_equal(c.nat64.lifetime, table[i].lifetime);
	}
}

/* All of them into one state: what is told amounts to what it is. */
static struct buf lines;
static struct state *world;
static struct stamp now = { UINT64_C(1795498235000000), 1000000 };

static void
publish(void *arg, struct kev_event *ev)
{
	ev->run = "0";
	kev_event_put(arg, ev);
}

static json_t *
played(struct buf *log)
{
	json_t *player = player_new(), *all;
	char *line, *end;

	buf_putc(log, '\0');
	for (line = log->data; (end = strchr(line, '\n')) != NULL;
	    line = end + 1)
		assert_true(player_line(player, line, (size_t)(end - line)));
	log->len--;
	all = player_state(player);
	json_decref(player);
	return all;
}

static void
apply(const json_t *v)
{
	static uint8_t bytes[65536];
	size_t len = unhex(text(v, "hex"), bytes);
	struct rtnl_reader r;
	enum rtnl_found found;
	struct change c;

	rtnl_reader_init(&r, bytes, len);
	while ((found = rtnl_next(&r, &c)) != RTNL_END) {
		now.mono += 1000;
		if (found == RTNL_CHANGE)
			state_apply(world, &c, &now);
	}
	state_settle(world, &now);
}

static void
through_state(void **state)
{
	struct buf snapshot = BUF_INIT;
	json_t *a, *b;

	(void)state;
	world = state_new(NULL, publish, &lines);
	each_vector(apply);
	a = played(&lines);
	state_snapshot(world, &now, publish, &snapshot);
	b = played(&snapshot);
	assert_true(json_array_size(a) > 0);
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	buf_fini(&snapshot);
	buf_fini(&lines);
	state_free(world);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(damaged),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(through_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "buf.h"
#include "event.h"
#include "object.h"
#include "topics.h"

#include <arpa/inet.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

/* A value for each type, and one that it can't be. */
static const struct {
	enum kev_type type;
	const char *good, *bad;
} values[] = {
	{ KT_STR, "\"a b\"", "7" },
	{ KT_NAMES, "[\"one\",\"\",\"two\"]", "[1]" },
	{ KT_U32, "4294967295", "4294967296" },
	{ KT_I32, "-2", "2147483648" },
	{ KT_U64, "9007199254740993", "-1" },
	{ KT_BOOL, "true", "1" },
	{ KT_IP, "\"2001:db8::1\"", "\"2001:db8::1/64\"" },
	{ KT_LLADDR, "\"02:00:5e:00:53:ff\"", "\"02:00:5e:0\"" },
	{ KT_FLAGS, "[]", "[\"shiny\"]" },
	{ KT_FAMILIES, "[\"inet\",\"inet6\"]", "[\"inet7\"]" },
	{ KT_FAMILY, "\"inet6\"", "\"inet7\"" },
	{ KT_ARPHRD, "\"ether\"", "\"65536\"" },
	{ KT_OPERSTATE, "\"lower-layer-down\"", "\"sideways\"" },
	{ KT_STATUS, "\"tentative\"", "\"3\"" },
	{ KT_SCOPE, "\"link\"", "\"256\"" },
	{ KT_DUPLEX, "\"full\"", "\"double\"" },
	{ KT_TABLE, "\"main\"", "\"4294967296\"" },
	{ KT_CAUSE, "\"slow-reader\"", "null" },
};

/* The words of "protocol" are of another number space in each class. */
static const char *
good_value(enum kev_class class, enum kev_field f)
{
	size_t i;

	if (kev_field_type(f) == KT_PROTOCOL)
		return class == KEV_ADDR ? "\"kernel-ra\"" :
		    class == KEV_ROUTER ? "\"ra\"" : "\"tcp\"";
	for (i = 0; i < LENGTH(values); i++) {
		if (values[i].type == kev_field_type(f))
			return values[i].good;
	}
	fail_msg("no value for %s", kev_field_name(f));
	return NULL;
}

static bool
get(enum kev_class class, union kev_any *any, enum kev_field f,
    const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	const char *want = NULL;
	bool good;

	assert_non_null(v);
	good = kev_object_get(class, &any->object, f, v, &want);
	assert_true(good || want != NULL);
	json_decref(v);
	return good;
}

static void
put(struct buf *b, enum kev_class class, const union kev_any *any,
    uint64_t mask, bool nulls)
{
	buf_clear(b);
	kev_object_put(b, class, &any->object, mask, nulls);
	buf_putc(b, '\0');
	assert_false(b->failed);
}

/* Every field of every class: what is read is written, and fits itself. */
static void
round_trip(void **state)
{
	struct buf b = BUF_INIT;
	union kev_any any;
	char want[256], text[128];
	int class, f;

	(void)state;
	for (class = 0; class < KEV_CLASSES; class++) {
		for (f = 0; f < KEV_F_N; f++) {
			if (!kev_class_has(class, f))
				continue;
			memset(&any, 0, sizeof any);
			assert_true(get(class, &any, f, good_value(class, f)));
			assert_int_equal(any.object.has, UINT64_C(1) << f);
			put(&b, class, &any, UINT64_MAX, false);
			snprintf(want, sizeof want, "{\"%s\":%s}",
			    kev_field_name(f), good_value(class, f));
			assert_string_equal(b.data, want);
			strcpy(text, good_value(class, f));
			if (text[0] == '"') {
				text[strlen(text) - 1] = '\0';
				assert_true(kev_object_fits(class, &any.object,
				    f, text + 1));
			} else if (text[0] != '[') {
				assert_true(kev_object_fits(class, &any.object,
				    f, text));
			}
			assert_false(kev_object_fits(class, &any.object, f,
			    "no such text"));
			kev_object_fini(class, &any.object);
		}
	}
	buf_fini(&b);
}

static void
wrong_values(void **state)
{
	union kev_any any;
	int class, f;
	size_t i;

	(void)state;
	for (class = 0; class < KEV_CLASSES; class++) {
		for (f = 0; f < KEV_F_N; f++) {
			if (!kev_class_has(class, f))
				continue;
			for (i = 0; i < LENGTH(values); i++) {
				if (values[i].type != kev_field_type(f))
					continue;
				memset(&any, 0, sizeof any);
				if (get(class, &any, f, values[i].bad))
					fail_msg("%s took %s",
					    kev_field_name(f), values[i].bad);
				assert_int_equal(any.object.has, 0);
			}
		}
	}
	/* What would not fit in its place. */
	memset(&any, 0, sizeof any);
	assert_false(get(KEV_LINK, &any, KEV_F_MASTER, "\"sixteen-letters-\""));
	assert_true(get(KEV_LINK, &any, KEV_F_MASTER, "\"fifteen-letters\""));
	assert_false(get(KEV_NOTE, &any, KEV_F_LLADDR, "\"0:1\""));
	assert_false(get(KEV_NOTE, &any, KEV_F_LLADDR, "\"00:11:\""));
	assert_false(get(KEV_NOTE, &any, KEV_F_LLADDR, "\"\""));
}

static void
lists(void **state)
{
	struct buf b = BUF_INIT;
	union kev_any any;

	(void)state;
	memset(&any, 0, sizeof any);
	any.link.has = KEV_BIT(FLAGS) | KEV_BIT(ALTNAMES) | KEV_BIT(MTU);
	any.link.flags = KEV_IFF_UP | KEV_IFF_RUNNING | 0x10000;
	put(&b, KEV_LINK, &any, UINT64_MAX, false);
	assert_string_equal(b.data, "{\"mtu\":0,"
	    "\"flags\":[\"up\",\"running\",\"lower-up\"],\"altnames\":[]}");
	assert_true(kev_object_fits(KEV_LINK, &any.object, KEV_F_FLAGS, "run*"));
	assert_false(kev_object_fits(KEV_LINK, &any.object, KEV_F_FLAGS,
	    "up,running"));
	assert_false(kev_object_fits(KEV_LINK, &any.object, KEV_F_ALTNAMES,
	    "*"));
	assert_false(kev_object_fits(KEV_LINK, &any.object, KEV_F_KIND, "*"));
	/* A word that has none is its number, still text. */
	any.link.has = KEV_BIT(TYPE);
	any.link.type = 12345;
	put(&b, KEV_LINK, &any, UINT64_MAX, false);
	assert_string_equal(b.data, "{\"type\":\"12345\"}");
	buf_fini(&b);
}

static void
differences(void **state)
{
	uint64_t all = KEV_BIT(MTU) | KEV_BIT(KIND) | KEV_BIT(ALTNAMES) |
	    KEV_BIT(LLADDR) | KEV_BIT(FLAGS);
	union kev_any a, b;
	char one[] = "one\0two", two[] = "one\0tow";

	(void)state;
	memset(&a, 0, sizeof a);
	a.link.has = all;
	strcpy(a.link.kind, "veth");
	a.link.altnames = (struct kev_names){ one, 8, 2 };
	b = a;
	assert_int_equal(kev_object_diff(KEV_LINK, &a.object, &b.object, all),
	    0);
	/* Bytes behind the end of text mean nothing. */
	b.link.kind[10] = 'x';
	assert_int_equal(kev_object_diff(KEV_LINK, &a.object, &b.object, all),
	    0);
	b.link.mtu = 1500;
	b.link.lladdr.len = 6;
	b.link.altnames.buf = two;
	b.link.has &= ~KEV_BIT(FLAGS);
	assert_int_equal(kev_object_diff(KEV_LINK, &a.object, &b.object, all),
	    KEV_BIT(MTU) | KEV_BIT(LLADDR) | KEV_BIT(ALTNAMES) |
	    KEV_BIT(FLAGS));
	assert_int_equal(kev_object_diff(KEV_LINK, &a.object, &b.object,
	    KEV_BIT(MTU)), KEV_BIT(MTU));
}

static void
event(void **state)
{
	struct kev_addr now = {
		.has = KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(PREFIXLEN) |
		    KEV_BIT(STATUS) | KEV_BIT(BROADCAST),
		.family = KEV_INET6, .prefixlen = 64, .status = KEV_DUPLICATE,
		.address = { KEV_INET6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	};
	struct kev_addr old = now;
	struct kev_event ev = {
		.topic = KEV_T_IPV6_DUPLICATE, .origin = KEV_BY_RTNETLINK,
		.time = UINT64_C(1795498235673074), .mono = 1364834737,
		.seq = 48211, .run = "9c1f", .ifname = "e\xff", .ifindex = 2,
		.netns = "blue", .snapshot = true, .data =
		(const struct kev_object *)&now,
		.prev = (const struct kev_object *)&old,
		.changed = KEV_BIT(STATUS) | KEV_BIT(PEER) | KEV_BIT(MTU),
	};
	struct buf b = BUF_INIT;

	(void)state;
	old.status = KEV_TENTATIVE;
	kev_event_put(&b, &ev);
	buf_putc(&b, '\0');
	/* Broadcast and MTU are nothing that this topic has. */
	assert_string_equal(b.data, "{\"topic\":\"ipv6/duplicate\","
	    "\"time\":\"2026-11-24T05:30:35.673074Z\",\"mono\":1364834737,"
	    "\"seq\":48211,\"id\":\"9c1f-48211\",\"ifname\":\"e\xef\xbf\xbd\","
	    "\"ifname_hex\":\"65ff\",\"ifindex\":2,\"netns\":\"blue\","
	    "\"source\":\"rtnetlink\",\"snapshot\":true,\"data\":{"
	    "\"family\":\"inet6\",\"address\":\"2001:db8::1\","
	    "\"prefixlen\":64,\"status\":\"duplicate\"},"
	    "\"prev\":{\"peer\":null,\"status\":\"tentative\"}}\n");
	ev = (struct kev_event){ .topic = KEV_T_KEV_SYNCED, .run = "0",
	    .origin = KEV_BY_RESYNC };
	buf_clear(&b);
	kev_event_put(&b, &ev);
	buf_putc(&b, '\0');
	assert_string_equal(b.data, "{\"topic\":\"kev/synced\","
	    "\"time\":\"1970-01-01T00:00:00.000000Z\",\"mono\":0,\"seq\":0,"
	    "\"id\":\"0-0\",\"source\":\"resync\",\"data\":{}}\n");
	buf_fini(&b);
}

static void
assert_text_of(const struct kev_ip *ip)
{
	char text[KEV_IPSTRLEN], want[KEV_IPSTRLEN];
	size_t len = kev_ip_text(ip, text);

	assert_non_null(inet_ntop(ip->family == KEV_INET ? AF_INET : AF_INET6,
	    ip->byte, want, sizeof want));
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
}

/* Every choice of groups that are 0, beside groups of every length. */
static void
addresses(void **state)
{
	static const uint16_t groups[] = { 1, 0x2f, 0x3ab, 0x89cd, 0xffff };
	struct kev_ip ip = { .family = KEV_INET6 };
	unsigned zeros, first, i;
	uint16_t group;

	(void)state;
	for (zeros = 0; zeros < 256; zeros++) {
		for (first = 0; first < 5; first++) {
			for (i = 0; i < 8; i++) {
				group = zeros & 1u << i ? 0 :
				    groups[(first + i) % 5];
				ip.byte[2 * i] = (uint8_t)(group >> 8);
				ip.byte[2 * i + 1] = (uint8_t)group;
			}
			assert_text_of(&ip);
		}
	}
	ip = (struct kev_ip){ .family = KEV_INET };
	for (i = 0; i < 256; i++) {
		ip.byte[i % 4] = (uint8_t)i;
		assert_text_of(&ip);
	}
}

/* The seconds around each midnight that there may be. */
static void
dates(void **state)
{
	struct buf b = BUF_INIT;
	char want[64];
	struct tm tm;
	time_t day;

	(void)state;
	for (day = 86400; day < 253402300800; day += 86400) {
		time_t seconds = day - 1 + day / 86400 % 2;

		gmtime_r(&seconds, &tm);
		strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000042Z", &tm);
		buf_clear(&b);
		kev_event_put_time(&b, (uint64_t)seconds * 1000000 + 42);
		assert_int_equal(b.len, strlen(want));
		assert_memory_equal(b.data, want, b.len);
	}
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(lists),
		cmocka_unit_test(differences),
		cmocka_unit_test(event),
		cmocka_unit_test(addresses),
		cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "bounds.h"
#include "pattern.h"
#include "topics.h"

#include <string.h>

#include "test.h"

#define ALL KEV_TOPIC_ALL
#define BAD KEV_PATTERN_BAD
#define UNKNOWN KEV_PATTERN_UNKNOWN
#define DUPLICATE KEV_TOPIC(IPV6_DUPLICATE)
#define ROUTERS4 (KEV_TOPIC(IPV4_ROUTER_ADD) | KEV_TOPIC(IPV4_ROUTER_REMOVE) | \
	KEV_TOPIC(IPV4_ROUTER_FAILURE) | KEV_TOPIC(IPV4_ROUTER_ALIVE))
#define NAT64 (KEV_TOPIC(IPV6_NAT64_PREFIX) | \
	KEV_TOPIC(IPV6_NAT64_PREFIX_REQUEST))

static void
patterns(void **state)
{
	static const struct {
		const char *pattern;
		enum kev_pattern_result result;
		uint64_t set;
	} cases[] = {
		{ "**", KEV_PATTERN_OK, ALL },
		{ "#", KEV_PATTERN_OK, ALL },
		{ "*/*", KEV_PATTERN_OK, ALL },
		{ "+/+", KEV_PATTERN_OK, ALL },
		{ "*/**", KEV_PATTERN_OK, ALL },
		{ "+/#", KEV_PATTERN_OK, ALL },
		{ "ipv6/duplicate", KEV_PATTERN_OK, DUPLICATE },
		{ "+/duplicate", KEV_PATTERN_OK, DUPLICATE },
		{ "ipv?/dup*", KEV_PATTERN_OK, DUPLICATE },
		{ "*6/*c?te", KEV_PATTERN_OK, DUPLICATE },
		{ "ipv4/router-*", KEV_PATTERN_OK, ROUTERS4 },
		{ "ipv6/nat64-*", KEV_PATTERN_OK, NAT64 },
		{ "ipv6/nat64**", KEV_PATTERN_OK, NAT64 },
		{ "network/**", KEV_PATTERN_OK, KEV_TOPIC(NETWORK_CHANGED) },
		{ "network/#", KEV_PATTERN_OK, KEV_TOPIC(NETWORK_CHANGED) },
		{ "kev/*", KEV_PATTERN_OK, KEV_TOPIC_KEV },
		/* A wildcard may find nothing: it is no error. */
		{ "nothing/*", KEV_PATTERN_OK, 0 },
		{ "ipv6/duplicate?", KEV_PATTERN_OK, 0 },
		{ "ipv6/duplicat", UNKNOWN, 0 },
		{ "IPV6/duplicate", UNKNOWN, 0 },
		{ "ipv6 /duplicate", UNKNOWN, 0 },
		{ "", BAD, 0 },
		{ "*", BAD, 0 },
		{ "+", BAD, 0 },
		{ "ipv6", BAD, 0 },
		{ "/", BAD, 0 },
		{ "ipv6/", BAD, 0 },
		{ "/duplicate", BAD, 0 },
		{ "ipv6/duplicate/", BAD, 0 },
		{ "ipv6/*/*", BAD, 0 },
		{ "**/duplicate", BAD, 0 },
		{ "#/duplicate", BAD, 0 },
		{ "ipv6/#x", BAD, 0 },
		{ "ipv6/x+", BAD, 0 },
		{ "ip+/duplicate", BAD, 0 },
		{ "ipv6/[d]uplicate", BAD, 0 },
		{ "ipv6/\\duplicate", BAD, 0 },
	};
	char longest[KEV_GLOB_MAX + 2];
	uint64_t set;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		set = 0;
		if (kev_pattern(cases[i].pattern, &set) != cases[i].result ||
		    set != cases[i].set)
			fail_msg("%s gives %llx", cases[i].pattern,
			    (unsigned long long)set);
	}
	/* The limit itself is allowed, one more is not. */
	memset(longest, '*', sizeof longest);
	memcpy(longest, "ipv6/", 5);
	longest[KEV_GLOB_MAX + 1] = '\0';
	assert_int_equal(kev_pattern(longest, &set), BAD);
	longest[KEV_GLOB_MAX] = '\0';
	assert_int_equal(kev_pattern(longest, &set), KEV_PATTERN_OK);
}

static void
adding(void **state)
{
	uint64_t set = KEV_TOPIC(KEV_GAP);

	(void)state;
	assert_int_equal(kev_pattern("bad", &set), BAD);
	assert_int_equal(kev_pattern("un/known", &set), UNKNOWN);
	assert_int_equal(set, KEV_TOPIC(KEV_GAP));
	assert_int_equal(kev_pattern("ipv6/duplicate", &set), KEV_PATTERN_OK);
	assert_int_equal(set, KEV_TOPIC(KEV_GAP) | DUPLICATE);
}

static void
globs(void **state)
{
	static const struct {
		const char *glob, *text;
		bool fits;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false },
		{ "*", "", true }, { "*", "anything", true },
		{ "***", "x", true }, { "eth*", "eth0", true },
		{ "eth*", "veth0", false }, { "*0", "eth0", true },
		{ "*0", "eth01", false }, { "e*h*0", "eth10", true },
		{ "?", "a", true }, { "?", "", false }, { "?", "ab", false },
		{ "?x", "\xc3\xbcx", true }, { "??", "\xc3\xbc", false },
		{ "eth[0-3]", "eth2", true }, { "eth[0-3]", "eth4", false },
		{ "eth[!0-3]", "eth4", true }, { "eth[^0-3]", "eth3", false },
		{ "[]]", "]", true }, { "[!]]", "]", false },
		{ "[a-]", "-", true }, { "[-a]", "-", true },
		{ "[abc", "[abc", true }, { "[abc", "a", false },
		{ "[", "[", true }, { "a]", "a]", true },
		{ "\\*", "*", true }, { "\\*", "x", false },
		{ "\\", "\\", true }, { "a\\?b", "a?b", true },
		{ "*a*b*c", "xxaxxbxxc", true }, { "*a*b*c", "xxcxb", false },
		{ "2001:db8::*", "2001:db8::1", true },
	};
	char glob[KEV_GLOB_MAX + 2], text[4096];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		if (kev_glob(cases[i].glob, cases[i].text) != cases[i].fits)
			fail_msg("%s and %s", cases[i].glob, cases[i].text);
	}
	/* What takes others for ever takes no time. */
	for (i = 0; i < KEV_GLOB_MAX; i += 2)
		memcpy(glob + i, "*a", 2);
	glob[i] = 'b';
	glob[i + 1] = '\0';
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (i = 0; i < 100; i++)
		assert_false(kev_glob(glob, text));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(adding),
		cmocka_unit_test(globs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "record.h"

#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define LINE(source, rest) "{\"source\":\"" source "\"," \
	"\"time\":\"2026-11-23T05:30:35.673074Z\"" rest "}"

/* What is read is written as it was. */
static void
round_trip(void **state)
{
	static const char *const table[] = {
		LINE("timer", ",\"mono\":1,\"hex\":\"\""),
		LINE("rtnetlink", ",\"hex\":\"00ff10\""),
		LINE("rtnetlink", ",\"mono\":0,\"netns\":\"red\","
		    "\"continued\":true,\"hex\":\"00\""),
		LINE("rtnetlink", ",\"dump\":[\"link\",\"addr4\",\"addr6\","
		    "\"route4\",\"route6\",\"neigh\",\"torn4\","
		    "\"torn6\"],\"hex\":\"\""),
		LINE("rtnetlink", ",\"dump\":[\"route6\"],\"end\":true,"
		    "\"hex\":\"\""),
		LINE("rtnetlink", ",\"end\":256,\"hex\":\"\""),
		LINE("rtnetlink", ",\"cause\":\"kernel-overrun\",\"lost\":7,"
		    "\"hex\":\"\""),
		LINE("audit", ",\"cause\":\"kernel-overrun\",\"hex\":\"\""),
		LINE("audit", ",\"protocol\":\"tcp\",\"hex\":\"41\""),
		LINE("audit", ",\"protocol\":\"132\",\"hex\":\"41\""),
		LINE("arp", ",\"ifindex\":4294967295,\"hex\":\"0001\""),
		LINE("ndp", ",\"ifindex\":2,\"hops\":255,\"from\":\"fe80::1\","
		    "\"hex\":\"88\""),
		LINE("ndp", ",\"hops\":-1,\"from\":\"::\",\"hex\":\"88\""),
		LINE("kern_event", ",\"hex\":\"\""),
		LINE("route", ",\"os\":\"netbsd\",\"abi\":\"lp64le\","
		    "\"hex\":\"00\""),
		LINE("route", ",\"os\":\"\\u0001\\\"\",\"hex\":\"00\""),
	};
	struct buf b = BUF_INIT;
	struct record r = { .text = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		assert_null(record_get(&r, table[i], strlen(table[i])));
		buf_clear(&b);
		record_put(&b, &r);
		buf_putc(&b, '\0');
		b.data[b.len - 2] = '\0';
		assert_string_equal(b.data, table[i]);
		record_fini(&r);
	}
	buf_fini(&b);
}

static void
values(void **state)
{
	static const char line[] = "{\"hex\":\"aBcD\",\"name\":[1],"
	    "\"source\":\"rtnetlink\",\"time\":\"1970-01-01T00:00:01Z\"}";
	static const uint8_t bytes[] = { 0xab, 0xcd };
	struct record r = { .text = NULL };

	(void)state;
	assert_null(record_get(&r, line, strlen(line)));
	assert_int_equal(r.now.time, 1000000);
	assert_false(r.has_mono);
	assert_false(r.empty);
	assert_int_equal(r.message.len, 2);
	assert_memory_equal(r.message.bytes, bytes, 2);
	record_fini(&r);
}

/* A message without bytes is one; what only tells something else is none. */
static void
empty(void **state)
{
	static const struct {
		const char *line;
		bool empty;
	} table[] = {
		{ LINE("rtnetlink", ",\"hex\":\"\""), false },
		{ LINE("rtnetlink", ",\"end\":true,\"hex\":\"\""), true },
		{ LINE("rtnetlink", ",\"end\":true,\"hex\":\"00\""), false },
		{ LINE("timer", ",\"hex\":\"\""), true },
	};
	struct record r = { .text = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		assert_null(record_get(&r, table[i].line,
		    strlen(table[i].line)));
		assert_int_equal(r.empty, table[i].empty);
		record_fini(&r);
	}
}

static void
times(void **state)
{
	static const struct {
		const char *text;
		int64_t micros;		/* -1: is none */
	} table[] = {
		{ "1970-01-01T00:00:00.000000Z", 0 },
		{ "1970-01-01T00:00:00.5Z", 500000 },
		{ "1970-01-01T00:00:00.123456789Z", 123456 },
		{ "2000-02-29T12:00:00Z", 951825600000000 },
		{ "9999-12-31T23:59:59.999999Z", 253402300799999999 },
		{ "2001-02-29T12:00:00Z", -1 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2026-13-01T00:00:00Z", -1 },
		{ "2026-01-00T00:00:00Z", -1 },
		{ "2026-01-01T24:00:00Z", -1 },
		{ "2026-01-01T00:60:00Z", -1 },
		{ "2026-01-01T00:00:61Z", -1 },
		{ "2026-01-01T00:00:00.Z", -1 },
		{ "2026-01-01T00:00:00", -1 },
		{ "2026-01-01T00:00:00+01:00", -1 },
		{ "2026-01-01 00:00:00Z", -1 },
		{ "2026-1-1T00:00:00Z", -1 },
		{ "", -1 },
	};
	struct record r = { .text = NULL };
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		snprintf(line, sizeof line, "{\"source\":\"arp\","
		    "\"time\":\"%s\",\"hex\":\"\"}", table[i].text);
		if (table[i].micros < 0) {
			assert_non_null(record_get(&r, line, strlen(line)));
		} else {
			assert_null(record_get(&r, line, strlen(line)));
			assert_int_equal(r.now.time, table[i].micros);
		}
		record_fini(&r);
	}
}

/* Each fault names the member; the source is known if it could be read. */
static void
faults(void **state)
{
	static const struct {
		const char *line, *part;
		bool source;
	} table[] = {
		{ "", "JSON", false },
		{ "{", "JSON", false },
		{ "{\"source\":\"arp\",\"source\":\"ndp\"}", "twice", true },
		{ "[]", "JSON", false },
		{ "{\"source\":1}", "\"source\"", false },
		{ "{\"source\":\"arp\"}", "\"time\"", true },
		{ "{\"source\":\"arp\",\"time\":1}", "\"time\"", true },
		{ LINE("arp", ""), "\"hex\"", true },
		{ LINE("arp", ",\"hex\":7"), "\"hex\" must be", true },
		{ LINE("arp", ",\"hex\":\"abc\""), "odd", true },
		{ LINE("arp", ",\"hex\":\"0g\""), "digits", true },
		{ LINE("arp", ",\"mono\":-1,\"hex\":\"\""), "\"mono\"", true },
		{ LINE("arp", ",\"mono\":1.5,\"hex\":\"\""), "\"mono\"", true },
		{ LINE("arp", ",\"netns\":\"\",\"hex\":\"\""), "\"netns\"",
		    true },
		{ LINE("arp", ",\"netns\":1,\"hex\":\"\""), "\"netns\"", true },
		{ LINE("arp", ",\"continued\":1,\"hex\":\"\""), "\"continued\"",
		    true },
		{ LINE("arp", ",\"ifindex\":-1,\"hex\":\"\""), "\"ifindex\"",
		    true },
		{ LINE("arp", ",\"ifindex\":4294967296,\"hex\":\"\""),
		    "\"ifindex\"", true },
		{ LINE("arp", ",\"ifindex\":\"1\",\"hex\":\"\""), "\"ifindex\"",
		    true },
		{ LINE("ndp", ",\"hops\":256,\"hex\":\"\""), "\"hops\"", true },
		{ LINE("ndp", ",\"hops\":-2,\"hex\":\"\""), "\"hops\"", true },
		{ LINE("ndp", ",\"from\":\"1.2.3.4\",\"hex\":\"\""), "\"from\"",
		    true },
		{ LINE("ndp", ",\"from\":\"me\",\"hex\":\"\""), "\"from\"",
		    true },
		{ LINE("audit", ",\"protocol\":\"x\",\"hex\":\"\""),
		    "\"protocol\"", true },
		{ LINE("audit", ",\"protocol\":6,\"hex\":\"\""),
		    "\"protocol\"", true },
		{ LINE("route", ",\"os\":1,\"hex\":\"\""), "\"os\"", true },
		{ LINE("route", ",\"abi\":null,\"hex\":\"\""), "\"abi\"",
		    true },
		{ LINE("arp", ",\"dump\":[],\"hex\":\"\""), "\"dump\"", true },
		{ LINE("arp", ",\"dump\":\"link\",\"hex\":\"\""), "\"dump\"",
		    true },
		{ LINE("arp", ",\"dump\":[\"x\"],\"hex\":\"\""), "\"dump\"",
		    true },
		{ LINE("arp", ",\"dump\":[7],\"hex\":\"\""), "\"dump\"", true },
		{ LINE("arp", ",\"end\":false,\"hex\":\"\""), "\"end\"", true },
		{ LINE("arp", ",\"end\":0,\"hex\":\"\""), "\"end\"", true },
		{ LINE("arp", ",\"cause\":\"x\",\"hex\":\"\""), "\"cause\"",
		    true },
		{ LINE("arp", ",\"lost\":-1,\"hex\":\"\""), "\"lost\"", true },
	};
	const char *fault;
	struct record r = { .text = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		fault = record_get(&r, table[i].line, strlen(table[i].line));
		assert_non_null(fault);
		if (strstr(fault, table[i].part) == NULL)
			fail_msg("%s: %s", table[i].line, fault);
		assert_int_equal(r.message.source != NULL, table[i].source);
		record_fini(&r);
	}
}

/* As long as a name may be, and one more. */
static void
long_name(void **state)
{
	char name[257], line[512];
	struct record r = { .text = NULL };

	(void)state;
	memset(name, 'x', sizeof name);
	snprintf(line, sizeof line, LINE("arp", ",\"netns\":\"%.*s\","
	    "\"hex\":\"\""), 255, name);
	assert_null(record_get(&r, line, strlen(line)));
	assert_int_equal(strlen(r.netns), 255);
	record_fini(&r);
	snprintf(line, sizeof line, LINE("arp", ",\"netns\":\"%.*s\","
	    "\"hex\":\"\""), 256, name);
	assert_non_null(record_get(&r, line, strlen(line)));
	record_fini(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(values),
		cmocka_unit_test(empty),
		cmocka_unit_test(times),
		cmocka_unit_test(faults),
		cmocka_unit_test(long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "buf.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* NAME=VALUE; for each member, or "failed" at its end. */
static void
assert_members(const char *text, const char *want)
{
	struct buf b = BUF_INIT;
	struct span name, value;
	struct scan s;
	/* What is read past the end is seen by tools. */
	size_t len = strlen(text);
	char *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy = realloc(copy, len > 0 ? len : 1);
	scan_init(&s, copy, len);
	while (scan_member(&s, &name, &value)) {
		buf_put(&b, name.s, name.len);
		buf_putc(&b, '=');
		buf_put(&b, value.s, value.len);
		buf_putc(&b, ';');
	}
	buf_puts(&b, s.failed ? "failed" : "");
	buf_putc(&b, '\0');
	assert_string_equal(b.data, want);
	/* The end stays the end. */
	assert_false(scan_member(&s, &name, &value));
	free(copy);
	buf_fini(&b);
}

static void
members(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "{}", "" },
		{ " \t\r\n{ } \n", "" },
		{ "{\"a\":1}", "a=1;" },
		{ "{ \"a\" : 1 , \"b\" : \"x\" }", "a=1;b=\"x\";" },
		{ "{\"\":\"\"}", "=\"\";" },
		{ "{\"a\\\"\":\"\\u12aF\\n\\\\\"}", "a\\\"=\"\\u12aF\\n\\\\\";" },
		{ "{\"a\":[],\"b\":{},\"c\":[1,[2],{\"d\":null}]}",
		    "a=[];b={};c=[1,[2],{\"d\":null}];" },
		{ "{\"a\":-0.5e+10,\"b\":1E2,\"c\":0}",
		    "a=-0.5e+10;b=1E2;c=0;" },
		{ "{\"a\":true,\"b\":false,\"c\":null}",
		    "a=true;b=false;c=null;" },
		{ "{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}",
		    "\xc3\xa9=\"\xf0\x9f\x98\x80\";" },
		{ "", "failed" },
		{ "[]", "failed" },
		{ "{", "failed" },
		{ "{,}", "failed" },
		{ "{\"a\"}", "failed" },
		{ "{\"a\":}", "failed" },
		{ "{\"a\":1", "a=1;failed" },
		{ "{\"a\":1,}", "a=1;failed" },
		{ "{\"a\":1}x", "a=1;failed" },
		{ "{\"a\":1 \"b\":2}", "a=1;failed" },
		{ "{a:1}", "failed" },
		{ "{\"a\":01}", "a=0;failed" },
		{ "{\"a\":+1}", "failed" },
		{ "{\"a\":-}", "failed" },
		{ "{\"a\":1.}", "failed" },
		{ "{\"a\":.5}", "failed" },
		{ "{\"a\":1e}", "failed" },
		{ "{\"a\":tru}", "failed" },
		{ "{\"a\":nul", "failed" },
		{ "{\"a\":\"", "failed" },
		{ "{\"a\":\"\\", "failed" },
		{ "{\"a\":\"\\x\"}", "failed" },
		{ "{\"a\":\"\\u12g4\"}", "failed" },
		{ "{\"a\":\"\\u12", "failed" },
		{ "{\"a\":\"\x01\"}", "failed" },
		{ "{\"a\":\"\xff\"}", "failed" },
		{ "{\"a\":\"\xc3", "failed" },
		{ "{\"a\":[1,]}", "failed" },
		{ "{\"a\":[1}", "failed" },
		{ "{\"a\":{\"b\" 1}}", "failed" },
		{ "{\"a\":{1:1}}", "failed" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++)
		assert_members(table[i].text, table[i].want);
}

/* As deep as it may be with the object itself, and one more. */
static void
depth(void **state)
{
	char text[256] = "{\"a\":", want[256] = "a=";
	size_t n = 63;

	(void)state;
	memset(text + 5, '[', n);
	memset(text + 5 + n, ']', n);
	strcpy(text + 5 + 2 * n, "}");
	memcpy(want + 2, text + 5, 2 * n);
	strcpy(want + 2 + 2 * n, ";");
	assert_members(text, want);
	n++;
	memset(text + 5, '[', n);
	memset(text + 5 + n, ']', n);
	strcpy(text + 5 + 2 * n, "}");
	assert_members(text, "failed");
}

static void
integers(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool good;
		int64_t value;
	} table[] = {
		{ "0", 0, 0, true, 0 },
		{ "-1", -1, 255, true, -1 },
		{ "-2", -1, 255, false, 0 },
		{ "255", -1, 255, true, 255 },
		{ "256", -1, 255, false, 0 },
		{ "9223372036854775807", 0, INT64_MAX, true, INT64_MAX },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, false, 0 },
		{ "92233720368547758070", 0, INT64_MAX, false, 0 },
		{ "-9223372036854775808", INT64_MIN, 0, true, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, 0, false, 0 },
		{ "1.0", 0, 9, false, 0 },
		{ "1e1", 0, 99, false, 0 },
		{ "\"1\"", 0, 9, false, 0 },
		{ "true", 0, 9, false, 0 },
	};
	int64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		struct span span = { table[i].text, strlen(table[i].text) };

		assert_int_equal(span_integer(&span, table[i].min,
		    table[i].max, &value), table[i].good);
		if (table[i].good)
			assert_true(value == table[i].value);
	}
}

static void
others(void **state)
{
	struct span span = { "\"a b\"", 5 }, text;
	bool value;

	(void)state;
	assert_true(span_string(&span, &text));
	assert_true(span_is(&text, "a b"));
	assert_false(span_is(&text, "a "));
	assert_false(span_is(&text, "a bc"));
	assert_false(span_bool(&span, &value));
	span = (struct span){ "\"a\\n\"", 5 };
	assert_false(span_string(&span, &text));
	span = (struct span){ "true", 4 };
	assert_false(span_string(&span, &text));
	assert_true(span_bool(&span, &value) && value);
	span = (struct span){ "false", 5 };
	assert_true(span_bool(&span, &value) && !value);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(depth),
		cmocka_unit_test(integers),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

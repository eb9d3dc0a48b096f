#include "config.h"

#include "buf.h"
#include "json.h"

#include <string.h>

#include "test.h"

static void
strings(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
		bool good;
	} cases[] = {
		{ "", 0, "\"\"", true },
		{ "eth0", 4, "\"eth0\"", true },
		{ "a\"b\\c", 5, "\"a\\\"b\\\\c\"", true },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"", true },
		{ "\x01\x1b\x7f", 3, "\"\\u0001\\u001b\\u007f\"", true },
		{ "\0", 1, "\"\\u0000\"", true },
		{ "\xc3\xbc", 2, "\"\xc3\xbc\"", true },
		{ "\xf0\x9f\x90\xa7", 4, "\"\xf0\x9f\x90\xa7\"", true },
		/* A byte alone, a cut one, an overlong one, a surrogate, too
		 * large, a continuation without a beginning. */
		{ "a\xff" "b", 3, "\"a\xef\xbf\xbd" "b\"", false },
		{ "\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"", false },
		{ "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"", false },
		{ "\xed\xa0\x80", 3,
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", false },
		{ "\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		    "\xef\xbf\xbd\"", false },
		{ "\x80", 1, "\"\xef\xbf\xbd\"", false },
		{ "\xf8\x88\x80\x80", 1, "\"\xef\xbf\xbd\"", false },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		buf_clear(&b);
		assert_int_equal(json_put_string(&b, cases[i].in, cases[i].len),
		    cases[i].good);
		buf_putc(&b, '\0');
		assert_string_equal(b.data, cases[i].out);
	}
	buf_fini(&b);
}

static void
numbers(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	json_put_u64(&b, 0);
	buf_putc(&b, ' ');
	json_put_u64(&b, UINT64_MAX);
	buf_putc(&b, ' ');
	json_put_i64(&b, INT64_MIN);
	buf_putc(&b, ' ');
	json_put_i64(&b, -1);
	buf_putc(&b, '\0');
	assert_string_equal(b.data,
	    "0 18446744073709551615 -9223372036854775808 -1");
	buf_fini(&b);
}

static void
growing(void **state)
{
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_putc(&b, (char)i);
	for (i = 0; i < 100000; i++)
		assert_int_equal((unsigned char)b.data[i], i & 0xff);
	buf_drop(&b, 99999);
	assert_int_equal(b.len, 1);
	assert_int_equal((unsigned char)b.data[0], 99999 & 0xff);
	/* More than there can be: it fails, and says so to the end. */
	assert_null(buf_room(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_putc(&b, 'x');
	assert_int_equal(b.len, 1);
	buf_clear(&b);
	assert_false(b.failed);
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(numbers),
		cmocka_unit_test(growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

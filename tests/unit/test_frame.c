#include "config.h"

#include "bounds.h"
#include "frame.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
expect(struct frame *f, bool eof, const char *want)
{
	const char *line;
	size_t len;

	assert_int_equal(frame_next(f, eof, &line, &len), FRAME_LINE);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(line, want, len);
}

static void
expect_nothing(struct frame *f, bool eof)
{
	const char *line;
	size_t len;

	assert_int_equal(frame_next(f, eof, &line, &len), FRAME_NONE);
}

static void
lines(void **state)
{
	static const char text[] = "one\n\ntwo words\nlast";
	struct frame f = { 0 };
	size_t i;

	(void)state;
	assert_true(frame_feed(&f, text, sizeof text - 1));
	expect(&f, false, "one");
	expect(&f, false, "");
	expect(&f, false, "two words");
	expect_nothing(&f, false);
	expect(&f, true, "last");
	expect_nothing(&f, true);
	assert_null(f.in.data);
	/* The same byte by byte. */
	for (i = 0; i < sizeof text - 1; i++) {
		assert_true(frame_feed(&f, text + i, 1));
		if (i == 3)
			expect(&f, false, "one");
		else if (i == 4)
			expect(&f, false, "");
		else if (i == 14)
			expect(&f, false, "two words");
		expect_nothing(&f, false);
	}
	expect(&f, true, "last");
	frame_fini(&f);
}

static void
too_long(void **state)
{
	char *text = malloc(KEV_REQUEST_MAX + 1);
	struct frame f = { 0 };
	const char *line;
	size_t len;
	int i;

	(void)state;
	memset(text, 'x', KEV_REQUEST_MAX + 1);
	/* As long as may be. */
	frame_feed(&f, text, KEV_REQUEST_MAX);
	expect_nothing(&f, false);
	frame_feed(&f, "\n", 1);
	assert_int_equal(frame_next(&f, false, &line, &len), FRAME_LINE);
	assert_int_equal(len, KEV_REQUEST_MAX);
	/* One more, and then very much more; reported once. */
	frame_feed(&f, text, KEV_REQUEST_MAX + 1);
	assert_int_equal(frame_next(&f, false, &line, &len), FRAME_TOO_LONG);
	for (i = 0; i < 100; i++) {
		frame_feed(&f, text, KEV_REQUEST_MAX);
		expect_nothing(&f, false);
		assert_null(f.in.data);
	}
	frame_feed(&f, "end\nnext\n", 9);
	expect(&f, false, "next");
	expect_nothing(&f, false);
	/* Too long and whole in one piece. */
	frame_feed(&f, text, KEV_REQUEST_MAX + 1);
	frame_feed(&f, "\nnext\n", 6);
	assert_int_equal(frame_next(&f, false, &line, &len), FRAME_TOO_LONG);
	expect(&f, false, "next");
	/* Too long and never ended. */
	frame_feed(&f, text, KEV_REQUEST_MAX + 1);
	assert_int_equal(frame_next(&f, true, &line, &len), FRAME_TOO_LONG);
	expect_nothing(&f, true);
	frame_fini(&f);
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

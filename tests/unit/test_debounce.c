#include "config.h"

#include "buf.h"
#include "debounce.h"
#include "line.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static struct debounce d;
static struct kev_line line;
static char text[256];

/* An event about the interface of that index. */
static const struct kev_line *
event(int ifindex, const char *topic, long long mono)
{
	char why[80];
	int n;

	line_fini(&line);
	n = snprintf(text, sizeof text, "{\"topic\":\"%s\",\"id\":\"r-%lld\","
	    "\"ifindex\":%d,\"mono\":%lld}", topic, mono, ifindex, mono);
	assert_int_equal(line_parse(&line, text, (size_t)n, why, sizeof why),
	    0);
	return &line;
}

static int
setup(void **state)
{
	(void)state;
	debounce_init(&d, 1000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	debounce_fini(&d);
	line_fini(&line);
	return 0;
}

/* The one that comes out has that id; NULL: none does. */
static void
comes(struct kev_line *l, const char *id)
{
	if (id == NULL)
		assert_null(l);
	else
		assert_string_equal(kev_line_id(l), id);
	kev_line_free(l);
}

/* The last of each, in the order of those, when it was quiet. */
static void
quiet(void **state)
{
	(void)state;
	assert_int_equal(debounce_due(&d, 0), -1);
	assert_true(debounce_hold(&d, event(1, "interface/link-up", 10), 0));
	assert_true(debounce_hold(&d, event(2, "interface/link-up", 20), 500));
	assert_true(debounce_hold(&d, event(1, "interface/change", 30), 900));
	assert_int_equal(debounce_due(&d, 900), 600);
	comes(debounce_take(&d, 1499), NULL);
	assert_int_equal(debounce_due(&d, 1500), 0);
	comes(debounce_take(&d, 1500), "r-20");
	comes(debounce_take(&d, 1899), NULL);
	comes(debounce_take(&d, 5000), "r-30");
	assert_int_equal(debounce_due(&d, 0), -1);
	comes(debounce_take(&d, 9000), NULL);
	assert_true(debounce_hold(&d, event(1, "interface/change", 40), 9000));
	comes(debounce_take(&d, -1), "r-40");
	/* Things of other kinds. */
	assert_true(debounce_hold(&d, event(1, "interface/change", 50), 0));
	assert_true(debounce_hold(&d, event(1, "interface/quality", 60), 0));
	assert_true(debounce_hold(&d, event(1, "new/topic", 70), 0));
	assert_true(debounce_hold(&d, event(1, "new/other", 80), 0));
	assert_int_equal(d.n, 4);
}

/* Read late, kevd's clock says what was quiet; not one that is not told. */
static void
proven(void **state)
{
	(void)state;
	assert_true(debounce_hold(&d, event(1, "interface/change", 0), 0));
	comes(debounce_take_before(&d, event(1, "interface/change", 999999)),
	    NULL);
	comes(debounce_take_before(&d, event(1, "interface/change", -1)), NULL);
	comes(debounce_take_before(&d, event(1, "interface/change", 1000000)),
	    "r-0");
	comes(debounce_take_before(&d, event(1, "interface/change", 2000000)),
	    NULL);
	assert_true(debounce_hold(&d, event(1, "interface/change", -1), 0));
	comes(debounce_take_before(&d, event(1, "interface/change", 2000000)),
	    NULL);
}

static void
limit(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < DEBOUNCE_MAX; i++)
		assert_true(debounce_hold(&d, event(i, "interface/change", i),
		    0));
	comes(debounce_take_before(&d, &line), NULL);
	assert_true(debounce_hold(&d, event(0, "interface/change", i), 0));
	comes(debounce_take_before(&d, &line), NULL);
	assert_true(debounce_hold(&d, event(i, "interface/change", i), 0));
	comes(debounce_take_before(&d, &line), "r-1");
	comes(debounce_take_before(&d, &line), NULL);
}

static void
is_at(const char *cursor)
{
	if (cursor == NULL)
		assert_null(debounce_cursor(&d));
	else
		assert_string_equal(debounce_cursor(&d), cursor);
}

/* The cursor is before the first that is held, and then where the stream is. */
static void
cursor(void **state)
{
	char longest[300];

	(void)state;
	is_at(NULL);
	debounce_dealt(&d, "r-1");
	is_at("r-1");
	assert_true(debounce_hold(&d, event(1, "interface/change", 2), 0));
	debounce_dealt(&d, "r-2");
	is_at("r-1");
	assert_true(debounce_hold(&d, event(2, "interface/change", 3), 0));
	debounce_dealt(&d, "r-3");
	is_at("r-1");
	/* The first one is of no use any more. */
	assert_true(debounce_hold(&d, event(1, "interface/change", 4), 0));
	debounce_dealt(&d, "r-4");
	is_at("r-2");
	comes(debounce_take(&d, -1), "r-3");
	is_at("r-3");
	comes(debounce_take(&d, -1), "r-4");
	is_at("r-4");
	debounce_dealt(&d, NULL);
	is_at(NULL);
	/* Of one that is too long not a part is kept. */
	memset(longest, 'r', sizeof longest);
	longest[255] = '\0';
	debounce_dealt(&d, longest);
	is_at(longest);
	longest[255] = 'r';
	longest[256] = '\0';
	debounce_dealt(&d, longest);
	is_at(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(proven, setup, teardown),
		cmocka_unit_test_setup_teardown(limit, setup, teardown),
		cmocka_unit_test_setup_teardown(cursor, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

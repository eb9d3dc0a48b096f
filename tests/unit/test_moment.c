#include "config.h"

#include "buf.h"
#include "duration.h"
#include "event.h"
#include "moment.h"

#include <stdlib.h>
#include <time.h>

#include "test.h"

#define DAY INT64_C(86400)

static void
durations(void **state)
{
	static const struct {
		const char *in;
		int64_t ms;	/* -1: none */
	} cases[] = {
		{ "10", 10000 }, { "1.5", 1500 }, { "500ms", 500 },
		{ "30s", 30000 }, { "2m", 120000 }, { "2min", 120000 },
		{ "1h", 3600000 }, { "1d", DAY * 1000 },
		{ "1 week", 7 * DAY * 1000 }, { "2 hours", 7200000 },
		{ "1h 30m", 5400000 }, { "1h30min", 5400000 },
		{ "1m 30", 90000 }, { "0", 0 }, { "1.0000009s", 1000 },
		{ "1000d", 1000 * DAY * 1000 }, { "1001d", -1 },
		{ "1000d 1ms", -1 }, { "999d 1d", 1000 * DAY * 1000 },
		{ "999999999999w", -1 }, { "9999999999999ms", -1 },
		{ "", -1 }, { "m", -1 }, { "10x", -1 }, { "-1", -1 },
		{ "1.", -1 }, { ".5", -1 }, { " 1", -1 }, { "1 m s", -1 },
		{ "1 minut", -1 }, { "1 minutess", -1 }, { "10 ago", -1 },
	};
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		if (!duration_parse(cases[i].in, &ms))
			ms = -1;
		if (ms != cases[i].ms)
			fail_msg("%s: %lld", cases[i].in, (long long)ms);
	}
}

/* Now it is 2026-11-23 12:00:00.5 in a place that is an hour ahead of UTC. */
static void
moments(void **state)
{
	static const struct {
		const char *in, *out;	/* NULL: none */
	} cases[] = {
		{ "now", "2026-11-23T11:00:00.500000Z" },
		{ "today", "2026-11-22T23:00:00.000000Z" },
		{ "yesterday", "2026-11-21T23:00:00.000000Z" },
		{ "10m", "2026-11-23T10:50:00.500000Z" },
		{ "-10m", "2026-11-23T10:50:00.500000Z" },
		{ "2h ago", "2026-11-23T09:00:00.500000Z" },
		{ "10 minutes ago", "2026-11-23T10:50:00.500000Z" },
		{ "1h 30min ago", "2026-11-23T09:30:00.500000Z" },
		{ "1d", "2026-11-22T11:00:00.500000Z" },
		{ "05:30", "2026-11-23T04:30:00.000000Z" },
		{ "05:30:35.25", "2026-11-23T04:30:35.250000Z" },
		{ "2026-11-20", "2026-11-19T23:00:00.000000Z" },
		/* Summer. */
		{ "2026-07-01", "2026-06-30T22:00:00.000000Z" },
		{ "2026-07-01 00:30", "2026-06-30T22:30:00.000000Z" },
		{ "2026-11-20 05:30:35", "2026-11-20T04:30:35.000000Z" },
		{ "2026-11-20T05:30:35", "2026-11-20T04:30:35.000000Z" },
		{ "2026-11-20T05:30:35.673074Z", "2026-11-20T05:30:35.673074Z" },
		{ "2026-11-20T05:30:35.6730749z", "2026-11-20T05:30:35.673074Z" },
		{ "2026-11-20 05:30:35 UTC", "2026-11-20T05:30:35.000000Z" },
		{ "2026-11-20T05:30:35-02:30", "2026-11-20T08:00:35.000000Z" },
		{ "2026-11-20T00:30:00+01:00", "2026-11-19T23:30:00.000000Z" },
		{ "2026-11-20Z", "2026-11-20T00:00:00.000000Z" },
		{ "2024-02-29", "2024-02-28T23:00:00.000000Z" },
		{ "@0", "1970-01-01T00:00:00.000000Z" },
		{ "@1795411835.000001", "2026-11-23T05:30:35.000001Z" },
		{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000Z" },
		{ "", NULL }, { "soon", NULL }, { "10", NULL }, { "-10", NULL },
		{ "--10m", NULL }, { "-", NULL }, { "ago", NULL },
		{ " ago", NULL }, { "10 ago", NULL }, { "+10m", NULL },
		{ "24:00", NULL }, { "05:60", NULL }, { "05:30:60", NULL },
		{ "5:30", NULL }, { "05:30:35.", NULL }, { "05:30Z", NULL },
		{ "05:30 x", NULL }, { "2026-11-31", NULL },
		{ "2025-02-29", NULL }, { "2026-13-01", NULL },
		{ "2026-00-01", NULL }, { "2026-11-00", NULL },
		{ "1969-12-31", NULL }, { "2026-11-20T", NULL },
		{ "2026-11-20 ", NULL },
		{ "2026-11-20x05:30", NULL }, { "2026-1-20", NULL },
		{ "2026-11-20T05:30+1", NULL }, { "2026-11-20T05:30+24:00", NULL },
		{ "2026-11-20T05:30+01:00x", NULL },
		{ "2026-11-20 05:30 UTCx", NULL },
		{ "2026-", NULL }, { "@", NULL }, { "@x", NULL }, { "@1x", NULL },
		{ "@-1", NULL }, { "@1.", NULL }, { "@100000000000", NULL },
		{ "10000000000000000000000000000000000000000000000000000000000000m",
		    NULL },
	};
	static const int64_t now = INT64_C(1795431600500000);
	struct buf b = BUF_INIT;
	int64_t us;
	size_t i;

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (i = 0; i < LENGTH(cases); i++) {
		if (!moment_parse(cases[i].in, now, &us)) {
			if (cases[i].out != NULL)
				fail_msg("%s: none", cases[i].in);
			continue;
		}
		buf_clear(&b);
		kev_event_put_time(&b, (uint64_t)us);
		buf_putc(&b, '\0');
		if (cases[i].out == NULL)
			fail_msg("%s: %s", cases[i].in, b.data);
		assert_string_equal(b.data, cases[i].out);
	}
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

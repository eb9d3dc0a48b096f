/*
 * Times and lengths of time as people write them. A time that was understood is
 * understood again in the way in which events have it.
 */
#include "config.h"

#include "buf.h"
#include "duration.h"
#include "event.h"
#include "fuzz.h"
#include "moment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY INT64_C(86400000)
#define NOW INT64_C(1795431600500000)

static void
moment(const char *text)
{
	struct buf b = BUF_INIT;
	int64_t us, again;

	if (!moment_parse(text, NOW, &us) || us < 0)
		return;
	kev_event_put_time(&b, (uint64_t)us);
	buf_putc(&b, '\0');
	/* Only in the west a year of four digits can end in the next one. */
	if (us < INT64_C(253402300800000000))
		MUST(moment_parse(b.data, NOW, &again) && us == again);
	buf_fini(&b);
}

/* The same everywhere. */
static void
set_zone(void)
{
	static bool done;

	if (done)
		return;
	MUST(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) == 0);
	tzset();
	done = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	int64_t ms;

	MUST(text != NULL);
	set_zone();
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	if (duration_parse(text, &ms))
		MUST(ms >= 0 && ms <= 1000 * DAY);
	moment(text);
	free(text);
	return 0;
}

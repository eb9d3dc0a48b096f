/*
 * A subscription, an event to inject, and what that was before, each on a line:
 * the filter says the same of the event and of the line that it becomes.
 */
#include "config.h"

#include "buf.h"
#include "fuzz.h"
#include "request.h"

#include <jansson.h>
#include <string.h>

enum { WANT, EVENT, BEFORE, LINES };

static void
compare(const struct kev_request *r, bool has_prev)
{
	const struct kev_filter *f = &r[WANT].filter;
	struct kev_event ev = {
		.topic = r[EVENT].topic, .run = "0", .ifname = r[EVENT].ifname,
		.netns = json_string_value(json_object_get(r[EVENT].root,
		    "netns")),
		.data = &r[EVENT].data.object,
		.prev = has_prev ? &r[BEFORE].data.object : NULL,
		.changed = UINT64_MAX,
	};
	struct buf b = BUF_INIT;

	kev_event_put(&b, &ev);
	MUST(kev_filter_fits(f, &ev) ==
	    kev_filter_fits_line(f, ev.topic, b.data, b.len));
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const enum kev_op want[LINES] = { KEV_SUBSCRIBE, KEV_INJECT,
	    KEV_INJECT };
	const char *p = (const char *)bytes, *end = p + len, *newline;
	struct kev_request r[LINES];
	char message[512];
	bool good[LINES];
	int i;

	for (i = 0; i < LINES; i++) {
		newline = len > 0 ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (newline == NULL)
			newline = end;
		good[i] = kev_request_parse(&r[i], p, (size_t)(newline - p),
		    message, sizeof message) == KEV_OK && r[i].op == want[i];
		p = newline < end ? newline + 1 : end;
	}
	/* The name before a rename is always known. */
	good[BEFORE] = good[BEFORE] && r[BEFORE].topic == r[EVENT].topic &&
	    (r[BEFORE].topic != KEV_T_INTERFACE_RENAME ||
	    (r[BEFORE].data.object.has & KEV_BIT(IFNAME)) != 0);
	if (good[WANT] && good[EVENT])
		compare(r, good[BEFORE]);
	for (i = 0; i < LINES; i++)
		kev_request_fini(&r[i]);
	return 0;
}

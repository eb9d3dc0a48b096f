/*
 * One line of a recording: what is read of it, and written again, is read as
 * the same.
 */
#include "config.h"

#include "buf.h"
#include "fuzz.h"
#include "record.h"

#include <stdbool.h>
#include <string.h>

static bool
same_message(const struct message *a, const struct message *b)
{
	if (a->len != b->len || a->ifindex != b->ifindex ||
	    a->protocol != b->protocol ||
	    (a->len > 0 && memcmp(a->bytes, b->bytes, a->len) != 0))
		return false;
	/* Of others it says nothing. */
	return strcmp(a->source, "ndp") != 0 || (a->hops == b->hops &&
	    memcmp(a->from, b->from, sizeof a->from) == 0);
}

static bool
same(const struct record *a, const struct record *b)
{
	if (strcmp(a->message.source, b->message.source) != 0 ||
	    a->empty != b->empty || (a->netns == NULL) != (b->netns == NULL) ||
	    (a->netns != NULL && strcmp(a->netns, b->netns) != 0))
		return false;
	return a->now.time == b->now.time && a->now.mono == b->now.mono &&
	    a->has_mono == b->has_mono && a->continued == b->continued &&
	    a->parts == b->parts && a->end == b->end && a->cause == b->cause &&
	    (a->cause == 0 || a->lost == b->lost) &&
	    (a->empty || same_message(&a->message, &b->message));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf b = BUF_INIT;
	struct record r = { .text = NULL }, again = r;

	if (record_get(&r, (const char *)bytes, len) == NULL) {
		record_put(&b, &r);
		MUST(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
		MUST(record_get(&again, b.data, b.len - 1) == NULL);
		MUST(same(&r, &again));
		record_fini(&again);
	}
	record_fini(&r);
	buf_fini(&b);
	return 0;
}

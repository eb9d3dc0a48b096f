/*
 * Whatever is JSON for jansson is JSON here, and has the same members.
 */
#include "config.h"

#include "fuzz.h"
#include "scan.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

/* Of two members of one name jansson has the last, so only that is compared. */
static void
compare(const json_t *root, const struct span *name, const struct span *value)
{
	const json_t *theirs;
	int64_t integer;
	struct span text;

	theirs = json_object_getn(root, name->s, name->len);
	if (theirs == NULL)
		return;
	if (json_is_integer(theirs))
		MUST(span_integer(value, INT64_MIN, INT64_MAX, &integer) &&
		    integer == json_integer_value(theirs));
	if (json_is_string(theirs) && span_string(value, &text))
		MUST(text.len == json_string_length(theirs) &&
		    memcmp(text.s, json_string_value(theirs), text.len) == 0);
}

static size_t
count_brackets(const uint8_t *bytes, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += bytes[i] == '[' || bytes[i] == '{';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	json_t *root = json_loadb((const char *)bytes, len,
	    JSON_REJECT_DUPLICATES, NULL);
	struct span name, value;
	struct scan s;
	size_t n = 0;

	scan_init(&s, (const char *)bytes, len);
	while (scan_member(&s, &name, &value)) {
		MUST(name.s >= (const char *)bytes && value.len > 0 &&
		    value.s + value.len <= (const char *)bytes + len);
		if (json_is_object(root))
			compare(root, &name, &value);
		n++;
	}
	/* What is nested too deep is the one thing that is refused here; and a
	 * NUL behind a number, which jansson passes over. */
	if (json_is_object(root) && memchr(bytes, '\0', len) == NULL)
		MUST(s.failed ? count_brackets(bytes, len) > 64 :
		    n == json_object_size(root));
	json_decref(root);
	return 0;
}

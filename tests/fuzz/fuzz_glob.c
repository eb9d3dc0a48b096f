/*
 * A pattern, a NUL and a text: both kinds of pattern end, in time.
 */
#include "config.h"

#include "bounds.h"
#include "fuzz.h"
#include "pattern.h"
#include "topics.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *pattern = malloc(len + 2), *text;
	uint64_t set = 0;

	MUST(pattern != NULL);
	if (len > 0)
		memcpy(pattern, bytes, len);
	pattern[len] = pattern[len + 1] = '\0';
	text = pattern + strlen(pattern) + 1;
	if (strlen(pattern) <= KEV_GLOB_MAX)
		(void)kev_glob(pattern, text);
	MUST(kev_glob("*", text));
	if (kev_pattern(pattern, &set) != KEV_PATTERN_OK)
		MUST(set == 0);
	MUST((set & ~KEV_TOPIC_ALL) == 0);
	free(pattern);
	return 0;
}

/*
 * A pattern, a NUL and a text: both kinds of pattern end, in time. What other
 * programs call a glob means the same here, as far as it goes.
 */
#include "config.h"

#include "bounds.h"
#include "fuzz.h"
#include "pattern.h"
#include "topics.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Every character with a backslash before it: the text itself. */
static void
escaped(const char *text)
{
	char *glob = malloc(2 * strlen(text) + 1), *p = glob;
	const char *t;

	MUST(glob != NULL);
	for (t = text; *t != '\0'; t++) {
		*p++ = '\\';
		*p++ = *t;
	}
	*p = '\0';
	MUST(kev_glob(glob, text));
	free(glob);
}

static bool
is_ascii(const char *s)
{
	while (*s != '\0' && (*s & 0x80) == 0)
		s++;
	return *s == '\0';
}

/* Sets differ, and characters, and a backslash at the end; its time, too. */
static void
compare(const char *glob, const char *text)
{
	size_t len = strlen(glob);

	if (len == 0 || len > 32 || strlen(text) > 32 || !is_ascii(glob) ||
	    !is_ascii(text) || strchr(glob, '[') != NULL ||
	    glob[len - 1] == '\\')
		return;
	MUST(kev_glob(glob, text) == (fnmatch(glob, text, 0) == 0));
}

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
	escaped(text);
	compare(pattern, text);
	if (kev_pattern(pattern, &set) != KEV_PATTERN_OK)
		MUST(set == 0);
	MUST((set & ~KEV_TOPIC_ALL) == 0);
	free(pattern);
	return 0;
}

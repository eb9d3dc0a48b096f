#include "config.h"

#include "pattern.h"

#include "bounds.h"
#include "topics.h"

#include <string.h>

/*
 * Whether C is in the set that begins after "[" at G; *END is then what
 * follows its "]". Without a "]" *END is NULL.
 */
static bool
in_set(const char *g, unsigned char c, const char **end)
{
	bool negated = *g == '!' || *g == '^', found = false;
	const char *first;
	unsigned char low, high;

	if (negated)
		g++;
	first = g;
	*end = NULL;
	while (*g != '\0' && (*g != ']' || g == first)) {
		low = high = (unsigned char)*g++;
		if (*g == '-' && g[1] != ']' && g[1] != '\0') {
			high = (unsigned char)g[1];
			g += 2;
		}
		if (c >= low && c <= high)
			found = true;
	}
	if (*g == ']')
		*end = g + 1;
	return found != negated;
}

/* Whether the one thing at *G, no star, fits the text at *T; moves past both. */
static bool
fits_one(const char **g, const char **t)
{
	const char *end;
	bool in;

	switch (**g) {
	case '?':
		++*g;
		++*t;
		while (((unsigned char)**t & 0xc0) == 0x80)
			++*t;
		return true;
	case '[':
		in = in_set(*g + 1, (unsigned char)**t, &end);
		if (end == NULL)
			break;
		*g = end;
		++*t;
		return in;
	case '\\':
		if ((*g)[1] != '\0')
			++*g;
		break;
	default:
		break;
	}
	return *(*g)++ == *(*t)++;
}

bool
kev_glob(const char *g, const char *t)
{
	const char *star = NULL, *retry = NULL;

	/* Only the last star ever needs another try. */
	for (;;) {
		if (*g == '*') {
			star = ++g;
			retry = t;
			continue;
		}
		if (*t == '\0')
			return *g == '\0';
		if (*g != '\0' && fits_one(&g, &t))
			continue;
		if (star == NULL)
			return false;
		g = star;
		t = ++retry;
	}
}

/* Whether one level of a pattern is one, and changes "+", "#" into globs. */
static bool
level(char *s, bool last)
{
	if (*s == '\0')
		return false;
	if (strcmp(s, "+") == 0 || (last && strcmp(s, "#") == 0)) {
		*s = '*';
		return true;
	}
	/* Topics have none of these, and they mean something elsewhere. */
	if (strpbrk(s, "+#[]\\/") != NULL)
		return false;
	return last || strstr(s, "**") == NULL;
}

enum kev_pattern_result
kev_pattern(const char *pattern, uint64_t *set)
{
	char first[KEV_GLOB_MAX + 1], name[KEV_GLOB_MAX + 1], *second, *slash;
	uint64_t found = 0;
	int t;

	if (strcmp(pattern, "**") == 0 || strcmp(pattern, "#") == 0) {
		*set |= KEV_TOPIC_ALL;
		return KEV_PATTERN_OK;
	}
	if (strlen(pattern) > KEV_GLOB_MAX)
		return KEV_PATTERN_BAD;
	strcpy(first, pattern);
	slash = strchr(first, '/');
	if (slash == NULL)
		return KEV_PATTERN_BAD;
	*slash = '\0';
	second = slash + 1;
	if (!level(first, false) || !level(second, true))
		return KEV_PATTERN_BAD;
	for (t = 0; t < KEV_TOPICS; t++) {
		strcpy(name, kev_topics[t].name);
		slash = strchr(name, '/');
		*slash = '\0';
		if (kev_glob(first, name) && kev_glob(second, slash + 1))
			found |= UINT64_C(1) << t;
	}
	if (found == 0 && strpbrk(pattern, "*?+#") == NULL)
		return KEV_PATTERN_UNKNOWN;
	*set |= found;
	return KEV_PATTERN_OK;
}

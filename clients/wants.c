#include "config.h"

#include "filter.h"
#include "options.h"
#include "pattern.h"
#include "tool.h"
#include "topics.h"
#include "wants.h"

#include <string.h>

#include <jansson.h>

#define KEY_MAX 64

bool
wants_check(const struct options *o)
{
	const char *const *p;
	uint64_t set = 0;

	for (p = o->patterns; *p != NULL; p++) {
		switch (kev_pattern(*p, &set)) {
		case KEV_PATTERN_BAD:
			say("not a pattern of topics: %s", *p);
			return false;
		case KEV_PATTERN_UNKNOWN:
			say("there is no topic %s", *p);
			return false;
		default:
			break;
		}
	}
	return true;
}

bool
wants_topic(const struct options *o, const char *topic)
{
	const char *const *p;
	int t = kev_topic_find(topic);
	uint64_t set = 0;

	/* A newer kevd may have topics that we don't know. */
	if (t == -1)
		return true;
	for (p = o->patterns; *p != NULL; p++)
		(void)kev_pattern(*p, &set);
	return (set & UINT64_C(1) << t) != 0;
}

/* The parts of KEY=GLOB and KEY!=GLOB. */
static const char *
split(const char *match, char *key, bool *negated)
{
	size_t n = strcspn(match, "=");
	const char *glob = match + n + 1;

	*negated = match[n - 1] == '!';
	if (*negated)
		n--;
	if (n >= KEY_MAX)
		n = KEY_MAX - 1;
	memcpy(key, match, n);
	key[n] = '\0';
	return glob;
}

bool
wants_data(const struct options *o, const struct json_t *data)
{
	const char *const *m;
	char key[KEY_MAX];
	const char *glob;
	bool negated;

	for (m = o->matches; *m != NULL; m++) {
		glob = split(*m, key, &negated);
		if (kev_value_fits(glob, json_object_get(data, key)) == negated)
			return false;
	}
	return true;
}

void
wants_matches(const struct options *o, const char **list)
{
	char key[KEY_MAX], other[KEY_MAX];
	const char *const *m;
	bool negated, seen;
	size_t n = 0, i;

	for (m = o->matches; *m != NULL; m++) {
		(void)split(*m, key, &negated);
		seen = negated;
		for (i = 0; i < n && !seen; i++) {
			bool unused;

			(void)split(list[i], other, &unused);
			seen = strcmp(key, other) == 0;
		}
		if (!seen)
			list[n++] = *m;
	}
	list[n] = NULL;
}

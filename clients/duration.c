#include "config.h"

#include "duration.h"

#include <stddef.h>
#include <string.h>

#define DAY INT64_C(86400000)
#define LONGEST (1000 * DAY)

static const struct {
	const char *unit;
	int64_t ms;
} units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
	{ "h", 3600000 }, { "d", DAY },
};

bool
duration_parse(const char *s, int64_t *ms)
{
	int64_t whole = 0, part = 0, scale = 1;
	size_t i, digits = strspn(s, "0123456789");

	if (digits == 0 || digits > 12)
		return false;
	for (; digits > 0; digits--)
		whole = whole * 10 + (*s++ - '0');
	if (*s == '.' && strspn(s + 1, "0123456789") > 0) {
		for (s++; *s >= '0' && *s <= '9'; s++) {
			if (scale == 1000000)
				continue;
			part = part * 10 + (*s - '0');
			scale *= 10;
		}
	}
	for (i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(s, units[i].unit) != 0)
			continue;
		if (whole > LONGEST / units[i].ms)
			return false;
		*ms = whole * units[i].ms + part * units[i].ms / scale;
		return true;
	}
	return false;
}

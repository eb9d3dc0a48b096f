#include "config.h"

#include "duration.h"

#include <stddef.h>
#include <string.h>

#define DAY INT64_C(86400000)
#define LONGEST (1000 * DAY)

static const struct {
	const char *units;	/* with a space after each */
	int64_t ms;
} scales[] = {
	{ "ms msec ", 1 },
	{ "s sec second seconds ", 1000 },
	{ "m min minute minutes ", 60000 },
	{ "h hr hour hours ", 3600000 },
	{ "d day days ", DAY },
	{ "w week weeks ", 7 * DAY },
};

/* The milliseconds of the unit that S begins with; moves S behind it. */
static int64_t
unit(const char **s)
{
	size_t i, n = strspn(*s, "abcdefghijklmnopqrstuvwxyz"), len;
	const char *word = *s, *known;

	*s += n;
	if (n == 0)
		return 1000;
	for (i = 0; i < sizeof scales / sizeof *scales; i++) {
		known = scales[i].units;
		for (; *known != '\0'; known += len + 1) {
			len = strcspn(known, " ");
			if (len == n && memcmp(known, word, n) == 0)
				return scales[i].ms;
		}
	}
	return 0;
}

/* One number and its unit, of which there may be several. */
static bool
piece(const char **s, int64_t *ms)
{
	int64_t whole = 0, part = 0, scale = 1, of;
	size_t digits = strspn(*s, "0123456789");

	if (digits == 0 || digits > 12)
		return false;
	for (; digits > 0; digits--)
		whole = whole * 10 + (*(*s)++ - '0');
	if (**s == '.' && strspn(*s + 1, "0123456789") > 0) {
		for ((*s)++; **s >= '0' && **s <= '9'; (*s)++) {
			if (scale == 1000000)
				continue;
			part = part * 10 + (**s - '0');
			scale *= 10;
		}
	}
	*s += strspn(*s, " ");
	of = unit(s);
	*s += strspn(*s, " ");
	if (of == 0 || whole > LONGEST / of)
		return false;
	*ms = whole * of + part * of / scale;
	return true;
}

bool
duration_parse(const char *s, int64_t *ms)
{
	int64_t sum = 0, more;

	do {
		if (!piece(&s, &more))
			return false;
		sum += more;
		if (sum > LONGEST)
			return false;
	} while (*s != '\0');
	*ms = sum;
	return true;
}

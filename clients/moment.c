#include "config.h"

#include "duration.h"
#include "moment.h"

#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)

/* Exactly N digits, and the number they are between LOW and HIGH. */
static bool
number(const char **s, int n, int low, int high, int *value)
{
	*value = 0;
	for (; n > 0; n--) {
		if (**s < '0' || **s > '9')
			return false;
		*value = *value * 10 + (*(*s)++ - '0');
	}
	return *value >= low && *value <= high;
}

/* ".673" if it is there, in microseconds; further digits make no difference. */
static bool
fraction(const char **s, int64_t *us)
{
	int64_t digit = SECOND / 10;

	*us = 0;
	if (**s != '.')
		return true;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, digit /= 10)
		*us += (**s - '0') * digit;
	return (*s)[-1] != '.';
}

/* HH:MM[:SS[.FRACTION]] */
static bool
clock_time(const char **s, struct tm *tm, int64_t *us)
{
	*us = 0;
	if (!number(s, 2, 0, 23, &tm->tm_hour) || *(*s)++ != ':' ||
	    !number(s, 2, 0, 59, &tm->tm_min))
		return false;
	if (**s != ':')
		return true;
	(*s)++;
	return number(s, 2, 0, 59, &tm->tm_sec) && fraction(s, us);
}

/* YYYY-MM-DD */
static bool
date(const char **s, struct tm *tm)
{
	if (!number(s, 4, 1970, 9999, &tm->tm_year) || *(*s)++ != '-' ||
	    !number(s, 2, 1, 12, &tm->tm_mon) || *(*s)++ != '-' ||
	    !number(s, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

/* Z, UTC or +HH:MM, all that is left; the seconds that it is east. */
static bool
zone(const char *s, int64_t *east)
{
	int hours, minutes, sign = *s == '-' ? -1 : 1;

	*east = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0 ||
	    strcmp(s, " UTC") == 0)
		return true;
	if (*s != '-' && *s != '+')
		return false;
	s++;
	if (!number(&s, 2, 0, 23, &hours) || *s++ != ':' ||
	    !number(&s, 2, 0, 59, &minutes))
		return false;
	*east = sign * (hours * 3600 + minutes * 60);
	return *s == '\0';
}

static bool
absolute(const char *s, const struct tm *today, int64_t *us)
{
	bool dated = strlen(s) >= 5 && s[4] == '-';
	struct tm tm = *today;
	int64_t part = 0, east;
	int mon, mday;
	time_t t;

	if (dated && !date(&s, &tm))
		return false;
	if (!dated || *s == ' ' || *s == 'T' || *s == 't') {
		s += dated;
		if (!clock_time(&s, &tm, &part))
			return false;
	}
	mon = tm.tm_mon;
	mday = tm.tm_mday;
	if (dated && *s != '\0') {
		if (!zone(s, &east))
			return false;
		t = timegm(&tm) - (time_t)east;
	} else if (*s == '\0') {
		t = mktime(&tm);
	} else {
		return false;
	}
	*us = t * SECOND + part;
	/* The 31st of a month that has 30 would be the 1st of the next. */
	return tm.tm_mon == mon && tm.tm_mday == mday;
}

/* A length of time with a unit, "-" before or "ago" behind it, or neither. */
static bool
relative(const char *s, int64_t now, int64_t *us)
{
	size_t len = strlen(s);
	char length[64];
	int64_t ms;

	if (len >= sizeof length)
		return false;
	memcpy(length, s, len + 1);
	if (len > 4 && strcmp(s + len - 4, " ago") == 0)
		length[len -= 4] = '\0';
	else if (*s == '-')
		memmove(length, s + 1, len--);
	if (len == 0 || (length[len - 1] >= '0' && length[len - 1] <= '9') ||
	    !duration_parse(length, &ms))
		return false;
	*us = now - ms * 1000;
	return true;
}

static bool
epoch(const char *s, int64_t *us)
{
	int64_t whole = 0, part;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		whole = whole * 10 + (*s - '0');
		if (whole > INT64_C(99999999999))
			return false;
	}
	if (!fraction(&s, &part) || *s != '\0')
		return false;
	*us = whole * SECOND + part;
	return true;
}

bool
moment_parse(const char *s, int64_t now, int64_t *us)
{
	time_t t = (time_t)(now / SECOND);
	struct tm today;

	if (localtime_r(&t, &today) == NULL)
		return false;
	today.tm_hour = today.tm_min = today.tm_sec = 0;
	today.tm_isdst = -1;
	if (strcmp(s, "now") == 0) {
		*us = now;
		return true;
	}
	if (strcmp(s, "today") == 0 || strcmp(s, "yesterday") == 0) {
		today.tm_mday -= *s == 'y';
		*us = mktime(&today) * SECOND;
		return true;
	}
	if (*s == '@')
		return epoch(s + 1, us);
	return relative(s, now, us) || absolute(s, &today, us);
}

/*
 * Reading JSON where it lies: the members of an object one after the other,
 * without memory and without a tree of them. For what is read in amounts;
 * values that are rare are jansson's work, which is given their text.
 */
#ifndef KEV_SCAN_H
#define KEV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Some bytes of the text; lent. */
struct span {
	const char *s;
	size_t len;
};

struct scan {
	const char *p, *end;
	bool begun;		/* a member was read */
	bool done;		/* the last one was */
	bool failed;		/* it is not an object of JSON */
};

/* To read TEXT of LEN bytes, which is an object and nothing else. */
void scan_init(struct scan *, const char *text, size_t len);

/*
 * The next member: its name without quotes, its value with all that belongs to
 * it. False after the last, and when something is not as RFC 8259 has it
 * ("failed"); of that it does not see whether surrogates are paired, numbers
 * are in range and members come once.
 */
bool scan_member(struct scan *, struct span *name, struct span *value);

/* As written: names with escapes in them are others. */
bool span_is(const struct span *, const char *name);

/* The bytes of a string in which nothing is escaped; else false. */
bool span_string(const struct span *value, struct span *text);

/* False: it is no integer from MIN to MAX. */
bool span_integer(const struct span *, int64_t min, int64_t max, int64_t *);

/* False: it is no boolean. */
bool span_bool(const struct span *, bool *);

/* The value of a digit of a hexadecimal number, or -1. */
static inline int
scan_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of two of them, or -1. What follows a byte that is none, such as the
 * end of a string, is not looked at. */
static inline int
scan_byte(const char *s)
{
	int high = scan_digit(s[0]), low = high == -1 ? -1 : scan_digit(s[1]);

	return low == -1 ? -1 : high << 4 | low;
}

#endif

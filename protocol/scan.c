#include "config.h"

#include "scan.h"

#include "json.h"

#include <string.h>

/* Arrays and objects in each other; the stack is not the sender's. */
#define DEPTH 64

static bool skip_value(struct scan *, int depth);

void
scan_init(struct scan *s, const char *text, size_t len)
{
	*s = (struct scan){ .p = text, .end = text + len };
}

static bool
fail(struct scan *s)
{
	s->failed = true;
	return false;
}

static void
skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	    *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* Whether C comes next; it is passed then. */
static bool
pass(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool
skip_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return fail(s);
	s->p += len;
	return true;
}

static size_t
skip_digits(struct scan *s)
{
	const char *begin = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - begin);
}

static bool
skip_number(struct scan *s)
{
	(void)pass(s, '-');
	if (!pass(s, '0') && skip_digits(s) == 0)
		return fail(s);
	if (pass(s, '.') && skip_digits(s) == 0)
		return fail(s);
	if (!pass(s, 'e') && !pass(s, 'E'))
		return true;
	if (!pass(s, '+'))
		(void)pass(s, '-');
	return skip_digits(s) > 0 || fail(s);
}

/* What comes after a backslash. */
static bool
skip_escape(struct scan *s)
{
	int i;

	if (s->p == s->end || *s->p == '\0' ||
	    strchr("\"\\/bfnrtu", *s->p) == NULL)
		return fail(s);
	if (*s->p++ != 'u')
		return true;
	for (i = 0; i < 4; i++) {
		if (s->p == s->end || scan_digit(*s->p) == -1)
			return fail(s);
		s->p++;
	}
	return true;
}

static bool
skip_string(struct scan *s)
{
	size_t n;

	if (!pass(s, '"'))
		return fail(s);
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;

		if (c >= ' ' && c < 0x80 && c != '"' && c != '\\') {
			s->p++;
			continue;
		}
		if (pass(s, '"'))
			return true;
		if (pass(s, '\\')) {
			if (!skip_escape(s))
				return false;
			continue;
		}
		n = c < ' ' ? 0 : json_utf8(s->p, (size_t)(s->end - s->p));
		if (n == 0)
			return fail(s);
		s->p += n;
	}
	return fail(s);
}

/* An array or object, after its first bracket, to LAST. */
static bool
skip_list(struct scan *s, char last, int depth)
{
	if (depth == DEPTH)
		return fail(s);
	skip_space(s);
	if (pass(s, last))
		return true;
	do {
		skip_space(s);
		if (last == '}') {
			if (!skip_string(s))
				return false;
			skip_space(s);
			if (!pass(s, ':'))
				return fail(s);
		}
		if (!skip_value(s, depth + 1))
			return false;
		skip_space(s);
	} while (pass(s, ','));
	return pass(s, last) || fail(s);
}

static bool
skip_value(struct scan *s, int depth)
{
	skip_space(s);
	if (s->p == s->end)
		return fail(s);
	switch (*s->p) {
	case '"':
		return skip_string(s);
	case '{':
		s->p++;
		return skip_list(s, '}', depth);
	case '[':
		s->p++;
		return skip_list(s, ']', depth);
	case 't':
		return skip_word(s, "true");
	case 'f':
		return skip_word(s, "false");
	case 'n':
		return skip_word(s, "null");
	default:
		return skip_number(s);
	}
}

/* After the last bracket there is only white space. */
static bool
finish(struct scan *s)
{
	skip_space(s);
	s->done = true;
	s->failed = s->p < s->end;
	return false;
}

bool
scan_member(struct scan *s, struct span *name, struct span *value)
{
	if (s->failed || s->done)
		return false;
	skip_space(s);
	if (!s->begun && !pass(s, '{'))
		return fail(s);
	skip_space(s);
	if (pass(s, '}'))
		return finish(s);
	if (s->begun && !pass(s, ','))
		return fail(s);
	s->begun = true;
	skip_space(s);
	name->s = s->p + 1;
	if (!skip_string(s))
		return false;
	name->len = (size_t)(s->p - name->s) - 1;
	skip_space(s);
	if (!pass(s, ':'))
		return fail(s);
	skip_space(s);
	value->s = s->p;
	if (!skip_value(s, 1))
		return false;
	value->len = (size_t)(s->p - value->s);
	return true;
}

bool
span_is(const struct span *span, const char *name)
{
	return strlen(name) == span->len &&
	    memcmp(span->s, name, span->len) == 0;
}

bool
span_string(const struct span *value, struct span *text)
{
	if (value->s[0] != '"')
		return false;
	text->s = value->s + 1;
	text->len = value->len - 2;
	return memchr(text->s, '\\', text->len) == NULL;
}

bool
span_integer(const struct span *span, int64_t min, int64_t max, int64_t *value)
{
	bool negative = span->s[0] == '-';
	size_t i;
	int64_t v = 0;

	for (i = negative; i < span->len; i++) {
		if (span->s[i] < '0' || span->s[i] > '9' ||
		    v < (INT64_MIN + (span->s[i] - '0')) / 10)
			return false;
		/* Below 0 there is one more. */
		v = v * 10 - (span->s[i] - '0');
	}
	if (!negative && v == INT64_MIN)
		return false;
	*value = negative ? v : -v;
	return *value >= min && *value <= max;
}

bool
span_bool(const struct span *span, bool *value)
{
	*value = span_is(span, "true");
	return *value || span_is(span, "false");
}

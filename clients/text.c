#include "config.h"

#include "buf.h"
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include <jansson.h>

/* Columns for people; longer words push, they are not cut. */
enum { TOPIC_WIDTH = 22, IFNAME_WIDTH = 8 };

/*
 * Reads one character of UTF-8, at most LEN > 0 bytes. Returns its length,
 * or 0 when what stands there is not UTF-8 (overlong and surrogates too).
 */
static size_t
utf8(const unsigned char *s, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n;

	*c = s[0];
	if (s[0] < 0x80)
		return 1;
	n = (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
	    (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (n == 0 || n > len)
		return 0;
	*c = s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return n;
}

/* Controls, separators, invisible characters, changes of direction. */
static bool
harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ||
	    c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || c >= 0xe0000;
}

static void
put_escape(struct buf *b, const char *fmt, uint32_t c)
{
	char t[16];

	snprintf(t, sizeof t, fmt, (unsigned)c);
	buf_puts(b, t);
}

void
text_put(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8(p, len, &c);
		if (n == 0) {
			n = 1;
			put_escape(b, "\\x%02x", *p);
		} else if (!harmful(c)) {
			buf_put(b, p, n);
		} else if (c < 0x80) {
			put_escape(b, "\\x%02x", c);
		} else {
			put_escape(b, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
		}
	}
}

void
text_puts(struct buf *b, const char *s)
{
	text_put(b, s, strlen(s));
}

void
text_narrow(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8(p, len, &c);
		if (n == 0)
			n = 1;
		if (n > 1 && wcwidth((wchar_t)c) != 1)
			put_escape(b, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
		else
			buf_put(b, p, n);
	}
}

/* The columns of what was appended since START. */
static size_t
columns(const struct buf *b, size_t start)
{
	size_t n = 0;

	for (; start < b->len; start++)
		n += (b->data[start] & 0xc0) != 0x80;
	return n;
}

size_t
text_width(const char *s)
{
	struct buf b = BUF_INIT;
	size_t n;

	text_puts(&b, s);
	n = columns(&b, 0);
	buf_fini(&b);
	return n;
}

/*
 * JSON has no raw control below 0x20 inside a string, and outside nothing but
 * ASCII; so what must be escaped stands in a string, where \u is understood.
 */
void
text_json(struct buf *b, const char *line, size_t len)
{
	const unsigned char *p = (const unsigned char *)line;
	uint32_t c;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8(p, len, &c);
		if (n == 0) {
			n = 1;
			put_escape(b, "\\u%04x", 0xfffd);
		} else if (c < 0x20 || !harmful(c)) {
			buf_put(b, p, n);
		} else if (c > 0xffff) {
			put_escape(b, "\\u%04x", 0xd7c0 + (c >> 10));
			put_escape(b, "\\u%04x", 0xdc00 + (c & 0x3ff));
		} else {
			put_escape(b, "\\u%04x", c);
		}
	}
}

static void
put_string(struct buf *b, const json_t *v, bool safe)
{
	if (safe)
		text_put(b, json_string_value(v), json_string_length(v));
	else
		buf_put(b, json_string_value(v), json_string_length(v));
}

void
text_value(struct buf *b, const json_t *v, char sep, bool safe)
{
	size_t i;
	char t[40];

	switch (v == NULL ? JSON_NULL : json_typeof(v)) {
	case JSON_STRING:
		put_string(b, v, safe);
		break;
	case JSON_INTEGER:
		snprintf(t, sizeof t, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
		buf_puts(b, t);
		break;
	case JSON_REAL:
		snprintf(t, sizeof t, "%.17g", json_real_value(v));
		buf_puts(b, t);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_puts(b, json_is_true(v) ? "true" : "false");
		break;
	case JSON_ARRAY:
		for (i = 0; i < json_array_size(v); i++) {
			if (i > 0)
				buf_putc(b, sep);
			if (!json_is_array(json_array_get(v, i)))
				text_value(b, json_array_get(v, i), sep, safe);
		}
		break;
	default:
		break;
	}
}

/* Appends the bytes that HEX stands for; false when it is no such thing. */
static bool
put_bytes(struct buf *b, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	for (; *hex != '\0'; hex += 2) {
		high = strchr(digits, hex[0]);
		low = hex[1] != '\0' ? strchr(digits, hex[1]) : NULL;
		/* No name has a NUL in it. */
		if (high == NULL || low == NULL ||
		    (high == digits && low == digits))
			return false;
		buf_putc(b, (char)((high - digits) * 16 + (low - digits)));
	}
	return true;
}

void
text_ifname(struct buf *b, const struct json_t *event, bool safe)
{
	const char *hex = json_string_value(json_object_get(event,
	    "ifname_hex"));
	struct buf bytes = BUF_INIT;

	if (hex != NULL && put_bytes(&bytes, hex) && !bytes.failed) {
		if (safe)
			text_put(b, bytes.data, bytes.len);
		else
			buf_put(b, bytes.data, bytes.len);
	} else {
		text_value(b, json_object_get(event, "ifname"), ',', safe);
	}
	buf_fini(&bytes);
}

/* How a member of data is told; what is not listed is NAMED. */
enum manner { NAMED, BARE, QUIET };

static enum manner
manner(const char *key)
{
	static const char *const bare[] = { "status", "operstate", "type",
	    "kind", "lladdr", "duplex", "cause", "ifname", "reason", NULL };
	static const char *const quiet[] = { "family", "flags", "scope",
	    "carrier", "carrier_changes", "altnames", "valid_lft",
	    "preferred_lft", "label", "prefixlen", "broadcast", NULL };
	const char *const *p;

	for (p = bare; *p != NULL; p++) {
		if (strcmp(*p, key) == 0)
			return BARE;
	}
	for (p = quiet; *p != NULL; p++) {
		if (strcmp(*p, key) == 0)
			return QUIET;
	}
	return NAMED;
}

static void
space(struct buf *b, size_t start)
{
	if (b->len > start)
		buf_putc(b, ' ');
}

/* One member: "mtu 9000 (was 1500)", "2001:db8::5/64", "preferred". */
static void
put_member(struct buf *b, size_t start, const char *key, const json_t *data,
    const json_t *prev)
{
	const json_t *v = json_object_get(data, key);
	const json_t *old = json_object_get(prev, key);
	bool net = strcmp(key, "address") == 0 || strcmp(key, "prefix") == 0;
	enum manner m = net ? BARE : manner(key);

	/* An address shows its family; that of a protocol is its name. */
	if (json_object_get(data, "remaining") != NULL &&
	    strcmp(key, "family") == 0)
		m = BARE;
	if (m == QUIET && old == NULL)
		return;
	space(b, start);
	if (m != BARE) {
		text_puts(b, key);
		buf_putc(b, ' ');
	}
	text_value(b, v, ',', true);
	if (v == NULL)
		buf_puts(b, "none");
	if (net && json_object_get(data, "prefixlen") != NULL) {
		buf_putc(b, '/');
		text_value(b, json_object_get(data, "prefixlen"), ',', true);
	}
	if (old != NULL) {
		buf_puts(b, " (was ");
		text_value(b, old, ',', true);
		if (json_is_null(old))
			buf_puts(b, "none");
		buf_putc(b, ')');
	}
}

static void
put_summary(struct buf *b, const json_t *event)
{
	json_t *data = json_object_get(event, "data");
	json_t *prev = json_object_get(event, "prev");
	size_t start = b->len;
	const char *key;
	json_t *v;

	json_object_foreach(data, key, v)
		put_member(b, start, key, data, prev);
	json_object_foreach(prev, key, v) {
		if (json_object_get(data, key) == NULL)
			put_member(b, start, key, data, prev);
	}
	if (json_is_true(json_object_get(event, "snapshot"))) {
		space(b, start);
		buf_puts(b, "(snapshot)");
	}
}

void
text_time(struct buf *b, const char *rfc3339)
{
	struct tm utc = { 0 }, local;
	char text[16], milli[4] = "000";
	time_t t;

	if (rfc3339 == NULL ||
	    sscanf(rfc3339, "%4d-%2d-%2dT%2d:%2d:%2d.%3[0-9]", &utc.tm_year,
	    &utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec,
	    milli) < 6) {
		text_puts(b, rfc3339 == NULL ? "-" : rfc3339);
		return;
	}
	utc.tm_year -= 1900;
	utc.tm_mon -= 1;
	t = timegm(&utc);
	if (t == (time_t)-1 || localtime_r(&t, &local) == NULL ||
	    strftime(text, sizeof text, "%H:%M:%S.", &local) == 0) {
		text_puts(b, rfc3339);
		return;
	}
	buf_puts(b, text);
	buf_puts(b, milli);
}

/* Good news are green, bad ones red, losses yellow. */
int
text_color(const char *topic)
{
	static const struct {
		const char *end;
		int color;
	} table[] = {
		{ "/gap", 3 }, { "-deprecated", 3 }, { "/issues", 3 },
		{ "-add", 2 }, { "-ready", 2 }, { "-up", 2 },
		{ "attach", 2 }, { "-alive", 2 }, { "-remove", 1 },
		{ "detach", 1 }, { "-down", 1 }, { "detaching", 1 },
		{ "duplicate", 1 }, { "collision", 1 },
		{ "-failure", 1 }, { "-expired", 1 },
		{ "-detached", 1 },
	};
	size_t i, n, len = strlen(topic);
	int color = 0;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		n = strlen(table[i].end);
		if (len >= n && strcmp(topic + len - n, table[i].end) == 0)
			color = table[i].color;
	}
	return color;
}

static void
put_colored(struct buf *b, const char *topic)
{
	int color = text_color(topic);

	buf_puts(b, "\033[");
	if (color != 0)
		buf_putc(b, '3');
	buf_putc(b, (char)('0' + color));
	buf_putc(b, 'm');
	text_puts(b, topic);
	buf_puts(b, "\033[0m");
}

static void
pad(struct buf *b, size_t have, size_t want)
{
	do
		buf_putc(b, ' ');
	while (++have <= want);
}

/* NETNS:IFNAME, or "-" where there is none; its columns are made full. */
static void
put_interface(struct buf *b, const json_t *event)
{
	const json_t *netns = json_object_get(event, "netns");
	size_t start = b->len, name;

	/* No interface has a colon in its name. */
	if (netns != NULL) {
		text_value(b, netns, ',', true);
		buf_putc(b, ':');
	}
	name = b->len;
	text_ifname(b, event, true);
	if (b->len == name)
		buf_putc(b, '-');
	pad(b, columns(b, start), IFNAME_WIDTH);
}

void
text_event(struct buf *b, const json_t *event, bool color)
{
	const char *topic = json_string_value(json_object_get(event, "topic"));

	text_time(b, json_string_value(json_object_get(event, "time")));
	buf_putc(b, ' ');
	if (color)
		put_colored(b, topic);
	else
		text_puts(b, topic);
	pad(b, text_width(topic), TOPIC_WIDTH);
	put_interface(b, event);
	put_summary(b, event);
	while (b->len > 0 && b->data[b->len - 1] == ' ')
		b->len--;
}

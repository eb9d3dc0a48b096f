#include "config.h"

#include "record.h"

#include "buf.h"
#include "event.h"
#include "json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NETNS_MAX 255

static const struct {
	unsigned part;
	const char *name;
} parts[] = {
	{ PART_LINK, "link" }, { PART_ADDR4, "addr4" }, { PART_ADDR6, "addr6" },
	{ PART_ROUTE4, "route4" }, { PART_ROUTE6, "route6" },
	{ PART_NEIGH, "neigh" },
};
#define PARTS (sizeof parts / sizeof parts[0])

static void
put_string(struct buf *b, const char *name, const char *s)
{
	buf_puts(b, name);
	json_put_string(b, s, strlen(s));
}

static void
put_number(struct buf *b, const char *name, uint64_t v)
{
	buf_puts(b, name);
	json_put_u64(b, v);
}

static void
put_hex(struct buf *b, const struct message *m)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = m->bytes;
	char *p = buf_room(b, 2 * m->len);
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < m->len; i++) {
		*p++ = digits[bytes[i] >> 4];
		*p++ = digits[bytes[i] & 15];
	}
	b->len += 2 * m->len;
}

/* What the bytes alone don't say. */
static void
put_context(struct buf *b, const struct message *m)
{
	struct kev_note note = { .has = KEV_BIT(PROTOCOL),
	    .protocol = m->protocol };
	struct kev_ip from = { .family = KEV_INET6 };
	char text[KEV_IPSTRLEN];

	if (m->ifindex != 0)
		put_number(b, ",\"ifindex\":", m->ifindex);
	if (strcmp(m->source, "ndp") == 0) {
		buf_puts(b, ",\"hops\":");
		json_put_i64(b, m->hops);
		memcpy(from.byte, m->from, sizeof from.byte);
		kev_ip_text(&from, text);
		put_string(b, ",\"from\":", text);
	}
	if (m->protocol == 0)
		return;
	buf_putc(b, ',');
	kev_object_members(b, KEV_NOTE, (const struct kev_object *)&note,
	    note.has, false);
}

static void
put_dump(struct buf *b, const struct record *r)
{
	const char *sep = ",\"dump\":[\"";
	size_t i;

	for (i = 0; i < PARTS; i++) {
		if ((r->parts & parts[i].part) == 0)
			continue;
		buf_puts(b, sep);
		buf_puts(b, parts[i].name);
		sep = "\",\"";
	}
	if (r->parts != 0)
		buf_puts(b, "\"]");
	if (r->end == SIZE_MAX)
		buf_puts(b, ",\"end\":true");
	else if (r->end != 0)
		put_number(b, ",\"end\":", r->end);
}

static void
put_loss(struct buf *b, const struct record *r)
{
	struct kev_note note = {
		.has = KEV_BIT(CAUSE) | (r->lost > 0 ? KEV_BIT(LOST) : 0),
		.cause = (uint8_t)r->cause, .lost = r->lost,
	};

	if (r->cause == 0)
		return;
	buf_putc(b, ',');
	kev_object_members(b, KEV_NOTE, (const struct kev_object *)&note,
	    note.has, false);
}

void
record_put(struct buf *b, const struct record *r)
{
	put_string(b, "{\"source\":", r->message.source);
	buf_puts(b, ",\"time\":\"");
	kev_event_put_time(b, r->now.time);
	buf_putc(b, '"');
	if (r->has_mono)
		put_number(b, ",\"mono\":", r->now.mono);
	if (r->netns != NULL)
		put_string(b, ",\"netns\":", r->netns);
	if (r->continued)
		buf_puts(b, ",\"continued\":true");
	if (!r->empty)
		put_context(b, &r->message);
	put_dump(b, r);
	put_loss(b, r);
	buf_puts(b, ",\"hex\":\"");
	put_hex(b, &r->message);
	buf_puts(b, "\"}\n");
}

/* WIDTH digits of S, or -1. */
static int
digits(const char *s, int width)
{
	int v = 0;

	while (width-- > 0) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s++ - '0');
	}
	return v;
}

/* ".", one digit or more, "Z"; or "Z". What is below a microsecond is cut. */
static bool
get_fraction(const char *s, uint64_t *micros)
{
	uint64_t unit = 1000000;

	*micros = 0;
	if (*s == '.') {
		if (digits(s + 1, 1) < 0)
			return false;
		while (*++s >= '0' && *s <= '9') {
			unit /= 10;
			*micros += unit * (uint64_t)(*s - '0');
		}
	}
	return strcmp(s, "Z") == 0;
}

/* RFC 3339 in UTC, from 1970 to 9999. */
static bool
get_time(const char *s, uint64_t *micros)
{
	struct tm tm = { 0 }, back;
	uint64_t fraction;
	time_t seconds;

	if (strlen(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':' || digits(s, 4) < 1970 ||
	    digits(s + 5, 2) < 1 || digits(s + 8, 2) < 1 ||
	    digits(s + 11, 2) < 0 || digits(s + 14, 2) < 0 ||
	    digits(s + 17, 2) < 0 || !get_fraction(s + 19, &fraction))
		return false;
	tm.tm_year = digits(s, 4) - 1900;
	tm.tm_mon = digits(s + 5, 2) - 1;
	tm.tm_mday = digits(s + 8, 2);
	tm.tm_hour = digits(s + 11, 2);
	tm.tm_min = digits(s + 14, 2);
	tm.tm_sec = digits(s + 17, 2);
	back = tm;
	seconds = timegm(&back);
	/* It makes 1 March of 30 February. */
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
	    back.tm_hour != tm.tm_hour || back.tm_sec != tm.tm_sec)
		return false;
	*micros = (uint64_t)seconds * 1000000 + fraction;
	return true;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *
get_hex(struct record *r, const json_t *v)
{
	const char *s = json_string_value(v);
	size_t len = json_string_length(v), i;
	uint8_t *bytes;
	int high, low;

	if (s == NULL)
		return "\"hex\" must be a string";
	if (len % 2 != 0)
		return "\"hex\" has an odd number of digits";
	r->bytes = bytes = malloc(len / 2 + 1);
	if (bytes == NULL)
		return "out of memory";
	for (i = 0; i < len; i += 2) {
		high = digit(s[i]);
		low = digit(s[i + 1]);
		if (high < 0 || low < 0)
			return "\"hex\" has something else than digits";
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	r->message.bytes = bytes;
	r->message.len = len / 2;
	return NULL;
}

/* An integer from MIN to MAX; a member that is not there is left alone. */
static bool
get_integer(const json_t *root, const char *name, int64_t min, int64_t max,
    int64_t *value)
{
	const json_t *v = json_object_get(root, name);

	if (v == NULL)
		return true;
	*value = json_integer_value(v);
	return json_is_integer(v) && *value >= min && *value <= max;
}

/* The same for a member that events have, too. */
static bool
get_member(const json_t *root, const char *name, enum kev_field field,
    struct kev_note *note)
{
	const json_t *v = json_object_get(root, name);
	const char *want;

	return v == NULL || kev_object_get(KEV_NOTE, (struct kev_object *)note,
	    field, v, &want);
}

static const char *
get_context(struct record *r, const json_t *root)
{
	struct kev_note note = { .has = 0 };
	int64_t ifindex = 0, hops = -1;

	if (!get_integer(root, "ifindex", 0, UINT32_MAX, &ifindex))
		return "\"ifindex\" must be an integer in range";
	if (!get_integer(root, "hops", -1, 255, &hops))
		return "\"hops\" must be an integer from -1 to 255";
	if (!get_member(root, "from", KEV_F_ADDRESS, &note) ||
	    note.address.family == KEV_INET)
		return "\"from\" must be an IPv6 address";
	if (!get_member(root, "protocol", KEV_F_PROTOCOL, &note))
		return "\"protocol\" must be a word for it";
	r->message.ifindex = (uint32_t)ifindex;
	r->message.hops = (int)hops;
	r->message.protocol = note.protocol;
	memcpy(r->message.from, note.address.byte, sizeof r->message.from);
	return NULL;
}

static const char *
get_parts(struct record *r, const json_t *list)
{
	static const char fault[] = "\"dump\" must be an array of link, addr4, "
	    "addr6, route4, route6, neigh";
	const char *name;
	size_t i, k;

	if (list == NULL)
		return NULL;
	if (json_array_size(list) == 0)
		return fault;
	for (i = 0; i < json_array_size(list); i++) {
		name = json_string_value(json_array_get(list, i));
		for (k = 0; k < PARTS; k++) {
			if (name != NULL && strcmp(parts[k].name, name) == 0)
				break;
		}
		if (k == PARTS)
			return fault;
		r->parts |= parts[k].part;
	}
	return NULL;
}

static const char *
get_end(struct record *r, const json_t *root)
{
	const json_t *v = json_object_get(root, "end");
	int64_t limit = 0;

	if (json_is_true(v))
		r->end = SIZE_MAX;
	else if (!get_integer(root, "end", 1, INT32_MAX, &limit))
		return "\"end\" must be true or a number of things";
	else
		r->end = (size_t)limit;
	return NULL;
}

static const char *
get_loss(struct record *r, const json_t *root)
{
	struct kev_note note = { .has = 0 };

	if (!get_member(root, "cause", KEV_F_CAUSE, &note))
		return "\"cause\" must be a word for it";
	if (!get_member(root, "lost", KEV_F_LOST, &note))
		return "\"lost\" must be a number of messages";
	r->cause = note.cause;
	r->lost = note.lost;
	return NULL;
}

static const char *
get_when(struct record *r, const json_t *root)
{
	const char *time = json_string_value(json_object_get(root, "time"));
	const json_t *continued = json_object_get(root, "continued");
	int64_t mono = -1;

	if (time == NULL || !get_time(time, &r->now.time))
		return "\"time\" must be as in 2026-11-23T05:30:35.673074Z";
	if (!get_integer(root, "mono", 0, INT64_MAX, &mono))
		return "\"mono\" must be a number of microseconds";
	r->has_mono = mono >= 0;
	r->now.mono = r->has_mono ? (uint64_t)mono : 0;
	if (continued != NULL && !json_is_boolean(continued))
		return "\"continued\" must be true or false";
	r->continued = json_is_true(continued);
	return NULL;
}

static const char *
get_netns(struct record *r, const json_t *root)
{
	const json_t *v = json_object_get(root, "netns");

	r->netns = json_string_value(v);
	if (v != NULL && (r->netns == NULL || r->netns[0] == '\0' ||
	    json_string_length(v) > NETNS_MAX))
		return "\"netns\" must be the name of a namespace";
	return NULL;
}

const char *
record_get(struct record *r, const char *line, size_t len)
{
	const char *fault;
	const json_t *root;

	memset(r, 0, sizeof *r);
	r->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	root = r->root;
	if (root == NULL)
		return "not JSON, or a member twice";
	r->message.source = json_string_value(json_object_get(root, "source"));
	if (r->message.source == NULL)
		return "\"source\" must be a string";
	if ((fault = get_when(r, root)) != NULL ||
	    (fault = get_netns(r, root)) != NULL ||
	    (fault = get_context(r, root)) != NULL ||
	    (fault = get_parts(r, json_object_get(root, "dump"))) != NULL ||
	    (fault = get_end(r, root)) != NULL ||
	    (fault = get_loss(r, root)) != NULL ||
	    (fault = get_hex(r, json_object_get(root, "hex"))) != NULL)
		return fault;
	r->empty = r->message.len == 0 && (r->parts != 0 || r->end != 0 ||
	    r->cause != 0 || strcmp(r->message.source, "timer") == 0);
	return NULL;
}

void
record_fini(struct record *r)
{
	json_decref(r->root);
	free(r->bytes);
	r->root = NULL;
	r->bytes = NULL;
}

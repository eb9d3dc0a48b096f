#include "config.h"

#include "record.h"

#include "buf.h"
#include "event.h"
#include "json.h"
#include "scan.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NETNS_MAX 255

static const struct {
	unsigned part;
	const char *name;
} parts[] = {
	{ PART_LINK, "link" }, { PART_ADDR4, "addr4" }, { PART_ADDR6, "addr6" },
	{ PART_ROUTE4, "route4" }, { PART_ROUTE6, "route6" },
	{ PART_NEIGH, "neigh" },
	{ PART_TORN4, "torn4" }, { PART_TORN6, "torn6" },
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

	if (m->os != NULL)
		put_string(b, ",\"os\":", m->os);
	if (m->abi != NULL)
		put_string(b, ",\"abi\":", m->abi);
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

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970 to this one, or -1: there is none. */
static int64_t
count_days(int year, int month, int day)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243,
		273, 304, 334, 365 };
	int past = year - 1;

	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > before[month] - before[month - 1] +
	    (month == 2 && is_leap(year) ? 1 : 0))
		return -1;
	return past * 365 + past / 4 - past / 100 + past / 400 - 719162 +
	    before[month - 1] + (month > 2 && is_leap(year) ? 1 : 0) + day - 1;
}

/* RFC 3339 in UTC, from 1970 to 9999. */
static bool
get_time(const char *s, uint64_t *micros)
{
	int hours, minutes, seconds;
	uint64_t fraction;
	int64_t days;

	if (strlen(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':')
		return false;
	days = count_days(digits(s, 4), digits(s + 5, 2), digits(s + 8, 2));
	hours = digits(s + 11, 2);
	minutes = digits(s + 14, 2);
	seconds = digits(s + 17, 2);
	if (days < 0 || hours < 0 || hours > 23 || minutes < 0 ||
	    minutes > 59 || seconds < 0 || seconds > 59 ||
	    !get_fraction(s + 19, &fraction))
		return false;
	*micros = ((uint64_t)days * 86400 + (uint64_t)hours * 3600 +
	    (uint64_t)minutes * 60 + (uint64_t)seconds) * 1000000 + fraction;
	return true;
}

/*
 * A line as it is read. What there is in every line, and in amounts, is taken
 * from the text; of the rest jansson makes values.
 */
struct reading {
	struct record *r;
	size_t used;		/* of the record's text */
	uint64_t seen;		/* members, by their place in the table */
	const char *fault;	/* the first one */
};

/* A string with its end. NULL: it is none, or there is a NUL in it. */
static const char *
keep_string(struct reading *in, const struct span *value)
{
	char *to = in->r->text + in->used;
	struct span text;
	json_t *v = NULL;

	/* What is escaped gets shorter. */
	if (!span_string(value, &text)) {
		v = json_loadb(value->s, value->len, JSON_DECODE_ANY, NULL);
		text.s = json_string_value(v);
		text.len = json_string_length(v);
	}
	if (text.s != NULL) {
		memcpy(to, text.s, text.len);
		to[text.len] = '\0';
		in->used += text.len + 1;
	}
	json_decref(v);
	return text.s != NULL ? to : NULL;
}

static const char *
get_source(struct reading *in, const struct span *value)
{
	in->r->message.source = keep_string(in, value);
	return in->r->message.source != NULL ? NULL :
	    "\"source\" must be a string";
}

static const char *
get_when(struct reading *in, const struct span *value)
{
	const char *time = keep_string(in, value);

	return time != NULL && get_time(time, &in->r->now.time) ? NULL :
	    "\"time\" must be as in 2026-11-23T05:30:35.673074Z";
}

static const char *
get_mono(struct reading *in, const struct span *value)
{
	int64_t mono = 0;

	in->r->has_mono = span_integer(value, 0, INT64_MAX, &mono);
	in->r->now.mono = (uint64_t)mono;
	return in->r->has_mono ? NULL :
	    "\"mono\" must be a number of microseconds";
}

static const char *
get_continued(struct reading *in, const struct span *value)
{
	return span_bool(value, &in->r->continued) ? NULL :
	    "\"continued\" must be true or false";
}

static const char *
get_netns(struct reading *in, const struct span *value)
{
	const char *name = keep_string(in, value);

	in->r->netns = name;
	return name != NULL && name[0] != '\0' && strlen(name) <= NETNS_MAX ?
	    NULL : "\"netns\" must be the name of a namespace";
}

static const char *
get_os(struct reading *in, const struct span *value)
{
	in->r->message.os = keep_string(in, value);
	return in->r->message.os != NULL ? NULL : "\"os\" must be a string";
}

static const char *
get_abi(struct reading *in, const struct span *value)
{
	in->r->message.abi = keep_string(in, value);
	return in->r->message.abi != NULL ? NULL : "\"abi\" must be a string";
}

static const char *
get_ifindex(struct reading *in, const struct span *value)
{
	int64_t ifindex = 0;
	bool good = span_integer(value, 0, UINT32_MAX, &ifindex);

	in->r->message.ifindex = (uint32_t)ifindex;
	return good ? NULL : "\"ifindex\" must be an integer in range";
}

static const char *
get_hops(struct reading *in, const struct span *value)
{
	int64_t hops = 0;
	bool good = span_integer(value, -1, 255, &hops);

	in->r->message.hops = (int)hops;
	return good ? NULL : "\"hops\" must be an integer from -1 to 255";
}

/* As a member that events have, too. */
static bool
get_member(const struct span *value, enum kev_field field,
    struct kev_note *note)
{
	json_t *v = json_loadb(value->s, value->len, JSON_DECODE_ANY, NULL);
	const char *want;
	bool good;

	*note = (struct kev_note){ .has = 0 };
	good = v != NULL && kev_object_get(KEV_NOTE, (struct kev_object *)note,
	    field, v, &want);
	json_decref(v);
	return good;
}

static const char *
get_from(struct reading *in, const struct span *value)
{
	struct kev_note note;

	if (!get_member(value, KEV_F_ADDRESS, &note) ||
	    note.address.family == KEV_INET)
		return "\"from\" must be an IPv6 address";
	memcpy(in->r->message.from, note.address.byte,
	    sizeof in->r->message.from);
	return NULL;
}

static const char *
get_protocol(struct reading *in, const struct span *value)
{
	struct kev_note note;

	if (!get_member(value, KEV_F_PROTOCOL, &note))
		return "\"protocol\" must be a word for it";
	in->r->message.protocol = note.protocol;
	return NULL;
}

static bool
get_part(struct record *r, const char *name)
{
	size_t k;

	for (k = 0; name != NULL && k < PARTS; k++) {
		if (strcmp(parts[k].name, name) != 0)
			continue;
		r->parts |= parts[k].part;
		return true;
	}
	return false;
}

static const char *
get_dump(struct reading *in, const struct span *value)
{
	json_t *list = json_loadb(value->s, value->len, JSON_DECODE_ANY, NULL);
	bool good = json_array_size(list) > 0;
	size_t i;

	for (i = 0; good && i < json_array_size(list); i++)
		good = get_part(in->r,
		    json_string_value(json_array_get(list, i)));
	json_decref(list);
	return good ? NULL : "\"dump\" must be an array of link, addr4, addr6, "
	    "route4, route6, neigh, torn4, torn6";
}

static const char *
get_end(struct reading *in, const struct span *value)
{
	int64_t limit = 0;
	bool good = true;

	if (span_is(value, "true"))
		in->r->end = SIZE_MAX;
	else
		good = span_integer(value, 1, INT32_MAX, &limit);
	if (limit > 0)
		in->r->end = (size_t)limit;
	return good ? NULL : "\"end\" must be true or a number of things";
}

static const char *
get_cause(struct reading *in, const struct span *value)
{
	struct kev_note note;

	if (!get_member(value, KEV_F_CAUSE, &note))
		return "\"cause\" must be a word for it";
	in->r->cause = note.cause;
	return NULL;
}

static const char *
get_lost(struct reading *in, const struct span *value)
{
	struct kev_note note;

	if (!get_member(value, KEV_F_LOST, &note))
		return "\"lost\" must be a number of messages";
	in->r->lost = note.lost;
	return NULL;
}

static const char *
get_hex(struct reading *in, const struct span *value)
{
	uint8_t *bytes = (uint8_t *)in->r->text + in->used;
	struct span text;
	size_t i;
	int byte;

	if (value->s[0] != '"')
		return "\"hex\" must be a string";
	if (!span_string(value, &text))
		return "\"hex\" has something else than digits";
	if (text.len % 2 != 0)
		return "\"hex\" has an odd number of digits";
	for (i = 0; i < text.len; i += 2) {
		byte = scan_byte(text.s + i);
		if (byte == -1)
			return "\"hex\" has something else than digits";
		bytes[i / 2] = (uint8_t)byte;
	}
	in->used += text.len / 2;
	in->r->message.bytes = bytes;
	in->r->message.len = text.len / 2;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*get)(struct reading *, const struct span *);
	const char *missing;	/* what is wrong without it, or NULL */
} members[] = {
	{ "source", get_source, "\"source\" must be a string" },
	{ "time", get_when, "\"time\" is missing" },
	{ "hex", get_hex, "\"hex\" is missing" },
	{ "mono", get_mono, NULL },
	{ "netns", get_netns, NULL },
	{ "continued", get_continued, NULL },
	{ "os", get_os, NULL },
	{ "abi", get_abi, NULL },
	{ "ifindex", get_ifindex, NULL },
	{ "hops", get_hops, NULL },
	{ "from", get_from, NULL },
	{ "protocol", get_protocol, NULL },
	{ "dump", get_dump, NULL },
	{ "end", get_end, NULL },
	{ "cause", get_cause, NULL },
	{ "lost", get_lost, NULL },
};
#define MEMBERS (sizeof members / sizeof members[0])

static void
take_member(struct reading *in, const struct span *name,
    const struct span *value)
{
	const char *fault = NULL;
	size_t i;

	for (i = 0; i < MEMBERS; i++) {
		if (!span_is(name, members[i].name))
			continue;
		if (in->seen & UINT64_C(1) << i)
			fault = "a member is there twice";
		else
			fault = members[i].get(in, value);
		in->seen |= UINT64_C(1) << i;
		break;
	}
	if (in->fault == NULL)
		in->fault = fault;
}

static const char *
find_missing(const struct reading *in)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++) {
		if (members[i].missing != NULL &&
		    (in->seen & UINT64_C(1) << i) == 0)
			return members[i].missing;
	}
	return NULL;
}

/* Everything that a line tells, with its ends, is shorter than the line. */
static bool
make_room(struct record *r, size_t len)
{
	char *text = r->text;
	size_t cap = r->cap;

	if (len >= cap) {
		cap = len + 1;
		text = realloc(text, cap);
		if (text == NULL)
			return false;
	}
	*r = (struct record){ .message.hops = -1, .text = text, .cap = cap };
	return true;
}

const char *
record_get(struct record *r, const char *line, size_t len)
{
	struct reading in = { .r = r };
	struct span name, value;
	struct scan scan;

	r->message.source = NULL;
	if (!make_room(r, len))
		return "out of memory";
	scan_init(&scan, line, len);
	while (scan_member(&scan, &name, &value))
		take_member(&in, &name, &value);
	if (scan.failed)
		return "not an object of JSON";
	if (r->message.source == NULL)
		return "\"source\" must be a string";
	if (in.fault == NULL)
		in.fault = find_missing(&in);
	if (in.fault != NULL)
		return in.fault;
	r->empty = r->message.len == 0 && (r->parts != 0 || r->end != 0 ||
	    r->cause != 0 || strcmp(r->message.source, "timer") == 0);
	return NULL;
}

void
record_fini(struct record *r)
{
	free(r->text);
	r->text = NULL;
	r->cap = 0;
}

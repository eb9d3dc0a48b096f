#include "config.h"

#include "object.h"

#include "buf.h"
#include "hot.h"
#include "json.h"
#include "pattern.h"
#include "scan.h"
#include "words.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *key;	/* as it stands in JSON, with a comma before */
	size_t keylen;
	const char *meaning;
	enum kev_type type;
} fields[KEV_F_N] = {
#define FIELD(name, member, type, meaning) \
	[KEV_F_##name] = { #member, ",\"" #member "\":", \
	    sizeof ",\"" #member "\":" - 1, meaning, KT_##type },
#include "fields.def"
#undef FIELD
};

_Static_assert(KEV_F_N <= 64, "a set of fields is 64 bits");

/* Where each class has its fields; offset 0 is "has", so means nowhere. */
static const struct place {
	uint16_t offset;
	uint16_t size;
} places[KEV_CLASSES][KEV_F_N] = {
#define AT(type, NAME, member) [KEV_F_##NAME] = \
	{ offsetof(type, member), sizeof(((type *)0)->member) }
	[KEV_LINK] = {
		AT(struct kev_link, TYPE, type),
		AT(struct kev_link, KIND, kind),
		AT(struct kev_link, LLADDR, lladdr),
		AT(struct kev_link, MTU, mtu),
		AT(struct kev_link, FLAGS, flags),
		AT(struct kev_link, OPERSTATE, operstate),
		AT(struct kev_link, CARRIER, carrier),
		AT(struct kev_link, CARRIER_CHANGES, carrier_changes),
		AT(struct kev_link, SPEED, speed),
		AT(struct kev_link, DUPLEX, duplex),
		AT(struct kev_link, MASTER, master),
		AT(struct kev_link, ALTNAMES, altnames),
		AT(struct kev_link, COUNT, count),
	},
	[KEV_ADDR] = {
		AT(struct kev_addr, FAMILY, family),
		AT(struct kev_addr, ADDRESS, address),
		AT(struct kev_addr, PREFIXLEN, prefixlen),
		AT(struct kev_addr, BROADCAST, broadcast),
		AT(struct kev_addr, PEER, peer),
		AT(struct kev_addr, LABEL, label),
		AT(struct kev_addr, SCOPE, scope),
		AT(struct kev_addr, FLAGS, flags),
		AT(struct kev_addr, STATUS, status),
		AT(struct kev_addr, VALID_LFT, valid_lft),
		AT(struct kev_addr, PREFERRED_LFT, preferred_lft),
		AT(struct kev_addr, LLADDR, lladdr),
		AT(struct kev_addr, PROTOCOL, protocol),
		AT(struct kev_addr, COUNT, count),
	},
	[KEV_ROUTER] = {
		AT(struct kev_router, FAMILY, family),
		AT(struct kev_router, GATEWAY, gateway),
		AT(struct kev_router, METRIC, metric),
		AT(struct kev_router, PROTOCOL, protocol),
		AT(struct kev_router, TABLE, table),
		AT(struct kev_router, LIFETIME, lifetime),
		AT(struct kev_router, LLADDR, lladdr),
	},
	[KEV_NOTE] = {
		AT(struct kev_note, IFNAME, ifname),
		AT(struct kev_note, CAUSE, cause),
		AT(struct kev_note, FAMILY, family),
		AT(struct kev_note, ADDRESS, address),
		AT(struct kev_note, PREFIX, prefix),
		AT(struct kev_note, PREFIXLEN, prefixlen),
		AT(struct kev_note, ROUTER, router),
		AT(struct kev_note, LLADDR, lladdr),
		AT(struct kev_note, OWN_LLADDR, own_lladdr),
		AT(struct kev_note, PROTOCOL, protocol),
		AT(struct kev_note, LIFETIME, lifetime),
		AT(struct kev_note, REMAINING, remaining),
		AT(struct kev_note, QUALITY, quality),
		AT(struct kev_note, REASON, reason),
		AT(struct kev_note, INFO, info),
		AT(struct kev_note, PORT, port),
		AT(struct kev_note, PID, pid),
		AT(struct kev_note, COMMAND, command),
		AT(struct kev_note, INTERFACES, interfaces),
		AT(struct kev_note, FAMILIES, families),
		AT(struct kev_note, LOST, lost),
		AT(struct kev_note, FIRST, first),
		AT(struct kev_note, LAST, last),
		AT(struct kev_note, RESYNCED, resynced),
		AT(struct kev_note, CORRECTIONS, corrections),
		AT(struct kev_note, COUNT, count),
	},
#undef AT
};

/* The scopes of "protocol": the same word has another number in each. */
static const uint16_t protocol_space[KEV_CLASSES] = {
	[KEV_ADDR] = KEV_PROTO_IFA,
	[KEV_ROUTER] = KEV_PROTO_ROUTE,
	[KEV_NOTE] = KEV_PROTO_IP,
};

const char *
kev_field_name(enum kev_field f)
{
	return fields[f].name;
}

enum kev_type
kev_field_type(enum kev_field f)
{
	return fields[f].type;
}

const char *
kev_field_meaning(enum kev_field f)
{
	return fields[f].meaning;
}

int
kev_field_find(const char *name)
{
	int f;

	for (f = 0; f < KEV_F_N; f++) {
		if (strcmp(fields[f].name, name) == 0)
			return f;
	}
	return -1;
}

bool
kev_class_has(enum kev_class class, enum kev_field f)
{
	return places[class][f].offset != 0;
}

static const void *
at(enum kev_class class, const struct kev_object *o, enum kev_field f)
{
	return (const char *)o + places[class][f].offset;
}

static const struct kev_word *
flag_words(enum kev_class class)
{
	return class == KEV_LINK ? kev_iff_words : kev_ifa_words;
}

/* inet_ntop(3) takes longer, by its printf, than the rest of an event. */
HOT static char *
put_inet(char *p, const uint8_t *byte)
{
	char digits[JSON_U64LEN], *end = digits + sizeof digits;
	size_t n;
	int i;

	for (i = 0; i < 4; i++) {
		n = json_u64(end, byte[i]);
		memcpy(p, end - n, n);
		p += n;
		*p++ = '.';
	}
	return p - 1;
}

static char *
put_group(char *p, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*p++ = hex[v >> shift & 15];
	return p;
}

/* The longest run of groups that are 0, of two at least, the first of them;
 * *LEN is 0 without one. */
static int
find_zeros(const uint16_t *group, int *len)
{
	int best = 0, i, n;

	*len = 0;
	for (i = 0; i < 8; i += n + 1) {
		for (n = 0; i + n < 8 && group[i + n] == 0; n++)
			continue;
		if (n < 2 || n <= *len)
			continue;
		best = i;
		*len = n;
	}
	return best;
}

/* RFC 5952; of those that hold an IPv4 address ::ffff:0:0/96 and ::/96 are
 * shown with it, as by inet_ntop(3). */
HOT static char *
put_inet6(char *p, const uint8_t *byte)
{
	uint16_t group[8];
	int i, zeros, n, end = 8;

	for (i = 0; i < 8; i++)
		group[i] = (uint16_t)(byte[2 * i] << 8 | byte[2 * i + 1]);
	zeros = find_zeros(group, &n);
	if (zeros == 0 && (n == 6 || (n == 5 && group[5] == 0xffff)))
		end = 6;
	for (i = 0; i < end; i++) {
		if (n > 0 && i == zeros) {
			*p++ = ':';
			i += n - 1;
			if (i == 7)
				*p++ = ':';
			continue;
		}
		if (i > 0)
			*p++ = ':';
		p = put_group(p, group[i]);
	}
	if (end == 8)
		return p;
	*p++ = ':';
	return put_inet(p, byte + 12);
}

size_t
kev_ip_text(const struct kev_ip *ip, char *dst)
{
	char *end = ip->family == KEV_INET ? put_inet(dst, ip->byte) :
	    put_inet6(dst, ip->byte);

	*end = '\0';
	return (size_t)(end - dst);
}

HOT int
kev_ip_cmp(const struct kev_ip *a, const struct kev_ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->byte, b->byte, sizeof a->byte);
}

static bool
same(enum kev_type type, size_t size, const void *a, const void *b)
{
	const struct kev_names *m = a, *n = b;

	switch (type) {
	case KT_STR:
		return strcmp(a, b) == 0;
	case KT_NAMES:
		return m->len == n->len &&
		    (m->len == 0 || memcmp(m->buf, n->buf, m->len) == 0);
	default:
		/* Numbers, and structs of bytes without padding. */
		return memcmp(a, b, size) == 0;
	}
}

HOT uint64_t
kev_object_diff(enum kev_class class, const struct kev_object *a,
    const struct kev_object *b, uint64_t mask)
{
	uint64_t differ = (a->has ^ b->has) & mask, both = a->has & b->has & mask;
	unsigned f;

	while (both != 0) {
		f = (unsigned)__builtin_ctzll(both);
		both &= both - 1;
		if (!same(fields[f].type, places[class][f].size,
		    at(class, a, f), at(class, b, f)))
			differ |= UINT64_C(1) << f;
	}
	return differ;
}

/* One element of a field as text; a field that is no list has one. */
struct text {
	const char *s;
	size_t len;
	bool quoted;		/* a string in JSON, not a number or boolean */
	bool plain;		/* nothing in it needs an escape */
	uint32_t pos;		/* where the next element is; begins as 0 */
	char tmp[100];		/* may be what "s" points to */
};

static bool
is_list(enum kev_type type)
{
	return type == KT_NAMES || type == KT_FLAGS || type == KT_FAMILIES;
}

static void
set_text(struct text *t, const char *s)
{
	t->s = s;
	t->len = strlen(s);
}

/* Without stdio, which is slow, for what stands in most events. */
static void
set_number(struct text *t, bool negative, uint64_t v)
{
	char *end = t->tmp + sizeof t->tmp - 1;

	t->len = json_u64(end, v);
	if (negative)
		*(end - ++t->len) = '-';
	t->s = end - t->len;
	*end = '\0';
}

static bool
next_name(const struct kev_names *n, struct text *t)
{
	if (t->pos >= n->len)
		return false;
	set_text(t, n->buf + t->pos);
	t->pos += (uint32_t)t->len + 1;
	return true;
}

static bool
next_flag(const struct kev_word *words, uint32_t flags, struct text *t)
{
	const struct kev_word *w;

	for (w = words + t->pos; w->word != NULL; w++) {
		if ((flags & w->value) == 0)
			continue;
		set_text(t, w->word);
		t->pos = (uint32_t)(w - words) + 1;
		return true;
	}
	return false;
}

static void
set_lladdr(struct text *t, const struct kev_lladdr *l)
{
	static const char hex[] = "0123456789abcdef";
	char *p = t->tmp;
	unsigned i;

	for (i = 0; i < l->len && i < sizeof l->byte; i++) {
		if (i > 0)
			*p++ = ':';
		*p++ = hex[l->byte[i] >> 4];
		*p++ = hex[l->byte[i] & 15];
	}
	*p = '\0';
	set_text(t, t->tmp);
}

static uint64_t
number(const void *p, size_t size)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&v2, p, sizeof v2);
		return v2;
	case 4:
		memcpy(&v4, p, sizeof v4);
		return v4;
	default:
		memcpy(&v8, p, sizeof v8);
		return v8;
	}
}

/* A number that has a word; without one its digits, still a string. */
static void
set_word(struct text *t, enum kev_type type, uint64_t v)
{
	const char *word = kev_word(kev_words(type), (uint32_t)v);

	if (word != NULL)
		set_text(t, word);
	else
		set_number(t, false, type == KT_PROTOCOL ? v & 0xff : v);
}

/* The next element of a field; false after the last. */
HOT static bool
next(enum kev_class class, enum kev_field f, const void *p, struct text *t)
{
	enum kev_type type = fields[f].type;
	uint64_t v;

	t->quoted = true;
	t->plain = type != KT_NAMES && type != KT_STR;
	switch (type) {
	case KT_NAMES:
		return next_name(p, t);
	case KT_FLAGS:
		return next_flag(flag_words(class), *(const uint32_t *)p, t);
	case KT_FAMILIES:
		return next_flag(kev_words(type), *(const uint8_t *)p, t);
	default:
		break;
	}
	if (t->pos++ > 0)
		return false;
	switch (type) {
	case KT_STR:
		set_text(t, p);
		break;
	case KT_IP:
		t->s = t->tmp;
		t->len = kev_ip_text(p, t->tmp);
		break;
	case KT_LLADDR:
		set_lladdr(t, p);
		break;
	default:
		v = number(p, places[class][f].size);
		if (type >= KT_FAMILY) {
			set_word(t, type, v);
			break;
		}
		t->quoted = false;
		if (type == KT_BOOL)
			set_text(t, v != 0 ? "true" : "false");
		else if (type == KT_I32 && (int32_t)v < 0)
			set_number(t, true, 0 - (uint64_t)(int32_t)v);
		else
			set_number(t, false, v);
	}
	return true;
}

static void
put_value(struct buf *b, enum kev_class class, enum kev_field f, const void *p)
{
	bool list = is_list(fields[f].type), first = true;
	struct text t;

	t.pos = 0;
	if (list)
		buf_putc(b, '[');
	while (next(class, f, p, &t)) {
		if (!first)
			buf_putc(b, ',');
		first = false;
		if (t.quoted && !t.plain) {
			json_put_string(b, t.s, t.len);
			continue;
		}
		if (t.quoted)
			buf_putc(b, '"');
		buf_put(b, t.s, t.len);
		if (t.quoted)
			buf_putc(b, '"');
	}
	if (list)
		buf_putc(b, ']');
}

HOT void
kev_object_members(struct buf *b, enum kev_class class,
    const struct kev_object *o, uint64_t mask, bool nulls)
{
	size_t first = 1;
	unsigned f;

	if (!nulls)
		mask &= o->has;
	while (mask != 0) {
		f = (unsigned)__builtin_ctzll(mask);
		mask &= mask - 1;
		/* Without the comma at first. */
		buf_put(b, fields[f].key + first, fields[f].keylen - first);
		first = 0;
		if (o->has & UINT64_C(1) << f)
			put_value(b, class, f, at(class, o, f));
		else
			buf_puts(b, "null");
	}
}

HOT void
kev_object_put(struct buf *b, enum kev_class class, const struct kev_object *o,
    uint64_t mask, bool nulls)
{
	buf_putc(b, '{');
	kev_object_members(b, class, o, mask, nulls);
	buf_putc(b, '}');
}

bool
kev_object_fits(enum kev_class class, const struct kev_object *o,
    enum kev_field f, const char *glob)
{
	struct text t;

	if ((o->has & UINT64_C(1) << f) == 0)
		return false;
	t.pos = 0;
	while (next(class, f, at(class, o, f), &t)) {
		if (kev_glob(glob, t.s))
			return true;
	}
	return false;
}

/* Reading, which only inject does. */

static bool
get_ip(const char *s, struct kev_ip *ip)
{
	memset(ip, 0, sizeof *ip);
	ip->family = KEV_INET;
	if (inet_pton(AF_INET, s, ip->byte) == 1)
		return true;
	ip->family = KEV_INET6;
	return inet_pton(AF_INET6, s, ip->byte) == 1;
}

static bool
get_lladdr(const char *s, struct kev_lladdr *l)
{
	int byte;

	memset(l, 0, sizeof *l);
	for (;;) {
		byte = scan_byte(s);
		if (l->len == sizeof l->byte || byte == -1)
			return false;
		l->byte[l->len++] = (uint8_t)byte;
		s += 2;
		if (*s == '\0')
			return true;
		if (*s++ != ':')
			return false;
	}
}

static bool
get_names(const json_t *v, struct kev_names *names)
{
	struct buf b = BUF_INIT;
	const json_t *name;
	size_t i;

	if (!json_is_array(v))
		return false;
	json_array_foreach((json_t *)v, i, name) {
		if (!json_is_string(name)) {
			buf_fini(&b);
			return false;
		}
		buf_put(&b, json_string_value(name),
		    json_string_length(name) + 1);
	}
	if (b.failed) {
		buf_fini(&b);
		return false;
	}
	*names = (struct kev_names){ b.data, (uint32_t)b.len,
	    (uint32_t)json_array_size(v) };
	return true;
}

static bool
get_flags(const struct kev_word *words, const json_t *v, uint64_t *flags)
{
	const json_t *name;
	int64_t bit;
	size_t i;

	*flags = 0;
	if (!json_is_array(v))
		return false;
	json_array_foreach((json_t *)v, i, name) {
		if (!json_is_string(name))
			return false;
		bit = kev_word_value(words, json_string_value(name),
		    json_string_length(name));
		if (bit < 0)
			return false;
		*flags |= (uint64_t)bit;
	}
	return true;
}

/* A word, or in a string the digits of a number without one. */
static bool
get_word(enum kev_class class, enum kev_type type, const json_t *v,
    uint64_t max, uint64_t *value)
{
	const struct kev_word *w;
	const char *s = json_string_value(v);
	uint16_t space = 0;
	char *end;

	if (s == NULL)
		return false;
	if (type == KT_PROTOCOL) {
		space = protocol_space[class];
		max = 0xff;
	}
	for (w = kev_words(type); w->word != NULL; w++) {
		if (strcmp(w->word, s) != 0 || (w->value & space) != space)
			continue;
		*value = w->value;
		return true;
	}
	if (type != KT_PROTOCOL && type != KT_TABLE && type != KT_SCOPE &&
	    type != KT_ARPHRD)
		return false;
	if (s[0] < '0' || s[0] > '9' || strlen(s) > 10)
		return false;
	*value = strtoull(s, &end, 10);
	if (*end != '\0' || *value > max)
		return false;
	*value |= space;
	return true;
}

static const char *
wanted(enum kev_type type)
{
	switch (type) {
	case KT_STR:
		return "a string that is not too long";
	case KT_NAMES:
		return "an array of strings";
	case KT_U32:
	case KT_U64:
		return "an integer in range";
	case KT_I32:
		return "an integer";
	case KT_BOOL:
		return "true or false";
	case KT_IP:
		return "an IP address";
	case KT_LLADDR:
		return "a link-layer address";
	case KT_FLAGS:
	case KT_FAMILIES:
		return "an array of words known for it";
	default:
		return "a word known for it";
	}
}

static bool
get_integer(const json_t *v, int64_t min, int64_t max, uint64_t *value)
{
	json_int_t i = json_integer_value(v);

	*value = (uint64_t)i;
	return json_is_integer(v) && i >= min && i <= max;
}

static void
set(void *p, size_t size, uint64_t v)
{
	uint32_t v4 = (uint32_t)v;
	uint16_t v2 = (uint16_t)v;
	uint8_t v1 = (uint8_t)v;

	memcpy(p, size == 1 ? (void *)&v1 : size == 2 ? (void *)&v2 :
	    size == 4 ? (void *)&v4 : (void *)&v, size);
}

static bool
get(enum kev_class class, enum kev_field f, const json_t *v, void *p)
{
	enum kev_type type = fields[f].type;
	size_t size = places[class][f].size;
	const char *s = json_string_value(v);
	uint64_t value = 0;

	switch (type) {
	case KT_STR:
		if (s == NULL || strlen(s) >= size)
			return false;
		strcpy(p, s);
		return true;
	case KT_NAMES:
		return get_names(v, p);
	case KT_IP:
		return s != NULL && get_ip(s, p);
	case KT_LLADDR:
		return s != NULL && get_lladdr(s, p);
	case KT_U32:
		if (!get_integer(v, 0, UINT32_MAX, &value))
			return false;
		break;
	case KT_I32:
		if (!get_integer(v, INT32_MIN, INT32_MAX, &value))
			return false;
		break;
	case KT_U64:
		if (!get_integer(v, 0, INT64_MAX, &value))
			return false;
		break;
	case KT_BOOL:
		if (!json_is_boolean(v))
			return false;
		value = json_is_true(v);
		break;
	case KT_FLAGS:
	case KT_FAMILIES:
		if (!get_flags(type == KT_FLAGS ? flag_words(class) :
		    kev_words(type), v, &value))
			return false;
		break;
	default:
		if (!get_word(class, type, v, size == 1 ? UINT8_MAX :
		    size == 2 ? UINT16_MAX : UINT32_MAX, &value))
			return false;
	}
	set(p, size, value);
	return true;
}

bool
kev_object_get(enum kev_class class, struct kev_object *o, enum kev_field f,
    const struct json_t *value, const char **want)
{
	if (!get(class, f, value, (char *)o + places[class][f].offset)) {
		*want = wanted(fields[f].type);
		return false;
	}
	o->has |= UINT64_C(1) << f;
	return true;
}

void
kev_object_fini(enum kev_class class, struct kev_object *o)
{
	struct kev_names *names;
	unsigned f;

	for (f = 0; f < KEV_F_N; f++) {
		if (fields[f].type != KT_NAMES || !kev_class_has(class, f))
			continue;
		names = (struct kev_names *)((char *)o + places[class][f].offset);
		free(names->buf);
		*names = (struct kev_names){ NULL, 0, 0 };
	}
	o->has = 0;
}

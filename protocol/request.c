#include "config.h"

#include "request.h"

#include "buf.h"
#include "json.h"
#include "pattern.h"
#include "scan.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ops[KEV_OPS] = {
	[KEV_SUBSCRIBE] = "subscribe", [KEV_UNSUBSCRIBE] = "unsubscribe",
	[KEV_STATE] = "state", [KEV_TOPICS_OP] = "topics",
	[KEV_STATS] = "stats", [KEV_PING] = "ping", [KEV_INJECT] = "inject",
};

static const char *const codes[] = {
	[KEV_OK] = "ok", [KEV_BAD_JSON] = "bad-json",
	[KEV_BAD_REQUEST] = "bad-request", [KEV_BAD_PATTERN] = "bad-pattern",
	[KEV_UNKNOWN_TOPIC] = "unknown-topic", [KEV_TOO_LONG] = "too-long",
	[KEV_DENIED] = "denied", [KEV_TOO_MANY] = "too-many",
};

/* Where the message of an error goes. */
struct complaint {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4)))
static enum kev_error
refuse(const struct complaint *c, enum kev_error e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->text, c->size, fmt, ap);
	va_end(ap);
	return e;
}

/* The member, of the type wanted, or absent: *V NULL. */
static enum kev_error
member(const json_t *root, const char *name, json_type type, const char *word,
    const json_t **v, const struct complaint *c)
{
	*v = json_object_get(root, name);
	if (*v == NULL || json_typeof(*v) == type)
		return KEV_OK;
	return refuse(c, KEV_BAD_REQUEST, "\"%s\" must be %s", name, word);
}

static enum kev_error
get_topics(const json_t *list, uint64_t *set, const struct complaint *c)
{
	enum kev_pattern_result result;
	const json_t *v;
	const char *s;
	size_t i;

	if (json_array_size(list) == 0)
		return refuse(c, KEV_BAD_REQUEST, "\"topics\" is empty");
	if (json_array_size(list) > KEV_PATTERNS_MAX)
		return refuse(c, KEV_TOO_MANY, "more than %d \"topics\"",
		    KEV_PATTERNS_MAX);
	json_array_foreach((json_t *)list, i, v) {
		s = json_string_value(v);
		if (s == NULL)
			return refuse(c, KEV_BAD_REQUEST,
			    "\"topics\" must hold strings");
		result = kev_pattern(s, set);
		if (result == KEV_PATTERN_BAD)
			return refuse(c, KEV_BAD_PATTERN,
			    "\"%.64s\" is not a pattern of topics", s);
		if (result == KEV_PATTERN_UNKNOWN)
			return refuse(c, KEV_UNKNOWN_TOPIC,
			    "there is no topic \"%.64s\"", s);
	}
	return KEV_OK;
}

/* Takes what was written as a list of names, or leaves that it failed. */
static bool
take_names(struct buf *b, size_t n, struct kev_names *names)
{
	if (b->failed) {
		buf_fini(b);
		return false;
	}
	*names = (struct kev_names){ b->data, (uint32_t)b->len, (uint32_t)n };
	return true;
}

static enum kev_error
put_glob(struct buf *b, const char *what, const char *glob,
    const struct complaint *c)
{
	if (strlen(glob) > KEV_GLOB_MAX)
		return refuse(c, KEV_TOO_MANY,
		    "\"%s\" has a pattern longer than %d bytes", what,
		    KEV_GLOB_MAX);
	buf_put(b, glob, strlen(glob) + 1);
	return KEV_OK;
}

/* The member WHAT, globs one of which must fit. */
static enum kev_error
get_globs(const json_t *root, const char *what, struct kev_names *globs,
    const struct complaint *c)
{
	struct buf b = BUF_INIT;
	const json_t *list, *v;
	enum kev_error e;
	size_t i;

	e = member(root, what, JSON_ARRAY, "an array of strings", &list, c);
	if (e != KEV_OK || list == NULL)
		return e;
	if (json_array_size(list) > KEV_GLOBS_MAX)
		return refuse(c, KEV_TOO_MANY, "more than %d in \"%s\"",
		    KEV_GLOBS_MAX, what);
	json_array_foreach((json_t *)list, i, v) {
		if (!json_is_string(v))
			e = refuse(c, KEV_BAD_REQUEST,
			    "\"%s\" must hold strings", what);
		else
			e = put_glob(&b, what, json_string_value(v), c);
		if (e == KEV_OK)
			continue;
		buf_fini(&b);
		return e;
	}
	if (!take_names(&b, json_array_size(list), globs))
		return refuse(c, KEV_TOO_MANY, "out of memory");
	return KEV_OK;
}

/* Where: in which namespaces, on which interfaces. */
static enum kev_error
get_where(const json_t *root, struct kev_filter *f, const struct complaint *c)
{
	enum kev_error e = get_globs(root, "ifname", &f->ifnames, c);

	return e != KEV_OK ? e : get_globs(root, "netns", &f->netns, c);
}

/* A value to match as text: a string is a glob, others are as in JSON. */
static const char *
match_text(const json_t *v, char *digits, size_t size)
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	if (!json_is_integer(v))
		return NULL;
	snprintf(digits, size, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return digits;
}

static enum kev_error
get_matches(const json_t *root, struct kev_filter *f, const struct complaint *c)
{
	struct buf b = BUF_INIT;
	const json_t *list, *v;
	const char *key, *glob;
	char digits[32];
	enum kev_error e;
	size_t n = 0;

	e = member(root, "match", JSON_OBJECT, "an object", &list, c);
	if (e != KEV_OK || list == NULL)
		return e;
	if (json_object_size(list) > KEV_MATCHES_MAX)
		return refuse(c, KEV_TOO_MANY, "more than %d in \"match\"",
		    KEV_MATCHES_MAX);
	json_object_foreach((json_t *)list, key, v) {
		glob = match_text(v, digits, sizeof digits);
		if (glob == NULL)
			e = refuse(c, KEV_BAD_REQUEST, "\"match\": \"%.64s\" "
			    "must be a string, an integer or a boolean", key);
		else
			e = put_glob(&b, "match", glob, c);
		if (e != KEV_OK) {
			buf_fini(&b);
			return e;
		}
		f->field[n++] = kev_field_find(key);
	}
	if (!take_names(&b, n, &f->matches))
		return refuse(c, KEV_TOO_MANY, "out of memory");
	return KEV_OK;
}

static enum kev_error
parse_subscribe(struct kev_request *r, const struct complaint *c)
{
	const json_t *v;
	enum kev_error e;

	e = member(r->root, "topics", JSON_ARRAY, "an array of strings", &v, c);
	if (e != KEV_OK)
		return e;
	if (v == NULL)
		return refuse(c, KEV_BAD_REQUEST, "\"topics\" is missing");
	if ((e = get_topics(v, &r->filter.topics, c)) != KEV_OK ||
	    (e = get_where(r->root, &r->filter, c)) != KEV_OK ||
	    (e = get_matches(r->root, &r->filter, c)) != KEV_OK ||
	    (e = member(r->root, "after", JSON_STRING, "a string", &v, c)) !=
	    KEV_OK)
		return e;
	r->after = json_string_value(v);
	v = json_object_get(r->root, "snapshot");
	if (v != NULL && !json_is_boolean(v))
		return refuse(c, KEV_BAD_REQUEST,
		    "\"snapshot\" must be true or false");
	r->snapshot = json_is_true(v);
	return KEV_OK;
}

static enum kev_error
parse_unsubscribe(struct kev_request *r, const struct complaint *c)
{
	const json_t *v;
	enum kev_error e;

	e = member(r->root, "topics", JSON_ARRAY, "an array of strings", &v, c);
	if (e != KEV_OK)
		return e;
	if (v != NULL)
		return get_topics(v, &r->filter.topics, c);
	r->filter.topics = KEV_TOPIC_ALL;
	return KEV_OK;
}

static enum kev_error
get_data(struct kev_request *r, const json_t *data, const struct complaint *c)
{
	const struct kev_topic_info *info = &kev_topics[r->topic];
	const char *key, *want;
	const json_t *v;
	int f;

	json_object_foreach((json_t *)data, key, v) {
		f = kev_field_find(key);
		if (f < 0 || (info->fields & UINT64_C(1) << f) == 0)
			return refuse(c, KEV_BAD_REQUEST,
			    "\"data\" of %s has no member \"%.64s\"",
			    info->name, key);
		if (!kev_object_get(info->class, &r->data.object,
		    (enum kev_field)f, v, &want))
			return refuse(c, KEV_BAD_REQUEST,
			    "\"data\": \"%s\" must be %s", key, want);
	}
	return KEV_OK;
}

static bool
can_be_ifname(const char *name)
{
	return name[0] != '\0' && strlen(name) < KEV_IFNAMSIZ &&
	    strpbrk(name, "/ \t\n\v\f\r") == NULL;
}

static enum kev_error
parse_inject(struct kev_request *r, const struct complaint *c)
{
	const json_t *v, *data;
	enum kev_error e;
	int t;

	if ((e = member(r->root, "topic", JSON_STRING, "a string", &v, c)) !=
	    KEV_OK)
		return e;
	if (v == NULL)
		return refuse(c, KEV_BAD_REQUEST, "\"topic\" is missing");
	t = kev_topic_find(json_string_value(v));
	if (t < 0)
		return refuse(c, KEV_UNKNOWN_TOPIC,
		    "there is no topic \"%.64s\"", json_string_value(v));
	if (KEV_TOPIC_KEV & UINT64_C(1) << t)
		return refuse(c, KEV_DENIED, "%s is kevd's own to say",
		    kev_topics[t].name);
	r->topic = (enum kev_topic)t;
	if ((e = member(r->root, "ifname", JSON_STRING, "a string", &v, c)) !=
	    KEV_OK)
		return e;
	r->ifname = json_string_value(v);
	if (r->ifname != NULL && !can_be_ifname(r->ifname))
		return refuse(c, KEV_BAD_REQUEST,
		    "\"ifname\": \"%.64s\" can be no interface", r->ifname);
	if ((e = member(r->root, "data", JSON_OBJECT, "an object", &data, c)) !=
	    KEV_OK)
		return e;
	return get_data(r, data, c);
}

static enum kev_error
get_op(struct kev_request *r, const struct complaint *c)
{
	const json_t *v;
	enum kev_error e;
	int op;

	if ((e = member(r->root, "op", JSON_STRING, "a string", &v, c)) !=
	    KEV_OK)
		return e;
	if (v == NULL)
		return refuse(c, KEV_BAD_REQUEST, "\"op\" is missing");
	for (op = 0; op < KEV_OPS; op++) {
		if (strcmp(ops[op], json_string_value(v)) != 0)
			continue;
		r->op = (enum kev_op)op;
		return KEV_OK;
	}
	return refuse(c, KEV_BAD_REQUEST, "\"op\": there is no \"%.64s\"",
	    json_string_value(v));
}

/*
 * Programs may inject many events, and jansson's tree of one takes longer than
 * all the rest. So what these usually are is read where it lies; false is no
 * error, only that the tree has to tell. What is taken here the tree would take,
 * too, and for the same.
 */

static bool
copy(const struct span *from, char *text, size_t size)
{
	if (from->len >= size)
		return false;
	memcpy(text, from->s, from->len);
	text[from->len] = '\0';
	return true;
}

static json_t *
load(const struct span *value)
{
	struct span text;
	int64_t v;

	if (span_string(value, &text))
		return json_stringn_nocheck(text.s, text.len);
	if (span_integer(value, INT64_MIN, INT64_MAX, &v))
		return json_integer(v);
	return json_loadb(value->s, value->len, JSON_DECODE_ANY, NULL);
}

static bool
scan_topic(struct kev_request *r, const struct span *value)
{
	struct span text;
	char name[64];
	int t;

	if (!span_string(value, &text) || !copy(&text, name, sizeof name))
		return false;
	t = kev_topic_find(name);
	if (t < 0 || KEV_TOPIC_KEV & UINT64_C(1) << t)
		return false;
	r->op = KEV_INJECT;
	r->topic = (enum kev_topic)t;
	return true;
}

static bool
scan_ifname(struct kev_request *r, const struct span *value)
{
	struct span text;

	r->ifname = r->name;
	return span_string(value, &text) &&
	    copy(&text, r->name, sizeof r->name) && can_be_ifname(r->name);
}

static bool
scan_id(struct kev_request *r, const struct span *value)
{
	r->id = r->root = load(value);
	return json_is_string(r->id) || json_is_integer(r->id);
}

static bool
scan_field(struct kev_request *r, const struct span *name,
    const struct span *value)
{
	const struct kev_topic_info *info = &kev_topics[r->topic];
	struct kev_object *o = &r->data.object;
	const char *want;
	char key[64];
	json_t *v;
	bool good;
	int f;

	f = copy(name, key, sizeof key) ? kev_field_find(key) : -1;
	if (f < 0 || (info->fields & ~o->has & UINT64_C(1) << f) == 0)
		return false;
	v = load(value);
	good = v != NULL && kev_object_get(info->class, o, (enum kev_field)f, v,
	    &want);
	json_decref(v);
	return good;
}

static bool
scan_data(struct kev_request *r, const struct span *data)
{
	struct span name, value;
	struct scan s;

	scan_init(&s, data->s, data->len);
	while (scan_member(&s, &name, &value)) {
		if (!scan_field(r, &name, &value))
			return false;
	}
	return !s.failed;
}

static bool
scan_inject(struct kev_request *r, const char *line, size_t len)
{
	enum { OP, TOPIC, IFNAME, ID, DATA, MEMBERS };
	static const char *const names[MEMBERS] = { "op", "topic", "ifname",
	    "id", "data" };
	struct span at[MEMBERS] = { { NULL, 0 } }, name, value;
	struct scan s;
	size_t k;

	scan_init(&s, line, len);
	while (scan_member(&s, &name, &value)) {
		for (k = 0; k < MEMBERS && !span_is(&name, names[k]); k++)
			;
		if (k == MEMBERS || at[k].s != NULL)
			return false;
		at[k] = value;
	}
	return !s.failed && at[OP].s != NULL && at[TOPIC].s != NULL &&
	    span_is(&at[OP], "\"inject\"") && scan_topic(r, &at[TOPIC]) &&
	    (at[IFNAME].s == NULL || scan_ifname(r, &at[IFNAME])) &&
	    (at[ID].s == NULL || scan_id(r, &at[ID])) &&
	    (at[DATA].s == NULL || scan_data(r, &at[DATA]));
}

enum kev_error
kev_request_parse(struct kev_request *r, const char *line, size_t len,
    char *message, size_t size)
{
	struct complaint c = { message, size };
	json_error_t error;
	enum kev_error e;
	json_t *id;

	memset(r, 0, sizeof *r);
	if (scan_inject(r, line, len))
		return KEV_OK;
	kev_request_fini(r);
	memset(r, 0, sizeof *r);
	r->root = json_loadb(line, len, JSON_REJECT_DUPLICATES |
	    JSON_DECODE_ANY, &error);
	if (r->root == NULL)
		return refuse(&c, KEV_BAD_JSON, "%s", error.text);
	if (!json_is_object(r->root))
		return refuse(&c, KEV_BAD_REQUEST, "a request is an object");
	id = json_object_get(r->root, "id");
	if (json_is_string(id) || json_is_integer(id))
		r->id = id;
	else if (id != NULL && !json_is_null(id))
		return refuse(&c, KEV_BAD_REQUEST,
		    "\"id\" must be a string or an integer");
	e = get_op(r, &c);
	if (e != KEV_OK)
		return e;
	switch (r->op) {
	case KEV_SUBSCRIBE:
		return parse_subscribe(r, &c);
	case KEV_UNSUBSCRIBE:
		return parse_unsubscribe(r, &c);
	case KEV_STATE:
		return get_where(r->root, &r->filter, &c);
	case KEV_INJECT:
		return parse_inject(r, &c);
	default:
		return KEV_OK;
	}
}

void
kev_request_fini(struct kev_request *r)
{
	if (r->op == KEV_INJECT)
		kev_object_fini(kev_topics[r->topic].class, &r->data.object);
	kev_filter_fini(&r->filter);
	json_decref(r->root);
	r->root = NULL;
}

static void
put_id(struct buf *b, const struct json_t *id)
{
	buf_puts(b, "{\"reply\":");
	if (id == NULL)
		buf_puts(b, "null");
	else if (json_is_string(id))
		json_put_string(b, json_string_value(id),
		    json_string_length(id));
	else
		json_put_i64(b, json_integer_value(id));
}

void
kev_reply_begin(struct buf *b, const struct json_t *id)
{
	put_id(b, id);
	buf_puts(b, ",\"ok\":true");
}

void
kev_reply_error(struct buf *b, const struct json_t *id, enum kev_error e,
    const char *message)
{
	put_id(b, id);
	buf_puts(b, ",\"ok\":false,\"error\":{\"code\":\"");
	buf_puts(b, codes[e]);
	buf_puts(b, "\",\"message\":");
	json_put_string(b, message, strlen(message));
	buf_puts(b, "}}\n");
}

#include "config.h"

#include "line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* An event has a topic, an answer a reply: one of them, and of its type. */
static const char *
misshapen(const json_t *o)
{
	const json_t *topic, *reply;

	if (!json_is_object(o))
		return "not a JSON object";
	topic = json_object_get(o, "topic");
	reply = json_object_get(o, "reply");
	if ((topic == NULL) == (reply == NULL))
		return "not exactly one of \"topic\" and \"reply\"";
	if (topic != NULL && !json_is_string(topic))
		return "a \"topic\" that is not a string";
	return NULL;
}

int
line_parse(struct kev_line *l, const char *text, size_t len, char *why,
    size_t size)
{
	const char *bad;
	json_error_t e;

	*l = (struct kev_line){ .text = text, .len = len };
	l->json = json_loadb(text, len, JSON_DECODE_ANY, &e);
	if (l->json == NULL) {
		if (json_error_code(&e) == json_error_out_of_memory)
			return -ENOMEM;
		snprintf(why, size, "not JSON: %s", e.text);
		return -EPROTO;
	}
	bad = misshapen(l->json);
	if (bad == NULL)
		return 0;
	snprintf(why, size, "%s", bad);
	line_fini(l);
	return -EPROTO;
}

void
line_fini(struct kev_line *l)
{
	json_decref(l->json);
	*l = (struct kev_line){ 0 };
}

struct kev_line *
kev_line_copy(const struct kev_line *l)
{
	struct kev_line *copy = malloc(sizeof *copy + l->len + 1);
	char *text;

	if (copy == NULL)
		return NULL;
	text = (char *)(copy + 1);
	memcpy(text, l->text, l->len);
	text[l->len] = '\0';
	*copy = (struct kev_line){ .text = text, .len = l->len,
		.json = json_incref(l->json) };
	return copy;
}

void
kev_line_free(struct kev_line *copy)
{
	if (copy != NULL)
		line_fini(copy);
	free(copy);
}

/* The member at a path of keys with dots between them, or NULL. */
static const json_t *
member(const struct kev_line *l, const char *path)
{
	const json_t *v = l->json;
	char key[64];
	size_t n;

	while (v != NULL) {
		n = strcspn(path, ".");
		if (n >= sizeof key)
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		v = json_object_get(v, key);
		if (path[n] == '\0')
			break;
		path += n + 1;
	}
	return v;
}

const char *
kev_line_text(const struct kev_line *l, size_t *len)
{
	if (len != NULL)
		*len = l->len;
	return l->text;
}

const struct json_t *
kev_line_json(const struct kev_line *l)
{
	return l->json;
}

const char *
kev_line_string(const struct kev_line *l, const char *path)
{
	return json_string_value(member(l, path));
}

int
kev_line_integer(const struct kev_line *l, const char *path, long long *value)
{
	const json_t *v = member(l, path);

	if (json_is_integer(v))
		*value = json_integer_value(v);
	else if (json_is_boolean(v))
		*value = json_is_true(v);
	else
		return 0;
	return 1;
}

const char *
kev_line_topic(const struct kev_line *l)
{
	return kev_line_string(l, "topic");
}

const char *
kev_line_ifname(const struct kev_line *l)
{
	return kev_line_string(l, "ifname");
}

const char *
kev_line_id(const struct kev_line *l)
{
	return kev_line_string(l, "id");
}

int
kev_line_snapshot(const struct kev_line *l)
{
	return json_is_true(json_object_get(l->json, "snapshot"));
}

long long
kev_line_reply(const struct kev_line *l)
{
	const json_t *v = json_object_get(l->json, "reply");

	if (v == NULL)
		return -1;
	return json_integer_value(v) > 0 ? json_integer_value(v) : 0;
}

int
kev_line_ok(const struct kev_line *l)
{
	return json_is_true(json_object_get(l->json, "ok"));
}

#include "config.h"

#include "busvalue.h"

#include "buf.h"
#include "json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

/* What is in an object, but no objects in it: buses don't take any depth. */
static const char *const objects[] = { "prev", NULL };

const char *
busvalue_signature(enum kev_field f)
{
	switch (kev_field_type(f)) {
	case KT_U32:
		return "u";
	case KT_I32:
		return "i";
	case KT_U64:
		return "t";
	case KT_BOOL:
		return "b";
	case KT_NAMES:
	case KT_FLAGS:
	case KT_FAMILIES:
		return "as";
	default:
		return "s";
	}
}

/*
 * U+FFFE, U+FFFF, those of other planes, and U+FDD0 to U+FDEF: the buses take
 * them, but sd-bus does not, neither from us nor in what another one sends.
 */
static bool
is_noncharacter(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	if (n == 3)
		return p[0] == 0xef && ((p[1] == 0xb7 && p[2] >= 0x90 &&
		    p[2] <= 0xaf) || (p[1] == 0xbf && p[2] >= 0xbe));
	return n == 4 && (p[1] & 0x0f) == 0x0f && p[2] == 0xbf && p[3] >= 0xbe;
}

int
busvalue_string(sd_bus_message *m, const char *s)
{
	struct buf b = BUF_INIT;
	size_t n, len = strlen(s);
	int r = -ENOMEM;

	for (; len > 0; s += n, len -= n) {
		n = json_utf8(s, len);
		if (n == 0 || is_noncharacter(s, n))
			buf_puts(&b, "\xef\xbf\xbd");
		else
			buf_put(&b, s, n);
		n += n == 0;
	}
	buf_put(&b, "", 1);
	if (!b.failed)
		r = sd_bus_message_append_basic(m, 's', b.data);
	buf_fini(&b);
	return r;
}

static int
put_strings(sd_bus_message *m, const json_t *list)
{
	const json_t *v;
	size_t i;
	int r = sd_bus_message_open_container(m, 'a', "s");

	json_array_foreach((json_t *)list, i, v) {
		if (r >= 0 && json_is_string(v))
			r = busvalue_string(m, json_string_value(v));
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int
put_dicts(sd_bus_message *m, const json_t *list)
{
	const json_t *v;
	size_t i;
	int r = sd_bus_message_open_container(m, 'a', "a{sv}");

	json_array_foreach((json_t *)list, i, v) {
		if (r >= 0)
			r = busvalue_dict(m, v, objects);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int
busvalue_put(sd_bus_message *m, const char *signature, const json_t *value)
{
	const char *s = json_string_value(value);
	json_int_t n = json_integer_value(value);
	int32_t i = json_is_integer(value) ? (int32_t)n : -1;
	int truth = json_is_true(value);

	switch (*signature) {
	case 's':
		return busvalue_string(m, s != NULL ? s : "");
	case 'b':
		return sd_bus_message_append_basic(m, 'b', &truth);
	case 'i':
		return sd_bus_message_append_basic(m, 'i', &i);
	case 'u':
		return sd_bus_message_append(m, "u", (uint32_t)n);
	case 't':
		return sd_bus_message_append(m, "t", (uint64_t)n);
	default:
		return strcmp(signature, "as") == 0 ? put_strings(m, value) :
		    put_dicts(m, value);
	}
}

static bool
is_in(const char *const *list, const char *key)
{
	while (*list != NULL && strcmp(*list, key) != 0)
		list++;
	return *list != NULL;
}

/* Of a member of an event, or of what is in it; NULL: it has none. */
static const char *
signature_of(const char *key, const json_t *value)
{
	int f = kev_field_find(key);

	switch (json_typeof(value)) {
	case JSON_STRING:
		return "s";
	case JSON_TRUE:
	case JSON_FALSE:
		return "b";
	case JSON_INTEGER:
		return f != -1 ? busvalue_signature((enum kev_field)f) :
		    strcmp(key, "ifindex") == 0 ? "u" : "t";
	case JSON_ARRAY:
		return "as";
	case JSON_NULL:
		return f != -1 ? busvalue_signature((enum kev_field)f) : NULL;
	case JSON_OBJECT:
		return is_in(objects, key) ? "a{sv}" : NULL;
	default:
		return NULL;
	}
}

static int
put_member(sd_bus_message *m, const char *key, const json_t *value)
{
	const char *signature = signature_of(key, value);
	int r;

	if (signature == NULL)
		return 0;
	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = busvalue_string(m, key);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', signature);
	if (r >= 0 && json_typeof(value) == JSON_OBJECT)
		r = busvalue_dict(m, value, objects);
	else if (r >= 0)
		r = busvalue_put(m, signature, value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int
busvalue_dict(sd_bus_message *m, const json_t *object,
    const char *const *without)
{
	const char *key;
	json_t *value;
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	json_object_foreach((json_t *)object, key, value) {
		if (r >= 0 && !is_in(without, key))
			r = put_member(m, key, value);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

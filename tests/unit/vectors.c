#include "config.h"

#include "vectors.h"

#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

size_t
vectors_each(const char *name, void (*call)(const json_t *))
{
	char path[512], *line = NULL;
	size_t size = 0, n = 0;
	json_t *v;
	FILE *f;

	snprintf(path, sizeof path, "%s%s", VECTORS, name);
	f = fopen(path, "r");
	assert_non_null(f);
	for (; getline(&line, &size, f) != -1; n++) {
		v = json_loads(line, 0, NULL);
		assert_non_null(v);
		call(v);
		json_decref(v);
	}
	free(line);
	fclose(f);
	return n;
}

const char *
vectors_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

json_int_t
vectors_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

uint8_t *
vectors_bytes(const json_t *v, size_t *len)
{
	const char *hex = vectors_text(v, "hex");
	uint8_t *bytes;
	unsigned byte;
	size_t i;

	*len = strlen(hex) / 2;
	bytes = malloc(*len > 0 ? *len : 1);
	assert_non_null(bytes);
	for (i = 0; i < *len; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	return bytes;
}

json_t *
vectors_members(enum kev_class class, const void *object)
{
	struct buf b = BUF_INIT;
	json_t *o;

	kev_object_put(&b, class, object, UINT64_MAX, false);
	o = json_loadb(b.data, b.len, 0, NULL);
	assert_non_null(o);
	buf_fini(&b);
	return o;
}

void
vectors_move(json_t *to, const char *key, const json_t *from, const char *old)
{
	json_t *v = json_object_get(from, old);

	if (v != NULL && !json_is_null(v))
		json_object_set(to, key, v);
}

void
vectors_same(const json_t *v, const json_t *want, const json_t *got)
{
	if (json_equal(want, got))
		return;
	json_dumpf(want, stderr, JSON_SORT_KEYS | JSON_INDENT(1));
	fprintf(stderr, "\nwas in %s, but found was\n", vectors_text(v, "name"));
	json_dumpf(got, stderr, JSON_SORT_KEYS | JSON_INDENT(1));
	fail();
}

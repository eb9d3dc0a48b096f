/*
 * A template of kevsub -F on the first line, and then what kevd may say: as
 * text, as JSON for a terminal, as variables, as a CloudEvent, and as the
 * template has it. Nothing that a terminal or shell might obey comes out.
 */
#include "config.h"

#include "buf.h"
#include "cloudevents.h"
#include "fuzz.h"
#include "json.h"
#include "line.h"
#include "template.h"
#include "text.h"
#include "variables.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Text without controls, separators of lines and changes of direction. */
static bool
is_harmless(const struct buf *b)
{
	const unsigned char *p;
	size_t i, n;

	for (i = 0; i < b->len; i += n) {
		p = (const unsigned char *)b->data + i;
		n = json_utf8(b->data + i, b->len - i);
		if (n == 0 || *p < ' ' || *p == 0x7f ||
		    (*p == 0xc2 && p[1] < 0xa0) ||
		    (*p == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 &&
		    p[2] <= 0xae))
			return false;
	}
	return true;
}

static void
as_text(const struct kev_line *line)
{
	struct buf b = BUF_INIT;

	if (kev_line_topic(line) == NULL)
		return;
	text_event(&b, kev_line_json(line), true);
	buf_clear(&b);
	text_event(&b, kev_line_json(line), false);
	MUST(is_harmless(&b));
	buf_fini(&b);
}

static void
as_json(const struct kev_line *line)
{
	struct buf b = BUF_INIT;
	const char *text;
	json_t *o;
	size_t len;

	text = kev_line_text(line, &len);
	text_json(&b, text, len);
	o = json_loadb(b.data, b.len, 0, NULL);
	MUST(json_equal(o, kev_line_json(line)));
	json_decref(o);
	buf_fini(&b);
}

static void
by_template(const struct kev_line *line, const char *template)
{
	struct buf b = BUF_INIT;
	char why[64];

	if (template_check(template, why, sizeof why) != NULL)
		return;
	template_put(&b, template, line, true);
	/* What it has of its own is as was asked for. */
	buf_clear(&b);
	template_put(&b, "%t%T%i%{data.address}%{data}%{prev}", line, true);
	MUST(is_harmless(&b));
	buf_fini(&b);
}

/* NAME='VALUE' and so on: nothing but names outside of quotes. */
static void
as_variables(const struct kev_line *line)
{
	struct buf b = BUF_INIT;
	const char *p, *end;

	if (kev_line_topic(line) == NULL)
		return;
	variables_put(&b, line);
	MUST(is_harmless(&b));
	buf_putc(&b, '\0');
	for (p = b.data; *p != '\0'; p += *p == ' ') {
		MUST(strncmp(p, "KEV_", 4) == 0);
		p += strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		MUST(*p++ == '=' && *p++ == '\'');
		while ((end = strchr(p, '\'')) != NULL &&
		    strncmp(end, "'\\''", 4) == 0)
			p = end + 4;
		MUST(end != NULL && (end[1] == ' ' || end[1] == '\0'));
		p = end + 1;
	}
	buf_fini(&b);
}

static bool
is_attribute(const json_t *v)
{
	struct buf b = { (char *)json_string_value(v), json_string_length(v),
		0, false };

	return b.len > 0 && is_harmless(&b);
}

static void
as_cloudevent(const struct kev_line *line)
{
	struct buf b = BUF_INIT;
	const json_t *v;
	const char *key;
	json_t *o;

	if (kev_line_topic(line) == NULL)
		return;
	cloudevents_put(&b, line);
	o = json_loadb(b.data, b.len, 0, NULL);
	MUST(json_equal(json_object_get(o, "data"), kev_line_json(line)));
	MUST(json_object_size(o) >= 6);
	json_object_foreach(o, key, v)
		MUST(strcmp(key, "data") == 0 || is_attribute(v));
	json_decref(o);
	buf_fini(&b);
}

/* What is no JSON, and no UTF-8. */
static void
raw(const char *bytes, size_t len)
{
	struct buf b = BUF_INIT;

	text_put(&b, bytes, len);
	MUST(is_harmless(&b));
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 2), *event, why[128];
	struct kev_line line;
	size_t size;

	MUST(text != NULL);
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = text[len + 1] = '\0';
	event = text + strcspn(text, "\n");
	*event++ = '\0';
	size = strlen(event);
	raw(event, size);
	if (line_parse(&line, event, size, why, sizeof why) == 0) {
		as_text(&line);
		as_json(&line);
		as_variables(&line);
		as_cloudevent(&line);
		by_template(&line, text);
		line_fini(&line);
	}
	free(text);
	return 0;
}

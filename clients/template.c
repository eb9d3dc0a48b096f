#include "config.h"

#include "kev.h"
#include "buf.h"
#include "template.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* The length of the "%..." at P, or 0 when it is none. */
static size_t
directive(const char *p)
{
	const char *end;

	if (p[1] == '\0')
		return 0;
	if (strchr("tTij%", p[1]) != NULL)
		return 2;
	end = p[1] == '{' ? strchr(p, '}') : NULL;
	return end == NULL || end == p + 2 ? 0 : (size_t)(end - p) + 1;
}

const char *
template_check(const char *template, char *why, size_t size)
{
	const char *p = template;
	size_t n;

	while (*p != '\0') {
		n = 1;
		if (*p == '%') {
			n = directive(p);
		} else if (*p == '\\') {
			n = p[1] != '\0' && strchr("tn\\0", p[1]) != NULL ?
			    2 : 0;
		}
		if (n == 0) {
			snprintf(why, size, "%.*s is not known in a format",
			    *p == '%' && p[1] == '{' ? 40 : 2, p);
			return why;
		}
		p += n;
	}
	return NULL;
}

/* The member at PATH, LEN bytes with dots between keys, or NULL. */
static const json_t *
find(const json_t *v, const char *path, size_t len)
{
	const char *dot;
	size_t n;
	char key[64];

	for (;;) {
		dot = memchr(path, '.', len);
		n = dot == NULL ? len : (size_t)(dot - path);
		if (n >= sizeof key)
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		v = json_object_get(v, key);
		if (dot == NULL || v == NULL)
			return v;
		path += n + 1;
		len -= n + 1;
	}
}

static void
put_value(struct buf *b, const json_t *v)
{
	char *text;

	if (!json_is_object(v)) {
		text_value(b, v, ',', true);
		return;
	}
	text = json_dumps(v, JSON_COMPACT);
	if (text != NULL)
		text_puts(b, text);
	free(text);
}

static void
put_directive(struct buf *b, const char *p, size_t n,
    const struct kev_line *event, bool terminal)
{
	const json_t *o = kev_line_json(event);
	const char *text;
	size_t len;

	switch (p[1]) {
	case '%':
		buf_putc(b, '%');
		break;
	case 't':
		put_value(b, json_object_get(o, "topic"));
		break;
	case 'T':
		put_value(b, json_object_get(o, "time"));
		break;
	case 'i':
		text_ifname(b, o, true);
		break;
	case 'j':
		text = kev_line_text(event, &len);
		if (terminal)
			text_json(b, text, len);
		else
			buf_put(b, text, len);
		break;
	default:
		put_value(b, find(o, p + 2, n - 3));
		break;
	}
}

void
template_put(struct buf *b, const char *template,
    const struct kev_line *event, bool terminal)
{
	const char *p = template;
	size_t n;

	for (; *p != '\0'; p += n) {
		n = 1;
		if (*p == '%') {
			n = directive(p);
			put_directive(b, p, n, event, terminal);
		} else if (*p == '\\') {
			n = 2;
			buf_putc(b, p[1] == 't' ? '\t' : p[1] == 'n' ? '\n' :
			    p[1] == '0' ? '\0' : '\\');
		} else {
			buf_putc(b, *p);
		}
	}
}

#include "config.h"

#include "cloudevents.h"
#include "kev.h"
#include "buf.h"
#include "json.h"
#include "text.h"
#include "thing.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Attributes are strings without control characters. */
static void
put_attribute(struct buf *b, const char *name, const struct buf *value)
{
	struct buf text = BUF_INIT;

	text_put(&text, value->data, value->len);
	buf_puts(b, ",\"");
	buf_puts(b, name);
	buf_puts(b, "\":");
	json_put_string(b, text.data, text.len);
	b->failed |= text.failed || value->failed;
	buf_fini(&text);
}

/*
 * With the source it tells each event from all others. What holds now, and
 * what kevd says of the stream, has the number of the event before it; so what
 * it is about is added.
 */
static void
put_id(struct buf *b, const struct kev_line *event)
{
	const char *id = kev_line_id(event), *topic = kev_line_topic(event);
	struct buf value = BUF_INIT;

	if (id != NULL)
		buf_puts(&value, id);
	if (id == NULL || kev_line_snapshot(event) ||
	    strncmp(topic, "kev/", 4) == 0) {
		buf_putc(&value, '/');
		thing_put(&value, event, topic);
	}
	put_attribute(b, "id", &value);
	buf_fini(&value);
}

/* kevd of this host, as a reference to a URI: //HOST/kev */
static void
put_source(struct buf *b)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	struct buf value = BUF_INIT;
	char host[256] = "", t[4], *p;

	if (gethostname(host, sizeof host - 1) == -1 || host[0] == '\0')
		strcpy(host, "localhost");
	buf_puts(&value, "//");
	for (p = host; *p != '\0'; p++) {
		snprintf(t, sizeof t, strchr(plain, *p) != NULL ? "%c" :
		    "%%%02X", (unsigned char)*p);
		buf_puts(&value, t);
	}
	buf_puts(&value, "/kev");
	put_attribute(b, "source", &value);
	buf_fini(&value);
}

static void
put_text(struct buf *b, const char *name, const char *before, const char *text)
{
	struct buf value = BUF_INIT;

	buf_puts(&value, before);
	buf_puts(&value, text);
	put_attribute(b, name, &value);
	buf_fini(&value);
}

void
cloudevents_put(struct buf *b, const struct kev_line *event)
{
	const char *time = kev_line_string(event, "time"), *text;
	struct buf subject = BUF_INIT;
	size_t len;

	buf_puts(b, "{\"specversion\":\"1.0\"");
	put_id(b, event);
	put_source(b);
	put_text(b, "type", "kev.", kev_line_topic(event));
	if (time != NULL)
		put_text(b, "time", "", time);
	text_ifname(&subject, kev_line_json(event), false);
	if (subject.len > 0)
		put_attribute(b, "subject", &subject);
	buf_fini(&subject);
	text = kev_line_text(event, &len);
	buf_puts(b, ",\"datacontenttype\":\"application/json\",\"data\":");
	buf_put(b, text, len);
	buf_putc(b, '}');
}

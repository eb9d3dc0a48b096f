#include "config.h"

#include "buf.h"
#include "homeassistant.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

/* Letters, digits, and all else as _XX. */
static void
put_id(struct buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	char code[4];

	for (; *s != '\0'; s++) {
		if (strchr(plain, *s) != NULL) {
			buf_putc(b, *s);
			continue;
		}
		snprintf(code, sizeof code, "_%02X", (unsigned char)*s);
		buf_puts(b, code);
	}
}

/* ,"KEY":"VALUE" */
static void
put_member(struct buf *b, const char *key, const char *value, size_t len)
{
	buf_puts(b, ",\"");
	buf_puts(b, key);
	buf_puts(b, "\":");
	json_put_string(b, value, len);
}

static void
put_text(struct buf *b, const char *key, const char *value)
{
	put_member(b, key, value, strlen(value));
}

/* ,"KEY":"kev/LEVEL..." */
static void
put_topic(struct buf *b, const char *key, const char *level, const char *rest,
    const char *name)
{
	struct buf topic = BUF_INIT;

	buf_puts(&topic, "kev/");
	buf_puts(&topic, level);
	buf_puts(&topic, rest);
	buf_puts(&topic, name);
	put_member(b, key, topic.data, topic.len);
	b->failed |= topic.failed;
	buf_fini(&topic);
}

void
homeassistant_put(struct buf *topic, struct buf *payload, const char *prefix,
    const char *host, const char *level, const char *name)
{
	static const char state[] = "/state/interface/";

	buf_puts(topic, prefix);
	buf_puts(topic, "/binary_sensor/kev_");
	put_id(topic, host);
	buf_putc(topic, '/');
	put_id(topic, name);
	buf_puts(topic, "/config");

	buf_puts(payload, "{\"unique_id\":\"kev_");
	put_id(payload, host);
	buf_putc(payload, '_');
	put_id(payload, name);
	buf_putc(payload, '"');
	put_text(payload, "name", name);
	put_text(payload, "device_class", "connectivity");
	put_topic(payload, "state_topic", level, state, name);
	put_text(payload, "value_template",
	    "{{ 'ON' if value_json.carrier else 'OFF' }}");
	put_topic(payload, "json_attributes_topic", level, state, name);
	put_topic(payload, "availability_topic", level, "/status", "");
	put_text(payload, "availability_template", "{{ value_json.status }}");
	buf_puts(payload, ",\"device\":{\"identifiers\":[\"kev_");
	put_id(payload, host);
	buf_puts(payload, "\"],\"manufacturer\":\"kev\"");
	put_text(payload, "name", host);
	buf_puts(payload, "}}");
}

#include "config.h"

#include "bounds.h"
#include "buf.h"
#include "event.h"
#include "json.h"
#include "mqttname.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

void
mqttname_level(struct buf *b, const char *name, size_t len)
{
	char code[4];
	size_t i;

	/* That is no interface. */
	if (len == 1 && *name == *MQTTNAME_NONE) {
		buf_puts(b, "%2D");
		return;
	}
	for (i = 0; i < len; i++) {
		if (name[i] > ' ' && name[i] <= '~' &&
		    strchr("+#/%:", name[i]) == NULL) {
			buf_putc(b, name[i]);
			continue;
		}
		snprintf(code, sizeof code, "%%%02X", (unsigned char)name[i]);
		buf_puts(b, code);
	}
}

void
mqttname_interface(struct buf *b, const json_t *o)
{
	const char *netns = json_string_value(json_object_get(o, "netns"));
	struct buf name = BUF_INIT;

	text_ifname(&name, o, false);
	if (name.len == 0) {
		buf_puts(b, MQTTNAME_NONE);
		buf_fini(&name);
		return;
	}
	if (netns != NULL) {
		mqttname_level(b, netns, strlen(netns));
		buf_putc(b, ':');
	}
	mqttname_level(b, name.data, name.len);
	b->failed |= name.failed;
	buf_fini(&name);
}

void
mqttname_glob(struct buf *b, const char *level)
{
	const char *colon = strchr(level, ':'), *p;

	for (p = colon == NULL ? level : colon + 1; *p != '\0' &&
	    b->len < KEV_GLOB_MAX; p++) {
		if (*p > ' ' && *p <= '~' && strchr("%*?[\\", *p) == NULL) {
			buf_putc(b, *p);
			continue;
		}
		/* Part of a character, maybe of none. */
		buf_putc(b, '*');
		p += *p == '%' ? strnlen(p + 1, 2) : 0;
	}
}

void
mqttname_event(struct buf *b, const char *host, const json_t *event)
{
	const char *topic = json_string_value(json_object_get(event, "topic"));

	buf_puts(b, "kev/");
	buf_puts(b, host);
	buf_puts(b, "/event/");
	buf_puts(b, topic);
	buf_putc(b, '/');
	mqttname_interface(b, event);
}

void
mqttname_payload(struct buf *b, const char *line, size_t len,
    const char *host, bool historical)
{
	/* It ends with a brace, because it is an object. */
	buf_put(b, line, len - 1);
	buf_puts(b, ",\"host\":");
	json_put_string(b, host, strlen(host));
	buf_puts(b, historical ? ",\"historical\":true}" : "}");
}

void
mqttname_gap(struct buf *b, uint64_t time, const char *cause, uint64_t lost)
{
	buf_puts(b, "{\"topic\":\"kev/gap\",\"time\":\"");
	kev_event_put_time(b, time);
	buf_puts(b, "\",\"data\":{\"cause\":\"");
	buf_puts(b, cause);
	buf_putc(b, '"');
	if (lost > 0) {
		buf_puts(b, ",\"lost\":");
		json_put_u64(b, lost);
	}
	buf_puts(b, "}}");
}

#include "config.h"

#include "wire.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
mqtt_connect(struct buf *b)
{
	/* A clean session, kept alive for ever, without a name. */
	static const char packet[] = "\x10\x0c\0\4MQTT\4\2\0\0\0";

	buf_put(b, packet, 14);
}

void
mqtt_subscribe(struct buf *b, const char *topic)
{
	size_t len = strlen(topic);

	buf_putc(b, '\x82');
	buf_putc(b, (char)(5 + len));
	buf_put(b, "\0\1\0", 3);
	buf_putc(b, (char)len);
	buf_put(b, topic, len + 1);
}

void
mqtt_publish(struct buf *b, const char *payload, size_t len)
{
	size_t rest = 3 + len;

	/* Two bytes of a length that takes two. */
	buf_putc(b, '\x30');
	buf_putc(b, (char)(0x80 | (rest & 0x7f)));
	buf_putc(b, (char)(rest >> 7));
	buf_put(b, "\0\1k", 3);
	buf_put(b, payload, len);
}

bool
mqtt_is_subscribed(const char *p, size_t len)
{
	return len >= 9 && memcmp(p + len - 5, "\x90\3\0\1\0", 5) == 0;
}

static void
put_u32(struct buf *b, uint32_t v)
{
	buf_put(b, &v, sizeof v);
}

static void
align(struct buf *b, size_t start, size_t n)
{
	while ((b->len - start) % n != 0)
		buf_putc(b, '\0');
}

static void
put_string(struct buf *b, size_t start, const char *s, size_t len)
{
	align(b, start, 4);
	put_u32(b, (uint32_t)len);
	buf_put(b, s, len);
	buf_putc(b, '\0');
}

/* A header field whose value is text: a path, a string or a signature. */
static void
put_field(struct buf *b, size_t start, char code, char type, const char *s)
{
	align(b, start, 8);
	buf_putc(b, code);
	buf_putc(b, 1);
	buf_putc(b, type);
	buf_putc(b, '\0');
	if (type != 'g') {
		put_string(b, start, s, strlen(s));
		return;
	}
	buf_putc(b, (char)strlen(s));
	buf_put(b, s, strlen(s) + 1);
}

enum { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_SIGNAL = 4 };

/* The same serial each time: nobody looks, and all are as long. */
static void
put_message(struct buf *b, char type, const char *path, const char *interface,
    const char *member, const char *text, size_t len)
{
	static const uint16_t one = 1;
	size_t start = b->len, fields;
	uint32_t n = text != NULL ? (uint32_t)(4 + len + 1) : 0;

	buf_putc(b, *(const char *)&one == 1 ? 'l' : 'B');
	buf_putc(b, type);
	buf_put(b, "\0\1", 2);
	put_u32(b, n);
	put_u32(b, 1);
	put_u32(b, 0);
	fields = b->len;
	put_field(b, start, 1, 'o', path);
	put_field(b, start, 2, 's', interface);
	put_field(b, start, 3, 's', member);
	if (type == DBUS_CALL)
		put_field(b, start, 6, 's', "org.freedesktop.DBus");
	if (text != NULL)
		put_field(b, start, 8, 'g', "s");
	n = (uint32_t)(b->len - fields);
	if (!b->failed)
		memcpy(b->data + fields - 4, &n, sizeof n);
	align(b, start, 8);
	if (text != NULL)
		put_string(b, start, text, len);
}

static void
call(struct buf *b, const char *member, const char *text)
{
	put_message(b, DBUS_CALL, "/org/freedesktop/DBus",
	    "org.freedesktop.DBus", member, text,
	    text != NULL ? strlen(text) : 0);
}

void
dbus_hello(struct buf *b)
{
	char uid[16];
	const char *p;

	buf_putc(b, '\0');
	buf_puts(b, "AUTH EXTERNAL ");
	snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
	for (p = uid; *p != '\0'; p++) {
		buf_putc(b, '3');
		buf_putc(b, *p);
	}
	buf_puts(b, "\r\nBEGIN\r\n");
	call(b, "Hello", NULL);
}

void
dbus_match(struct buf *b, const char *name)
{
	char rule[64];

	snprintf(rule, sizeof rule, "type='signal',member='%s'", name);
	call(b, "AddMatch", rule);
}

void
dbus_signal(struct buf *b, const char *payload, size_t len)
{
	put_message(b, DBUS_SIGNAL, "/k", "kev.Bench", "k", payload, len);
}

bool
dbus_is_answered(const char *p, size_t len, unsigned n)
{
	const char *end = p + len;
	uint32_t body, fields;
	unsigned answers = 0;

	p = memchr(p, '\n', len);
	if (p == NULL)
		return false;
	for (p++; end - p >= 16; p += 16 + ((fields + 7) & ~7U) + body) {
		memcpy(&body, p + 4, sizeof body);
		memcpy(&fields, p + 12, sizeof fields);
		if ((size_t)(end - p) < 16 + ((fields + 7) & ~7U) + body)
			return false;
		answers += p[1] == DBUS_RETURN;
	}
	return p == end && answers == n;
}

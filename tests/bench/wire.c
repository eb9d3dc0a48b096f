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

struct message {
	char type;
	const char *path, *interface, *member;
	const char *to;		/* NULL: whoever is there */
	const char *holds;	/* a signature. NULL: nothing */
	bool has_fd;		/* goes with a descriptor */
};

/* What it holds is to follow: LEN bytes. The same serial each time: nobody
 * looks, and all are as long. Returns where it starts. */
static size_t
put_header(struct buf *b, const struct message *m, size_t len)
{
	static const uint16_t one = 1;
	size_t start = b->len, fields;
	uint32_t n;

	buf_putc(b, *(const char *)&one == 1 ? 'l' : 'B');
	buf_putc(b, m->type);
	buf_put(b, "\0\1", 2);
	put_u32(b, (uint32_t)len);
	put_u32(b, 1);
	put_u32(b, 0);
	fields = b->len;
	put_field(b, start, 1, 'o', m->path);
	put_field(b, start, 2, 's', m->interface);
	put_field(b, start, 3, 's', m->member);
	if (m->to != NULL)
		put_field(b, start, 6, 's', m->to);
	if (m->holds != NULL)
		put_field(b, start, 8, 'g', m->holds);
	if (m->has_fd) {
		align(b, start, 8);
		buf_put(b, "\x9\1u\0", 4);
		put_u32(b, 1);
	}
	n = (uint32_t)(b->len - fields);
	if (!b->failed)
		memcpy(b->data + fields - 4, &n, sizeof n);
	align(b, start, 8);
	return start;
}

/* One that holds a string, or nothing if that is NULL. */
static void
put_message(struct buf *b, const struct message *m, const char *text,
    size_t len)
{
	size_t start = put_header(b, m, text != NULL ? 4 + len + 1 : 0);

	if (text != NULL)
		put_string(b, start, text, len);
}

static void
call(struct buf *b, const char *member, const char *text)
{
	const struct message m = { .type = DBUS_CALL,
	    .path = "/org/freedesktop/DBus",
	    .interface = "org.freedesktop.DBus", .member = member,
	    .to = "org.freedesktop.DBus", .holds = text != NULL ? "s" : NULL };

	put_message(b, &m, text, text != NULL ? strlen(text) : 0);
}

static void
authenticate(struct buf *b)
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
	buf_puts(b, "\r\n");
}

void
dbus_hello(struct buf *b)
{
	authenticate(b);
	buf_puts(b, "BEGIN\r\n");
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
	static const struct message m = { .type = DBUS_SIGNAL, .path = "/k",
	    .interface = "kev.Bench", .member = "k", .holds = "s" };

	put_message(b, &m, payload, len);
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

void
dbus_control(struct buf *b)
{
	authenticate(b);
	buf_puts(b, "NEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
}

bool
dbus_is_controlled(const char *p, size_t len)
{
	static const char end[] = "AGREE_UNIX_FD\r\n";
	size_t n = sizeof end - 1;

	return len >= n && memcmp(p + len - n, end, n) == 0;
}

/* What follows is aligned to the start of what a message holds, which is that
 * of the buffer. */

static void
put_int(struct buf *b, uint32_t v)
{
	align(b, 0, 4);
	put_u32(b, v);
}

static void
put_long(struct buf *b, uint64_t v)
{
	align(b, 0, 8);
	buf_put(b, &v, sizeof v);
}

/* An array of structures; returns where it is. */
static size_t
open_array(struct buf *b)
{
	size_t at;

	put_int(b, 0);
	at = b->len;
	align(b, 0, 8);
	return at;
}

/* How long it is counts from its first structure. */
static void
close_array(struct buf *b, size_t at)
{
	uint32_t n = (uint32_t)(b->len - ((at + 7) & ~(size_t)7));

	if (!b->failed)
		memcpy(b->data + at - 4, &n, sizeof n);
}

/* Yes, with the least weight that there is. */
static void
put_yes(struct buf *b)
{
	align(b, 0, 8);
	put_int(b, 1);
	put_long(b, 1);
}

/* Any name, path, interface, member and type, to all or not, with any number of
 * descriptors. */
static void
put_anything(struct buf *b)
{
	size_t at = open_array(b);
	int i;

	put_yes(b);
	for (i = 0; i < 4; i++)
		put_string(b, 0, "", 0);
	put_int(b, 0);
	put_int(b, 0);
	put_long(b, 0);
	put_long(b, UINT64_MAX);
	close_array(b, at);
}

/* Everybody may connect, own what begins with nothing, send and receive. */
static void
put_policy(struct buf *b)
{
	size_t users = open_array(b), names;

	put_int(b, UINT32_MAX);
	put_yes(b);
	names = open_array(b);
	put_yes(b);
	put_int(b, 1);
	put_string(b, 0, "", 0);
	close_array(b, names);
	put_anything(b);
	put_anything(b);
	close_array(b, users);
	/* Nothing for ranges of users, nor for SELinux; no AppArmor. */
	close_array(b, open_array(b));
	close_array(b, open_array(b));
	put_int(b, 0);
	put_string(b, 0, "session", 7);
}

#define BATCH "bta(btbs)a(btssssuutt)a(btssssuutt)"
#define POLICY "(a(u(" BATCH "))a(buu(" BATCH "))a(ss)bs)"

void
dbus_listener(struct buf *b)
{
	static const struct message m = { .type = DBUS_CALL,
	    .path = "/org/bus1/DBus/Broker",
	    .interface = "org.bus1.DBus.Broker", .member = "AddListener",
	    .holds = "ohv", .has_fd = true };
	static const char path[] = "/org/bus1/DBus/Listener/0";
	struct buf held = BUF_INIT;

	put_string(&held, 0, path, sizeof path - 1);
	put_int(&held, 0);
	buf_putc(&held, (char)(sizeof POLICY - 1));
	buf_put(&held, POLICY, sizeof POLICY);
	align(&held, 0, 8);
	put_policy(&held);
	put_header(b, &m, held.len);
	buf_put(b, held.data, held.len);
	buf_fini(&held);
}

bool
dbus_is_return(const char *p, size_t len)
{
	return len > 1 && p[1] == DBUS_RETURN;
}

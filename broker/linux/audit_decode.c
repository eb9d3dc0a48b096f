#include "config.h"

#include "audit_decode.h"

#include "nl.h"
#include "scan.h"

#include <linux/audit.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What each half has. */
#define CALL 1u			/* who, from the record of the system call */
#define ADDRESS 2u		/* the port, from that of its address */

struct text {
	const char *p;
	size_t len;
};

/* Takes a number of at most MAX from the front. */
static bool
number(struct text *t, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;
	unsigned digit;

	for (i = 0; i < t->len && t->p[i] >= '0' && t->p[i] <= '9'; i++) {
		digit = (unsigned)(t->p[i] - '0');
		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	*t = (struct text){ t->p + i, t->len - i };
	return i > 0;
}

static bool
literal(struct text *t, const char *want)
{
	size_t n = strlen(want);

	if (t->len < n || memcmp(t->p, want, n) != 0)
		return false;
	*t = (struct text){ t->p + n, t->len - n };
	return true;
}

/* What every record begins with: "audit(SECONDS.MILLISECONDS:SERIAL): ". */
static bool
name(struct text *t, struct audit_half *h)
{
	uint64_t seconds, millis, serial;

	if (!literal(t, "audit(") || !number(t, INT64_MAX / 1000, &seconds) ||
	    !literal(t, ".") || !number(t, 999, &millis) || !literal(t, ":") ||
	    !number(t, UINT32_MAX, &serial) || !literal(t, "): "))
		return false;
	h->time = seconds * 1000 + millis;
	h->serial = (uint32_t)serial;
	return true;
}

/*
 * The value of the first word KEY=VALUE. A value in quotes is one word whatever
 * is in it; what others choose is quoted, or in hexadecimal if it has quotes.
 */
static bool
find(const struct text *t, const char *key, struct text *value)
{
	size_t i, end, n = strlen(key);
	bool quoted;

	for (i = 0; i < t->len; i = end + 1) {
		quoted = false;
		for (end = i; end < t->len && (quoted || t->p[end] != ' ');
		    end++)
			quoted ^= t->p[end] == '"';
		if (end - i <= n || memcmp(t->p + i, key, n) != 0 ||
		    t->p[i + n] != '=')
			continue;
		*value = (struct text){ t->p + i + n + 1, end - i - n - 1 };
		return true;
	}
	return false;
}

/* The first bytes of hexadecimal text, MAX at most. */
static size_t
unhex(const struct text *t, uint8_t *bytes, size_t max)
{
	size_t n;
	int byte;

	for (n = 0; n < max && 2 * n + 1 < t->len; n++) {
		byte = scan_byte(t->p + 2 * n);
		if (byte == -1)
			break;
		bytes[n] = (uint8_t)byte;
	}
	return n;
}

static void
get_command(const struct text *comm, char command[KEV_IFNAMSIZ])
{
	size_t n = comm->len;

	memset(command, 0, KEV_IFNAMSIZ);
	if (n < 2 || comm->p[0] != '"') {
		unhex(comm, (uint8_t *)command, KEV_IFNAMSIZ - 1);
		return;
	}
	n = n - 2 < KEV_IFNAMSIZ - 1 ? n - 2 : KEV_IFNAMSIZ - 1;
	memcpy(command, comm->p + 1, n);
}

/*
 * Which system call it was is not looked at: it has other numbers on other
 * machines, and for programs of other kinds on the same machine. Of those that
 * have an Internet address none but bind ends with EADDRINUSE; connect and
 * sendto have other errors for that.
 */
static const char *
get_call(struct text t, struct audit_half *h)
{
	struct text value;
	uint64_t v;

	/* The last word, which is none of these, may be cut. */
	while (t.len > 0 && t.p[t.len - 1] != ' ')
		t.len--;
	/* It is not there for calls that never returned. */
	if (!find(&t, "exit", &value) || !literal(&value, "-") ||
	    !number(&value, INT32_MAX, &v) || v != EADDRINUSE || value.len > 0)
		return NULL;
	if (!find(&t, "pid", &value) || !number(&value, UINT32_MAX, &v) ||
	    value.len > 0)
		return "system call without a process";
	h->port.pid = (uint32_t)v;
	if (find(&t, "comm", &value))
		get_command(&value, h->port.command);
	h->has = CALL;
	return NULL;
}

/* A struct sockaddr in hexadecimal. */
static const char *
get_address(const struct text *t, struct audit_half *h)
{
	uint8_t bytes[4];
	uint16_t family;
	struct text value;

	if (!find(t, "saddr", &value) || unhex(&value, bytes, 2) < 2)
		return "address without a family";
	memcpy(&family, bytes, sizeof family);
	if (family != AF_INET && family != AF_INET6)
		return NULL;
	if (unhex(&value, bytes, 4) < 4)
		return "address without a port";
	h->port.port = (uint16_t)(bytes[2] << 8 | bytes[3]);
	/* Port 0 is any: then none was left, and no other one has it. */
	if (h->port.port != 0)
		h->has = ADDRESS;
	return NULL;
}

static struct audit_half *
find_half(struct audit_halves *halves, const struct audit_half *h)
{
	struct audit_half *other;
	size_t i;

	for (i = 0; i < AUDIT_HALVES; i++) {
		other = &halves->half[i];
		if (other->has != 0 && other->serial == h->serial &&
		    other->time == h->time)
			return other;
	}
	return NULL;
}

/* Puts the halves together. The first is kept until the second comes. */
static enum audit_found
pair(struct audit_halves *halves, const struct audit_half *h, struct change *c)
{
	struct audit_half *other = find_half(halves, h);

	if (h->has == 0)
		return AUDIT_IGNORED;
	if (other == NULL || other->has == h->has) {
		if (other == NULL) {
			other = &halves->half[halves->oldest];
			halves->oldest = (halves->oldest + 1) % AUDIT_HALVES;
		}
		*other = *h;
		return AUDIT_IGNORED;
	}
	c->type = CHANGE_PORT;
	c->port = h->has == CALL ? h->port : other->port;
	c->port.port = h->has == CALL ? other->port.port : h->port.port;
	other->has = 0;
	return AUDIT_PORT;
}

void
audit_reader_init(struct audit_reader *r, const void *bytes, size_t len)
{
	*r = (struct audit_reader){ .bytes = bytes, .len = len };
}

enum audit_found
audit_next(struct audit_reader *r, struct audit_halves *halves,
    struct change *c)
{
	const uint8_t *p = r->bytes + r->next;
	size_t left = r->len - r->next, next;
	struct audit_half h = { .has = 0 }, *other;
	struct nlmsghdr head;
	struct text t;

	memset(c, 0, sizeof *c);
	if (left == 0)
		return AUDIT_NO_MORE;
	r->fault = nl_message(p, left, &head, &next);
	r->next += next;
	if (r->fault != NULL)
		return AUDIT_MALFORMED;
	if (head.nlmsg_type != AUDIT_SYSCALL &&
	    head.nlmsg_type != AUDIT_SOCKADDR && head.nlmsg_type != AUDIT_EOE)
		return AUDIT_IGNORED;
	t = (struct text){ (const char *)p + NLMSG_HDRLEN,
	    head.nlmsg_len - NLMSG_HDRLEN };
	if (!name(&t, &h))
		r->fault = "record without a number";
	else if (head.nlmsg_type == AUDIT_SYSCALL)
		r->fault = get_call(t, &h);
	else if (head.nlmsg_type == AUDIT_SOCKADDR)
		r->fault = get_address(&t, &h);
	else if ((other = find_half(halves, &h)) != NULL)
		other->has = 0;	/* no more comes of it */
	return r->fault != NULL ? AUDIT_MALFORMED : pair(halves, &h, c);
}

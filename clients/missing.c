#include "config.h"

#include "kev.h"
#include "missing.h"
#include "options.h"
#include "buf.h"
#include "pattern.h"
#include "text.h"
#include "tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 1000, INTERFACES_MAX = 6 };

static const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

/* Addresses of LIST and their status: "2001:db8::5 tentative, ...". */
static void
put_addresses(struct buf *b, const json_t *list, const char *what)
{
	size_t i;
	json_t *a;

	buf_puts(b, ", ");
	if (json_array_size(list) == 0)
		buf_puts(b, "no ");
	buf_puts(b, what);
	json_array_foreach((json_t *)list, i, a) {
		buf_puts(b, i == 0 ? ": " : ", ");
		buf_puts(b, member(a, "address"));
		buf_putc(b, ' ');
		buf_puts(b, member(a, "status"));
	}
}

/* The routers of one family: those with or without a colon. */
static void
put_routers(struct buf *b, const json_t *list, bool ipv6)
{
	size_t i, n = 0;
	const char *gateway;
	json_t *r;

	json_array_foreach((json_t *)list, i, r) {
		gateway = member(r, "gateway");
		if ((strchr(gateway, ':') != NULL) != ipv6)
			continue;
		buf_puts(b, n++ == 0 ? ", routers: " : ", ");
		buf_puts(b, gateway);
	}
	if (n == 0)
		buf_puts(b, ", no router");
}

static void
put_link(struct buf *b, const json_t *interface)
{
	const json_t *carrier = json_object_get(interface, "carrier");
	const char *state = member(interface, "operstate");

	if (strcmp(state, "unknown") == 0 && json_is_boolean(carrier))
		state = json_is_true(carrier) ? "up" : "down";
	buf_puts(b, " exists, link is ");
	buf_puts(b, *state == '\0' ? "unknown" : state);
}

/* How an interface stands, as far as PATTERN is about it. */
static void
put_interface(struct buf *b, const json_t *interface, const char *pattern)
{
	bool ipv4 = strncmp(pattern, "ipv4/", 5) == 0;
	bool ipv6 = strncmp(pattern, "ipv6/", 5) == 0 ||
	    strncmp(pattern, "nd6/", 4) == 0;

	if (*member(interface, "netns") != '\0') {
		buf_puts(b, member(interface, "netns"));
		buf_putc(b, ':');
	}
	buf_puts(b, member(interface, "ifname"));
	put_link(b, interface);
	if ((ipv4 || ipv6) && strstr(pattern, "router") != NULL)
		put_routers(b, json_object_get(interface, "routers"), ipv6);
	else if (ipv4)
		put_addresses(b, json_object_get(interface, "ipv4"),
		    "ipv4 addresses");
	else if (ipv6)
		put_addresses(b, json_object_get(interface, "ipv6"),
		    "ipv6 addresses");
}

/* All interfaces that fit GLOB, or that there are none. */
static void
put_interfaces(struct buf *b, const json_t *state, const char *glob,
    const char *pattern)
{
	const json_t *list = json_object_get(state, "interfaces");
	size_t i, n = 0;
	char more[40];
	json_t *o;

	json_array_foreach((json_t *)list, i, o) {
		if (glob != NULL && !kev_glob(glob, member(o, "ifname")))
			continue;
		if (n++ >= INTERFACES_MAX)
			continue;
		if (n > 1)
			buf_puts(b, "; ");
		put_interface(b, o, pattern);
	}
	if (n > INTERFACES_MAX) {
		snprintf(more, sizeof more, "; and %zu more",
		    n - INTERFACES_MAX);
		buf_puts(b, more);
	}
	if (n == 0)
		buf_puts(b, glob == NULL ? "there is no interface" :
		    strpbrk(glob, "*?") == NULL ?
		    "there is no such interface" : "no interface fits");
}

/* "timed out after 30s waiting for PATTERN (status=preferred) on eth0: " */
static void
put_wish(struct buf *b, const struct options *o, const char *pattern,
    const char *glob)
{
	const char *const *m;
	char t[64];

	snprintf(t, sizeof t, o->timeout % 1000 == 0 ?
	    "timed out after %" PRId64 "s" : "timed out after %" PRId64 "ms",
	    o->timeout % 1000 == 0 ? o->timeout / 1000 : o->timeout);
	buf_puts(b, t);
	buf_puts(b, " waiting for ");
	buf_puts(b, pattern);
	for (m = o->matches; *m != NULL; m++) {
		buf_puts(b, m == o->matches ? " (" : ", ");
		buf_puts(b, *m);
	}
	if (m != o->matches)
		buf_putc(b, ')');
	buf_puts(b, " on ");
	buf_puts(b, glob == NULL ? "any interface" : glob);
	buf_puts(b, ": ");
}

static void
say_one(const struct options *o, const char *pattern, const char *glob,
    const json_t *state, const char *error)
{
	struct buf b = BUF_INIT;

	put_wish(&b, o, pattern, glob);
	if (state == NULL)
		buf_puts(&b, error);
	else
		put_interfaces(&b, state, glob, pattern);
	buf_putc(&b, '\0');
	if (!b.failed)
		say("%s", b.data);
	buf_fini(&b);
}

/* The members of a request for what kevsub wants to see. NULL: no memory. */
static char *
where(const struct options *o)
{
	json_t *netns = json_array(), *members;
	const char *const *p;
	char *text;

	for (p = o->netns; *p != NULL; p++)
		json_array_append_new(netns, json_string(*p));
	members = json_pack("{s:o}", "netns", netns);
	text = json_dumps(members, JSON_COMPACT);
	json_decref(members);
	return text;
}

void
missing_say(struct kev *k, const struct options *o)
{
	const struct kev_line *answer = NULL;
	const json_t *state = NULL;
	const char *error = "kevd is gone";
	const char *const *p, *const *i;
	char *members = where(o);
	int r;

	r = tool_ask(k, "state", members, ASK_MS, &answer);
	free(members);
	if (r == 0 && kev_line_ok(answer))
		state = kev_line_json(answer);
	else if (r == -ETIMEDOUT)
		error = "kevd does not answer";
	for (p = o->patterns; *p != NULL; p++) {
		i = o->ifnames;
		do
			say_one(o, *p, *i, state, error);
		while (*i != NULL && *++i != NULL);
	}
}

#include "config.h"

#include "kev.h"
#include "buf.h"
#include "pattern.h"
#include "text.h"
#include "thing.h"

#include <stddef.h>

#include <jansson.h>

/*
 * What an event of these topics is about, and which members of "data" tell it
 * from others of its interface. The first that fits counts; kevsub(1) has the
 * same list.
 */
static const struct thing {
	const char *topics, *kind, *members[5];
} things[] = {
	{ "interface/proto-*", "protocol", { "family" } },
	{ "interface/quality", "quality", { NULL } },
	{ "interface/issues", "issues", { NULL } },
	{ "interface/*", "interface", { NULL } },
	{ "ipv4/address-*", "address", { "address", "prefixlen", "peer" } },
	{ "ipv6/address-*", "address", { "address" } },
	{ "nd6/address-*", "address", { "address" } },
	{ "ipv4/collision", "conflict", { "address" } },
	{ "ipv6/duplicate", "conflict", { "address" } },
	{ "*/router-*", "router", { "gateway", "family", "metric", "table" } },
	{ "ipv4/port-in-use", "port", { "protocol", "port", "pid" } },
	{ "ipv6/nat64-prefix", "prefix", { "prefix", "prefixlen", "router" } },
	{ "network/changed", "network", { "interfaces", "families" } },
	/* Of a kevd that knows more than we do. */
	{ "*", NULL, { "address" } },
};

void
thing_put(struct buf *b, const struct kev_line *event, const char *kind)
{
	const char *topic = kev_line_topic(event), *const *m;
	const json_t *o = kev_line_json(event), *data, *at;
	const struct thing *t = things;

	while (!kev_glob(t->topics, topic))
		t++;
	if (kind == NULL)
		kind = t->kind != NULL ? t->kind : topic;
	buf_puts(b, kind);
	buf_putc(b, '/');
	text_value(b, json_object_get(o, "netns"), ',', false);
	buf_putc(b, '/');
	/* An injected event may be about none that there is. */
	at = json_object_get(o, "ifindex");
	text_value(b, at != NULL ? at : json_object_get(o, "ifname"), ',',
	    false);
	data = json_object_get(o, "data");
	for (m = t->members; *m != NULL; m++) {
		buf_putc(b, '/');
		text_value(b, json_object_get(data, *m), ',', false);
	}
}

#include "config.h"

#include "format.h"

#include "buf.h"
#include "in6.h"
#include "json.h"
#include "kern_decode.h"
#include "packet.h"
#include "route_decode.h"
#include "topics.h"

#include <string.h>

static void
decode_packet(void *memory, const struct message *buffer, format_take_fn *take,
    void *arg)
{
	enum message_found found;
	struct change c;

	(void)memory;
	found = packet_decode(buffer, &c);
	take(arg, buffer, found, &c);
}

static void
decode_kern_event(void *memory, const struct message *buffer,
    format_take_fn *take, void *arg)
{
	static const enum message_found as[] = {
		[KERN_CHANGE] = MESSAGE_CHANGE,
		[KERN_IGNORED] = MESSAGE_IGNORED,
		[KERN_MALFORMED] = MESSAGE_MALFORMED,
	};
	struct message m = *buffer;
	enum kern_found found;
	struct kern_reader r;
	struct change c;

	(void)memory;
	kern_reader_init(&r, buffer->bytes, buffer->len);
	while ((found = kern_next(&r, &c)) != KERN_END) {
		m.name = r.name;
		m.bytes = r.bytes + r.at;
		m.len = r.size;
		m.fault = r.fault;
		/* Who read it may have looked for it. */
		if (r.at == 0 && c.ifname[0] != '\0' &&
		    buffer->ifindex <= INT32_MAX)
			c.ifindex = buffer->ifindex;
		take(arg, &m, as[found], &c);
	}
}

/* It may be anything that is in a file, and is not to fill the log. */
static void
put_name(struct buf *b, const char *name)
{
	json_put_string(b, name, strnlen(name, 32));
}

/* Whose numbers they are the bytes don't say. NULL: what is wrong is in B. */
static const struct route_system *
find_system(const struct message *m, struct buf *b)
{
	const struct route_system *system = NULL;

	if (m->os != NULL)
		system = route_system(m->os);
	if (system != NULL && m->abi != NULL && route_abi(m->abi))
		return system;
	if (m->os == NULL || (system != NULL && m->abi == NULL)) {
		buf_puts(b, m->os == NULL ? "\"os\" is missing" :
		    "\"abi\" is missing");
	} else {
		buf_puts(b, system == NULL ? "\"os\" is " : "\"abi\" is ");
		put_name(b, system == NULL ? m->os : m->abi);
		buf_puts(b, system == NULL ? ", and not freebsd, netbsd, "
		    "openbsd or macos" : ", and not lp64le");
	}
	buf_putc(b, '\0');
	return NULL;
}

static void
decode_route(void *memory, const struct message *buffer, format_take_fn *take,
    void *arg)
{
	static const enum message_found as[] = {
		[ROUTE_CHANGE] = MESSAGE_CHANGE,
		[ROUTE_IGNORED] = MESSAGE_IGNORED,
		[ROUTE_MALFORMED] = MESSAGE_MALFORMED,
		/* What it leads to has a line of its own. */
		[ROUTE_OVERRUN] = MESSAGE_IGNORED,
	};
	struct buf text = BUF_INIT;
	const struct route_system *system = find_system(buffer, &text);
	struct message m = *buffer;
	enum route_found found;
	struct route_reader r;
	struct change c;

	(void)memory;
	if (system == NULL) {
		m.fault = text.failed ? "out of memory" : text.data;
		take(arg, &m, MESSAGE_MALFORMED, NULL);
		buf_fini(&text);
		return;
	}
	route_reader_init(&r, system, buffer->bytes, buffer->len);
	while ((found = route_next(&r, &c)) != ROUTE_END) {
		m.name = r.name;
		m.bytes = r.bytes + r.at;
		m.len = r.size;
		m.fault = r.fault;
		m.lost = found == ROUTE_OVERRUN;
		take(arg, &m, as[found], &c);
	}
}

static void
decode_in6(void *memory, const struct message *buffer, format_take_fn *take,
    void *arg)
{
	enum message_found found;
	struct change c;

	(void)memory;
	found = in6_decode(buffer, &c);
	take(arg, buffer, found, &c);
}

const struct format format_arp = {
	.name = "arp", .topics = KEV_TOPIC(IPV4_COLLISION),
	.decode = decode_packet,
};

/* What it tells is why addresses are duplicate, and when routers end. */
const struct format format_ndp = { .name = "ndp", .decode = decode_packet };

const struct format format_kern_event = {
	.name = "kern_event", .decode = decode_kern_event,
	.topics = KEV_TOPIC(INTERFACE_ATTACH) | KEV_TOPIC(INTERFACE_DETACHING) |
	    KEV_TOPIC(INTERFACE_DETACH) | KEV_TOPIC(INTERFACE_LINK_UP) |
	    KEV_TOPIC(INTERFACE_LINK_DOWN) | KEV_TOPIC(INTERFACE_CHANGE) |
	    KEV_TOPIC(INTERFACE_PROTO_ATTACH) |
	    KEV_TOPIC(INTERFACE_PROTO_DETACH) | KEV_TOPIC(INTERFACE_IDLE) |
	    KEV_TOPIC(INTERFACE_QUALITY) | KEV_TOPIC(INTERFACE_ISSUES) |
	    KEV_TOPIC(IPV4_ADDRESS_ADD) | KEV_TOPIC(IPV4_ADDRESS_CHANGE) |
	    KEV_TOPIC(IPV4_ADDRESS_REMOVE) | KEV_TOPIC(IPV4_ADDRESS_READY) |
	    KEV_TOPIC(IPV4_COLLISION) | KEV_TOPIC(IPV4_PORT_IN_USE) |
	    KEV_TOPIC(IPV4_ROUTER_FAILURE) | KEV_TOPIC(IPV4_ROUTER_ALIVE) |
	    KEV_TOPIC(IPV6_ADDRESS_ADD) | KEV_TOPIC(IPV6_ADDRESS_CHANGE) |
	    KEV_TOPIC(IPV6_ADDRESS_REMOVE) | KEV_TOPIC(IPV6_ADDRESS_READY) |
	    KEV_TOPIC(IPV6_DUPLICATE) | KEV_TOPIC(IPV6_NAT64_PREFIX_REQUEST) |
	    KEV_TOPIC(ND6_ADDRESS_DETACHED) |
	    KEV_TOPIC(ND6_ADDRESS_DEPRECATED) |
	    KEV_TOPIC(ND6_ADDRESS_EXPIRED) | KEV_TOPIC(ND6_ROUTER_EXPIRED) |
	    KEV_TOPIC(ND6_ROUTER_FAILURE) | KEV_TOPIC(ND6_ROUTER_ALIVE) |
	    KEV_TOPIC(NETWORK_CHANGED),
};

/* What one of the systems tells, at least. */
const struct format format_route = {
	.name = "route", .decode = decode_route,
	.topics = KEV_TOPIC(INTERFACE_ATTACH) | KEV_TOPIC(INTERFACE_DETACH) |
	    KEV_TOPIC(INTERFACE_LINK_UP) | KEV_TOPIC(INTERFACE_LINK_DOWN) |
	    KEV_TOPIC(INTERFACE_CHANGE) | KEV_TOPIC(INTERFACE_RENAME) |
	    KEV_TOPIC(INTERFACE_PROTO_ATTACH) |
	    KEV_TOPIC(INTERFACE_PROTO_DETACH) |
	    KEV_TOPIC(IPV4_ADDRESS_ADD) | KEV_TOPIC(IPV4_ADDRESS_CHANGE) |
	    KEV_TOPIC(IPV4_ADDRESS_REMOVE) | KEV_TOPIC(IPV4_ADDRESS_READY) |
	    KEV_TOPIC(IPV4_COLLISION) | KEV_TOPIC(IPV4_ROUTER_ADD) |
	    KEV_TOPIC(IPV4_ROUTER_REMOVE) | KEV_TOPIC(IPV4_ROUTER_FAILURE) |
	    KEV_TOPIC(IPV4_ROUTER_ALIVE) |
	    KEV_TOPIC(IPV6_ADDRESS_ADD) | KEV_TOPIC(IPV6_ADDRESS_CHANGE) |
	    KEV_TOPIC(IPV6_ADDRESS_REMOVE) | KEV_TOPIC(IPV6_ADDRESS_READY) |
	    KEV_TOPIC(IPV6_DUPLICATE) | KEV_TOPIC(ND6_ADDRESS_DETACHED) |
	    KEV_TOPIC(ND6_ADDRESS_DEPRECATED) | KEV_TOPIC(ND6_ROUTER_ADD) |
	    KEV_TOPIC(ND6_ROUTER_REMOVE) | KEV_TOPIC(ND6_ROUTER_FAILURE) |
	    KEV_TOPIC(ND6_ROUTER_ALIVE) | KEV_TOPIC(NETWORK_CHANGED),
};

/* What it tells is what has become of addresses. */
const struct format format_in6 = { .name = "in6", .decode = decode_in6 };

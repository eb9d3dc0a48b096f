/*
 * The messages of Linux, from the kernel or from a recording.
 */
#include "config.h"

#include "formats.h"

#include "audit_decode.h"
#include "ethtool_decode.h"
#include "hot.h"
#include "nl.h"
#include "rtnl_decode.h"

#include <linux/genetlink.h>

HOT static void
decode_rtnetlink(void *memory, const struct message *buffer,
    format_take_fn *take, void *arg)
{
	struct message m = *buffer;
	enum rtnl_found found;
	struct rtnl_reader r;
	struct change c;

	(void)memory;
	rtnl_reader_init(&r, buffer->bytes, buffer->len);
	while ((found = rtnl_next(&r, &c)) != RTNL_END) {
		m.name = rtnl_type_name(r.type);
		m.bytes = r.bytes + r.at;
		m.len = r.size;
		m.more = r.more;
		/* The reader remembers that of a message before. */
		m.fault = found == RTNL_MALFORMED ? r.fault : NULL;
		m.lost = found == RTNL_OVERRUN;
		take(arg, &m, found == RTNL_CHANGE ? MESSAGE_CHANGE :
		    found == RTNL_MALFORMED ? MESSAGE_MALFORMED :
		    MESSAGE_IGNORED, &c);
	}
}

/* The family's answer comes before all that is of the family. */
static bool
is_family(const struct message *buffer)
{
	struct nlmsghdr head;
	size_t next;

	return nl_message(buffer->bytes, buffer->len, &head, &next) == NULL &&
	    head.nlmsg_type == GENL_ID_CTRL;
}

static void
decode_ethtool(void *memory, const struct message *buffer, format_take_fn *take,
    void *arg)
{
	static const enum message_found as[] = {
		[ETHTOOL_MODES] = MESSAGE_CHANGE,
		[ETHTOOL_IGNORED] = MESSAGE_IGNORED,
		[ETHTOOL_MALFORMED] = MESSAGE_MALFORMED,
	};
	struct ethtool_family *family = memory;
	struct message m = *buffer;
	struct ethtool_reader r;
	enum ethtool_found found;
	struct change c;
	size_t at = 0;

	if (is_family(buffer)) {
		m.name = "family";
		m.fault = ethtool_family(m.bytes, m.len, family);
		take(arg, &m, m.fault == NULL ? MESSAGE_IGNORED :
		    MESSAGE_MALFORMED, NULL);
		return;
	}
	ethtool_reader_init(&r, buffer->bytes, buffer->len);
	for (; (found = ethtool_next(&r, family, &c)) != ETHTOOL_END;
	    at = r.next) {
		m.bytes = r.bytes + at;
		m.len = r.next - at;
		m.fault = r.fault;
		take(arg, &m, as[found], &c);
	}
}

static void
decode_audit(void *memory, const struct message *buffer, format_take_fn *take,
    void *arg)
{
	static const enum message_found as[] = {
		[AUDIT_PORT] = MESSAGE_CHANGE,
		[AUDIT_IGNORED] = MESSAGE_IGNORED,
		[AUDIT_MALFORMED] = MESSAGE_MALFORMED,
	};
	struct message m = *buffer;
	enum audit_found found;
	struct audit_reader r;
	struct change c;
	size_t at = 0;

	audit_reader_init(&r, buffer->bytes, buffer->len);
	for (; (found = audit_next(&r, memory, &c)) != AUDIT_NO_MORE;
	    at = r.next) {
		if (found == AUDIT_PORT)
			c.port.protocol = buffer->protocol;
		m.bytes = r.bytes + at;
		m.len = r.next - at;
		m.fault = r.fault;
		take(arg, &m, as[found], &c);
	}
}

const struct format format_rtnetlink = {
	.name = "rtnetlink", .decode = decode_rtnetlink,
	.topics = LINUX_TOPICS & ~KEV_TOPIC(IPV4_COLLISION) &
	    ~KEV_TOPIC(IPV4_PORT_IN_USE),
};

/* Speed and duplex are members of what rtnetlink tells. */
const struct format format_ethtool = {
	.name = "ethtool", .decode = decode_ethtool,
	.memory = sizeof(struct ethtool_family),
};

const struct format format_audit = {
	.name = "audit", .decode = decode_audit,
	.topics = KEV_TOPIC(IPV4_PORT_IN_USE),
	.memory = sizeof(struct audit_halves),
};

const struct format *const formats[] = {
	&format_rtnetlink, &format_ethtool, &format_arp, &format_ndp,
	&format_audit, &format_kern_event, &format_route, &format_in6,
	NULL
};

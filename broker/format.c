#include "config.h"

#include "format.h"

#include "packet.h"
#include "topics.h"

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

const struct format format_arp = {
	.name = "arp", .topics = KEV_TOPIC(IPV4_COLLISION),
	.decode = decode_packet,
};

/* What it tells is why addresses are duplicate, and when routers end. */
const struct format format_ndp = { .name = "ndp", .decode = decode_packet };

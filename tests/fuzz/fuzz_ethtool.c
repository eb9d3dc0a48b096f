/*
 * What a generic netlink socket may give, through the decoder and the state:
 * the family's description, or what its links are like.
 */
#include "config.h"

#include "event.h"
#include "fuzz.h"
#include "linux/ethtool_decode.h"
#include "state.h"

static void
publish(void *arg, struct kev_event *ev)
{
	(void)arg;
	MUST(ev->ifindex == 2);
	encode(ev);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct change link = {
		.type = CHANGE_LINK, .ifindex = 2,
		.link = { .link = { .has = KEV_BIT(FLAGS), .flags = 0x41 },
		    .ifname = "eth0" },
	};
	struct ethtool_family family = { 0, 0 };
	struct stamp now = { 1, 1 };
	struct state *st = state_new(NULL, publish, NULL);
	struct ethtool_reader r;
	enum ethtool_found found;
	struct change c;

	(void)ethtool_family(bytes, len, &family);
	/* As the seeds have it. */
	family.id = 21;
	state_apply(st, &link, &now);
	ethtool_reader_init(&r, bytes, len);
	while ((found = ethtool_next(&r, &family, &c)) != ETHTOOL_END) {
		MUST(r.next <= len);
		MUST((r.fault != NULL) == (found == ETHTOOL_MALFORMED));
		if (found != ETHTOOL_MODES)
			continue;
		MUST(c.type == CHANGE_MODES);
		state_apply(st, &c, &now);
		if (c.modes.answer)
			state_apply(st, &link, &now);
	}
	state_free(st);
	return 0;
}

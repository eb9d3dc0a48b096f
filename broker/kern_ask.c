#include "config.h"

#include "kern_ask.h"

#include "kame.h"

#include <stdlib.h>
#include <string.h>

enum {
#define SIZE(header, ours, theirs, number) ours##_LEN = (number),
#define AT(header, ours, theirs, their_member, number) AT_##ours = (number),
#define CONSTANT(header, ours, theirs, number) ours = (number),
#include "kern_layout.def"
#undef CONSTANT
/* As in all numbers of ioctl(2). */
#define CONSTANT(header, ours, theirs, number) \
	ours##_SIZE = (number) >> 16 & 0x1fff,
#include "kern_ask.def"
};

_Static_assert(ASK_MEDIA_SIZE == MEDIA_LEN && ASK_ROUTES_SIZE == IFREQ_LEN &&
    ASK_QUALITY_SIZE == IFREQ_LEN, "there is room for an answer");

#undef SIZE
#undef AT
#undef CONSTANT
#define SIZE(header, ours, theirs, number)
#define AT(header, ours, theirs, their_member, number)
#define CONSTANT(header, ours, theirs, number) \
	static const uint32_t ours = number;
#include "kern_ask.def"

/* Subclasses of events, and their codes. */
#define DL 2
#define LINK_OFF 12
#define LINK_ON 13
#define LINK_QUALITY 20

/* IFM_AVALID: the other one says something; IFM_ACTIVE: there is a link. */
#define MEDIA_VALID 0x1u
#define MEDIA_ACTIVE 0x2u

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

/* "en0" is "en" and 0; in "en01" the unit is 1, or it would read otherwise. */
static bool
put_name(uint8_t *link, const char *ifname)
{
	size_t len = strlen(ifname), base = len;

	while (base > 0 && ifname[base - 1] >= '0' && ifname[base - 1] <= '9')
		base--;
	while (base + 1 < len && ifname[base] == '0')
		base++;
	if (base == 0 || base == len || base >= NAME_LEN || len - base > 9)
		return false;
	put_u32(link + AT_UNIT, (uint32_t)strtoul(ifname + base, NULL, 10));
	memcpy(link + AT_NAME, ifname, base);
	return true;
}

/* The event without what is special to it: its length, or 0. */
static size_t
begin(uint8_t *event, uint32_t subclass, uint32_t code, const char *ifname,
    size_t len)
{
	memset(event, 0, KERN_ASK_MAX);
	if (!put_name(event + AT_DATA, ifname))
		return 0;
	put_u32(event + AT_SIZE, (uint32_t)(AT_DATA + len));
	put_u32(event + AT_VENDOR, VENDOR_APPLE);
	put_u32(event + AT_CLASS, CLASS_NETWORK);
	put_u32(event + AT_SUBCLASS, subclass);
	put_u32(event + AT_CODE, code);
	return AT_DATA + len;
}

/* The request about that interface. False: there is no answer. */
static bool
ask(const struct kern_asker *k, uint32_t request, const char *ifname,
    uint8_t *bytes)
{
	size_t len = strlen(ifname);

	if (len >= NAME_LEN)
		return false;
	memcpy(bytes, ifname, len);
	return k->ioctl(k->arg, request, bytes) == 0;
}

/* Who has no media, as loopback and tunnels, has no link to go up and down. */
size_t
kern_ask_link(const struct kern_asker *k, const char *ifname, uint8_t *event)
{
	uint8_t bytes[MEDIA_LEN] = { 0 };
	uint32_t status;

	if (!ask(k, ASK_MEDIA, ifname, bytes))
		return 0;
	status = kame_u32(bytes + AT_MEDIA_STATUS);
	if ((int32_t)kame_u32(bytes + AT_MEDIA_COUNT) < 1 ||
	    (status & MEDIA_VALID) == 0)
		return 0;
	return begin(event, DL, status & MEDIA_ACTIVE ? LINK_ON : LINK_OFF,
	    ifname, LINK_LEN);
}

size_t
kern_ask_quality(const struct kern_asker *k, const char *ifname,
    uint8_t *event)
{
	uint8_t bytes[IFREQ_LEN] = { 0 };
	size_t len;

	if (!ask(k, ASK_QUALITY, ifname, bytes))
		return 0;
	len = begin(event, DL, LINK_QUALITY, ifname, QUALITY_LEN);
	memcpy(event + AT_DATA + AT_QUALITY, bytes + AT_VALUE, 4);
	return len;
}

bool
kern_ask_idle(const struct kern_asker *k, const char *ifname)
{
	uint8_t bytes[IFREQ_LEN] = { 0 };

	return !ask(k, ASK_ROUTES, ifname, bytes) ||
	    kame_u32(bytes + AT_VALUE) == 0;
}

/* They change what is known of an interface, but don't say how. */
static const char *const silent[] = { "dl-sifflags", "dl-sifmtu",
	"dl-link-address-changed", "dl-primary-elected", "nd6-ra",
	"nd6-dad-failure", "nd6-dad-success", "nd6-pfx-expired" };

bool
kern_ask_after(const char *name, const struct change *c)
{
	size_t i;

	if (c == NULL) {
		for (i = 0; i < sizeof silent / sizeof silent[0]; i++) {
			if (name != NULL && strcmp(name, silent[i]) == 0)
				return true;
		}
		return false;
	}
	switch (c->type) {
	case CHANGE_LINK:
	case CHANGE_LINK_GOING:
	case CHANGE_LINK_GONE:
	case CHANGE_PROTO:
	case CHANGE_ADDR:
	case CHANGE_ADDR_GONE:
	case CHANGE_STATUS:
		return true;
	default:
		return false;
	}
}

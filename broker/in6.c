#include "config.h"

#include "in6.h"

#include "kame.h"

#include <string.h>

#define AT_INDEX 0
#define AT_FLAGS 4
#define AT_VALID 8
#define AT_PREFERRED 12
#define AT_PREFIXLEN 16
#define AT_HAS 17
#define AT_ADDRESS 20
#define AT_PEER 36

static void
put32(uint8_t *p, uint32_t number)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(number >> 8 * i);
}

void
in6_put(const struct in6_answer *a, uint8_t bytes[IN6_SIZE])
{
	memset(bytes, 0, IN6_SIZE);
	put32(bytes + AT_INDEX, a->ifindex);
	put32(bytes + AT_FLAGS, a->flags);
	put32(bytes + AT_VALID, a->valid);
	put32(bytes + AT_PREFERRED, a->preferred);
	bytes[AT_PREFIXLEN] = a->prefixlen;
	bytes[AT_HAS] = a->has;
	memcpy(bytes + AT_ADDRESS, a->address.byte, 16);
	if (a->peer.family == KEV_INET6)
		memcpy(bytes + AT_PEER, a->peer.byte, 16);
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

static enum message_found
decode_router(const uint8_t *p, struct change *c)
{
	struct kev_router *r = &c->router.router;
	uint32_t left = kame_u32(p + AT_VALID);

	/* It has 16 bits in what a router says. */
	if (left > UINT16_MAX)
		return MESSAGE_MALFORMED;
	c->type = CHANGE_ROUTER_END;
	c->ifindex = kame_u32(p + AT_INDEX);
	c->router.expires = (int32_t)left * 100;
	r->family = r->gateway.family = KEV_INET6;
	memcpy(r->gateway.byte, p + AT_ADDRESS, 16);
	r->lifetime = left;
	r->has = KEV_BIT(FAMILY) | KEV_BIT(GATEWAY) | KEV_BIT(LIFETIME);
	return MESSAGE_CHANGE;
}

/* There is one address of its bytes, and what is not told is as it was. */
enum message_found
in6_decode(const struct message *m, struct change *c)
{
	const uint8_t *p = m->bytes;
	struct kev_addr *a = &c->addr;

	memset(c, 0, sizeof *c);
	if (m->len != IN6_SIZE || p[AT_PREFIXLEN] > 128 ||
	    p[AT_HAS] > IN6_HAS_ROUTER)
		return MESSAGE_MALFORMED;
	if (kame_u32(p + AT_INDEX) == 0 || is_zero(p + AT_ADDRESS, 16))
		return MESSAGE_MALFORMED;
	if (p[AT_HAS] == IN6_HAS_ROUTER)
		return decode_router(p, c);
	c->type = CHANGE_ADDR;
	c->ifindex = kame_u32(p + AT_INDEX);
	c->present = c->part = true;
	a->family = a->address.family = KEV_INET6;
	memcpy(a->address.byte, p + AT_ADDRESS, 16);
	a->prefixlen = p[AT_PREFIXLEN];
	a->scope = kame_scope(&a->address);
	a->has = KEV_BIT(FAMILY) | KEV_BIT(ADDRESS) | KEV_BIT(PREFIXLEN) |
	    KEV_BIT(SCOPE);
	if (!is_zero(p + AT_PEER, 16)) {
		a->peer.family = KEV_INET6;
		memcpy(a->peer.byte, p + AT_PEER, 16);
		a->has |= KEV_BIT(PEER);
	}
	if (p[AT_HAS] & IN6_HAS_FLAGS)
		kame_in6_flags(a, kame_u32(p + AT_FLAGS));
	if (p[AT_HAS] & IN6_HAS_LIFETIMES) {
		a->valid_lft = kame_u32(p + AT_VALID);
		a->preferred_lft = kame_u32(p + AT_PREFERRED);
		a->has |= KEV_BIT(VALID_LFT) | KEV_BIT(PREFERRED_LFT);
	}
	return MESSAGE_CHANGE;
}

void
in6_router(const uint8_t p[IN6_ROUTER_SIZE], int64_t now, struct in6_answer *a)
{
	uint64_t end = kame_u32(p + IN6_ROUTER_END) |
	    (uint64_t)kame_u32(p + IN6_ROUTER_END + 4) << 32;

	memset(a, 0, sizeof *a);
	a->ifindex = kame_u16(p + IN6_ROUTER_INDEX);
	a->address.family = KEV_INET6;
	memcpy(a->address.byte, p + IN6_ROUTER_ADDRESS, 16);
	(void)kame_unscope(&a->address);
	a->has = IN6_HAS_ROUTER;
	a->valid = in6_left(kame_u16(p + IN6_ROUTER_LIFETIME), (int64_t)end,
	    now);
}

uint32_t
in6_left(uint32_t lifetime, int64_t when, int64_t now)
{
	if (lifetime == KEV_FOREVER)
		return KEV_FOREVER;
	if (when <= now)
		return 0;
	/* A clock that was set must not make it longer than it was. */
	return (uint64_t)(when - now) < lifetime ? (uint32_t)(when - now) :
	    lifetime;
}

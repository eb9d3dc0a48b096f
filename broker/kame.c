#include "config.h"

#include "kame.h"

enum {
#define CONSTANT(ours, theirs, number) ours = (number),
#include "kame_flags.def"
};

/* Of Linux, as all of kev's: IFA_F_NODAD, and enum rt_scope_t. */
#define IFA_NODAD 0x2u
#define SCOPE_GLOBAL 0
#define SCOPE_SITE 200
#define SCOPE_LINK 253
#define SCOPE_HOST 254

uint16_t
kame_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t
kame_u32(const uint8_t *p)
{
	return kame_u16(p) | (uint32_t)kame_u16(p + 2) << 16;
}

uint32_t
kame_unscope(struct kev_ip *ip)
{
	uint8_t *p = ip->byte;
	uint32_t scope;

	if (ip->family != KEV_INET6 || p[0] != 0xfe || (p[1] & 0xc0) != 0x80)
		return 0;
	scope = (uint32_t)p[2] << 8 | p[3];
	p[2] = p[3] = 0;
	return scope;
}

uint8_t
kame_scope(const struct kev_ip *ip)
{
	static const struct kev_ip loopback = { .family = KEV_INET6,
	    .byte = { [15] = 1 } };
	const uint8_t *p = ip->byte;

	if (ip->family == KEV_INET)
		return p[0] == 127 ? SCOPE_HOST :
		    p[0] == 169 && p[1] == 254 ? SCOPE_LINK : SCOPE_GLOBAL;
	if (kev_ip_cmp(ip, &loopback) == 0)
		return SCOPE_HOST;
	if (p[0] != 0xfe)
		return SCOPE_GLOBAL;
	return (p[1] & 0xc0) == 0x80 ? SCOPE_LINK :
	    (p[1] & 0xc0) == 0xc0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

void
kame_in6_flags(struct kev_addr *a, uint32_t flags)
{
	static const struct {
		uint32_t theirs, ours;
		uint8_t status;		/* 0: it is none */
	} table[] = {
		/* What comes first is what the address is. */
		{ IN6_DUPLICATED, KEV_IFA_DADFAILED, KEV_DUPLICATE },
		{ IN6_OPTIMISTIC, KEV_IFA_OPTIMISTIC, KEV_OPTIMISTIC },
		{ IN6_TENTATIVE, KEV_IFA_TENTATIVE, KEV_TENTATIVE },
		{ IN6_DETACHED, 0, KEV_INACCESSIBLE },
		{ IN6_DEPRECATED, KEV_IFA_DEPRECATED, KEV_DEPRECATED },
		{ IN6_NODAD, IFA_NODAD, 0 },
		{ IN6_TEMPORARY, KEV_IFA_TEMPORARY, 0 },
	};
	size_t i;

	a->flags = 0;
	a->status = 0;
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		if ((flags & table[i].theirs) == 0)
			continue;
		a->flags |= table[i].ours;
		if (a->status == 0)
			a->status = table[i].status;
	}
	if (a->status == 0)
		a->status = KEV_PREFERRED;
	a->has |= KEV_BIT(FLAGS) | KEV_BIT(STATUS);
}

int
kame_prefixlen(const uint8_t *mask, size_t len)
{
	int bits = 0;
	size_t i;

	for (i = 0; i < 8 * len; i++) {
		if ((mask[i / 8] & 0x80 >> i % 8) == 0)
			continue;
		if (bits != (int)i)
			return -1;
		bits++;
	}
	return bits;
}

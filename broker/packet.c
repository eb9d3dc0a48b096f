#include "config.h"

#include "packet.h"

#include <string.h>

/* net/if_arp.h, where it is: the same numbers everywhere. */
#define ARP_LEN 28
/* RFC 826; others are of other protocols, as RARP (RFC 903). */
#define ARP_REQUEST 1
#define ARP_REPLY 2

#define ICMP6_RA 134
#define RA_LEN 16
#define ICMP6_NA 136
#define NA_LEN 24		/* up to its options */
#define OPTION_TARGET_LLADDR 2

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
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

/* Nobody has no address at all, and no group is one host. */
static bool
is_host(const uint8_t *mac)
{
	return (mac[0] & 1) == 0 && !is_zero(mac, 6);
}

enum packet_found
packet_arp(const void *bytes, size_t len, struct change *c)
{
	const uint8_t *p = bytes, *sha = p + 8, *spa = p + 14, *tpa = p + 24;
	unsigned operation;

	memset(c, 0, sizeof *c);
	/* Ethernet and IPv4, with addresses as long as they have them. */
	if (len < ARP_LEN || get16(p) != 1 || get16(p + 2) != 0x0800 ||
	    p[4] != 6 || p[5] != 4)
		return PACKET_MALFORMED;
	operation = get16(p + 6);
	if (operation != ARP_REQUEST && operation != ARP_REPLY)
		return PACKET_IGNORED;
	if (is_zero(spa, 4) || !is_host(sha))
		return PACKET_IGNORED;
	if (operation == ARP_REQUEST && is_zero(tpa, 4))
		return PACKET_IGNORED;
	c->type = CHANGE_CLAIM;
	c->claim.address.family = KEV_INET;
	memcpy(c->claim.address.byte, spa, 4);
	c->claim.lladdr.len = 6;
	memcpy(c->claim.lladdr.byte, sha, 6);
	return PACKET_CLAIM;
}

/*
 * The link-layer address among the options. False: options that RFC 4861
 * section 7.1.2 tells to drop the message for.
 */
static bool
find_lladdr(const uint8_t *p, size_t len, struct kev_lladdr *lladdr)
{
	size_t size;

	while (len > 0) {
		if (len < 2 || p[1] == 0 || (size_t)p[1] * 8 > len)
			return false;
		size = (size_t)p[1] * 8;
		/* Of Ethernet; others are longer, and have another length. */
		if (p[0] == OPTION_TARGET_LLADDR && size == 8) {
			lladdr->len = 6;
			memcpy(lladdr->byte, p + 2, 6);
		}
		p += size;
		len -= size;
	}
	return true;
}

static enum packet_found
advert(const uint8_t *p, size_t len, const uint8_t *from, struct change *c)
{
	struct kev_lladdr unused;

	if (len < RA_LEN || from[0] != 0xfe || (from[1] & 0xc0) != 0x80 ||
	    !find_lladdr(p + RA_LEN, len - RA_LEN, &unused))
		return PACKET_MALFORMED;
	c->type = CHANGE_ADVERT;
	c->advert.address.family = KEV_INET6;
	memcpy(c->advert.address.byte, from, 16);
	c->advert.lifetime = (uint16_t)get16(p + 6);
	return PACKET_ADVERT;
}

enum packet_found
packet_icmp6(const void *bytes, size_t len, int hops, const uint8_t from[16],
    struct change *c)
{
	const uint8_t *p = bytes;

	memset(c, 0, sizeof *c);
	if (len < 1)
		return PACKET_MALFORMED;
	if (p[0] != ICMP6_NA && p[0] != ICMP6_RA)
		return PACKET_IGNORED;
	/* With less it was routed, so it is not from this link. */
	if (hops != 255 || len < 2 || p[1] != 0)
		return PACKET_MALFORMED;
	if (p[0] == ICMP6_RA)
		return advert(p, len, from, c);
	if (len < NA_LEN || p[8] == 0xff ||
	    !find_lladdr(p + NA_LEN, len - NA_LEN, &c->claim.lladdr))
		return PACKET_MALFORMED;
	if (c->claim.lladdr.len == 0 || !is_host(c->claim.lladdr.byte))
		return PACKET_IGNORED;
	c->type = CHANGE_CLAIM;
	c->claim.address.family = KEV_INET6;
	memcpy(c->claim.address.byte, p + 8, 16);
	return PACKET_CLAIM;
}

enum message_found
packet_decode(const struct message *m, struct change *c)
{
	enum packet_found found = strcmp(m->source, "arp") == 0 ?
	    packet_arp(m->bytes, m->len, c) :
	    packet_icmp6(m->bytes, m->len, m->hops, m->from, c);

	c->ifindex = m->ifindex;
	if (found == PACKET_MALFORMED)
		return MESSAGE_MALFORMED;
	return found == PACKET_IGNORED ? MESSAGE_IGNORED : MESSAGE_CHANGE;
}

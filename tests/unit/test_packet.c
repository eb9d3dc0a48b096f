#include "config.h"

#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static size_t
unhex(const char *hex, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex++, "%2x", &byte), 1);
		bytes[n++] = (uint8_t)byte;
	}
	return n;
}

#define HEAD "0001 0800 06 04 "
#define MAC "02005e005301 "
#define TO "000000000000 c0000202"

static void
arp(void **state)
{
	static const struct {
		const char *hex;
		enum packet_found found;
	} cases[] = {
		{ HEAD "0001" MAC "c0000201" TO, PACKET_CLAIM },
		{ HEAD "0002" MAC "c0000201" TO, PACKET_CLAIM },
		/* Gratuitous, and with padding behind. */
		{ HEAD "0001" MAC "c0000201" "000000000000 c0000201"
		    "000000000000", PACKET_CLAIM },
		/* A probe; a request for nobody; a group; nobody. */
		{ HEAD "0001" MAC "00000000" TO, PACKET_IGNORED },
		{ HEAD "0001" MAC "c0000201" "000000000000 00000000",
		    PACKET_IGNORED },
		{ HEAD "0002" MAC "c0000201" "000000000000 00000000",
		    PACKET_CLAIM },
		{ HEAD "0002" "01005e005301 c0000201" TO, PACKET_IGNORED },
		{ HEAD "0002" "000000000000 c0000201" TO, PACKET_IGNORED },
		/* Neither asks nor answers. */
		{ HEAD "0000" MAC "c0000201" TO, PACKET_IGNORED },
		{ HEAD "0003" MAC "c0000201" TO, PACKET_IGNORED },
		{ HEAD "0102" MAC "c0000201" TO, PACKET_IGNORED },
		/* Not Ethernet, not IPv4, other lengths, too short. */
		{ "0006 0800 06 04 0002" MAC "c0000201" TO, PACKET_MALFORMED },
		{ "0001 86dd 06 04 0002" MAC "c0000201" TO, PACKET_MALFORMED },
		{ "0001 0800 08 04 0002" MAC "c0000201" TO, PACKET_MALFORMED },
		{ "0001 0800 06 10 0002" MAC "c0000201" TO, PACKET_MALFORMED },
		{ HEAD "0002" MAC "c0000201 000000000000 c00002",
		    PACKET_MALFORMED },
		{ "", PACKET_MALFORMED },
	};
	struct change c;
	uint8_t bytes[128];
	size_t i, len;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		len = unhex(cases[i].hex, bytes);
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, bytes, len);
		assert_int_equal(packet_arp(copy, len, &c), cases[i].found);
		free(copy);
		if (cases[i].found != PACKET_CLAIM)
			continue;
		assert_int_equal(c.type, CHANGE_CLAIM);
		assert_memory_equal(c.claim.address.byte, "\xc0\0\2\1", 4);
		assert_memory_equal(c.claim.lladdr.byte, "\2\0\x5e\0\x53\1", 6);
	}
}

#define NA "88 00 0000 20000000 "
#define TARGET "20010db8000000000000000000000001"
#define LLADDR "02 01 02005e005301"

static void
icmp6(void **state)
{
	static const struct {
		const char *hex;
		int hops;
		enum packet_found found;
	} cases[] = {
		{ NA TARGET LLADDR, 255, PACKET_CLAIM },
		{ NA TARGET "0e 02 000000000000 0000000000000000" LLADDR, 255,
		    PACKET_CLAIM },
		/* Routed; how far is not known. */
		{ NA TARGET LLADDR, 254, PACKET_MALFORMED },
		{ NA TARGET LLADDR, -1, PACKET_MALFORMED },
		/* Without saying who; of a group; of nobody. */
		{ NA TARGET, 255, PACKET_IGNORED },
		{ NA TARGET "02 01 010000000001", 255, PACKET_IGNORED },
		{ NA TARGET "02 01 000000000000", 255, PACKET_IGNORED },
		/* A code; a group as target; options of length 0, too long. */
		{ "88 01 0000 20000000" TARGET LLADDR, 255, PACKET_MALFORMED },
		{ NA "ff020000000000000000000000000001" LLADDR, 255,
		    PACKET_MALFORMED },
		{ NA TARGET "02 00 02005e005301", 255, PACKET_MALFORMED },
		{ NA TARGET "02 02 02005e005301", 255, PACKET_MALFORMED },
		{ NA TARGET LLADDR "01", 255, PACKET_MALFORMED },
		{ NA "20010db8", 255, PACKET_MALFORMED },
		{ "87 00 0000 00000000" TARGET, 255, PACKET_IGNORED },
		{ "", 255, PACKET_MALFORMED },
	};
	struct change c;
	uint8_t bytes[128];
	size_t i, len;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		len = unhex(cases[i].hex, bytes);
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, bytes, len);
		if (packet_icmp6(copy, len, cases[i].hops, (const uint8_t *)
		    "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", &c) !=
		    cases[i].found)
			fail_msg("%s", cases[i].hex);
		free(copy);
		if (cases[i].found != PACKET_CLAIM)
			continue;
		assert_int_equal(c.claim.address.family, KEV_INET6);
		assert_int_equal(c.claim.address.byte[15], 1);
		assert_memory_equal(c.claim.lladdr.byte, "\2\0\x5e\0\x53\1", 6);
	}
}

#define RA "86 00 0000 40 00 0708 00000000 00000000 "

static void
adverts(void **state)
{
	static const struct {
		const char *hex;
		uint8_t first;		/* of the source address */
		int hops;
		enum packet_found found;
	} cases[] = {
		{ RA, 0xfe, 255, PACKET_ADVERT },
		{ RA "01 01 02005e005301", 0xfe, 255, PACKET_ADVERT },
		{ RA, 0x20, 255, PACKET_MALFORMED },
		{ RA, 0xfe, 64, PACKET_MALFORMED },
		{ RA "01 00 02005e005301", 0xfe, 255, PACKET_MALFORMED },
		{ "86 00 0000 40 00 0708", 0xfe, 255, PACKET_MALFORMED },
		{ RA "01 02 02005e005301", 0xfe, 255, PACKET_MALFORMED },
		{ RA "01", 0xfe, 255, PACKET_MALFORMED },
		{ "86 01 0000 40 00 0708 00000000 00000000", 0xfe, 255,
		    PACKET_MALFORMED },
		{ "86", 0xfe, 255, PACKET_MALFORMED },
	};
	uint8_t bytes[128], from[16] = { 0, 0x80, [15] = 9 };
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		from[0] = cases[i].first;
		assert_int_equal(packet_icmp6(bytes, unhex(cases[i].hex, bytes),
		    cases[i].hops, from, &c), cases[i].found);
		if (cases[i].found != PACKET_ADVERT)
			continue;
		assert_int_equal(c.advert.lifetime, 1800);
		assert_int_equal(c.advert.address.byte[15], 9);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp),
		cmocka_unit_test(icmp6),
		cmocka_unit_test(adverts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

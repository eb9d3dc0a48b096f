/*
 * Sends Ethernet frames, for tests: what a host on the wire may do, and its
 * enemy.
 *
 *	frames IFNAME FRAME [COUNT]
 *
 * FRAME is in hexadecimal, white space is skipped. Each "##" in it is a byte
 * of a number that begins with 0 and grows by one from frame to frame, the
 * last one its lowest. The checksum of ICMPv6 right behind an IPv6 header, and
 * the length in that, are put in.
 */
#include "config.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME 1514
#define BATCH 64

#define ETHER 14
#define IPV6 40

struct template {
	uint8_t byte[FRAME];
	size_t len;
	size_t counter[8];	/* where its bytes are, the lowest last */
	size_t counters;
};

static int
digit(char c)
{
	const char *digits = "0123456789abcdef", *found = strchr(digits, c);

	return c != '\0' && found != NULL ? (int)(found - digits) : -1;
}

static bool
parse(struct template *t, const char *hex)
{
	for (; *hex != '\0'; hex++) {
		if (*hex == ' ' || *hex == '\n' || *hex == '\t')
			continue;
		if (t->len == FRAME || hex[1] == '\0')
			return false;
		if (*hex == '#') {
			if (t->counters == sizeof t->counter /
			    sizeof t->counter[0])
				return false;
			t->counter[t->counters++] = t->len++;
		} else {
			if (digit(hex[0]) < 0 || digit(hex[1]) < 0)
				return false;
			t->byte[t->len++] = (uint8_t)(digit(hex[0]) << 4 |
			    digit(hex[1]));
		}
		hex++;
	}
	return t->len >= ETHER;
}

static void
put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint32_t
sum(const uint8_t *p, size_t len)
{
	uint32_t total = 0;
	size_t i;

	for (i = 0; i < len; i++)
		total += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return total;
}

/* Over the pseudo header, too: both addresses, the length and the protocol. */
static void
finish(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETHER, *icmp = ip + IPV6;
	uint32_t total;
	size_t size;

	if (len < ETHER + IPV6 + 4 || frame[12] != 0x86 || frame[13] != 0xdd ||
	    ip[6] != 58)
		return;
	size = len - ETHER - IPV6;
	put16(ip + 4, (unsigned)size);
	put16(icmp + 2, 0);
	total = sum(ip + 8, 32) + (uint32_t)size + 58 + sum(icmp, size);
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	put16(icmp + 2, ~total & 0xffff);
}

static void
make(const struct template *t, uint64_t number, uint8_t *frame)
{
	size_t i;

	memcpy(frame, t->byte, t->len);
	for (i = t->counters; i-- > 0; number >>= 8)
		frame[t->counter[i]] = (uint8_t)number;
	finish(frame, t->len);
}

static bool
send_all(int fd, const struct template *t, uint64_t count)
{
	static uint8_t frames[BATCH][FRAME];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint64_t done = 0;
	unsigned i, n;
	int sent;

	memset(msgs, 0, sizeof msgs);
	while (done < count) {
		n = count - done < BATCH ? (unsigned)(count - done) : BATCH;
		for (i = 0; i < n; i++) {
			make(t, done + i, frames[i]);
			iov[i] = (struct iovec){ frames[i], t->len };
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
		}
		sent = sendmmsg(fd, msgs, n, 0);
		if (sent == -1 && errno != ENOBUFS && errno != EINTR)
			return false;
		done += sent > 0 ? (uint64_t)sent : 0;
	}
	return true;
}

int
main(int argc, char *argv[])
{
	struct template t = { .len = 0 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	uint64_t count = argc == 4 ? strtoull(argv[3], NULL, 10) : 1;
	int fd;

	if (argc < 3 || argc > 4 || !parse(&t, argv[2])) {
		fprintf(stderr, "usage: frames IFNAME FRAME [COUNT]\n");
		return 2;
	}
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (to.sll_ifindex == 0 || fd == -1 ||
	    bind(fd, (struct sockaddr *)&to, sizeof to) == -1 ||
	    !send_all(fd, &t, count)) {
		fprintf(stderr, "frames: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}

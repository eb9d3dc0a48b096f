#include "config.h"

#include "recording.h"

#include "bench.h"
#include "netlink.h"
#include "readers.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH 32
/* Stands for addresses in what the kernel said. */
#define SAMPLE 0x0a63fe7e
/* As long as the names of those that it stands for. */
#define OTHER "n00000"

struct sample {
	_Alignas(struct nlmsghdr) uint8_t bytes[8192];
	size_t len;
};

/* Has the kernel say it. */
static void
sample_address(struct sample *s, int fd, bool add, const char *label)
{
	struct buf b = BUF_INIT;

	netlink_put_address(&b, add, if_nametoindex("v0"), SAMPLE, label,
	    false);
	if (send(fd, b.data, b.len, 0) == -1)
		die("netlink: %s", strerror(errno));
	buf_fini(&b);
	s->len = netlink_hear(fd, add ? RTM_NEWADDR : RTM_DELADDR, s->bytes,
	    sizeof s->bytes);
}

static void
sample_link(struct sample *s, int fd, const char *name)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} get = {
		{ .nlmsg_len = sizeof get, .nlmsg_type = RTM_GETLINK,
		    .nlmsg_flags = NLM_F_REQUEST },
		{ .ifi_index = (int)if_nametoindex(name) },
	};

	if (send(fd, &get, sizeof get, 0) == -1)
		die("netlink: %s", strerror(errno));
	s->len = netlink_hear(fd, RTM_NEWLINK, s->bytes, sizeof s->bytes);
}

/* One line a message; microseconds since a moment of the past. */
static void
put_line(FILE *f, unsigned when, const char *more, const struct sample *s)
{
	size_t i;

	fprintf(f, "{\"source\":\"rtnetlink\",\"time\":\"2026-01-01T00:%02u:"
	    "%02u.%06uZ\",\"mono\":%u%s,\"hex\":\"", when / 60000000 % 60,
	    when / 1000000 % 60, when % 1000000, 1000000 + when, more);
	for (i = 0; s != NULL && i < s->len; i++)
		fprintf(f, "%02x", s->bytes[i]);
	fputs("\"}\n", f);
}

/* A link and a router on it, both made for that. */
static void
sample_router(struct sample *link, struct sample *router)
{
	int fd = netlink_open(0), heard = netlink_open(RTMGRP_IPV6_ROUTE);
	struct buf b = BUF_INIT;
	uint32_t ifindex;

	netlink_put_link(&b, OTHER, "bridge", true);
	netlink_do(fd, &b);
	sample_link(link, fd, OTHER);
	ifindex = if_nametoindex(OTHER);
	buf_clear(&b);
	netlink_put_router(&b, ifindex, true);
	netlink_do(fd, &b);
	do
		router->len = netlink_hear(heard, RTM_NEWROUTE, router->bytes,
		    sizeof router->bytes);
	while (((struct rtmsg *)(router->bytes + NLMSG_HDRLEN))->rtm_dst_len !=
	    0);
	buf_clear(&b);
	netlink_put_link_gone(&b, ifindex, true);
	netlink_do(fd, &b);
	buf_fini(&b);
	close(heard);
	close(fd);
}

/* Sets an attribute, after a header of SIZE bytes, to as many bytes. */
static void
set_attribute(struct sample *s, size_t size, uint16_t type, const void *value)
{
	struct nlmsghdr *h = (struct nlmsghdr *)s->bytes;
	struct nlattr *a;

	mnl_attr_for_each(a, h, (unsigned)size) {
		if (mnl_attr_get_type(a) == type)
			memcpy(mnl_attr_get_payload(a), value,
			    mnl_attr_get_payload_len(a));
	}
}

/* The same of the link numbered I, and of the router on it. */
static void
put_router(FILE *f, unsigned i, const struct sample *link,
    const struct sample *router)
{
	struct sample l = *link, r = *router;
	uint32_t ifindex = 1000 + i;
	char name[IF_NAMESIZE];

	snprintf(name, sizeof name, "n%05u", i % 100000);
	((struct ifinfomsg *)(l.bytes + NLMSG_HDRLEN))->ifi_index =
	    (int)ifindex;
	set_attribute(&l, sizeof(struct ifinfomsg), IFLA_IFNAME, name);
	put_line(f, 0, "", &l);
	set_attribute(&r, sizeof(struct rtmsg), RTA_OIF, &ifindex);
	put_line(f, 0, "", &r);
}

/* The same of another address. */
static void
put_address(FILE *f, unsigned when, bool more, const struct sample *s,
    uint32_t address)
{
	const uint32_t sample = htonl(SAMPLE), other = htonl(address);
	struct sample copy = { .len = s->len };
	size_t i;

	memcpy(copy.bytes, s->bytes, s->len);
	for (i = 0; i + 4 <= s->len; i += 4) {
		if (memcmp(s->bytes + i, &sample, 4) == 0)
			memcpy(copy.bytes + i, &other, 4);
	}
	put_line(f, when, more ? ",\"continued\":true" : "", &copy);
}

void
recording_make(const char *file, const struct held *held, unsigned count)
{
	static struct sample link, add, last, del, other, router;
	int fd = netlink_open(RTMGRP_IPV4_IFADDR);
	static const struct held nothing;
	FILE *f = fopen(file, "we");
	unsigned i, place;

	if (f == NULL)
		die("%s: %s", file, strerror(errno));
	sample_link(&link, fd, "v0");
	sample_address(&last, fd, true, "v0:" READERS_MARK);
	sample_address(&del, fd, false, NULL);
	sample_address(&add, fd, true, NULL);
	sample_address(&del, fd, false, NULL);
	if (held == NULL)
		held = &nothing;
	if (held->routers > 0)
		sample_router(&other, &router);
	fputs("{\"source\":\"timer\",\"time\":\"2026-01-01T00:00:00Z\","
	    "\"mono\":0,\"hex\":\"\"}\n", f);
	put_line(f, 0, ",\"dump\":[\"link\",\"addr4\",\"route6\"]", NULL);
	put_line(f, 0, "", &link);
	for (i = 0; i < held->addresses; i++)
		put_address(f, 0, false, &add, 0x0a800000 + i);
	for (i = 0; i < held->routers; i++)
		put_router(f, i, &other, &router);
	put_line(f, 0, ",\"end\":true", NULL);
	for (i = 0; i < count; i++) {
		place = i / (2 * BATCH) * BATCH + i % BATCH;
		put_address(f, 10 * (i + 1), i % BATCH != 0,
		    i / BATCH % 2 == 0 ? &add : &del,
		    0x0a000000 + place % 65536);
	}
	put_line(f, 10 * (i + 1), "", &last);
	if (fclose(f) != 0)
		die("%s: %s", file, strerror(errno));
	close(fd);
}

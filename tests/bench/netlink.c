#include "config.h"

#include "netlink.h"

#include "bench.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

int
netlink_open(unsigned groups)
{
	struct sockaddr_nl snl = { .nl_family = AF_NETLINK,
	    .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd == -1 || bind(fd, (struct sockaddr *)&snl, sizeof snl) == -1)
		die("netlink: %s", strerror(errno));
	return fd;
}

/* The header of a request, with room for what follows. */
static struct nlmsghdr *
begin(struct buf *b, uint16_t type, unsigned flags, bool ack)
{
	char *room = buf_room(b, 256);
	struct nlmsghdr *h;

	if (room == NULL)
		die("out of memory");
	h = mnl_nlmsg_put_header(room);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags |
	    (ack ? NLM_F_ACK : 0));
	return h;
}

void
netlink_put_address(struct buf *b, bool add, uint32_t ifindex,
    uint32_t address, const char *label, bool ack)
{
	struct nlmsghdr *h = begin(b, add ? RTM_NEWADDR : RTM_DELADDR,
	    add ? NLM_F_CREATE | NLM_F_EXCL : 0, ack);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->ifa_index = ifindex;
	m->ifa_family = AF_INET;
	m->ifa_prefixlen = 32;
	mnl_attr_put_u32(h, IFA_LOCAL, htonl(address));
	if (label != NULL)
		mnl_attr_put_strz(h, IFA_LABEL, label);
	b->len += h->nlmsg_len;
}

void
netlink_put_link(struct buf *b, const char *name, const char *kind, bool ack)
{
	struct nlmsghdr *h = begin(b, RTM_NEWLINK,
	    NLM_F_CREATE | NLM_F_EXCL, ack);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);
	struct nlattr *info;

	m->ifi_flags = m->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(h, info);
	b->len += h->nlmsg_len;
}

void
netlink_put_link_gone(struct buf *b, uint32_t ifindex, bool ack)
{
	struct nlmsghdr *h = begin(b, RTM_DELLINK, 0, ack);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->ifi_index = (int)ifindex;
	b->len += h->nlmsg_len;
}

void
netlink_put_router(struct buf *b, uint32_t ifindex, bool ack)
{
	static const struct in6_addr router = { .s6_addr = { 0xfe, 0x80,
	    [15] = 1 } };
	struct nlmsghdr *h = begin(b, RTM_NEWROUTE, NLM_F_CREATE, ack);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->rtm_family = AF_INET6;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_type = RTN_UNICAST;
	mnl_attr_put(h, RTA_GATEWAY, sizeof router, &router);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	mnl_attr_put_u32(h, RTA_EXPIRES, 1800);
	b->len += h->nlmsg_len;
}

void
netlink_do(int fd, const struct buf *b)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	struct nlmsgerr e;

	if (send(fd, b->data, b->len, 0) != (ssize_t)b->len)
		die("netlink: %s", strerror(errno));
	netlink_hear(fd, NLMSG_ERROR, bytes, sizeof bytes);
	memcpy(&e, bytes + NLMSG_HDRLEN, sizeof e);
	if (e.error != 0)
		die("netlink: %s", strerror(-e.error));
}

size_t
netlink_hear(int fd, uint16_t type, void *bytes, size_t size)
{
	struct nlmsghdr h;
	ssize_t n;

	do {
		n = recv(fd, bytes, size, 0);
		if (n < (ssize_t)sizeof h)
			die("netlink: %s", strerror(errno));
		memcpy(&h, bytes, sizeof h);
	} while (h.nlmsg_type != type);
	return (size_t)n;
}

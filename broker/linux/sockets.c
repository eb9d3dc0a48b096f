#include "config.h"

#include "sockets.h"

#include "hot.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The kernel doubles it: 64 MiB hold 80,000 changes of addresses, or 29,000 of
 * links, while we don't read. */
#define RCVBUF (32 << 20)

/* Parts of the headers above that old ones don't have. */
#ifndef SK_MEMINFO_DROPS
#define SK_MEMINFO_DROPS 8
#endif
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

static const unsigned groups[] = {
	RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_ND_USEROPT,
	32,			/* RTNLGRP_NEXTHOP, Linux 5.3 */
};

static bool
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

bool
socket_filter(int fd, struct sock_filter *code, size_t n)
{
	struct sock_fprog program = { (unsigned short)n, code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof program) == 0;
}

/*
 * Routes that are not default routes, what bridges learn, and neighbours that
 * are no longer kept cost no buffer and no time: a filter sees the message from
 * its header on. Notifications come one in a datagram.
 */
static bool
filter_events(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, sizeof(struct nlmsghdr) +
		    offsetof(struct rtmsg, rtm_dst_len)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, sizeof(struct nlmsghdr) +
		    offsetof(struct ndmsg, ndm_family)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	/* The filter loads big endian, the message is of this machine. */
	code[1].k = htons(RTM_NEWROUTE);
	code[2].k = htons(RTM_DELROUTE);
	code[3].k = htons(RTM_NEWNEIGH);
	code[4].k = htons(RTM_DELNEIGH);
	return socket_filter(fd, code, sizeof code / sizeof code[0]);
}

static bool
bind_netlink(int fd)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	return bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
}

static bool
set_up_events(int fd, size_t rcvbuf)
{
	int size = (int)(rcvbuf > 0 ? rcvbuf : RCVBUF);
	size_t i;

	/* Beyond net.core.rmem_max, if we may; else as much as that allows. */
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, size))
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, size);
	if (!filter_events(fd) || !bind_netlink(fd))
		return false;
	for (i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		/* A kernel without next hop objects has no group for them. */
		if (!set(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		    (int)groups[i]) && groups[i] <= RTNLGRP_IPV6_ROUTE)
			return false;
	}
	return true;
}

static bool
set_up_requests(int fd, size_t rcvbuf)
{
	struct timeval patience = { .tv_sec = 10 };

	(void)rcvbuf;
	/* Old kernels check requests less strictly, and dump more. */
	(void)set(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
	(void)set(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	return bind_netlink(fd) && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO,
	    &patience, sizeof patience) == 0;
}

static bool
set_up_ethtool(int fd, size_t rcvbuf)
{
	(void)rcvbuf;
	return bind_netlink(fd);
}

/*
 * ARP for IPv4 on Ethernet with a sender, that was not meant for another host:
 * a tag of a VLAN that is not here is cut off, and such a packet is told to be
 * for another host. Our own are not told to a socket for one protocol. The
 * word at 24 is loaded so that what is shorter is dropped.
 */
static bool
set_up_arp(int fd, size_t rcvbuf)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OTHERHOST, 8, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x00010800, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0604, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
		BPF_STMT(BPF_RET | BPF_K, 28),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ARP) };

	(void)rcvbuf;
	/* It is for no protocol until the filter is there. */
	return socket_filter(fd, code, sizeof code / sizeof code[0]) &&
	    bind(fd, (struct sockaddr *)&all, sizeof all) == 0;
}

static bool
set_up_ndp(int fd, size_t rcvbuf)
{
	struct icmp6_filter filter;

	(void)rcvbuf;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
	    sizeof filter) == 0 &&
	    set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
	    set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

static const struct {
	int domain, type, protocol;
	bool (*set_up)(int fd, size_t rcvbuf);
} kinds[SOCKET_KINDS] = {
	[SOCKET_EVENTS] = { AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK,
	    NETLINK_ROUTE, set_up_events },
	[SOCKET_REQUESTS] = { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE,
	    set_up_requests },
	[SOCKET_ETHTOOL] = { AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK,
	    NETLINK_GENERIC, set_up_ethtool },
	[SOCKET_ARP] = { AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0, set_up_arp },
	[SOCKET_NDP] = { AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6,
	    set_up_ndp },
};

int
socket_open(enum socket_kind kind, size_t rcvbuf)
{
	int fd, error;

	fd = socket(kinds[kind].domain, kinds[kind].type | SOCK_CLOEXEC,
	    kinds[kind].protocol);
	if (fd == -1)
		return -errno;
	if (kinds[kind].set_up(fd, rcvbuf))
		return fd;
	error = errno;
	close(fd);
	return -error;
}

void
sockets_open(struct sockets *s, size_t rcvbuf)
{
	int i, fd;

	for (i = 0; i < SOCKET_KINDS; i++) {
		fd = socket_open((enum socket_kind)i, rcvbuf);
		s->fd[i] = fd < 0 ? -1 : fd;
		s->error[i] = fd < 0 ? -fd : 0;
	}
}

void
socket_give_up(struct sockets *s, enum socket_kind kind)
{
	if (s->fd[kind] != -1)
		close(s->fd[kind]);
	s->fd[kind] = -1;
}

void
sockets_close(struct sockets *s)
{
	int i;

	for (i = 0; i < SOCKET_KINDS; i++)
		socket_give_up(s, (enum socket_kind)i);
}

/* SK_MEMINFO_* of a socket; all 0 when the kernel doesn't tell. */
static void
get_meminfo(int fd, uint32_t info[16])
{
	socklen_t len = 16 * sizeof *info;

	memset(info, 0, len);
	(void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
}

uint32_t
socket_drops(int fd)
{
	uint32_t info[16];

	get_meminfo(fd, info);
	return info[SK_MEMINFO_DROPS];
}

bool
socket_has_room(int fd)
{
	uint32_t info[16];

	get_meminfo(fd, info);
	return info[SK_MEMINFO_RMEM_ALLOC] < info[SK_MEMINFO_RCVBUF] / 2;
}

/* Others may send to a netlink socket, too: as if nothing had come. */
static ssize_t
taken(const struct sockaddr_nl *sender, socklen_t len, size_t n, size_t size)
{
	if (len != sizeof *sender || sender->nl_pid != 0)
		return -EINTR;
	return n > size ? -EMSGSIZE : (ssize_t)n;
}

ssize_t
socket_receive(int fd, void *bytes, size_t size)
{
	struct sockaddr_nl sender;
	socklen_t len = sizeof sender;
	ssize_t n;

	n = recvfrom(fd, bytes, size, MSG_TRUNC, (struct sockaddr *)&sender,
	    &len);
	return n == -1 ? -errno : taken(&sender, len, (size_t)n, size);
}

static void
prepare(struct datagrams *d)
{
	int i;

	for (i = 0; i < DATAGRAMS; i++) {
		d->iov[i] = (struct iovec){ d->bytes[i], DATAGRAM_MAX };
		d->heads[i].msg_hdr = (struct msghdr){
			.msg_name = &d->senders[i],
			.msg_namelen = sizeof d->senders[i],
			.msg_iov = &d->iov[i], .msg_iovlen = 1 };
	}
}

HOT int
socket_receive_all(int fd, struct datagrams *d)
{
	struct msghdr *head;
	int i, n;

	if (d->heads[0].msg_hdr.msg_iov == NULL)
		prepare(d);
	n = recvmmsg(fd, d->heads, DATAGRAMS, MSG_TRUNC, NULL);
	for (i = 0; i < n; i++) {
		head = &d->heads[i].msg_hdr;
		d->len[i] = taken(&d->senders[i], head->msg_namelen,
		    d->heads[i].msg_len, DATAGRAM_MAX);
		head->msg_namelen = sizeof d->senders[i];
	}
	return n == -1 ? -errno : n;
}

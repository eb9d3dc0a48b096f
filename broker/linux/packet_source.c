#include "config.h"

#include "packet_source.h"

#include "log.h"
#include "packet.h"
#include "state.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Packets taken before others have their turn. */
#define TURN 64

/*
 * ARP for IPv4 on Ethernet with a sender, that was not meant for another host:
 * a tag of a VLAN that is not here is cut off, and such a packet is told to be
 * for another host. Our own are not told to a socket for one protocol. The
 * word at 24 is loaded so that what is shorter is dropped.
 */
static struct sock_filter arp_filter[] = {
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

static int
open_arp(void)
{
	struct sock_fprog program = {
	    sizeof arp_filter / sizeof arp_filter[0], arp_filter };
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ARP) };
	int fd;

	/* For no protocol until the filter is there. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof program) == -1 ||
	    bind(fd, (struct sockaddr *)&all, sizeof all) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_ndp(void)
{
	struct icmp6_filter filter;
	int fd, on = 1;

	fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_ICMPV6);
	if (fd == -1)
		return -1;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
	    sizeof filter) == -1 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) ==
	    -1 || setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on,
	    sizeof on) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static const struct {
	const char *name;
	int (*open)(void);
} kinds[PACKET_KINDS] = {
	[PACKET_KIND_ARP] = { "arp", open_arp },
	[PACKET_KIND_NDP] = { "ndp", open_ndp },
};

void
packet_source_init(struct packet_source *p, enum packet_kind kind)
{
	int error;

	memset(p, 0, sizeof *p);
	p->kind = kind;
	p->stats.name = kinds[kind].name;
	p->fd = kinds[kind].open();
	p->stats.available = p->fd != -1;
	if (p->fd != -1)
		return;
	error = errno;
	snprintf(p->reason, sizeof p->reason, "%s%s", strerror(error),
	    error == EPERM || error == EACCES ? " (needs CAP_NET_RAW)" : "");
	p->stats.reason = p->reason;
	log_info("%s: not available: %s", p->stats.name, p->reason);
}

void
packet_source_fini(struct packet_source *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
}

/* The interface and hop limit of an ICMPv6 message. */
static void
get_control(struct msghdr *msg, uint32_t *ifindex, int *hops)
{
	struct in6_pktinfo info;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof info)) {
			memcpy(&info, CMSG_DATA(c), sizeof info);
			*ifindex = (uint32_t)info.ipi6_ifindex;
		} else if (c->cmsg_type == IPV6_HOPLIMIT &&
		    c->cmsg_len >= CMSG_LEN(sizeof *hops)) {
			memcpy(hops, CMSG_DATA(c), sizeof *hops);
		}
	}
}

/* One packet. False: there is none. */
static bool
read_one(struct packet_source *p, enum packet_found *found, struct change *c)
{
	union {
		struct sockaddr_ll ll;
		struct sockaddr_in6 in6;
	} from;
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	char bytes[2048];
	struct iovec iov = { bytes, sizeof bytes };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof from,
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	    .msg_controllen = sizeof control };
	uint32_t ifindex = 0;
	int hops = -1;
	ssize_t n;

	memset(&from, 0, sizeof from);
	do
		n = recvmsg(p->fd, &msg, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return false;
	if (p->kind == PACKET_KIND_ARP) {
		*found = packet_arp(bytes, (size_t)n, c);
		ifindex = (uint32_t)from.ll.sll_ifindex;
	} else {
		get_control(&msg, &ifindex, &hops);
		*found = packet_icmp6(bytes, (size_t)n, hops,
		    from.in6.sin6_addr.s6_addr, c);
	}
	c->ifindex = ifindex;
	return true;
}

void
packet_source_read(struct packet_source *p, struct state *st)
{
	struct stamp now = stamp_now();
	enum packet_found found;
	struct change c;
	int i;

	if (p->fd == -1)
		return;
	for (i = 0; i < TURN && read_one(p, &found, &c); i++) {
		p->stats.received++;
		switch (found) {
		case PACKET_CLAIM:
		case PACKET_ADVERT:
			p->stats.decoded++;
			state_apply(st, &c, &now);
			break;
		case PACKET_MALFORMED:
			p->stats.malformed++;
			break;
		default:
			p->stats.ignored++;
		}
	}
}

#include "config.h"

#include "packet_source.h"

#include "packet.h"
#include "state.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum socket_kind socket;
} kinds[PACKET_KINDS] = {
	[PACKET_KIND_ARP] = { "arp", SOCKET_ARP },
	[PACKET_KIND_NDP] = { "ndp", SOCKET_NDP },
};

void
packet_source_init(struct packet_source *p, enum packet_kind kind,
    const struct sockets *sockets, const char *netns)
{
	int fd = sockets->fd[kinds[kind].socket];

	memset(p, 0, sizeof *p);
	p->kind = kind;
	source_stats_init(&p->stats, kinds[kind].name, netns);
	packet_source_renew(p, fd != -1 ? fd :
	    -sockets->error[kinds[kind].socket]);
}

void
packet_source_renew(struct packet_source *p, int fd)
{
	p->fd = fd < 0 ? -1 : fd;
	p->error = 0;
	p->drops = 0;
	if (fd < 0)
		source_stats_missing(&p->stats, strerror(-fd),
		    fd == -EPERM || fd == -EACCES ? "CAP_NET_RAW" : NULL);
}

enum socket_kind
packet_source_socket(enum packet_kind kind)
{
	return kinds[kind].socket;
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
	if (n == -1) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			p->error = errno;
		return false;
	}
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

static void
take(struct packet_source *p, struct state *st, enum packet_found found,
    const struct change *c, const struct stamp *now)
{
	p->stats.received++;
	if (found == PACKET_MALFORMED) {
		p->stats.malformed++;
	} else if (found == PACKET_IGNORED) {
		p->stats.ignored++;
	} else {
		p->stats.decoded++;
		if (state_disputes(st, c) && p->disputed < PACKET_TURN)
			p->disputes[p->disputed++] = *c;
		else
			state_apply(st, c, now);
	}
}

void
packet_source_read(struct packet_source *p, struct state *st)
{
	struct stamp now = stamp_now();
	enum packet_found found;
	struct change c;
	uint32_t drops;
	int i;

	if (p->fd == -1)
		return;
	for (i = 0; i < PACKET_TURN && read_one(p, &found, &c); i++)
		take(p, st, found, &c, &now);
	/* Nothing can be read again: they are counted, and that is all. */
	drops = i > 0 ? socket_drops(p->fd) : p->drops;
	if (drops != p->drops)
		p->stats.overruns++;
	p->drops = drops;
}

void
packet_source_tell(struct packet_source *p, struct state *st)
{
	struct stamp now = stamp_now();
	int i;

	for (i = 0; i < p->disputed; i++)
		state_apply(st, &p->disputes[i], &now);
	p->disputed = 0;
}

#include "config.h"

#include "packet_source.h"

#include "hot.h"
#include "packet.h"
#include "tape.h"

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

void
packet_source_fini(struct packet_source *p)
{
	buf_fini(&p->bytes);
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

#define PACKET_MAX 2048

/* One packet into BYTES, which has that size. False: there is none. */
static bool
read_one(struct packet_source *p, void *bytes, struct message *m)
{
	union {
		struct sockaddr_ll ll;
		struct sockaddr_in6 in6;
	} from;
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct iovec iov = { bytes, PACKET_MAX };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof from,
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	    .msg_controllen = sizeof control };
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
	*m = (struct message){ .source = p->stats.name, .bytes = bytes,
	    .len = (size_t)n, .hops = -1 };
	if (p->kind == PACKET_KIND_ARP) {
		m->ifindex = (uint32_t)from.ll.sll_ifindex;
		return true;
	}
	get_control(&msg, &m->ifindex, &m->hops);
	memcpy(m->from, from.in6.sin6_addr.s6_addr, sizeof m->from);
	return true;
}

/* False: there is no place to keep it. */
static bool
keep(struct packet_source *p, const struct tape *tape, const struct message *m,
    const struct change *c)
{
	if (p->disputed == PACKET_TURN)
		return false;
	p->disputes[p->disputed++] = (struct dispute){ *c, *m };
	if (tape_looks(tape))
		buf_put(&p->bytes, m->bytes, m->len);
	return true;
}

static void
take(struct packet_source *p, struct tape *tape, const struct message *m,
    const struct stamp *now)
{
	enum message_found found;
	struct change c;

	found = packet_decode(m, &c);
	source_stats_count(&p->stats, found);
	if (found == MESSAGE_CHANGE && state_disputes(tape->state, &c) &&
	    keep(p, tape, m, &c))
		return;
	tape_message(tape, m, found, &c, now);
	if (found == MESSAGE_CHANGE)
		tape_apply(tape, &c, now);
}

void
packet_source_read(struct packet_source *p, struct tape *tape)
{
	struct stamp now = stamp_now();
	char bytes[PACKET_MAX];
	struct message m;
	uint32_t drops;
	int i;

	if (p->fd == -1)
		return;
	for (i = 0; i < PACKET_TURN && read_one(p, bytes, &m); i++)
		take(p, tape, &m, &now);
	/* Nothing can be read again: they are counted, and that is all. */
	drops = i > 0 ? socket_drops(p->fd) : p->drops;
	if (drops != p->drops)
		p->stats.overruns++;
	p->drops = drops;
}

HOT void
packet_source_tell(struct packet_source *p, struct tape *tape)
{
	struct stamp now;
	struct dispute *d;
	size_t at = 0;

	if (p->disputed == 0)
		return;
	now = stamp_now();
	for (d = p->disputes; d < p->disputes + p->disputed; d++) {
		/* Unless nobody looked when it came, or memory ran out. */
		if (at + d->message.len <= p->bytes.len) {
			d->message.bytes = p->bytes.data + at;
			tape_message(tape, &d->message, MESSAGE_CHANGE,
			    &d->change, &now);
		}
		at += d->message.len;
		tape_apply(tape, &d->change, &now);
	}
	p->disputed = 0;
	buf_fini(&p->bytes);
}

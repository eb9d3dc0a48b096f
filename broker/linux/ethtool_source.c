#include "config.h"

#include "ethtool_source.h"

#include "formats.h"
#include "nl.h"
#include "tape.h"

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <string.h>

/* Datagrams read before others have their turn. */
#define TURN 64

union datagram {
	struct nlmsghdr head;
	char bytes[8192];	/* the kernel's answers are far shorter */
};

static struct nlmsghdr *
put_request(struct ethtool_source *e, union datagram *m, uint16_t type,
    uint8_t cmd, uint8_t version)
{
	struct genlmsghdr *g;

	memset(m, 0, sizeof *m);
	mnl_nlmsg_put_header(m);
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = NLM_F_REQUEST;
	m->head.nlmsg_seq = ++e->seq;
	g = mnl_nlmsg_put_extra_header(&m->head, sizeof *g);
	g->cmd = cmd;
	g->version = version;
	return &m->head;
}

static int
send_request(const struct ethtool_source *e, const struct nlmsghdr *h)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(e->fd, h, h->nlmsg_len, 0,
	    (const struct sockaddr *)&kernel, sizeof kernel) == -1 ? -errno : 0;
}

/* The number of the family and its group. What is wrong, or NULL. */
static const char *
find_family(struct ethtool_source *e)
{
	union datagram m;
	struct message answer = { .source = "ethtool", .name = "family",
	    .bytes = &m };
	struct nlmsghdr *h;
	struct stamp now;
	ssize_t n;
	int error;

	h = put_request(e, &m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
	error = send_request(e, h);
	if (error != 0)
		return strerror(-error);
	/* The kernel answers before it returns from the request. */
	do
		n = socket_receive(e->fd, &m, sizeof m);
	while (n == -EINTR);
	if (n < 0)
		return strerror((int)-n);
	/* Without it nobody knows, later, which messages these are. */
	now = stamp_now();
	answer.len = (size_t)n;
	tape_message(e->tape, &answer, MESSAGE_IGNORED, NULL, &now);
	return ethtool_family(&m, (size_t)n, &e->family);
}

void
ethtool_init(struct ethtool_source *e, struct tape *tape,
    const struct sockets *sockets, const char *netns)
{
	int fd = sockets->fd[SOCKET_ETHTOOL];

	memset(e, 0, sizeof *e);
	e->tape = tape;
	source_stats_init(&e->stats, "ethtool", netns);
	ethtool_renew(e, fd != -1 ? fd : -sockets->error[SOCKET_ETHTOOL]);
}

void
ethtool_renew(struct ethtool_source *e, int fd)
{
	const char *fault;

	e->fd = fd;
	e->error = 0;
	fault = fd < 0 ? strerror(-fd) : find_family(e);
	if (fault == NULL && setsockopt(e->fd, SOL_NETLINK,
	    NETLINK_ADD_MEMBERSHIP, &e->family.monitor,
	    sizeof e->family.monitor) == -1)
		fault = strerror(errno);
	if (fault == NULL)
		return;
	e->fd = -1;
	source_stats_missing(&e->stats, fault, NULL);
}

/* What was read, and whether the last request was answered by that. */
struct reading {
	struct ethtool_source *source;
	struct stamp now;
	bool answered;
};

static void
take(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct reading *r = arg;
	struct ethtool_source *e = r->source;
	struct nlmsghdr head;
	size_t next;

	tape_message(e->tape, m, found, c, &r->now);
	source_stats_count(&e->stats, found);
	if (found != MESSAGE_CHANGE)
		return;
	tape_apply(e->tape, c, &r->now);
	/* Notifications have numbers, too, of their own. */
	(void)nl_message(m->bytes, m->len, &head, &next);
	if (c->modes.answer && head.nlmsg_seq == e->seq)
		r->answered = true;
}

/* Reads until what was asked for is there, if it was, or LIMIT datagrams. */
static void
read_some(struct ethtool_source *e, bool asked, int limit)
{
	struct reading r = { .source = e };
	union datagram bytes;
	struct message m = { .source = e->stats.name, .bytes = &bytes };
	ssize_t n;

	while (limit-- > 0 && !(asked && r.answered)) {
		n = socket_receive(e->fd, &bytes, sizeof bytes);
		if (n >= 0) {
			m.len = (size_t)n;
			r.now = stamp_now();
			format_ethtool.decode(&e->family, &m, take, &r);
			continue;
		}
		if (n == -EINTR)
			continue;
		if (n == -EMSGSIZE) {
			e->stats.malformed++;
			continue;
		}
		if (n == -EAGAIN || n == -EWOULDBLOCK)
			return;
		if (n != -ENOBUFS) {
			e->error = (int)-n;
			e->lost = true;
			return;
		}
		e->stats.overruns++;
		e->lost = true;
	}
}

void
ethtool_ask(struct ethtool_source *e, uint32_t ifindex)
{
	struct nlattr *nest;
	struct nlmsghdr *h;
	union datagram m;

	if (e->fd == -1)
		return;
	h = put_request(e, &m, e->family.id, ETHTOOL_MSG_LINKMODES_GET,
	    ETHTOOL_GENL_VERSION);
	nest = mnl_attr_nest_start(h, ETHTOOL_A_LINKMODES_HEADER);
	mnl_attr_put_u32(h, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	/* Sets of bits are told as such then, in a tenth of the bytes. */
	mnl_attr_put_u32(h, ETHTOOL_A_HEADER_FLAGS,
	    ETHTOOL_FLAG_COMPACT_BITSETS);
	mnl_attr_nest_end(h, nest);
	if (send_request(e, h) == 0)
		read_some(e, true, INT_MAX);
}

void
ethtool_read(struct ethtool_source *e)
{
	if (e->fd != -1)
		read_some(e, false, TURN);
}

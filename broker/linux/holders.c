#include "config.h"

#include "holders.h"

#include "nl.h"
#include "object.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bits of inet_diag_req_v2.idiag_states. Sockets of TCP that are bound and no
 * more have a bit of their own since Linux 6.8, and are not told before. */
#define LISTENING (1u << 10 | 1u << 13)
#define ANY_STATE UINT32_MAX

enum answer { NOBODY, SOMEBODY, UNKNOWN };

/* What the beginning of a dump says. */
static enum answer
read_answer(const uint8_t *p, size_t len)
{
	struct nlmsghdr head;
	size_t next;
	int error;

	if (nl_message(p, len, &head, &next) != NULL)
		return UNKNOWN;
	if (head.nlmsg_type == SOCK_DIAG_BY_FAMILY)
		return SOMEBODY;
	/* The kernel may know nothing of this protocol. */
	if (head.nlmsg_type != NLMSG_DONE ||
	    head.nlmsg_len < NLMSG_HDRLEN + sizeof error)
		return UNKNOWN;
	memcpy(&error, p + NLMSG_HDRLEN, sizeof error);
	return error == 0 ? NOBODY : UNKNOWN;
}

/*
 * Whether there is a socket on PORT. What the kernel finds first is there when
 * the request was sent; the rest of a long answer goes with the socket.
 *
 * The port stands in the request twice. The first is enough for most sockets,
 * but Linux 6.18 does not heed it for those that are only bound.
 * The second is a program: go on if it is the port or more, then if it is the
 * port or less; else jump past the end.
 */
static enum answer
ask(uint8_t family, uint8_t protocol, uint32_t states, uint16_t port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 req;
		struct nlattr attr;
		struct inet_diag_bc_op code[4];
	} m = {
		.head = { .nlmsg_len = sizeof m,
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.req = { .sdiag_family = family, .sdiag_protocol = protocol,
		    .idiag_states = states,
		    .id = { .idiag_sport = htons(port) } },
		.attr = { sizeof m.attr + sizeof m.code,
		    INET_DIAG_REQ_BYTECODE },
		.code = { { INET_DIAG_BC_S_GE, 8, 20 }, { .no = port },
		    { INET_DIAG_BC_S_LE, 8, 12 }, { .no = port } },
	};
	uint8_t bytes[16384];
	ssize_t n = -1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_SOCK_DIAG);

	if (fd == -1)
		return UNKNOWN;
	if (send(fd, &m, sizeof m, 0) == (ssize_t)sizeof m)
		n = recv(fd, bytes, sizeof bytes, 0);
	close(fd);
	return n == -1 ? UNKNOWN : read_answer(bytes, (size_t)n);
}

static enum answer
ask_both(uint8_t protocol, uint32_t states, uint16_t port)
{
	enum answer a = ask(AF_INET, protocol, states, port);

	return a == NOBODY ? ask(AF_INET6, protocol, states, port) : a;
}

static uint16_t
ask_all(uint16_t port)
{
	enum answer tcp, udp;

	/* Few listen; to go through all connections takes longer. */
	tcp = ask_both(IPPROTO_TCP, LISTENING, port);
	if (tcp == NOBODY)
		tcp = ask_both(IPPROTO_TCP, ANY_STATE, port);
	udp = ask_both(IPPROTO_UDP, ANY_STATE, port);
	if (tcp == SOMEBODY && udp == NOBODY)
		return KEV_PROTO_IP | IPPROTO_TCP;
	if (udp == SOMEBODY && tcp == NOBODY)
		return KEV_PROTO_IP | IPPROTO_UDP;
	return 0;
}

/*
 * Whether it is in another network namespace, as far as anybody may know: a
 * file of /proc/PID/net is another one in each.
 */
static bool
is_elsewhere(uint32_t pid)
{
	struct stat own, other;
	char path[32];

	snprintf(path, sizeof path, "/proc/%u/net/dev", pid);
	return stat("/proc/self/net/dev", &own) == 0 &&
	    stat(path, &other) == 0 && own.st_ino != other.st_ino;
}

uint16_t
holders_protocol(struct holders *h, uint16_t port, uint32_t pid, uint64_t now)
{
	size_t i, oldest = 0;

	if (is_elsewhere(pid))
		return 0;
	for (i = 0; i < HOLDERS_KEPT; i++) {
		if (h->kept[i].asked + HOLDERS_FRESH > now &&
		    h->kept[i].asked != 0 && h->kept[i].port == port)
			return h->kept[i].protocol;
		if (h->kept[i].asked < h->kept[oldest].asked)
			oldest = i;
	}
	if (h->kept[oldest].asked != 0 &&
	    h->kept[oldest].asked + HOLDERS_FRESH > now)
		return 0;
	h->kept[oldest].asked = now;
	h->kept[oldest].port = port;
	h->kept[oldest].protocol = ask_all(port);
	return h->kept[oldest].protocol;
}

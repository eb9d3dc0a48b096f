#include "config.h"

#include "audit_source.h"

#include "audit_rules.h"
#include "formats.h"
#include "sockets.h"
#include "tape.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Records read before others have their turn. */
#define TURN 64
/* The kernel doubles it: 8 MiB hold some thousand records. */
#define RCVBUF (4 << 20)
/* MAX_AUDIT_MESSAGE_LENGTH of linux/audit.h and the header of netlink. */
#define RECORD_MAX 9000

/* Records of other kinds, which may be many, take no room. */
static bool
filter(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};

	/* The filter loads big endian, the message is of this machine. */
	code[1].k = htons(AUDIT_SYSCALL);
	code[2].k = htons(AUDIT_SOCKADDR);
	code[3].k = htons(AUDIT_EOE);
	return socket_filter(fd, code, sizeof code / sizeof code[0]);
}

/* The socket or -errno. It takes CAP_AUDIT_READ to join, and none to read. */
static int
join(size_t rcvbuf)
{
	const int size = (int)(rcvbuf > 0 ? rcvbuf : RCVBUF);
	static const struct sockaddr_nl log = { .nl_family = AF_NETLINK,
	    .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1) };
	int error, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd == -1)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) ==
	    -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (filter(fd) && bind(fd, (const struct sockaddr *)&log,
	    sizeof log) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

/*
 * Others may join, too, and hear nothing. The initial network namespace cannot
 * be seen to be it, but it alone has the settings that are one for all.
 */
static bool
is_initial(void)
{
	return access("/proc/sys/net/core/somaxconn", F_OK) == -1 ||
	    access("/proc/sys/net/core/netdev_max_backlog", F_OK) == 0;
}

void
audit_source_fini(struct audit_source *a)
{
	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
}

void
audit_source_init(struct audit_source *a, bool wanted, size_t rcvbuf)
{
	memset(a, 0, sizeof *a);
	source_stats_init(&a->stats, "audit", NULL);
	a->fd = wanted ? join(rcvbuf) : -1;
	if (!wanted) {
		/* Nothing to be logged: nobody missed it. */
		a->stats.available = false;
		snprintf(a->stats.reason, sizeof a->stats.reason,
		    "off: see --port-in-use");
	} else if (a->fd < 0) {
		source_stats_missing(&a->stats, strerror(-a->fd),
		    a->fd == -EPERM ? "CAP_AUDIT_READ" : NULL);
		a->fd = -1;
	} else if (!is_initial()) {
		source_stats_missing(&a->stats,
		    "only in the initial network namespace", NULL);
		audit_source_fini(a);
	} else {
		audit_rules_check();
	}
}

/* What was read, and where it goes. */
struct reading {
	struct audit_source *source;
	struct tape *tape;
	struct stamp now;
};

/* The records don't say who holds the port; that is asked now. */
static void
take(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct reading *r = arg;
	struct message told = *m;
	struct change port = *c;

	if (found == MESSAGE_CHANGE)
		told.protocol = port.port.protocol =
		    holders_protocol(&r->source->holders, c->port.port,
		    c->port.pid, r->now.mono);
	tape_message(r->tape, &told, found, &port, &r->now);
	source_stats_count(&r->source->stats, found);
	if (found == MESSAGE_CHANGE)
		tape_apply(r->tape, &port, &r->now);
}

void
audit_source_read(struct audit_source *a, struct tape *tape)
{
	char bytes[RECORD_MAX];
	struct message m = { .source = a->stats.name, .bytes = bytes };
	struct reading r = { .source = a, .tape = tape };
	ssize_t n;
	int i;

	if (a->fd == -1)
		return;
	for (i = 0; i < TURN; i++) {
		n = socket_receive(a->fd, bytes, sizeof bytes);
		r.now = stamp_now();
		if (n >= 0) {
			m.len = (size_t)n;
			format_audit.decode(&a->halves, &m, take, &r);
		} else if (n == -EMSGSIZE) {
			a->stats.malformed++;
		} else if (n == -ENOBUFS) {
			a->stats.overruns++;
			tape_missed(tape, &r.now);
		} else if (n == -EAGAIN || n == -EWOULDBLOCK) {
			return;
		} else if (n != -EINTR) {
			/* Only who has the privilege can join again. */
			tape_missed(tape, &r.now);
			source_stats_missing(&a->stats, strerror((int)-n),
			    NULL);
			audit_source_fini(a);
			return;
		}
	}
}

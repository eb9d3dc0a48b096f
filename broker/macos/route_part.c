#include "config.h"

#include "route_part.h"

#include "bsd/route_socket.h"
#include "log.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/route.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
route_part_init(struct route_part *p, size_t rcvbuf)
{
	int fd = route_socket_open(rcvbuf);

	*p = (struct route_part){ .rcvbuf = rcvbuf, .fd = fd };
	p->in6_fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (p->in6_fd != -1)
		(void)fcntl(p->in6_fd, F_SETFD, FD_CLOEXEC);
	if (fd >= 0)
		return 0;
	p->fd = -1;
	log_error("route: %s", strerror(-fd));
	return fd;
}

void
route_part_fini(struct route_part *p)
{
	if (p->fd != -1)
		close(p->fd);
	if (p->in6_fd != -1)
		close(p->in6_fd);
	p->fd = p->in6_fd = -1;
}

bool
route_part_reopen(struct route_part *p)
{
	static struct log_limit limit;
	int fd;

	if (!p->failed)
		return true;
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	fd = route_socket_open(p->rcvbuf);
	if (fd < 0) {
		log_limited(&limit, "route: opening another socket: %s",
		    strerror(-fd));
		return false;
	}
	p->fd = fd;
	p->failed = false;
	return true;
}

static ssize_t
receive(void *arg, void *bytes, size_t size, bool *cut)
{
	struct route_part *p = arg;
	ssize_t n;

	if (p->failed)
		return -EAGAIN;
	n = route_socket_receive(p->fd, bytes, size, cut);
	p->failed = n < 0 && n != -EAGAIN && n != -EINTR && n != -ENOBUFS &&
	    n != -ENOMEM;
	return n;
}

static bool
has_news(void *arg)
{
	const struct route_part *p = arg;

	return !p->failed && route_socket_has_news(p->fd);
}

/*
 * Without the neighbours that are among the routes: that one is known does not
 * say that it answers, as it does when the kernel tells of it.
 */
static void
drop_neighbours(struct buf *b, size_t from)
{
	size_t at = from, to = from, len;
	struct rt_msghdr m;

	for (; b->len - at >= sizeof m; at += len) {
		memcpy(&m, b->data + at, sizeof m);
		len = m.rtm_msglen;
		if (len < sizeof m.rtm_msglen || len > b->len - at)
			break;
		if (m.rtm_type == RTM_GET && (m.rtm_flags & RTF_LLINFO) != 0)
			continue;
		memmove(b->data + to, b->data + at, len);
		to += len;
	}
	memmove(b->data + to, b->data + at, b->len - at);
	b->len -= at - to;
}

static int
dump(void *arg, unsigned parts, struct buf *b)
{
	size_t from = b->len;
	int error = route_socket_dump(parts, b);

	(void)arg;
	if (error == 0 && b->len > from)
		drop_neighbours(b, from);
	return error;
}

static int
ask(void *arg, struct in6_answer *a)
{
	const struct route_part *p = arg;

	return p->in6_fd != -1 ? in6_ask(p->in6_fd, a) : -EAFNOSUPPORT;
}

const struct route_calls route_part_calls = { receive, has_news, dump, ask,
	NULL };

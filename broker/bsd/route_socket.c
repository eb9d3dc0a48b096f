#include "config.h"

#include "route_socket.h"

#include "change.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/route.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

/* What is tried first, and what is enough. */
#define RCVBUF (1024 * 1024)
#define RCVBUF_LEAST 8192

const char *
route_socket_os(void)
{
#if defined(__FreeBSD__)
	return "freebsd";
#elif defined(__NetBSD__)
	return "netbsd";
#elif defined(__OpenBSD__)
	return "openbsd";
#else
	return "macos";
#endif
}

/* But for OpenBSD, which says so until it was heard, all have a queue before
 * the socket that says nothing when it is full. */
bool
route_socket_is_silent(void)
{
#ifdef __OpenBSD__
	return false;
#else
	return true;
#endif
}

/* What cannot be set costs no more than messages that are ignored. */
static void
set_filters(int fd)
{
	(void)fd;
#ifdef SO_RERROR
	const int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_RERROR, &on, sizeof on);
#endif
#ifdef RO_MSGFILTER
	const unsigned char types[] = { RTM_ADD, RTM_DELETE, RTM_CHANGE,
	    RTM_MISS, RTM_NEWADDR, RTM_DELADDR, RTM_CHGADDR, RTM_IFINFO,
	    RTM_IFANNOUNCE };

	(void)setsockopt(fd, PF_ROUTE, RO_MSGFILTER, types, sizeof types);
#endif
#ifdef ROUTE_MSGFILTER
	const unsigned filter = ROUTE_FILTER(RTM_ADD) |
	    ROUTE_FILTER(RTM_DELETE) | ROUTE_FILTER(RTM_CHANGE) |
	    ROUTE_FILTER(RTM_RESOLVE) | ROUTE_FILTER(RTM_NEWADDR) |
	    ROUTE_FILTER(RTM_DELADDR) | ROUTE_FILTER(RTM_CHGADDRATTR) |
	    ROUTE_FILTER(RTM_IFINFO) | ROUTE_FILTER(RTM_IFANNOUNCE) |
	    ROUTE_FILTER(RTM_DESYNC);
	const unsigned tables = RTABLE_ANY;

	(void)setsockopt(fd, PF_ROUTE, ROUTE_MSGFILTER, &filter,
	    sizeof filter);
	/* Else interfaces of other routing domains would not be heard of. */
	(void)setsockopt(fd, PF_ROUTE, ROUTE_TABLEFILTER, &tables,
	    sizeof tables);
#endif
}

/* Each system has another limit, and refuses what is beyond. */
static void
set_rcvbuf(int fd, size_t rcvbuf)
{
	int size = rcvbuf == 0 || rcvbuf > INT32_MAX ? RCVBUF : (int)rcvbuf;

	while (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) ==
	    -1 && size > RCVBUF_LEAST)
		size -= size / 4;
}

int
route_socket_open(size_t rcvbuf)
{
	int fd = socket(PF_ROUTE, SOCK_RAW, AF_UNSPEC), error;

	if (fd == -1)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
		error = -errno;
		close(fd);
		return error;
	}
	set_filters(fd);
	set_rcvbuf(fd, rcvbuf);
	return fd;
}

ssize_t
route_socket_receive(int fd, void *bytes, size_t size, bool *cut)
{
	struct iovec iov = { bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &msg, 0);

	*cut = n != -1 && (msg.msg_flags & MSG_TRUNC) != 0;
	/* A routing socket has no end. */
	return n == -1 ? -errno : n == 0 ? -EAGAIN : n;
}

bool
route_socket_has_news(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

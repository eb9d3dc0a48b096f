#include "config.h"

#include "kern_socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * As in sys/sys_domain.h and sys/kern_event.h, which not every compiler brings:
 * SYSPROTO_EVENT, struct kev_request, SIOCSKEVFILT, KEV_VENDOR_APPLE and
 * KEV_NETWORK_CLASS; 0 is any subclass.
 */
#define EVENTS 1
struct filter {
	uint32_t vendor, class, subclass;
};
#define SET_FILTER _IOW('e', 2, struct filter)
#define APPLE 1
#define NETWORK 1

#if __has_include(<sys/kern_event.h>) && __has_include(<sys/sys_domain.h>)
#include <sys/kern_event.h>
#include <sys/sys_domain.h>
_Static_assert(EVENTS == SYSPROTO_EVENT, "SYSPROTO_EVENT");
_Static_assert(sizeof(struct filter) == sizeof(struct kev_request),
    "kev_request");
_Static_assert(SET_FILTER == SIOCSKEVFILT, "SIOCSKEVFILT");
_Static_assert(APPLE == KEV_VENDOR_APPLE && NETWORK == KEV_NETWORK_CLASS,
    "KEV_VENDOR_APPLE, KEV_NETWORK_CLASS");
#endif

/* The buffer: tried first, and the least that is worth it. */
#define ROOM 8388608
#define ROOM_MIN 65536

static int
set_flags(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ? -errno : 0;
}

/* What is more than kern.ipc.maxsockbuf is refused as a whole. */
static void
set_room(int fd, size_t rcvbuf)
{
	int room = rcvbuf == 0 || rcvbuf > INT32_MAX ? ROOM : (int)rcvbuf;

	while (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == -1 &&
	    room > ROOM_MIN)
		room /= 2;
}

/* Until there is a filter no event comes at all. */
static int
set_filter(int fd)
{
	struct filter filter = { .vendor = APPLE, .class = NETWORK };

	return ioctl(fd, SET_FILTER, &filter) == -1 ? -errno : 0;
}

int
kern_socket_open(size_t rcvbuf)
{
	int fd = socket(PF_SYSTEM, SOCK_RAW, EVENTS), error;

	if (fd == -1)
		return -errno;
	set_room(fd, rcvbuf);
	error = set_flags(fd);
	if (error == 0)
		error = set_filter(fd);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

/* Nothing at all is no message, and says that no more is to come. */
ssize_t
kern_socket_receive(int fd, void *bytes, size_t len)
{
	struct iovec iov = { .iov_base = bytes, .iov_len = len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &m, 0);

	if (n == -1)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

/* struct kevtstat of sys/kern_event_private.h, 0 if it is another one. */
uint64_t
kern_socket_drops(void)
{
	struct {
		uint64_t sockets, generation, vendor, size, memory, full,
		    posted;
	} stats;
	size_t len = sizeof stats;

	if (sysctlbyname("net.systm.kevt.stats", &stats, &len, NULL, 0) == -1 ||
	    len != sizeof stats)
		return 0;
	return stats.full;
}

int
kern_socket_ask(void *arg, uint32_t request, void *bytes)
{
	const int *fd = arg;

	return ioctl(*fd, (unsigned long)request, bytes) == -1 ? -errno : 0;
}

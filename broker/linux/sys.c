#include "config.h"

#include "sys.h"

#include "sandbox.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -errno;
	*uid = cred.uid;
	*pid = cred.pid;
	return 0;
}

/* Opened once: later, in the sandbox, nothing can be. */
size_t
sys_rss(void)
{
	static int fd = -1;
	unsigned long pages;
	char text[128];
	ssize_t n;

	if (fd == -1)
		fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : pread(fd, text, sizeof text - 1, 0);
	if (n == -1)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%*u %lu", &pages) != 1)
		return 0;
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Becoming another user leaves those that a program to be run may inherit. */
int
sys_drop(void)
{
	return sandbox_capabilities(0);
}

/* epoll tells EPOLLHUP unasked; libev has no way to wait for that alone. */
int
sys_hangup_new(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

int
sys_hangup_watch(int hangup, int fd, void *arg)
{
	struct epoll_event ev = { .events = EPOLLET, .data.ptr = arg };

	return epoll_ctl(hangup, EPOLL_CTL_ADD, fd, &ev) == -1 ? -errno : 0;
}

void *
sys_hangup_next(int hangup)
{
	struct epoll_event ev;

	while (epoll_wait(hangup, &ev, 1, 0) == 1) {
		if (ev.events & EPOLLHUP)
			return ev.data.ptr;
	}
	return NULL;
}

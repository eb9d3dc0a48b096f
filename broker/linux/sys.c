#include "config.h"

#include "sys.h"

#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
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

size_t
sys_rss(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Becoming another user leaves those that a program to be run may inherit. */
int
sys_drop(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof none);
	return syscall(SYS_capset, &head, none) == -1 ? -errno : 0;
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

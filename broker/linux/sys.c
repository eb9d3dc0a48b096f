#include "config.h"

#include "sys.h"

#include "sandbox.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* epoll, but where poll is all there is. */
unsigned
sys_backends(void)
{
	return 0;
}

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

/*
 * Where memory is not given out beyond what there is, that of a file is asked
 * for page by page, and a page that is not to be had ends the process. Not
 * known is known once, because later, in the sandbox, nothing can be opened.
 */
static bool
has_file_memory(void)
{
	static int policy = -1;
	FILE *f;

	if (policy != -1)
		return policy != 2;
	policy = 2;
	f = fopen("/proc/sys/vm/overcommit_memory", "re");
	if (f == NULL)
		return false;
	if (fscanf(f, "%d", &policy) != 1)
		policy = 2;
	fclose(f);
	return policy != 2;
}

/* Part of a huge page is not renewed but cleared, for all who have it. */
static bool
has_small_pages(void *p, size_t size)
{
	return madvise(p, size, MADV_NOHUGEPAGE) == 0 || errno == EINVAL;
}

/* Where not all of that works the memory can't be sent, but is there. */
void *
sys_pages_new(size_t size, int *fd)
{
	void *p = MAP_FAILED;

	*fd = has_file_memory() ? memfd_create("kev-log", MFD_CLOEXEC) : -1;
	if (*fd != -1 && ftruncate(*fd, (off_t)size) == 0)
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd,
		    0);
	/* The finder has no part in it. */
	if (p != MAP_FAILED && madvise(p, size, MADV_DONTFORK) == 0 &&
	    has_small_pages(p, size) && madvise(p, size, MADV_REMOVE) == 0)
		return p;
	if (p != MAP_FAILED)
		munmap(p, size);
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void
sys_pages_free(void *pages, size_t size, int fd)
{
	munmap(pages, size);
	if (fd != -1)
		close(fd);
}

ssize_t
sys_send_pages(int sock, int fd, size_t offset, size_t len)
{
	off_t from = (off_t)offset;

	return sendfile(sock, fd, &from, len);
}

/* It did work when they were new. */
void
sys_pages_renew(void *from, size_t len)
{
	(void)madvise(from, len, MADV_REMOVE);
}

/* unix_outq_len: with what they take beside the bytes themselves. */
size_t
sys_unread(int sock)
{
	int n;

	return ioctl(sock, SIOCOUTQ, &n) == -1 || n < 0 ? SIZE_MAX : (size_t)n;
}

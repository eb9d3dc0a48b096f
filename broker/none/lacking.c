/*
 * What only one system has, or is not used yet where it is: nothing of it must
 * be there.
 */
#include "config.h"

#include "sys.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdint.h>

size_t
sys_rss(void)
{
	return 0;
}

int
sys_drop(void)
{
	return 0;
}

int
sys_hangup_new(void)
{
	return -1;
}

int
sys_hangup_watch(int hangup, int fd, void *arg)
{
	(void)hangup;
	(void)fd;
	(void)arg;
	return -ENOSYS;
}

void *
sys_hangup_next(int hangup)
{
	(void)hangup;
	return NULL;
}

void *
sys_pages_new(size_t size, int *fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);

	*fd = -1;
	return p == MAP_FAILED ? NULL : p;
}

void
sys_pages_free(void *pages, size_t size, int fd)
{
	(void)fd;
	munmap(pages, size);
}

ssize_t
sys_send_pages(int sock, int fd, size_t offset, size_t len)
{
	(void)sock;
	(void)fd;
	(void)offset;
	(void)len;
	errno = ENOSYS;
	return -1;
}

void
sys_pages_renew(void *from, size_t len)
{
	(void)from;
	(void)len;
}

size_t
sys_unread(int sock)
{
	(void)sock;
	return SIZE_MAX;
}

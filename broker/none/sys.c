#include "config.h"

#include "sys.h"

#include "log.h"

#include <errno.h>
#include <unistd.h>

int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	gid_t gid;

	*pid = 0;
	return getpeereid(fd, uid, &gid) == -1 ? -errno : 0;
}

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

struct sys_sandbox
sys_sandbox(const char *const *files)
{
	(void)files;
	log_info("sandbox: not available on this system");
	return (struct sys_sandbox){ .landlock = 0 };
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

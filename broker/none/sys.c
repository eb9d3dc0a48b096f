/*
 * What can be said of a system that nothing else is known of.
 */
#include "config.h"

#include "sys.h"

#include "log.h"

#include <errno.h>
#include <unistd.h>

unsigned
sys_backends(void)
{
	return 0;
}

int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	gid_t gid;

	*pid = 0;
	return getpeereid(fd, uid, &gid) == -1 ? -errno : 0;
}

struct sys_sandbox
sys_sandbox(const char *const *files)
{
	(void)files;
	log_info("sandbox: not available on this system");
	return (struct sys_sandbox){ .landlock = 0 };
}

/*
 * Who is at the other end of a Unix socket: getpeereid(3) is everywhere, but
 * does not tell the process, which each system does in its own way.
 */
#include "config.h"

#include "sys.h"

#include <sys/socket.h>
#include <sys/un.h>
#ifdef __FreeBSD__
#include <sys/ucred.h>
#endif

#include <errno.h>
#include <string.h>
#include <unistd.h>

#if defined(__FreeBSD__)

int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct xucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &cred, &len) == -1)
		return -errno;
	if (len != sizeof cred || cred.cr_version != XUCRED_VERSION)
		return -EINVAL;
	*uid = cred.cr_uid;
	*pid = cred.cr_pid;	/* since 13 */
	return 0;
}

#elif defined(__NetBSD__)

int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct unpcbid id;
	socklen_t len = sizeof id;

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEEREID, &id, &len) == -1)
		return -errno;
	*uid = id.unp_euid;
	*pid = id.unp_pid;
	return 0;
}

#elif defined(__OpenBSD__)

int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct sockpeercred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -errno;
	*uid = cred.uid;
	*pid = cred.pid;
	return 0;
}

#else

/* macOS: the process is an extra question, which need not have an answer. */
int
sys_peer(int fd, uid_t *uid, pid_t *pid)
{
	socklen_t len = sizeof *pid;
	gid_t gid;

	if (getpeereid(fd, uid, &gid) == -1)
		return -errno;
	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, &len) == -1)
		*pid = 0;
	return 0;
}

#endif

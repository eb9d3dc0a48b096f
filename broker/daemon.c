#include "config.h"

#include "daemon.h"

#include "log.h"
#include "sys.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
daemon_fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

int
daemon_detach(void)
{
	int fd[2];
	ssize_t n;
	char c;

	if (pipe(fd) == -1) {
		log_error("pipe: %s", strerror(errno));
		return -1;
	}
	switch (fork()) {
	case -1:
		log_error("fork: %s", strerror(errno));
		return -1;
	case 0:
		close(fd[0]);
		fcntl(fd[1], F_SETFD, FD_CLOEXEC);
		setsid();
		return fd[1];
	default:
		close(fd[1]);
		do
			n = read(fd[0], &c, 1);
		while (n == -1 && errno == EINTR);
		_exit(n == 1 ? 0 : 1);
	}
}

void
daemon_detached(int token, bool stay)
{
	int null = open("/dev/null", O_RDWR);

	log_to_syslog();
	if (null != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (!stay && chdir("/") == -1)
		log_warning("/: %s", strerror(errno));
	if (write(token, "", 1) != 1)
		log_warning("whoever started kevd did not wait for it");
	close(token);
}

/* Or -1: no number that can be an id. */
static long long
find_id(const char *name)
{
	const char *wrong;
	long long id = strtonum(name, 0, UINT32_MAX - 1LL, &wrong);

	return wrong != NULL || *name < '0' || *name > '9' ? -1 : id;
}

int
daemon_find_user(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;
	long long id;

	pw = getpwnam(name);
	if (pw == NULL && (id = find_id(name)) != -1)
		pw = getpwuid((uid_t)id);
	if (pw == NULL) {
		log_error("%s: there is no such user", name);
		return -1;
	}
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

int
daemon_find_group(const char *name, gid_t *gid)
{
	const struct group *gr;
	long long id;

	gr = getgrnam(name);
	if (gr != NULL) {
		*gid = gr->gr_gid;
		return 0;
	}
	id = find_id(name);
	if (id == -1) {
		log_error("%s: there is no such group", name);
		return -1;
	}
	*gid = (gid_t)id;
	return 0;
}

int
daemon_become(const char *name, uid_t uid, gid_t gid)
{
	int error;

	if (initgroups(name, gid) == -1 || setgid(gid) == -1 ||
	    setuid(uid) == -1) {
		log_error("cannot become %s: %s", name, strerror(errno));
		return -1;
	}
	/* That it is for good is worth one system call. */
	if (uid != 0 && setuid(0) == 0) {
		log_error("%s: could become root again", name);
		return -1;
	}
	error = uid != 0 ? sys_drop() : 0;
	if (error != 0)
		log_error("capabilities: %s", strerror(-error));
	return error != 0 ? -1 : 0;
}

void
daemon_allow_files(size_t files)
{
	const rlim_t n = (rlim_t)files;		/* FreeBSD's has a sign */
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < n) {
		if (geteuid() == 0)
			limit.rlim_max = n;
		else
			limit.rlim_cur = limit.rlim_max;
	}
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur < n)
		log_info("descriptors are limited to %llu: not all clients of "
		    "--max-clients may find a place",
		    (unsigned long long)limit.rlim_cur);
}

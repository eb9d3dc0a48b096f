#include "config.h"

#include "notify.h"

#include "daemon.h"
#include "log.h"
#include "sys.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FD 3	/* SD_LISTEN_FDS_START */

/* How many LISTEN_FDS says there are, which is only for us. */
static int
count_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n;

	if (pid == NULL || fds == NULL || atol(pid) != (long)getpid())
		return 0;
	n = atoi(fds);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return n;
}

static bool
is_listening(int fd)
{
	struct sockaddr_un sun;
	socklen_t len = sizeof sun, size = sizeof(int);
	int listening = 0;

	return getsockname(fd, (struct sockaddr *)&sun, &len) == 0 &&
	    sun.sun_family == AF_UNIX && getsockopt(fd, SOL_SOCKET,
	    SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

int
notify_listen_fd(void)
{
	int n = count_listen_fds(), fd = n < 1 ? sys_listen_fd() : FIRST_FD;

	if (fd < 0)
		return fd;
	if (n > 1 || !is_listening(fd)) {
		log_error("%s: not one listening Unix socket",
		    n < 1 ? "service manager" : "LISTEN_FDS");
		return -2;
	}
	return fd;
}

static void
tell_supervisor(const char *path)
{
	static const char ready[] = "READY=1";
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof sun.sun_path) {
		log_warning("NOTIFY_SOCKET: %s: cannot be used", path);
		return;
	}
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd == -1 || sendto(fd, ready, sizeof ready - 1, MSG_NOSIGNAL,
	    (const struct sockaddr *)&sun, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + len)) == -1)
		log_warning("NOTIFY_SOCKET: %s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
}

void
notify_ready(int fd)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL)
		tell_supervisor(path);
	unsetenv("NOTIFY_SOCKET");
	if (fd == -1)
		return;
	if (write(fd, "\n", 1) != 1)
		log_warning("descriptor %d: %s", fd, strerror(errno));
	close(fd);
	daemon_fill_standard();
}

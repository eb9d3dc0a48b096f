#include "config.h"

#include "dbusbroker.h"

#include "bench.h"
#include "wire.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof sun) == -1 ||
	    listen(fd, 4096) == -1)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* The descriptor goes along, unless it is -1. */
static void
say(int controller, const struct buf *what, int fd)
{
	struct iovec iov = { what->data, what->len };
	union {
		char bytes[CMSG_SPACE(sizeof fd)];
		struct cmsghdr header;
	} control = { { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd != -1) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	if (sendmsg(controller, &msg, MSG_NOSIGNAL) != (ssize_t)what->len)
		die("dbus-broker cannot be told: %s", strerror(errno));
}

static void
hear(int controller, bool (*is_all)(const char *, size_t))
{
	char bytes[1024];
	size_t len = 0;
	ssize_t n;

	do {
		n = recv(controller, bytes + len, sizeof bytes - len, 0);
		if (n <= 0)
			die("dbus-broker does not want to be told");
		len += (size_t)n;
	} while (!is_all(bytes, len));
}

static void
hand_over(int controller, int listener)
{
	struct buf b = BUF_INIT;

	dbus_control(&b);
	say(controller, &b, -1);
	hear(controller, dbus_is_controlled);
	buf_clear(&b);
	dbus_listener(&b);
	say(controller, &b, listener);
	hear(controller, dbus_is_return);
	buf_fini(&b);
}

pid_t
dbusbroker_start(const char *path, const char *err)
{
	/* Each user is limited, and we are one. */
	static const char *const argv[] = { "dbus-broker", "--controller", "3",
	    "--machine-id", "0123456789abcdef0123456789abcdef",
	    "--max-bytes", "1000000000000", "--max-fds", "1000000",
	    "--max-matches", "1000000", "--max-objects", "1000000", NULL };
	/* It lives as long as that is open. */
	static int controller = -1;
	int listener = listen_at(path), pair[2];
	pid_t pid;

	if (controller != -1)
		close(controller);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		die("socketpair: %s", strerror(errno));
	controller = pair[0];
	pid = spawn(err, argv, pair[1]);
	close(pair[1]);
	hand_over(controller, listener);
	close(listener);
	return pid;
}

#include "config.h"

#include "finder.h"

#include "finder_child.h"
#include "log.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct finder {
	int fd;
	pid_t pid;
	int flags;		/* MSG_DONTWAIT once the loop runs */
};

int
finder_start(struct finder **out, const char *const *names, size_t rcvbuf,
    bool sandbox)
{
	struct finder *f = calloc(1, sizeof *f);
	int fd[2], error = 0;

	*out = NULL;
	if (f == NULL)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1) {
		error = errno;
	} else if ((f->pid = fork()) == -1) {
		error = errno;
		close(fd[0]);
		close(fd[1]);
	} else if (f->pid == 0) {
		free(f);
		finder_child(fd[1], names, rcvbuf, sandbox);
	}
	if (error != 0) {
		log_error("no process to find namespaces: %s", strerror(error));
		free(f);
		return -error;
	}
	close(fd[1]);
	f->fd = fd[0];
	*out = f;
	return 0;
}

void
finder_stop(struct finder *f)
{
	struct timeval patience = { .tv_sec = 2 };
	bool ended;
	ssize_t n;
	char c;

	if (f == NULL)
		return;
	/* That tells it to end; it may be about to tell us something. */
	(void)shutdown(f->fd, SHUT_WR);
	(void)setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof patience);
	do
		n = recv(f->fd, &c, sizeof c, 0);
	while (n > 0 || (n == -1 && errno == EINTR));
	ended = n == 0 || errno == ECONNRESET;
	close(f->fd);
	/* libev may be faster to notice. Who was stopped ends later. */
	while (ended && waitpid(f->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	free(f);
}

int
finder_fd(const struct finder *f)
{
	return f->fd;
}

void
finder_go_on(struct finder *f)
{
	f->flags = MSG_DONTWAIT;
}

/* The descriptors that came, in order, for those without an error. */
static void
take_sockets(struct msghdr *msg, const struct finder_message *m,
    struct sockets *s)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t n = 0, had = 0;
	int fd[SOCKET_KINDS], i;

	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS) {
		had = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd[0];
		memcpy(fd, CMSG_DATA(c), had * sizeof fd[0]);
	}
	for (i = 0; i < SOCKET_KINDS; i++) {
		s->error[i] = m->error[i];
		s->fd[i] = -1;
		if (m->error[i] != 0)
			continue;
		/* Fewer than were sent, if we may not have as many. */
		if (n < had)
			s->fd[i] = fd[n++];
		else
			s->error[i] = EMFILE;
	}
}

enum found
finder_next(struct finder *f, char name[FINDER_NAME_MAX + 1],
    struct sockets *sockets)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * SOCKET_KINDS)];
	} control;
	struct finder_message m;
	struct iovec iov = { &m, sizeof m };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n;

	do
		n = recvmsg(f->fd, &msg, f->flags | MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return FOUND_NOTHING;
	if (n != (ssize_t)sizeof m)
		return FOUND_END;
	memcpy(name, m.name, sizeof m.name);
	if (m.found == FOUND_NEW)
		take_sockets(&msg, &m, sockets);
	return m.found;
}

void
finder_again(struct finder *f, const char *name)
{
	if (send(f->fd, name, strlen(name), MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		log_error("namespace %s: cannot be opened again: %s", name,
		    strerror(errno));
}

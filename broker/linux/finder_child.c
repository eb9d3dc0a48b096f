#include "config.h"

#include "finder_child.h"

#include "nslist.h"
#include "sandbox.h"

#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A number can be there before anybody is in the namespace: milliseconds until
 * one looks again, doubled each time, and how often.
 */
#define LOOK 50
#define LOOKS 9
/* Until one looks again when looking failed, for want of memory or such. */
#define RETRY 1000

/* One that was told. */
struct known {
	TAILQ_ENTRY(known) entry;
	uint64_t ino;
	char name[FINDER_NAME_MAX + 1];
	pid_t pid;		/* who is in it; 0: it is mounted */
	int pidfd;		/* his, or -1 */
	bool seen;		/* in the scan going on */
};

struct child {
	int fd;
	const char *const *names;
	bool all;
	size_t rcvbuf;
	int own;		/* our namespace, to come back to */
	int mounts;		/* tells of mounts, see proc(5) */
	struct mnl_socket *ids;		/* NULL: only names matter */
	struct mnl_socket *requests;	/* the same */
	TAILQ_HEAD(, known) known;
	size_t count;		/* of them */
	int looks;		/* for numbers without a namespace, so far */
	bool failed;		/* the last scan: it saw only a part */
};

/* What entering namespaces and opening sockets in them takes. */
static void
keep_little(void)
{
	(void)sandbox_capabilities(1u << CAP_SYS_ADMIN | 1u << CAP_SYS_PTRACE |
	    1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW);
	(void)sandbox_no_new_privs();
}

/* Nothing of kevd's stays open here, so that who waits for its end sees it. */
static void
close_others(struct child *c)
{
	int null = open("/dev/null", O_RDWR), i;

	for (i = 0; null != -1 && i < 3; i++)
		dup2(null, i);
	if (c->fd != 3)
		dup2(c->fd, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	c->fd = 3;
	closefrom(4);
}

/* The kernel knows other namespaces by numbers that ours has for them. */
static void
open_ids(struct child *c)
{
	c->ids = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	c->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (c->ids == NULL || c->requests == NULL ||
	    mnl_socket_bind(c->ids, 1u << (RTNLGRP_NSID - 1), 0) == -1 ||
	    mnl_socket_bind(c->requests, 0, MNL_SOCKET_AUTOPID) == -1)
		_exit(1);
}

static bool
is_wanted(const struct child *c, const char *name)
{
	const char *const *p;

	for (p = c->names; !c->all && *p != NULL; p++) {
		if (strcmp(*p, name) == 0)
			return true;
	}
	return c->all;
}

/* Whether a number could be wanted, so that they are worth to be looked for. */
static bool
wants_ids(const struct child *c)
{
	const char *const *p;

	for (p = c->names; *p != NULL; p++) {
		if ((*p)[strspn(*p, "0123456789")] == '\0')
			return true;
	}
	return c->all;
}

static void
tell(const struct child *c, enum found found, const char *name,
    const struct sockets *s)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int) * SOCKET_KINDS)];
	} control;
	struct finder_message m = { .found = found };
	struct iovec iov = { &m, sizeof m };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[SOCKET_KINDS], i;
	size_t n = 0;

	strcpy(m.name, name);
	for (i = 0; s != NULL && i < SOCKET_KINDS; i++) {
		m.error[i] = s->error[i];
		if (s->fd[i] != -1)
			fd[n++] = s->fd[i];
	}
	if (n > 0) {
		memset(&control, 0, sizeof control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n * sizeof fd[0]);
		memcpy(CMSG_DATA(&control.head), fd, n * sizeof fd[0]);
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof fd[0]);
	}
	while (sendmsg(c->fd, &msg, MSG_NOSIGNAL) == -1) {
		/* Nobody is there to be told. */
		if (errno != EINTR)
			_exit(0);
	}
}

/* Sockets in the namespace, or why there are none. False: it is another one. */
static bool
open_in(const struct child *c, const struct nsplace *p, struct sockets *s)
{
	struct stat st;
	int fd, i, error = 0;

	fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1)
		error = p->ino == 0 ? ESRCH : errno;
	else if (st.st_ino != p->ino)
		error = ESRCH;
	else if (setns(fd, CLONE_NEWNET) == -1)
		error = errno;
	if (fd != -1)
		close(fd);
	if (error == 0) {
		sockets_open(s, c->rcvbuf);
		if (setns(c->own, CLONE_NEWNET) == -1)
			_exit(1);
		return true;
	}
	for (i = 0; i < SOCKET_KINDS; i++) {
		s->fd[i] = -1;
		s->error[i] = error;
	}
	/* While one looks somebody may go; then another scan will tell. */
	return p->ino == 0 || (error != ESRCH && error != ENOENT);
}

static bool
is_over(const struct known *k)
{
	struct pollfd p = { .fd = k->pidfd, .events = POLLIN };

	return k->pidfd != -1 && poll(&p, 1, 0) == 1;
}

/*
 * A namespace lives as long as it is mounted or somebody is in it, and as long
 * as we have sockets there: so its end is that of a process, who is watched.
 * False: he went.
 */
static bool
hold(struct known *k, const struct nsplace *p)
{
	struct stat st;
	int fd = -1;

	if (p->pid != 0) {
		/* Not only who ends is out of it. */
		if (k->pidfd != -1 && k->pid == p->pid && !is_over(k))
			return true;
		fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
		if (fd == -1)
			return false;
		/* Another process may have his number by now. */
		if (stat(p->path, &st) == -1 || st.st_ino != p->ino) {
			close(fd);
			return false;
		}
	}
	if (k->pidfd != -1)
		close(k->pidfd);
	k->pid = p->pid;
	k->pidfd = fd;
	return true;
}

static void
begin(struct child *c, const struct nsplace *p)
{
	struct known *k = calloc(1, sizeof *k);
	struct sockets s;

	if (k == NULL)
		return;
	k->ino = p->ino;
	k->seen = true;
	k->pidfd = -1;
	strcpy(k->name, p->name);
	if (!hold(k, p) || !open_in(c, p, &s)) {
		if (k->pidfd != -1)
			close(k->pidfd);
		free(k);
		return;
	}
	TAILQ_INSERT_TAIL(&c->known, k, entry);
	c->count++;
	tell(c, FOUND_NEW, k->name, &s);
	sockets_close(&s);
}

static void
end(struct child *c, struct known *k)
{
	tell(c, FOUND_GONE, k->name, NULL);
	TAILQ_REMOVE(&c->known, k, entry);
	c->count--;
	if (k->pidfd != -1)
		close(k->pidfd);
	free(k);
}

/* Marks the one that is P. */
static bool
is_known(struct child *c, const struct nsplace *p)
{
	struct known *k;

	TAILQ_FOREACH(k, &c->known, entry) {
		if (k->ino != p->ino || strcmp(k->name, p->name) != 0)
			continue;
		k->seen = hold(k, p);
		return k->seen;
	}
	return false;
}

/* What there is now, compared with what was told. */
static void
scan(struct child *c)
{
	struct known *k, *next;
	struct nslist list;
	bool unknown;
	size_t i, n = 0;

	nslist_read(&list, c->requests, &unknown);
	c->failed = list.failed;
	if (!unknown)
		c->looks = 0;
	TAILQ_FOREACH(k, &c->known, entry)
		k->seen = false;
	for (i = 0; i < list.n; i++) {
		if (!is_wanted(c, list.v[i].name) ||
		    is_known(c, &list.v[i]) ||
		    (list.v[i].ino == 0 && c->looks < LOOKS))
			continue;
		list.v[n++] = list.v[i];
	}
	TAILQ_FOREACH_SAFE(k, &c->known, entry, next) {
		if (!k->seen && !list.failed)
			end(c, k);
	}
	for (i = 0; i < n; i++)
		begin(c, &list.v[i]);
	nslist_fini(&list);
	if (unknown && c->looks <= LOOKS)
		c->looks++;
}

/* A name of one whose sockets are of no use any more; or the end. */
static void
listen_to(struct child *c)
{
	char name[FINDER_NAME_MAX + 1];
	struct known *k, *next;
	ssize_t n = recv(c->fd, name, sizeof name - 1, MSG_DONTWAIT);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		_exit(0);
	if (n == -1)
		return;
	name[n] = '\0';
	TAILQ_FOREACH_SAFE(k, &c->known, entry, next) {
		if (strcmp(k->name, name) == 0)
			end(c, k);
	}
}

/* Until something may be different. */
static void
wait_for_more(struct child *c)
{
	struct pollfd *p = calloc(c->count + 3, sizeof *p);
	char bytes[4096];
	struct known *k;
	nfds_t n = 3;
	int timeout = -1;

	if (p == NULL)
		_exit(1);
	p[0] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = c->mounts, .events = POLLPRI };
	p[2] = (struct pollfd){ .fd = c->ids != NULL ?
	    mnl_socket_get_fd(c->ids) : -1, .events = POLLIN };
	TAILQ_FOREACH(k, &c->known, entry)
		p[n++] = (struct pollfd){ .fd = k->pidfd, .events = POLLIN };
	if (c->looks > 0 && c->looks <= LOOKS)
		timeout = LOOK << (c->looks - 1);
	if (c->failed) {
		/* Whatever else there is would be there at once, again. */
		timeout = RETRY;
		n = 1;
	}
	if (poll(p, n, timeout) > 0) {
		if (p[0].revents != 0)
			listen_to(c);
		if (p[2].revents != 0) {
			/* What it says will be seen; also if some is lost. */
			while (mnl_socket_recvfrom(c->ids, bytes,
			    sizeof bytes) != -1 || errno == ENOBUFS)
				continue;
			c->looks = 0;
		}
	}
	free(p);
}

void
finder_child(int fd, const char *const *names, size_t rcvbuf, bool sandbox)
{
	struct child c = { .fd = fd, .names = names, .rcvbuf = rcvbuf };
	const char *const *p;

	for (p = names; *p != NULL; p++)
		c.all |= strcmp(*p, "all") == 0;
	TAILQ_INIT(&c.known);
	/* kevd decides when it is over, by closing its end. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "kevd: finder", 0, 0, 0);
	close_others(&c);
	/* Nor does it keep what is mounted busy. */
	if (chdir("/") == -1)
		_exit(1);
	keep_little();
	c.own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	c.mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (c.own == -1 || c.mounts == -1)
		_exit(1);
	if (wants_ids(&c))
		open_ids(&c);
	/* Not Landlock: under it nobody sees in which namespace others are. */
	if (sandbox)
		(void)sandbox_calls(SANDBOX_FINDER);
	scan(&c);
	tell(&c, FOUND_ALL, "", NULL);
	for (;;) {
		wait_for_more(&c);
		scan(&c);
	}
}

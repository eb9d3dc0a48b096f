#include "config.h"

#include "readers.h"

#include "bench.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All read into the same, which stays in the processor's cache. */
static char bytes[256 * 1024];

static void
open_one(struct readers *r, unsigned i, const char *where, pid_t pid,
    unsigned other)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
	struct buf hello = BUF_INIT;
	int fd = dial(where, pid);

	r->v[i].fd = fd;
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		die("epoll: %s", strerror(errno));
	if (r->broker->hello != NULL)
		r->broker->hello(&hello, other);
	if (hello.len > 0 && send(fd, hello.data, hello.len, MSG_NOSIGNAL) !=
	    (ssize_t)hello.len)
		die("%s takes no hello", r->broker->name);
	buf_fini(&hello);
}

void
readers_open(struct readers *r, const struct broker *broker, const char *dir,
    pid_t pid, unsigned n, bool others)
{
	unsigned i;

	memset(r, 0, sizeof *r);
	r->broker = broker;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->v = calloc(n, sizeof *r->v);
	if (r->epoll == -1 || r->v == NULL)
		die("no memory for readers");
	for (i = 0; i < n; i++) {
		r->n = i + 1;
		open_one(r, i, broker_where(broker, dir), pid,
		    others ? i + 1 : 0);
		/* One by one, so that nobody's backlog is full. */
		while (r->welcome < r->n)
			readers_pump(r, -1);
	}
}

void
readers_close(struct readers *r)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		close(r->v[i].fd);
		buf_fini(&r->v[i].first);
	}
	close(r->epoll);
	buf_fini(&r->tail);
	free(r->v);
}

/* What comes before events has another length for each. */
static void
greet(struct readers *r, struct reader *one, size_t n)
{
	buf_put(&one->first, bytes, n);
	if (!r->broker->is_welcome(one->first.data, one->first.len))
		return;
	one->welcome = true;
	r->welcome++;
	buf_fini(&one->first);
}

static void
count_thing(struct readers *r, int i)
{
	const char *p = r->tail.data, *end = p + r->tail.len;
	size_t len = strlen(r->things[i]);

	while ((p = memmem(p, (size_t)(end - p), r->things[i], len)) != NULL) {
		p += len;
		r->found[i]++;
	}
}

/* The first one looks into what all get. */
static void
look(struct readers *r, size_t n)
{
	const char *p = bytes, *end = bytes + n;
	size_t mark = strlen(READERS_MARK), kept;
	int i;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		r->lines++;
	}
	buf_put(&r->tail, bytes, n);
	p = memmem(r->tail.data, r->tail.len, READERS_MARK, mark);
	if (p != NULL)
		r->end = r->v[0].got - (uint64_t)(r->tail.data + r->tail.len -
		    p) + mark;
	for (i = 0; i < 2 && r->things[i] != NULL; i++)
		count_thing(r, i);
	/* What may be the first part of one, and no whole one. */
	kept = i > 0 ? strlen(r->things[0]) - 1 : mark - 1;
	if (r->tail.len > kept)
		buf_drop(&r->tail, r->tail.len - kept);
}

static void
count_done(struct readers *r)
{
	unsigned i;

	r->done = 0;
	for (i = 0; i < r->n && r->end > 0; i++)
		r->done += r->v[i].got >= r->end;
}

static void
take(struct readers *r, struct reader *one)
{
	ssize_t n = recv(one->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	bool was_done = r->end > 0 && one->got >= r->end;

	if (n == 0 || (n == -1 && errno != EAGAIN))
		die("%s cut a reader off", r->broker->name);
	if (n == -1)
		return;
	if (!one->welcome) {
		greet(r, one, (size_t)n);
		return;
	}
	one->got += (uint64_t)n;
	if (one == &r->v[0] && r->end == 0) {
		look(r, (size_t)n);
		count_done(r);
	} else if (r->end > 0 && !was_done && one->got >= r->end) {
		r->done++;
	}
}

void
readers_attend(struct readers *r, int fd)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLIN | EPOLLET,
	    .data.u32 = UINT32_MAX };

	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		die("epoll: %s", strerror(errno));
}

void
readers_look_for(struct readers *r, const char *one, const char *other)
{
	r->things[0] = one;
	r->things[1] = other;
}

void
readers_pump(struct readers *r, int timeout)
{
	struct epoll_event ev[256];
	int i, n = epoll_wait(r->epoll, ev, 256, timeout);

	if (n == -1 && errno != EINTR)
		die("epoll: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		if (ev[i].data.u32 < r->n)
			take(r, &r->v[ev[i].data.u32]);
	}
}

uint64_t
readers_slowest(const struct readers *r)
{
	uint64_t least = UINT64_MAX;
	unsigned i;

	for (i = 0; i < r->n; i++) {
		if (r->v[i].got < least)
			least = r->v[i].got;
	}
	return least;
}

void
readers_again(struct readers *r)
{
	unsigned i;

	for (i = 0; i < r->n; i++)
		r->v[i].got = 0;
	r->lines = r->end = r->done = 0;
	buf_clear(&r->tail);
}

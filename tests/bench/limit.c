/*
 * limit MODE PATH: the least that a broker can do. Takes clients on a Unix
 * socket, and sends each of them every event; nothing is parsed, matched or
 * encoded. Events of SIZE bytes come as datagrams, one system call each, as
 * from a kernel, up to BATCH a wake-up: so many as the first client says, in a
 * line. MODE is how they go out:
 *
 *	send		one send() an event and client
 *	frames		queues of counted frames, one sendmsg() a wake-up
 *	merged		the same, frames that lie side by side in one piece
 *	buffer		one log and a place in it for each, one send() a wake-up
 *	sendfile	the same, the log a memfd, sendfile() from it
 *	relay		what a client says goes to all others at once
 *	uring		the same, with one system call for all of them
 */
#include "config.h"

#include "bench.h"
#include "readers.h"
#include "ring.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 200
#define BATCH 64
/* Bytes of the log; and how many of them somebody may be behind. */
#define LOG (1 << 20)
#define BEHIND (LOG / 4)
#define FRAMES (LOG / 64)
#define PIECES 256

struct frame {
	char *bytes;
	size_t len;
	unsigned count;		/* of queues that it is in */
};

struct client {
	int fd;
	uint64_t at;		/* its place in the log */
	unsigned first, end;	/* its queue */
	unsigned queue[FRAMES];	/* numbers of frames */
	bool blocked;
	bool source;		/* where events come from */
};

struct limit {
	int epoll;
	char *log;		/* twice in a row: nothing goes over its end */
	int memfd;
	uint64_t head;		/* bytes ever written to it */
	struct client **v;
	unsigned n, blocked;
	struct frame frames[FRAMES];
	unsigned next;		/* the frame that is made next */
	void (*event)(struct limit *, size_t len);
	bool (*flush)(struct limit *, struct client *);
	struct client listener, source;
	bool paused;		/* somebody is behind: no events are taken */
	struct ring *ring;	/* NULL: what is relayed has a call each */
};

static struct limit limit;

static void
watch(int how, struct client *c, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (epoll_ctl(limit.epoll, how, c->fd, &ev) == -1)
		die("epoll: %s", strerror(errno));
}

static void
make_log(struct limit *l)
{
	l->memfd = memfd_create("log", MFD_CLOEXEC);
	if (l->memfd == -1 || ftruncate(l->memfd, LOG) == -1)
		die("memfd: %s", strerror(errno));
	l->log = mmap(NULL, 2 * (size_t)LOG, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (l->log == MAP_FAILED || mmap(l->log, LOG, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_FIXED, l->memfd, 0) == MAP_FAILED ||
	    mmap(l->log + LOG, LOG, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_FIXED, l->memfd, 0) == MAP_FAILED)
		die("mmap: %s", strerror(errno));
}

static char *
place(const struct limit *l, uint64_t at)
{
	return l->log + at % LOG;
}

/* Whether what was sent is all; N is what send() returned. */
static bool
is_all(ssize_t n, size_t len)
{
	if (n == -1 && errno != EAGAIN)
		exit(0);
	return n == (ssize_t)len;
}

static bool
flush_buffer(struct limit *l, struct client *c)
{
	size_t len = (size_t)(l->head - c->at);
	ssize_t n = send(c->fd, place(l, c->at), len,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	c->at += n > 0 ? (size_t)n : 0;
	return is_all(n, len);
}

static bool
flush_sendfile(struct limit *l, struct client *c)
{
	off_t from;
	size_t len;
	ssize_t n;

	do {
		from = (off_t)(c->at % LOG);
		len = (size_t)(l->head - c->at);
		if (len > LOG - (size_t)from)
			len = LOG - (size_t)from;
		n = sendfile(c->fd, l->memfd, &from, len);
		c->at += n > 0 ? (size_t)n : 0;
	} while (is_all(n, len) && c->at < l->head);
	return c->at == l->head;
}

/* As many of its frames as fit into one call; *LEN is what they hold. */
static int
gather(const struct limit *l, const struct client *c, struct iovec *iov,
    bool merge, size_t *len)
{
	size_t skip = (size_t)(c->at % SIZE);
	const struct frame *f;
	unsigned i;
	int n = 0;

	*len = 0;
	for (i = c->first; i != c->end; i++) {
		f = &l->frames[c->queue[i % FRAMES]];
		if (merge && n > 0 && (char *)iov[n - 1].iov_base +
		    iov[n - 1].iov_len == f->bytes) {
			iov[n - 1].iov_len += f->len;
		} else {
			if (n == PIECES)
				break;
			iov[n++] = (struct iovec){ f->bytes + skip,
			    f->len - skip };
		}
		*len += f->len - skip;
		skip = 0;
	}
	return n;
}

static void
drop_sent(struct limit *l, struct client *c, size_t n)
{
	size_t skipped = (size_t)(c->at % SIZE);
	struct frame *f;

	c->at += n;
	for (n += skipped; c->first != c->end; c->first++) {
		f = &l->frames[c->queue[c->first % FRAMES]];
		if (n < f->len)
			break;
		n -= f->len;
		f->count--;
	}
}

static bool
send_frames(struct limit *l, struct client *c, bool merge)
{
	struct iovec iov[PIECES];
	struct msghdr msg = { .msg_iov = iov };
	size_t len;
	ssize_t n;

	msg.msg_iovlen = (size_t)gather(l, c, iov, merge, &len);
	n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		drop_sent(l, c, (size_t)n);
	return is_all(n, len);
}

static bool
flush_frames(struct limit *l, struct client *c)
{
	return send_frames(l, c, false);
}

static bool
flush_merged(struct limit *l, struct client *c)
{
	return send_frames(l, c, true);
}

static void
flush(struct limit *l, struct client *c)
{
	while (c->at < l->head) {
		if (l->flush(l, c))
			continue;
		if (!c->blocked)
			watch(EPOLL_CTL_MOD, c, EPOLLIN | EPOLLOUT);
		l->blocked += !c->blocked;
		c->blocked = true;
		return;
	}
	if (!c->blocked)
		return;
	watch(EPOLL_CTL_MOD, c, EPOLLIN);
	c->blocked = false;
	l->blocked--;
}

static void
keep(struct limit *l, size_t len)
{
	l->head += len;
}

/* Each event goes out at once, while all takes it. */
static void
send_each(struct limit *l, size_t len)
{
	unsigned i;

	keep(l, len);
	for (i = 0; i < l->n; i++) {
		if (!l->v[i]->blocked)
			flush(l, l->v[i]);
	}
}

/* A frame is in the queue of each. */
static void
queue_frame(struct limit *l, size_t len)
{
	unsigned number = l->next++ % FRAMES, i;
	struct frame *f = &l->frames[number];
	struct client *c;

	if (f->count > 0)
		die("too many frames");
	f->bytes = place(l, l->head);
	f->len = len;
	f->count = l->n;
	keep(l, len);
	for (i = 0; i < l->n; i++) {
		c = l->v[i];
		c->queue[c->end++ % FRAMES] = number;
	}
}

static bool
is_behind(const struct limit *l)
{
	unsigned i;

	for (i = 0; i < l->n && l->blocked > 0; i++) {
		if (l->head - l->v[i]->at > BEHIND)
			return true;
	}
	return false;
}

/* Takes no more events while somebody is far behind, as others do. */
static void
pause_or_go_on(struct limit *l)
{
	bool behind = is_behind(l);

	if (behind != l->paused)
		watch(EPOLL_CTL_MOD, &l->source, behind ? 0 : EPOLLIN);
	l->paused = behind;
}

static void
take_events(struct limit *l)
{
	unsigned i;
	ssize_t n;

	for (i = 0; i < BATCH; i++) {
		n = recv(l->source.fd, place(l, l->head), SIZE, MSG_DONTWAIT);
		if (n == 0) {
			watch(EPOLL_CTL_DEL, &l->source, 0);
			l->source.fd = -1;
			break;
		}
		if (n == -1)
			break;
		l->event(l, (size_t)n);
	}
	for (i = 0; i < l->n; i++) {
		if (!l->v[i]->blocked)
			flush(l, l->v[i]);
	}
}

/* A process that makes them. */
static void
make_events(int fd, unsigned count)
{
	char bytes[SIZE];
	unsigned i;

	memset(bytes, '.', SIZE);
	bytes[SIZE - 1] = '\n';
	for (i = 0; i < count; i++) {
		if (i == count - 1)
			memcpy(bytes, READERS_MARK, sizeof READERS_MARK - 1);
		if (send(fd, bytes, SIZE, MSG_NOSIGNAL) != SIZE)
			_exit(1);
	}
	_exit(0);
}

static void
start_source(struct limit *l, unsigned count)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		die("socketpair: %s", strerror(errno));
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (pid == -1)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		make_events(pair[1], count);
	}
	close(pair[1]);
	l->source.fd = pair[0];
	watch(EPOLL_CTL_ADD, &l->source, EPOLLIN);
}

static void
serve(struct limit *l)
{
	struct client *c = calloc(1, sizeof *c);

	l->v = realloc(l->v, (l->n + 1) * sizeof *l->v);
	if (c == NULL || l->v == NULL)
		die("out of memory");
	c->fd = accept4(l->listener.fd, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);
	if (c->fd == -1)
		die("accept: %s", strerror(errno));
	c->at = l->head;
	watch(EPOLL_CTL_ADD, c, EPOLLIN);
	if (send(c->fd, "ok\n", 3, MSG_NOSIGNAL) != 3)
		die("a client takes nothing");
	l->v[l->n++] = c;
}

static void
end_passing(struct limit *l)
{
	if (l->ring != NULL && !ring_flush(l->ring))
		die("a client takes nothing: %s", strerror(errno));
}

static void
pass_on(struct limit *l, int fd, const void *bytes, size_t len)
{
	if (l->ring != NULL) {
		ring_send(l->ring, fd, bytes, len);
		if (l->ring->n == RING_MAX)
			end_passing(l);
	} else if (send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)len) {
		die("a client takes nothing");
	}
}

/* What a client says goes to all others. */
static void
relay(struct limit *l, const struct client *from)
{
	static char bytes[65536];
	ssize_t n = recv(from->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	unsigned i;

	if (n == 0)
		exit(0);
	for (i = 0; i < l->n && n > 0; i++) {
		if (l->v[i] != from)
			pass_on(l, l->v[i]->fd, bytes, (size_t)n);
	}
	end_passing(l);
}

static void
handle(struct limit *l, struct client *c, uint32_t events)
{
	char line[32] = "";

	if (c == &l->listener) {
		serve(l);
	} else if (c == &l->source) {
		if (c->fd != -1)
			take_events(l);
	} else if ((events & EPOLLOUT) != 0) {
		flush(l, c);
	} else if (l->event == NULL) {
		relay(l, c);
	} else if (recv(c->fd, line, sizeof line - 1, MSG_DONTWAIT) > 0) {
		start_source(l, (unsigned)strtoul(line, NULL, 10));
	} else {
		exit(0);
	}
}

static void
make_ring(struct limit *l)
{
	static struct ring ring;

	if (!ring_open(&ring))
		die("no io_uring: %s", strerror(errno));
	l->ring = &ring;
}

static void
listen_on(struct limit *l, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof sun) == -1 ||
	    listen(fd, 4096) == -1)
		die("%s: %s", path, strerror(errno));
	l->listener.fd = fd;
	watch(EPOLL_CTL_ADD, &l->listener, EPOLLIN);
}

static const struct mode {
	const char *name;
	void (*event)(struct limit *, size_t);
	bool (*flush)(struct limit *, struct client *);
} modes[] = {
	{ "send", send_each, flush_buffer },
	{ "frames", queue_frame, flush_frames },
	{ "merged", queue_frame, flush_merged },
	{ "buffer", keep, flush_buffer },
	{ "sendfile", keep, flush_sendfile },
	{ "relay", NULL, flush_buffer },
	{ "uring", NULL, flush_buffer },
};

int
main(int argc, char *argv[])
{
	struct epoll_event ev[BATCH];
	size_t i;
	int n, k;

	if (argc != 3)
		die("usage: limit MODE PATH");
	for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(modes[i].name, argv[1]) != 0)
			continue;
		limit.event = modes[i].event;
		limit.flush = modes[i].flush;
	}
	if (limit.flush == NULL)
		die("no mode %s", argv[1]);
	limit.epoll = epoll_create1(EPOLL_CLOEXEC);
	make_log(&limit);
	if (strcmp(argv[1], "uring") == 0)
		make_ring(&limit);
	listen_on(&limit, argv[2]);
	for (;;) {
		n = epoll_wait(limit.epoll, ev, BATCH, -1);
		for (k = 0; k < n; k++)
			handle(&limit, ev[k].data.ptr, ev[k].events);
		if (limit.source.fd > 0)
			pause_or_go_on(&limit);
	}
}

#include "config.h"

#include "recorder.h"

#include "buf.h"
#include "hot.h"
#include "log.h"

#include <sys/file.h>

#include <ev.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More is written before the turn is over: a dump may be large. */
#define KEEP 262144

struct recorder {
	struct recorder_stats stats;
	struct buf lines;	/* still to be written */
	uint64_t messages;	/* of them */
	uint64_t bytes;		/* in the file */
	const void *last;	/* who said the last line */
	struct ev_loop *loop;	/* NULL: not started */
	ev_prepare prepare;
	int fd;			/* -1: it is over */
};

static size_t
count_lines(const char *p, size_t len)
{
	const char *end = p + len;
	size_t n = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		n++;
	}
	return n;
}

/* It is over, after N bytes of what was to be written. */
static void
give_up(struct recorder *r, size_t n, int error)
{
	while (n > 0 && r->lines.data[n - 1] != '\n')
		n--;
	r->bytes += n;
	r->stats.messages -= r->messages;
	if (n > 0)
		r->stats.messages += count_lines(r->lines.data, n);
	r->stats.bytes = r->bytes;
	r->stats.error = strerror(error);
	/* A pipe has no end to be cut off; what it has, it has. */
	(void)!ftruncate(r->fd, (off_t)r->bytes);
	close(r->fd);
	r->fd = -1;
	log_error("%s: %s: recording ended after %llu bytes", r->stats.file,
	    r->stats.error, (unsigned long long)r->bytes);
	buf_fini(&r->lines);
}

static void
flush(struct recorder *r)
{
	size_t done = 0;
	ssize_t n;

	/* Why it was not all is only said to who writes on. */
	while (r->fd != -1 && done < r->lines.len) {
		n = write(r->fd, r->lines.data + done, r->lines.len - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			give_up(r, done, errno);
	}
	if (r->fd == -1)
		return;
	r->bytes += done;
	r->messages = 0;
	buf_clear(&r->lines);
}

static void
turn(struct ev_loop *loop, ev_prepare *w, int events)
{
	(void)loop;
	(void)events;
	flush(w->data);
}

/* Emptied only if nobody else is writing to it. */
static int
open_file(const char *path)
{
	int fd;

	/* A pipe that is full must not hold us up. */
	fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
		(void)!ftruncate(fd, 0);
		return fd;
	}
	close(fd);
	return -EBUSY;
}

int
recorder_open(struct recorder **out, const char *path)
{
	struct recorder *r = calloc(1, sizeof *r);
	struct record first = { .message.source = "timer", .empty = true,
	    .now = stamp_now(), .has_mono = true };
	int fd;

	*out = NULL;
	if (r == NULL)
		return -ENOMEM;
	r->stats.file = path;
	fd = r->fd = open_file(path);
	if (fd < 0) {
		log_error("%s: %s", path, fd == -EBUSY ?
		    "another kevd records to it" : strerror(-fd));
		free(r);
		return fd;
	}
	/* The limit of a file's size is told by an error, too. */
	signal(SIGXFSZ, SIG_IGN);
	recorder_line(r, &first, NULL);
	*out = r;
	return 0;
}

void
recorder_start(struct recorder *r, struct ev_loop *loop)
{
	if (r == NULL)
		return;
	r->loop = loop;
	ev_prepare_init(&r->prepare, turn);
	r->prepare.data = r;
	ev_prepare_start(loop, &r->prepare);
}

void
recorder_free(struct recorder *r)
{
	if (r == NULL)
		return;
	flush(r);
	if (r->loop != NULL)
		ev_prepare_stop(r->loop, &r->prepare);
	if (r->fd != -1)
		close(r->fd);
	buf_fini(&r->lines);
	free(r);
}

HOT bool
recorder_is_on(const struct recorder *r)
{
	return r != NULL && r->fd != -1;
}

void
recorder_line(struct recorder *r, const struct record *line, const void *who)
{
	struct record copy = *line;
	size_t before;

	if (!recorder_is_on(r))
		return;
	copy.continued = line->continued && r->last == who;
	r->last = who;
	before = r->lines.len;
	record_put(&r->lines, &copy);
	if (r->lines.failed) {
		r->lines.len = before;
		give_up(r, 0, ENOMEM);
		return;
	}
	r->messages++;
	r->stats.messages++;
	r->stats.bytes += r->lines.len - before;
	if (r->lines.len >= KEEP)
		flush(r);
}

struct recorder_stats
recorder_stats(const struct recorder *r)
{
	return r->stats;
}

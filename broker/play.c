#include "config.h"

#include "play.h"

#include "format.h"
#include "frame.h"
#include "log.h"
#include "record.h"
#include "replay.h"

#include <sys/stat.h>

#include <ev.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines, and pieces of the file, that are read before others have a turn. */
#define TURN 64
/* Bytes of a piece. */
#define PIECE 65536
/* Seconds that readers have to take what they were given. */
#define PAUSE 0.002

enum progress {
	PLAY_LINE,		/* there is a line to be played */
	PLAY_MORE,		/* to be called again */
	PLAY_WAIT,		/* there is nothing to be read now */
	PLAY_END
};

struct play {
	struct source source;
	struct replay *replay;
	const char *file;
	int fd;
	bool may_wait;		/* it is not a file that is there as a whole */
	bool (*crowded)(void *arg);
	void *arg;
	double speed;
	struct frame frame;
	bool eof;
	bool pending;		/* there is a line to be played */
	uint64_t origin;	/* when the first one was, in its own time */
	uint64_t started;	/* and in ours; 0: not yet */
	struct ev_loop *loop;	/* NULL: not started */
	ev_io io;
	ev_timer timer;
};

/* A piece of the file. */
static enum progress
read_piece(struct play *p)
{
	char bytes[PIECE];
	ssize_t n = read(p->fd, bytes, sizeof bytes);

	if (n > 0 && !frame_feed(&p->frame, bytes, (size_t)n)) {
		n = -1;
		errno = ENOMEM;
	}
	if (n > 0 || (n == -1 && errno == EINTR))
		return PLAY_MORE;
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return PLAY_WAIT;
	if (n == -1)
		log_error("%s: %s", p->file, strerror(errno));
	p->eof = true;
	return PLAY_MORE;
}

/* Looks for the next line. */
static enum progress
find_line(struct play *p)
{
	const char *line;
	size_t len;

	if (p->pending)
		return PLAY_LINE;
	switch (frame_next(&p->frame, p->eof, &line, &len)) {
	case FRAME_LINE:
		p->pending = replay_offer(p->replay, line, len);
		return p->pending ? PLAY_LINE : PLAY_MORE;
	case FRAME_TOO_LONG:
		(void)replay_offer(p->replay, NULL, 0);
		return PLAY_MORE;
	default:
		return p->eof ? PLAY_END : read_piece(p);
	}
}

/* Seconds until the line is due. */
static double
wait_for(struct play *p)
{
	uint64_t now = stamp_now().mono;

	if (p->speed == 0)
		return 0;
	if (p->started == 0) {
		p->started = now;
		p->origin = replay_due(p->replay);
	}
	return ((double)(replay_due(p->replay) - p->origin) / p->speed -
	    (double)(now - p->started)) / 1e6;
}

static void
go_on_in(struct play *p, double seconds)
{
	ev_now_update(p->loop);
	ev_timer_set(&p->timer, seconds, 0.);
	ev_timer_start(p->loop, &p->timer);
}

static void
finish(struct play *p)
{
	const struct source_stats *st;
	uint64_t malformed = 0;
	size_t i;

	replay_end(p->replay);
	for (i = 0; (st = replay_stats(p->replay, i)) != NULL; i++)
		malformed += st->malformed;
	log_info("%s: played to its end: %llu lines, %llu malformed", p->file,
	    (unsigned long long)replay_stats(p->replay, 0)->decoded,
	    (unsigned long long)malformed);
	close(p->fd);
	p->fd = -1;
}

static void
turn(struct play *p)
{
	double wait;
	int i;

	/* Nobody falls behind for that there is no kernel that has to wait. */
	if (p->crowded(p->arg)) {
		go_on_in(p, PAUSE);
		return;
	}
	for (i = 0; i < TURN; i++) {
		switch (find_line(p)) {
		case PLAY_LINE:
			break;
		case PLAY_MORE:
			continue;
		case PLAY_WAIT:
			replay_settle(p->replay);
			ev_io_start(p->loop, &p->io);
			return;
		default:
			finish(p);
			return;
		}
		wait = wait_for(p);
		if (wait > 0) {
			go_on_in(p, wait);
			return;
		}
		replay_step(p->replay);
		p->pending = false;
	}
	go_on_in(p, 0);
}

static void
time_over(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	turn(w->data);
}

static void
readable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)events;
	ev_io_stop(loop, w);
	turn(w->data);
}

/* What holds before it begins is told with the time at which it does. */
static int
prime(struct source *source)
{
	struct play *p = (struct play *)source;

	while (!p->may_wait && find_line(p) == PLAY_MORE)
		continue;
	return 0;
}

static void
start(struct source *source, struct ev_loop *loop)
{
	struct play *p = (struct play *)source;

	p->loop = loop;
	ev_io_init(&p->io, readable, p->fd, EV_READ);
	ev_timer_init(&p->timer, time_over, 0., 0.);
	p->io.data = p->timer.data = p;
	/* The end of a pipe is only its end once somebody wrote to it. */
	if (p->may_wait)
		ev_io_start(loop, &p->io);
	else
		go_on_in(p, 0);
}

static void
stop(struct source *source)
{
	struct play *p = (struct play *)source;

	if (p->loop != NULL) {
		ev_io_stop(p->loop, &p->io);
		ev_timer_stop(p->loop, &p->timer);
	}
	if (p->fd != -1)
		close(p->fd);
	frame_fini(&p->frame);
	replay_free(p->replay);
	free(p);
}

static const struct state *
state(const struct source *source, size_t n)
{
	return replay_state(((const struct play *)source)->replay, n);
}

static const struct source_stats *
stats(const struct source *source, size_t n)
{
	return replay_stats(((const struct play *)source)->replay, n);
}

/* Whatever can be decoded may be in it. */
static uint64_t
topics(const struct source *source)
{
	uint64_t all = 0;
	size_t i;

	(void)source;
	for (i = 0; formats[i] != NULL; i++)
		all |= formats[i]->topics;
	return all;
}

static struct stamp
now(const struct source *source)
{
	return replay_now(((const struct play *)source)->replay);
}

static const struct source_ops ops = { prime, start, stop, state, stats, topics,
	now };

static int
open_file(const char *file, bool *may_wait)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		return fd;
	*may_wait = !S_ISREG(st.st_mode);
	if (!S_ISDIR(st.st_mode))
		return fd;
	close(fd);
	errno = EISDIR;
	return -1;
}

int
play_new(struct source **out, const struct source_config *config,
    const char *file, double speed)
{
	struct play *p = calloc(1, sizeof *p);
	int error;

	*out = NULL;
	if (p == NULL)
		return -ENOMEM;
	p->fd = open_file(file, &p->may_wait);
	error = p->fd == -1 ? errno : 0;
	if (error == 0 && (p->replay = replay_new(file, config->publish,
	    config->arg)) == NULL)
		error = ENOMEM;
	p->source.ops = &ops;
	p->file = file;
	p->crowded = config->crowded;
	p->arg = config->arg;
	p->speed = speed;
	p->frame.max = RECORD_LINE_MAX;
	if (error == 0) {
		*out = &p->source;
		return 0;
	}
	log_error("%s: %s", file, strerror(error));
	stop(&p->source);
	return -error;
}

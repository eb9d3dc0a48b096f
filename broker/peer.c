#include "config.h"

#include "peer.h"

#include "log.h"
#include "sys.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests taken before others have their turn. */
#define TURN 32
#define PIECES 32

static struct peer *
peer_of(struct subscriber *s)
{
	return (struct peer *)((char *)s - offsetof(struct peer, sub));
}

void
peer_close(struct peer *p)
{
	struct peer_group *g = p->group;

	if (p->dead)
		return;
	p->dead = true;
	ev_io_stop(g->loop, &p->in);
	ev_io_stop(g->loop, &p->out);
	TAILQ_REMOVE(&g->live, p, entry);
	TAILQ_INSERT_TAIL(&g->dead, p, entry);
	g->count--;
}

void
peer_reap(struct peer_group *g)
{
	struct peer *p;

	while ((p = TAILQ_FIRST(&g->dead)) != NULL) {
		TAILQ_REMOVE(&g->dead, p, entry);
		hub_unsubscribe(g->hub, &p->sub);
		outq_fini(&p->sub.q);
		frame_fini(&p->frame);
		close(p->in.fd);
		free(p->patterns);
		free(p);
	}
}

/* A client that said all and waits for nothing is done. */
static void
close_if_done(struct peer *p)
{
	if (p->eof && p->sub.interest == NULL && hub_queued(&p->sub) == 0)
		peer_close(p);
}

/*
 * One system call for all that is owed. Returns false when the socket takes
 * nothing more.
 */
static bool
send_some(struct peer *p)
{
	struct outq *q = &p->sub.q;
	struct iovec iov[PIECES];
	struct msghdr msg = { .msg_iov = iov };
	size_t own = q->own.len - q->own_sent, total = 0;
	int n = 0;
	ssize_t sent;

	if (own > 0)
		iov[n++] = (struct iovec){ q->own.data + q->own_sent, own };
	if (q->stream != NULL)
		n += stream_iov(q->stream, hub_history(p->group->hub), q->at,
		    iov + n, PIECES - n, &total);
	msg.msg_iovlen = (size_t)n;
	sent = sendmsg(p->in.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == -1) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
		    errno != ENOBUFS && errno != ENOMEM)
			peer_close(p);
		return false;
	}
	outq_sent(q, (size_t)sent);
	return (size_t)sent == own + total;
}

void
peer_flush(struct subscriber *s)
{
	struct peer *p = peer_of(s);
	struct peer_group *g = p->group;

	if (p->dead)
		return;
	/* Memory ran out while something was said: it would make no sense. */
	if (s->q.own.failed) {
		log_warning("out of memory: client %ld is cut off",
		    (long)p->pid);
		peer_close(p);
		return;
	}
	do {
		while (outq_pending(&s->q) > 0) {
			if (send_some(p))
				continue;
			if (!p->dead && !s->blocked)
				ev_io_start(g->loop, &p->out);
			s->blocked = true;
			return;
		}
	} while (hub_catch_up(g->hub, s));
	if (s->blocked)
		ev_io_stop(g->loop, &p->out);
	s->blocked = false;
	close_if_done(p);
}

/* Takes lines; stops while it doesn't take our answers. */
static void
take_lines(struct peer *p)
{
	struct peer_group *g = p->group;
	enum frame_found found;
	const char *line;
	size_t len;
	int n;

	for (n = 0; !p->dead; n++) {
		if (hub_queued(&p->sub) > g->queue) {
			ev_io_stop(g->loop, &p->in);
			return;
		}
		if (n == TURN) {
			ev_feed_event(g->loop, &p->in, EV_CUSTOM);
			return;
		}
		found = frame_next(&p->frame, p->eof, &line, &len);
		if (found == FRAME_NONE)
			break;
		g->line(p, found == FRAME_LINE ? line : NULL, len);
		if (!p->dead && !p->sub.blocked)
			peer_flush(&p->sub);
	}
	if (p->dead)
		return;
	if (!p->eof) {
		ev_io_start(g->loop, &p->in);
		return;
	}
	ev_io_stop(g->loop, &p->in);
	close_if_done(p);
}

static void
readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct peer *p = w->data;
	char bytes[16384];
	ssize_t n;

	(void)loop;
	if ((events & EV_READ) == 0) {
		take_lines(p);
		return;
	}
	n = recv(w->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n == -1) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			peer_close(p);
		return;
	}
	if (n == 0) {
		p->eof = true;
		/* From here on only a hang-up ends it, or a failing write. */
		if (p->group->hangup != -1)
			sys_hangup_watch(p->group->hangup, w->fd, p);
	} else if (!frame_feed(&p->frame, bytes, (size_t)n)) {
		peer_close(p);
		return;
	}
	take_lines(p);
}

static void
writable(struct ev_loop *loop, ev_io *w, int events)
{
	struct peer *p = w->data;

	(void)loop;
	(void)events;
	peer_flush(&p->sub);
	if (!p->dead && !p->sub.blocked && !ev_is_active(&p->in))
		take_lines(p);
}

struct peer *
peer_new(struct peer_group *g, int fd)
{
	struct peer *p = calloc(1, sizeof *p);

	if (p == NULL) {
		close(fd);
		return NULL;
	}
	p->group = g;
	p->uid = (uid_t)-1;
	if (sys_peer(fd, &p->uid, &p->pid) != 0)
		p->uid = (uid_t)-1;
	ev_io_init(&p->in, readable, fd, EV_READ);
	ev_io_init(&p->out, writable, fd, EV_WRITE);
	p->in.data = p->out.data = p;
	TAILQ_INSERT_TAIL(&g->live, p, entry);
	g->count++;
	ev_io_start(g->loop, &p->in);
	return p;
}

void
peer_hangup(struct peer_group *g)
{
	struct peer *p;

	while ((p = sys_hangup_next(g->hangup)) != NULL)
		peer_close(p);
}

#include "config.h"

#include "peer.h"

#include "bounds.h"
#include "hot.h"
#include "log.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECES 32
/* Fewer bytes are copied nearly as fast as their pages are handed over. */
#define LEND 16384
/* Who takes less bytes than that in so many looks in a row is cut off. It is
 * little for the slowest of links, and more than nothing, which would let what
 * it is owed be held for ever. */
#define PROGRESS 65536
#define LOOKS 4

static struct peer *
peer_of(struct subscriber *s)
{
	return (struct peer *)((char *)s - offsetof(struct peer, sub));
}

/* From now on for these alone. */
static void
watch(struct peer *p, int events)
{
	if (p->watched == events)
		return;
	p->watched = (unsigned char)events;
	ev_io_stop(p->group->loop, &p->io);
	ev_io_set(&p->io, p->io.fd, events);
	if (events != 0)
		ev_io_start(p->group->loop, &p->io);
}

static void
watch_also(struct peer *p, int event)
{
	watch(p, p->watched | event);
}

static void
watch_no_more(struct peer *p, int event)
{
	watch(p, p->watched & ~event);
}

void
peer_close(struct peer *p)
{
	struct peer_group *g = p->group;

	if (p->dead)
		return;
	p->dead = true;
	watch(p, 0);
	if (g->next == p)
		g->next = TAILQ_NEXT(p, busy_entry);
	if (p->busy)
		TAILQ_REMOVE(&g->busy, p, busy_entry);
	if (p->waits)
		g->waiting--;
	TAILQ_REMOVE(&g->live, p, entry);
	TAILQ_INSERT_TAIL(&g->dead, p, entry);
	g->count--;
}

static void
drop_frame(struct peer *p)
{
	if (p->frame != NULL)
		frame_fini(p->frame);
	free(p->frame);
	p->frame = NULL;
}

HOT void
peer_reap(struct peer_group *g)
{
	struct peer *p;

	while ((p = TAILQ_FIRST(&g->dead)) != NULL) {
		TAILQ_REMOVE(&g->dead, p, entry);
		hub_unsubscribe(g->hub, &p->sub);
		outq_fini(&p->sub.q);
		drop_frame(p);
		if (p->lent != NULL && g->lent_gone < p->lent->end)
			g->lent_gone = p->lent->end;
		free(p->lent);
		close(p->io.fd);
		p->user->unread -= p->unread;
		p->user->globs -= p->globs;
		user_drop_client(p->user);
		free(p->patterns);
		free(p);
	}
}

/* A client that said all and waits for nothing is done. */
HOT static void
close_if_done(struct peer *p)
{
	if (p->eof && (p->frame == NULL || frame_is_empty(p->frame)) &&
	    p->sub.interest == NULL && hub_queued(&p->sub) == 0)
		peer_close(p);
}

/* A long piece of the log, which many may be sent, goes without a copy. */
static bool
can_lend(struct peer *p, uint64_t *pos, uint64_t *len)
{
	const struct outq *q = &p->sub.q;

	if (hub_history(p->group->hub)->fd == -1 || q->own.len > q->own_sent ||
	    q->held || outq_behind(q) < LEND)
		return false;
	*len = stream_piece(q->stream, q->at, pos);
	if (*len < LEND)
		return false;
	if (p->lent == NULL)
		p->lent = calloc(1, sizeof *p->lent);
	return p->lent != NULL;
}

HOT static ssize_t
send_copy(struct peer *p, size_t *total)
{
	const struct outq *q = &p->sub.q;
	struct iovec iov[PIECES];
	struct msghdr msg = { .msg_iov = iov };
	size_t own = q->own.len - q->own_sent;
	int n = 0;

	*total = 0;
	if (own > 0)
		iov[n++] = (struct iovec){ q->own.data + q->own_sent, own };
	if (q->stream != NULL && !q->held)
		n += stream_iov(q->stream, hub_history(p->group->hub), q->at,
		    iov + n, PIECES - n, total);
	*total += own;
	msg.msg_iovlen = (size_t)n;
	return sendmsg(p->io.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What a socket says of itself. */
static bool
is_of_socket(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ||
	    error == EPIPE || error == ECONNRESET;
}

static ssize_t
send_pages(struct peer *p, uint64_t pos, uint64_t len, size_t *total)
{
	struct history *log = hub_history(p->group->hub);
	struct lent *lent = p->lent;
	size_t offset;
	ssize_t sent;

	*total = history_lend(log, pos, len, &offset);
	sent = sys_send_pages(p->io.fd, log->fd, offset, *total);
	if (sent == -1 && !is_of_socket(errno)) {
		/* Memory may be there another time. */
		if (errno != ENOMEM && errno != ENOBUFS)
			history_lend_no_more(log);
		return send_copy(p, total);
	}
	if (sent <= 0)
		return sent;
	if (lent->end != pos || lent->sent != p->sub.q.sent) {
		lent->pos = pos;
		lent->begun = p->sub.q.sent;
	}
	lent->end = pos + (uint64_t)sent;
	lent->sent = p->sub.q.sent + (uint64_t)sent;
	return sent;
}

/* Whether it may not have read yet what it was lent from before POS. */
static bool
has_before(const struct peer *p, uint64_t pos)
{
	const struct lent *lent = p->lent;
	size_t unread = lent == NULL ? 0 : sys_unread(p->io.fd);
	uint64_t read;

	if (unread == 0)
		return false;
	read = unread < p->sub.q.sent ? p->sub.q.sent - unread : 0;
	if (read >= lent->sent)
		return false;
	/* What went before this piece may be from anywhere. */
	return read < lent->begun || lent->pos + (read - lent->begun) < pos;
}

bool
peer_in_flight(struct peer_group *g, uint64_t pos)
{
	struct peer *p;

	/* Nobody knows how much those who went have read. */
	if (g->lent_gone > hub_history(g->hub)->fresh)
		return true;
	TAILQ_FOREACH(p, &g->live, entry) {
		if (has_before(p, pos))
			return true;
	}
	TAILQ_FOREACH(p, &g->dead, entry) {
		if (p->lent != NULL)
			return true;
	}
	return false;
}

/* SENT of TOTAL bytes were, or -1 and ERROR. False when its socket takes
 * nothing more. */
static bool
has_taken(struct peer *p, ssize_t sent, int error, size_t total)
{
	if (sent == -1) {
		if (error != EAGAIN && error != EWOULDBLOCK && error != EINTR &&
		    error != ENOBUFS && error != ENOMEM)
			peer_close(p);
		return false;
	}
	outq_sent(&p->sub.q, (size_t)sent);
	return (size_t)sent == total;
}

/* One system call for all that is owed. */
static bool
send_some(struct peer *p)
{
	uint64_t pos, len;
	size_t total;
	ssize_t sent;

	if (can_lend(p, &pos, &len))
		sent = send_pages(p, pos, len, &total);
	else
		sent = send_copy(p, &total);
	return has_taken(p, sent, errno, total);
}

/* What was said to it alone lies here until all of it is read. */
static void
account(struct peer *p)
{
	size_t unread = hub_unread(&p->sub);

	p->user->unread += unread;
	p->user->unread -= p->unread;
	p->unread = unread;
}

size_t
peer_unread_max(const struct peer_group *g)
{
	return g->queue * KEV_USER_QUEUES_MAX;
}

bool
peer_affords(struct subscriber *s)
{
	struct peer *p = peer_of(s);

	account(p);
	return p->user->trusted || p->user->unread < peer_unread_max(p->group);
}

/*
 * What holds now is a copy for it alone: it may have to wait for that until
 * others of its user have read theirs; and for the end of a hub_publish.
 */
static bool
catch_up(struct peer *p)
{
	struct peer_group *g = p->group;
	bool waits = p->sub.behind && p->sub.telling == NULL &&
	    (!hub_may_tell(g->hub) || !peer_affords(&p->sub));

	g->waiting += waits;
	g->waiting -= p->waits;
	p->waits = waits;
	return !waits && hub_catch_up(g->hub, &p->sub);
}

static void
block(struct peer *p)
{
	struct peer_group *g = p->group;

	p->sub.blocked = true;
	p->looked = p->sub.q.sent;
	p->looks = 0;
	watch_also(p, EV_WRITE);
	if (g->timeout > 0 && !ev_is_active(&g->look))
		ev_timer_again(g->loop, &g->look);
}

/* The rest when others had their turn; nothing more is read until then. */
static void
be_busy(struct peer *p)
{
	struct peer_group *g = p->group;

	watch_no_more(p, EV_READ);
	p->busy = true;
	TAILQ_INSERT_TAIL(&g->busy, p, busy_entry);
	ev_idle_start(g->loop, &g->idle);
}

static void
flush(struct peer *p)
{
	struct subscriber *s = &p->sub;

	do {
		/* Memory ran out while something was said, which would make
		 * no sense. */
		if (s->q.own.failed) {
			log_warning("out of memory: client %ld is cut off",
			    (long)p->pid);
			peer_close(p);
			return;
		}
		while (outq_ready(&s->q) > 0) {
			if (send_some(p))
				continue;
			if (!p->dead && !s->blocked)
				block(p);
			return;
		}
	} while (catch_up(p));
	if (s->blocked)
		watch_no_more(p, EV_WRITE);
	s->blocked = false;
	/* It goes on only when it took what it was told. */
	if (s->telling != NULL && !p->busy)
		be_busy(p);
	close_if_done(p);
}

HOT void
peer_flush(struct subscriber *s)
{
	struct peer *p = peer_of(s);

	if (p->dead)
		return;
	flush(p);
	account(p);
}

/* All that is owed is one short piece of the log. */
static bool
is_short(struct peer *p, struct iovec *piece)
{
	const struct outq *q = &p->sub.q;
	struct iovec iov[2];
	size_t total;

	if (q->stream == NULL || q->held || q->own.failed ||
	    q->own.len > q->own_sent || outq_behind(q) >= LEND ||
	    stream_iov(q->stream, hub_history(p->group->hub), q->at, iov, 2,
		&total) != 1 || total != outq_behind(q))
		return false;
	*piece = iov[0];
	return true;
}

HOT void
peer_flush_soon(struct subscriber *s)
{
	struct peer *p = peer_of(s);
	struct peer_group *g = p->group;
	struct iovec piece;

	if (p->dead || !is_short(p, &piece)) {
		peer_flush(s);
		return;
	}
	g->sends[g->n_sends] = (struct sys_send){ .fd = p->io.fd,
	    .bytes = piece.iov_base, .len = piece.iov_len };
	g->sent_to[g->n_sends++] = p;
	if (g->n_sends == SYS_SENDS_MAX)
		peer_flush_end(g);
}

HOT void
peer_flush_end(struct peer_group *g)
{
	const struct sys_send *send;
	struct peer *p;
	/* For one it would be the long way. */
	size_t done = g->n_sends > 1 ? sys_send_many(g->sends, g->n_sends) : 0;
	size_t i;

	for (i = 0; i < g->n_sends; i++) {
		send = &g->sends[i];
		p = g->sent_to[i];
		if (i < done && !p->dead)
			(void)has_taken(p, send->sent, send->error, send->len);
		/* Who did not take all, or was not tried. */
		peer_flush(&p->sub);
	}
	g->n_sends = 0;
}

/* So much is unread, of its own or of its user's, that it has to wait. */
static bool
is_full(struct peer *p)
{
	return hub_queued(&p->sub) > p->group->queue ||
	    (p->unread > 0 && !peer_affords(&p->sub));
}

/* Only a socket that is full says when it goes on. */
static bool
has_room(struct peer *p)
{
	if (is_full(p) && !p->sub.blocked)
		peer_flush(&p->sub);
	return !p->dead && !is_full(p);
}

static enum frame_found
next_line(struct peer *p, const char **line, size_t *len)
{
	enum frame_found found = FRAME_NONE;

	if (p->frame != NULL)
		found = frame_next(p->frame, p->eof, line, len);
	if (found == FRAME_NONE && p->frame != NULL &&
	    frame_is_empty(p->frame) && !p->frame->skipping)
		drop_frame(p);
	return found;
}

static bool
feed(struct peer *p, const char *bytes, size_t n)
{
	if (p->frame == NULL)
		p->frame = calloc(1, sizeof *p->frame);
	return p->frame != NULL && frame_feed(p->frame, bytes, n);
}

/* Takes lines; stops while it, or its user, doesn't take our answers. */
static void
take_lines(struct peer *p)
{
	struct peer_group *g = p->group;
	enum frame_found found;
	const char *line;
	size_t len;
	int n;

	for (n = 0; !p->dead; n++) {
		/* What comes next is answered after what it is told now. */
		if (!has_room(p) || p->sub.telling != NULL) {
			watch_no_more(p, EV_READ);
			return;
		}
		if (n == KEV_TURN || p->user->spent) {
			be_busy(p);
			return;
		}
		found = next_line(p, &line, &len);
		if (found == FRAME_NONE)
			break;
		g->line(p, found == FRAME_LINE ? line : NULL, len);
		if (!p->dead && !p->sub.blocked)
			peer_flush(&p->sub);
		account(p);
	}
	if (p->dead)
		return;
	if (!p->eof) {
		watch_also(p, EV_READ);
		return;
	}
	watch_no_more(p, EV_READ);
	close_if_done(p);
}

static void
readable(struct peer *p)
{
	char bytes[16384];
	ssize_t n;

	n = recv(p->io.fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n == -1) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			peer_close(p);
		return;
	}
	if (n == 0) {
		p->eof = true;
		/* From here on only a hang-up ends it, or a failing write. */
		if (p->group->hangup != -1)
			sys_hangup_watch(p->group->hangup, p->io.fd, p);
	} else if (!feed(p, bytes, (size_t)n)) {
		peer_close(p);
		return;
	}
	take_lines(p);
}

static void
writable(struct peer *p)
{
	peer_flush(&p->sub);
	if (!p->dead && !p->sub.blocked && !p->busy &&
	    (p->watched & EV_READ) == 0)
		take_lines(p);
}

static void
ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct peer *p = w->data;

	(void)loop;
	if (events & EV_WRITE)
		writable(p);
	if (!p->dead && (events & p->watched & EV_READ) != 0)
		readable(p);
}

/* False: its user had its turn. */
static bool
may_go_on(const struct peer *p)
{
	return p->sub.telling != NULL ? !p->user->told : !p->user->spent;
}

static void
go_on(struct peer *p)
{
	if (p->sub.telling == NULL) {
		take_lines(p);
		return;
	}
	p->user->told = true;
	(void)hub_go_on(p->group->hub, &p->sub);
	peer_flush(&p->sub);
	if (!p->dead && !p->sub.blocked && !p->busy)
		take_lines(p);
}

HOT void
peer_go_on(struct peer_group *g)
{
	struct user *u;
	struct peer *p, *next;
	size_t n = 0;

	LIST_FOREACH(u, &g->users, entry)
		u->spent = u->told = false;
	TAILQ_FOREACH(p, &g->busy, busy_entry)
		n++;
	/* One who goes before it is his turn moves "next" on. */
	for (g->next = TAILQ_FIRST(&g->busy); n > 0 && g->next != NULL; n--) {
		p = g->next;
		g->next = TAILQ_NEXT(p, busy_entry);
		if (!may_go_on(p))
			continue;
		TAILQ_REMOVE(&g->busy, p, busy_entry);
		p->busy = false;
		go_on(p);
	}
	g->next = NULL;
	if (TAILQ_EMPTY(&g->busy) && ev_is_active(&g->idle))
		ev_idle_stop(g->loop, &g->idle);
	if (g->waiting == 0)
		return;
	TAILQ_FOREACH_SAFE(p, &g->live, entry, next) {
		if (p->waits)
			peer_flush(&p->sub);
	}
}

/* There is work: the loop doesn't wait for events. */
static void
idle(struct ev_loop *loop, ev_idle *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

/* Cuts off those who took too little in so many looks. */
static void
look(struct ev_loop *loop, ev_timer *w, int events)
{
	struct peer_group *g = w->data;
	static struct log_limit limit;
	struct peer *p, *next;
	bool any = false;

	(void)events;
	TAILQ_FOREACH_SAFE(p, &g->live, entry, next) {
		if (!p->sub.blocked)
			continue;
		any = true;
		if (p->sub.q.sent - p->looked >= PROGRESS) {
			p->looked = p->sub.q.sent;
			p->looks = 0;
			continue;
		}
		if (++p->looks <= LOOKS)
			continue;
		log_limited(&limit, "client %ld took less than %d bytes in "
		    "%u s: cut off", (long)p->pid, PROGRESS, g->timeout);
		g->cut_off++;
		peer_close(p);
	}
	if (!any)
		ev_timer_stop(loop, w);
}

void
peer_group_init(struct peer_group *g)
{
	TAILQ_INIT(&g->live);
	TAILQ_INIT(&g->dead);
	TAILQ_INIT(&g->busy);
	LIST_INIT(&g->users);
}

void
peer_group_start(struct peer_group *g, struct ev_loop *loop)
{
	g->loop = loop;
	sys_sends_open();
	ev_idle_init(&g->idle, idle);
	ev_timer_init(&g->look, look, 0., (double)g->timeout / LOOKS);
	g->look.data = g;
}

void
peer_group_stop(struct peer_group *g)
{
	struct peer *p;

	while ((p = TAILQ_FIRST(&g->live)) != NULL)
		peer_close(p);
	peer_reap(g);
	sys_sends_close();
	ev_idle_stop(g->loop, &g->idle);
	ev_timer_stop(g->loop, &g->look);
}

struct peer *
peer_new(struct peer_group *g, int fd, struct user *user, pid_t pid)
{
	struct peer *p = calloc(1, sizeof *p);

	if (p == NULL) {
		user_drop_client(user);
		close(fd);
		return NULL;
	}
	p->group = g;
	p->user = user;
	p->pid = pid;
	/* sendfile(2) can be told in no other way. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ev_io_init(&p->io, ready, fd, EV_READ);
	p->io.data = p;
	TAILQ_INSERT_TAIL(&g->live, p, entry);
	g->count++;
	watch_also(p, EV_READ);
	return p;
}

void
peer_hangup(struct peer_group *g)
{
	struct peer *p;

	while ((p = sys_hangup_next(g->hangup)) != NULL)
		peer_close(p);
}

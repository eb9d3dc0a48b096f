#include "config.h"

#include "arp_watch.h"

#include "bpf.h"
#include "log.h"
#include "packet.h"
#include "tape.h"

#include <sys/types.h>
#include <sys/queue.h>

#include <ev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Interfaces that can be watched when nothing can be opened any more. */
#define PLACES 16

struct ear {
	LIST_ENTRY(ear) entry;
	struct arp_watch *watch;
	uint32_t ifindex;
	int fd;
	ev_io io;
	size_t size;
	uint8_t bytes[];	/* of what is read at once */
};

struct arp_watch {
	const struct arp_calls *calls;
	arp_watch_fn *fn;
	void *arg;
	struct ev_loop *loop;		/* NULL: not started */
	LIST_HEAD(, ear) ears;
	struct ear *busy;		/* what it read is being told */
	int spare[PLACES];		/* descriptors without an interface */
	int spares;
	struct source_stats stats;
	struct log_limit failed;
};

struct arp_watch *
arp_watch_new(const struct arp_calls *calls, arp_watch_fn *fn, void *arg)
{
	struct arp_watch *w = calls != NULL ? calloc(1, sizeof *w) : NULL;
	int fd = 0;

	if (w == NULL)
		return NULL;
	w->calls = calls;
	w->fn = fn;
	w->arg = arg;
	LIST_INIT(&w->ears);
	source_stats_init(&w->stats, "arp", NULL);
	while (w->spares < PLACES && (fd = calls->open()) >= 0)
		w->spare[w->spares++] = fd;
	if (w->spares == 0)
		source_stats_missing(&w->stats, strerror(-fd),
		    fd == -EACCES || fd == -EPERM ? "root" : NULL);
	return w;
}

static void
drop(struct ear *e)
{
	if (e->watch->loop != NULL)
		ev_io_stop(e->watch->loop, &e->io);
	LIST_REMOVE(e, entry);
	close(e->fd);
	/* Its bytes are read until all is told. */
	if (e->watch->busy == e)
		e->watch->busy = NULL;
	else
		free(e);
}

void
arp_watch_free(struct arp_watch *w)
{
	if (w == NULL)
		return;
	while (!LIST_EMPTY(&w->ears))
		drop(LIST_FIRST(&w->ears));
	while (w->spares > 0)
		close(w->spare[--w->spares]);
	free(w);
}

const struct source_stats *
arp_watch_stats(const struct arp_watch *w)
{
	return w != NULL ? &w->stats : NULL;
}

static void
ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct ear *e = io->data;
	struct arp_watch *w = e->watch;
	ssize_t n = read(e->fd, e->bytes, e->size);

	(void)loop;
	(void)events;
	if (n > 0) {
		w->busy = e;
		w->fn(w->arg, e->ifindex, e->bytes, (size_t)n);
		if (w->busy == NULL)
			free(e);
		w->busy = NULL;
		return;
	}
	if (n == 0 || errno == EAGAIN || errno == EINTR)
		return;
	/* The interface is down, and will be heard again; or it went. */
	if (errno == ENETDOWN)
		return;
	if (errno != ENXIO && errno != EIO)
		log_limited(&w->failed, "arp: read: %s", strerror(errno));
	drop(e);
}

static void
listen_to(struct ear *e)
{
	ev_io_init(&e->io, ready, e->fd, EV_READ);
	e->io.data = e;
	ev_io_start(e->watch->loop, &e->io);
}

/* Takes FD, and closes it if that does not go. */
static void
add(struct arp_watch *w, uint32_t ifindex, const char *ifname, int fd)
{
	int size = w->calls->set_up(fd, ifname);
	struct ear *e = NULL;

	if (size > 0)
		e = malloc(sizeof *e + (size_t)size);
	if (e == NULL) {
		log_limited(&w->failed, "arp: %s: %s", ifname,
		    strerror(size < 0 ? -size : ENOMEM));
		close(fd);
		return;
	}
	memset(e, 0, sizeof *e);
	e->watch = w;
	e->ifindex = ifindex;
	e->fd = fd;
	e->size = (size_t)size;
	LIST_INSERT_HEAD(&w->ears, e, entry);
	if (w->loop != NULL)
		listen_to(e);
}

static struct ear *
find(const struct arp_watch *w, uint32_t ifindex)
{
	struct ear *e;

	LIST_FOREACH(e, &w->ears, entry) {
		if (e->ifindex == ifindex)
			break;
	}
	return e;
}

void
arp_watch_add(struct arp_watch *w, uint32_t ifindex, const char *ifname)
{
	int fd;

	if (w == NULL || !w->stats.available || find(w, ifindex) != NULL)
		return;
	fd = w->spares > 0 ? w->spare[--w->spares] : w->calls->open();
	if (fd >= 0)
		add(w, ifindex, ifname, fd);
	else
		log_limited(&w->failed, "arp: %s: %s", ifname, strerror(-fd));
}

/* Not every kernel wakes who listens to an interface that goes. */
void
arp_watch_forget(struct arp_watch *w, uint32_t ifindex)
{
	struct ear *e = w != NULL ? find(w, ifindex) : NULL;

	if (e != NULL)
		drop(e);
}

void
arp_watch_start(struct arp_watch *w, struct ev_loop *loop)
{
	struct ear *e;

	if (w == NULL)
		return;
	w->loop = loop;
	LIST_FOREACH(e, &w->ears, entry)
		listen_to(e);
}

void
arp_watch_tell(struct arp_watch *w, struct tape *tape, uint32_t ifindex,
    const void *bytes, size_t len, bool all)
{
	struct bpf_reader r = { .bytes = bytes, .len = len,
	    .caplen = w->calls->caplen, .hdrlen = w->calls->hdrlen,
	    .align = w->calls->align };
	struct message m = { .source = w->stats.name, .ifindex = ifindex };
	struct stamp now = stamp_now();
	enum message_found found;
	struct change c;

	while ((m.bytes = bpf_next_arp(&r, &m.len)) != NULL) {
		found = packet_decode(&m, &c);
		source_stats_count(&w->stats, found);
		if (found == MESSAGE_CHANGE && !all &&
		    state_disputes(tape->state, &c))
			continue;
		tape_message(tape, &m, found, &c, &now);
		if (found == MESSAGE_CHANGE)
			tape_apply(tape, &c, &now);
	}
}

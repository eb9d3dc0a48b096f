#include "config.h"

#include "kern_feed.h"

#include "format.h"
#include "kern_decode.h"
#include "kern_socket.h"
#include "log.h"

#include <sys/socket.h>

#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Events read before others have their turn. */
#define TURN 256
/* None is longer than 288 bytes. */
#define EVENT_MAX 1024

int
kern_feed_init(struct kern_feed *f, struct tape *tape, struct reread *reread,
    size_t rcvbuf)
{
	int error;

	*f = (struct kern_feed){ .rcvbuf = rcvbuf, .tape = tape,
	    .reread = reread, .asker = { kern_socket_ask, &f->ask_fd } };
	source_stats_init(&f->stats, format_kern_event.name, NULL);
	f->ask_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (f->ask_fd != -1)
		(void)fcntl(f->ask_fd, F_SETFD, FD_CLOEXEC);
	f->fd = f->ask_fd != -1 ? kern_socket_open(rcvbuf) : -errno;
	if (f->fd >= 0)
		return 0;
	error = f->fd;
	f->fd = -1;
	log_error("%s: %s", f->stats.name, strerror(-error));
	return error;
}

void
kern_feed_fini(struct kern_feed *f)
{
	if (f->fd != -1)
		close(f->fd);
	if (f->ask_fd != -1)
		close(f->ask_fd);
	f->fd = f->ask_fd = -1;
}

static void
lose(struct kern_feed *f)
{
	f->lost = true;
	reread_want(f->reread, f->now.mono);
}

/* That no route uses an interface the kernel tells when it is so, and one may
 * have come. */
static bool
is_stale(const struct kern_feed *f, const struct change *c)
{
	return c->type == CHANGE_IDLE && !kern_ask_idle(&f->asker, c->ifname);
}

static void
log_malformed(const struct message *m)
{
	static struct log_limit limit;

	log_limited(&limit, "%s: malformed event: %s", m->source, m->fault);
}

/* While it is applied events are of this source, and of the other one else. */
static void
apply(struct kern_feed *f, const struct change *c)
{
	state_set_origin(f->tape->state, KEV_BY_KERN_EVENT);
	tape_apply(f->tape, c, &f->now);
	state_set_origin(f->tape->state, KEV_BY_ROUTE);
}

static void
take(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct kern_feed *f = arg;

	if (!f->asking)
		source_stats_count(&f->stats, found);
	if (found == MESSAGE_CHANGE && is_stale(f, c)) {
		log_debug("%s: %s: %s is in use again", m->source, m->name,
		    c->ifname);
		return;
	}
	tape_message(f->tape, m, found, c, &f->now);
	if (found == MESSAGE_CHANGE) {
		apply(f, c);
	} else if (found == MESSAGE_MALFORMED) {
		log_malformed(m);
		lose(f);
	}
	if (!f->asking &&
	    kern_ask_after(m->name, found == MESSAGE_CHANGE ? c : NULL))
		reread_want(f->reread, f->now.mono);
}

/* An event names its interface, which has an index as long as it is there. */
static void
decode(struct kern_feed *f, const void *bytes, size_t len)
{
	struct message m = { .source = f->stats.name, .bytes = bytes,
	    .len = len };
	struct kern_reader r;
	struct change c;

	kern_reader_init(&r, bytes, len);
	if (kern_next(&r, &c) == KERN_CHANGE && c.ifname[0] != '\0')
		m.ifindex = if_nametoindex(c.ifname);
	format_kern_event.decode(NULL, &m, take, f);
}

static bool
lacks_memory(ssize_t error)
{
	return error == -ENOBUFS || error == -ENOMEM;
}

/* Whatever it was, it may be over; but for an event that is too long, and for
 * want of memory, there must be another socket. */
static void
fail(struct kern_feed *f, int error)
{
	static struct log_limit limit;

	log_limited(&limit, "%s: receive: %s", f->stats.name,
	    strerror(-error));
	f->stats.overruns += error == -ENOBUFS;
	lose(f);
	f->failed = error != -EMSGSIZE && !lacks_memory(error);
}

bool
kern_feed_read(struct kern_feed *f)
{
	uint8_t bytes[EVENT_MAX];
	ssize_t n;
	int i;

	for (i = 0; i < TURN && !f->failed; i++) {
		n = kern_socket_receive(f->fd, bytes, sizeof bytes);
		f->now = stamp_now();
		if (n == -EAGAIN || n == -EWOULDBLOCK)
			return true;
		if (n >= 0)
			decode(f, bytes, (size_t)n);
		else if (n != -EINTR)
			fail(f, (int)n);
		/* Next time; until then it can be seen what else there is. */
		if (lacks_memory(n))
			return true;
	}
	return i < TURN;
}

bool
kern_feed_reopen(struct kern_feed *f)
{
	static struct log_limit limit;
	int fd;

	if (!f->failed)
		return true;
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
	fd = kern_socket_open(f->rcvbuf);
	if (fd < 0) {
		log_limited(&limit, "%s: opening another socket: %s",
		    f->stats.name, strerror(-fd));
		return false;
	}
	f->fd = fd;
	f->failed = false;
	return true;
}

static void
tell(struct kern_feed *f, const uint8_t *event, size_t len, uint32_t ifindex)
{
	const struct message m = { .source = f->stats.name, .bytes = event,
	    .len = len, .ifindex = ifindex };

	if (len > 0)
		format_kern_event.decode(NULL, &m, take, f);
}

/* A dump in which nothing is that could go; so what is known is no news. */
void
kern_feed_ask(struct kern_feed *f)
{
	struct if_nameindex *all = if_nameindex();
	uint8_t event[KERN_ASK_MAX];
	size_t i;

	f->now = stamp_now();
	if (all == NULL) {
		lose(f);
		return;
	}
	f->asking = true;
	tape_begin(f->tape, PART_NEIGH, &f->now);
	for (i = 0; all[i].if_index != 0; i++) {
		tell(f, event, kern_ask_link(&f->asker, all[i].if_name, event),
		    all[i].if_index);
		tell(f, event, kern_ask_quality(&f->asker, all[i].if_name,
		    event), all[i].if_index);
	}
	(void)tape_end(f->tape, &f->now, SIZE_MAX);
	f->asking = false;
	if_freenameindex(all);
}

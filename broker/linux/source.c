#include "config.h"

#include "source.h"

#include "packet_source.h"
#include "rtnetlink_source.h"
#include "state.h"
#include "topics.h"

#include <ev.h>

#include <errno.h>
#include <stdlib.h>

/* Microseconds until a failed resync is tried again. */
#define RETRY 1000000
/* So long a pause for readers is, and so many are there in a burst. */
#define PAUSE 2000
#define PATIENCE 500

enum phase {
	READING,	/* what comes */
	PAUSED,		/* there is more to read, but readers need a moment */
	SYNCING,	/* a resync is handed over in pieces */
	FAILED		/* a resync failed and is tried again; reading goes on */
};

struct source {
	struct state *state;
	struct sockets sockets;
	struct rtnetlink *rtnetlink;
	struct ethtool_source ethtool;
	struct packet_source packets[PACKET_KINDS];
	ev_io packet_io[PACKET_KINDS];
	bool (*crowded)(void *arg);
	void *arg;
	struct ev_loop *loop;
	ev_io feed, ethtool_io;
	ev_timer timer;
	enum phase phase;
	uint64_t wake;		/* when to go on, stamp.mono; 0: not waiting */
	int patience;		/* pauses that are left for readers */
};

int
source_new(struct source **out, struct state *st,
    const struct source_config *config)
{
	struct source *s = calloc(1, sizeof *s);
	int error, i;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->state = st;
	s->patience = PATIENCE;
	s->crowded = config->crowded;
	s->arg = config->arg;
	sockets_open(&s->sockets, config->rcvbuf);
	error = rtnetlink_new(&s->rtnetlink, st, &s->sockets, &s->ethtool,
	    config->rcvbuf);
	if (error != 0) {
		source_free(s);
		return error;
	}
	ethtool_init(&s->ethtool, st, s->sockets.fd[SOCKET_ETHTOOL],
	    s->sockets.error[SOCKET_ETHTOOL]);
	for (i = 0; i < PACKET_KINDS; i++)
		packet_source_init(&s->packets[i], (enum packet_kind)i,
		    s->sockets.fd[SOCKET_ARP + i],
		    s->sockets.error[SOCKET_ARP + i]);
	*out = s;
	return 0;
}

void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	rtnetlink_free(s->rtnetlink);
	sockets_close(&s->sockets);
	free(s);
}

/* The one timer: only when the state waits for a time, or we do. */
static void
set_timer(struct source *s)
{
	uint64_t when = state_deadline(s->state), now = stamp_now().mono;

	if (when == 0 || (s->wake != 0 && s->wake < when))
		when = s->wake;
	ev_timer_stop(s->loop, &s->timer);
	if (when == 0)
		return;
	ev_now_update(s->loop);
	ev_timer_set(&s->timer, when > now ? (double)(when - now) / 1e6 : 0.,
	    0.);
	ev_timer_start(s->loop, &s->timer);
}

/* Reads what comes, unless there is nothing to read it from. */
static void
watch(struct source *s)
{
	int fd = rtnetlink_fd(s->rtnetlink);

	if (ev_is_active(&s->feed) && s->feed.fd == fd)
		return;
	ev_io_stop(s->loop, &s->feed);
	if (fd == -1)
		return;
	ev_io_set(&s->feed, fd, EV_READ);
	ev_io_start(s->loop, &s->feed);
}

/* From now on in PHASE; at WAKE, if not 0, time_over goes on with it. */
static void
enter(struct source *s, enum phase phase, uint64_t wake)
{
	s->phase = phase;
	s->wake = wake;
	if (phase == READING || phase == FAILED)
		watch(s);
	else
		ev_io_stop(s->loop, &s->feed);
}

/* What the kernel changed in silence is read, until nothing is missing. */
static void
settle(struct source *s)
{
	struct stamp now = stamp_now();
	unsigned wants;

	state_settle(s->state, &now);
	wants = state_wants(s->state);
	if (wants == 0)
		return;
	if (rtnetlink_dump(s->rtnetlink, wants) != 0)
		enter(s, FAILED, now.mono + RETRY);
	now = stamp_now();
	state_settle(s->state, &now);
}

int
source_prime(struct source *s)
{
	int error = rtnetlink_dump(s->rtnetlink, PART_ALL);

	if (error == 0)
		settle(s);
	return error;
}

/*
 * After a burst readers who do take what it gave have some time for that, in
 * all a second at most, and only while the kernel can wait. Otherwise a healthy
 * reader would fall behind, because kevd is faster than most.
 */
static bool
pause_for_readers(struct source *s, enum phase phase)
{
	if (s->patience == 0 || !s->crowded(s->arg) ||
	    !rtnetlink_can_wait(s->rtnetlink))
		return false;
	s->patience--;
	enter(s, phase, stamp_now().mono + PAUSE);
	return true;
}

/* The next piece of a resync. Nothing else is read before it is over. */
static void
resync(struct source *s)
{
	if (pause_for_readers(s, SYNCING))
		return;
	switch (rtnetlink_resync(s->rtnetlink)) {
	case RTNL_MORE:
		enter(s, SYNCING, stamp_now().mono);
		break;
	case RTNL_LOST:
		enter(s, FAILED, stamp_now().mono + RETRY);
		break;
	default:
		s->patience = PATIENCE;
		enter(s, READING, 0);
	}
}

/* Something about a link is missing: all of them are asked again. */
static void
repair_modes(struct source *s)
{
	if (!s->ethtool.lost || s->phase != READING)
		return;
	s->ethtool.lost = false;
	rtnetlink_lose(s->rtnetlink, KEV_KERNEL_OVERRUN);
	resync(s);
}

static void
feed_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct source *s = w->data;

	(void)loop;
	(void)events;
	/* A packet that explains what the kernel tells came before that. */
	packet_source_read(&s->packets[PACKET_KIND_NDP], s->state);
	switch (rtnetlink_read(s->rtnetlink)) {
	case RTNL_MORE:
		settle(s);
		(void)pause_for_readers(s, PAUSED);
		break;
	case RTNL_LOST:
		if (s->phase == FAILED)
			settle(s);
		else
			resync(s);
		break;
	default:
		s->patience = PATIENCE;
		settle(s);
	}
	repair_modes(s);
	set_timer(s);
}

static void
ethtool_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct source *s = w->data;

	(void)loop;
	(void)events;
	ethtool_read(&s->ethtool);
	repair_modes(s);
	set_timer(s);
}

static void
packet_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct source *s = w->data;

	(void)loop;
	(void)events;
	packet_source_read(&s->packets[w - s->packet_io], s->state);
	set_timer(s);
}

static void
time_over(struct ev_loop *loop, ev_timer *w, int events)
{
	struct source *s = w->data;
	struct stamp now = stamp_now();

	(void)loop;
	(void)events;
	state_tick(s->state, &now);
	if (s->phase != SYNCING)
		settle(s);
	if (s->wake != 0 && s->wake <= now.mono) {
		s->wake = 0;
		if (s->phase != PAUSED)
			resync(s);
		else if (!pause_for_readers(s, PAUSED))
			enter(s, READING, 0);
	}
	repair_modes(s);
	set_timer(s);
}

void
source_start(struct source *s, struct ev_loop *loop)
{
	int i;

	ev_init(&s->feed, feed_ready);
	ev_timer_init(&s->timer, time_over, 0., 0.);
	ev_io_init(&s->ethtool_io, ethtool_ready, s->ethtool.fd, EV_READ);
	s->feed.data = s->timer.data = s->ethtool_io.data = s;
	if (s->ethtool.fd != -1)
		ev_io_start(loop, &s->ethtool_io);
	for (i = 0; i < PACKET_KINDS; i++) {
		ev_io_init(&s->packet_io[i], packet_ready, s->packets[i].fd,
		    EV_READ);
		s->packet_io[i].data = s;
		if (s->packets[i].fd != -1)
			ev_io_start(loop, &s->packet_io[i]);
	}
	s->loop = loop;
	watch(s);
	set_timer(s);
}

const struct source_stats *
source_stats(const struct source *s, size_t n)
{
	if (n == 0)
		return rtnetlink_stats(s->rtnetlink);
	if (n == 1)
		return &s->ethtool.stats;
	return n < 2 + PACKET_KINDS ? &s->packets[n - 2].stats : NULL;
}

/* All but what no Linux tells: see kev(7). */
uint64_t
source_topics(void)
{
	return KEV_TOPIC_ALL & ~(KEV_TOPIC(INTERFACE_IDLE) | KEV_TOPIC(INTERFACE_QUALITY) |
	    KEV_TOPIC(INTERFACE_ISSUES) | KEV_TOPIC(IPV4_PORT_IN_USE) |
	    KEV_TOPIC(IPV6_NAT64_PREFIX_REQUEST) |
	    KEV_TOPIC(ND6_ADDRESS_DETACHED));
}

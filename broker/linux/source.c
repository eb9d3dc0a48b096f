#include "config.h"

#include "source.h"

#include "log.h"
#include "rtnetlink_source.h"
#include "state.h"
#include "topics.h"

#include <ev.h>

#include <errno.h>
#include <stdlib.h>

#define RETRY 1000000	/* microseconds until a failed resync is tried again */

struct source {
	struct state *state;
	struct rtnetlink *rtnetlink;
	ev_io feed;
	ev_timer timer;
	uint64_t retry;		/* stamp.mono, 0: nothing to retry */
};

int
source_new(struct source **out, struct state *st,
    const struct source_config *config)
{
	struct source *s = calloc(1, sizeof *s);
	int error;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->state = st;
	error = rtnetlink_new(&s->rtnetlink, st, config);
	if (error != 0) {
		free(s);
		return error;
	}
	*out = s;
	return 0;
}

void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	rtnetlink_free(s->rtnetlink);
	free(s);
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
		s->retry = now.mono + RETRY;
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

/* The one timer: only when the state waits for a time, or we do. */
static void
set_timer(struct source *s, struct ev_loop *loop)
{
	uint64_t when = state_deadline(s->state), now = stamp_now().mono;

	if (when == 0 || (s->retry != 0 && s->retry < when))
		when = s->retry;
	ev_timer_stop(loop, &s->timer);
	if (when == 0)
		return;
	ev_now_update(loop);
	ev_timer_set(&s->timer, when > now ? (double)(when - now) / 1e6 : 0.,
	    0.);
	ev_timer_start(loop, &s->timer);
}

static void
feed_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct source *s = w->data;
	int fd = w->fd;

	(void)events;
	s->retry = 0;
	if (!rtnetlink_read(s->rtnetlink))
		s->retry = stamp_now().mono + RETRY;
	if (rtnetlink_fd(s->rtnetlink) != fd) {
		ev_io_stop(loop, w);
		ev_io_set(w, rtnetlink_fd(s->rtnetlink), EV_READ);
		ev_io_start(loop, w);
	}
	settle(s);
	set_timer(s, loop);
}

static void
time_over(struct ev_loop *loop, ev_timer *w, int events)
{
	struct source *s = w->data;
	struct stamp now = stamp_now();

	state_tick(s->state, &now);
	if (s->retry != 0 && s->retry <= now.mono)
		feed_ready(loop, &s->feed, events);
	settle(s);
	set_timer(s, loop);
}

void
source_start(struct source *s, struct ev_loop *loop)
{
	ev_io_init(&s->feed, feed_ready, rtnetlink_fd(s->rtnetlink), EV_READ);
	ev_timer_init(&s->timer, time_over, 0., 0.);
	s->feed.data = s->timer.data = s;
	ev_io_start(loop, &s->feed);
	set_timer(s, loop);
}

const struct source_stats *
source_stats(const struct source *s, size_t n)
{
	return n == 0 ? rtnetlink_stats(s->rtnetlink) : NULL;
}

uint64_t
source_topics(void)
{
	return KEV_TOPIC(INTERFACE_ATTACH) | KEV_TOPIC(INTERFACE_DETACHING) |
	    KEV_TOPIC(INTERFACE_DETACH) | KEV_TOPIC(INTERFACE_LINK_UP) |
	    KEV_TOPIC(INTERFACE_LINK_DOWN) | KEV_TOPIC(INTERFACE_CHANGE) |
	    KEV_TOPIC(INTERFACE_RENAME) | KEV_TOPIC(INTERFACE_PROTO_ATTACH) |
	    KEV_TOPIC(INTERFACE_PROTO_DETACH) | KEV_TOPIC(IPV4_ADDRESS_ADD) |
	    KEV_TOPIC(IPV4_ADDRESS_CHANGE) | KEV_TOPIC(IPV4_ADDRESS_REMOVE) |
	    KEV_TOPIC(IPV4_ADDRESS_READY) | KEV_TOPIC(IPV4_ROUTER_ADD) |
	    KEV_TOPIC(IPV4_ROUTER_REMOVE) | KEV_TOPIC(IPV6_ADDRESS_ADD) |
	    KEV_TOPIC(IPV6_ADDRESS_CHANGE) | KEV_TOPIC(IPV6_ADDRESS_REMOVE) |
	    KEV_TOPIC(IPV6_ADDRESS_READY) | KEV_TOPIC(IPV6_DUPLICATE) |
	    KEV_TOPIC(ND6_ADDRESS_DEPRECATED) |
	    KEV_TOPIC(ND6_ADDRESS_EXPIRED) | KEV_TOPIC(ND6_ROUTER_ADD) |
	    KEV_TOPIC(ND6_ROUTER_REMOVE) | KEV_TOPIC(NETWORK_CHANGED);
}

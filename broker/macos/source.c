/*
 * The kernel of macOS. Two sockets tell what happens, and neither tells all of
 * it: kernel events don't have the addresses of tunnels, nor what an interface is
 * like, the routing socket has no interface that comes or goes, and both lose in
 * silence what there is no room for. So after whatever one of them says about an
 * interface, and from time to time anyway, all is read again, and what differs
 * is told then.
 */
#include "config.h"

#include "source.h"

#include "format.h"
#include "kern_feed.h"
#include "kern_socket.h"
#include "log.h"
#include "loop.h"
#include "route_part.h"

#include <ev.h>

#include <errno.h>
#include <stdlib.h>

/* Seconds until all is read again, unless told otherwise: nothing says that
 * something was lost. */
#define PERIOD 30

struct kernel {
	struct source source;
	struct state *state;
	struct tape tape;
	struct reread reread;
	struct kern_feed events;
	struct route_feed *routes;
	struct route_part part;	/* what that reads from */
	bool lost;		/* something is missing */
	uint64_t period;	/* microseconds */
	uint64_t drops, looked;	/* how many, and when that was looked at */
	struct ev_loop *loop;	/* NULL: not started */
	ev_io event_io, route_io;
	ev_timer timer;
};

/* --- reading again --- */

/* They may be those of another reader, so a gap is told once a period. */
static void
look_for_drops(struct kernel *s, uint64_t now)
{
	uint64_t drops;

	if (now < s->looked + s->period)
		return;
	s->looked = now;
	drops = kern_socket_drops();
	if (drops != s->drops) {
		s->events.stats.overruns++;
		route_feed_lose(s->routes, KEV_KERNEL_OVERRUN);
		s->lost = true;
	}
	s->drops = drops;
}

/* What has failed would be ready for ever. */
static void
watch(struct kernel *s, ev_io *io, int fd, bool failed)
{
	if (failed)
		ev_io_stop(s->loop, io);
	if (failed || ev_is_active(io))
		return;
	ev_io_set(io, fd, EV_READ);
	ev_io_start(s->loop, io);
}

/* Others in place of those that failed, which nobody watches. False: not now. */
static bool
reopen(struct kernel *s)
{
	bool events;

	if (s->events.failed)
		ev_io_stop(s->loop, &s->event_io);
	if (s->part.failed)
		ev_io_stop(s->loop, &s->route_io);
	events = kern_feed_reopen(&s->events);
	return route_part_reopen(&s->part) && events;
}

/* All of it, and after a loss what was lost is told. */
static bool
read_again(struct kernel *s)
{
	enum route_progress got = ROUTE_MORE;

	if (s->events.lost) {
		route_feed_lose(s->routes, KEV_SOURCE_LOST);
		s->lost = true;
	}
	if (!s->lost)
		return route_feed_dump(s->routes, PART_ALL) == 0;
	while (got == ROUTE_MORE)
		got = route_feed_resync(s->routes);
	if (got != ROUTE_FINISHED)
		return false;
	s->events.stats.resyncs++;
	s->lost = s->events.lost = false;
	return true;
}

/* What found no place is missing. */
static bool
is_starved(struct kernel *s)
{
	bool starved = state_starved(s->state);

	if (starved)
		route_feed_lose(s->routes, KEV_SOURCE_LOST);
	return starved;
}

static void
reread(struct kernel *s, uint64_t now)
{
	bool whole = reopen(s), good;

	look_for_drops(s, now);
	/* Nobody is told that all is well as long as one cannot be heard. */
	if (whole)
		good = read_again(s);
	else
		good = route_feed_dump(s->routes, PART_ALL) == 0;
	if (good)
		kern_feed_ask(&s->events);
	/* These wanted what was read now. */
	(void)route_feed_wants(s->routes);
	(void)state_wants(s->state);
	if (is_starved(s))
		good = false;
	if (good && whole) {
		reread_done(&s->reread, now);
		return;
	}
	s->lost = true;
	route_feed_lose(s->routes, KEV_SOURCE_LOST);
	reread_failed(&s->reread, now);
}

/* The first of what the state, its addresses and we wait for. */
static void
set_timer(struct kernel *s)
{
	const uint64_t times[] = { state_deadline(s->state),
	    route_feed_deadline(s->routes), reread_when(&s->reread) };

	loop_wake(s->loop, &s->timer, times, sizeof times / sizeof times[0]);
}

/*
 * What both have to say, kernel events first, which tell more of the same; and
 * when they have no more, what they did not say. All of it is one batch.
 */
static void
turn(struct kernel *s)
{
	bool all = kern_feed_read(&s->events);
	enum route_progress got = route_feed_read(s->routes);
	struct stamp now = stamp_now();
	uint64_t due = route_feed_deadline(s->routes);

	if (due != 0 && due <= now.mono)
		route_feed_tick(s->routes, &now);
	tape_tick(&s->tape, &now);
	s->lost = s->lost || got == ROUTE_LOST || got == ROUTE_BROKEN ||
	    is_starved(s);
	if ((route_feed_wants(s->routes) | state_wants(s->state)) != 0 ||
	    s->lost)
		reread_want(&s->reread, now.mono);
	if (all && got != ROUTE_MORE && reread_is_due(&s->reread, now.mono))
		reread(s, now.mono);
	tape_settle(&s->tape);
	watch(s, &s->event_io, s->events.fd, s->events.failed);
	watch(s, &s->route_io, s->part.fd, s->part.failed);
	set_timer(s);
}

static void
feed_ready(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)events;
	turn(w->data);
}

static void
time_over(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	turn(w->data);
}

/* --- as a source --- */

/* The sockets are open, so what happens meanwhile is read after it. */
static int
prime(struct source *source)
{
	struct kernel *s = (struct kernel *)source;
	int error = route_feed_dump(s->routes, PART_ALL);

	if (error == 0)
		kern_feed_ask(&s->events);
	tape_settle(&s->tape);
	return error;
}

static void
start(struct source *source, struct ev_loop *loop)
{
	struct kernel *s = (struct kernel *)source;

	s->loop = loop;
	ev_timer_init(&s->timer, time_over, 0., 0.);
	ev_init(&s->event_io, feed_ready);
	ev_init(&s->route_io, feed_ready);
	s->timer.data = s->event_io.data = s->route_io.data = s;
	watch(s, &s->event_io, s->events.fd, s->events.failed);
	watch(s, &s->route_io, s->part.fd, s->part.failed);
	set_timer(s);
}

static void
stop(struct source *source)
{
	struct kernel *s = (struct kernel *)source;

	if (s->loop != NULL) {
		ev_io_stop(s->loop, &s->event_io);
		ev_io_stop(s->loop, &s->route_io);
		ev_timer_stop(s->loop, &s->timer);
	}
	kern_feed_fini(&s->events);
	route_feed_free(s->routes);
	route_part_fini(&s->part);
	state_free(s->state);
	free(s);
}

static const struct state *
state(const struct source *source, size_t n)
{
	return n == 0 ? ((const struct kernel *)source)->state : NULL;
}

static const struct source_stats *
stats(const struct source *source, size_t n)
{
	const struct kernel *s = (const struct kernel *)source;

	return n == 0 ? &s->events.stats : route_feed_stats(s->routes, n - 1);
}

/* Kernel events, and routers of the routing socket. */
static uint64_t
topics(const struct source *source)
{
	(void)source;
	return format_kern_event.topics | KEV_TOPIC(IPV4_ROUTER_ADD) |
	    KEV_TOPIC(IPV4_ROUTER_REMOVE) | KEV_TOPIC(ND6_ROUTER_ADD) |
	    KEV_TOPIC(ND6_ROUTER_REMOVE);
}

static struct stamp
now(const struct source *s)
{
	(void)s;
	return stamp_now();
}

static const struct source_ops ops = { prime, start, stop, state, stats, topics,
	now };

static int
init(struct kernel *s, const struct source_config *config)
{
	uint64_t now = stamp_now().mono;
	int error;

	s->state = state_new(NULL, config->publish, config->arg);
	s->routes = route_feed_new(&s->tape, "macos", &route_part_calls,
	    &s->part);
	if (s->state == NULL || s->routes == NULL) {
		log_error("out of memory");
		return -ENOMEM;
	}
	state_set_origin(s->state, KEV_BY_ROUTE);
	tape_init(&s->tape, s->state, config->recorder, format_route.name,
	    NULL);
	reread_init(&s->reread, s->period, now);
	s->drops = kern_socket_drops();
	s->looked = now;
	error = route_part_init(&s->part, config->rcvbuf);
	return error != 0 ? error : kern_feed_init(&s->events, &s->tape,
	    &s->reread, config->rcvbuf);
}

int
source_kernel(struct source **out, const struct source_config *config)
{
	struct kernel *s = calloc(1, sizeof *s);
	int error;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->source.ops = &ops;
	s->period = (config->resync != 0 ? config->resync : PERIOD) *
	    UINT64_C(1000000);
	s->part.fd = s->part.in6_fd = s->events.fd = s->events.ask_fd = -1;
	error = config->netns == NULL ? init(s, config) : -EINVAL;
	if (config->netns != NULL)
		log_error("--netns: this system has no network namespaces");
	if (error != 0) {
		stop(&s->source);
		return error;
	}
	*out = &s->source;
	return 0;
}

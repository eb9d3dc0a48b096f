/*
 * The kernel of FreeBSD, NetBSD or OpenBSD: its routing socket, what it must be
 * asked for, and ARP where it keeps that to itself.
 */
#include "config.h"

#include "source.h"

#include "arp_socket.h"
#include "arp_watch.h"
#include "event.h"
#include "log.h"
#include "loop.h"
#include "route_feed.h"
#include "route_socket.h"
#include "tape.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <ev.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Microseconds until a failed resync is tried again. */
#define RETRY 1000000
/* So long a pause for readers is, and so many are there in a resync. */
#define PAUSE 2000
#define PATIENCE 500
/* Seconds between dumps, if none were asked for and the kernel may lose
 * messages in silence. */
#define RECONCILE 60

#define ETHERNET 1

#define COMMON_TOPICS (KEV_TOPIC(INTERFACE_ATTACH) | \
	KEV_TOPIC(INTERFACE_DETACH) | KEV_TOPIC(INTERFACE_LINK_UP) | \
	KEV_TOPIC(INTERFACE_LINK_DOWN) | KEV_TOPIC(INTERFACE_CHANGE) | \
	KEV_TOPIC(INTERFACE_PROTO_ATTACH) | \
	KEV_TOPIC(INTERFACE_PROTO_DETACH) | KEV_TOPIC(IPV4_ADDRESS_ADD) | \
	KEV_TOPIC(IPV4_ADDRESS_CHANGE) | KEV_TOPIC(IPV4_ADDRESS_REMOVE) | \
	KEV_TOPIC(IPV4_ADDRESS_READY) | KEV_TOPIC(IPV4_ROUTER_ADD) | \
	KEV_TOPIC(IPV4_ROUTER_REMOVE) | KEV_TOPIC(IPV6_ADDRESS_ADD) | \
	KEV_TOPIC(IPV6_ADDRESS_CHANGE) | KEV_TOPIC(IPV6_ADDRESS_REMOVE) | \
	KEV_TOPIC(IPV6_ADDRESS_READY) | KEV_TOPIC(IPV6_DUPLICATE) | \
	KEV_TOPIC(ND6_ADDRESS_DEPRECATED) | \
	KEV_TOPIC(ND6_ADDRESS_EXPIRED) | KEV_TOPIC(ND6_ROUTER_ADD) | \
	KEV_TOPIC(ND6_ROUTER_REMOVE) | KEV_TOPIC(NETWORK_CHANGED))
#if defined(__FreeBSD__)
#define TOPICS (COMMON_TOPICS | KEV_TOPIC(INTERFACE_RENAME) | \
	KEV_TOPIC(ND6_ADDRESS_DETACHED) | KEV_TOPIC(ND6_ROUTER_EXPIRED))
#elif defined(__NetBSD__)
#define TOPICS (COMMON_TOPICS | KEV_TOPIC(IPV4_COLLISION) | \
	KEV_TOPIC(IPV4_ROUTER_FAILURE) | KEV_TOPIC(IPV4_ROUTER_ALIVE) | \
	KEV_TOPIC(ND6_ADDRESS_DETACHED) | \
	KEV_TOPIC(ND6_ROUTER_FAILURE) | KEV_TOPIC(ND6_ROUTER_ALIVE))
#else
#define TOPICS COMMON_TOPICS
#endif

/* Of others no layouts are known, see route_abi. */
_Static_assert(sizeof(long) == 8, "kevd is for 64 bits on this system");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error kevd is for little-endian machines on this system
#endif

enum phase {
	READING,	/* what comes */
	SYNCING,	/* a resync is handed over in pieces, or waits */
	FAILED		/* a resync failed and is tried again; reading goes on */
};

struct kernel {
	struct source source;
	struct source_config config;
	struct state *state;
	struct tape tape;
	struct route_feed *feed;
	struct arp_watch *arp;		/* NULL: not needed */
	int fd, in6_fd;
	struct ev_loop *loop;		/* NULL: not started */
	ev_io io;
	ev_timer timer;
	enum phase phase;
	uint64_t wake;		/* when to go on, stamp.mono; 0: not waiting */
	uint64_t period, due;	/* of reconciling, and when next; 0: never */
	int patience;		/* pauses that are left for readers */
};

/* --- what the feed asks for --- */

static ssize_t
receive(void *arg, void *bytes, size_t size, bool *cut)
{
	const struct kernel *k = arg;

	return route_socket_receive(k->fd, bytes, size, cut);
}

static bool
has_news(void *arg)
{
	const struct kernel *k = arg;

	return route_socket_has_news(k->fd);
}

static int
dump(void *arg, unsigned parts, struct buf *b)
{
	(void)arg;
	return route_socket_dump(parts, b);
}

static int
ask_in6(void *arg, struct in6_answer *a)
{
	const struct kernel *k = arg;

	return in6_ask(k->in6_fd, a);
}

#ifdef __FreeBSD__

static int
list_routers(void *arg, struct buf *b)
{
	(void)arg;
	return route_socket_routers(b);
}

#else
#define list_routers NULL
#endif

static const struct route_calls calls = { receive, has_news, dump, ask_in6,
	list_routers };
/* Of a kernel without IPv6. */
static const struct route_calls calls_inet = { receive, has_news, dump, NULL,
	NULL };

/* --- in the loop's turns --- */

/* The one timer: only when somebody waits for a time. */
static void
set_timer(struct kernel *k)
{
	const uint64_t times[] = { state_deadline(k->state),
	    route_feed_deadline(k->feed), k->wake, k->due };

	loop_wake(k->loop, &k->timer, times, sizeof times / sizeof times[0]);
}

/* From now on in PHASE; at WAKE, if not 0, time_over goes on with it. */
static void
enter(struct kernel *k, enum phase phase, uint64_t wake)
{
	k->phase = phase;
	k->wake = wake;
	if (k->loop == NULL)
		return;
	if (phase == SYNCING)
		ev_io_stop(k->loop, &k->io);
	else
		ev_io_start(k->loop, &k->io);
}

/* A resync is due after a while, which nothing that comes until then puts off. */
static void
retry(struct kernel *k)
{
	if (k->phase != FAILED)
		enter(k, FAILED, stamp_now().mono + RETRY);
}

/* What the kernel changed in silence is read. */
static void
settle(struct kernel *k)
{
	unsigned wants;

	tape_settle(&k->tape);
	if (state_starved(k->state)) {
		route_feed_lose(k->feed, KEV_SOURCE_LOST);
		retry(k);
	}
	wants = state_wants(k->state) | route_feed_wants(k->feed);
	if (wants == 0)
		return;
	if (route_feed_dump(k->feed, wants) != 0)
		retry(k);
	tape_settle(&k->tape);
}

/* The next piece of a resync. Nothing else is read before it is over. */
static void
resync(struct kernel *k)
{
	uint64_t now = stamp_now().mono;

	if (k->patience > 0 && k->config.crowded(k->config.arg)) {
		k->patience--;
		enter(k, SYNCING, now + PAUSE);
		return;
	}
	switch (route_feed_resync(k->feed)) {
	case ROUTE_MORE:
		enter(k, SYNCING, now);
		break;
	case ROUTE_LOST:
		enter(k, FAILED, now + RETRY);
		break;
	default:
		k->patience = PATIENCE;
		enter(k, READING, 0);
	}
}

static void
read_feed(struct kernel *k)
{
	if (k->phase == SYNCING)
		return;
	switch (route_feed_read(k->feed)) {
	case ROUTE_MORE:
		settle(k);
		/* The loop calls again. */
		break;
	case ROUTE_LOST:
		if (k->phase == READING)
			resync(k);
		else
			settle(k);
		break;
	case ROUTE_BROKEN:
		settle(k);
		enter(k, SYNCING, stamp_now().mono + RETRY);
		break;
	default:
		settle(k);
	}
}

static void
end_turn(struct kernel *k)
{
	tape_settle(&k->tape);
	set_timer(k);
}

static void
feed_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct kernel *k = w->data;

	(void)loop;
	(void)events;
	read_feed(k);
	end_turn(k);
}

/* Perhaps an address was taken back before: what the kernel said comes first. */
static void
arp_ready(void *arg, uint32_t ifindex, const void *bytes, size_t len)
{
	struct kernel *k = arg;

	read_feed(k);
	arp_watch_tell(k->arp, &k->tape, ifindex, bytes, len,
	    k->phase == READING);
	end_turn(k);
}

static void
time_over(struct ev_loop *loop, ev_timer *w, int events)
{
	struct kernel *k = w->data;
	struct stamp now = stamp_now();

	(void)loop;
	(void)events;
	if (k->wake != 0 && k->wake <= now.mono) {
		k->wake = 0;
		resync(k);
	}
	/* It may have ended what was waited for. */
	read_feed(k);
	now = stamp_now();
	tape_tick(&k->tape, &now);
	if (k->phase != SYNCING) {
		route_feed_tick(k->feed, &now);
		settle(k);
	}
	if (k->due != 0 && k->due <= now.mono) {
		k->due = now.mono + k->period;
		if (k->phase == READING)
			resync(k);
	}
	end_turn(k);
}

/* --- a source --- */

/* Events go by, so that each Ethernet is listened to as soon as it is one. */
static void
publish(void *arg, struct kev_event *ev)
{
	struct kernel *k = arg;
	const struct kev_link *l = (const struct kev_link *)ev->data;

	if ((ev->topic == KEV_T_INTERFACE_ATTACH ||
	    ev->topic == KEV_T_INTERFACE_CHANGE ||
	    ev->topic == KEV_T_INTERFACE_LINK_UP) && ev->ifname != NULL &&
	    ev->ifindex != 0 && (l->has & KEV_BIT(TYPE)) != 0 &&
	    l->type == ETHERNET)
		arp_watch_add(k->arp, ev->ifindex, ev->ifname);
	if (ev->topic == KEV_T_INTERFACE_DETACH)
		arp_watch_forget(k->arp, ev->ifindex);
	k->config.publish(k->config.arg, ev);
}

static int
prime(struct source *source)
{
	struct kernel *k = (struct kernel *)source;
	int error = route_feed_dump(k->feed, PART_ALL);

	if (error == 0)
		settle(k);
	else
		log_error("route: dump: %s", strerror(-error));
	return error;
}

static void
start(struct source *source, struct ev_loop *loop)
{
	struct kernel *k = (struct kernel *)source;

	k->loop = loop;
	ev_io_init(&k->io, feed_ready, k->fd, EV_READ);
	ev_timer_init(&k->timer, time_over, 0., 0.);
	k->io.data = k->timer.data = k;
	ev_io_start(loop, &k->io);
	arp_watch_start(k->arp, loop);
	if (k->period != 0)
		k->due = stamp_now().mono + k->period;
	set_timer(k);
}

static void
stop(struct source *source)
{
	struct kernel *k = (struct kernel *)source;

	if (k->loop != NULL) {
		ev_io_stop(k->loop, &k->io);
		ev_timer_stop(k->loop, &k->timer);
	}
	arp_watch_free(k->arp);
	route_feed_free(k->feed);
	if (k->state != NULL)
		state_free(k->state);
	if (k->fd >= 0)
		close(k->fd);
	if (k->in6_fd >= 0)
		close(k->in6_fd);
	free(k);
}

static const struct state *
get_state(const struct source *source, size_t n)
{
	return n == 0 ? ((const struct kernel *)source)->state : NULL;
}

static const struct source_stats *
stats(const struct source *source, size_t n)
{
	const struct kernel *k = (const struct kernel *)source;
	size_t i;

	for (i = 0; route_feed_stats(k->feed, i) != NULL; i++) {
		if (n-- == 0)
			return route_feed_stats(k->feed, i);
	}
	return n == 0 ? arp_watch_stats(k->arp) : NULL;
}

static uint64_t
topics(const struct source *source)
{
	const struct kernel *k = (const struct kernel *)source;

	return TOPICS | (k->arp != NULL && arp_watch_stats(k->arp)->available ?
	    KEV_TOPIC(IPV4_COLLISION) : 0);
}

static struct stamp
get_now(const struct source *source)
{
	(void)source;
	return stamp_now();
}

static const struct source_ops ops = { prime, start, stop, get_state, stats,
	topics, get_now };

/* 0 or -errno. */
static int
open_all(struct kernel *k)
{
	k->fd = route_socket_open(k->config.rcvbuf);
	if (k->fd < 0) {
		log_error("routing socket: %s", strerror(-k->fd));
		return k->fd;
	}
	k->in6_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (k->in6_fd == -1)
		log_warning("socket for IPv6: %s; it is not watched as a whole",
		    strerror(errno));
	k->arp = arp_watch_new(arp_socket_calls(), arp_ready, k);
	k->state = state_new(NULL, publish, k);
	k->feed = route_feed_new(&k->tape, route_socket_os(),
	    k->in6_fd != -1 ? &calls : &calls_inet, k);
	if (k->state == NULL || k->feed == NULL) {
		log_error("out of memory");
		return -ENOMEM;
	}
	state_set_origin(k->state, KEV_BY_ROUTE);
	tape_init(&k->tape, k->state, k->config.recorder, "route", NULL);
	return 0;
}

int
source_kernel(struct source **out, const struct source_config *config)
{
	struct kernel *k = calloc(1, sizeof *k);
	int error;

	*out = NULL;
	if (k == NULL)
		return -ENOMEM;
	k->source.ops = &ops;
	k->config = *config;
	k->fd = k->in6_fd = -1;
	k->patience = PATIENCE;
	k->period = (config->resync != 0 ? config->resync :
	    route_socket_is_silent() ? RECONCILE : 0) * UINT64_C(1000000);
	if (config->port_in_use)
		log_warning("--port-in-use: this system does not tell");
	error = config->netns == NULL ? open_all(k) : -EINVAL;
	if (config->netns != NULL)
		log_error("--netns: this system has no network namespaces");
	if (error != 0)
		stop(&k->source);
	else
		*out = &k->source;
	return error;
}

#include "config.h"

#include "namespace.h"

#include "audit_source.h"
#include "hot.h"
#include "log.h"
#include "loop.h"
#include "packet_source.h"
#include "rtnetlink_source.h"
#include "tape.h"

#include <ev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Microseconds until a failed resync is tried again. */
#define RETRY 1000000
/* So long a pause for readers is, and so many are there in a burst. */
#define PAUSE 2000
#define PATIENCE 500
/*
 * Microseconds that a reading of what the kernel changed in silence may take, to
 * be done each time; after a longer one there is a rest, so many times as long,
 * in which nobody waits for us: with all routes of the Internet it is a second.
 */
#define SHORT 10000
#define REST 4
/* So often what a namespace said before it went is read, which may not end. */
#define LAST_TURNS 1024

enum phase {
	READING,	/* what comes */
	PAUSED,		/* there is more to read, but readers need a moment */
	REREADING,	/* what there is is read anew, in pieces */
	FAILED		/* a resync failed and is tried again; reading goes on */
};

struct namespace {
	char *name;
	struct finder *finder;
	struct state *state;
	struct tape tape;
	struct sockets sockets;
	struct rtnetlink *rtnetlink;
	struct ethtool_source ethtool;
	struct packet_source packets[PACKET_KINDS];
	struct audit_source *audit;	/* of our own; NULL: of another */
	ev_io packet_io[PACKET_KINDS];
	bool (*crowded)(void *arg);
	void *arg;
	struct ev_loop *loop;
	ev_io feed, ethtool_io, audit_io;
	ev_timer timer;
	enum phase phase;
	uint64_t wake;		/* when to go on, stamp.mono; 0: not waiting */
	uint64_t period, due;	/* of reconciling, and when next; 0: never */
	int patience;		/* pauses that are left for readers */
	unsigned wants;		/* parts that are to be read again */
	uint64_t rested;	/* before when they are not */
	unsigned parts;		/* that are being read again... */
	bool expected;		/* ...for there are differences, as we know... */
	uint64_t spent;		/* ...for so many microseconds */
};

/*
 * Without those that matter the others are of no use: what nobody reads fills
 * up, and there may be others who need descriptors.
 */
static void
close_useless(struct sockets *s)
{
	int error = s->error[SOCKET_EVENTS], i;

	if (error == 0)
		error = s->error[SOCKET_REQUESTS];
	if (error == 0)
		return;
	sockets_close(s);
	for (i = 0; i < SOCKET_KINDS; i++) {
		if (s->error[i] == 0)
			s->error[i] = error;
	}
}

struct namespace *
namespace_new(const char *name, const struct sockets *sockets,
    struct finder *finder, const struct source_config *config)
{
	struct namespace *s = calloc(1, sizeof *s);
	struct sockets unused = *sockets;
	int i;

	if (s == NULL) {
		sockets_close(&unused);
		return NULL;
	}
	s->sockets = *sockets;
	close_useless(&s->sockets);
	s->finder = finder;
	s->patience = PATIENCE;
	s->rested = stamp_now().mono;
	s->period = config->resync * UINT64_C(1000000);
	s->crowded = config->crowded;
	s->arg = config->arg;
	if ((name != NULL && (s->name = strdup(name)) == NULL) ||
	    (s->state = state_new(name, config->publish, config->arg)) ==
	    NULL || (s->rtnetlink = rtnetlink_new(&s->tape, &s->sockets,
	    &s->ethtool, &s->packets[PACKET_KIND_NDP], s->name,
	    config->rcvbuf)) == NULL ||
	    (name == NULL && (s->audit = malloc(sizeof *s->audit)) == NULL)) {
		namespace_free(s);
		return NULL;
	}
	tape_init(&s->tape, s->state, config->recorder, "rtnetlink", s->name);
	ethtool_init(&s->ethtool, &s->tape, &s->sockets, s->name);
	for (i = 0; i < PACKET_KINDS; i++)
		packet_source_init(&s->packets[i], (enum packet_kind)i,
		    &s->sockets, s->name);
	if (s->audit != NULL)
		audit_source_init(s->audit, config->port_in_use,
		    config->rcvbuf);
	return s;
}

void
namespace_free(struct namespace *s)
{
	int i;

	if (s == NULL)
		return;
	if (s->loop != NULL) {
		ev_io_stop(s->loop, &s->feed);
		ev_io_stop(s->loop, &s->ethtool_io);
		for (i = 0; i < PACKET_KINDS; i++)
			ev_io_stop(s->loop, &s->packet_io[i]);
		ev_io_stop(s->loop, &s->audit_io);
		ev_timer_stop(s->loop, &s->timer);
	}
	for (i = 0; i < PACKET_KINDS; i++)
		packet_source_fini(&s->packets[i]);
	if (s->audit != NULL && s->audit->stats.name != NULL)
		audit_source_fini(s->audit);
	free(s->audit);
	rtnetlink_free(s->rtnetlink);
	sockets_close(&s->sockets);
	state_free(s->state);
	free(s->name);
	free(s);
}

const char *
namespace_name(const struct namespace *s)
{
	return s->name;
}

const struct state *
namespace_state(const struct namespace *s)
{
	return s->state;
}

bool
namespace_is_open(const struct namespace *s)
{
	return rtnetlink_stats(s->rtnetlink)->available;
}

bool
namespace_lacks_files(const struct namespace *s)
{
	return s->sockets.error[SOCKET_EVENTS] == EMFILE ||
	    s->sockets.error[SOCKET_REQUESTS] == EMFILE;
}

/* The one timer: only when the state waits for a time, or we do. */
static void
set_timer(struct namespace *s)
{
	const uint64_t times[] = { state_deadline(s->state), s->wake, s->due,
		s->wants != 0 && s->phase == READING ? s->rested : 0 };

	loop_wake(s->loop, &s->timer, times, sizeof times / sizeof times[0]);
}

/* Reads what comes, unless there is nothing to read it from. */
static void
watch(struct namespace *s)
{
	int fd = rtnetlink_fd(s->rtnetlink);

	if (s->loop == NULL || (ev_is_active(&s->feed) && s->feed.fd == fd))
		return;
	ev_io_stop(s->loop, &s->feed);
	if (fd == -1)
		return;
	ev_io_set(&s->feed, fd, EV_READ);
	ev_io_start(s->loop, &s->feed);
}

/* From now on in PHASE; at WAKE, if not 0, time_over goes on with it. */
static void
enter(struct namespace *s, enum phase phase, uint64_t wake)
{
	s->phase = phase;
	s->wake = wake;
	if (phase == READING || phase == FAILED)
		watch(s);
	else
		ev_io_stop(s->loop, &s->feed);
}

/* A resync is due after a while, which nothing that comes until then puts off. */
static void
retry(struct namespace *s)
{
	if (s->phase != FAILED)
		enter(s, FAILED, stamp_now().mono + RETRY);
}

/* What found no place in memory is read again, when there may be some. */
static void
heed_starvation(struct namespace *s)
{
	static struct log_limit limit;

	if (!state_starved(s->state))
		return;
	log_limited(&limit, "out of memory: not all can be known; reading "
	    "everything again later");
	rtnetlink_lose(s->rtnetlink, KEV_SOURCE_LOST);
	retry(s);
}

/* All that the kernel said before is known: who else claims what is ours? */
static void
tell_disputes(struct namespace *s)
{
	int i;

	for (i = 0; i < PACKET_KINDS; i++)
		packet_source_tell(&s->packets[i], &s->tape);
}

/*
 * After a burst readers who do take what it gave have some time for that, in
 * all a second at most, and only while the kernel can wait. Otherwise a healthy
 * reader would fall behind, because kevd is faster than most.
 */
static bool
pause_for_readers(struct namespace *s, enum phase phase)
{
	if (s->patience == 0 || !s->crowded(s->arg) ||
	    !rtnetlink_can_wait(s->rtnetlink))
		return false;
	s->patience--;
	enter(s, phase, stamp_now().mono + PAUSE);
	return true;
}

/*
 * The socket of another namespace failed, and only who may enter that can open
 * one: the namespace will be gone for us, and come again.
 */
static bool
ask_again(struct namespace *s)
{
	if (s->finder == NULL || !rtnetlink_lacks_socket(s->rtnetlink))
		return false;
	finder_again(s->finder, s->name);
	return true;
}

/*
 * The next piece of what is read anew. What the kernel says meanwhile is read
 * when that is over.
 */
static void
reread(struct namespace *s)
{
	uint64_t begun = stamp_now().mono;
	enum rtnl_progress progress;

	if (pause_for_readers(s, REREADING))
		return;
	progress = rtnetlink_reread(s->rtnetlink, s->parts, s->expected);
	s->spent += stamp_now().mono - begun;
	switch (progress) {
	case RTNL_MORE:
		enter(s, REREADING, stamp_now().mono);
		break;
	case RTNL_LOST:
		enter(s, FAILED, ask_again(s) ? 0 : stamp_now().mono + RETRY);
		break;
	default:
		if (s->parts == PART_ALL)
			s->patience = PATIENCE;
		s->rested = stamp_now().mono +
		    (s->spent > SHORT ? REST * s->spent : 0);
		enter(s, READING, 0);
		tape_settle(&s->tape);
		s->wants |= state_wants(s->state);
		tell_disputes(s);
	}
}

static void
begin_rereading(struct namespace *s, unsigned parts)
{
	s->wants |= state_wants(s->state);
	s->expected = s->wants != 0;
	s->wants &= ~parts;
	s->parts = parts;
	s->spent = 0;
	reread(s);
}

/* Everything, because something is missing, or may be. */
static void
resync(struct namespace *s)
{
	begin_rereading(s, PART_ALL);
}

/* What the kernel changed in silence is read, until nothing is missing. */
HOT static void
settle(struct namespace *s)
{
	tape_settle(&s->tape);
	heed_starvation(s);
	s->wants |= state_wants(s->state);
	if (s->wants != 0 && s->phase == READING &&
	    stamp_now().mono >= s->rested)
		begin_rereading(s, s->wants);
}

int
namespace_prime(struct namespace *s)
{
	int error = rtnetlink_dump(s->rtnetlink, PART_ALL);

	if (error == 0) {
		tape_settle(&s->tape);
		heed_starvation(s);
		return 0;
	}
	enter(s, FAILED, stamp_now().mono + RETRY);
	return error;
}

/* A socket that failed, and another one, if it can be opened: that or -errno. */
static int
another(struct namespace *s, enum socket_kind kind, ev_io *io)
{
	int fd;

	ev_io_stop(s->loop, io);
	close(s->sockets.fd[kind]);
	fd = s->name != NULL ? -EPERM : socket_open(kind, 0);
	s->sockets.fd[kind] = fd < 0 ? -1 : fd;
	s->sockets.error[kind] = fd < 0 ? -fd : 0;
	if (fd < 0)
		return fd;
	ev_io_set(io, fd, EV_READ);
	ev_io_start(s->loop, io);
	return fd;
}

/* Sources that are not rtnetlink, which sees to itself. */
static void
renew_sources(struct namespace *s)
{
	static struct log_limit limit;
	struct packet_source *p;
	int i;

	for (i = 0; i < PACKET_KINDS; i++) {
		p = &s->packets[i];
		if (p->error == 0)
			continue;
		log_limited(&limit, "%s: receive: %s", p->stats.name,
		    strerror(p->error));
		packet_source_renew(p, another(s,
		    packet_source_socket((enum packet_kind)i),
		    &s->packet_io[i]));
	}
	if (s->ethtool.error == 0)
		return;
	log_limited(&limit, "ethtool: receive: %s", strerror(s->ethtool.error));
	ethtool_renew(&s->ethtool, another(s, SOCKET_ETHTOOL, &s->ethtool_io));
	/* The kernel may have the socket, but no ethtool any more. */
	if (s->ethtool.fd == -1)
		ev_io_stop(s->loop, &s->ethtool_io);
}

/*
 * Sockets that failed; and when something about a link is missing, all of them
 * are asked again.
 */
static void
repair(struct namespace *s)
{
	renew_sources(s);
	if (!s->ethtool.lost || s->phase != READING)
		return;
	s->ethtool.lost = false;
	rtnetlink_lose(s->rtnetlink, KEV_KERNEL_OVERRUN);
	resync(s);
}

/* Reads what the kernel has told, which others wait for, unless we pause. */
HOT static void
read_feed(struct namespace *s)
{
	if (!ev_is_active(&s->feed))
		return;
	switch (rtnetlink_read(s->rtnetlink)) {
	case RTNL_MORE:
		settle(s);
		/* Or at once, but when others had their turn. */
		if (s->phase == READING && !pause_for_readers(s, PAUSED))
			s->wake = stamp_now().mono;
		break;
	case RTNL_LOST:
		/* Another one may have the same number. */
		if (rtnetlink_fd(s->rtnetlink) == -1)
			ev_io_stop(s->loop, &s->feed);
		if (s->phase == FAILED)
			settle(s);
		else
			resync(s);
		break;
	default:
		s->patience = PATIENCE;
		settle(s);
		if (s->phase != REREADING)
			tell_disputes(s);
	}
}

/* Nothing of this namespace is unsettled while others have their turn. */
HOT static void
end_turn(struct namespace *s)
{
	repair(s);
	tape_settle(&s->tape);
	set_timer(s);
}

HOT static void
feed_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct namespace *s = w->data;

	(void)loop;
	(void)events;
	read_feed(s);
	end_turn(s);
}

static void
ethtool_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct namespace *s = w->data;

	(void)loop;
	(void)events;
	ethtool_read(&s->ethtool);
	end_turn(s);
}

static void
packet_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct namespace *s = w->data;

	(void)loop;
	(void)events;
	packet_source_read(&s->packets[w - s->packet_io], &s->tape);
	read_feed(s);
	end_turn(s);
}

static void
audit_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct namespace *s = w->data;

	(void)loop;
	(void)events;
	audit_source_read(s->audit, &s->tape);
	if (s->audit->fd == -1)
		ev_io_stop(s->loop, &s->audit_io);
	end_turn(s);
}

/* What was waited for is over. */
static void
go_on(struct namespace *s)
{
	switch (s->phase) {
	case READING:
		break;
	case PAUSED:
		if (!pause_for_readers(s, PAUSED))
			enter(s, READING, 0);
		break;
	case REREADING:
		reread(s);
		break;
	default:
		resync(s);
	}
}

/* Nothing is known to be missing, but who knows. */
static void
reconcile(struct namespace *s, uint64_t now)
{
	if (s->due == 0 || s->due > now)
		return;
	s->due = now + s->period;
	if (s->phase == READING)
		resync(s);
}

static void
time_over(struct ev_loop *loop, ev_timer *w, int events)
{
	struct namespace *s = w->data;
	struct stamp now = stamp_now();

	(void)loop;
	(void)events;
	if (s->wake != 0 && s->wake <= now.mono) {
		s->wake = 0;
		go_on(s);
	}
	/* It may have ended what was waited for; when we were late, before. */
	read_feed(s);
	now = stamp_now();
	tape_tick(&s->tape, &now);
	if (s->phase != REREADING)
		settle(s);
	reconcile(s, now.mono);
	end_turn(s);
}

void
namespace_start(struct namespace *s, struct ev_loop *loop)
{
	int i;

	if (!namespace_is_open(s))
		return;
	s->loop = loop;
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
	if (s->audit != NULL && s->audit->fd != -1) {
		ev_io_init(&s->audit_io, audit_ready, s->audit->fd, EV_READ);
		s->audit_io.data = s;
		ev_io_start(loop, &s->audit_io);
	}
	watch(s);
	if (s->period != 0)
		s->due = stamp_now().mono + s->period;
	set_timer(s);
}

/* What it said before it went. */
static void
read_rest(struct namespace *s)
{
	enum rtnl_progress got = RTNL_MORE;
	int i;

	if (!namespace_is_open(s) || rtnetlink_fd(s->rtnetlink) == -1)
		return;
	for (i = 0; i < PACKET_KINDS; i++)
		packet_source_read(&s->packets[i], &s->tape);
	for (i = 0; got == RTNL_MORE && i < LAST_TURNS; i++)
		got = rtnetlink_read(s->rtnetlink);
	if (got == RTNL_MORE)
		rtnetlink_lose(s->rtnetlink, KEV_SOURCE_LOST);
	tape_settle(&s->tape);
	tell_disputes(s);
}

void
namespace_end(struct namespace *s)
{
	struct stamp now;

	read_rest(s);
	now = stamp_now();
	tape_begin(&s->tape, PART_ALL, &now);
	(void)tape_end(&s->tape, &now, SIZE_MAX);
	tape_settle(&s->tape);
	/* Perhaps it is only its socket that went, unlike what is published. */
	rtnetlink_give_up(s->rtnetlink);
}

const struct source_stats *
namespace_stats(const struct namespace *s, size_t n)
{
	if (n == 0)
		return rtnetlink_stats(s->rtnetlink);
	if (n == 1)
		return &s->ethtool.stats;
	if (n < 2 + PACKET_KINDS)
		return &s->packets[n - 2].stats;
	return n == 2 + PACKET_KINDS && s->audit != NULL ? &s->audit->stats :
	    NULL;
}

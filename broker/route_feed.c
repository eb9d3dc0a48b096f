#include "config.h"

#include "route_feed.h"

#include "format.h"
#include "kame.h"
#include "log.h"
#include "probes.h"
#include "tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Messages read before others have their turn. */
#define TURN 256
/* Changes of a resync handed over at a time. */
#define PIECE 256
/* So often all is read again for nothing, because there were news meanwhile. */
#define QUIET_TRIES 10
/* The length of a message has 16 bits. */
#define MESSAGE_MAX 65536

#define PARTS_LINK (PART_LINK | PART_ADDR4 | PART_ADDR6)
#define PARTS_ROUTE (PART_ROUTE4 | PART_ROUTE6 | PART_NEIGH)

struct route_feed {
	struct tape *tape;
	const char *os;
	const struct route_calls *calls;
	void *arg;
	struct source_stats stats, in6_stats;
	enum kev_cause lost;	/* why a resync is due, or 0 */
	bool resyncing;		/* "dump" is being handed over */
	bool dumping;		/* what is decoded is out of a dump */
	bool lists;		/* the list of routers is to follow it */
	bool faulty;		/* not all of it could be understood */
	int disturbed;		/* times that there were news meanwhile */
	unsigned wants;
	struct buf dump;
	size_t handed_over;	/* bytes of it */
	struct probes probes;
	struct stamp now;	/* when what is told was read */
	struct log_limit malformed, failed;
};

/* What was read last, of any. */
static uint8_t received[MESSAGE_MAX];

struct route_feed *
route_feed_new(struct tape *tape, const char *os,
    const struct route_calls *calls, void *arg)
{
	struct route_feed *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->tape = tape;
	f->os = os;
	f->calls = calls;
	f->arg = arg;
	source_stats_init(&f->stats, format_route.name, NULL);
	source_stats_init(&f->in6_stats, format_in6.name, NULL);
	return f;
}

void
route_feed_free(struct route_feed *f)
{
	if (f == NULL)
		return;
	probes_fini(&f->probes);
	buf_fini(&f->dump);
	free(f);
}

const struct source_stats *
route_feed_stats(const struct route_feed *f, size_t n)
{
	return n == 0 ? &f->stats :
	    n == 1 && f->calls->in6 != NULL ? &f->in6_stats : NULL;
}

void
route_feed_lose(struct route_feed *f, enum kev_cause cause)
{
	if (f->lost != KEV_KERNEL_OVERRUN)
		f->lost = cause;
}

unsigned
route_feed_wants(struct route_feed *f)
{
	unsigned wants = f->wants;

	f->wants = 0;
	return wants;
}

/* --- what the kernel must be asked --- */

/* As if it were a message. */
static void
tell_in6(struct route_feed *f, const struct in6_answer *answer)
{
	uint8_t bytes[IN6_SIZE];
	const struct message m = { .source = f->in6_stats.name,
	    .bytes = bytes, .len = sizeof bytes };
	enum message_found found;
	struct change c;

	in6_put(answer, bytes);
	found = in6_decode(&m, &c);
	source_stats_count(&f->in6_stats, found);
	tape_message(f->tape, &m, found, &c, &f->now);
	if (found == MESSAGE_CHANGE)
		tape_apply(f->tape, &c, &f->now);
}

/* HAS: what of the answer counts. */
static void
ask(struct route_feed *f, struct probe *p, uint8_t has)
{
	struct in6_answer *a = &p->about;
	const uint32_t ifindex = a->ifindex;
	const struct kev_ip address = a->address;
	int error;

	a->has = 0;
	a->flags = a->valid = a->preferred = 0;
	a->ifname = state_ifname(f->tape->state, ifindex);
	error = a->ifname != NULL ? f->calls->in6(f->arg, a) : -ENXIO;
	if (error == -EADDRNOTAVAIL || error == -ENXIO) {
		probes_forget(&f->probes, ifindex, &address);
		return;
	}
	if (error != 0)
		log_limited(&f->failed, "in6: %s: %s", a->ifname,
		    strerror(-error));
	probes_answered(p, error == 0, f->now.mono);
	a->has &= has;
	if (a->has != 0)
		tell_in6(f, a);
}

static bool
is_asked(const struct route_feed *f, const struct change *c)
{
	return f->calls->in6 != NULL && c->type == CHANGE_ADDR &&
	    c->addr.family == KEV_INET6 && c->ifindex != 0;
}

/*
 * Where a message does not tell what has become of an address, that is known
 * before it, so that an address is added as what it is. Where it does, it is
 * right: the answer may be that of a moment later.
 */
static void
ask_before(struct route_feed *f, const struct change *c)
{
	struct probe *p;

	if (!is_asked(f, c))
		return;
	p = probes_put(&f->probes, c->ifindex, &c->addr);
	if (p != NULL && (c->addr.has & KEV_BIT(STATUS)) == 0)
		ask(f, p, IN6_HAS_FLAGS | IN6_HAS_LIFETIMES);
}

static void
ask_after(struct route_feed *f, const struct change *c)
{
	struct probe *p;

	if (!is_asked(f, c) || (c->addr.has & KEV_BIT(STATUS)) == 0)
		return;
	p = probes_put(&f->probes, c->ifindex, &c->addr);
	if (p != NULL)
		ask(f, p, IN6_HAS_LIFETIMES);
}

/* When the lifetimes of default routers end. */
static void
tell_routers(struct route_feed *f)
{
	struct buf list = BUF_INIT;
	struct in6_answer a;
	size_t at;
	int error;

	if (f->calls->routers == NULL)
		return;
	error = f->calls->routers(f->arg, &list);
	if (error == 0 && list.failed)
		error = -ENOMEM;
	/* Then it is another list than we know. */
	if (error == 0 && list.len % IN6_ROUTER_SIZE != 0)
		error = -EBADMSG;
	if (error != 0) {
		log_limited(&f->failed, "in6: default routers: %s",
		    strerror(-error));
		buf_clear(&list);
	}
	for (at = 0; at < list.len; at += IN6_ROUTER_SIZE) {
		/* None may go before its end: rather a second early. */
		in6_router((const uint8_t *)list.data + at,
		    (int64_t)(f->now.time / 1000000 + 1), &a);
		tell_in6(f, &a);
	}
	buf_fini(&list);
}

/* What follows from a change for what is asked, and when. */
static void
heed_change(struct route_feed *f, const struct change *c)
{
	switch (c->type) {
	case CHANGE_LINK:
		probes_touch(&f->probes, c->ifindex, f->now.mono);
		break;
	case CHANGE_LINK_GONE:
		/* With another name it has what it had. */
		if (c->link.renames)
			probes_touch(&f->probes, c->ifindex, f->now.mono);
		else
			probes_forget(&f->probes, c->ifindex, NULL);
		break;
	case CHANGE_ADDR:
		/* An interface may be up by that, and another address of it
		 * gone. */
		if (!f->dumping)
			f->wants |= PARTS_LINK;
		break;
	case CHANGE_ADDR_GONE:
		probes_forget(&f->probes, c->ifindex, &c->addr.address);
		break;
	case CHANGE_ROUTER:
	case CHANGE_ROUTER_GONE:
		if (c->router.router.family == KEV_INET6)
			probes_touch(&f->probes, c->ifindex, f->now.mono);
		if (c->router.router.family == KEV_INET6 && !f->dumping &&
		    c->type == CHANGE_ROUTER)
			tell_routers(f);
		/* NetBSD does not tell where it leads, unless it is asked. */
		if (c->ifindex == 0 && !f->dumping)
			f->wants |= PARTS_ROUTE;
		break;
	default:
		break;
	}
}

uint64_t
route_feed_deadline(const struct route_feed *f)
{
	return probes_deadline(&f->probes);
}

void
route_feed_tick(struct route_feed *f, const struct stamp *now)
{
	struct probe *p;

	f->now = *now;
	while ((p = probes_due(&f->probes, f->now.mono)) != NULL)
		ask(f, p, IN6_HAS_FLAGS | IN6_HAS_LIFETIMES);
}

/* --- what the kernel says --- */

/* What is no change may say that one is missing. */
static void
heed_rest(struct route_feed *f, const struct message *m,
    enum message_found found)
{
	if (found == MESSAGE_MALFORMED) {
		log_limited(&f->malformed, "route: malformed message%s%s: %s",
		    m->name != NULL ? " of type " : "", m->name != NULL ?
		    m->name : "", m->fault != NULL ? m->fault : "");
		if (f->dumping)
			f->faulty = true;
		else
			route_feed_lose(f, KEV_SOURCE_LOST);
	} else if (m->name != NULL && strcmp(m->name, "desync") == 0) {
		f->stats.overruns++;
		route_feed_lose(f, KEV_KERNEL_OVERRUN);
	}
}

static void
take(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct route_feed *f = arg;

	if (!m->more)
		source_stats_count(&f->stats, found);
	if (found == MESSAGE_CHANGE)
		ask_before(f, c);
	tape_message(f->tape, m, found, c, &f->now);
	if (found != MESSAGE_CHANGE) {
		heed_rest(f, m, found);
		return;
	}
	tape_apply(f->tape, c, &f->now);
	ask_after(f, c);
	heed_change(f, c);
}

static void
decode(struct route_feed *f, const void *bytes, size_t len)
{
	const struct message m = { .source = f->stats.name, .os = f->os,
	    .abi = "lp64le", .bytes = bytes, .len = len };

	format_route.decode(NULL, &m, take, f);
}

enum route_progress
route_feed_read(struct route_feed *f)
{
	int i, lacks = 0;
	bool cut;
	ssize_t n;

	for (i = 0; i < TURN; i++) {
		cut = false;
		n = f->calls->receive(f->arg, received, sizeof received, &cut);
		if (n == -EAGAIN || n == -EWOULDBLOCK)
			return f->lost != 0 ? ROUTE_LOST : ROUTE_FINISHED;
		if (n == -EINTR)
			continue;
		if (n < 0 && n != -ENOBUFS && n != -ENOMEM) {
			log_limited(&f->failed, "route: receive: %s",
			    strerror((int)-n));
			route_feed_lose(f, KEV_SOURCE_LOST);
			return ROUTE_BROKEN;
		}
		if (n < 0 || cut) {
			f->stats.overruns++;
			lacks += n < 0;
			route_feed_lose(f, KEV_KERNEL_OVERRUN);
			continue;
		}
		f->now = stamp_now();
		decode(f, received, (size_t)n);
	}
	/* There is no memory for it at all, and nobody knows how long. */
	return lacks == TURN ? ROUTE_BROKEN : ROUTE_MORE;
}

/* --- dumps --- */

/* Into memory: only what is whole is handed over. */
static int
fetch(struct route_feed *f, unsigned parts)
{
	int error;

	buf_clear(&f->dump);
	error = f->calls->dump(f->arg, parts, &f->dump);
	if (error == 0 && f->dump.failed)
		error = -ENOMEM;
	f->handed_over = 0;
	if (error == 0)
		return 0;
	log_limited(&f->failed, "route: dump: %s", strerror(-error));
	buf_fini(&f->dump);
	return error;
}

/* What one message at AT has of LEFT bytes; without an end it has the rest. */
static size_t
message_size(const uint8_t *at, size_t left)
{
	size_t size = left >= 4 ? kame_u16(at) : left;

	return size < 4 || size > left ? left : size;
}

/* Of interfaces and addresses there are dumps together only. */
static unsigned
whole_parts(unsigned parts)
{
	return (parts & PARTS_LINK ? PARTS_LINK : 0) |
	    (parts & PARTS_ROUTE ? PARTS_ROUTE : 0);
}

static void
begin(struct route_feed *f, unsigned parts)
{
	f->now = stamp_now();
	f->faulty = false;
	f->lists = (parts & PART_ROUTE6) != 0;
	if (parts & PART_ADDR6)
		probes_clear(&f->probes);
	tape_begin(f->tape, parts, &f->now);
}

/* Hands over at most LIMIT changes. False: there are more. */
static bool
hand_over(struct route_feed *f, size_t limit)
{
	const uint8_t *at;
	uint64_t decoded;
	size_t size;

	f->now = stamp_now();
	f->dumping = true;
	while (limit > 0 && f->handed_over < f->dump.len) {
		at = (const uint8_t *)f->dump.data + f->handed_over;
		size = message_size(at, f->dump.len - f->handed_over);
		decoded = f->stats.decoded;
		decode(f, at, size);
		limit -= f->stats.decoded - decoded;
		f->handed_over += size;
	}
	f->dumping = false;
	if (limit == 0)
		return false;
	if (f->lists)
		tell_routers(f);
	f->lists = false;
	/* From what could not be understood nothing follows. */
	if (f->faulty)
		tape_cancel(f->tape, &f->now);
	else if (!tape_end(f->tape, &f->now, limit))
		return false;
	buf_fini(&f->dump);
	return true;
}

int
route_feed_dump(struct route_feed *f, unsigned parts)
{
	int error;

	parts = whole_parts(parts);
	error = fetch(f, parts);
	if (error != 0) {
		route_feed_lose(f, KEV_SOURCE_LOST);
		return error;
	}
	begin(f, parts);
	(void)hand_over(f, SIZE_MAX);
	return 0;
}

/* Nothing is missing any more; nothing was, if there was no reason for it. */
static void
tell_gap(struct route_feed *f)
{
	struct stamp now = stamp_now();

	tape_settle(f->tape);
	if (f->lost == 0 && state_corrections(f->tape->state) > 0)
		f->lost = KEV_KERNEL_OVERRUN;
	if (f->lost != 0)
		tape_gap(f->tape, f->lost, 0, &now);
	f->lost = 0;
}

/* All is in memory. False: to be tried again. */
static bool
fetch_all(struct route_feed *f)
{
	if (fetch(f, PART_ALL) != 0) {
		route_feed_lose(f, KEV_SOURCE_LOST);
		return false;
	}
	/* After a loss there is no telling, nor if it never is quiet. */
	if (f->lost == 0 && f->calls->has_news(f->arg) &&
	    f->disturbed++ < QUIET_TRIES) {
		buf_fini(&f->dump);
		return false;
	}
	f->disturbed = 0;
	return true;
}

enum route_progress
route_feed_resync(struct route_feed *f)
{
	if (!f->resyncing) {
		if (!fetch_all(f))
			return ROUTE_LOST;
		begin(f, PART_ALL);
		f->resyncing = true;
	}
	if (!hand_over(f, PIECE))
		return ROUTE_MORE;
	f->resyncing = false;
	/* What was lost is as missing as before, and another dump may tell. */
	if (f->faulty && f->lost != 0)
		return ROUTE_LOST;
	/* So is what found no place. */
	if (state_starved(f->tape->state)) {
		route_feed_lose(f, KEV_SOURCE_LOST);
		return ROUTE_LOST;
	}
	f->stats.resyncs++;
	f->wants = 0;
	tell_gap(f);
	return ROUTE_FINISHED;
}

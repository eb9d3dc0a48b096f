#include "config.h"

#include "hub.h"

#include "buf.h"
#include "byname.h"
#include "event.h"
#include "hot.h"
#include "pattern.h"
#include "telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who takes less bytes than that in so many looks of hub_crowded is stuck. */
#define PROGRESS 4096
#define LOOKS 100

/* What there is of an interest's stream. */
enum owing {
	OWES_NOTHING,
	OWES_NEW,		/* has something to flush */
	OWES_OLD		/* somebody did not take all of it */
};

struct interest {
	TAILQ_ENTRY(interest) entry;
	TAILQ_ENTRY(interest) owing_entry;
	LIST_HEAD(, subscriber) members;
	struct kev_filter filter;
	struct stream stream;
	struct byname_entry *names;	/* those of "ifnames", if it is found
					 * by them; else NULL */
	enum owing owes;
	bool plain;		/* the topic alone decides */
};

TAILQ_HEAD(owing_list, interest);

/* Those who want a topic, but for those that are found by name. */
struct wanting {
	struct interest **v;
	size_t n, cap;
};

struct hub {
	struct hub_config config;
	char run[KEV_RUNLEN + 1];
	uint64_t seq;
	bool publishing;	/* the last event is not yet in the streams */
	uint64_t missing;	/* the last one that found no place in the log */
	uint64_t events[KEV_TOPICS];
	struct history log;
	struct buf line;
	struct wanting wanting[KEV_TOPICS];
	struct byname names;
	TAILQ_HEAD(, interest) interests;
	struct owing_list dirty;	/* OWES_NEW */
	struct owing_list owing;	/* OWES_OLD */
	struct telling_list told;
};

struct hub *
hub_new(const struct hub_config *config)
{
	struct hub *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->config = *config;
	TAILQ_INIT(&h->interests);
	TAILQ_INIT(&h->dirty);
	TAILQ_INIT(&h->owing);
	LIST_INIT(&h->told);
	if (history_init(&h->log, config->history, config->queue) != 0) {
		free(h);
		return NULL;
	}
	snprintf(h->run, sizeof h->run, "%08x%08x", arc4random(),
	    arc4random());
	return h;
}

static void
set_owes(struct hub *h, struct interest *in, enum owing owes)
{
	if (in->owes == owes)
		return;
	if (in->owes != OWES_NOTHING)
		TAILQ_REMOVE(in->owes == OWES_NEW ? &h->dirty : &h->owing, in,
		    owing_entry);
	if (owes != OWES_NOTHING)
		TAILQ_INSERT_TAIL(owes == OWES_NEW ? &h->dirty : &h->owing, in,
		    owing_entry);
	in->owes = owes;
}

/* So many of its names are in the table. */
static void
free_names(struct hub *h, struct interest *in, size_t n)
{
	while (n > 0)
		byname_remove(&h->names, &in->names[--n]);
	free(in->names);
	in->names = NULL;
}

static void
interest_free(struct hub *h, struct interest *in)
{
	struct wanting *w;
	size_t i;
	int t;

	if (in->names != NULL)
		free_names(h, in, in->filter.ifnames.n);
	for (t = 0; t < KEV_TOPICS; t++) {
		w = &h->wanting[t];
		for (i = 0; i < w->n; i++) {
			if (w->v[i] != in)
				continue;
			w->v[i] = w->v[--w->n];
			break;
		}
	}
	TAILQ_REMOVE(&h->interests, in, entry);
	set_owes(h, in, OWES_NOTHING);
	stream_fini(&in->stream);
	kev_filter_fini(&in->filter);
	free(in);
}

void
hub_free(struct hub *h)
{
	struct interest *in;
	int t;

	if (h == NULL)
		return;
	while ((in = TAILQ_FIRST(&h->interests)) != NULL)
		interest_free(h, in);
	for (t = 0; t < KEV_TOPICS; t++)
		free(h->wanting[t].v);
	byname_fini(&h->names);
	history_fini(&h->log);
	buf_fini(&h->line);
	free(h);
}

const char *
hub_run(const struct hub *h)
{
	return h->run;
}

uint64_t
hub_seq(const struct hub *h)
{
	return h->seq;
}

uint64_t
hub_events(const struct hub *h, enum kev_topic t)
{
	return h->events[t];
}

HOT struct history *
hub_history(struct hub *h)
{
	return &h->log;
}

const struct kev_filter *
hub_filter(const struct subscriber *s)
{
	return s->interest != NULL ? &s->interest->filter : NULL;
}

/*
 * Too far behind: what it is owed is lost, and so is what comes until it is
 * told so; its queue has no stream as long.
 */
static void
fall_behind(struct hub *h, struct subscriber *s)
{
	struct stream *stream = &s->interest->stream;
	uint64_t lost, first;

	lost = outq_drop(&s->q, &h->log, &first);
	s->q.stream = NULL;
	s->sent += stream->events - s->mark - lost;
	s->lost += lost;
	s->mark = stream->events;
	s->gap_lost = lost;
	s->gap_first = first;
	s->behind = true;
}

/*
 * What it asked for is no backlog: a present larger than the limit would else
 * end in a gap and the present again, for ever. Nor is there anything to lose
 * in a line that was begun.
 */
static bool
is_over(const struct hub *h, const struct subscriber *s)
{
	return outq_backlog(&s->q) > h->config.queue &&
	    outq_lines(&s->q, &h->log) > 0;
}

static void
flush_interest(struct hub *h, struct interest *in)
{
	struct subscriber *s;

	LIST_FOREACH(s, &in->members, entry) {
		if (!s->blocked)
			h->config.flush(s);
	}
}

/* After that: who did not take all, and is that too much? */
static void
look_after(struct hub *h, struct interest *in)
{
	bool all = true;
	struct subscriber *s;

	LIST_FOREACH(s, &in->members, entry) {
		if (is_over(h, s))
			fall_behind(h, s);
		if (outq_behind(&s->q) > 0)
			all = false;
	}
	if (all)
		stream_clear(&in->stream);
	set_owes(h, in, all ? OWES_NOTHING : OWES_OLD);
}

HOT void
hub_flush(struct hub *h)
{
	struct interest *in;

	TAILQ_FOREACH(in, &h->dirty, owing_entry)
		flush_interest(h, in);
	h->config.flush_end(h->config.source);
	while ((in = TAILQ_FIRST(&h->dirty)) != NULL)
		look_after(h, in);
	history_prepare(&h->log);
}

/*
 * Makes room for a line of LEN bytes. Whoever is owed what must go for that,
 * and not for too much, gets a copy of it, or falls behind if that is too much.
 */
static bool
make_room(struct hub *h, size_t len)
{
	size_t lacks = history_lacks(&h->log, len);
	struct interest *in;
	struct subscriber *s;
	uint64_t pos, i, end;

	if (lacks == 0)
		return true;
	hub_flush(h);
	i = history_from(&h->log, h->log.tail + lacks);
	pos = i < h->log.end ? history_line(&h->log, i, &end).pos : h->log.head;
	telling_keep(&h->told, i);
	TAILQ_FOREACH(in, &h->owing, owing_entry) {
		LIST_FOREACH(s, &in->members, entry) {
			if (outq_behind(&s->q) == 0 ||
			    stream_pos(&in->stream, s->q.at) >= pos)
				continue;
			/* What is held comes after what is not yet told. */
			if (!s->q.held && h->config.affords(s))
				outq_spill(&s->q, &h->log);
			else
				fall_behind(h, s);
		}
		stream_forget(&in->stream, pos);
	}
	history_forget(&h->log, pos, history_has_lent(&h->log) &&
	    h->config.in_flight(h->config.source, pos));
	return history_lacks(&h->log, len) == 0 || history_grow(&h->log, len);
}

/* The event as a line in the log, or false: no memory. */
HOT static bool
encode(struct hub *h, const struct kev_event *ev)
{
	buf_clear(&h->line);
	kev_event_put(&h->line, ev);
	return !h->line.failed && make_room(h, h->line.len) &&
	    history_add(&h->log, ev->seq, ev->topic, h->line.data, h->line.len);
}

/* An event on its way. */
struct offer {
	const struct kev_event *ev;
	bool tried;		/* to encode it */
	bool encoded;		/* it is the last line of the log */
};

static void
offer_encode(struct hub *h, struct offer *o)
{
	if (!o->tried)
		o->encoded = encode(h, o->ev);
	o->tried = true;
}

HOT static void
push(struct hub *h, struct interest *in, struct offer *o)
{
	struct subscriber *s;

	offer_encode(h, o);
	set_owes(h, in, OWES_NEW);
	if (o->encoded && outq_push(&in->stream, o->ev->seq,
	    h->log.head - h->line.len, h->line.len))
		return;
	/* Without memory an event is lost, but not in silence. */
	LIST_FOREACH(s, &in->members, entry) {
		if (s->behind)
			continue;
		fall_behind(h, s);
		if (s->gap_first == 0)
			s->gap_first = o->ev->seq;
	}
	in->stream.events++;
	in->stream.last = o->ev->seq;
}

/* To those who are found by this name, unless another name told them. */
static void
offer_named(struct hub *h, const char *name, struct offer *o)
{
	struct byname_entry *e;
	struct interest *in;

	if (name == NULL)
		return;
	for (e = byname_first(&h->names, name); e != NULL;
	    e = byname_next(e)) {
		in = e->owner;
		if ((in->filter.topics & UINT64_C(1) << o->ev->topic) != 0 &&
		    in->stream.last != o->ev->seq &&
		    kev_filter_fits(&in->filter, o->ev))
			push(h, in, o);
	}
}

/* By every name that an event may fit by; see kev_filter_fits. */
static void
offer_by_names(struct hub *h, struct offer *o)
{
	const struct kev_event *ev = o->ev;
	const struct kev_note *note = (const struct kev_note *)ev->data;
	const struct kev_note *old = (const struct kev_note *)ev->prev;
	const char *name;

	offer_named(h, ev->ifname, o);
	if (ev->topic == KEV_T_INTERFACE_RENAME && old != NULL)
		offer_named(h, old->ifname, o);
	if (ev->topic != KEV_T_NETWORK_CHANGED || note == NULL)
		return;
	for (name = note->interfaces.buf; name != NULL &&
	    name < note->interfaces.buf + note->interfaces.len;
	    name += strlen(name) + 1)
		offer_named(h, name, o);
}

HOT void
hub_publish(struct hub *h, struct kev_event *ev)
{
	struct wanting *w = &h->wanting[ev->topic];
	struct offer o = { .ev = ev };
	struct interest *in;
	size_t i;

	ev->seq = ++h->seq;
	ev->run = h->run;
	h->events[ev->topic]++;
	h->publishing = true;
	if (h->config.history > 0) {
		offer_encode(h, &o);
		if (!o.encoded)
			h->missing = ev->seq;
	}
	for (i = 0; i < w->n; i++) {
		in = w->v[i];
		if (in->plain || kev_filter_fits(&in->filter, ev))
			push(h, in, &o);
	}
	if (h->names.n > 0 && (KEV_TOPIC_KEV & UINT64_C(1) << ev->topic) == 0)
		offer_by_names(h, &o);
	h->publishing = false;
}

bool
hub_may_tell(const struct hub *h)
{
	return !h->publishing;
}

static bool
add_wanting(struct wanting *w, struct interest *in)
{
	size_t cap = w->cap > 0 ? w->cap * 2 : 4;
	struct interest **v;

	if (w->n == w->cap) {
		v = realloc(w->v, cap * sizeof *v);
		if (v == NULL)
			return false;
		w->v = v;
		w->cap = cap;
	}
	w->v[w->n++] = in;
	return true;
}

/* A filter for names without wildcards is found by them. */
static bool
add_names(struct hub *h, struct interest *in)
{
	const struct kev_names *names = &in->filter.ifnames;
	const char *name = names->buf;
	size_t i;

	for (i = 0; i < names->n; i++, name += strlen(name) + 1) {
		if (strpbrk(name, KEV_GLOB_CHARS) != NULL)
			return true;
	}
	if (names->n == 0)
		return true;
	in->names = calloc(names->n, sizeof *in->names);
	if (in->names == NULL)
		return false;
	for (i = 0, name = names->buf; i < names->n; i++) {
		in->names[i].name = name;
		in->names[i].owner = in;
		name += strlen(name) + 1;
		if (byname_add(&h->names, &in->names[i]))
			continue;
		free_names(h, in, i);
		return false;
	}
	return true;
}

static bool
add_interest(struct hub *h, struct interest *in)
{
	uint64_t topics = in->filter.topics;
	int t;

	if (!add_names(h, in))
		return false;
	/* kev/ is for all, whatever names they want. */
	if (in->names != NULL)
		topics &= KEV_TOPIC_KEV;
	for (t = 0; t < KEV_TOPICS; t++) {
		if ((topics & UINT64_C(1) << t) != 0 &&
		    !add_wanting(&h->wanting[t], in))
			return false;
	}
	return true;
}

/* The interest in F, which is moved. */
static struct interest *
find_interest(struct hub *h, struct kev_filter *f)
{
	struct interest *in;

	TAILQ_FOREACH(in, &h->interests, entry) {
		if (!kev_filter_same(&in->filter, f))
			continue;
		kev_filter_fini(f);
		return in;
	}
	in = calloc(1, sizeof *in);
	if (in == NULL) {
		kev_filter_fini(f);
		return NULL;
	}
	in->filter = *f;
	memset(f, 0, sizeof *f);
	in->plain = kev_filter_plain(&in->filter);
	LIST_INIT(&in->members);
	TAILQ_INSERT_TAIL(&h->interests, in, entry);
	if (add_interest(h, in))
		return in;
	interest_free(h, in);
	return NULL;
}

bool
hub_subscribe(struct hub *h, struct subscriber *s, struct kev_filter *f)
{
	struct interest *in;

	hub_unsubscribe(h, s);
	f->topics |= KEV_TOPIC_KEV;
	in = find_interest(h, f);
	if (in == NULL)
		return false;
	s->interest = in;
	s->mark = in->stream.events;
	outq_join(&s->q, &h->log, &in->stream);
	LIST_INSERT_HEAD(&in->members, s, entry);
	return true;
}

struct buf *
hub_say(struct hub *h, struct subscriber *s)
{
	if (s->telling != NULL)
		return telling_last(s->telling);
	outq_spill(&s->q, &h->log);
	return &s->q.own;
}

bool
hub_reaches(const struct hub *h, uint64_t seq)
{
	const struct history *log = &h->log;
	uint64_t i = history_kept(log), end;

	if (seq >= h->seq || h->config.history == 0)
		return seq == h->seq;
	return seq >= h->missing && i < log->end &&
	    history_line(log, i, &end).seq <= seq + 1;
}

/*
 * Tells what it lost while it was behind, which it is no longer. The line is
 * for it alone, and has the number of the last event.
 */
static void
say_gap(struct hub *h, struct subscriber *s, bool resynced)
{
	const struct stream *stream = &s->interest->stream;
	struct stamp now = h->config.now(h->config.source);
	struct kev_note note = {
		.has = KEV_BIT(CAUSE) | KEV_BIT(RESYNCED) | (s->vague ? 0 :
		    KEV_BIT(LOST) | KEV_BIT(FIRST) | KEV_BIT(LAST)),
		.cause = KEV_SLOW_READER, .resynced = resynced,
		.lost = s->gap_lost + (stream->events - s->mark),
		.first = s->gap_first, .last = stream->last,
	};
	struct kev_event ev = {
		.topic = KEV_T_KEV_GAP, .origin = KEV_BY_RESYNC,
		.time = now.time, .mono = now.mono, .seq = h->seq,
		.run = h->run, .data = (const struct kev_object *)&note,
	};

	s->lost += stream->events - s->mark;
	s->mark = stream->events;
	s->behind = s->vague = false;
	kev_event_put(hub_say(h, s), &ev);
}

static void
end_telling(struct subscriber *s)
{
	telling_free(s->telling);
	s->telling = NULL;
	s->q.held = false;
}

void
hub_unsubscribe(struct hub *h, struct subscriber *s)
{
	struct interest *in = s->interest;

	if (in == NULL)
		return;
	end_telling(s);
	/* What it lost of this interest is told before it has another. */
	if (s->behind)
		say_gap(h, s, false);
	s->sent += in->stream.events - s->mark;
	outq_join(&s->q, &h->log, NULL);
	s->interest = NULL;
	LIST_REMOVE(s, entry);
	if (LIST_EMPTY(&in->members))
		interest_free(h, in);
}

/* NULL: no memory, and it is lost. */
static struct telling *
get_telling(struct hub *h, struct subscriber *s)
{
	const struct telling_config config = {
		.log = &h->log, .filter = &s->interest->filter, .run = h->run,
		.seq = h->seq, .now = h->config.now(h->config.source),
		.affords = h->config.affords, .subscriber = s,
		.list = &h->told,
	};

	if (s->telling != NULL)
		return s->telling;
	s->telling = telling_new(&config);
	s->q.held = s->telling != NULL;
	s->q.own.failed |= s->telling == NULL;
	return s->telling;
}

void
hub_tell_after(struct hub *h, struct subscriber *s, uint64_t seq)
{
	struct telling *t = get_telling(h, s);

	if (t != NULL)
		telling_after(t, seq);
}

void
hub_tell_present(struct hub *h, struct subscriber *s)
{
	struct telling *t = get_telling(h, s);
	struct present *present;

	if (t == NULL)
		return;
	present = h->config.present(h->config.source, telling_made(t),
	    telling_publish, t);
	s->q.own.failed |= present == NULL;
	telling_present(t, present);
}

bool
hub_go_on(struct hub *h, struct subscriber *s)
{
	struct telling *t = s->telling;

	if (t == NULL)
		return false;
	if (!telling_go_on(t, &s->q.own, &s->sent))
		return true;
	if (telling_is_broken(t)) {
		if (!s->behind)
			fall_behind(h, s);
		s->vague = true;
	}
	end_telling(s);
	return false;
}

HOT bool
hub_catch_up(struct hub *h, struct subscriber *s)
{
	if (!s->behind || s->telling != NULL || !hub_may_tell(h))
		return false;
	outq_join(&s->q, &h->log, &s->interest->stream);
	say_gap(h, s, true);
	hub_tell_present(h, s);
	return true;
}

bool
hub_crowded(struct hub *h)
{
	struct interest *in;
	struct subscriber *s;
	bool crowded = false;

	TAILQ_FOREACH(in, &h->owing, owing_entry) {
		LIST_FOREACH(s, &in->members, entry) {
			if (outq_behind(&s->q) <= h->config.queue / 4)
				continue;
			if (s->q.sent - s->taken >= PROGRESS) {
				s->taken = s->q.sent;
				s->stalls = 0;
			}
			if (s->stalls == LOOKS)
				continue;
			s->stalls++;
			crowded = true;
		}
	}
	return crowded;
}

uint64_t
hub_sent(const struct hub *h, const struct subscriber *s)
{
	if (s->interest == NULL || s->behind)
		return s->sent;
	return s->sent + s->interest->stream.events - s->mark -
	    outq_lines(&s->q, &h->log);
}

uint64_t
hub_queued(const struct subscriber *s)
{
	return outq_pending(&s->q) +
	    (s->telling != NULL ? telling_bytes(s->telling) : 0);
}

HOT size_t
hub_unread(const struct subscriber *s)
{
	return s->q.own.len +
	    (s->telling != NULL ? telling_bytes(s->telling) : 0);
}

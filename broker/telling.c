#include "config.h"

#include "telling.h"

#include "event.h"

#include <stdlib.h>
#include <string.h>

/*
 * A piece: so many things of the present; of the past so many lines, fewer if
 * each must be parsed. That is some tenths of a millisecond.
 */
#define THINGS 64
#define LINES 128
#define PARSED 32

struct telling {
	LIST_ENTRY(telling) entry;
	struct telling_config c;
	uint64_t line, end;	/* lines of the log not yet copied */
	struct buf past;	/* those that are: an entry, with the length... */
	size_t past_at;		/* ...as pos, then the line; said up to here */
	struct present *present;
	struct buf early;	/* of the present, told before its time */
	struct buf *out;	/* where it is told to now */
	struct buf last;
	bool broken;
};

struct telling *
telling_new(const struct telling_config *config)
{
	struct telling *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->c = *config;
	t->out = &t->early;
	LIST_INSERT_HEAD(config->list, t, entry);
	return t;
}

static void
forget(struct telling *t)
{
	buf_fini(&t->past);
	buf_fini(&t->early);
	t->past_at = 0;
	t->line = t->end;
}

void
telling_free(struct telling *t)
{
	if (t == NULL)
		return;
	LIST_REMOVE(t, entry);
	present_free(t->present);
	forget(t);
	buf_fini(&t->last);
	free(t);
}

const struct stamp *
telling_made(const struct telling *t)
{
	return &t->c.now;
}

void
telling_after(struct telling *t, uint64_t seq)
{
	t->line = history_after(t->c.log, seq);
	t->end = t->c.log->end;
}

void
telling_present(struct telling *t, struct present *present)
{
	t->present = present;
}

struct buf *
telling_last(struct telling *t)
{
	return &t->last;
}

bool
telling_is_broken(const struct telling *t)
{
	return t->broken;
}

size_t
telling_bytes(const struct telling *t)
{
	return t->past.len - t->past_at + t->early.len + t->last.len;
}

/* The walks go on until telling_go_on: they must not be freed in between. */
static void
check(struct telling *t, const struct buf *copy)
{
	if (!copy->failed && t->c.affords(t->c.subscriber))
		return;
	t->broken = true;
	forget(t);
}

/* Copies lines before number UPTO, looking at N of them at most. */
static void
copy_lines(struct telling *t, uint64_t upto, size_t n)
{
	uint64_t topics = t->c.filter->topics | KEV_TOPIC_KEV, end;
	struct entry e;

	if (upto > t->end)
		upto = t->end;
	for (; t->line < upto && n > 0; t->line++, n--) {
		e = history_line(t->c.log, t->line, &end);
		if ((topics & UINT64_C(1) << e.topic) == 0)
			continue;
		end -= e.pos;
		buf_put(&t->past, &(struct entry){ end, e.seq, e.topic },
		    sizeof e);
		history_copy(t->c.log, e.pos, (size_t)end, &t->past);
	}
}

void
telling_keep(const struct telling_list *list, uint64_t line)
{
	struct telling *t;

	LIST_FOREACH(t, list, entry) {
		if (t->line >= t->end || t->line >= line)
			continue;
		copy_lines(t, line, SIZE_MAX);
		check(t, &t->past);
	}
}

/* True when there are no more. */
static bool
say_past(struct telling *t, struct buf *out, uint64_t *events)
{
	bool plain = kev_filter_plain(t->c.filter);
	size_t n = plain ? LINES : PARSED;
	const char *line;
	struct entry e;

	if (t->past_at == t->past.len) {
		buf_clear(&t->past);
		t->past_at = 0;
		copy_lines(t, t->end, n);
		if (t->past.failed)
			return true;
	}
	for (; n > 0 && t->past_at < t->past.len; n--) {
		memcpy(&e, t->past.data + t->past_at, sizeof e);
		line = t->past.data + t->past_at + sizeof e;
		t->past_at += sizeof e + (size_t)e.pos;
		if (!plain && !kev_filter_fits_line(t->c.filter,
		    (enum kev_topic)e.topic, line, (size_t)e.pos))
			continue;
		buf_put(out, line, (size_t)e.pos);
		++*events;
	}
	return t->past_at == t->past.len && t->line == t->end;
}

void
telling_publish(void *telling, struct kev_event *ev)
{
	struct telling *t = telling;

	if (t->broken ||
	    (t->c.filter->topics & UINT64_C(1) << ev->topic) == 0 ||
	    !kev_filter_fits(t->c.filter, ev))
		return;
	ev->seq = t->c.seq;
	ev->run = t->c.run;
	kev_event_put(t->out, ev);
	if (t->out == &t->early)
		check(t, t->out);
}

/* What was told before its time. */
static void
say_early(struct telling *t, struct buf *out)
{
	if (out->len > 0 || out->failed) {
		buf_put(out, t->early.data, t->early.len);
		buf_fini(&t->early);
		return;
	}
	/* It may be much. */
	buf_fini(out);
	*out = t->early;
	t->early = (struct buf)BUF_INIT;
}

static void
say_synced(struct telling *t, struct buf *out)
{
	struct kev_event ev = {
		.topic = KEV_T_KEV_SYNCED, .origin = KEV_BY_RESYNC,
		.time = t->c.now.time, .mono = t->c.now.mono,
		.seq = t->c.seq, .run = t->c.run,
	};

	kev_event_put(out, &ev);
}

bool
telling_go_on(struct telling *t, struct buf *out, uint64_t *events)
{
	bool over = true;

	if (!t->broken && !say_past(t, out, events))
		return false;
	t->broken |= t->past.failed;
	if (!t->broken && t->present != NULL) {
		say_early(t, out);
		t->out = out;
		over = present_go_on(t->present, THINGS);
		t->out = &t->early;
		if (over)
			say_synced(t, out);
	}
	if (over)
		buf_put(out, t->last.data, t->last.len);
	return over;
}

#include "config.h"

#include "outq.h"

#include "hot.h"

#include <stdlib.h>
#include <string.h>

void
stream_fini(struct stream *s)
{
	free(s->ranges);
	memset(s, 0, sizeof *s);
}

HOT void
stream_clear(struct stream *s)
{
	s->first = s->n = 0;
	/* A burst is no reason to hold memory for ever. */
	if (s->cap <= 64)
		return;
	free(s->ranges);
	s->ranges = NULL;
	s->cap = 0;
}

static bool
make_room(struct stream *s)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : 4;
	struct range *ranges;

	if (s->first > s->cap / 2) {
		s->n -= s->first;
		memmove(s->ranges, s->ranges + s->first,
		    s->n * sizeof *s->ranges);
		s->first = 0;
		return true;
	}
	ranges = realloc(s->ranges, cap * sizeof *ranges);
	if (ranges == NULL)
		return false;
	s->ranges = ranges;
	s->cap = cap;
	return true;
}

HOT bool
outq_push(struct stream *s, uint64_t seq, uint64_t pos, size_t len)
{
	struct range *last = s->n > s->first ? &s->ranges[s->n - 1] : NULL;

	if (last != NULL && last->pos + last->len == pos) {
		last->len += len;
	} else {
		if (s->n == s->cap && !make_room(s))
			return false;
		s->ranges[s->n++] = (struct range){ s->end, pos, len };
	}
	s->end += len;
	s->events++;
	s->last = seq;
	return true;
}

/* The range that place AT is in. */
static size_t
find(const struct stream *s, uint64_t at)
{
	size_t low = s->first, high = s->n, middle;

	/* Who keeps up is in the last. */
	if (s->ranges[s->n - 1].at <= at)
		return s->n - 1;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (s->ranges[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
stream_forget(struct stream *s, uint64_t pos)
{
	while (s->first < s->n && s->ranges[s->first].pos +
	    s->ranges[s->first].len <= pos)
		s->first++;
	if (s->first == s->n)
		stream_clear(s);
}

uint64_t
stream_pos(const struct stream *s, uint64_t at)
{
	const struct range *r = &s->ranges[find(s, at)];

	return r->pos + (at - r->at);
}

uint64_t
stream_piece(const struct stream *s, uint64_t at, uint64_t *pos)
{
	const struct range *r = &s->ranges[find(s, at)];

	*pos = r->pos + (at - r->at);
	return r->len - (at - r->at);
}

HOT int
stream_iov(const struct stream *s, const struct history *h, uint64_t at,
    struct iovec *iov, int max, size_t *total)
{
	const struct range *r;
	uint64_t skip;
	int n = 0;

	*total = 0;
	if (at == s->end)
		return 0;
	for (r = &s->ranges[find(s, at)]; r < s->ranges + s->n; r++) {
		if (n + 2 > max)
			break;
		skip = at > r->at ? at - r->at : 0;
		n += history_iov(h, r->pos + skip, (size_t)(r->len - skip),
		    iov + n);
		*total += (size_t)(r->len - skip);
	}
	return n;
}

void
outq_fini(struct outq *q)
{
	buf_fini(&q->own);
	memset(q, 0, sizeof *q);
}

HOT uint64_t
outq_behind(const struct outq *q)
{
	return q->stream != NULL ? q->stream->end - q->at : 0;
}

uint64_t
outq_pending(const struct outq *q)
{
	return q->own.len - q->own_sent + outq_behind(q);
}

HOT uint64_t
outq_ready(const struct outq *q)
{
	return q->own.len - q->own_sent + (q->held ? 0 : outq_behind(q));
}

HOT uint64_t
outq_backlog(const struct outq *q)
{
	size_t own = q->own.len - q->own_sent;

	return outq_behind(q) + (q->spilled < own ? q->spilled : own);
}

void
outq_spill(struct outq *q, const struct history *h)
{
	const struct stream *s = q->stream;
	const struct range *r;
	uint64_t skip;

	if (outq_behind(q) == 0)
		return;
	for (r = &s->ranges[find(s, q->at)]; r < s->ranges + s->n; r++) {
		skip = q->at > r->at ? q->at - r->at : 0;
		history_copy(h, r->pos + skip, (size_t)(r->len - skip), &q->own);
		q->spilled += (size_t)(r->len - skip);
	}
	q->at = s->end;
}

void
outq_join(struct outq *q, const struct history *h, struct stream *s)
{
	outq_spill(q, h);
	q->stream = s;
	q->at = s != NULL ? s->end : 0;
}

/* Where the first whole line that Q is owed begins in the log. */
static uint64_t
next_line(const struct outq *q, const struct history *h)
{
	uint64_t end, line = history_from(h, stream_pos(q->stream, q->at));

	return line < h->end ? history_line(h, line, &end).pos : h->head;
}

uint64_t
outq_lines(const struct outq *q, const struct history *h)
{
	const struct stream *s = q->stream;
	const struct range *r;
	uint64_t next, lines = 0;

	if (outq_behind(q) == 0)
		return 0;
	next = next_line(q, h);
	for (r = &s->ranges[find(s, q->at)]; r < s->ranges + s->n; r++)
		lines += history_from(h, r->pos + r->len) -
		    history_from(h, r->pos > next ? r->pos : next);
	return lines;
}

uint64_t
outq_drop(struct outq *q, const struct history *h, uint64_t *first)
{
	uint64_t pos, next, end, lines = outq_lines(q, h);

	*first = 0;
	if (outq_behind(q) == 0)
		return 0;
	pos = stream_pos(q->stream, q->at);
	next = next_line(q, h);
	/* A line that was begun is owed to its end. */
	history_copy(h, pos, (size_t)(next - pos), &q->own);
	q->at += next - pos;
	if (outq_behind(q) > 0)
		*first = history_line(h, history_from(h,
		    stream_pos(q->stream, q->at)), &end).seq;
	q->at = q->stream->end;
	return lines;
}

HOT void
outq_sent(struct outq *q, size_t n)
{
	size_t own = q->own.len - q->own_sent;

	q->sent += n;
	if (n < own) {
		q->own_sent += n;
		return;
	}
	/* Most have nothing to say most of the time. */
	buf_fini(&q->own);
	q->own_sent = q->spilled = 0;
	q->at += n - own;
}

#include "config.h"

#include "journal.h"

#include "broken.h"

#include <stdlib.h>
#include <string.h>

/* Events kept as JSON, which takes ten times the memory of the text. */
#define RECENT 2048

struct known {
	char *text;
	size_t len;
};

static STAILQ_HEAD(, stint) stints = STAILQ_HEAD_INITIALIZER(stints);
static struct known *events;	/* by number */
static uint64_t n_events, n_known;
static struct {
	uint64_t seq;
	json_t *ev;
} recent[RECENT];

static void
stint_free(struct stint *s)
{
	wish_fini(&s->wish);
	free(s->seen);
	free(s->lapses);
	free(s);
}

void
journal_clear(void)
{
	struct stint *s;
	uint64_t i;

	while ((s = STAILQ_FIRST(&stints)) != NULL) {
		STAILQ_REMOVE_HEAD(&stints, entry);
		stint_free(s);
	}
	for (i = 0; i < n_events; i++)
		free(events[i].text);
	free(events);
	events = NULL;
	n_events = n_known = 0;
	for (i = 0; i < RECENT; i++) {
		json_decref(recent[i].ev);
		recent[i].ev = NULL;
	}
}

static const struct known *
known(uint64_t seq)
{
	return seq < n_events && events[seq].text != NULL ? &events[seq] : NULL;
}

const json_t *
journal_find(uint64_t seq, const char *line, size_t len)
{
	const struct known *k = known(seq);

	if (k == NULL || recent[seq % RECENT].seq != seq || k->len != len ||
	    memcmp(k->text, line, len) != 0)
		return NULL;
	return recent[seq % RECENT].ev;
}

void
journal_add(uint64_t seq, const char *line, size_t len, json_t *ev)
{
	const struct known *k = known(seq);
	uint64_t n = n_events;

	if (k != NULL && (k->len != len || memcmp(k->text, line, len) != 0))
		broken("number %ju is %s and %.*s", (uintmax_t)seq, k->text,
		    (int)len, line);
	if (seq >= n_events) {
		n_events = seq < 512 ? 1024 : seq * 2;
		events = reallocarray(events, n_events, sizeof *events);
		if (events == NULL)
			broken("out of memory");
		memset(events + n, 0, (n_events - n) * sizeof *events);
	}
	if (k == NULL) {
		events[seq].text = strndup(line, len);
		events[seq].len = len;
		n_known++;
	}
	json_decref(recent[seq % RECENT].ev);
	recent[seq % RECENT].ev = json_incref(ev);
	recent[seq % RECENT].seq = seq;
}

struct stint *
journal_stint(unsigned client, json_t *request, uint64_t from)
{
	struct stint *s = calloc(1, sizeof *s);

	if (s == NULL)
		broken("out of memory");
	wish_init(&s->wish, request);
	s->client = client;
	s->from = s->to = from;
	STAILQ_INSERT_TAIL(&stints, s, entry);
	return s;
}

void
journal_heard(struct stint *s, uint64_t seq)
{
	uint64_t bits = s->bits;

	if (seq >= bits) {
		s->bits = seq < 2048 ? 4096 : seq / 2048 * 4096;
		s->seen = realloc(s->seen, s->bits / 8);
		if (s->seen == NULL)
			broken("out of memory");
		memset(s->seen + bits / 8, 0, (s->bits - bits) / 8);
	}
	s->seen[seq / 8] |= (unsigned char)(1 << seq % 8);
	if (seq > s->to)
		s->to = seq;
}

void
journal_lost(struct stint *s, struct lapse lapse)
{
	s->lapses = reallocarray(s->lapses, s->n_lapses + 1, sizeof lapse);
	if (s->lapses == NULL)
		broken("out of memory");
	s->lapses[s->n_lapses++] = lapse;
	if (lapse.last > s->to)
		s->to = lapse.last;
}

static bool
has_heard(const struct stint *s, uint64_t seq)
{
	return seq < s->bits && (s->seen[seq / 8] & 1 << seq % 8) != 0;
}

/* Counts down what is left unexplained of the lapse that SEQ is in, if any. */
static bool
was_told(struct stint *s, uint64_t seq)
{
	size_t i;

	for (i = 0; i < s->n_lapses; i++) {
		if (seq < s->lapses[i].first || seq > s->lapses[i].last)
			continue;
		s->lapses[i].lost--;
		return true;
	}
	return false;
}

static void
check_event(uint64_t seq, const struct known *k)
{
	json_t *ev = json_loadb(k->text, k->len, 0, NULL);
	struct stint *s;

	STAILQ_FOREACH(s, &stints, entry) {
		if (seq <= s->from || seq > s->to || has_heard(s, seq) ||
		    !wish_fits(&s->wish, ev) || was_told(s, seq))
			continue;
		broken("client %u has %ju to %ju of %s, with %zu gaps, the "
		    "first from %ju to %ju, but not %s", s->client,
		    (uintmax_t)s->from, (uintmax_t)s->to,
		    json_dumps(s->wish.request, 0), s->n_lapses,
		    (uintmax_t)(s->n_lapses > 0 ? s->lapses[0].first : 0),
		    (uintmax_t)(s->n_lapses > 0 ? s->lapses[0].last : 0),
		    k->text);
	}
	json_decref(ev);
}

/* Whether all events of it are known, so that they can be counted. */
static bool
is_known(const struct lapse *l)
{
	uint64_t seq;

	for (seq = l->first; seq <= l->last; seq++) {
		if (known(seq) == NULL)
			return false;
	}
	return true;
}

void
journal_check(void)
{
	struct stint *s;
	uint64_t seq;
	size_t i;

	for (seq = 1; seq < n_events; seq++) {
		if (known(seq) != NULL)
			check_event(seq, known(seq));
	}
	STAILQ_FOREACH(s, &stints, entry) {
		for (i = 0; i < s->n_lapses; i++) {
			if (s->lapses[i].lost != 0 && is_known(&s->lapses[i]))
				broken("client %u was told of %jd events too "
				    "many in a gap, %ju to %ju of %s",
				    s->client, (intmax_t)s->lapses[i].lost,
				    (uintmax_t)s->lapses[i].first,
				    (uintmax_t)s->lapses[i].last,
				    json_dumps(s->wish.request, 0));
		}
	}
}

uint64_t
journal_size(void)
{
	return n_known;
}

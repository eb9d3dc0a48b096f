#include "config.h"

#include "debounce.h"
#include "kev.h"
#include "thing.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct held {
	RB_ENTRY(held) by_thing;
	TAILQ_ENTRY(held) entry;
	char *thing;
	struct kev_line *line;
	int64_t came;		/* monotonic ms, here */
	long long mono;		/* of the event, -1: it has none */
	char before[256];	/* the cursor before it, "": none */
};

static int
held_cmp(const struct held *a, const struct held *b)
{
	return strcmp(a->thing, b->thing);
}

RB_PROTOTYPE(held_tree, held, by_thing, held_cmp)
RB_GENERATE(held_tree, held, by_thing, held_cmp)

void
debounce_init(struct debounce *d, int64_t quiet)
{
	*d = (struct debounce){ .quiet = quiet };
	RB_INIT(&d->things);
	TAILQ_INIT(&d->order);
}

static void
held_free(struct held *h)
{
	kev_line_free(h->line);
	free(h->thing);
	free(h);
}

void
debounce_fini(struct debounce *d)
{
	struct held *h;

	while ((h = TAILQ_FIRST(&d->order)) != NULL) {
		TAILQ_REMOVE(&d->order, h, entry);
		held_free(h);
	}
	buf_fini(&d->key);
	debounce_init(d, 0);
}

/* Takes it out of both; the caller owns it. */
static struct held *
withdraw(struct debounce *d, struct held *h)
{
	RB_REMOVE(held_tree, &d->things, h);
	TAILQ_REMOVE(&d->order, h, entry);
	d->n--;
	return h;
}

static long long
mono_of(const struct kev_line *line)
{
	long long mono;

	return kev_line_integer(line, "mono", &mono) ? mono : -1;
}

static struct held *
held_new(const struct debounce *d, const struct kev_line *line)
{
	struct held *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->thing = strdup(d->key.data);
	h->line = kev_line_copy(line);
	if (h->thing != NULL && h->line != NULL)
		return h;
	held_free(h);
	return NULL;
}

bool
debounce_hold(struct debounce *d, const struct kev_line *line, int64_t now)
{
	struct held *h, *old, like;

	buf_clear(&d->key);
	thing_put(&d->key, line, NULL);
	buf_putc(&d->key, '\0');
	if (d->key.failed)
		return false;
	h = held_new(d, line);
	if (h == NULL)
		return false;
	like.thing = d->key.data;
	old = RB_FIND(held_tree, &d->things, &like);
	if (old != NULL)
		held_free(withdraw(d, old));
	h->came = now;
	h->mono = mono_of(line);
	memcpy(h->before, d->cursor, sizeof h->before);
	RB_INSERT(held_tree, &d->things, h);
	TAILQ_INSERT_TAIL(&d->order, h, entry);
	d->n++;
	return true;
}

static struct kev_line *
take_first(struct debounce *d)
{
	struct held *h = withdraw(d, TAILQ_FIRST(&d->order));
	struct kev_line *line = h->line;

	h->line = NULL;
	held_free(h);
	return line;
}

struct kev_line *
debounce_take(struct debounce *d, int64_t now)
{
	if (d->n == 0 || (now != -1 && debounce_due(d, now) > 0))
		return NULL;
	return take_first(d);
}

struct kev_line *
debounce_take_before(struct debounce *d, const struct kev_line *line)
{
	const struct held *h = TAILQ_FIRST(&d->order);
	long long mono = mono_of(line);

	if (h == NULL)
		return NULL;
	if (d->n > DEBOUNCE_MAX || (h->mono >= 0 && mono >= 0 &&
	    (mono - h->mono) / 1000 >= d->quiet))
		return take_first(d);
	return NULL;
}

int
debounce_due(const struct debounce *d, int64_t now)
{
	int64_t left;

	if (d->n == 0)
		return -1;
	left = TAILQ_FIRST(&d->order)->came + d->quiet - now;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void
debounce_dealt(struct debounce *d, const char *cursor)
{
	size_t len = cursor != NULL ? strlen(cursor) : 0;

	d->cursor[0] = '\0';
	if (len > 0 && len < sizeof d->cursor)
		memcpy(d->cursor, cursor, len + 1);
}

const char *
debounce_cursor(const struct debounce *d)
{
	const struct held *h = TAILQ_FIRST(&d->order);
	const char *cursor = h != NULL ? h->before : d->cursor;

	return cursor[0] == '\0' ? NULL : cursor;
}

#include "config.h"

#include "present.h"

#include "source.h"

#include <stdlib.h>

struct present {
	size_t at, n;
	struct walk *walks[];	/* of each state */
};

struct present *
present_new(const struct source *source, const struct stamp *now,
    state_publish_fn *publish, void *arg)
{
	const struct state *st;
	struct present *p;
	size_t n = 0;

	while (source_state(source, n) != NULL)
		n++;
	p = calloc(1, sizeof *p + n * sizeof p->walks[0]);
	if (p == NULL)
		return NULL;
	for (; (st = source_state(source, p->n)) != NULL; p->n++) {
		p->walks[p->n] = walk_new(st, now, publish, arg);
		if (p->walks[p->n] != NULL)
			continue;
		present_free(p);
		return NULL;
	}
	return p;
}

bool
present_go_on(struct present *p, size_t n)
{
	for (; p->at < p->n; p->at++) {
		if (!walk_on(p->walks[p->at], &n))
			return false;
	}
	return true;
}

void
present_free(struct present *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++)
		walk_free(p->walks[i]);
	free(p);
}

#include "config.h"

#include "source.h"

int
source_prime(struct source *s)
{
	return s->ops->prime(s);
}

void
source_start(struct source *s, struct ev_loop *loop)
{
	s->ops->start(s, loop);
}

void
source_free(struct source *s)
{
	if (s != NULL)
		s->ops->free(s);
}

const struct state *
source_state(const struct source *s, size_t n)
{
	return s->ops->state(s, n);
}

const struct source_stats *
source_stats(const struct source *s, size_t n)
{
	return s->ops->stats(s, n);
}

uint64_t
source_topics(const struct source *s)
{
	return s->ops->topics(s);
}

struct stamp
source_now(const struct source *s)
{
	return s->ops->now(s);
}

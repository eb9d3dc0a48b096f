/*
 * For systems that kevd has no source for: it says so and does not start.
 */
#include "config.h"

#include "source.h"

#include "log.h"

#include <errno.h>

int
source_new(struct source **out, const struct source_config *config)
{
	(void)config;
	*out = NULL;
	log_error("this system's kernel is not supported yet");
	return -ENOSYS;
}

int
source_prime(struct source *s)
{
	(void)s;
	return -ENOSYS;
}

void
source_start(struct source *s, struct ev_loop *loop)
{
	(void)s;
	(void)loop;
}

void
source_free(struct source *s)
{
	(void)s;
}

const struct state *
source_state(const struct source *s, size_t n)
{
	(void)s;
	(void)n;
	return NULL;
}

const struct source_stats *
source_stats(const struct source *s, size_t n)
{
	(void)s;
	(void)n;
	return NULL;
}

uint64_t
source_topics(const struct source *s)
{
	(void)s;
	return 0;
}

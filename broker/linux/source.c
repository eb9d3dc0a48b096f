/*
 * Our own network namespace, and those others that kevd was asked to watch.
 */
#include "config.h"

#include "source.h"

#include "finder.h"
#include "formats.h"
#include "log.h"
#include "namespace.h"

#include <sys/queue.h>

#include <ev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct member {
	TAILQ_ENTRY(member) entry;
	struct namespace *ns;
};

struct kernel {
	struct source source;
	struct source_config config;
	TAILQ_HEAD(, member) members;	/* our own first, then by name */
	struct finder *finder;		/* NULL: none but our own */
	struct ev_loop *loop;		/* NULL: not started */
	ev_io found;
};

/* Its place is that of its name. NULL: no memory, which was logged. */
static struct namespace *
add(struct kernel *s, const char *name, const struct sockets *sockets)
{
	struct member *m = malloc(sizeof *m), *next;

	if (m == NULL || (m->ns = namespace_new(name, sockets,
	    name != NULL ? s->finder : NULL, &s->config)) == NULL) {
		free(m);
		log_error("out of memory");
		return NULL;
	}
	TAILQ_FOREACH(next, &s->members, entry) {
		if (namespace_name(next->ns) != NULL &&
		    strcmp(namespace_name(next->ns), name) > 0)
			break;
	}
	if (next != NULL)
		TAILQ_INSERT_BEFORE(next, m, entry);
	else
		TAILQ_INSERT_TAIL(&s->members, m, entry);
	return m->ns;
}

static void
drop(struct kernel *s, struct member *m)
{
	TAILQ_REMOVE(&s->members, m, entry);
	namespace_free(m->ns);
	free(m);
}

/* There are descriptors again for one that got none. */
static void
ask_again(struct kernel *s)
{
	struct member *m;

	TAILQ_FOREACH(m, &s->members, entry) {
		if (!namespace_lacks_files(m->ns))
			continue;
		finder_again(s->finder, namespace_name(m->ns));
		return;
	}
}

static void
end(struct kernel *s, const char *name)
{
	struct member *m;
	bool was_open;

	TAILQ_FOREACH(m, &s->members, entry) {
		if (namespace_name(m->ns) == NULL ||
		    strcmp(namespace_name(m->ns), name) != 0)
			continue;
		namespace_end(m->ns);
		was_open = namespace_is_open(m->ns);
		drop(s, m);
		if (was_open)
			ask_again(s);
		return;
	}
}

/* One that appeared. What can't be read now is tried again by itself. */
static void
begin(struct kernel *s, const char *name, const struct sockets *sockets)
{
	struct namespace *ns = add(s, name, sockets);

	if (ns == NULL || !namespace_is_open(ns))
		return;
	(void)namespace_prime(ns);
	if (s->loop != NULL)
		namespace_start(ns, s->loop);
}

/* Takes what the finder has to say, up to UNTIL or when it has no more. */
static enum found
take(struct kernel *s, enum found until)
{
	char name[FINDER_NAME_MAX + 1];
	struct sockets sockets;
	enum found found;

	do {
		found = finder_next(s->finder, name, &sockets);
		if (found == FOUND_NEW)
			begin(s, name, &sockets);
		else if (found == FOUND_GONE)
			end(s, name);
	} while (found != until && found != FOUND_NOTHING &&
	    found != FOUND_END);
	return found;
}

static void
found_some(struct ev_loop *loop, ev_io *w, int events)
{
	struct kernel *s = w->data;

	(void)events;
	if (take(s, FOUND_NOTHING) != FOUND_END)
		return;
	log_error("the process that finds namespaces is gone; those that are "
	    "known are watched as before");
	ev_io_stop(loop, w);
}

static int
prime(struct source *source)
{
	struct kernel *s = (struct kernel *)source;
	int error = namespace_prime(TAILQ_FIRST(&s->members)->ns);

	if (error != 0 || s->finder == NULL)
		return error;
	/* Who asks from the start is told of all there is. */
	if (take(s, FOUND_ALL) == FOUND_ALL)
		return 0;
	log_error("the process that finds namespaces is gone");
	return -ECHILD;
}

static void
start(struct source *source, struct ev_loop *loop)
{
	struct kernel *s = (struct kernel *)source;
	struct member *m;

	s->loop = loop;
	TAILQ_FOREACH(m, &s->members, entry)
		namespace_start(m->ns, loop);
	if (s->finder == NULL)
		return;
	finder_go_on(s->finder);
	ev_io_init(&s->found, found_some, finder_fd(s->finder), EV_READ);
	s->found.data = s;
	ev_io_start(loop, &s->found);
}

static void
stop(struct source *source)
{
	struct kernel *s = (struct kernel *)source;
	struct member *m;

	if (s->loop != NULL && s->finder != NULL)
		ev_io_stop(s->loop, &s->found);
	while ((m = TAILQ_FIRST(&s->members)) != NULL)
		drop(s, m);
	finder_stop(s->finder);
	free(s);
}

static const struct state *
state(const struct source *source, size_t n)
{
	const struct kernel *s = (const struct kernel *)source;
	const struct member *m;

	TAILQ_FOREACH(m, &s->members, entry) {
		if (n-- == 0)
			return namespace_state(m->ns);
	}
	return NULL;
}

static const struct source_stats *
stats(const struct source *source, size_t n)
{
	const struct kernel *s = (const struct kernel *)source;
	const struct source_stats *found;
	const struct member *m;
	size_t i;

	TAILQ_FOREACH(m, &s->members, entry) {
		for (i = 0; (found = namespace_stats(m->ns, i)) != NULL; i++) {
			if (n-- == 0)
				return found;
		}
	}
	return NULL;
}

/* What audit would tell, were it on, is missing when it is not. */
static uint64_t
topics(const struct source *s)
{
	const struct source_stats *found;
	uint64_t none = 0;
	size_t i;

	for (i = 0; (found = stats(s, i)) != NULL; i++) {
		if (strcmp(found->name, "audit") == 0 && !found->available)
			none = KEV_TOPIC(IPV4_PORT_IN_USE);
	}
	return LINUX_TOPICS & ~none;
}

static struct stamp
now(const struct source *s)
{
	(void)s;
	return stamp_now();
}

static const struct source_ops ops = { prime, start, stop, state, stats, topics,
	now };

int
source_kernel(struct source **out, const struct source_config *config)
{
	struct kernel *s = calloc(1, sizeof *s);
	struct sockets sockets;
	struct namespace *own;
	int error;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->source.ops = &ops;
	s->config = *config;
	TAILQ_INIT(&s->members);
	/* First, so that it has nothing of ours. */
	error = config->netns == NULL ? 0 :
	    finder_start(&s->finder, config->netns, config->rcvbuf,
	    config->sandbox);
	if (error != 0) {
		stop(&s->source);
		return error;
	}
	sockets_open(&sockets, config->rcvbuf);
	own = add(s, NULL, &sockets);
	if (own == NULL || !namespace_is_open(own)) {
		stop(&s->source);
		return own == NULL ? -ENOMEM : -EPERM;
	}
	*out = &s->source;
	return 0;
}

/*
 * A source: where the facts come from. That is the kernel, with one
 * implementation a system, in a folder of its own that configure chooses; or
 * a recording of what some kernel said (play.h). It knows sockets or files and
 * decoding and hands each fact to a state, one for each network namespace,
 * which it drives like this:
 *
 *	live	state_apply for each message, state_settle once the socket
 *		is read empty, then a dump of the parts state_wants names
 *	dump	state_begin, state_apply ..., state_end
 *	loss	read the socket empty, dump everything, state_gap; in pieces,
 *		so that readers can keep up with the corrections
 */
#ifndef KEVD_SOURCE_H
#define KEVD_SOURCE_H

#include "message.h"
#include "state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct recorder;
struct source;

struct source_config {
	size_t rcvbuf;		/* bytes of receive buffer; 0: as advised */
	bool port_in_use;	/* watch for that, which costs */
	unsigned resync;	/* seconds until all is read again anyway, or 0 */
	bool sandbox;		/* its processes get one, too; see sys.h */
	/* Names of other network namespaces to watch, NULL at the end; NULL:
	 * none. One that is "all": every one there is. Lent. */
	const char *const *netns;
	/* Where to write down what is read, lent; NULL: nowhere. */
	struct recorder *recorder;
	/* Where events go. */
	state_publish_fn *publish;
	/* Whether readers still have much to take: what can wait waits a
	 * moment then, so that they don't fall behind for that. */
	bool (*crowded)(void *arg);
	void *arg;		/* of both */
};

/* What "stats" tells of each; all counts since the start. */
struct source_stats {
	const char *name;	/* static, as "source" of an event */
	const char *netns;	/* NULL: our own; lent */
	uint64_t received;	/* messages, dumps included */
	uint64_t decoded;	/* of them, those that said something */
	uint64_t ignored;	/* well-formed, but not about our topics */
	uint64_t malformed;	/* broken ones */
	uint64_t overruns;	/* times that the kernel had to drop */
	uint64_t resyncs;	/* times that everything was dumped again */
	bool available;
	char reason[96];	/* why not available, or "" */
};

/* One that is available, without a count; both names are lent. */
void source_stats_init(struct source_stats *, const char *name,
    const char *netns);

/* One more message. */
void source_stats_count(struct source_stats *, enum message_found);

/* It cannot be had: says so once, and keeps WHY; NEEDS (or NULL) what lacks. */
void source_stats_missing(struct source_stats *, const char *why,
    const char *needs);

struct source_ops {
	int (*prime)(struct source *);
	void (*start)(struct source *, struct ev_loop *);
	void (*free)(struct source *);
	const struct state *(*state)(const struct source *, size_t n);
	const struct source_stats *(*stats)(const struct source *, size_t n);
	uint64_t (*topics)(const struct source *);
	struct stamp (*now)(const struct source *);
};

/* What each begins with. */
struct source {
	const struct source_ops *ops;
};

/*
 * The kernel: opens the sockets and joins what there is to join, so that
 * nothing is missed from here on. Returns -errno on failure, having logged what
 * could not be opened. CONFIG is copied.
 */
int source_kernel(struct source **, const struct source_config *);

/* Tells the states the present, by dumps. Blocks. 0 or -errno, logged. */
int source_prime(struct source *);

/* Goes live: from here on the loop calls. */
void source_start(struct source *, struct ev_loop *);

/* NULL is fine. */
void source_free(struct source *);

/* The Nth state, or NULL: first our own namespace's, then others by name. */
const struct state *source_state(const struct source *, size_t n);

/* The Nth of its parts, or NULL; those of a namespace together. Lent. */
const struct source_stats *source_stats(const struct source *, size_t n);

/* The topics (bits of enum kev_topic) that it can give, here and now. */
uint64_t source_topics(const struct source *);

/* What time it is where the facts come from. */
struct stamp source_now(const struct source *);

#endif

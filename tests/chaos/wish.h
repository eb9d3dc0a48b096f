/*
 * What a subscriber asked for, and by rules of its own, which are kev(7)'s,
 * what it must be told for that.
 */
#ifndef WISH_H
#define WISH_H

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

struct wish {
	json_t *request;	/* as it was sent; owned */
	uint64_t topics;	/* bits of enum kev_topic, with kev/ */
	bool all;		/* every event of every namespace */
};

/* REQUEST is shared. */
void wish_init(struct wish *, json_t *request);
void wish_fini(struct wish *);

/* The topics that fit an array of patterns, without kev/ unless they do. */
uint64_t wish_topics(const json_t *patterns);

bool wish_fits(const struct wish *, const json_t *ev);

/* One made up by chance; "id" and "after" are the caller's. To be freed. */
json_t *wish_make(uint64_t *dice);

#endif

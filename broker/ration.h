/*
 * What is told of that which happens again and again: the first of its kind at
 * once, then one a second at most, which says how many there were.
 *
 * Knows when each kind was told and how many wait; what a kind is, its owner
 * keeps in an array with as many places. The memory is fixed, because anybody
 * can make things happen, and no one who does can have more than a quarter of
 * it: a flood from one does not hide what another does.
 */
#ifndef KEVD_RATION_H
#define KEVD_RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATION_PLACES 64
#define RATION_NONE RATION_PLACES

/* Zeroes at first. */
struct ration {
	struct {
		uint64_t told;		/* 0: the place is free */
		uint32_t waiting;	/* how many, since then */
	} places[RATION_PLACES];
};

/* What that which happens has in common with that which has a place. */
#define RATION_SUBJECT 1u	/* what it is about */
#define RATION_ACTOR 2u		/* who does it */
#define RATION_SAME (RATION_SUBJECT | RATION_ACTOR)
typedef unsigned ration_kin_fn(const void *arg, size_t place);

struct ration_share {
	size_t place;		/* whose count it is in, or RATION_NONE */
	bool begins;		/* the owner is to write down what it is */
	uint32_t count;		/* to be told now; 0: later, if at all */
};

/*
 * Something happened, at NOW in microseconds. When there is no place left for
 * it, it adds to the count of something else by the same actor, or of the same
 * by another; only if there is none of these either, it is nowhere.
 */
struct ration_share ration_take(struct ration *, uint64_t now, ration_kin_fn *,
    const void *arg);

/* When something that waits is due, or 0. */
uint64_t ration_deadline(const struct ration *);

/* A place that is due at NOW, with what is to be told; RATION_NONE: no more. */
size_t ration_due(struct ration *, uint64_t now, uint32_t *count);

/* What it was about is gone. */
void ration_forget(struct ration *, size_t place);

#endif

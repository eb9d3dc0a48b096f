/*
 * The present: what holds in every state at one moment, told in pieces while
 * the states go on (see walk_new).
 */
#ifndef KEVD_PRESENT_H
#define KEVD_PRESENT_H

#include "state.h"

struct present;
struct source;

/*
 * What holds now, which is NOW. PUBLISH is called by present_go_on, and before
 * that by whatever changes a state. NULL: no memory.
 */
struct present *present_new(const struct source *, const struct stamp *now,
    state_publish_fn *, void *arg);

/* Tells N things at most. True at the end. */
bool present_go_on(struct present *, size_t n);
void present_free(struct present *);

#endif

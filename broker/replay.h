/*
 * Does again what a recording says: lines in, events out. The same decoding
 * and the same state as for a kernel. Knows no files and has no clock but that
 * of the lines.
 */
#ifndef KEVD_REPLAY_H
#define KEVD_REPLAY_H

#include "source.h"

struct replay;

/* FILE is lent, to name what is wrong. NULL: no memory. */
struct replay *replay_new(const char *file, state_publish_fn *, void *arg);

/* NULL is fine. */
void replay_free(struct replay *);

/*
 * The next line of the file, of LEN bytes; NULL: one that was too long. True if
 * it is good: it is to be done by replay_step then, when its time has come.
 * What is wrong with others is logged and counted.
 */
bool replay_offer(struct replay *, const char *line, size_t len);

/* When it has, in stamp.mono of the recording. */
uint64_t replay_due(const struct replay *);

void replay_step(struct replay *);

/* There is nothing more to read for now. */
void replay_settle(struct replay *);

/* It ends here. */
void replay_end(struct replay *);

/* What a source is asked for. */
const struct state *replay_state(const struct replay *, size_t n);
const struct source_stats *replay_stats(const struct replay *, size_t n);
struct stamp replay_now(const struct replay *);

#endif

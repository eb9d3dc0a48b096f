/*
 * A source that is a recording: a file, read piece by piece, at the pace at
 * which it was recorded.
 */
#ifndef KEVD_PLAY_H
#define KEVD_PLAY_H

#include "source.h"

/*
 * Opens FILE, which is lent, and may be a pipe. SPEED times as fast; 0: as fast
 * as possible. Returns -errno on failure, logged. Of CONFIG only where events
 * go is looked at.
 */
int play_new(struct source **, const struct source_config *, const char *file,
    double speed);

#endif

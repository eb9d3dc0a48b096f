/*
 * Events on standard output: as JSON, as text, as variables, by a template.
 * Each is written at once. Knows descriptors, no sockets.
 */
#ifndef KEV_CLIENT_OUTPUT_H
#define KEV_CLIENT_OUTPUT_H

#include "options.h"
#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

struct kev_line;

struct output {
	const struct options *options;
	struct buf buf;
	bool terminal;
	bool pipe;		/* whose reader may go */
};

void output_init(struct output *, const struct options *);
void output_fini(struct output *);

/*
 * Writes an event, until DEADLINE (monotonic ms; -1: without end). Returns -1,
 * or the exit status when that was impossible, which was said.
 */
int output_event(struct output *, const struct kev_line *, int64_t deadline);

/* Like it, any bytes. */
int output_bytes(struct output *, const char *, size_t, int64_t deadline);

#endif

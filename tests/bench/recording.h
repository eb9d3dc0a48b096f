/*
 * Recordings (see kevd(8)) of address changes such as a kernel really sends:
 * made of messages that it did send, in a namespace that has an interface v0.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "buf.h"

/* What a dump has, which stays. */
struct held {
	unsigned addresses;	/* on one link */
	unsigned routers;	/* each on a link of its own */
};

/*
 * A file of COUNT messages after a dump of what is HELD, or NULL: addresses
 * come and go, 32 at a time, in batches of 32. With one more that comes at the
 * end, whose label has READERS_MARK in it.
 */
void recording_make(const char *file, const struct held *, unsigned count);

#endif

/*
 * Recordings (see kevd(8)) of address changes such as a kernel really sends:
 * made of messages that it did send, in a namespace that has an interface v0.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "buf.h"

/*
 * A file of COUNT messages after a dump that has HELD addresses, which stay:
 * others come and go, 32 at a time, in batches of 32. With one more that comes
 * at the end, whose label has READERS_MARK in it.
 */
void recording_make(const char *file, unsigned held, unsigned count);

#endif

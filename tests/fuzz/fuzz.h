/*
 * A fuzz target is LLVMFuzzerTestOneInput, as libFuzzer calls it. Without
 * libFuzzer replay.c calls it with the inputs that are kept.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct kev_event;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What must hold; also without assert(3). */
#define MUST(what) do { if (!(what)) __builtin_trap(); } while (0)

/* encode.c: an event is one line, and that an object of JSON. */
void encode(const struct kev_event *);

#endif

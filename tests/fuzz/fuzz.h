/*
 * A fuzz target is LLVMFuzzerTestOneInput, as libFuzzer calls it. Without
 * libFuzzer replay.c calls it with the inputs that are kept.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What must hold; also without assert(3). */
#define MUST(what) do { if (!(what)) __builtin_trap(); } while (0)

#endif

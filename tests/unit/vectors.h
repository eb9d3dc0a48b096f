/*
 * Lines of tests/vectors, for the decoders of what other systems say.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include "object.h"

#include <jansson.h>

/* Calls CALL for each line of tests/vectors/NAME; returns how many there are. */
size_t vectors_each(const char *name, void (*call)(const json_t *));

/* The member, or "". */
const char *vectors_text(const json_t *, const char *key);
json_int_t vectors_int(const json_t *, const char *key);

/* The member "hex" in memory of its own, so that a byte too far is found. */
uint8_t *vectors_bytes(const json_t *, size_t *len);

/* An object as it is told, as JSON. */
json_t *vectors_members(enum kev_class, const void *object);

/* The member OLD as KEY, if it is there and not null. */
void vectors_move(json_t *to, const char *key, const json_t *from,
    const char *old);

/* Fails unless both are the same, and says what they are. */
void vectors_same(const json_t *v, const json_t *want, const json_t *got);

#endif

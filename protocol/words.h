/*
 * The words for numbers: one table a type, used both ways. The numbers are
 * Linux's own where kev has none; other systems' decoders translate.
 */
#ifndef KEV_WORDS_H
#define KEV_WORDS_H

#include "object.h"

struct kev_word {
	uint32_t value;
	const char *word;
};

/* Tables end with a NULL word. Flags have a bit in "value". */
extern const struct kev_word kev_iff_words[];
extern const struct kev_word kev_ifa_words[];

/* The table of a type that has words, or NULL. */
const struct kev_word *kev_words(enum kev_type);

/* The word for VALUE, or NULL. */
const char *kev_word(const struct kev_word *, uint32_t value);

/* The value of a word of LEN bytes, or -1. */
int64_t kev_word_value(const struct kev_word *, const char *, size_t len);

#endif

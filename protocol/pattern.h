/*
 * Patterns of topics, and globs for everything else.
 *
 * A topic has two levels. In a pattern, "*" stands for any run of characters
 * within a level and "?" for one; "+" is a whole level, "**" or "#" everything
 * below, or all when alone. A pattern is resolved once, into a set of topics;
 * routing an event is a bit test after that.
 */
#ifndef KEV_PATTERN_H
#define KEV_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

enum kev_pattern_result {
	KEV_PATTERN_OK,
	KEV_PATTERN_BAD,	/* not the shape of a pattern */
	KEV_PATTERN_UNKNOWN	/* no wildcard in it, and no such topic */
};

/* Adds the topics that fit to *SET, which is left alone on failure. */
enum kev_pattern_result kev_pattern(const char *pattern, uint64_t *set);

/*
 * Whether TEXT fits GLOB: "*" any run, "?" one character (of UTF-8), "[a-z]"
 * and "[!a-z]" one byte of a set, "\" takes the next as it is. A "[" without
 * its "]" is itself. Time is at most the product of both lengths.
 */
bool kev_glob(const char *glob, const char *text);

/* Without any of these a glob fits nothing but itself. */
#define KEV_GLOB_CHARS "*?[\\"

#endif

/* A length of time as people write it. */
#ifndef KEV_CLIENT_DURATION_H
#define KEV_CLIENT_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "10", "1.5", "500ms", "30s", "2m", "1h", "1d", "1w", "2 minutes", "1h 30m"
 * in milliseconds; seconds without a unit. False when it is none of these, or
 * over 1000 days.
 */
bool duration_parse(const char *, int64_t *ms);

#endif

/* A point of time as people write it. */
#ifndef KEV_CLIENT_MOMENT_H
#define KEV_CLIENT_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "10m", "-10m", "2 hours ago" before NOW; "now", "today", "yesterday";
 * "05:30", "05:30:35" of today; "2026-11-23", "2026-11-23 05:30:35", with a
 * fraction and a zone as in RFC 3339, else local; "@1795411835". All are
 * microseconds since 1970. False when it is none of these.
 */
bool moment_parse(const char *, int64_t now, int64_t *us);

#endif

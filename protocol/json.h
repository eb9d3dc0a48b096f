/*
 * Writing JSON. Reading it is jansson's work.
 */
#ifndef KEV_JSON_H
#define KEV_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Appends a string with its quotes. Control characters are escaped (RFC 8259
 * section 7, and DEL, which terminals act upon); each byte that is not part of
 * UTF-8 (RFC 3629) becomes U+FFFD. Returns false if there was such a byte.
 */
bool json_put_string(struct buf *, const char *, size_t);

/* The digits of V, which end where END points to. Returns how many. */
#define JSON_U64LEN 20
size_t json_u64(char *end, uint64_t v);

void json_put_u64(struct buf *, uint64_t);
void json_put_i64(struct buf *, int64_t);

/*
 * The length of the UTF-8 character that begins at S, which has LEN > 0 bytes,
 * or 0 when that is none.
 */
size_t json_utf8(const char *s, size_t len);

#endif

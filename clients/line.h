/*
 * One line from kevd. Knows JSON and which members an event or an answer
 * has, knows nothing of sockets.
 */
#ifndef KEV_CLIENT_LINE_H
#define KEV_CLIENT_LINE_H

#include "kev.h"

#include <stddef.h>

struct kev_line {
	const char *text;	/* lent, NUL at the end */
	size_t len;
	struct json_t *json;	/* owned */
};

/*
 * Parses LEN bytes of TEXT. Returns 0, or -EPROTO with a reason in WHY when
 * they are no line of kevd's, or -ENOMEM. The line borrows TEXT.
 */
int line_parse(struct kev_line *, const char *text, size_t len,
    char *why, size_t size);
void line_fini(struct kev_line *);

#endif

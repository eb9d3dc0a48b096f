/*
 * A growing run of bytes. Knows memory, knows nothing of what is in it.
 *
 * The first failed allocation is remembered in "failed" and everything after
 * it is a no-op, so that a writer checks once, at the end.
 */
#ifndef KEV_BUF_H
#define KEV_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;	/* owned, NULL while cap is 0 */
	size_t len;	/* bytes in use */
	size_t cap;	/* bytes there are */
	bool failed;	/* memory ran out: the content is not complete */
};

#define BUF_INIT { NULL, 0, 0, false }

/* Frees the bytes; the buffer is empty and usable again. */
void buf_fini(struct buf *);

/* Forgets the content and an earlier failure, keeps the memory. */
void buf_clear(struct buf *);

/* Room for N more bytes at data + len, or NULL when memory ran out. */
char *buf_room(struct buf *, size_t n);

void buf_put(struct buf *, const void *, size_t);
void buf_putc(struct buf *, char);
void buf_puts(struct buf *, const char *);

/* Takes the first N bytes away. */
void buf_drop(struct buf *, size_t n);

#endif

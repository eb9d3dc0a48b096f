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
#include <string.h>

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

/* Makes room for N more bytes. False: memory ran out, now or earlier. */
bool buf_grow(struct buf *, size_t n);

/* Room for N more bytes at data + len, or NULL when memory ran out. */
static inline char *
buf_room(struct buf *b, size_t n)
{
	/* After a failure, too, nothing must be added; and NULL has no room,
	 * not even for nothing. */
	if ((b->data == NULL || b->failed || n > b->cap - b->len) &&
	    !buf_grow(b, n))
		return NULL;
	return b->data + b->len;
}

/* Every byte of every event goes through here; the compiler sees constants. */
static inline void
buf_put(struct buf *b, const void *bytes, size_t n)
{
	char *p = n > 0 ? buf_room(b, n) : NULL;

	if (p == NULL)
		return;
	memcpy(p, bytes, n);
	b->len += n;
}

static inline void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

static inline void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

/* Takes the first N bytes away. */
void buf_drop(struct buf *, size_t n);

#endif

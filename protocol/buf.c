#include "config.h"

#include "buf.h"

#include "hot.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

HOT void
buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

HOT void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

bool
buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap < 256 ? 256 : b->cap;
	char *p;

	while (!b->failed && cap - b->len < n) {
		b->failed = cap > SIZE_MAX / 2;
		cap *= 2;
	}
	if (b->failed)
		return false;
	p = realloc(b->data, cap);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

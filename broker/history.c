#include "config.h"

#include "history.h"

#include "buf.h"
#include "hot.h"
#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pages that are there before they are needed. */
#define AHEAD 8

static uint64_t
page_of(const struct history *h, uint64_t pos)
{
	return pos - pos % h->page;
}

int
history_init(struct history *h, size_t keep, size_t queue)
{
	memset(h, 0, sizeof *h);
	h->keep = keep;
	h->page = (size_t)sysconf(_SC_PAGESIZE);
	/* A backlog is cut off when it is over QUEUE at the end of a turn, and
	 * one turn writes more; a quarter is freed at a time. */
	h->size = (keep > queue ? keep : queue) * 4 / 3 + 512 * 1024;
	h->size = (size_t)page_of(h, h->size + h->page - 1);
	/* Pages that were never written cost nothing. */
	h->ring = sys_pages_new(h->size, &h->fd);
	if (h->ring == NULL)
		return -ENOMEM;
	h->slots = 256;
	h->index = malloc(h->slots * sizeof *h->index);
	if (h->index == NULL) {
		history_fini(h);
		return -ENOMEM;
	}
	return 0;
}

void
history_fini(struct history *h)
{
	if (h->ring != NULL)
		sys_pages_free(h->ring, h->size, h->fd);
	free(h->index);
	memset(h, 0, sizeof *h);
}

static struct entry *
slot(const struct history *h, uint64_t i)
{
	return &h->index[i & (h->slots - 1)];
}

HOT size_t
history_lacks(const struct history *h, size_t len)
{
	size_t free_bytes = h->size - (size_t)(h->head - h->fresh);

	if (len <= free_bytes)
		return 0;
	return len - free_bytes > h->size / 4 ? len - free_bytes : h->size / 4;
}

bool
history_has_lent(const struct history *h)
{
	return h->lent > h->fresh;
}

/* The pages up to END can be written again. */
static void
renew(struct history *h, uint64_t end, bool in_flight)
{
	size_t at, len;

	while (in_flight && h->fresh < end) {
		at = (size_t)(h->fresh % h->size);
		len = (size_t)(end - h->fresh);
		if (len > h->size - at)
			len = h->size - at;
		sys_pages_renew(h->ring + at, len);
		h->fresh += len;
	}
	h->fresh = end;
}

void
history_forget(struct history *h, uint64_t pos, bool in_flight)
{
	h->tail = pos < h->head ? pos : h->head;
	renew(h, page_of(h, h->tail), in_flight);
	while (h->first < h->end && slot(h, h->first)->pos < h->tail)
		h->first++;
}

bool
history_grow(struct history *h, size_t len)
{
	size_t used = (size_t)(h->head - h->tail), size = h->size, done = 0;
	struct iovec iov[2];
	char *ring;
	int i, n, fd;

	while (size - used < len + h->page)
		size *= 2;
	ring = sys_pages_new(size, &fd);
	if (ring == NULL)
		return false;
	n = history_iov(h, h->tail, used, iov);
	for (i = 0; i < n; i++) {
		size_t at = (size_t)((h->tail + done) % size);
		size_t first = size - at < iov[i].iov_len ? size - at :
		    iov[i].iov_len;

		memcpy(ring + at, iov[i].iov_base, first);
		memcpy(ring, (char *)iov[i].iov_base + first,
		    iov[i].iov_len - first);
		done += iov[i].iov_len;
	}
	sys_pages_free(h->ring, h->size, h->fd);
	h->ring = ring;
	h->size = size;
	h->fd = fd;
	h->fresh = page_of(h, h->tail);
	h->lent = 0;
	return true;
}

static bool
grow_index(struct history *h)
{
	size_t slots = h->slots * 2;
	struct entry *index = malloc(slots * sizeof *index);
	uint64_t i;

	if (index == NULL)
		return false;
	for (i = h->first; i < h->end; i++)
		index[i & (slots - 1)] = *slot(h, i);
	free(h->index);
	h->index = index;
	h->slots = slots;
	return true;
}

HOT bool
history_add(struct history *h, uint64_t seq, enum kev_topic topic,
    const char *line, size_t len)
{
	size_t at = (size_t)(h->head % h->size), first = h->size - at;

	if (h->end - h->first == h->slots && !grow_index(h))
		return false;
	*slot(h, h->end++) = (struct entry){ h->head, seq, topic };
	if (first > len)
		first = len;
	memcpy(h->ring + at, line, first);
	memcpy(h->ring, line + first, len - first);
	h->head += len;
	return true;
}

/*
 * A byte is written as it is: that is what gets a page, and somebody may still
 * read it. Some at a time, as who was just sent something may wait for us to end.
 */
HOT void
history_prepare(struct history *h)
{
	const size_t page = h->page;
	/* Who has told little won't need much. */
	const size_t used = h->head / page + 1;
	const size_t ahead = (used < AHEAD ? used : AHEAD) * page;
	volatile char *byte;
	char kept;

	if (h->ready >= h->head + page)
		return;
	if (h->ready < h->head)
		h->ready = page_of(h, h->head);
	for (; h->ready < h->head + ahead; h->ready += page) {
		byte = h->ring + h->ready % h->size;
		kept = *byte;
		*byte = kept;
	}
}

size_t
history_lend(struct history *h, uint64_t pos, uint64_t len, size_t *offset)
{
	*offset = (size_t)(pos % h->size);
	if (len > h->size - *offset)
		len = h->size - *offset;
	if (h->lent < pos + len)
		h->lent = pos + len;
	return (size_t)len;
}

void
history_lend_no_more(struct history *h)
{
	close(h->fd);
	h->fd = -1;
}

HOT int
history_iov(const struct history *h, uint64_t pos, size_t len,
    struct iovec *iov)
{
	size_t at = (size_t)(pos % h->size), first = h->size - at;

	if (len == 0)
		return 0;
	iov[0].iov_base = h->ring + at;
	iov[0].iov_len = len < first ? len : first;
	if (len <= first)
		return 1;
	iov[1].iov_base = h->ring;
	iov[1].iov_len = len - first;
	return 2;
}

void
history_copy(const struct history *h, uint64_t pos, size_t len, struct buf *b)
{
	struct iovec iov[2];
	int i, n = history_iov(h, pos, len, iov);

	for (i = 0; i < n; i++)
		buf_put(b, iov[i].iov_base, iov[i].iov_len);
}

uint64_t
history_from(const struct history *h, uint64_t pos)
{
	uint64_t low = h->first, high = h->end, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (slot(h, middle)->pos < pos)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t
history_kept(const struct history *h)
{
	if (h->head - h->tail <= h->keep)
		return h->first;
	return history_from(h, h->head - h->keep);
}

uint64_t
history_after(const struct history *h, uint64_t seq)
{
	uint64_t low = history_kept(h), high = h->end, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (slot(h, middle)->seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct entry
history_line(const struct history *h, uint64_t i, uint64_t *end)
{
	*end = i + 1 < h->end ? slot(h, i + 1)->pos : h->head;
	return *slot(h, i);
}

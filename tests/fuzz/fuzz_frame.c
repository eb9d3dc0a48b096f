/*
 * Framing: the first byte is the longest line there may be (0: as long as a
 * request), the second the sizes of the pieces; the rest is the stream. What
 * is found is what one finds who has all of it at once; not always is all taken
 * before there is more.
 */
#include "config.h"

#include "bounds.h"
#include "frame.h"
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The next line of the bytes from *P to END. */
static enum frame_found
split(const char **p, const char *end, size_t max, const char **line,
    size_t *len)
{
	const char *newline;

	if (*p == end)
		return FRAME_NONE;
	newline = memchr(*p, '\n', (size_t)(end - *p));
	*line = *p;
	*len = (size_t)((newline != NULL ? newline : end) - *p);
	*p = newline != NULL ? newline + 1 : end;
	return *len > max ? FRAME_TOO_LONG : FRAME_LINE;
}

static size_t
piece(size_t done, size_t left, uint8_t seed)
{
	size_t n = 1 + (done * 7 + seed) % (seed < 128 ? 8 : 5000);

	return n < left ? n : left;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *p, *end, *line, *want;
	enum frame_found found;
	struct frame f = { 0 };
	size_t max, done, n, size, want_size;
	bool last;
	int lines;

	if (len < 3)
		return 0;
	f.max = bytes[0];
	max = f.max != 0 ? f.max : KEV_REQUEST_MAX;
	p = (const char *)bytes + 2;
	end = p + len - 2;
	for (done = 2; done < len; done += n) {
		n = piece(done, len - done, bytes[1]);
		last = done + n == len;
		MUST(frame_feed(&f, (const char *)bytes + done, n));
		for (lines = 0; last || lines < bytes[1] % 16; lines++) {
			found = frame_next(&f, last, &line, &size);
			if (found == FRAME_NONE)
				break;
			MUST(split(&p, end, max, &want, &want_size) == found);
			if (found == FRAME_TOO_LONG)
				continue;
			MUST(size == want_size);
			MUST(memcmp(line, want, size) == 0);
		}
		MUST(lines == bytes[1] % 16 || f.in.len - f.taken <= max);
	}
	MUST(p == end && frame_is_empty(&f) && f.in.data == NULL);
	return 0;
}

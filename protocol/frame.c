#include "config.h"

#include "frame.h"

#include "bounds.h"

#include <string.h>

void
frame_fini(struct frame *f)
{
	buf_fini(&f->in);
	f->taken = f->seen = 0;
}

bool
frame_is_empty(const struct frame *f)
{
	return f->taken == f->in.len;
}

bool
frame_feed(struct frame *f, const char *bytes, size_t len)
{
	buf_drop(&f->in, f->taken);
	f->seen -= f->taken;
	f->taken = 0;
	buf_put(&f->in, bytes, len);
	if (!f->in.failed)
		return true;
	f->in.failed = false;
	return false;
}

/* Nothing of what is there is wanted any more. */
static enum frame_found
empty(struct frame *f)
{
	frame_fini(f);
	return FRAME_NONE;
}

enum frame_found
frame_next(struct frame *f, bool eof, const char **line, size_t *len)
{
	const char *start, *end;

	for (;;) {
		if (f->taken == f->in.len)
			return empty(f);
		start = f->in.data + f->taken;
		end = memchr(f->in.data + f->seen, '\n', f->in.len - f->seen);
		if (end == NULL && eof)
			end = f->in.data + f->in.len;
		*len = (size_t)((end != NULL ? end : f->in.data + f->in.len) -
		    start);
		if (end == NULL)
			f->seen = f->in.len;
		else
			f->seen = f->taken = f->taken + *len +
			    (end < f->in.data + f->in.len);
		if (f->skipping) {
			if (end == NULL)
				return empty(f);
			f->skipping = false;
			continue;
		}
		if (*len > (f->max != 0 ? f->max : KEV_REQUEST_MAX)) {
			f->skipping = end == NULL;
			if (f->skipping)
				frame_fini(f);
			return FRAME_TOO_LONG;
		}
		if (end == NULL)
			return FRAME_NONE;
		*line = start;
		return FRAME_LINE;
	}
}

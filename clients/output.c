#include "config.h"

#include "cloudevents.h"
#include "kev.h"
#include "output.h"
#include "signals.h"
#include "template.h"
#include "text.h"
#include "tool.h"
#include "variables.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#ifndef PIPE_BUF
#define PIPE_BUF 512
#endif
#define RECORD_SEPARATOR '\x1e'

void
output_init(struct output *out, const struct options *options)
{
	struct stat st;

	*out = (struct output){ .options = options };
	out->terminal = isatty(STDOUT_FILENO);
	out->pipe = fstat(STDOUT_FILENO, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

void
output_fini(struct output *out)
{
	buf_fini(&out->buf);
}

/*
 * Waits until a reader takes something. -1, or the exit status when the
 * deadline comes first, or a signal that is to end us.
 */
static int
await_reader(int64_t deadline)
{
	struct pollfd p[2] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = signals_fd(), .events = POLLIN }
	};
	int64_t left = -1;
	int n;

	for (;;) {
		if (deadline != -1)
			left = deadline - tool_now();
		if (deadline != -1 && left < 0)
			left = 0;
		n = poll(p, 2, left > INT_MAX ? INT_MAX : (int)left);
		if (signals_caught() != 0)
			return EXIT_NOTHING;
		if (n == 0)
			return EXIT_TIMEOUT;
		if (n == -1 || p[0].revents != 0)
			return -1;
		signals_drain();
	}
}

int
output_bytes(struct output *out, const char *p, size_t len, int64_t deadline)
{
	bool timed = (deadline != -1 || signals_kept()) &&
	    (out->pipe || out->terminal);
	size_t piece;
	ssize_t n;
	int r;

	while (len > 0) {
		/* A pipe that is ready takes PIPE_BUF without blocking. */
		piece = timed && len > PIPE_BUF ? PIPE_BUF : len;
		r = timed ? await_reader(deadline) : -1;
		if (r != -1)
			return r;
		n = write(STDOUT_FILENO, p, piece);
		if (n == -1 && signals_caught() != 0)
			return EXIT_NOTHING;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN && await_reader(-1) == -1)
			continue;
		if (n == -1) {
			say("cannot write: %s", strerror(errno));
			return EXIT_NOTHING;
		}
		p += n;
		len -= (size_t)n;
	}
	return -1;
}

/* A line of JSON, whose characters a terminal must not obey. */
static void
put_json(const struct output *out, struct buf *b, const char *text, size_t len)
{
	if (out->terminal)
		text_json(b, text, len);
	else
		buf_put(b, text, len);
}

static void
put_cloudevent(const struct output *out, struct buf *b,
    const struct kev_line *line)
{
	struct buf whole = BUF_INIT;

	cloudevents_put(&whole, line);
	put_json(out, b, whole.data, whole.len);
	b->failed |= whole.failed;
	buf_fini(&whole);
}

static void
put_event(struct output *out, const struct kev_line *line)
{
	struct buf *b = &out->buf;
	const char *text;
	size_t len;

	switch (out->options->format) {
	case FORMAT_TEMPLATE:
		template_put(b, out->options->template, line, out->terminal);
		break;
	case FORMAT_TEXT:
		text_event(b, kev_line_json(line), out->options->color);
		break;
	case FORMAT_ENV:
		variables_put(b, line);
		break;
	case FORMAT_CLOUDEVENTS:
		put_cloudevent(out, b, line);
		break;
	default:
		/* RFC 7464: what was cut off in the middle is seen by that. */
		if (out->options->format == FORMAT_JSON_SEQ)
			buf_putc(b, RECORD_SEPARATOR);
		text = kev_line_text(line, &len);
		put_json(out, b, text, len);
	}
	buf_putc(b, '\n');
}

int
output_event(struct output *out, const struct kev_line *line,
    int64_t deadline)
{
	buf_clear(&out->buf);
	put_event(out, line);
	if (out->buf.failed) {
		say("out of memory");
		return EXIT_NOTHING;
	}
	return output_bytes(out, out->buf.data, out->buf.len, deadline);
}

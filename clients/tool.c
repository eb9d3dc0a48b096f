#include "config.h"

#include "buf.h"
#include "text.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *name = "kev";

/*
 * One that is closed must not become the connection to kevd, which would get
 * what we print. The wrong way round, so that to use it still fails.
 */
static void
fill_standard(void)
{
	int fd, null;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		null = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY :
		    O_RDONLY);
		if (null > STDERR_FILENO)
			close(null);
	}
}

void
tool_begin(const char *s)
{
	name = s;
	fill_standard();
}

void
say(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	char text[2048];
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_puts(&b, name);
	buf_puts(&b, ": ");
	text_puts(&b, text);
	buf_putc(&b, '\n');
	/* Where stderr is gone there is nobody left to tell. */
	n = write(STDERR_FILENO, b.data, b.len);
	(void)n;
	buf_fini(&b);
}

int64_t
tool_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
tool_end(int status, int failed)
{
	bool flushed = fflush(stdout) == 0;

	if (status != EXIT_OK || (flushed && !ferror(stdout)))
		return status;
	/* What failed some time before has left no reason. */
	if (flushed)
		say("not all could be written");
	else
		say("cannot write: %s", strerror(errno));
	return failed;
}

void
tool_version(void)
{
	printf("%s %s\n", name, PACKAGE_VERSION);
}

int
tool_status(int err)
{
	return err == -EACCES || err == -EPERM ? EXIT_REFUSED :
	    err == -EINVAL || err == -EMSGSIZE ? EXIT_USAGE : EXIT_UNREACHABLE;
}

struct kev *
tool_open(const char *path, unsigned flags, int *status)
{
	struct kev *k = kev_new();
	int r;

	if (k == NULL) {
		say("out of memory");
		*status = EXIT_UNREACHABLE;
		return NULL;
	}
	r = kev_open(k, path, flags);
	if (r == 0)
		return k;
	say("%s", kev_error(k));
	*status = tool_status(r);
	kev_free(k);
	return NULL;
}

int
tool_ask(struct kev *k, const char *op, const char *members, int timeout,
    const struct kev_line **line)
{
	int64_t end = tool_now() + timeout, left;
	long long id = kev_request(k, op, members);
	int r;

	if (id < 0)
		return (int)id;
	for (;;) {
		left = end - tool_now();
		r = kev_next(k, left < 0 ? 0 : (int)left, line);
		if (r == KEV_NONE)
			return -ETIMEDOUT;
		if (r == KEV_LOST)
			return -EPIPE;
		/* Here it is kevd that said too much. */
		if (r < 0)
			return r == -EMSGSIZE ? -EPROTO : r;
		/* 0: a refusal before kevd read anything, as too-many. */
		if (r == KEV_LINE && (kev_line_reply(*line) == id ||
		    kev_line_reply(*line) == 0))
			return 0;
	}
}

int
tool_refused(const struct kev_line *l)
{
	const char *message = kev_line_string(l, "error.message");
	const char *code = kev_line_string(l, "error.code");

	say("kevd refused: %s%s%s", message != NULL ? message : "no reason",
	    code != NULL ? ", " : "", code != NULL ? code : "");
	return EXIT_REFUSED;
}

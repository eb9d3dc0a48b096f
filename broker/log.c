#include "config.h"

#include "log.h"

#include "hot.h"
#include "stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define BURST 10

static const char *name = "kevd";
static bool debug;
static bool prefixed;
static bool detached;

void
log_init(const char *progname, bool verbose)
{
	name = progname;
	debug = verbose;
	/* Set by systemd when stderr is a stream to the journal. */
	prefixed = getenv("JOURNAL_STREAM") != NULL;
}

void
log_to_syslog(void)
{
	/* What it opens can't be opened in the sandbox. */
	tzset();
	openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	detached = true;
}

HOT bool
log_verbose(void)
{
	return debug;
}

/*
 * One write(2) a line, so that lines of several processes don't mix. There is
 * room for a message of the kernel in hexadecimal, which has 32 KiB at most.
 */
static void
put(int priority, const char *fmt, va_list ap)
{
	static char line[1 << 17];
	int n = 0;

	if (detached) {
		vsyslog(priority, fmt, ap);
		return;
	}
	if (prefixed)
		n = snprintf(line, sizeof line, "<%d>", priority);
	n += snprintf(line + n, sizeof line - (size_t)n, "%s: ", name);
	vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
	strcat(line, "\n");
	fputs(line, stderr);
	fflush(stderr);
}

#define LOG(func, priority, wanted)		\
void						\
func(const char *fmt, ...)			\
{						\
	va_list ap;				\
						\
	if (!(wanted))				\
		return;				\
	va_start(ap, fmt);			\
	put(priority, fmt, ap);			\
	va_end(ap);				\
}

LOG(log_error, LOG_ERR, true)
LOG(log_warning, LOG_WARNING, true)
LOG(log_info, LOG_INFO, true)
LOG(log_debug, LOG_DEBUG, debug)

void
log_limited(struct log_limit *l, const char *fmt, ...)
{
	uint64_t now = stamp_now().mono, seconds;
	va_list ap;

	if (!l->started) {
		*l = (struct log_limit){ now, BURST, 0, true };
	} else {
		seconds = (now - l->last) / 1000000;
		l->last += seconds * 1000000;
		l->tokens = seconds > BURST - l->tokens ? BURST :
		    l->tokens + (unsigned)seconds;
	}
	if (l->tokens == 0) {
		l->dropped++;
		return;
	}
	l->tokens--;
	if (l->dropped > 0)
		log_warning("%u messages like the next were left out",
		    l->dropped);
	l->dropped = 0;
	va_start(ap, fmt);
	put(LOG_WARNING, fmt, ap);
	va_end(ap);
}

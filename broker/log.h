/*
 * What kevd tells its operator: lines on stderr, with the priorities of
 * syslog(3) in front ("<4>") when systemd reads them; to syslog if detached.
 */
#ifndef KEVD_LOG_H
#define KEVD_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* "kevd", unless told. VERBOSE lets log_debug through. */
void log_init(const char *progname, bool verbose);
bool log_verbose(void);

/* From now on to syslog(3), because stderr is going to be closed. */
void log_to_syslog(void);

void log_error(const char *fmt, ...)
    __attribute__((cold, format(printf, 1, 2)));
void log_warning(const char *fmt, ...)
    __attribute__((cold, format(printf, 1, 2)));
void log_info(const char *fmt, ...)
    __attribute__((cold, format(printf, 1, 2)));
void log_debug(const char *fmt, ...)
    __attribute__((cold, format(printf, 1, 2)));

/*
 * For what somebody else can cause again and again: at most BURST lines, one
 * more allowed every second; the next line after a silence says how many were
 * left out. One static variable of this type for each place in the code.
 */
struct log_limit {
	uint64_t last;		/* microseconds, when tokens were counted */
	unsigned tokens;
	unsigned dropped;
	bool started;
};
void log_limited(struct log_limit *, const char *fmt, ...)
    __attribute__((cold, format(printf, 2, 3)));

#endif

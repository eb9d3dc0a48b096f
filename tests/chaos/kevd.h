/*
 * The kevd that is tested: started, stopped, killed, and what it takes of
 * memory and descriptors.
 */
#ifndef CHAOS_KEVD_H
#define CHAOS_KEVD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct kevd {
	pid_t pid;		/* 0: there is none */
	bool stopped;
	size_t base;		/* resident bytes once it was ready */
};

/*
 * Starts it, by the shell's command KEVD with OPTIONS behind it, and waits
 * until it is ready. Its log is appended to the file LOG.
 */
void kevd_start(struct kevd *, const char *log, const char *options);

/* Sends SIGSTOP or SIGCONT, which is in force when it returns. */
void kevd_stop(struct kevd *, bool stop);

/* Ends it by that signal; broken unless it exits as it should. */
void kevd_end(struct kevd *, int number);

/* Broken if it has ended. */
void kevd_check(const struct kevd *);

/* How many descriptors it has. */
unsigned kevd_files(const struct kevd *);

/* A line of /proc/PID/status, like "VmHWM:", in bytes; 0: not there. */
size_t kevd_memory(const struct kevd *, const char *name);

/* Processor time that it used, in ms. */
unsigned long kevd_time(const struct kevd *);

#endif

/*
 * The command of kevsub -x: runs it for an event, one at a time. Knows
 * processes and the environment, knows nothing of sockets.
 */
#ifndef KEV_CLIENT_COMMAND_H
#define KEV_CLIENT_COMMAND_H

#include <stdint.h>

struct kev_line;

/* How a command ended. */
struct command_end {
	enum {
		COMMAND_EXITED,		/* "value" is its status */
		COMMAND_KILLED,		/* "value" is the signal */
		COMMAND_SLOW,		/* it took too long, and was ended */
		COMMAND_FAILED,		/* to start: "value" is an errno */
		COMMAND_TIMEOUT		/* was sent SIGTERM and left */
	} how;
	int value;
};

/*
 * Runs ARGV with the event on its standard input and in its environment, and
 * waits for it until DEADLINE (monotonic ms; -1: without end). A signal that
 * ends us meanwhile is passed on to it. If it takes more than LONGEST ms
 * (0: as many as it likes), it and those that it has started, which are a
 * process group then, are ended.
 */
struct command_end command_run(char *const argv[],
    const struct kev_line *event, int64_t deadline, int64_t longest);

/*
 * The same with a process group in any case. When it took too long, or one of
 * the signals of signals_keep() came, which is COMMAND_TIMEOUT, then nothing of
 * that group is left on return: five seconds after SIGTERM it gets SIGKILL, and
 * those in it that outlive the command get that at once.
 */
struct command_end command_run_tidy(char *const argv[],
    const struct kev_line *event, int64_t longest);

/* Dies the way the command died. Returns the status a shell would see. */
int command_die(int sig);

#endif

#include "config.h"

#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int ends_us[] = { SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM };

static int wake[2] = { -1, -1 };
static volatile sig_atomic_t caught;
static bool kept;

bool
signals_pipe(int fd[2])
{
	int i;

	if (pipe(fd) == -1)
		return false;
	for (i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
		/* Never 0 to 2, even when we were started without these. */
		while (fd[i] <= STDERR_FILENO) {
			int high = fcntl(fd[i], F_DUPFD_CLOEXEC, 3);

			if (high == -1)
				return false;
			close(fd[i]);
			fd[i] = high;
		}
	}
	return true;
}

static void
on_signal(int sig)
{
	int saved = errno;
	ssize_t n;

	if (sig != SIGCHLD)
		caught = sig;
	n = write(wake[1], "", 1);
	(void)n;
	errno = saved;
}

/* Once. */
static bool
prepare(void)
{
	if (wake[0] != -1)
		return true;
	if (!signals_pipe(wake))
		return false;
	fcntl(wake[0], F_SETFL, O_NONBLOCK);
	fcntl(wake[1], F_SETFL, O_NONBLOCK);
	return true;
}

bool
signals_child(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	return prepare() && sigaction(SIGCHLD, &sa, NULL) == 0;
}

bool
signals_keep(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, before;
	size_t i;

	if (!prepare())
		return false;
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = (int)SA_RESETHAND;
	for (i = 0; i < sizeof ends_us / sizeof *ends_us; i++) {
		if (sigaction(ends_us[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(ends_us[i], &sa, NULL);
	}
	kept = true;
	return true;
}

bool
signals_kept(void)
{
	return kept;
}

int
signals_caught(void)
{
	return caught;
}

int
signals_fd(void)
{
	return wake[0];
}

void
signals_drain(void)
{
	char bytes[64];

	while (wake[0] != -1 && read(wake[0], bytes, sizeof bytes) > 0)
		continue;
}

void
signals_die(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

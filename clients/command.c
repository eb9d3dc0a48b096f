#include "config.h"

#include "command.h"
#include "kev.h"
#include "buf.h"
#include "signals.h"
#include "tool.h"
#include "variables.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Longer values are left out: execve has a limit, and stdin has it all. */
enum { VALUE_MAX = 32 * 1024 };

static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
#define N_PASSED_ON (sizeof passed_on / sizeof *passed_on)

/* From SIGTERM to SIGKILL for a command that takes too long. */
enum { GRACE_MS = 5000 };

/* For the signal handler: as kill() takes it, 0: none. */
static volatile pid_t child;

/* SA_RESETHAND has put the default back: raise() ends us on return. */
static void
on_end(int sig)
{
	if (child != 0)
		kill(child, sig);
	raise(sig);
}

static void
set_variable(void *arg, const char *name, const char *value)
{
	(void)arg;
	if (strlen(value) < VALUE_MAX)
		setenv(name, value, 1);
}

/* No variable of an outer kevsub's event shall look like one of ours. */
static void
forget_variables(void)
{
	char name[64], **p = environ;
	size_t n;

	while (p != NULL && *p != NULL) {
		n = strcspn(*p, "=");
		if (strncmp(*p, "KEV_", 4) != 0 || n >= sizeof name ||
		    strncmp(*p, "KEV_SOCKET=", 11) == 0) {
			p++;
			continue;
		}
		memcpy(name, *p, n);
		name[n] = '\0';
		unsetenv(name);
		p = environ;
	}
}

/* In the child. ERRNO goes through FD when there is nothing to run. */
static void
become(char *const argv[], const struct kev_line *event, bool group, int in,
    int fd)
{
	ssize_t n;
	int err;

	if (group)
		setpgid(0, 0);
	signal(SIGCHLD, SIG_DFL);
	if (dup2(in, STDIN_FILENO) != -1) {
		forget_variables();
		variables_each(event, false, set_variable, NULL);
		execvp(argv[0], argv);
	}
	err = errno;
	n = write(fd, &err, sizeof err);
	(void)n;
	_exit(EXIT_NOT_FOUND);
}

/* Writes what goes of the event; closes FD when done or nobody reads. */
static void
feed(int *fd, const char **text, size_t *len)
{
	ssize_t n = write(*fd, *text, *len);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		*text += n;
		*len -= (size_t)n;
	}
	if (n > 0 && *len > 0)
		return;
	close(*fd);
	*fd = -1;
}

/* A command that runs. */
struct running {
	pid_t pid;
	pid_t whom;		/* gets signals: it, or minus its group */
	int in;			/* its input, -1: it has all or wants no more */
	const char *text;	/* what it still is to read */
	size_t len;
	int64_t deadline;	/* of kevsub; both -1: none */
	int64_t limit;		/* of the command, then of its last grace */
	bool slow;		/* it was told to end */
	bool tidy;		/* nothing of it is to be left then */
	int status;
};

/* False: the deadline has come. Sends signals when the limit has. */
static bool
in_time(struct running *c, int64_t now)
{
	if (c->deadline != -1 && now >= c->deadline)
		return false;
	if (c->limit == -1 || now < c->limit)
		return true;
	kill(c->whom, c->slow ? SIGKILL : SIGTERM);
	c->limit = c->slow ? -1 : now + GRACE_MS;
	c->slow = true;
	return true;
}

static int
patience(const struct running *c, int64_t now)
{
	int64_t end = c->deadline;

	if (end == -1 || (c->limit != -1 && c->limit < end))
		end = c->limit;
	return end == -1 ? -1 : end - now > INT_MAX ? INT_MAX :
	    (int)(end - now);
}

/*
 * Whether it has ended. Its number is its group's as long as nobody has waited
 * for it.
 */
static bool
has_ended(struct running *c)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	if (waitid(P_PID, (id_t)c->pid, &info,
	    WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid == 0)
		return false;
	if (c->tidy && c->slow)
		kill(c->whom, SIGKILL);
	return waitpid(c->pid, &c->status, 0) == c->pid;
}

/* We are to end: who is tidy tells the command, and waits. False: we don't. */
static bool
stays(struct running *c, int64_t now)
{
	if (signals_caught() == 0)
		return true;
	if (!c->slow)
		c->limit = now;
	return c->tidy;
}

/*
 * Feeds the command until it ends. False: the deadline came first, or a signal
 * that is to end us.
 */
static bool
attend(struct running *c)
{
	struct pollfd p[2];
	int64_t now;

	for (;;) {
		if (c->in != -1)
			feed(&c->in, &c->text, &c->len);
		if (has_ended(c))
			return true;
		now = tool_now();
		if (!stays(c, now) || !in_time(c, now))
			return false;
		p[0] = (struct pollfd){ .fd = signals_fd(), .events = POLLIN };
		p[1] = (struct pollfd){ .fd = c->in, .events = POLLOUT };
		if (poll(p, 2, patience(c, now)) > 0 && p[0].revents != 0)
			signals_drain();
	}
}

/* What we do with signals while a command runs, and what we did before. */
static void
arm(struct sigaction *before)
{
	struct sigaction sa = { .sa_handler = on_end };
	size_t i;

	sigemptyset(&sa.sa_mask);
	sa.sa_flags = (int)SA_RESETHAND;
	for (i = 0; i < N_PASSED_ON; i++) {
		sigaction(passed_on[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN && !signals_kept())
			sigaction(passed_on[i], &sa, NULL);
	}
	sa.sa_handler = SIG_IGN;
	sa.sa_flags = 0;
	sigaction(SIGPIPE, &sa, &before[N_PASSED_ON]);
}

static void
disarm(const struct sigaction *before)
{
	size_t i;

	for (i = 0; i < N_PASSED_ON; i++)
		sigaction(passed_on[i], &before[i], NULL);
	sigaction(SIGPIPE, &before[N_PASSED_ON], NULL);
}

/* Forks. The write end of the command's input, or -1 and errno in *ERR. */
static int
start(char *const argv[], const struct kev_line *event, bool group, pid_t *pid,
    int *err)
{
	int in[2] = { -1, -1 }, failure[2] = { -1, -1 };
	ssize_t n;

	*err = 0;
	if (!signals_child() || !signals_pipe(in) || !signals_pipe(failure)) {
		*err = errno;
		return -1;
	}
	*pid = fork();
	if (*pid == 0)
		become(argv, event, group, in[0], failure[1]);
	if (*pid == -1)
		*err = errno;
	close(in[0]);
	close(failure[1]);
	do
		n = read(failure[0], err, sizeof *err);
	while (n == -1 && errno == EINTR);
	close(failure[0]);
	if (*err == 0) {
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		return in[1];
	}
	close(in[1]);
	if (*pid != -1)
		waitpid(*pid, NULL, 0);
	return -1;
}

/* The event, and a newline. Without memory it has nothing to read. */
static bool
serve(struct running *c, const struct kev_line *event)
{
	struct buf b = BUF_INIT;
	const char *text;
	bool ended;
	size_t len;

	text = kev_line_text(event, &len);
	buf_put(&b, text, len);
	buf_putc(&b, '\n');
	c->text = b.data;
	c->len = b.failed ? 0 : b.len;
	ended = attend(c);
	if (c->in != -1)
		close(c->in);
	buf_fini(&b);
	return ended;
}

static struct command_end
end_of(const struct running *c)
{
	if (c->slow)
		return (struct command_end){ c->tidy && signals_caught() != 0 ?
			COMMAND_TIMEOUT : COMMAND_SLOW, 0 };
	if (WIFSIGNALED(c->status))
		return (struct command_end){ COMMAND_KILLED,
			WTERMSIG(c->status) };
	return (struct command_end){ COMMAND_EXITED, WEXITSTATUS(c->status) };
}

/* LONGEST ms and no more; 0: as many as it likes. */
static struct command_end
run(struct running *c, char *const argv[], const struct kev_line *event,
    int64_t longest)
{
	struct sigaction before[N_PASSED_ON + 1];
	struct command_end end = { COMMAND_FAILED, 0 };
	bool group = longest > 0 || c->tidy, ended;

	c->in = start(argv, event, group, &c->pid, &end.value);
	if (c->in == -1)
		return end;
	c->whom = group ? -c->pid : c->pid;
	c->limit = longest > 0 ? tool_now() + longest : -1;
	child = c->whom;
	arm(before);
	ended = serve(c, event);
	child = 0;
	disarm(before);
	if (ended)
		return end_of(c);
	kill(c->whom, signals_caught() != 0 ? signals_caught() : SIGTERM);
	end.how = COMMAND_TIMEOUT;
	return end;
}

struct command_end
command_run(char *const argv[], const struct kev_line *event,
    int64_t deadline, int64_t longest)
{
	struct running c = { .deadline = deadline };

	return run(&c, argv, event, longest);
}

struct command_end
command_run_tidy(char *const argv[], const struct kev_line *event,
    int64_t longest)
{
	struct running c = { .deadline = -1, .tidy = true };

	return run(&c, argv, event, longest);
}

int
command_die(int sig)
{
	struct rlimit none = { 0, 0 };

	/* The core, if any, is the command's, not ours. */
	setrlimit(RLIMIT_CORE, &none);
	signals_die(sig);
	return 128 + sig;
}

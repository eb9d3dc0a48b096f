#include "config.h"

#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds that a program has to begin. */
#define PATIENCE 20

void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	exit(1);
}

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The first number of a thread's schedstat: what it ran. */
static uint64_t
thread_ns(pid_t pid, const char *thread)
{
	char path[300], text[100] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid,
	    thread);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof text, f) == NULL)
		text[0] = '\0';
	fclose(f);
	return strtoull(text, NULL, 10);
}

uint64_t
cpu_ns(pid_t pid)
{
	const struct dirent *e;
	uint64_t sum = 0;
	char path[64];
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (d == NULL)
		die("%s: %s", path, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.')
			sum += thread_ns(pid, e->d_name);
	}
	closedir(d);
	return sum;
}

static void
become(const char *file, const char *const argv[], int listener)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0644);
	char pid[16];

	/* Even stopped it ends with us, and has nothing that we were given. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		_exit(127);
	if (listener != -1) {
		snprintf(pid, sizeof pid, "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		if (listener == 3)
			fcntl(3, F_SETFD, 0);
		else if (dup2(listener, 3) == -1)
			_exit(127);
	}
	closefrom(listener != -1 ? 4 : 3);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

pid_t
spawn(const char *file, const char *const argv[], int listener)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork: %s", strerror(errno));
	if (pid == 0)
		become(file, argv, listener);
	return pid;
}

void
finish(pid_t pid)
{
	int status;

	if (pid <= 0)
		die("there is no process to be ended");
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
}

static int
try_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	if (fd != -1 && connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
try_port(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd != -1 && connect(fd, (struct sockaddr *)&sin, sizeof sin) == 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		return fd;
	}
	close(fd);
	return -1;
}

int
dial(const char *where, pid_t pid)
{
	uint64_t until = now_ns() + PATIENCE * UINT64_C(1000000000);
	struct timespec moment = { .tv_nsec = 2000000 };
	unsigned long port = strtoul(where, NULL, 10);
	int fd, status;

	do {
		fd = port > 0 ? try_port((uint16_t)port) : try_unix(where);
		if (fd != -1) {
			fcntl(fd, F_SETFL, O_NONBLOCK);
			return fd;
		}
		if (waitpid(pid, &status, WNOHANG) == pid)
			die("what should listen on %s has ended", where);
		nanosleep(&moment, NULL);
	} while (now_ns() < until);
	die("nobody listens on %s", where);
}

void
sleep_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000),
	    .tv_nsec = (long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) != 0)
		continue;
}

uint64_t
memory(pid_t pid)
{
	unsigned long kilobytes = 0;
	char line[256];
	FILE *f;

	snprintf(line, sizeof line, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(line, "re");
	if (f == NULL)
		die("%s: %s", line, strerror(errno));
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "Pss:", 4) == 0)
			kilobytes = strtoul(line + 4, NULL, 10);
	}
	fclose(f);
	return (uint64_t)kilobytes * 1024;
}

static int
compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double
percentile(uint64_t *v, unsigned n, unsigned p)
{
	unsigned i = (n - 1) * p / 100;

	qsort(v, n, sizeof *v, compare_times);
	return (double)v[i];
}

unsigned
rounds(unsigned n)
{
	const char *s = getenv("KEV_BENCH_ROUNDS");

	if (s != NULL)
		n = (unsigned)strtoul(s, NULL, 10);
	if (n < 1 || n > ROUNDS_MAX)
		die("KEV_BENCH_ROUNDS must be from 1 to %d", ROUNDS_MAX);
	return n;
}

const char *
needed(const char *name)
{
	const char *s = getenv(name);

	if (s == NULL)
		die("%s is not in the environment", name);
	return s;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
series_add(struct series *s, double v)
{
	if (s->n == ROUNDS_MAX)
		die("more rounds than %d", ROUNDS_MAX);
	s->v[s->n++] = v;
	qsort(s->v, s->n, sizeof s->v[0], compare);
}

double
series_median(const struct series *s)
{
	if (s->n == 0)
		return 0;
	return (s->v[(s->n - 1) / 2] + s->v[s->n / 2]) / 2;
}

double
series_spread(const struct series *s)
{
	if (s->n == 0)
		return 0;
	return 100 * (s->v[s->n - 1] - s->v[0]) / series_median(s);
}

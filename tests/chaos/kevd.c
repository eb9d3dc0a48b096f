#include "config.h"

#include "kevd.h"

#include "broken.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
become(const char *log, const char *options, int ready)
{
	char command[4096];
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);

	snprintf(command, sizeof command, "exec %s -n 3 %s", getenv("KEVD"),
	    options);
	if (fd == -1 || dup2(fd, STDERR_FILENO) == -1 || dup2(ready, 3) == -1)
		_exit(127);
	/* Even stopped it ends with us, and has nothing that we were given. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	closefrom(4);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void
kevd_start(struct kevd *k, const char *log, const char *options)
{
	char newline;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) == -1)
		broken("pipe: %s", strerror(errno));
	k->pid = fork();
	if (k->pid == 0)
		become(log, options, ready[1]);
	close(ready[1]);
	if (k->pid == -1 || read(ready[0], &newline, 1) != 1)
		broken("kevd does not start: %s", options);
	close(ready[0]);
	k->stopped = false;
	k->base = kevd_memory(k, "VmRSS:");
}

void
kevd_check(const struct kevd *k)
{
	int status;

	if (k->pid != 0 && waitpid(k->pid, &status, WNOHANG) != 0)
		broken("kevd ended, status %#x", status);
}

void
kevd_stop(struct kevd *k, bool stop)
{
	int status;

	if (k->pid == 0 || k->stopped == stop)
		return;
	kill(k->pid, stop ? SIGSTOP : SIGCONT);
	if (waitpid(k->pid, &status, WUNTRACED | WCONTINUED) != k->pid ||
	    !(stop ? WIFSTOPPED(status) : WIFCONTINUED(status)))
		broken("kevd ended, status %#x", status);
	k->stopped = stop;
}

void
kevd_end(struct kevd *k, int number)
{
	int status;

	kevd_stop(k, false);
	kevd_check(k);
	kill(k->pid, number);
	if (waitpid(k->pid, &status, 0) != k->pid || (number == SIGKILL ?
	    !WIFSIGNALED(status) : status != 0))
		broken("kevd ended, status %#x", status);
	k->pid = 0;
}

unsigned
kevd_files(const struct kevd *k)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)k->pid);
	d = opendir(path);
	if (d == NULL)
		broken("%s: %s", path, strerror(errno));
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

size_t
kevd_memory(const struct kevd *k, const char *name)
{
	char line[256];
	size_t kilobytes = 0;
	FILE *f;

	snprintf(line, sizeof line, "/proc/%d/status", (int)k->pid);
	f = fopen(line, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0)
			kilobytes = strtoul(line + strlen(name), NULL, 10);
	}
	if (f != NULL)
		fclose(f);
	return kilobytes * 1024;
}

unsigned long
kevd_time(const struct kevd *k)
{
	char line[1024], *p, *end;
	unsigned long ticks = 0;
	FILE *f;
	int i;

	snprintf(line, sizeof line, "/proc/%d/stat", (int)k->pid);
	f = fopen(line, "re");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		broken("kevd has no processor time");
	fclose(f);
	/* Fields 14 and 15; the second is the name in parentheses. */
	p = strrchr(line, ')');
	for (i = 2; i < 14; i++)
		p = strchr(p, ' ') + 1;
	ticks = strtoul(p, &end, 10);
	ticks += strtoul(end, NULL, 10);
	return ticks * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
}

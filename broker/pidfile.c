#include "config.h"

#include "pidfile.h"

#include "log.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pidfile {
	const char *path;
	int fd;			/* has the lock */
	struct stat made;
};

static bool
is_in_place(const struct pidfile *p)
{
	struct stat now;

	return stat(p->path, &now) == 0 && now.st_dev == p->made.st_dev &&
	    now.st_ino == p->made.st_ino;
}

/*
 * Whoever had the lock may have removed the file before we got it: then there
 * is no file, or another one, of that name. 0 or -errno.
 */
static int
lock(struct pidfile *p)
{
	for (;;) {
		p->fd = open(p->path,
		    O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
		if (p->fd == -1)
			return -errno;
		if (flock(p->fd, LOCK_EX | LOCK_NB) == -1 ||
		    fstat(p->fd, &p->made) == -1)
			return -errno;
		if (is_in_place(p))
			return 0;
		close(p->fd);
	}
}

static int
write_number(int fd)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	ssize_t n;

	if (ftruncate(fd, 0) == -1)
		return -errno;
	n = write(fd, text, (size_t)len);
	return n == len ? 0 : n == -1 ? -errno : -ENOSPC;
}

/* It may have no number yet. */
static void
say_whose(const struct pidfile *p)
{
	char text[32];
	ssize_t n = read(p->fd, text, sizeof text - 1);
	long pid;

	text[n > 0 ? n : 0] = '\0';
	pid = atol(text);
	if (pid > 0)
		log_error("%s: in use by process %ld", p->path, pid);
	else
		log_error("%s: in use by another process", p->path);
}

struct pidfile *
pidfile_new(const char *path)
{
	struct pidfile *p = calloc(1, sizeof *p);
	int error;

	if (p == NULL) {
		log_error("out of memory");
		return NULL;
	}
	p->path = path;
	error = lock(p);
	if (error == 0) {
		error = write_number(p->fd);
		if (error == 0)
			return p;
		unlink(path);
	}
	if (error == -EWOULDBLOCK)
		say_whose(p);
	else
		log_error("%s: %s", path, strerror(-error));
	if (p->fd != -1)
		close(p->fd);
	free(p);
	return NULL;
}

void
pidfile_free(struct pidfile *p)
{
	if (p == NULL)
		return;
	if (is_in_place(p) && unlink(p->path) == -1)
		log_info("%s: not removed: %s", p->path, strerror(errno));
	close(p->fd);
	free(p);
}

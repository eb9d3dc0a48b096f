#include "config.h"

#include "cursorfile.h"
#include "tool.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not more often, because each time waits for the disk. */
enum { EVERY_MS = 1000 };

/* RUN-SEQ, with nothing in it that an id of kevd never has. */
static bool
is_cursor(const char *s)
{
	const char *dash = strrchr(s, '-'), *p;

	if (dash == NULL || dash == s || strlen(s) >=
	    sizeof ((struct cursorfile *)0)->text)
		return false;
	for (p = s; p < dash; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return dash[1] != '\0' && strlen(dash + 1) <= 16 &&
	    dash[1 + strspn(dash + 1, "0123456789")] == '\0';
}

/* All of the file into TEXT, if there is not more. 0 or -errno. */
static int
slurp(int fd, char *text, size_t size)
{
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* What is no file would be replaced by one. */
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while ((n = read(fd, text + len, size - len)) > 0)
		len += (size_t)n;
	if (n == -1)
		return -errno;
	if (len == size || memchr(text, '\0', len) != NULL)
		return -EINVAL;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return len == 0 || is_cursor(text) ? 0 : -EINVAL;
}

/* Where it is. False: no memory, or a link to nowhere. */
static bool
locate(struct cursorfile *c)
{
	struct stat st;
	char *slash;

	c->path = lstat(c->name, &st) == 0 && S_ISLNK(st.st_mode) ?
	    realpath(c->name, NULL) : strdup(c->name);
	if (c->path == NULL)
		return false;
	slash = strrchr(c->path, '/');
	c->folder = slash == NULL ? strdup(".") :
	    strndup(c->path, (size_t)(slash - c->path) + 1);
	return c->folder != NULL;
}

int
cursorfile_open(struct cursorfile *c, const char *name)
{
	int fd, err;

	*c = (struct cursorfile){ .name = name };
	if (!locate(c)) {
		say("cannot use the cursor file %s: %s", name, strerror(errno));
		return EXIT_USAGE;
	}
	/* Not to wait for the other side of a FIFO. */
	fd = open(c->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return -1;
	err = fd == -1 ? -errno : slurp(fd, c->text, sizeof c->text);
	if (fd != -1)
		close(fd);
	if (err == 0)
		return -1;
	say("cannot use the cursor file %s: %s", name, err == -EINVAL ?
	    "there is something else in it" : strerror(-err));
	return EXIT_USAGE;
}

void
cursorfile_fini(struct cursorfile *c)
{
	free(c->path);
	free(c->folder);
	*c = (struct cursorfile){ 0 };
}

void
cursorfile_set(struct cursorfile *c, const char *id)
{
	if (c->name == NULL || id == NULL || strcmp(c->text, id) == 0)
		return;
	if (is_cursor(id)) {
		strcpy(c->text, id);
		c->dirty = true;
		return;
	}
	if (!c->failing)
		say("kevd has ids that are none: %.100s", id);
	c->failing = true;
}

int
cursorfile_due(const struct cursorfile *c)
{
	int64_t left;

	if (!c->dirty)
		return -1;
	left = c->saved_at + EVERY_MS - tool_now();
	return left < 0 ? 0 : (int)left;
}

/* With the mode and, if that can be, the owner of the file that is there. */
static int
take_after(const struct cursorfile *c, int fd)
{
	struct stat st;

	if (stat(c->path, &st) == -1)
		return errno == ENOENT ? 0 : -errno;
	(void)!fchown(fd, st.st_uid, st.st_gid);
	return fchmod(fd, st.st_mode & 0777) == -1 ? -errno : 0;
}

static int
fill(const struct cursorfile *c, int fd)
{
	char line[sizeof c->text + 1];
	size_t len = (size_t)snprintf(line, sizeof line, "%s%s", c->text,
	    c->text[0] == '\0' ? "" : "\n");
	ssize_t n = write(fd, line, len);
	int err;

	if (n != (ssize_t)len)
		return n == -1 ? -errno : -ENOSPC;
	err = take_after(c, fd);
	if (err < 0)
		return err;
	return fsync(fd) == -1 ? -errno : 0;
}

/* So that the new name lasts. Not every file system knows that. */
static int
sync_folder(const struct cursorfile *c)
{
	int fd = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (fd == -1)
		return errno == EACCES ? 0 : -errno;
	if (fsync(fd) == -1 && errno != EINVAL)
		err = -errno;
	close(fd);
	return err;
}

/* A new file beside it, complete, takes its name. */
static int
replace(const struct cursorfile *c)
{
	size_t size = strlen(c->folder) + sizeof "/.kevsub.XXXXXX";
	char *temporary = malloc(size);
	int fd, err;

	if (temporary == NULL)
		return -ENOMEM;
	snprintf(temporary, size, "%s/.kevsub.XXXXXX", c->folder);
	fd = mkstemp(temporary);
	if (fd == -1) {
		err = -errno;
		free(temporary);
		return err;
	}
	err = fill(c, fd);
	if (close(fd) == -1 && err == 0)
		err = -errno;
	if (err == 0 && rename(temporary, c->path) == -1)
		err = -errno;
	if (err < 0)
		unlink(temporary);
	free(temporary);
	return err < 0 ? err : sync_folder(c);
}

bool
cursorfile_save(struct cursorfile *c)
{
	int err = replace(c);

	c->saved_at = tool_now();
	c->dirty = err < 0;
	if (err < 0 && !c->failing)
		say("cannot write the cursor file %s: %s", c->name,
		    strerror(-err));
	c->failing = err < 0;
	return !c->failing;
}

#include "config.h"

#include "buf.h"
#include "hooks.h"
#include "tool.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where in "told". That of a class is where the first of its topics has it. */
enum { PLACE_CLASS = KEV_TOPICS, PLACE_ALL = 2 * KEV_TOPICS, PLACE_FOLDER };

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* A look at one place. */
struct look {
	struct hooks *hooks;
	const char *before;	/* what was refused last time, or NULL */
	struct buf refused;	/* what is, lines */
};

/* Says what is wrong about PATH, if that is new. */
static void
refuse(struct look *l, const char *path, const char *why)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, path);
	buf_puts(&b, ": ");
	buf_puts(&b, why);
	buf_puts(&b, "\n");
	buf_put(&l->refused, b.data, b.len);
	buf_putc(&b, '\0');
	if (!b.failed && (l->before == NULL ||
	    strstr(l->before, b.data) == NULL))
		say("not run: %s: %s", path, why);
	buf_fini(&b);
}

/* NULL, or why a file or folder of that kind is not to be trusted. */
static const char *
distrust(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to somebody else";
	/* With an access control list, "group" is what all in it may do. */
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write to it";
	return NULL;
}

static const char *
distrust_folder(int fd)
{
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		return strerror(errno);
	return distrust(&st);
}

/* From the folder FD, which is closed, into one that is in there. */
static int
step(int fd, const char *name)
{
	int next = openat(fd, name, FOLDER), err = errno;

	close(fd);
	errno = err;
	return next;
}

/*
 * Opens PATH, as realpath() has it, step by step from the root, following no
 * link. -1 when it was refused.
 */
static int
open_folder(struct look *l, const char *path)
{
	char *way = strdup(path), *name = way, *end, c;
	int fd = open("/", FOLDER);
	const char *why = way == NULL ? "out of memory" : distrust_folder(fd);

	if (why != NULL)
		refuse(l, "/", why);
	while (why == NULL && *name == '/' && name[1] != '\0') {
		name++;
		end = name + strcspn(name, "/");
		c = *end;
		*end = '\0';
		fd = step(fd, name);
		why = distrust_folder(fd);
		if (why != NULL)
			refuse(l, way, why);
		*end = c;
		name = end;
	}
	free(way);
	if (why != NULL && fd != -1)
		close(fd);
	return why == NULL ? fd : -1;
}

/* PATH without links, to be freed, or NULL when it was refused. */
static char *
find(struct look *l, const char *path)
{
	size_t n = strlen(l->hooks->folder);
	char *real = realpath(path, NULL);

	if (real == NULL) {
		refuse(l, path, strerror(errno));
		return NULL;
	}
	if (strncmp(real, l->hooks->folder, n) == 0 && real[n] == '/')
		return real;
	refuse(l, path, "it is a link that leads out");
	free(real);
	return NULL;
}

/* Whether PATH may be run, which is in the folder FD. */
static bool
may_run(struct look *l, int fd, const char *path)
{
	const char *name = strrchr(path, '/') + 1, *why;
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		why = "it is not a file";
	else
		why = distrust(&st);
	if (why == NULL && faccessat(fd, name, X_OK, AT_EACCESS) == -1)
		why = errno == EACCES ? "it is not executable" :
		    strerror(errno);
	if (why != NULL)
		refuse(l, path, why);
	return why == NULL;
}

/* PATH is a link: whether what it leads to may be run. */
static bool
may_run_there(struct look *l, const char *path)
{
	char *slash = strrchr(path, '/');
	bool may;
	int fd;

	*slash = '\0';
	fd = open_folder(l, path);
	*slash = '/';
	may = fd != -1 && may_run(l, fd, path);
	if (fd != -1)
		close(fd);
	return may;
}

static bool
call_link(struct look *l, const char *path, hooks_fn *fn, void *arg)
{
	char *real = find(l, path);
	bool go = true;

	if (real != NULL && may_run_there(l, real))
		go = fn(arg, real);
	free(real);
	return go;
}

/* What editors and package managers leave behind. */
static bool
is_left_behind(const char *name)
{
	static const char *const patterns[] = {
		".*", "*~", "#*#", "*,v", "*.bak", "*.orig", "*.rej",
		"*.dpkg-*", "*.ucf-*", "*.rpmnew", "*.rpmorig", "*.rpmsave",
		"*.pacnew", "*.pacorig", "*.pacsave", "*.apk-new"
	};
	size_t i;

	for (i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	}
	return false;
}

/* One name in the folder FD, whose path is FOLDER. False: no more. */
static bool
call(struct look *l, int fd, const char *folder, const char *name,
    hooks_fn *fn, void *arg)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);
	struct stat st;
	bool go = true;

	if (path == NULL) {
		refuse(l, folder, "out of memory");
		return true;
	}
	snprintf(path, size, "%s/%s", folder, name);
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		go = call_link(l, path, fn, arg);
	else if (may_run(l, fd, path))
		go = fn(arg, path);
	free(path);
	return go;
}

struct names {
	char **name;
	size_t n;
};

static void
names_add(struct names *s, const char *name)
{
	char **more = realloc(s->name, (s->n + 1) * sizeof *more);

	if (more == NULL)
		return;
	s->name = more;
	s->name[s->n] = strdup(name);
	if (s->name[s->n] != NULL)
		s->n++;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The scripts that are in the folder FD, in order. */
static struct names
names_of(int fd)
{
	struct names s = { NULL, 0 };
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = copy == -1 ? NULL : fdopendir(copy);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (!is_left_behind(e->d_name))
			names_add(&s, e->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	else if (copy != -1)
		close(copy);
	if (s.n > 0)
		qsort(s.name, s.n, sizeof *s.name, by_bytes);
	return s;
}

static bool
call_all(struct look *l, int fd, const char *folder, hooks_fn *fn, void *arg)
{
	struct names s = names_of(fd);
	bool go = true;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (go)
			go = call(l, fd, folder, s.name[i], fn, arg);
		free(s.name[i]);
	}
	free(s.name);
	return go;
}

/* What was refused is known the next time. */
static void
look_end(struct look *l, int place)
{
	char **told = &l->hooks->told[place];

	buf_putc(&l->refused, '\0');
	free(*told);
	*told = l->refused.failed || l->refused.len == 1 ? NULL :
	    strdup(l->refused.data);
	buf_fini(&l->refused);
}

/* The folder FOLDER/NAME.d, of NAME the first N bytes. False: no more. */
static bool
look_into(struct hooks *h, int place, const char *name, int n, hooks_fn *fn,
    void *arg)
{
	struct look l = { h, h->told[place], BUF_INIT };
	size_t size = strlen(h->folder) + (size_t)n + sizeof "/.d";
	char *path = malloc(size), *real = NULL;
	struct stat st;
	bool go = true;
	int fd;

	if (path == NULL)
		return true;
	snprintf(path, size, "%s/%.*s.d", h->folder, n, name);
	/* Most topics have none. */
	if (lstat(path, &st) == 0 || errno != ENOENT)
		real = find(&l, path);
	fd = real == NULL ? -1 : open_folder(&l, real);
	if (fd != -1) {
		go = call_all(&l, fd, real, fn, arg);
		close(fd);
	}
	look_end(&l, place);
	free(real);
	free(path);
	return go;
}

/* Whether the folder with all of them is safe. */
static bool
folder_is_safe(struct hooks *h)
{
	struct look l = { h, h->told[PLACE_FOLDER], BUF_INIT };
	int fd = open_folder(&l, h->folder);

	look_end(&l, PLACE_FOLDER);
	if (fd != -1)
		close(fd);
	return fd != -1;
}

int
hooks_open(struct hooks *h, const char *folder)
{
	*h = (struct hooks){ .folder = realpath(folder, NULL) };
	if (h->folder == NULL) {
		say("cannot use %s: %s", folder, strerror(errno));
		return EXIT_USAGE;
	}
	return folder_is_safe(h) ? -1 : EXIT_USAGE;
}

void
hooks_fini(struct hooks *h)
{
	int i;

	for (i = 0; i < HOOKS_PLACES; i++)
		free(h->told[i]);
	free(h->folder);
	*h = (struct hooks){ .folder = NULL };
}

void
hooks_each(struct hooks *h, enum kev_topic topic, hooks_fn *fn, void *arg)
{
	const char *name = kev_topics[topic].name;
	int n = (int)strcspn(name, "/"), first = 0;

	while (strncmp(kev_topics[first].name, name, (size_t)n + 1) != 0)
		first++;
	if (folder_is_safe(h) && look_into(h, (int)topic, name,
	    (int)strlen(name), fn, arg) && look_into(h, PLACE_CLASS + first,
	    name, n, fn, arg))
		look_into(h, PLACE_ALL, "all", 3, fn, arg);
}

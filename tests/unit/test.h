/*
 * What every unit test needs: cmocka, and the headers that it wants before it.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* What looks for errors from within, like valgrind, needs more than a sandbox
 * allows. */
static inline bool
is_watched(void)
{
	const char *wrap = getenv("KEV_WRAP");

	return wrap != NULL && wrap[0] != '\0';
}

/* A folder of ours, with files in it. 0 if it is gone. */
static inline int
remove_folder(const char *folder)
{
	char path[400];
	const struct dirent *e;
	DIR *d = opendir(folder);

	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	closedir(d);
	return rmdir(folder);
}

#endif

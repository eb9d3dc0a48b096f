/*
 * replay FILE|DIRECTORY...: the target with each file, and with pieces of it,
 * each in memory of its own, so that a byte too far is found.
 */
#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned files;

static void
try(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	MUST(copy != NULL);
	if (len > 0)
		memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void
replay(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "r");
	size_t len, cut;

	if (f == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	try(bytes, len);
	for (cut = 0; cut < len; cut += 1 + len / 50)
		try(bytes, cut);
	files++;
}

static void
replay_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char file[4096];

	if (d == NULL) {
		replay(path);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		replay(file);
	}
	closedir(d);
}

int
main(int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc; i++)
		replay_all(argv[i]);
	printf("%u inputs\n", files);
	/* A test that tries nothing is none. */
	return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

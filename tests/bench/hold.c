/*
 * hold DIRECTORY COUNT: so many clients of the kevd there who want what never
 * happens. Says when all are served, and ends with its input.
 */
#include "config.h"

#include "bench.h"
#include "readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	struct readers r;
	char byte;

	if (argc != 3)
		die("usage: hold DIRECTORY COUNT");
	readers_open(&r, broker_find("kevd-play"), argv[1], getppid(),
	    (unsigned)strtoul(argv[2], NULL, 10), true);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	readers_close(&r);
	return 0;
}

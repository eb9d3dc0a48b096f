/*
 * record FILE HELD COUNT: makes a recording, see recording.h.
 */
#include "config.h"

#include "bench.h"
#include "recording.h"

#include <stdlib.h>

int
main(int argc, char *argv[])
{
	if (argc != 4)
		die("usage: record FILE HELD COUNT");
	recording_make(argv[1], (unsigned)strtoul(argv[2], NULL, 10),
	    (unsigned)strtoul(argv[3], NULL, 10));
	return 0;
}

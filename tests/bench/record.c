/*
 * record FILE ADDRESSES ROUTERS COUNT: makes a recording, see recording.h.
 */
#include "config.h"

#include "bench.h"
#include "recording.h"

#include <stdlib.h>

int
main(int argc, char *argv[])
{
	struct held held;

	if (argc != 5)
		die("usage: record FILE ADDRESSES ROUTERS COUNT");
	held.addresses = (unsigned)strtoul(argv[2], NULL, 10);
	held.routers = (unsigned)strtoul(argv[3], NULL, 10);
	recording_make(argv[1], &held, (unsigned)strtoul(argv[4], NULL, 10));
	return 0;
}

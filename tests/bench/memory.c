/*
 * memory DIRECTORY [BROKER...]: what a broker takes that has nothing to do, for
 * each of a thousand readers who wait, and for one who does not read.
 */
#include "config.h"

#include "bench.h"
#include "publisher.h"

#include <stdio.h>
#include <string.h>

#define READERS 1000
/* Enough to fill what is kept of the past. */
#define EVENTS 40000

static void
measure_readers(const struct broker *b, const char *dir, pid_t pid)
{
	uint64_t idle, full;
	struct readers r;

	/* It listens once one was served. */
	readers_open(&r, b, dir, pid, 1, true);
	readers_close(&r);
	idle = memory(pid);
	readers_open(&r, b, dir, pid, READERS, false);
	full = memory(pid);
	readers_close(&r);
	printf("memory %-12s idle %6.0f KiB, each reader %6.2f KiB\n", b->name,
	    (double)idle / 1024, (double)(full - idle) / 1024 / READERS);
}

/* One reads, and then another one does not. */
static void
measure_stuck(const struct broker *b, const char *dir, pid_t pid)
{
	struct readers r, stuck;
	uint64_t before;

	readers_open(&r, b, dir, pid, 1, false);
	publish_all(&r, dir, pid, EVENTS);
	before = memory(pid);
	readers_open(&stuck, b, dir, pid, 1, false);
	readers_again(&r);
	publish_all(&r, dir, pid, EVENTS);
	printf("memory %-12s with all of the past %6.0f KiB, one who is stuck "
	    "%+6.0f KiB\n", b->name, (double)before / 1024,
	    ((double)memory(pid) - (double)before) / 1024);
	readers_close(&r);
	readers_close(&stuck);
}

int
main(int argc, char *argv[])
{
	const struct broker *b;
	pid_t pid;

	if (argc < 2)
		die("usage: memory DIRECTORY [BROKER...]");
	for (b = brokers; b->name != NULL; b++) {
		if (b->publish == NULL || !broker_is_wanted(b, argv + 2))
			continue;
		pid = b->start(b, argv[1]);
		if (pid == 0)
			continue;
		measure_readers(b, argv[1], pid);
		/* Another one does not tell of it: it stops with him. */
		if (strncmp(b->name, "kevd", 4) == 0)
			measure_stuck(b, argv[1], pid);
		finish(pid);
	}
	return 0;
}

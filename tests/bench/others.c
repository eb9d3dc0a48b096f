/*
 * others DIRECTORY [BROKER...]: what those cost who want something else.
 * Processor time of the broker for an event that one reader gets, while 10,
 * 100, 1000 and 10,000 others wait for what does not happen, each for
 * something of his own.
 */
#include "config.h"

#include "bench.h"
#include "publisher.h"

#include <sys/resource.h>

#include <stdio.h>

#define EVENTS 20000
/* Descriptors that are used besides. */
#define RESERVE 200

static const unsigned counts[] = { 10, 100, 1000, 10000 };
#define COUNTS (sizeof counts / sizeof counts[0])

/* Nanoseconds an event. */
struct result {
	struct series cost[COUNTS];
};

static void
measure(const struct broker *b, const char *dir, pid_t pid, unsigned n,
    struct series *to)
{
	struct readers one, others;
	uint64_t cpu;

	readers_open(&others, b, dir, pid, n, true);
	readers_open(&one, b, dir, pid, 1, false);
	cpu = cpu_ns(pid);
	publish_all(&one, dir, pid, EVENTS);
	cpu = cpu_ns(pid) - cpu;
	if (b->lines == 0)
		series_add(to, (double)cpu / (double)one.lines);
	else
		series_add(to, (double)cpu / EVENTS);
	readers_close(&one);
	readers_close(&others);
}

static void
measure_all(const struct broker *b, const char *dir, unsigned most)
{
	struct result r = { 0 };
	unsigned i, k, often = rounds(3);
	pid_t pid;

	for (i = 0; i < often; i++) {
		for (k = 0; k < COUNTS && counts[k] <= most; k++) {
			pid = b->start(b, dir);
			if (pid == 0) {
				printf("others: %s is not installed\n",
				    b->name);
				return;
			}
			measure(b, dir, pid, counts[k], &r.cost[k]);
			finish(pid);
		}
	}
	for (k = 0; k < COUNTS && counts[k] <= most; k++)
		printf("others %5u %-15s %6.0f ns an event +-%2.0f%%  %5.2f "
		    "of that with 10\n", counts[k], b->name,
		    series_median(&r.cost[k]), series_spread(&r.cost[k]) / 2,
		    series_median(&r.cost[k]) / series_median(&r.cost[0]));
}

int
main(int argc, char *argv[])
{
	struct rlimit files;
	unsigned j;

	if (argc < 2)
		die("usage: others DIRECTORY [BROKER...]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < counts[COUNTS - 1] + RESERVE)
		printf("others: only %ju descriptors\n",
		    (uintmax_t)files.rlim_cur);
	for (j = 0; brokers[j].name != NULL; j++) {
		if (brokers[j].hello != NULL &&
		    broker_is_wanted(&brokers[j], argv + 2))
			measure_all(&brokers[j], argv[1],
			    (unsigned)files.rlim_cur - RESERVE);
	}
	return 0;
}

/*
 * latency DIRECTORY [BROKER...]: one event a millisecond, and how long it takes
 * until the last of 1, 10 and 100 readers, all one process, has it, and what
 * processor time of the broker that takes; beside a program that passes on what
 * it is told with a send() to each, and the same by io_uring.
 */
#include "config.h"

#include "bench.h"
#include "publisher.h"

#include <stdio.h>

/* Events of a round, and those before that don't count. */
#define EVENTS 1000
#define WARM 50
#define MILLISECOND 1000000
#define BROKERS_MAX 32

static const unsigned counts[] = { 1, 10, 100 };
#define COUNTS (sizeof counts / sizeof counts[0])

/* In microseconds. */
struct result {
	struct series p50, p99, cpu;
};

static void
measure(const struct broker *b, const char *dir, pid_t pid, unsigned n,
    struct result *to)
{
	static uint64_t took[EVENTS];
	struct publisher p;
	struct readers r;
	uint64_t due, one, cpu;
	int i;

	readers_open(&r, b, dir, pid, n, false);
	publisher_open(&p, b, dir, pid, 0);
	cpu = cpu_ns(pid);
	due = now_ns();
	for (i = -WARM; i < EVENTS; i++) {
		one = publisher_time(&p, &r);
		if (i >= 0)
			took[i] = one;
		due += MILLISECOND;
		sleep_until(due);
	}
	cpu = cpu_ns(pid) - cpu;
	publisher_close(&p);
	readers_close(&r);
	series_add(&to->p50, percentile(took, EVENTS, 50) / 1e3);
	series_add(&to->p99, percentile(took, EVENTS, 99) / 1e3);
	series_add(&to->cpu, (double)cpu / 1e3 / (WARM + EVENTS));
}

static void
print(const struct broker *b, unsigned n, const struct result *r,
    const struct result *limit)
{
	if (r->p50.n == 0)
		return;
	printf("latency %3u readers %-12s p50 %6.0f us +-%2.0f%%  p99 %6.0f us"
	    "  cpu %4.0f us  %5.2f of the limit\n", n, b->name,
	    series_median(&r->p50), series_spread(&r->p50) / 2,
	    series_median(&r->p99), series_median(&r->cpu),
	    series_median(&r->p50) / series_median(&limit->p50));
}

static void
measure_one(const struct broker *b, const char *dir, unsigned n,
    struct result *to)
{
	pid_t pid = b->start(b, dir);

	if (pid == 0)
		return;
	measure(b, dir, pid, n, to);
	finish(pid);
}

/* The first one is the limit. Returns how many there are. */
static unsigned
choose(const struct broker *chosen[BROKERS_MAX], char *const names[])
{
	const struct broker *b;
	unsigned n = 0;

	chosen[n++] = &broker_relay;
	if (broker_is_wanted(&broker_uring, names))
		chosen[n++] = &broker_uring;
	for (b = brokers; b->name != NULL; b++) {
		if (b->publish != NULL && broker_is_wanted(b, names))
			chosen[n++] = b;
	}
	return n;
}

int
main(int argc, char *argv[])
{
	const struct broker *chosen[BROKERS_MAX];
	unsigned k, i, j, n, often = rounds(3);

	if (argc < 2)
		die("usage: latency DIRECTORY [BROKER...]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	n = choose(chosen, argv + 2);
	for (k = 0; k < COUNTS; k++) {
		struct result results[BROKERS_MAX] = { 0 };

		for (i = 0; i < often; i++) {
			for (j = 0; j < n; j++)
				measure_one(chosen[j], argv[1], counts[k],
				    &results[j]);
		}
		for (j = 0; j < n; j++)
			print(chosen[j], counts[k], &results[j], &results[0]);
	}
	return 0;
}

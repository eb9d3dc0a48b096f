/*
 * fanout DIRECTORY [BROKER...]: what it costs a broker to give each event to 1,
 * 10, 100 and 1000 readers: deliveries for each second of processor time that
 * it takes. Of all brokers that there are, or of those.
 */
#include "config.h"

#include "bench.h"
#include "publisher.h"

#include <stdio.h>

#define BROKERS_MAX 32

/* Deliveries of a run, and messages at least and at most. */
#define DELIVERIES 8000000
#define FEWEST 4000
#define MOST 100000

static const unsigned readers[] = { 1, 10, 100, 1000 };

/* Of a broker, with so many readers. */
struct result {
	struct series rate;	/* millions a second */
	double size;		/* bytes of an event */
};

/* So many that it takes a second or so. */
static unsigned
messages(const struct broker *b, unsigned n)
{
	unsigned count = DELIVERIES / n;

	count = count < FEWEST ? FEWEST : count > MOST ? MOST : count;
	return b->slow > 0 ? count / b->slow : count;
}

/* False: it is not installed. */
static bool
measure(const struct broker *b, const char *dir, unsigned n, struct result *to)
{
	unsigned count = messages(b, n);
	struct readers r;
	uint64_t cpu;
	pid_t pid = b->start(b, dir);

	if (pid == 0)
		return false;
	readers_open(&r, b, dir, pid, n, false);
	cpu = cpu_ns(pid);
	publish_all(&r, dir, pid, count);
	cpu = cpu_ns(pid) - cpu;
	if (b->lines == 0)
		count = (unsigned)r.lines;
	series_add(&to->rate, (double)count * n * 1e3 / (double)cpu);
	to->size = (double)r.end / count;
	readers_close(&r);
	finish(pid);
	return true;
}

static void
print(const struct broker *b, unsigned n, const struct result *r,
    const struct result *limit)
{
	if (r->rate.n == 0)
		return;
	printf("fanout %4u readers %-15s %7.2f M/s +-%2.0f%%  %4.0f bytes",
	    n, b->name, series_median(&r->rate), series_spread(&r->rate) / 2,
	    r->size);
	if (limit->rate.n > 0)
		printf("  %5.2f of the limit",
		    series_median(&r->rate) / series_median(&limit->rate));
	putchar('\n');
}

int
main(int argc, char *argv[])
{
	unsigned k, i, j, often = rounds(3);

	if (argc < 2)
		die("usage: fanout DIRECTORY [BROKER...]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (k = 0; k < sizeof readers / sizeof readers[0]; k++) {
		struct result results[BROKERS_MAX] = { 0 }, limit = { 0 };

		for (i = 0; i < often; i++) {
			for (j = 0; brokers[j].name != NULL; j++) {
				if (!broker_is_wanted(&brokers[j], argv + 2))
					continue;
				if (!measure(&brokers[j], argv[1], readers[k],
				    &results[j]) && k == 0 && i == 0)
					printf("fanout: %s is not installed\n",
					    brokers[j].name);
			}
		}
		for (j = 0; brokers[j].name != NULL; j++) {
			if (brokers[j].limit)
				limit = results[j];
		}
		for (j = 0; brokers[j].name != NULL; j++)
			print(&brokers[j], readers[k], &results[j], &limit);
	}
	return 0;
}

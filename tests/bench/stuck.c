/*
 * stuck DIRECTORY [BROKER...]: of a hundred readers one does not read. How many
 * events a second the others have then, and without him; what is not over
 * after some seconds is cut off.
 */
#include "config.h"

#include "bench.h"
#include "publisher.h"

#include <stdio.h>

#define READERS 99
#define EVENTS 40000
#define SECONDS 10

static double
measure(const struct broker *b, const char *dir, bool with)
{
	pid_t pid = b->start(b, dir);
	struct readers r, stuck;
	struct publisher p;
	uint64_t begun, until;
	double rate;

	if (pid == 0)
		return 0;
	readers_open(&r, b, dir, pid, READERS, false);
	readers_open(&stuck, b, dir, pid, 1, !with);
	publisher_open(&p, b, dir, pid, EVENTS);
	readers_attend(&r, p.fd);
	begun = now_ns();
	until = begun + SECONDS * UINT64_C(1000000000);
	while (r.done < r.n && now_ns() < until)
		readers_pump(&r, publisher_step(&p, &r) ? 0 : 100);
	rate = (double)(r.done == r.n ? EVENTS : r.lines / b->lines) * 1e9 /
	    (double)(now_ns() - begun);
	publisher_close(&p);
	readers_close(&r);
	readers_close(&stuck);
	finish(pid);
	return rate;
}

int
main(int argc, char *argv[])
{
	const struct broker *b;
	unsigned i, often = rounds(3);
	double rate;

	if (argc < 2)
		die("usage: stuck DIRECTORY [BROKER...]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (b = brokers; b->name != NULL; b++) {
		struct series without = { 0 }, with = { 0 };

		if (b->publish == NULL || !broker_is_wanted(b, argv + 2))
			continue;
		for (i = 0; i < often; i++) {
			rate = measure(b, argv[1], false);
			if (rate == 0)
				break;
			series_add(&without, rate);
			series_add(&with, measure(b, argv[1], true));
		}
		if (without.n > 0)
			printf("stuck %-12s %7.0f events/s +-%2.0f%%, without "
			    "%7.0f  %5.2f of that\n", b->name,
			    series_median(&with), series_spread(&with) / 2,
			    series_median(&without), series_median(&with) /
			    series_median(&without));
	}
	return 0;
}

/*
 * What all benches share: clocks, processes that are measured, and a median
 * of several rounds. Whatever fails ends the bench and says why.
 */
#ifndef BENCH_H
#define BENCH_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

/* Rounds of a measurement, at most. */
#define ROUNDS_MAX 15

/* One figure, once a round. */
struct series {
	double v[ROUNDS_MAX];
	unsigned n;
};

/* Says so, and exits with 1. */
__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);

/* A clock in nanoseconds. */
uint64_t now_ns(void);

/* Processor time of all threads of a process, in nanoseconds. */
uint64_t cpu_ns(pid_t);

/*
 * Starts a program that ends with us, and whose messages go to FILE. LISTENER:
 * handed over as LISTEN_FDS has it, or -1.
 */
pid_t spawn(const char *file, const char *const argv[], int listener);

/* Ends it by its id. */
void finish(pid_t);

/*
 * Connects to a socket's path, or to a port of the loopback if WHERE is a
 * number; waits for PID, which is to listen there. What it returns does not
 * block.
 */
int dial(const char *where, pid_t);

/* A round number of times: from the environment, or N. */
unsigned rounds(unsigned n);

/* The environment's NAME, which must be there. */
const char *needed(const char *name);

/* Sleeps until that clock says so. */
void sleep_until(uint64_t ns);

/* Memory of a process: its proportional share, in bytes. */
uint64_t memory(pid_t);

/* What P percent of N figures are not above; sorts them. */
double percentile(uint64_t *, unsigned n, unsigned p);

void series_add(struct series *, double);
double series_median(const struct series *);

/* The largest less the smallest, in percent of the median. */
double series_spread(const struct series *);

#endif

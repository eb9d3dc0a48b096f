/*
 * many DIRECTORY CLIENTS: as many at once. All have a snapshot and hear of what
 * happens then; when they are gone, kevd is as it was.
 *
 * many DIRECTORY CLIENTS FILES: kevd has descriptors for fewer, FILES in all.
 * It serves those it can and rests; when some leave, others have their turn.
 */
#include "config.h"

#include "broken.h"
#include "crowd.h"

#include <sys/resource.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void
allow_files(unsigned n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < n) {
		fprintf(stderr, "many: only %ju descriptors\n",
		    (uintmax_t)limit.rlim_max);
		exit(77);
	}
	limit.rlim_cur = n;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Connected, and has its snapshot. */
static bool
is_served(const struct client *c)
{
	return c->fd != -1 && c->stint != NULL && !c->due;
}

static unsigned
count_served(const struct crowd *k)
{
	unsigned i, n = 0;

	for (i = 0; i < k->n; i++)
		n += is_served(&k->clients[i]);
	return n;
}

static void
inject(struct crowd *k, struct client *c)
{
	json_t *r = crowd_request(k, "inject");

	json_object_set_new(r, "topic", json_string("interface/idle"));
	client_ask(c, r, NULL);
}

/* An event that comes after all; those who are served hear it. */
static void
say_something(struct crowd *k)
{
	unsigned long until = crowd_now() + PATIENCE * 1000;
	uint64_t before = k->clients[0].last;
	unsigned i, waiting;

	inject(k, &k->clients[0]);
	do {
		crowd_pump(k, 100);
		waiting = 0;
		for (i = 0; i < k->n; i++)
			waiting += is_served(&k->clients[i]) &&
			    k->clients[i].last <= before;
		if (crowd_now() > until)
			broken("%u did not hear what happened", waiting);
	} while (waiting > 0);
}

static void
watch_all(struct crowd *k)
{
	unsigned i;

	for (i = 0; i < k->n; i++)
		crowd_watch(k, &k->clients[i]);
}

/*
 * In one turn of kevd the first and the last make more events than the queue
 * takes, and all others ask something between.
 */
static void
ask_between(struct crowd *k)
{
	unsigned i;

	kevd_stop(&k->kevd, true);
	for (i = 0; i < 32; i++) {
		inject(k, &k->clients[0]);
		inject(k, &k->clients[k->n - 1]);
	}
	for (i = 1; i < k->n - 1; i++)
		client_ask(&k->clients[i], crowd_request(k, "ping"), NULL);
	crowd_pump(k, 0);
	kevd_stop(&k->kevd, false);
	crowd_ask(k, "ping");
}

static void
all_at_once(struct crowd *k, unsigned files)
{
	watch_all(k);
	crowd_ask(k, "ping");
	if (count_served(k) != k->n)
		broken("%u are served", count_served(k));
	say_something(k);
	ask_between(k);
	printf("%u clients, kevd took %zu bytes\n", k->n,
	    kevd_memory(&k->kevd, "VmHWM:"));
	crowd_leave(k, files);
}

static void
wait_for(struct crowd *k, unsigned served)
{
	unsigned long until = crowd_now() + PATIENCE * 1000;

	while (count_served(k) < served) {
		crowd_pump(k, 100);
		if (crowd_now() > until)
			broken("%u are served, not %u", count_served(k), served);
	}
}

/* No more than PLACES are served at a time. */
static void
in_turns(struct crowd *k, unsigned places)
{
	unsigned long begun = crowd_now(), time = kevd_time(&k->kevd), took;
	unsigned i, left = k->n;

	watch_all(k);
	while (left > places) {
		wait_for(k, places);
		say_something(k);
		if (count_served(k) != places)
			broken("%u are served, not %u", count_served(k), places);
		/* All but the first leave, for others. */
		for (i = 1; i < k->n; i++) {
			if (!is_served(&k->clients[i]))
				continue;
			client_close(&k->clients[i]);
			left--;
		}
	}
	wait_for(k, left);
	say_something(k);
	took = kevd_time(&k->kevd) - time;
	printf("%u clients in %u places, %lu ms, of them kevd %lu\n", k->n,
	    places, crowd_now() - begun, took);
	/* It rests, and does not try again all the time. */
	if (getenv("KEV_CHAOS_MEMORY") != NULL &&
	    took > (crowd_now() - begun) / 4 + 100)
		broken("kevd is busy");
}

int
main(int argc, char *argv[])
{
	struct crowd k = { .n = 0 };
	unsigned files;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: many DIRECTORY CLIENTS [FILES]\n");
		return 2;
	}
	crowd_init(&k, argv[1], (unsigned)strtoul(argv[2], NULL, 10));
	allow_files(k.n + 100);
	crowd_start(&k, "--queue 4096");
	/* Once it answers it has closed what it started with. */
	crowd_watch(&k, &k.clients[0]);
	crowd_ask(&k, "ping");
	files = kevd_files(&k.kevd) - 1;
	client_close(&k.clients[0]);
	crowd_leave(&k, files);
	if (argc == 4)
		in_turns(&k, (unsigned)strtoul(argv[3], NULL, 10) - files);
	else
		all_at_once(&k, files);
	crowd_end(&k, SIGTERM);
	crowd_fini(&k);
	return 0;
}

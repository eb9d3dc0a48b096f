/*
 * held DIRECTORY: 100,000 addresses on 5,000 interfaces of a real kernel. What
 * kevd takes to have them, the processor time to read them all, at the start
 * and again, and how long others wait for an event while somebody who comes is
 * told all of it.
 */
#include "config.h"

#include "bench.h"
#include "netlink.h"
#include "publisher.h"

#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EACH 20
#define READERS 10
#define EVENTS 300
#define MILLISECOND 1000000
/* Nanoseconds that a whole reading takes at least. */
#define READING (10 * MILLISECOND)

static void
make_links(int fd, unsigned n)
{
	struct buf b = BUF_INIT;
	char name[IF_NAMESIZE];
	unsigned i;

	for (i = 0; i < n; i++) {
		buf_clear(&b);
		snprintf(name, sizeof name, "d%u", i);
		netlink_put_link(&b, name, "bridge", true);
		netlink_do(fd, &b);
	}
	buf_fini(&b);
}

static void
make_addresses(int fd, unsigned links)
{
	struct buf b = BUF_INIT;
	char name[IF_NAMESIZE];
	unsigned i, k;

	for (i = 0; i < links; i++) {
		buf_clear(&b);
		snprintf(name, sizeof name, "d%u", i);
		for (k = 0; k < EACH; k++)
			netlink_put_address(&b, true, if_nametoindex(name),
			    0x0b000000 + i * EACH + k, NULL, k == EACH - 1);
		netlink_do(fd, &b);
	}
	buf_fini(&b);
}

static pid_t
start(const char *dir, const char *option, const char *value)
{
	char path[128];
	const char *const argv[] = { needed("KEVD"), "-u", path, option, value,
	    NULL };

	snprintf(path, sizeof path, "%s/s", dir);
	unlink(path);
	return spawn("/dev/null", argv, -1);
}

/* Once it is ready. */
static pid_t
start_ready(const char *dir, const char *option, const char *value)
{
	pid_t pid = start(dir, option, value);
	char path[128];

	snprintf(path, sizeof path, "%s/s", dir);
	close(dial(path, pid));
	return pid;
}

/* Waits until it has worked, and rests again. */
static uint64_t
next_reading(pid_t pid)
{
	uint64_t first = cpu_ns(pid), before, now = first;

	do {
		before = now;
		poll(NULL, 0, 300);
		now = cpu_ns(pid);
	} while (now != before || now - first < READING);
	return now - first;
}

static void
measure_readings(const char *dir, struct series *begin, struct series *again)
{
	pid_t pid = start_ready(dir, "--resync", "2");

	series_add(begin, (double)cpu_ns(pid) / 1e6);
	series_add(again, (double)next_reading(pid) / 1e6);
	finish(pid);
}

/* Somebody who comes, in a process of his own. */
static pid_t
start_newcomer(const char *dir, pid_t kevd)
{
	static const char hello[] = "{\"op\":\"subscribe\",\"topics\":"
	    "[\"**\"],\"snapshot\":true}\n";
	static char bytes[1 << 18];
	pid_t pid = fork();
	char path[128];
	struct pollfd pfd = { .events = POLLIN };

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof path, "%s/s", dir);
	pfd.fd = dial(path, kevd);
	if (send(pfd.fd, hello, strlen(hello), MSG_NOSIGNAL) == -1)
		_exit(1);
	while (poll(&pfd, 1, -1) == 1) {
		if (read(pfd.fd, bytes, sizeof bytes) == 0)
			break;
	}
	_exit(0);
}

/*
 * Whoever measures runs at once: what he waits for is kevd, not a processor that
 * somebody who comes has for a turn of the scheduler.
 */
static void
run_first(bool first)
{
	const struct sched_param param = { .sched_priority = first ? 1 : 0 };
	int policy = first ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER;

	/* Only root may. */
	if (sched_setscheduler(0, policy, &param) == -1 && errno != EPERM)
		die("sched_setscheduler: %s", strerror(errno));
}

/* How long they wait: at most, and 99 of 100. */
struct delays {
	struct series most, p99;
};

static void
measure_events(struct publisher *p, struct readers *r, const char *dir,
    pid_t kevd, bool newcomer, struct delays *d)
{
	static uint64_t took[EVENTS];
	uint64_t due = now_ns();
	pid_t pid = 0;
	unsigned i;

	for (i = 0; i < EVENTS; i++) {
		if (newcomer && i == EVENTS / 10)
			pid = start_newcomer(dir, kevd);
		took[i] = publisher_time(p, r);
		due += MILLISECOND;
		sleep_until(due);
	}
	if (newcomer)
		finish(pid);
	series_add(&d->most, percentile(took, EVENTS, 100) / 1e6);
	series_add(&d->p99, percentile(took, EVENTS, 99) / 1e6);
}

static void
measure_delay(const char *dir, pid_t pid, struct delays *quiet,
    struct delays *told)
{
	const struct broker *b = broker_find("kevd-inject");
	struct publisher p;
	struct readers r;

	readers_open(&r, b, dir, pid, READERS, false);
	publisher_open(&p, b, dir, pid, 0);
	run_first(true);
	measure_events(&p, &r, dir, pid, false, quiet);
	measure_events(&p, &r, dir, pid, true, told);
	run_first(false);
	publisher_close(&p);
	readers_close(&r);
}

int
main(int argc, char *argv[])
{
	struct series begin = { 0 }, again = { 0 };
	struct delays quiet = { 0 }, told = { 0 };
	unsigned i, often = rounds(3), links = 5000;
	uint64_t empty, full;
	int fd;
	pid_t pid;

	if (argc != 2 && argc != 3)
		die("usage: held DIRECTORY [INTERFACES]");
	if (argc == 3)
		links = (unsigned)strtoul(argv[2], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	pid = start_ready(argv[1], NULL, NULL);
	empty = memory(pid);
	finish(pid);
	fd = netlink_open(0);
	make_links(fd, links);
	pid = start_ready(argv[1], "--history", "0");
	full = memory(pid);
	finish(pid);
	printf("held %u interfaces: %.0f bytes each\n", links,
	    ((double)full - (double)empty) / links);
	make_addresses(fd, links);
	close(fd);
	pid = start_ready(argv[1], "--history", "0");
	printf("held %u addresses: %.0f bytes each\n", links * EACH,
	    ((double)memory(pid) - (double)full) / links / EACH);
	for (i = 0; i < often; i++)
		measure_delay(argv[1], pid, &quiet, &told);
	finish(pid);
	for (i = 0; i < often; i++)
		measure_readings(argv[1], &begin, &again);
	printf("held: to begin takes %.0f ms +-%.0f%%, a resync %.0f ms "
	    "+-%.0f%%\n", series_median(&begin), series_spread(&begin) / 2,
	    series_median(&again), series_spread(&again) / 2);
	printf("held: others wait %.2f ms, 99 of 100, %.2f ms +-%.0f%% at most, "
	    "while nobody comes %.2f and %.2f\n", series_median(&told.p99),
	    series_median(&told.most), series_spread(&told.most) / 2,
	    series_median(&quiet.p99), series_median(&quiet.most));
	return 0;
}

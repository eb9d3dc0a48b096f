/*
 * change DIRECTORY: from a change in the kernel to its reader. IPv4 addresses
 * come and go; who waits for that, each a process of its own, notes when it
 * hears of it: from the kernel itself; of kevd; of a program that only makes
 * JSON of it and sends that on a Unix socket; of ip-monitor(8).
 *
 * Changes are rare, one a millisecond, on a machine that does nothing else
 * ("quiet"), or whose processors have other work, too ("busy"): all take turns,
 * change by change, in an order that is drawn each time, so that all have the
 * same machine. Or they come one after the other, way by way ("dense"): code and
 * data are in the caches still.
 */
#include "config.h"

#include "bench.h"
#include "netlink.h"
#include "readers.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 500
#define WARM 20
#define WAYS 4
#define MILLISECOND 1000000
#define MOMENT 10000
#define ADDRESS 0x0a070000

enum when { QUIET, BUSY, DENSE, WHENS };

/* When something was heard, in turn; written by one process, read by another. */
struct heard {
	_Atomic unsigned n;
	uint64_t when[32 * EVENTS];
};

/* A way to hear of it, in a namespace of its own, where nothing else is. */
struct way {
	const char *name;
	/* Starts it; what its reader reads. */
	int (*start)(struct way *, const char *dir);
	pid_t pids[2];		/* what was started, and who reads */
	int netlink;		/* changes what is heard of */
	uint32_t ifindex;
	struct heard *heard;
	uint64_t took[EVENTS];
	struct series p50[WHENS], p99[WHENS];
};

/* Notes when something can be read, and reads it. */
static void
watch(struct way *way, int fd, int unused)
{
	static char bytes[65536];
	struct heard *heard = way->heard;
	unsigned n = 0;

	(void)unused;
	fcntl(fd, F_SETFL, 0);
	while (read(fd, bytes, sizeof bytes) > 0) {
		if (n == sizeof heard->when / sizeof heard->when[0])
			break;
		heard->when[n++] = now_ns();
		heard->n = n;
	}
}

/* What a message says, as JSON of about the length of an event. */
static int
put_json(const struct nlmsghdr *h, char *text, size_t size)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	char address[INET_ADDRSTRLEN] = "", name[IF_NAMESIZE] = "";
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof *m) {
		if (mnl_attr_get_type(a) == IFA_LOCAL)
			inet_ntop(AF_INET, mnl_attr_get_payload(a), address,
			    sizeof address);
		if (mnl_attr_get_type(a) == IFA_LABEL)
			snprintf(name, sizeof name, "%s",
			    mnl_attr_get_str(a));
	}
	return snprintf(text, size, "{\"topic\":\"ipv4/address-%s\",\"mono\":"
	    "%llu,\"ifname\":\"%s\",\"ifindex\":%u,\"source\":\"rtnetlink\","
	    "\"data\":{\"family\":\"inet\",\"address\":\"%s\",\"prefixlen\":%u,"
	    "\"label\":\"%s\",\"scope\":\"global\",\"flags\":[\"permanent\"],"
	    "\"status\":\"preferred\"}}\n",
	    h->nlmsg_type == RTM_NEWADDR ? "add" : "remove",
	    (unsigned long long)now_ns() / 1000, name, m->ifa_index, address,
	    m->ifa_prefixlen, name);
}

/* The limit: from the kernel to JSON to a Unix socket, nothing else. */
static void
translate(struct way *unused, int from, int to)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	char text[1024];
	int len;

	(void)unused;
	while (recv(from, bytes, sizeof bytes, 0) > 0) {
		len = put_json((const struct nlmsghdr *)bytes, text,
		    sizeof text);
		if (send(to, text, (size_t)len, MSG_NOSIGNAL) != len)
			break;
	}
}

static void
monitor(struct way *unused, int nothing, int to)
{
	(void)unused;
	(void)nothing;
	dup2(to, STDOUT_FILENO);
	closefrom(3);
	execlp("ip", "ip", "monitor", "address", (char *)NULL);
	_exit(127);
}

/* A process of its own that does F. */
static pid_t
in_process(void (*f)(struct way *, int, int), struct way *way, int from, int to)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork: %s", strerror(errno));
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	f(way, from, to);
	_exit(0);
}

static int
by_kernel(struct way *way, const char *dir)
{
	(void)way;
	(void)dir;
	return netlink_open(RTMGRP_IPV4_IFADDR);
}

static int
by_limit(struct way *way, const char *dir)
{
	int fd = netlink_open(RTMGRP_IPV4_IFADDR), pair[2];

	(void)dir;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		die("socketpair: %s", strerror(errno));
	way->pids[0] = in_process(translate, way, fd, pair[1]);
	close(fd);
	close(pair[1]);
	return pair[0];
}

static int
by_kevd(struct way *way, const char *dir)
{
	const struct broker *b = broker_find("kevd-inject");
	struct readers r;
	int fd;

	way->pids[0] = b->start(b, dir);
	readers_open(&r, b, dir, way->pids[0], 1, false);
	fd = dup(r.v[0].fd);
	readers_close(&r);
	return fd;
}

static void
change(struct way *way, bool add, unsigned i)
{
	struct buf b = BUF_INIT;

	netlink_put_address(&b, add, way->ifindex, ADDRESS + i % 256, NULL,
	    true);
	netlink_do(way->netlink, &b);
	buf_fini(&b);
}

static int
by_monitor(struct way *way, const char *dir)
{
	struct pollfd pfd;
	int ends[2];

	(void)dir;
	if (pipe2(ends, O_CLOEXEC) == -1)
		die("pipe: %s", strerror(errno));
	way->pids[0] = in_process(monitor, way, -1, ends[1]);
	close(ends[1]);
	pfd = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	/* Until it hears something. */
	do {
		change(way, true, 0);
		change(way, false, 0);
	} while (poll(&pfd, 1, 20) == 0);
	return ends[0];
}

/* In a new namespace, with an interface. */
static void
start(struct way *way, const char *dir)
{
	struct buf b = BUF_INIT;
	int fd;

	if (unshare(CLONE_NEWNET) == -1)
		die("a network namespace: %s", strerror(errno));
	way->netlink = netlink_open(0);
	netlink_put_link(&b, "v0", "bridge", true);
	netlink_do(way->netlink, &b);
	buf_fini(&b);
	way->ifindex = if_nametoindex("v0");
	fd = way->start(way, dir);
	way->heard->n = 0;
	way->pids[1] = in_process(watch, way, fd, -1);
	close(fd);
}

static void
stop(struct way *way)
{
	finish(way->pids[1]);
	if (way->pids[0] != 0)
		finish(way->pids[0]);
	close(way->netlink);
}

/* Until the next change, or to look whether one was heard. */
static void
rest(enum when when)
{
	struct timespec moment = { .tv_nsec = MILLISECOND };
	uint64_t end = now_ns() + MOMENT;

	if (when != DENSE)
		nanosleep(&moment, NULL);
	else
		while (now_ns() < end)
			;
}

/* Until its reader has heard more than BEFORE. */
static void
hear(const struct way *way, enum when when, unsigned before)
{
	do
		rest(when);
	while (way->heard->n == before);
}

/* How long the I-th change takes to be heard of. */
static void
measure(struct way *way, enum when when, int i)
{
	unsigned before = way->heard->n, address = (unsigned)(i + WARM);
	uint64_t begun = now_ns();

	change(way, true, address);
	hear(way, when, before);
	if (i >= 0)
		way->took[i] = way->heard->when[before] - begun;
	before = way->heard->n;
	change(way, false, address);
	hear(way, when, before);
}

/* Who follows itself, or another one, finds other things in the caches. */
static void
shuffle(struct way *order[])
{
	size_t i, other;
	struct way *last;

	for (i = WAYS; i > 1; i--) {
		other = arc4random_uniform((uint32_t)i);
		last = order[i - 1];
		order[i - 1] = order[other];
		order[other] = last;
	}
}

static void
measure_turns(struct way *order[], enum when when)
{
	size_t k;
	int i;

	for (i = -WARM; i < EVENTS; i++) {
		shuffle(order);
		for (k = 0; k < WAYS; k++)
			measure(order[k], when, i);
	}
}

static void
measure_each(struct way *order[], enum when when)
{
	size_t k;
	int i;

	shuffle(order);
	for (k = 0; k < WAYS; k++) {
		for (i = -WARM; i < EVENTS; i++)
			measure(order[k], when, i);
	}
}

static void
measure_all(struct way ways[], enum when when)
{
	struct way *order[WAYS];
	size_t k;

	for (k = 0; k < WAYS; k++)
		order[k] = &ways[k];
	if (when == DENSE)
		measure_each(order, when);
	else
		measure_turns(order, when);
	for (k = 0; k < WAYS; k++) {
		series_add(&ways[k].p50[when],
		    percentile(ways[k].took, EVENTS, 50) / 1e3);
		series_add(&ways[k].p99[when],
		    percentile(ways[k].took, EVENTS, 99) / 1e3);
	}
}

/* Other work. */
static void
count(struct way *unused, int from, int to)
{
	volatile unsigned long n = 0;

	(void)unused;
	(void)from;
	(void)to;
	for (;;)
		n++;
}

static void
measure_round(struct way ways[], const char *dir)
{
	long i, processors = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t *work = calloc((size_t)processors, sizeof *work);
	size_t k;

	if (work == NULL)
		die("out of memory");
	for (k = 0; k < WAYS; k++)
		start(&ways[k], dir);
	measure_all(ways, QUIET);
	measure_all(ways, DENSE);
	for (i = 0; i < processors; i++)
		work[i] = in_process(count, NULL, -1, -1);
	measure_all(ways, BUSY);
	for (i = 0; i < processors; i++)
		finish(work[i]);
	free(work);
	for (k = 0; k < WAYS; k++)
		stop(&ways[k]);
}

static void
print(const struct way *way, const struct way *limit, enum when when)
{
	static const char *const words[] = { [QUIET] = "quiet", [BUSY] = "busy ",
	    [DENSE] = "dense" };
	const struct series *p50 = &way->p50[when];
	double most = series_median(&limit->p50[when]);

	printf("change %s by %-10s p50 %6.1f us +-%2.0f%%  p99 %6.1f us"
	    "  %+6.1f us from the limit, %4.2f of it\n",
	    words[when], way->name, series_median(p50),
	    series_spread(p50) / 2, series_median(&way->p99[when]),
	    series_median(p50) - most, series_median(p50) / most);
}

int
main(int argc, char *argv[])
{
	static struct way ways[WAYS] = {
		{ .name = "netlink", .start = by_kernel },
		{ .name = "limit", .start = by_limit },
		{ .name = "kevd", .start = by_kevd },
		{ .name = "ip-monitor", .start = by_monitor },
	};
	unsigned i, often = rounds(3);
	struct heard *heard;
	size_t k;
	int when;

	if (argc != 2)
		die("usage: change DIRECTORY");
	heard = mmap(NULL, WAYS * sizeof *heard, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (heard == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (k = 0; k < WAYS; k++)
		ways[k].heard = &heard[k];
	for (i = 0; i < often; i++)
		measure_round(ways, argv[1]);
	for (when = 0; when < WHENS; when++) {
		for (k = 0; k < WAYS; k++)
			print(&ways[k], &ways[1], (enum when)when);
	}
	return 0;
}

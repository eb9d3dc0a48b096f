/*
 * change DIRECTORY: from a change in the kernel to its reader. An IPv4 address
 * is added each other millisecond; who waits for that, each a process of its
 * own, notes when it hears of it: from the kernel itself; of kevd; of a program
 * that only makes JSON of it and sends that on a Unix socket; of ip-monitor(8).
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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 500
#define WARM 20
#define MILLISECOND 1000000
#define ADDRESS 0x0a070000

/* When something was heard, in turn; written by one process, read by another. */
struct heard {
	_Atomic unsigned n;
	uint64_t when[16 * EVENTS];
};

static struct heard *heard;

/* A process of its own that does F. */
static pid_t
in_process(void (*f)(int, int), int a, int b)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork: %s", strerror(errno));
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	f(a, b);
	_exit(0);
}

/* Notes when something can be read, and reads it. */
static void
watch(int fd, int unused)
{
	static char bytes[65536];
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
translate(int from, int to)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	char text[1024];
	int len;

	while (recv(from, bytes, sizeof bytes, 0) > 0) {
		len = put_json((const struct nlmsghdr *)bytes, text,
		    sizeof text);
		if (send(to, text, (size_t)len, MSG_NOSIGNAL) != len)
			break;
	}
}

static void
monitor(int unused, int to)
{
	(void)unused;
	dup2(to, STDOUT_FILENO);
	closefrom(3);
	execlp("ip", "ip", "monitor", "address", (char *)NULL);
	_exit(127);
}

static void
change(int fd, bool add, unsigned i)
{
	struct buf b = BUF_INIT;

	netlink_put_address(&b, add, if_nametoindex("v0"), ADDRESS + i % 256,
	    NULL, true);
	netlink_do(fd, &b);
	buf_fini(&b);
}

static void
rest(void)
{
	struct timespec moment = { .tv_nsec = MILLISECOND };

	nanosleep(&moment, NULL);
}

/* A watcher is there, of FD. */
static void
measure(int fd, struct series *p50, struct series *p99)
{
	static uint64_t took[EVENTS];
	int netlink = netlink_open(0), i;
	pid_t watcher;
	uint64_t begun;
	unsigned before;

	heard->n = 0;
	watcher = in_process(watch, fd, 0);
	for (i = -WARM; i < EVENTS; i++) {
		rest();
		before = heard->n;
		begun = now_ns();
		change(netlink, true, (unsigned)(i + WARM));
		while (heard->n == before)
			rest();
		if (i >= 0)
			took[i] = heard->when[before] - begun;
		change(netlink, false, (unsigned)(i + WARM));
		rest();
	}
	close(netlink);
	finish(watcher);
	series_add(p50, percentile(took, EVENTS, 50) / 1e3);
	series_add(p99, percentile(took, EVENTS, 99) / 1e3);
}

static void
by_kernel(const char *dir, struct series *p50, struct series *p99)
{
	int fd = netlink_open(RTMGRP_IPV4_IFADDR);

	(void)dir;
	measure(fd, p50, p99);
	close(fd);
}

static void
by_limit(const char *dir, struct series *p50, struct series *p99)
{
	int fd = netlink_open(RTMGRP_IPV4_IFADDR), pair[2];
	pid_t pid;

	(void)dir;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		die("socketpair: %s", strerror(errno));
	pid = in_process(translate, fd, pair[1]);
	measure(pair[0], p50, p99);
	finish(pid);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void
by_kevd(const char *dir, struct series *p50, struct series *p99)
{
	const struct broker *b = broker_find("kevd-inject");
	pid_t pid = b->start(b, dir);
	struct readers r;

	readers_open(&r, b, dir, pid, 1, false);
	measure(r.v[0].fd, p50, p99);
	readers_close(&r);
	finish(pid);
}

static void
by_monitor(const char *dir, struct series *p50, struct series *p99)
{
	int fd = netlink_open(0), ends[2];
	struct pollfd pfd;
	pid_t pid;

	(void)dir;
	if (pipe2(ends, O_CLOEXEC) == -1)
		die("pipe: %s", strerror(errno));
	pid = in_process(monitor, -1, ends[1]);
	pfd = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	/* Until it hears something. */
	do {
		change(fd, true, 0);
		change(fd, false, 0);
	} while (poll(&pfd, 1, 20) == 0);
	measure(ends[0], p50, p99);
	finish(pid);
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

int
main(int argc, char *argv[])
{
	static struct {
		const char *name;
		void (*f)(const char *, struct series *, struct series *);
		struct series p50, p99;
	} ways[] = {
		{ .name = "netlink", .f = by_kernel },
		{ .name = "limit", .f = by_limit },
		{ .name = "kevd", .f = by_kevd },
		{ .name = "ip-monitor", .f = by_monitor },
	};
	unsigned i, often = rounds(3);
	size_t k;

	if (argc != 2)
		die("usage: change DIRECTORY");
	heard = mmap(NULL, sizeof *heard, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (heard == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (i = 0; i < often; i++) {
		for (k = 0; k < sizeof ways / sizeof ways[0]; k++)
			ways[k].f(argv[1], &ways[k].p50, &ways[k].p99);
	}
	for (k = 0; k < sizeof ways / sizeof ways[0]; k++)
		printf("change by %-10s p50 %6.1f us +-%2.0f%%  p99 %6.1f us"
		    "  %+6.1f us from the limit\n", ways[k].name,
		    series_median(&ways[k].p50), series_spread(&ways[k].p50) / 2,
		    series_median(&ways[k].p99), series_median(&ways[k].p50) -
		    series_median(&ways[1].p50));
	return 0;
}

/*
 * churn DIRECTORY: addresses come and go as fast as the kernel can do it, 32 a
 * request, and all is read: by kevd, who has one reader of everything; by a
 * program that formats a line of each message and throws it away. Processor
 * time of each a message, and what was lost. The same at a rate that is no more
 * than many machines can do.
 */
#include "config.h"

#include "bench.h"
#include "netlink.h"
#include "readers.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 32
#define ADDRESS 0x0a080000
/* What the buffer of kevd has, too. */
#define BUFFER 33554432
/* Changes a second. */
#define RATE 150000
/* Milliseconds between looks. */
#define PATIENCE 20

struct result {
	struct series rate;	/* changes of the kernel a second */
	struct series cost;	/* nanoseconds a message */
	unsigned long lost;	/* how often messages were */
	unsigned long slow;	/* how often a reader was behind */
};

/* Adds and removes COUNT in all, at RATE a second, or 0: as fast as can be. */
static void
make_changes(unsigned count, unsigned rate)
{
	uint32_t v0 = if_nametoindex("v0");
	int fd = netlink_open(0);
	struct buf b = BUF_INIT;
	uint64_t begun = now_ns();
	unsigned i, k;

	for (i = 0; i < count; i += BATCH) {
		if (rate > 0)
			sleep_until(begun + i * UINT64_C(1000000000) / rate);
		buf_clear(&b);
		for (k = 0; k < BATCH; k++)
			netlink_put_address(&b, i / BATCH % 2 == 0, v0,
			    ADDRESS + k, NULL, k == BATCH - 1);
		netlink_do(fd, &b);
	}
	buf_fini(&b);
	close(fd);
}

/* One more, with the mark: again and again, should that be lost, too. */
static void
mark(void)
{
	uint32_t v0 = if_nametoindex("v0");
	int fd = netlink_open(0);
	struct buf b = BUF_INIT;

	netlink_put_address(&b, true, v0, ADDRESS, "v0:" READERS_MARK, true);
	netlink_do(fd, &b);
	buf_clear(&b);
	netlink_put_address(&b, false, v0, ADDRESS, NULL, true);
	netlink_do(fd, &b);
	buf_fini(&b);
	close(fd);
}

/* In a process, which says how many nanoseconds it took. */
static pid_t
start_changes(unsigned count, unsigned rate, int *said)
{
	int ends[2];
	uint64_t begun;
	pid_t pid;

	if (pipe(ends) == -1 || (pid = fork()) == -1)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		begun = now_ns();
		make_changes(count, rate);
		begun = now_ns() - begun;
		_exit(write(ends[1], &begun, sizeof begun) == -1);
	}
	close(ends[1]);
	*said = ends[0];
	return pid;
}

/* Whether they are over, and then how fast they were. */
static bool
have_ended(pid_t pid, int said, unsigned count, struct series *rate)
{
	uint64_t took;
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return false;
	if (status != 0 || read(said, &took, sizeof took) != sizeof took)
		die("addresses cannot be changed");
	close(said);
	series_add(rate, count * 1e9 / (double)took);
	return true;
}

static void
measure_kevd(const char *dir, unsigned count, unsigned rate, struct result *to)
{
	const struct broker *b = broker_find("kevd-inject");
	pid_t pid = b->start(b, dir), changes;
	struct readers r;
	uint64_t cpu;
	int said;

	readers_open(&r, b, dir, pid, 1, false);
	/* No longer than the other one. */
	readers_look_for(&r, "\"cause\":\"kernel-ov", "\"cause\":\"slow-read");
	cpu = cpu_ns(pid);
	changes = start_changes(count, rate, &said);
	while (!have_ended(changes, said, count, &to->rate))
		readers_pump(&r, PATIENCE);
	do {
		mark();
		readers_pump(&r, PATIENCE);
	} while (r.done == 0);
	series_add(&to->cost, (double)(cpu_ns(pid) - cpu) / count);
	to->lost += r.found[0];
	to->slow += r.found[1];
	readers_close(&r);
	finish(pid);
}

/* A line of what it says; false: it was the last one. */
static bool
format(const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	char address[INET_ADDRSTRLEN] = "", line[512];
	const struct nlattr *a;
	const char *label = "";

	mnl_attr_for_each(a, h, sizeof *m) {
		if (mnl_attr_get_type(a) == IFA_LOCAL)
			inet_ntop(AF_INET, mnl_attr_get_payload(a), address,
			    sizeof address);
		if (mnl_attr_get_type(a) == IFA_LABEL)
			label = mnl_attr_get_str(a);
	}
	snprintf(line, sizeof line, "{\"topic\":\"ipv4/address-%s\",\"mono\":"
	    "%llu,\"ifindex\":%u,\"source\":\"rtnetlink\",\"data\":{\"address\":"
	    "\"%s\",\"prefixlen\":%u,\"label\":\"%s\"}}\n",
	    h->nlmsg_type == RTM_NEWADDR ? "add" : "remove",
	    (unsigned long long)now_ns() / 1000, m->ifa_index, address,
	    m->ifa_prefixlen, label);
	return strstr(line, READERS_MARK) == NULL;
}

static void
read_all(int fd, int say)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	unsigned long lost = 0;
	ssize_t n;

	do {
		n = recv(fd, bytes, sizeof bytes, 0);
		lost += n == -1;
	} while (n == -1 || format((const struct nlmsghdr *)bytes));
	if (write(say, &lost, sizeof lost) == -1)
		_exit(1);
	/* Its processor time is asked for first. */
	pause();
}

static void
measure_bare(unsigned count, unsigned rate, struct result *to)
{
	int fd = netlink_open(RTMGRP_IPV4_IFADDR), size = BUFFER, ends[2], said;
	struct pollfd heard;
	unsigned long lost;
	pid_t pid, changes;
	uint64_t cpu;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (pipe(ends) == -1 || (pid = fork()) == -1)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		read_all(fd, ends[1]);
	}
	close(fd);
	cpu = cpu_ns(pid);
	changes = start_changes(count, rate, &said);
	while (!have_ended(changes, said, count, &to->rate))
		poll(NULL, 0, PATIENCE);
	heard = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	do
		mark();
	while (poll(&heard, 1, PATIENCE) == 0);
	if (read(ends[0], &lost, sizeof lost) != sizeof lost)
		die("the bare reader has ended");
	series_add(&to->cost, (double)(cpu_ns(pid) - cpu) / count);
	to->lost += lost;
	finish(pid);
	close(ends[0]);
	close(ends[1]);
}

static void
print(const char *name, const struct result *r, const struct result *bare)
{
	printf("churn %-5s %6.0f changes/s  %6.0f ns a message +-%2.0f%%  "
	    "%lu overruns, %lu slow readers  %5.2f of the limit\n", name,
	    series_median(&r->rate), series_median(&r->cost),
	    series_spread(&r->cost) / 2, r->lost, r->slow,
	    series_median(&r->cost) / series_median(&bare->cost));
}

int
main(int argc, char *argv[])
{
	static const unsigned rates[] = { 0, RATE };
	struct result kevd[2] = { 0 }, bare[2] = { 0 };
	unsigned i, k, count = 256000, often = rounds(3);

	if (argc != 2 && argc != 3)
		die("usage: churn DIRECTORY [CHANGES]");
	if (argc == 3)
		count = (unsigned)strtoul(argv[2], NULL, 10);
	count -= count % (2 * BATCH);
	for (i = 0; i < often; i++) {
		for (k = 0; k < 2; k++) {
			measure_bare(count, rates[k], &bare[k]);
			measure_kevd(argv[1], count, rates[k], &kevd[k]);
		}
	}
	for (k = 0; k < 2; k++) {
		print("limit", &bare[k], &bare[k]);
		print("kevd", &kevd[k], &bare[k]);
	}
	return 0;
}

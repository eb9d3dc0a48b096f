/*
 * audit_rule: lets the kernel audit binds that fail because the port is in
 * use, for as long as a test wants it, and leaves everything as it was:
 *
 *	takes its turn, as there is one audit for all, and writes
 *	"ENABLED RULE", how it is: two numbers that are 0 or not
 *	reads a line, loads the rule, writes "ready"
 *	reads to the end, or gets a signal, or its parent ends: restores, exits
 *
 * Exits with 77 and says why when it may not do that.
 */
#include "config.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mnl_socket *nl;
static volatile sig_atomic_t signalled;

static void
on_signal(int number)
{
	(void)number;
	signalled = 1;
}

static void
skip(const char *what, int error)
{
	fprintf(stderr, "audit: %s: %s\n", what, strerror(error));
	exit(77);
}

/*
 * Asks for something and, with STATUS, for the answer: 0 or an errno. There may
 * be records of others between, if they have auditd's port.
 */
static int
ask(uint16_t type, const void *data, size_t len, struct audit_status *status)
{
	union {
		struct nlmsghdr head;
		char bytes[16384];
	} m;
	static uint32_t seq;
	ssize_t n;
	int error;

	memset(&m, 0, sizeof m);
	mnl_nlmsg_put_header(&m);
	m.head.nlmsg_type = type;
	m.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m.head.nlmsg_seq = ++seq;
	if (len > 0)
		memcpy(mnl_nlmsg_put_extra_header(&m.head, len), data, len);
	if (mnl_socket_sendto(nl, &m, m.head.nlmsg_len) == -1)
		return errno;
	for (;;) {
		n = mnl_socket_recvfrom(nl, &m, sizeof m);
		if (n == -1 && errno == EINTR)
			continue;
		if (n < (ssize_t)sizeof m.head)
			return n == -1 ? errno : EIO;
		if (m.head.nlmsg_seq != seq)
			continue;
		if (m.head.nlmsg_type == AUDIT_GET && status != NULL) {
			memset(status, 0, sizeof *status);
			n -= NLMSG_HDRLEN;
			memcpy(status, m.bytes + NLMSG_HDRLEN,
			    (size_t)n < sizeof *status ? (size_t)n :
			    sizeof *status);
			status = NULL;
		} else if (m.head.nlmsg_type == NLMSG_ERROR) {
			memcpy(&error, m.bytes + NLMSG_HDRLEN, sizeof error);
			if (error != 0)
				return -error;
			len = 0;
			type = 0;
		}
		if (type == 0 && status == NULL)
			return 0;
	}
}

/* The rule: every bind(2) that ends with EADDRINUSE. */
static int
rule(uint16_t type)
{
	struct audit_rule_data r = {
		.flags = AUDIT_FILTER_EXIT, .action = AUDIT_ALWAYS,
		.field_count = 1, .fields = { AUDIT_EXIT },
		.values = { (uint32_t)-EADDRINUSE },
		.fieldflags = { AUDIT_EQUAL },
	};

#ifdef SYS_bind
	r.mask[AUDIT_WORD(SYS_bind)] |= AUDIT_BIT(SYS_bind);
#endif
#ifdef SYS_socketcall
	r.mask[AUDIT_WORD(SYS_socketcall)] |= AUDIT_BIT(SYS_socketcall);
#endif
	return ask(type, &r, sizeof r, NULL);
}

static int
enable(uint32_t enabled)
{
	struct audit_status s = { .mask = AUDIT_STATUS_ENABLED,
	    .enabled = enabled };

	return ask(AUDIT_SET, &s, sizeof s, NULL);
}

/* Until there is a line, or the end (false). */
static bool
line(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t none;
	char c = 0;

	sigemptyset(&none);
	while (c != '\n') {
		if (signalled || (ppoll(&p, 1, NULL, &none) == -1 &&
		    errno == EINTR))
			return false;
		if (read(STDIN_FILENO, &c, 1) != 1)
			return false;
	}
	return true;
}

/* Signals come only while we wait for a line, so nothing is left half done. */
static void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int
main(void)
{
	/* Of all things, every test that shares the audit shares this one. */
	int turn = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct audit_status before;
	int error, had;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (turn == -1 || flock(turn, LOCK_EX) == -1)
		skip("my turn", errno);
	catch_signals();
	nl = mnl_socket_open(NETLINK_AUDIT);
	if (nl == NULL || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == -1)
		skip("socket", errno);
	error = ask(AUDIT_GET, NULL, 0, &before);
	if (error != 0)
		skip("how it is", error);
	/* It cannot be asked for one rule, but adds none twice. */
	had = rule(AUDIT_ADD_RULE);
	if (had != 0 && had != EEXIST)
		skip("add a rule", had);
	if (had == 0)
		rule(AUDIT_DEL_RULE);
	printf("%u %d\n", before.enabled, had == EEXIST);
	fflush(stdout);
	if (line()) {
		if (had == 0)
			error = rule(AUDIT_ADD_RULE);
		if (error == 0 && before.enabled == 0)
			error = enable(1);
		puts(error == 0 ? "ready" : strerror(error));
		fflush(stdout);
		while (line())
			;
		if (before.enabled == 0)
			enable(0);
		if (had == 0)
			rule(AUDIT_DEL_RULE);
	}
	mnl_socket_close(nl);
	return EXIT_SUCCESS;
}

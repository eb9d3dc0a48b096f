#include "config.h"

#include "event.h"
#include "linux/namespace.h"
#include "linux/rtnetlink_source.h"
#include "sys.h"
#include "tape.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <ev.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/*
 * What no kernel does on request: broken messages, strangers, errors. The
 * sockets are real; recvfrom(2), for answers, and recvmmsg(2), for what is told,
 * give what is put in here first (see the linker's --wrap).
 */
static struct {
	char bytes[64];
	ssize_t len;		/* negative: -errno */
	uint32_t sender;
	int times;
} fake;

static ssize_t
give(void *buf, void *from, socklen_t *len)
{
	struct sockaddr_nl sender = { .nl_family = AF_NETLINK,
	    .nl_pid = fake.sender };

	fake.times--;
	if (fake.len < 0) {
		errno = (int)-fake.len;
		return -1;
	}
	memcpy(from, &sender, sizeof sender);
	*len = sizeof sender;
	memcpy(buf, fake.bytes, (size_t)fake.len);
	return fake.len;
}

ssize_t __real_recvfrom(int, void *, size_t, int, struct sockaddr *,
    socklen_t *);
ssize_t __wrap_recvfrom(int, void *, size_t, int, struct sockaddr *,
    socklen_t *);

ssize_t
__wrap_recvfrom(int fd, void *buf, size_t size, int flags,
    struct sockaddr *from, socklen_t *len)
{
	return fake.times > 0 ? give(buf, from, len) :
	    __real_recvfrom(fd, buf, size, flags, from, len);
}

int __real_recvmmsg(int, struct mmsghdr *, unsigned, int, struct timespec *);
int __wrap_recvmmsg(int, struct mmsghdr *, unsigned, int, struct timespec *);

int
__wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags,
    struct timespec *timeout)
{
	ssize_t len;

	if (fake.times == 0)
		return __real_recvmmsg(fd, m, n, flags, timeout);
	len = give(m->msg_hdr.msg_iov->iov_base, m->msg_hdr.msg_name,
	    &m->msg_hdr.msg_namelen);
	m->msg_len = (unsigned)len;
	return len < 0 ? -1 : 1;
}

/* The same for recvmsg(2), but it can only fail. */
static int fail_packets;

ssize_t __real_recvmsg(int, struct msghdr *, int);
ssize_t __wrap_recvmsg(int, struct msghdr *, int);

ssize_t
__wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (fail_packets == 0)
		return __real_recvmsg(fd, msg, flags);
	fail_packets--;
	errno = EIO;
	return -1;
}

static int gaps;
static uint8_t cause;
static uint64_t corrections;

static void
publish(void *arg, struct kev_event *ev)
{
	(void)arg;
	if (ev->topic != KEV_T_KEV_GAP)
		return;
	gaps++;
	cause = ((const struct kev_note *)ev->data)->cause;
	corrections = ((const struct kev_note *)ev->data)->corrections;
}

static struct state *st;
static struct sockets sockets;
static struct ethtool_source ethtool;
static struct packet_source ndp;
static struct tape tape;
static struct rtnetlink *rt;

static int
open_source(void **state)
{
	(void)state;
	gaps = 0;
	st = state_new(NULL, publish, NULL);
	sockets_open(&sockets, 0);
	tape_init(&tape, st, NULL, "rtnetlink", NULL);
	ethtool_init(&ethtool, &tape, &sockets, NULL);
	packet_source_init(&ndp, PACKET_KIND_NDP, &sockets, NULL);
	rt = rtnetlink_new(&tape, &sockets, &ethtool, &ndp, NULL, 0);
	return rt == NULL || rtnetlink_dump(rt, PART_ALL) != 0;
}

static int
close_source(void **state)
{
	(void)state;
	rtnetlink_free(rt);
	packet_source_fini(&ndp);
	sockets_close(&sockets);
	state_free(st);
	return 0;
}

/* Reads, and repairs, until there is nothing left to do. */
static void
settle(void)
{
	enum rtnl_progress progress;

	while ((progress = rtnetlink_read(rt)) == RTNL_MORE)
		continue;
	if (progress == RTNL_FINISHED)
		return;
	while ((progress = rtnetlink_reread(rt, PART_ALL, false)) == RTNL_MORE)
		continue;
	assert_int_equal(progress, RTNL_FINISHED);
}

static void
put(uint16_t type, uint32_t len, ssize_t bytes)
{
	struct nlmsghdr h = { .nlmsg_len = len, .nlmsg_type = type };

	memset(&fake, 0, sizeof fake);
	memcpy(fake.bytes, &h, sizeof h);
	fake.len = bytes;
	fake.times = 1;
}

static void
malformed(void **state)
{
	(void)state;
	/* A link message without a link, twice: counted, and repaired once. */
	put(RTM_NEWLINK, sizeof(struct nlmsghdr), sizeof(struct nlmsghdr));
	fake.times = 2;
	settle();
	assert_int_equal(rtnetlink_stats(rt)->malformed, 2);
	assert_int_equal(rtnetlink_stats(rt)->resyncs, 1);
	assert_int_equal(gaps, 1);
	assert_int_equal(cause, KEV_SOURCE_LOST);
	/* Longer than what came. */
	put(RTM_NEWLINK, 60, 20);
	settle();
	assert_int_equal(rtnetlink_stats(rt)->malformed, 3);
	assert_int_equal(gaps, 2);
	settle();
	assert_int_equal(gaps, 2);
}

static void
overrun(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.len = -ENOBUFS;
	fake.times = 1;
	settle();
	assert_int_equal(rtnetlink_stats(rt)->overruns, 1);
	assert_int_equal(gaps, 1);
	assert_int_equal(cause, KEV_KERNEL_OVERRUN);
	/* The kernel says so in a message, too. */
	put(NLMSG_OVERRUN, sizeof(struct nlmsghdr), sizeof(struct nlmsghdr));
	settle();
	assert_int_equal(gaps, 2);
}

/* A datagram that does not come from the kernel is nothing at all. */
static void
stranger(void **state)
{
	uint64_t received;

	(void)state;
	settle();
	received = rtnetlink_stats(rt)->received;
	put(RTM_NEWLINK, sizeof(struct nlmsghdr), sizeof(struct nlmsghdr));
	fake.sender = 4242;
	settle();
	assert_int_equal(rtnetlink_stats(rt)->malformed, 0);
	assert_int_equal(rtnetlink_stats(rt)->received, received);
	assert_int_equal(gaps, 0);
}

/* The socket itself fails: another one is opened. */
static void
broken(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.len = -EBADF;
	fake.times = 1;
	settle();
	assert_int_not_equal(rtnetlink_fd(rt), -1);
	assert_int_equal(gaps, 1);
	assert_int_equal(cause, KEV_SOURCE_LOST);
	settle();
	assert_int_equal(gaps, 1);
}

/* The one to ask with fails: another is opened. */
static void
broken_requests(void **state)
{
	int i;

	(void)state;
	settle();
	memset(&fake, 0, sizeof fake);
	fake.len = -EBADF;
	fake.times = 1;
	assert_int_equal(rtnetlink_dump(rt, PART_ROUTE4), -EBADF);
	assert_true(rtnetlink_lacks_socket(rt));
	settle();
	assert_false(rtnetlink_lacks_socket(rt));
	assert_int_equal(gaps, 1);
	assert_int_equal(cause, KEV_SOURCE_LOST);
	/* That the kernel has no memory is not the socket's fault. */
	fake.len = -ENOBUFS;
	fake.times = 1;
	i = sockets.fd[SOCKET_REQUESTS];
	assert_int_equal(rtnetlink_dump(rt, PART_ROUTE4), -ENOBUFS);
	assert_int_equal(sockets.fd[SOCKET_REQUESTS], i);
}

static enum rtnl_progress
reconcile(bool expected)
{
	enum rtnl_progress progress;

	while ((progress = rtnetlink_reread(rt, PART_ALL, expected)) ==
	    RTNL_MORE)
		continue;
	return progress;
}

/* Nothing is known to be missing: a gap only if there was a difference. */
static void
reconciled(void **state)
{
	struct change c = { .type = CHANGE_LINK, .ifindex = 2000000000 };
	struct stamp now = stamp_now();

	(void)state;
	settle();
	while (reconcile(false) != RTNL_FINISHED)
		settle();
	assert_int_equal(gaps, 0);
	strcpy(c.link.ifname, "ghost");
	state_apply(st, &c, &now);
	while (reconcile(false) != RTNL_FINISHED)
		settle();
	assert_int_equal(gaps, 1);
	assert_int_equal(cause, KEV_KERNEL_OVERRUN);
	assert_int_equal(corrections, 1);
	assert_int_equal(state_ifindex(st, "ghost"), 0);
	/* A difference that is known to be there. */
	state_apply(st, &c, &now);
	while (reconcile(true) != RTNL_FINISHED)
		settle();
	assert_int_equal(gaps, 1);
	assert_int_equal(state_ifindex(st, "ghost"), 0);
}

/* The default route by the first interface is gone, says the kernel. */
static void
put_route_gone(void)
{
	static const struct {
		struct nlmsghdr h;
		struct rtmsg r;
		struct rtattr a;
		uint32_t oif;
	} message = { { sizeof message, RTM_DELROUTE, 0, 0, 0 },
	    { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN,
	    .rtm_type = RTN_UNICAST }, { 8, RTA_OIF }, 1 };

	put(RTM_DELROUTE, sizeof message, sizeof message);
	memcpy(fake.bytes, &message, sizeof message);
}

/* The kernel tells something meanwhile: some other time, but not for ever. */
static void
disturbed(void **state)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static const struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
	} ask = { { sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0, 0 },
	    { AF_UNSPEC } };
	int i;

	(void)state;
	settle();
	(void)state_wants(st);
	/* An answer that nobody reads is news. */
	assert_true(sendto(sockets.fd[SOCKET_EVENTS], &ask, sizeof ask, 0,
	    (const struct sockaddr *)&kernel, sizeof kernel) > 0);
	for (i = 0; i < 10; i++)
		assert_int_equal(reconcile(false), RTNL_LOST);
	assert_int_equal(reconcile(false), RTNL_FINISHED);
	/* Which may be from before, until there is nothing more to read. */
	assert_int_equal(state_wants(st), 0);
	put_route_gone();
	settle();
	assert_int_equal(state_wants(st), PART_ROUTE4);
	put_route_gone();
	settle();
	assert_int_equal(state_wants(st), 0);
	assert_int_equal(gaps, 0);
}

static bool
crowded(void *arg)
{
	(void)arg;
	return false;
}

/* A source of packets fails: another socket, or it is said why there is none. */
static void
broken_packets(void **state)
{
	struct source_config config = { .publish = publish,
	    .crowded = crowded };
	struct ev_loop *loop = ev_loop_new(0);
	const struct source_stats *arp;
	struct namespace *ns;
	struct sockets own;

	(void)state;
	sockets_open(&own, 0);
	if (own.fd[SOCKET_ARP] == -1) {
		sockets_close(&own);
		ev_loop_destroy(loop);
		skip();
	}
	ns = namespace_new(NULL, &own, NULL, &config);
	assert_int_equal(namespace_prime(ns), 0);
	namespace_start(ns, loop);
	arp = namespace_stats(ns, 2);
	assert_string_equal(arp->name, "arp");
	ev_feed_fd_event(loop, own.fd[SOCKET_ARP], EV_READ);
	ev_feed_fd_event(loop, own.fd[SOCKET_NDP], EV_READ);
	fail_packets = 2;
	ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(fail_packets, 0);
	assert_true(arp->available);
	/* They are read as before. */
	ev_feed_fd_event(loop, own.fd[SOCKET_ARP], EV_READ);
	ev_run(loop, EVRUN_NOWAIT);
	assert_true(arp->available);
	namespace_free(ns);
	ev_loop_destroy(loop);
}

/* Another socket that may have the number of the one that failed is heard. */
static void
broken_feed(void **state)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct source_config config = { .publish = publish,
	    .crowded = crowded };
	static const struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
	} ask = { { sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0, 0 },
	    { AF_UNSPEC } };
	struct ev_loop *loop = ev_loop_new(0);
	const struct source_stats *told;
	struct namespace *ns;
	struct sockets own;
	uint64_t before;

	(void)state;
	memset(&fake, 0, sizeof fake);
	sockets_open(&own, 0);
	ns = namespace_new(NULL, &own, NULL, &config);
	assert_int_equal(namespace_prime(ns), 0);
	namespace_start(ns, loop);
	told = namespace_stats(ns, 0);
	ev_run(loop, EVRUN_NOWAIT);
	fake.len = -EBADF;
	fake.times = 1;
	ev_feed_fd_event(loop, own.fd[SOCKET_EVENTS], EV_READ);
	ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(fake.times, 0);
	assert_int_equal(told->resyncs, 1);
	/* The one with the lowest number that is free, as the old one had. */
	before = told->received;
	assert_true(sendto(own.fd[SOCKET_EVENTS], &ask, sizeof ask, 0,
	    (const struct sockaddr *)&kernel, sizeof kernel) > 0);
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
	assert_true(told->received > before);
	namespace_free(ns);
	ev_loop_destroy(loop);
}

/* The same where nearly nothing can be opened any more. */
static void
broken_in_sandbox(void **state)
{
	static const char *const none[] = { NULL };
	enum rtnl_progress progress;
	int status;
	pid_t pid;

	(void)state;
	if (is_watched())
		skip();
	memset(&fake, 0, sizeof fake);
	fake.len = -EBADF;
	fake.times = 1;
	pid = fork();
	if (pid == 0) {
		(void)sys_sandbox(none);
		if (rtnetlink_read(rt) != RTNL_LOST || rtnetlink_fd(rt) != -1)
			_exit(1);
		while ((progress = rtnetlink_reread(rt, PART_ALL, false)) == RTNL_MORE)
			continue;
		_exit(progress == RTNL_FINISHED && gaps == 1 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What was asked for does not come: all is read anew, and the reason told. */
static void
unanswered(void **state)
{
	(void)state;
	settle();
	memset(&fake, 0, sizeof fake);
	fake.len = -EAGAIN;
	fake.times = 1;
	assert_int_equal(rtnetlink_dump(rt, PART_ROUTE4), -ETIMEDOUT);
	assert_int_equal(gaps, 0);
	settle();
	assert_int_equal(gaps, 1);
	assert_int_equal(cause, KEV_SOURCE_LOST);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(malformed, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(overrun, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(stranger, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(broken, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(broken_requests, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(reconciled, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(disturbed, open_source,
		    close_source),
		cmocka_unit_test(broken_feed),
		cmocka_unit_test(broken_packets),
		cmocka_unit_test_setup_teardown(broken_in_sandbox, open_source,
		    close_source),
		cmocka_unit_test_setup_teardown(unanswered, open_source,
		    close_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

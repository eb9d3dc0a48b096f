/*
 * storm DIRECTORY ADDRESSES WAVE FAMILIES LINKS READERS STOPPED: so many changes
 * of addresses, WAVE of which come before they go again, of FAMILIES "4" or
 * "46", and links made and removed, as fast as the kernel takes them; and
 * readers, of whom some don't read. Whoever lost something was told; in the end
 * all have the same, and kevd took no more memory than its limits allow.
 */
#include "config.h"

#include "broken.h"
#include "crowd.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/wait.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE 262144
#define HISTORY 4194304
/* Pairs of links that come before they go again. */
#define PAIRS 100
#define GROUP 77
#define BATCH 65536

static struct mnl_socket *nl;
static char batch[BATCH];
static size_t filled;
static bool ipv6;

/* The last one is answered, when all is done. */
static void
flush_batch(void)
{
	struct nlmsghdr end = { .nlmsg_len = sizeof end, .nlmsg_type =
	    NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };
	union {
		struct {
			struct nlmsghdr head;
			struct nlmsgerr error;
		} said;
		char bytes[8192];
	} answer;

	memcpy(batch + filled, &end, sizeof end);
	if (mnl_socket_sendto(nl, batch, filled + sizeof end) == -1)
		broken("netlink: %s", strerror(errno));
	filled = 0;
	/* What failed is answered, too; of NLMSG_NOOP there are no others. */
	do {
		if (mnl_socket_recvfrom(nl, &answer, sizeof answer) == -1)
			broken("netlink: %s", strerror(errno));
	} while (answer.said.error.msg.nlmsg_type != NLMSG_NOOP);
}

static struct nlmsghdr *
begin(int type, int flags, size_t size, void **body)
{
	struct nlmsghdr *h;

	if (filled > BATCH - 1024)
		flush_batch();
	h = mnl_nlmsg_put_header(batch + filled);
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	*body = mnl_nlmsg_put_extra_header(h, size);
	return h;
}

static void
end(const struct nlmsghdr *h)
{
	filled += h->nlmsg_len;
}

/* Every other one is of IPv6, if that is wanted: the kernel is slow with it. */
static void
address(int type, unsigned n, unsigned ifindex)
{
	static struct in6_addr six = { .s6_addr = { 0x20, 1, 0xd, 0xb8 } };
	uint32_t four = htonl(0x0a000000 + n);
	bool is_six = ipv6 && n % 2 != 0;
	struct ifaddrmsg *m;
	struct nlmsghdr *h;
	void *body;

	h = begin(type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0,
	    sizeof *m, &body);
	m = body;
	m->ifa_index = ifindex;
	m->ifa_family = is_six ? AF_INET6 : AF_INET;
	m->ifa_prefixlen = is_six ? 128 : 32;
	m->ifa_flags = IFA_F_NODAD;
	memcpy(&six.s6_addr[12], &four, sizeof four);
	if (is_six)
		mnl_attr_put(h, IFA_LOCAL, sizeof six, &six);
	else
		mnl_attr_put(h, IFA_LOCAL, sizeof four, &four);
	end(h);
}

static void
make_pair(unsigned n)
{
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *m;
	struct nlmsghdr *h;
	char name[IFNAMSIZ];
	void *body;

	h = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof *m, &body);
	m = body;
	m->ifi_flags = m->ifi_change = IFF_UP;
	snprintf(name, sizeof name, "s%u", n);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_GROUP, GROUP);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(h, sizeof *m);
	snprintf(name, sizeof name, "t%u", n);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	end(h);
}

/* All of the group at once, which the kernel does a hundred times as fast. */
static void
remove_pairs(void)
{
	struct nlmsghdr *h;
	void *body;

	h = begin(RTM_DELLINK, 0, sizeof(struct ifinfomsg), &body);
	mnl_attr_put_u32(h, IFLA_GROUP, GROUP);
	end(h);
	flush_batch();
}

static void
make_links(unsigned count)
{
	unsigned i;

	for (i = 0; i < count / 2; i++) {
		make_pair(i % PAIRS);
		if (i % PAIRS == PAIRS - 1)
			remove_pairs();
	}
	remove_pairs();
}

/* The kernel's part, in a process of its own. Some of it stays. */
static void
storm(unsigned addresses, unsigned wave, unsigned links)
{
	unsigned ifindex = if_nametoindex("v0"), turns, n, i;

	turns = addresses / (2 * wave);
	nl = mnl_socket_open(NETLINK_ROUTE);
	if (nl == NULL || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == -1)
		broken("netlink: %s", strerror(errno));
	for (n = 0; n < turns; n++) {
		for (i = 0; i < wave; i++)
			address(RTM_NEWADDR, n * wave + i + 1, ifindex);
		make_links(links / turns);
		for (i = n == turns - 1 ? wave / 2 : 0; i < wave; i++)
			address(RTM_DELADDR, n * wave + i + 1, ifindex);
	}
	flush_batch();
	mnl_socket_close(nl);
}

/*
 * The log with its index, and for each reader, who may be slow because the
 * machine is busy, its queue and what holds, in buffers that grow by doubling.
 */
static void
check_memory(const struct crowd *k)
{
	size_t log = HISTORY * 4 / 3 + 512 * 1024, present = 3 * client_longest;
	size_t bound = k->kevd.base + log * 4 / 3 + (8 << 20) +
	    2 * k->n * (QUEUE + present);
	size_t took = kevd_memory(&k->kevd, "VmHWM:");

	printf("kevd took %zu bytes, may take %zu\n", took, bound);
	if (getenv("KEV_CHAOS_MEMORY") != NULL && took > bound)
		broken("that is too much");
}

int
main(int argc, char *argv[])
{
	struct crowd k = { .n = 0 };
	unsigned addresses, wave, links, stopped, i, gaps = 0;
	char options[128];
	unsigned long begun;
	int status;
	pid_t pid;

	if (argc != 8) {
		fprintf(stderr, "usage: storm DIRECTORY ADDRESSES WAVE "
		    "FAMILIES LINKS READERS STOPPED\n");
		return 2;
	}
	addresses = (unsigned)strtoul(argv[2], NULL, 10);
	wave = (unsigned)strtoul(argv[3], NULL, 10);
	ipv6 = strcmp(argv[4], "46") == 0;
	links = (unsigned)strtoul(argv[5], NULL, 10);
	stopped = (unsigned)strtoul(argv[7], NULL, 10);
	crowd_init(&k, argv[1], (unsigned)strtoul(argv[6], NULL, 10));
	snprintf(options, sizeof options, "--queue %d --history %d", QUEUE,
	    HISTORY);
	crowd_start(&k, options);
	for (i = 0; i < k.n; i++) {
		/* Who hears all of the same has the same view as the first. */
		k.clients[i].blind = i > 0;
		crowd_watch(&k, &k.clients[i]);
	}
	crowd_ask(&k, "ping");
	for (i = 0; i < stopped; i++)
		k.clients[k.n - 1 - i].stalls = true;
	begun = crowd_now();
	pid = fork();
	if (pid == 0) {
		storm(addresses, wave, links);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		crowd_pump(&k, 100);
	if (pid == -1 || status != 0)
		broken("no storm");
	printf("the kernel took %lu ms\n", crowd_now() - begun);
	snprintf(broken_where, sizeof broken_where, "after the storm");
	crowd_settle(&k);
	for (i = 0; i < k.n; i++)
		gaps += k.clients[i].gaps;
	printf("%lu ms, %ju events, %u gaps\n", crowd_now() - begun,
	    (uintmax_t)journal_size(), gaps);
	/* Whoever stopped lost something. */
	for (i = 0; i < stopped; i++) {
		if (k.clients[k.n - 1 - i].gaps == 0)
			broken("client %u has no gap", k.n - 1 - i);
	}
	check_memory(&k);
	crowd_end(&k, SIGTERM);
	crowd_fini(&k);
	return 0;
}

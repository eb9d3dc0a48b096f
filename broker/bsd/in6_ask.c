/*
 * What has become of an address of IPv6, by ioctl(2).
 */
#include "config.h"

#include "route_socket.h"

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>
#if __has_include(<netinet6/in6_var.h>)
#include <netinet6/in6_var.h>
#else
/* What Zig does not bring for macOS; of the size that is in the numbers. */
struct in6_addrlifetime {
	time_t ia6t_expire, ia6t_preferred;
	uint32_t ia6t_vltime, ia6t_pltime;
};

struct in6_ifreq {
	char ifr_name[IFNAMSIZ];
	union {
		struct sockaddr_in6 ifru_addr;
		int ifru_flags6;
		struct in6_addrlifetime ifru_lifetime;
		uint64_t ifru_icmp6stat[34];
	} ifr_ifru;
};

#define SIOCGIFAFLAG_IN6 _IOWR('i', 73, struct in6_ifreq)
#define SIOCGIFALIFETIME_IN6 _IOWR('i', 81, struct in6_ifreq)
#endif

#include <errno.h>
#include <string.h>
#include <time.h>

/* What both numbers were made of. */
_Static_assert(sizeof(struct in6_ifreq) == 288, "struct in6_ifreq");

/* The clock that ends of lifetimes are told by. */
#ifdef __FreeBSD__
#define CLOCK CLOCK_MONOTONIC
#else
#define CLOCK CLOCK_REALTIME
#endif

/* The kernel itself puts in which link the address is of. */
static int
request(int fd, unsigned long number, const struct in6_answer *a,
    struct in6_ifreq *r)
{
	struct sockaddr_in6 sin6 = { .sin6_len = sizeof sin6,
	    .sin6_family = AF_INET6 };
	size_t len = strlen(a->ifname);

	if (len >= sizeof r->ifr_name)
		return -ENXIO;
	memset(r, 0, sizeof *r);
	memcpy(r->ifr_name, a->ifname, len);
	memcpy(&sin6.sin6_addr, a->address.byte, sizeof sin6.sin6_addr);
	r->ifr_ifru.ifru_addr = sin6;
	return ioctl(fd, number, r) == -1 ? -errno : 0;
}

int
in6_ask(int fd, struct in6_answer *a)
{
	const struct in6_addrlifetime *l;
	struct timespec now;
	struct in6_ifreq r;
	int error;

	a->has = 0;
	error = request(fd, SIOCGIFAFLAG_IN6, a, &r);
	if (error != 0)
		return error;
	a->flags = (uint32_t)r.ifr_ifru.ifru_flags6;
	a->has |= IN6_HAS_FLAGS;
	error = request(fd, SIOCGIFALIFETIME_IN6, a, &r);
	if (error != 0)
		return error;
	if (clock_gettime(CLOCK, &now) == -1)
		return -errno;
	l = &r.ifr_ifru.ifru_lifetime;
	a->valid = in6_left(l->ia6t_vltime, l->ia6t_expire, now.tv_sec);
	a->preferred = in6_left(l->ia6t_pltime, l->ia6t_preferred, now.tv_sec);
	a->has |= IN6_HAS_LIFETIMES;
	return 0;
}

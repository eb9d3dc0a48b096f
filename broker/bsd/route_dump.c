/*
 * All that there is, as messages of a routing socket, by sysctl(3).
 */
#include "config.h"

#include "route_socket.h"

#include "change.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/sysctl.h>

#include <net/if.h>
#include <net/route.h>
#ifdef __FreeBSD__
#include <netinet/in.h>
#include <netinet/icmp6.h>
#include <netinet6/in6_var.h>
#include <netinet6/nd6.h>
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/* What grows while it is asked for is asked for again, so often. */
#define TRIES 10
/* For what comes between two questions. */
#define SPARE 4096

/* Appends one answer. */
static int
fetch(int *mib, unsigned n, struct buf *b)
{
	size_t room, size;
	char *bytes;
	int i;

	for (i = 0; i < TRIES; i++) {
		size = 0;
		if (sysctl(mib, n, NULL, &size, NULL, 0) == -1)
			return -errno;
		if (size == 0)
			return 0;
		if (size > SIZE_MAX / 2)
			return -ENOMEM;
		room = size + size / 8 + SPARE;
		bytes = buf_room(b, room);
		if (bytes == NULL)
			return -ENOMEM;
		size = room;
		if (sysctl(mib, n, bytes, &size, NULL, 0) == 0) {
			b->len += size < room ? size : room;
			return 0;
		}
		if (errno != ENOMEM)
			return -errno;
	}
	return -ENOBUFS;
}

/* Tables that there are not have no routes. */
static int
fetch_routes(struct buf *b)
{
	int mib[7] = { CTL_NET, PF_ROUTE, 0, 0, NET_RT_DUMP, 0, 0 };

#ifdef __OpenBSD__
	int error, table;

	for (table = 0; table <= RT_TABLEID_MAX; table++) {
		mib[6] = table;
		error = fetch(mib, 7, b);
		if (error != 0 && error != -ENOENT && error != -EINVAL &&
		    error != -EAFNOSUPPORT)
			return error;
	}
	return 0;
#else
	return fetch(mib, 6, b);
#endif
}

int
route_socket_dump(unsigned parts, struct buf *b)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST, 0 };
	int error = 0;

	if (parts & (PART_LINK | PART_ADDR4 | PART_ADDR6))
		error = fetch(mib, 6, b);
	if (error == 0 && (parts & (PART_ROUTE4 | PART_ROUTE6 | PART_NEIGH)))
		error = fetch_routes(b);
	return error;
}

#ifdef __FreeBSD__

_Static_assert(sizeof(struct in6_defrouter) == IN6_ROUTER_SIZE &&
    offsetof(struct in6_defrouter, rtaddr.sin6_addr) == IN6_ROUTER_ADDRESS &&
    offsetof(struct in6_defrouter, rtlifetime) == IN6_ROUTER_LIFETIME &&
    offsetof(struct in6_defrouter, expire) == IN6_ROUTER_END &&
    offsetof(struct in6_defrouter, if_index) == IN6_ROUTER_INDEX,
    "in6.h says what struct in6_defrouter is");

int
route_socket_routers(struct buf *b)
{
	int mib[4] = { CTL_NET, PF_INET6, IPPROTO_ICMPV6,
	    ICMPV6CTL_ND6_DRLIST };

	return fetch(mib, 4, b);
}

#endif

/*
 * The routing socket of a BSD or macOS: what only the system can do for a
 * route_feed.
 */
#ifndef KEVD_BSD_ROUTE_SOCKET_H
#define KEVD_BSD_ROUTE_SOCKET_H

#include "buf.h"
#include "in6.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* As route_system has it. */
const char *route_socket_os(void);

/* Whether the kernel can lose messages and not say so. */
bool route_socket_is_silent(void);

/*
 * Does not block; hears only what is of use, where that can be chosen. RCVBUF
 * in bytes, or 0: as is good; less if the system wants that. Or -errno.
 */
int route_socket_open(size_t rcvbuf);

/* These are for struct route_calls. */
ssize_t route_socket_receive(int fd, void *bytes, size_t size, bool *cut);
bool route_socket_has_news(int fd);

/* Appends what sysctl(3) has of interfaces, their addresses and routes. */
int route_socket_dump(unsigned parts, struct buf *);

/* Only of FreeBSD: appends its list of default routers of IPv6. */
int route_socket_routers(struct buf *);

/* FD is a datagram socket of AF_INET6. */
int in6_ask(int fd, struct in6_answer *);

#endif

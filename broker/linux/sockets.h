/*
 * The sockets that tell of one network namespace: that of whoever opens them,
 * for as long as they live. All that needs a capability is done here.
 */
#ifndef KEVD_SOCKETS_H
#define KEVD_SOCKETS_H

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum socket_kind {
	SOCKET_EVENTS,		/* rtnetlink: what changes */
	SOCKET_REQUESTS,	/* rtnetlink: what is asked for */
	SOCKET_ETHTOOL,		/* generic netlink: both */
	SOCKET_ARP,		/* packets; needs CAP_NET_RAW */
	SOCKET_NDP,		/* the same */
	SOCKET_KINDS
};

struct sockets {
	int fd[SOCKET_KINDS];	/* or -1 */
	int error[SOCKET_KINDS];	/* errno, where there is none */
};

/* RCVBUF bytes of receive buffer for events; 0: as advised. */
void sockets_open(struct sockets *, size_t rcvbuf);
void sockets_close(struct sockets *);

/* One of them; -errno on failure. */
int socket_open(enum socket_kind, size_t rcvbuf);

/* Closes one that failed: nothing more comes from it. */
void socket_give_up(struct sockets *, enum socket_kind);

/* Lets through only what N instructions of CODE do. False: errno says why. */
struct sock_filter;
bool socket_filter(int fd, struct sock_filter *code, size_t n);

/*
 * One datagram from the kernel, of a netlink socket: its length, or -errno;
 * -EINTR also for one from somebody else, -EMSGSIZE for one longer than SIZE.
 */
ssize_t socket_receive(int fd, void *, size_t size);

/* What one call takes, with room for what dumps are made of (netlink_recvmsg). */
#define DATAGRAM_MAX 32768
#define DATAGRAMS 8
struct datagrams {
	ssize_t len[DATAGRAMS];	/* as socket_receive has it */
	/* What the kernel is given, made once. */
	struct mmsghdr heads[DATAGRAMS];
	struct iovec iov[DATAGRAMS];
	struct sockaddr_nl senders[DATAGRAMS];
	_Alignas(8) char bytes[DATAGRAMS][DATAGRAM_MAX];
};

/*
 * How many there were, or -errno. After fewer than DATAGRAMS there was none
 * left, or there is an error, which the next call tells. All is 0 at first.
 */
int socket_receive_all(int fd, struct datagrams *);

/* How many messages it had to drop so far; 0 too when the kernel won't tell. */
uint32_t socket_drops(int fd);

/* Whether more than half of its receive buffer is free. */
bool socket_has_room(int fd);

#endif

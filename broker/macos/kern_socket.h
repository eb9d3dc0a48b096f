/*
 * The socket that kernel events of macOS come from, and what its interfaces are
 * asked by. Nobody needs rights for either, but the App Sandbox refuses the
 * first.
 */
#ifndef KEVD_KERN_SOCKET_H
#define KEVD_KERN_SOCKET_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * One that does not block, and is told of all from here on. RCVBUF: bytes of its
 * buffer; 0: as many as the system gives. -errno.
 */
int kern_socket_open(size_t rcvbuf);

/* One event, as it came: its length, or -errno; -EMSGSIZE: it was longer. */
ssize_t kern_socket_receive(int fd, void *bytes, size_t len);

/*
 * How many events there was no room for, in the socket of anybody: nobody is
 * told that it was his own. 0, too, when the kernel won't tell.
 */
uint64_t kern_socket_drops(void);

/* As in kern_asker; ARG is a pointer to a datagram socket. */
int kern_socket_ask(void *arg, uint32_t request, void *bytes);

#endif

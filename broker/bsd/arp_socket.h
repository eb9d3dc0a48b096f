/*
 * bpf(4) of a BSD: what only the system can do for an arp_watch. It hears, and
 * sends nothing.
 */
#ifndef KEVD_BSD_ARP_SOCKET_H
#define KEVD_BSD_ARP_SOCKET_H

struct arp_calls;

/* NULL: the kernel tells by itself. */
const struct arp_calls *arp_socket_calls(void);

#endif

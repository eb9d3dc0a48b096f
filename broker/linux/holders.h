/*
 * Who holds a port: sockets of TCP, of UDP, or of both. The kernel is asked
 * (sock_diag), which takes no capability, but does take time.
 */
#ifndef KEVD_HOLDERS_H
#define KEVD_HOLDERS_H

#include <stdint.h>

/* So many answers are kept, for so long, in microseconds: no more than that
 * many questions are put in that time, however many ports there are. One takes
 * half a millisecond when the port is listened on, else up to seven. */
#define HOLDERS_KEPT 16
#define HOLDERS_FRESH 1000000

/* Zeroes at first. */
struct holders {
	struct {
		uint64_t asked;		/* 0: the place is free */
		uint16_t port;
		uint16_t protocol;
	} kept[HOLDERS_KEPT];
};

/*
 * The protocol (KEV_PROTO_IP and more) of the sockets that hold PORT at NOW, if
 * there are some and all have the same; else, or if PID is known to be in
 * another network namespace than we are, or too much was asked, 0.
 */
uint16_t holders_protocol(struct holders *, uint16_t port, uint32_t pid,
    uint64_t now);

#endif

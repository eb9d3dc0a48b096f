/*
 * Making a kernel change addresses, and hearing of it, with nothing between.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

/* A socket of rtnetlink that hears GROUPS (RTMGRP_...). */
int netlink_open(unsigned groups);

/*
 * Appends a request that an IPv4 address be added or removed, in a namespace
 * that has the interface. LABEL: of the address, or NULL. ACK: it is answered
 * also when it is done.
 */
void netlink_put_address(struct buf *, bool add, uint32_t ifindex,
    uint32_t address, const char *label, bool ack);

/* The same of a new link that is up, of that kind. */
void netlink_put_link(struct buf *, const char *name, const char *kind,
    bool ack);

/* The same of a link that goes. */
void netlink_put_link_gone(struct buf *, uint32_t ifindex, bool ack);

/* The same of a default route by a router fe80::1, for half an hour. */
void netlink_put_router(struct buf *, uint32_t ifindex, bool ack);

/* Sends requests, the last of which is answered when all are done; reads what
 * is said until then. Ends the bench if one fails. */
void netlink_do(int fd, const struct buf *);

/* Waits for a message of that type, and returns its length. */
size_t netlink_hear(int fd, uint16_t type, void *bytes, size_t size);

#endif

/*
 * ARP on all Ethernets, by bpf(4): on systems whose kernels only write into a
 * log that another host has an address of ours. It hears, and sends nothing.
 */
#ifndef KEVD_BSD_ARP_WATCH_H
#define KEVD_BSD_ARP_WATCH_H

#include "source.h"

struct arp_watch;
struct ev_loop;
struct tape;

/* What was read from an interface is in BYTES, lent: for arp_watch_tell. */
typedef void arp_watch_fn(void *arg, uint32_t ifindex, const void *bytes,
    size_t len);

/*
 * Opens what can be opened by root only, also for interfaces to come. NULL: no
 * memory, or the kernel tells by itself. What is missing is told in the stats.
 */
struct arp_watch *arp_watch_new(arp_watch_fn *, void *arg);

/* NULL is fine. */
void arp_watch_free(struct arp_watch *);

/* There is this Ethernet; it may be watched already. */
void arp_watch_add(struct arp_watch *, uint32_t ifindex, const char *ifname);

/* From here on the loop calls. */
void arp_watch_start(struct arp_watch *, struct ev_loop *);

/* Tells what was read; but if not ALL, no claims to addresses in use here. */
void arp_watch_tell(struct arp_watch *, struct tape *, uint32_t ifindex,
    const void *bytes, size_t len, bool all);

const struct source_stats *arp_watch_stats(const struct arp_watch *);

#endif

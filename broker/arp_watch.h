/*
 * ARP on all Ethernets of a system whose kernel only writes into a log that
 * another host has an address of ours. What the system has to do for that is in
 * a few functions, so that this is the same on all, and tested on all.
 */
#ifndef KEVD_ARP_WATCH_H
#define KEVD_ARP_WATCH_H

#include "source.h"

struct arp_watch;
struct ev_loop;
struct tape;

struct arp_calls {
	/* A descriptor, not yet of an interface, or -errno. */
	int (*open)(void);
	/* From here on it hears ARP on that interface. How much is read at once
	 * or -errno. */
	int (*set_up)(int fd, const char *ifname);
	/* Of what is read, as struct bpf_reader has them. */
	size_t caplen, hdrlen, align;
};

/* What was read from an interface is in BYTES, lent: for arp_watch_tell. */
typedef void arp_watch_fn(void *arg, uint32_t ifindex, const void *bytes,
    size_t len);

/*
 * Opens what can be opened by root only, also for interfaces to come. The calls
 * are lent; NULL: the kernel tells by itself. NULL: that, or no memory. What is
 * missing is told in the stats.
 */
struct arp_watch *arp_watch_new(const struct arp_calls *, arp_watch_fn *,
    void *arg);

/* NULL is fine, as in what follows. */
void arp_watch_free(struct arp_watch *);

/* There is this Ethernet; it may be watched already. */
void arp_watch_add(struct arp_watch *, uint32_t ifindex, const char *ifname);

/* It is no more: the next one with its index is another. May be called while
 * what was read from it is told. */
void arp_watch_forget(struct arp_watch *, uint32_t ifindex);

/* From here on the loop calls. */
void arp_watch_start(struct arp_watch *, struct ev_loop *);

/* Tells what was read; but if not ALL, no claims to addresses in use here. */
void arp_watch_tell(struct arp_watch *, struct tape *, uint32_t ifindex,
    const void *bytes, size_t len, bool all);

const struct source_stats *arp_watch_stats(const struct arp_watch *);

#endif

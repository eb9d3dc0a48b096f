/*
 * When to ask a BSD or macOS again what has become of its addresses of IPv6:
 * each second while one is tentative, when a lifetime ends, and a moment after
 * something about its interface changed. Knows no clock and asks nothing itself.
 */
#ifndef KEVD_PROBES_H
#define KEVD_PROBES_H

#include "in6.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct probe {
	struct in6_answer about;	/* and what was answered last */
	uint64_t due;			/* microseconds, or UINT64_MAX */
	bool failed;			/* there was no answer, or half of one */
};

struct probes {
	struct probe *list;		/* owned */
	size_t count, room;
};

#define PROBES_INIT { NULL, 0, 0 }

void probes_fini(struct probes *);

/* An address of an interface was told, which is known from here on. NULL: no
 * memory; else good until one is put or forgotten. */
struct probe *probes_put(struct probes *, uint32_t ifindex,
    const struct kev_addr *);

/* It has answered, all or what "about" has; then it is asked once more. */
void probes_answered(struct probe *, bool all, uint64_t now);

/* Something about an interface changed; index 0: about any. */
void probes_touch(struct probes *, uint32_t ifindex, uint64_t now);

/* An address is no more; NULL: all those of the interface. */
void probes_forget(struct probes *, uint32_t ifindex, const struct kev_ip *);

/* All are told anew. */
void probes_clear(struct probes *);

/* One that is to be asked now, or NULL. */
struct probe *probes_due(struct probes *, uint64_t now);

/* When one is, in microseconds; 0: never. */
uint64_t probes_deadline(const struct probes *);

#endif

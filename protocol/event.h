/*
 * An event, and its one line of JSON.
 */
#ifndef KEV_EVENT_H
#define KEV_EVENT_H

#include "object.h"
#include "topics.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* How it is known: the member "source". */
enum kev_origin {
	KEV_BY_RTNETLINK, KEV_BY_ARP, KEV_BY_NDP, KEV_BY_AUDIT,
	KEV_BY_KERN_EVENT, KEV_BY_ROUTE, KEV_BY_TIMER, KEV_BY_RESYNC,
	KEV_BY_INJECT, KEV_BY_PLAY, KEV_ORIGINS
};

#define KEV_RUNLEN 16

/* All that is pointed to is lent. */
struct kev_event {
	enum kev_topic topic;
	enum kev_origin origin;
	uint64_t time;			/* microseconds since 1970, UTC */
	uint64_t mono;			/* microseconds since boot */
	uint64_t seq;
	const char *run;		/* KEV_RUNLEN bytes at most */
	const char *ifname;		/* any bytes; NULL: about no interface */
	uint32_t ifindex;		/* 0: not known */
	const char *netns;		/* NULL: our own */
	bool snapshot;
	const struct kev_object *data;	/* of the topic's class; NULL: empty */
	const struct kev_object *prev;	/* the same before, or NULL */
	uint64_t changed;		/* fields in which they differ */
};

const char *kev_origin_name(enum kev_origin);

/* Appends the line, newline included. */
void kev_event_put(struct buf *, const struct kev_event *);

/* Appends "IFNAME" as member ifname, and ifname_hex if it is not UTF-8. */
void kev_event_put_ifname(struct buf *, const char *ifname);

/* Appends RFC 3339 text with microseconds, of years up to 9999. */
#define KEV_TIMELEN 27
void kev_event_put_time(struct buf *, uint64_t micros);

#endif

/*
 * What messages of each source look like, by its name, and what decodes them:
 * the same as when they come from a kernel. Those that there are depend on the
 * system that kevd is built for.
 */
#ifndef KEVD_FORMAT_H
#define KEVD_FORMAT_H

#include "change.h"
#include "message.h"

/* One message, or a further change of it. All is lent for the call. */
typedef void format_take_fn(void *arg, const struct message *,
    enum message_found, const struct change *);

struct format {
	const char *name;	/* of its source */
	uint64_t topics;	/* that it can tell of: KEV_TOPIC */
	size_t memory;		/* bytes to be kept for each namespace */
	/* Calls TAKE for all there is in BUFFER, which came in one piece.
	 * MEMORY is zeroes at first. */
	void (*decode)(void *memory, const struct message *buffer,
	    format_take_fn *take, void *arg);
};

/* Those that need nothing of a system are on every one. */
extern const struct format format_arp, format_ndp;
extern const struct format format_kern_event, format_route, format_in6;

/* The system's: all of them, NULL at the end. */
extern const struct format *const formats[];

#endif

/*
 * What a subscriber wants: topics, and of them events about some interfaces
 * and with some members only.
 */
#ifndef KEV_FILTER_H
#define KEV_FILTER_H

#include "event.h"
#include "bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kev_filter {
	uint64_t topics;		/* without kev/, which all get */
	struct kev_names ifnames;	/* globs, one must fit; none: all do */
	struct kev_names netns;		/* the same; kevd's own is "" */
	struct kev_names matches;	/* globs, all must fit */
	int field[KEV_MATCHES_MAX];	/* what each is for; -1: no such */
};

void kev_filter_fini(struct kev_filter *);

/* Makes TO, which is empty, the same as FROM. False: no memory. */
bool kev_filter_copy(struct kev_filter *to, const struct kev_filter *from);
bool kev_filter_same(const struct kev_filter *, const struct kev_filter *);

/* Whether only the topic matters. */
bool kev_filter_plain(const struct kev_filter *);

/*
 * Whether it wants the event; the topic is known to be one of its own. What
 * has no interface does not fit a filter for some, but network/changed does
 * when it names one of them. A rename fits by the new name or the old. kev/
 * fits always, unless it is about a namespace that does not.
 */
bool kev_filter_fits(const struct kev_filter *, const struct kev_event *);

/* The same for an event that is there as a line of JSON only. */
bool kev_filter_fits_line(const struct kev_filter *, enum kev_topic,
    const char *line, size_t len);

/*
 * Whether a value of JSON fits GLOB: a string, an integer or boolean by its
 * text, of an array one element. Nothing else fits.
 */
struct json_t;
bool kev_value_fits(const char *glob, const struct json_t *);

/* Whether one of the globs fits; true when there are none. */
bool kev_globs_fit(const struct kev_names *globs, const char *text);

#endif

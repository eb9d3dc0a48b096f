#include "config.h"

#include "ration.h"

#include <string.h>

#define INTERVAL 1000000
/* More than this many places nobody can have. */
#define QUARTER (RATION_PLACES / 4)

/* Whether it was told just now, or has something to tell. */
static bool
is_live(const struct ration *r, size_t i, uint64_t now)
{
	return r->places[i].told != 0 && (r->places[i].waiting > 0 ||
	    r->places[i].told + INTERVAL > now);
}

/* The place for it, or one that it shares. */
static size_t
find(const struct ration *r, uint64_t now, ration_kin_fn *kin, const void *arg)
{
	size_t i, unused = RATION_NONE, shared = RATION_NONE, held = 0;
	unsigned best = 0, k;

	for (i = 0; i < RATION_PLACES; i++) {
		k = r->places[i].told != 0 ? kin(arg, i) : 0;
		if (k == RATION_SAME)
			return i;
		if (!is_live(r, i, now)) {
			unused = i;
			continue;
		}
		held += k == RATION_ACTOR;
		if (k > best) {
			best = k;
			shared = i;
		}
	}
	return unused != RATION_NONE && held < QUARTER ? unused : shared;
}

struct ration_share
ration_take(struct ration *r, uint64_t now, ration_kin_fn *kin,
    const void *arg)
{
	struct ration_share s = { .place = find(r, now, kin, arg) };

	if (s.place == RATION_NONE)
		return s;
	if (is_live(r, s.place, now)) {
		if (r->places[s.place].waiting < UINT32_MAX)
			r->places[s.place].waiting++;
		return s;
	}
	/* One that was told long ago is begun anew, whatever it was about. */
	r->places[s.place].told = now;
	s.begins = true;
	s.count = 1;
	return s;
}

uint64_t
ration_deadline(const struct ration *r)
{
	uint64_t first = 0;
	size_t i;

	for (i = 0; i < RATION_PLACES; i++) {
		if (r->places[i].waiting > 0 &&
		    (first == 0 || r->places[i].told < first))
			first = r->places[i].told;
	}
	return first != 0 ? first + INTERVAL : 0;
}

size_t
ration_due(struct ration *r, uint64_t now, uint32_t *count)
{
	size_t i;

	for (i = 0; i < RATION_PLACES; i++) {
		if (r->places[i].waiting == 0 ||
		    r->places[i].told + INTERVAL > now)
			continue;
		*count = r->places[i].waiting;
		r->places[i].waiting = 0;
		r->places[i].told = now;
		return i;
	}
	return RATION_NONE;
}

void
ration_forget(struct ration *r, size_t place)
{
	memset(&r->places[place], 0, sizeof r->places[place]);
}

#include "config.h"

#include "reread.h"

void
reread_init(struct reread *r, uint64_t period, uint64_t now)
{
	*r = (struct reread){ .period = period,
	    .anyway = period != 0 ? now + period : 0 };
}

void
reread_want(struct reread *r, uint64_t now)
{
	if (r->due != 0)
		return;
	r->due = r->last == 0 || now >= r->last + REREAD_PAUSE ? now :
	    r->last + REREAD_PAUSE;
}

uint64_t
reread_when(const struct reread *r)
{
	if (r->due == 0 || (r->anyway != 0 && r->anyway < r->due))
		return r->anyway;
	return r->due;
}

bool
reread_is_due(const struct reread *r, uint64_t now)
{
	uint64_t when = reread_when(r);

	return when != 0 && when <= now;
}

void
reread_done(struct reread *r, uint64_t now)
{
	r->last = now;
	r->due = 0;
	if (r->period != 0)
		r->anyway = now + r->period;
}

void
reread_failed(struct reread *r, uint64_t now)
{
	reread_done(r, now);
	r->due = now + REREAD_RETRY;
}

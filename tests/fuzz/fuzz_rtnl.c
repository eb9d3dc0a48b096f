/*
 * What an rtnetlink socket may give, through the decoder, the state and the
 * encoding: lines of JSON come out, and what a snapshot tells is what the
 * events before it told of interfaces.
 */
#include "config.h"

#include "event.h"
#include "fuzz.h"
#include "linux/rtnl_decode.h"
#include "state.h"

struct world {
	int attached;
	int shown;
};

static void
publish(void *arg, struct kev_event *ev)
{
	struct world *w = arg;

	encode(ev);
	if (ev->topic == KEV_T_INTERFACE_ATTACH)
		w->attached++;
	if (ev->topic == KEV_T_INTERFACE_ATTACH && ev->snapshot)
		w->shown++;
	if (ev->topic == KEV_T_INTERFACE_DETACH)
		w->attached--;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct rtnl_reader r;
	struct stamp now = { 1, 1 };
	struct world w = { 0, 0 };
	struct state *st = state_new(NULL, publish, &w);
	enum rtnl_found found;
	struct change c;
	int attached;

	rtnl_reader_init(&r, bytes, len);
	while ((found = rtnl_next(&r, &c)) != RTNL_END) {
		MUST(r.next <= len && r.at + r.size <= len);
		now.mono += 100;
		if (found == RTNL_CHANGE)
			state_apply(st, &c, &now);
		else if (found == RTNL_IGNORED)
			state_settle(st, &now);
		else if (found == RTNL_DONE)
			(void)state_end(st, &now, 3);
		else if (found == RTNL_ERROR)
			state_begin(st, PART_ALL);
	}
	state_settle(st, &now);
	attached = w.attached;
	state_snapshot(st, &now, publish, &w);
	MUST(w.shown == attached);
	state_free(st);
	return 0;
}

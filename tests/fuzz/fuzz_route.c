/*
 * What a routing socket may give, through the decoder, the state and the
 * encoding: lines of JSON come out, and what a snapshot tells is what the
 * events before it told of interfaces. The first byte says of which system.
 */
#include "config.h"

#include "event.h"
#include "fuzz.h"
#include "route_decode.h"
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
	MUST(ev->ifindex <= UINT16_MAX);
	if (ev->topic == KEV_T_INTERFACE_ATTACH && ev->snapshot)
		w->shown++;
	else if (ev->topic == KEV_T_INTERFACE_ATTACH)
		w->attached++;
	if (ev->topic == KEV_T_INTERFACE_DETACH)
		w->attached--;
}

static void
decode(const char *os, const uint8_t *bytes, size_t len, struct state *st,
    struct stamp *now)
{
	enum route_found found;
	struct route_reader r;
	struct change c;
	size_t at = 0;

	route_reader_init(&r, route_system(os), bytes, len);
	for (; (found = route_next(&r, &c)) != ROUTE_END; at = r.next) {
		MUST(r.at == at && r.at + r.size == r.next && r.next <= len);
		MUST(r.size > 0 || len == 0);
		MUST((r.fault != NULL) == (found == ROUTE_MALFORMED));
		now->mono += 100000;
		if (found == ROUTE_CHANGE)
			state_apply(st, &c, now);
		else if (found == ROUTE_IGNORED)
			state_settle(st, now);
		else if (found == ROUTE_OVERRUN)
			state_begin(st, PART_ALL);
		else
			(void)state_end(st, now, 3);
	}
	MUST(at == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const systems[] = { "freebsd", "netbsd", "openbsd",
	    "macos" };
	struct stamp now = { 1, 1 };
	struct world w = { 0, 0 };
	struct state *st;

	if (len == 0)
		return 0;
	st = state_new(NULL, publish, &w);
	decode(systems[bytes[0] % 4], bytes + 1, len - 1, st, &now);
	state_flush(st);
	state_settle(st, &now);
	state_snapshot(st, &now, publish, &w);
	MUST(w.shown == w.attached);
	state_free(st);
	return 0;
}

/*
 * What a kernel-event socket of macOS may give, through the decoder, the state
 * and the encoding: lines of JSON come out, and what a snapshot tells is what
 * the events before it told of interfaces.
 */
#include "config.h"

#include "event.h"
#include "fuzz.h"
#include "kern_decode.h"
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
	/* Nothing tells an index. */
	MUST(ev->ifindex == 0);
	if (ev->topic == KEV_T_INTERFACE_ATTACH && ev->snapshot)
		w->shown++;
	else if (ev->topic == KEV_T_INTERFACE_ATTACH)
		w->attached++;
	if (ev->topic == KEV_T_INTERFACE_DETACH)
		w->attached--;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct stamp now = { 1, 1 };
	struct world w = { 0, 0 };
	struct state *st = state_new(NULL, publish, &w);
	enum kern_found found;
	struct kern_reader r;
	struct change c;
	size_t at = 0;

	kern_reader_init(&r, bytes, len);
	for (; (found = kern_next(&r, &c)) != KERN_END; at = r.next) {
		MUST(r.at == at && r.at + r.size == r.next && r.next <= len);
		MUST(r.size > 0 || len == 0);
		MUST((r.fault != NULL) == (found == KERN_MALFORMED));
		now.mono += 100000;
		if (found == KERN_CHANGE)
			state_apply(st, &c, &now);
		else if (found == KERN_IGNORED)
			state_settle(st, &now);
		if (state_deadline(st) != 0 && state_deadline(st) <= now.mono)
			state_tick(st, &now);
	}
	MUST(at == len);
	state_flush(st);
	state_settle(st, &now);
	state_snapshot(st, &now, publish, &w);
	MUST(w.shown == w.attached);
	state_free(st);
	return 0;
}

/*
 * What an rtnetlink socket may give, through the decoder, the state and the
 * encoding: lines of JSON come out, and what a snapshot tells is what the
 * events before it told of interfaces.
 */
#include "config.h"

#include "buf.h"
#include "event.h"
#include "fuzz.h"
#include "linux/rtnl_decode.h"
#include "state.h"

#include <jansson.h>
#include <string.h>

struct world {
	struct buf line;
	int attached;
	int shown;
};

static void
publish(void *arg, struct kev_event *ev)
{
	struct world *w = arg;
	json_t *o;

	ev->run = "0";
	buf_clear(&w->line);
	kev_event_put(&w->line, ev);
	o = json_loadb(w->line.data, w->line.len, 0, NULL);
	MUST(o != NULL);
	MUST(w->line.data[w->line.len - 1] == '\n');
	MUST(memchr(w->line.data, '\n', w->line.len - 1) == NULL);
	json_decref(o);
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
	struct world w = { .line = BUF_INIT };
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
	buf_fini(&w.line);
	return 0;
}

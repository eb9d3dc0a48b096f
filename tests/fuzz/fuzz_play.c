/*
 * A whole recording, through lines, decoders, states and the encoding: lines of
 * JSON come out, whose time does not go back, and what a snapshot tells is what
 * the events before it told of interfaces.
 */
#include "config.h"

#include "event.h"
#include "frame.h"
#include "fuzz.h"
#include "record.h"
#include "replay.h"

struct world {
	uint64_t mono;
	int attached;
	int shown;
};

static void
publish(void *arg, struct kev_event *ev)
{
	struct world *w = arg;

	encode(ev);
	MUST(ev->origin == KEV_BY_PLAY);
	MUST(ev->mono >= w->mono);
	w->mono = ev->mono;
	if (ev->topic == KEV_T_INTERFACE_ATTACH && ev->snapshot)
		w->shown++;
	else if (ev->topic == KEV_T_INTERFACE_ATTACH)
		w->attached++;
	if (ev->topic == KEV_T_INTERFACE_DETACH)
		w->attached--;
}

/* All that is there; each line's time has come. */
static void
play(struct replay *r, struct frame *f, bool eof)
{
	enum frame_found found;
	const char *line;
	size_t len;

	while ((found = frame_next(f, eof, &line, &len)) != FRAME_NONE) {
		if (found == FRAME_TOO_LONG)
			MUST(!replay_offer(r, NULL, 0));
		else if (replay_offer(r, line, len))
			replay_step(r);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct world w = { 0 };
	struct replay *r = replay_new("input", publish, &w);
	struct frame f = { .max = RECORD_LINE_MAX };
	const struct state *st;
	struct stamp now;
	size_t half = len / 2, i;

	MUST(frame_feed(&f, (const char *)bytes, half));
	play(r, &f, false);
	replay_settle(r);
	MUST(frame_feed(&f, (const char *)bytes + half, len - half));
	play(r, &f, true);
	replay_end(r);
	now = replay_now(r);
	for (i = 0; (st = replay_state(r, i)) != NULL; i++)
		state_snapshot(st, &now, publish, &w);
	MUST(w.shown == w.attached);
	replay_free(r);
	frame_fini(&f);
	return 0;
}

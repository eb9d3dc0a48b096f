/*
 * What an audit socket may give, through the decoder, the state and the
 * encoding. Whatever it is, an event has a port, and memory and the number of
 * events are bounded.
 */
#include "config.h"

#include "event.h"
#include "fuzz.h"
#include "linux/audit_decode.h"
#include "state.h"

#include <string.h>

static unsigned events;

static void
publish(void *arg, struct kev_event *ev)
{
	const struct kev_note *note = (const struct kev_note *)ev->data;

	(void)arg;
	MUST(ev->topic == KEV_T_IPV4_PORT_IN_USE && ev->ifname == NULL);
	MUST(note->port > 0 && note->port <= 65535 && note->count > 0);
	encode(ev);
	events++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct audit_halves halves = { .oldest = 0 };
	struct stamp now = { 1, 1 };
	struct state *st = state_new(NULL, publish, NULL);
	struct audit_reader r;
	enum audit_found found;
	struct change c;

	events = 0;
	audit_reader_init(&r, bytes, len);
	while ((found = audit_next(&r, &halves, &c)) != AUDIT_NO_MORE) {
		MUST(r.next <= len && halves.oldest < AUDIT_HALVES);
		MUST((r.fault != NULL) == (found == AUDIT_MALFORMED));
		if (found != AUDIT_PORT)
			continue;
		MUST(c.type == CHANGE_PORT);
		MUST(memchr(c.port.command, '\0', sizeof c.port.command));
		state_apply(st, &c, &now);
	}
	MUST(events <= 64);
	state_free(st);
	return 0;
}

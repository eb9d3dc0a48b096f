#include "config.h"

#include "tape.h"

#include "buf.h"
#include "hot.h"
#include "log.h"

#include <stdio.h>

void
tape_init(struct tape *t, struct state *st, struct recorder *recorder,
    const char *source, const char *netns)
{
	*t = (struct tape){ .state = st, .recorder = recorder,
	    .source = source, .netns = netns, .settled = true };
}

bool
tape_looks(const struct tape *t)
{
	return recorder_is_on(t->recorder) || log_verbose();
}

static void
record(struct tape *t, struct record *line, const struct stamp *now)
{
	line->netns = t->netns;
	line->now = *now;
	line->has_mono = true;
	line->continued = !t->settled && !t->dumping;
	recorder_line(t->recorder, line, t);
}

static void
put_message(struct buf *b, const struct message *m, enum message_found found,
    const struct change *c)
{
	const uint8_t *bytes = m->bytes;
	char hex[3];
	size_t i;

	buf_puts(b, m->source);
	if (m->name != NULL)
		buf_puts(b, ": ");
	buf_puts(b, m->name != NULL ? m->name : "");
	if (found == MESSAGE_CHANGE) {
		buf_puts(b, ": ");
		change_put(b, c);
	} else {
		buf_puts(b, found == MESSAGE_IGNORED ? ": ignored" :
		    ": malformed");
	}
	if (m->fault != NULL)
		buf_puts(b, ": ");
	buf_puts(b, m->fault != NULL ? m->fault : "");
	if (!m->more)
		buf_puts(b, ": ");
	for (i = 0; i < m->len && !m->more; i++) {
		snprintf(hex, sizeof hex, "%02x", bytes[i]);
		buf_puts(b, hex);
	}
}

static void
show(const struct tape *t, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct buf b = BUF_INIT;

	put_message(&b, m, found, c);
	buf_putc(&b, '\0');
	if (!b.failed)
		log_debug("%s%s%s%s", t->netns != NULL ? "namespace " : "",
		    t->netns != NULL ? t->netns : "",
		    t->netns != NULL ? ": " : "", b.data);
	buf_fini(&b);
}

HOT void
tape_message(struct tape *t, const struct message *m, enum message_found found,
    const struct change *c, const struct stamp *now)
{
	struct record line;

	if (log_verbose())
		show(t, m, found, c);
	if (m->more || !recorder_is_on(t->recorder))
		return;
	line = (struct record){ .message = *m };
	record(t, &line, now);
}

static void
told(struct tape *t, const struct stamp *now)
{
	t->last = *now;
	t->settled = false;
}

HOT void
tape_apply(struct tape *t, const struct change *c, const struct stamp *now)
{
	state_apply(t->state, c, now);
	told(t, now);
}

void
tape_begin(struct tape *t, unsigned parts, const struct stamp *now)
{
	struct record line = { .message.source = t->source, .empty = true,
	    .parts = parts };

	record(t, &line, now);
	state_begin(t->state, parts);
	t->dumping = true;
	t->settled = false;
}

bool
tape_end(struct tape *t, const struct stamp *now, size_t limit)
{
	struct record line = { .message.source = t->source, .empty = true };
	bool over = state_end(t->state, now, limit);

	line.end = over ? SIZE_MAX : limit;
	record(t, &line, now);
	t->dumping = !over;
	told(t, now);
	return over;
}

/* Nothing to be written down: a recording that ends within a dump says so. */
void
tape_cancel(struct tape *t, const struct stamp *now)
{
	state_cancel(t->state);
	t->dumping = false;
	told(t, now);
}

void
tape_gap(struct tape *t, enum kev_cause cause, uint64_t lost,
    const struct stamp *now)
{
	struct record line = { .message.source = t->source, .empty = true,
	    .cause = cause, .lost = lost };

	record(t, &line, now);
	state_gap(t->state, cause, lost, now);
	told(t, now);
}

void
tape_missed(struct tape *t, const struct stamp *now)
{
	struct record line = { .message.source = "audit", .empty = true,
	    .cause = KEV_KERNEL_OVERRUN };

	record(t, &line, now);
	state_missed(t->state, now);
	told(t, now);
}

void
tape_tick(struct tape *t, const struct stamp *now)
{
	struct record line = { .message.source = "timer", .empty = true };
	uint64_t due = state_deadline(t->state);

	if (due == 0 || due > now->mono)
		return;
	record(t, &line, now);
	state_tick(t->state, now);
	told(t, now);
}

HOT void
tape_settle(struct tape *t)
{
	if (t->settled || t->dumping)
		return;
	state_settle(t->state, &t->last);
	t->settled = true;
}

void
tape_flush(struct tape *t)
{
	state_flush(t->state);
	t->settled = false;
}

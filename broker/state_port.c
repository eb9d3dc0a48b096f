/*
 * Ports that a process asked for and another one holds: nothing that is, so
 * nothing is kept of it but what was told just now.
 */
#include "config.h"

#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

static void
emit(struct state *st, const struct change_port *p, uint32_t count)
{
	struct kev_note note = {
		.has = KEV_BIT(PORT) | KEV_BIT(PID) | KEV_BIT(COUNT) |
		    (p->protocol != 0 ? KEV_BIT(PROTOCOL) : 0) |
		    (p->command[0] != '\0' ? KEV_BIT(COMMAND) : 0),
		.port = p->port, .pid = p->pid, .protocol = p->protocol,
		.count = count,
	};

	memcpy(note.command, p->command, sizeof note.command);
	state_emit_by(st, NULL, KEV_T_IPV4_PORT_IN_USE, KEV_BY_AUDIT,
	    (const struct kev_object *)&note);
}

static void
emit_missed(struct state *st)
{
	struct kev_note note = {
		.has = KEV_BIT(CAUSE) | KEV_BIT(RESYNCED),
		.cause = KEV_KERNEL_OVERRUN, .resynced = false,
	};

	state_emit_by(st, NULL, KEV_T_KEV_GAP, KEV_BY_AUDIT,
	    (const struct kev_object *)&note);
}

/* One process and one port are one thing. */
struct asking {
	const struct ports *ports;
	const struct change_port *port;
};

static unsigned
kin(const void *arg, size_t place)
{
	const struct asking *a = arg;
	const struct change_port *p = &a->ports->told[place];
	bool subject = p->port == a->port->port &&
	    p->protocol == a->port->protocol;

	return (subject ? RATION_SUBJECT : 0) |
	    (p->pid == a->port->pid ? RATION_ACTOR : 0);
}

/* Losses are all the same. */
static unsigned
same(const void *arg, size_t place)
{
	(void)arg;
	(void)place;
	return RATION_SAME;
}

static struct ports *
get_ports(struct state *st)
{
	if (st->in_use == NULL)
		st->in_use = state_alloc(st, sizeof *st->in_use);
	return st->in_use;
}

void
port_apply(struct state *st, const struct change_port *p)
{
	struct ports *ports = get_ports(st);
	struct asking a = { ports, p };
	struct ration_share s;

	if (ports == NULL)
		return;
	s = ration_take(&ports->ration, st->now.mono, kin, &a);
	if (s.begins)
		ports->told[s.place] = *p;
	if (s.count > 0)
		emit(st, &ports->told[s.place], s.count);
}

void
state_missed(struct state *st, const struct stamp *now)
{
	struct ports *ports = get_ports(st);

	st->now = *now;
	if (ports != NULL && ration_take(&ports->missed, now->mono, same,
	    NULL).count > 0)
		emit_missed(st);
}

void
port_tick(struct state *st)
{
	uint32_t count;
	size_t i;

	if (st->in_use == NULL)
		return;
	while ((i = ration_due(&st->in_use->ration, st->now.mono, &count)) !=
	    RATION_NONE)
		emit(st, &st->in_use->told[i], count);
	if (ration_due(&st->in_use->missed, st->now.mono, &count) !=
	    RATION_NONE)
		emit_missed(st);
}

HOT uint64_t
port_deadline(const struct state *st)
{
	uint64_t a, b;

	if (st->in_use == NULL)
		return 0;
	a = ration_deadline(&st->in_use->ration);
	b = ration_deadline(&st->in_use->missed);
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/*
 * What a kernel remarks about an interface: of all that only the quality of
 * its link is kept.
 */
#include "config.h"

#include "hot.h"
#include "state_impl.h"

#include <stdlib.h>
#include <string.h>

/* What is said when nothing is known, which holds no longer than that. */
#define UNKNOWN (-1)

static void
emit(struct state *st, const struct remark *r, uint32_t count)
{
	const struct link *l = state_link(st, r->ifindex);
	struct kev_note note = { .has = KEV_BIT(COUNT), .count = count };

	if (l == NULL)
		return;
	if (r->topic == KEV_T_INTERFACE_QUALITY) {
		note.has |= KEV_BIT(QUALITY);
		note.quality = r->quality;
	}
	memcpy(note.reason, r->issues.reason, sizeof note.reason);
	memcpy(note.info, r->issues.info, sizeof note.info);
	note.has |= (note.reason[0] != '\0' ? KEV_BIT(REASON) : 0) |
	    (note.info[0] != '\0' ? KEV_BIT(INFO) : 0);
	state_emit(st, l, r->topic, (const struct kev_object *)&note);
}

/* One interface and one thing said of it are one. */
struct asking {
	const struct remarks *remarks;
	const struct remark *remark;
};

static unsigned
kin(const void *arg, size_t place)
{
	const struct asking *a = arg;
	const struct remark *r = &a->remarks->told[place];

	if (r->ifindex != a->remark->ifindex)
		return 0;
	return r->topic == a->remark->topic &&
	    r->quality == a->remark->quality &&
	    memcmp(&r->issues, &a->remark->issues, sizeof r->issues) == 0 ?
	    RATION_SAME : RATION_ACTOR;
}

static void
tell(struct state *st, const struct remark *r)
{
	struct asking a = { .remark = r };
	struct ration_share s;

	if (st->remarks == NULL)
		st->remarks = state_alloc(st, sizeof *st->remarks);
	if (st->remarks == NULL)
		return;
	a.remarks = st->remarks;
	s = ration_take(&st->remarks->ration, st->now.mono, kin, &a);
	if (s.begins)
		st->remarks->told[s.place] = *r;
	if (s.count > 0)
		emit(st, &st->remarks->told[s.place], s.count);
}

/* True: it is another one, which is told however often that is. */
static bool
set_quality(struct state *st, struct link *l, int32_t quality)
{
	bool known = quality != UNKNOWN;

	if (known == l->has_quality && (!known || quality == l->quality))
		return false;
	walk_before_link(st, l);
	l->has_quality = known;
	l->quality = quality;
	return true;
}

void
remark_apply(struct state *st, struct link *l, const struct change *c)
{
	struct remark r = { .ifindex = l->ifindex };

	switch (c->type) {
	case CHANGE_QUALITY:
		r.topic = KEV_T_INTERFACE_QUALITY;
		r.quality = c->quality;
		if (set_quality(st, l, c->quality)) {
			emit(st, &r, 1);
			return;
		}
		/* Whoever reads it again has no news. */
		if (st->parts != 0)
			return;
		break;
	case CHANGE_ISSUES:
		r.topic = KEV_T_INTERFACE_ISSUES;
		r.issues = c->issues;
		break;
	case CHANGE_IDLE:
		r.topic = KEV_T_INTERFACE_IDLE;
		break;
	default:
		r.topic = KEV_T_IPV6_NAT64_PREFIX_REQUEST;
	}
	tell(st, &r);
}

void
remark_tick(struct state *st)
{
	uint32_t count;
	size_t i;

	if (st->remarks == NULL)
		return;
	while ((i = ration_due(&st->remarks->ration, st->now.mono, &count)) !=
	    RATION_NONE)
		emit(st, &st->remarks->told[i], count);
}

HOT uint64_t
remark_deadline(const struct state *st)
{
	return st->remarks != NULL ? ration_deadline(&st->remarks->ration) : 0;
}

void
remark_forget(struct state *st, uint32_t ifindex)
{
	size_t i;

	for (i = 0; st->remarks != NULL && i < RATION_PLACES; i++) {
		if (st->remarks->told[i].ifindex == ifindex)
			ration_forget(&st->remarks->ration, i);
	}
}

void
remark_renumber(struct state *st, uint32_t from, uint32_t to)
{
	size_t i;

	for (i = 0; st->remarks != NULL && i < RATION_PLACES; i++) {
		if (st->remarks->told[i].ifindex == from)
			st->remarks->told[i].ifindex = to;
	}
}

#include "config.h"

#include "probes.h"

#include "kame.h"

#include <stdlib.h>
#include <string.h>

/* Kernels look at theirs each second. */
#define SECOND UINT64_C(1000000)
#define NEVER UINT64_MAX

enum {
#define CONSTANT(ours, theirs, number) ours = (number),
#include "kame_flags.def"
};

void
probes_fini(struct probes *p)
{
	free(p->list);
	*p = (struct probes)PROBES_INIT;
}

static struct probe *
find(struct probes *p, uint32_t ifindex, const struct kev_ip *address)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (p->list[i].about.ifindex == ifindex &&
		    kev_ip_cmp(&p->list[i].about.address, address) == 0)
			return &p->list[i];
	}
	return NULL;
}

static struct probe *
add(struct probes *p)
{
	size_t room = p->room > 0 ? 2 * p->room : 8;
	struct probe *list;

	if (p->count == p->room) {
		list = realloc(p->list, room * sizeof *list);
		if (list == NULL)
			return NULL;
		p->list = list;
		p->room = room;
	}
	return &p->list[p->count++];
}

struct probe *
probes_put(struct probes *p, uint32_t ifindex, const struct kev_addr *a)
{
	struct probe *found = find(p, ifindex, &a->address);

	if (found == NULL) {
		found = add(p);
		if (found == NULL)
			return NULL;
		memset(found, 0, sizeof *found);
		found->about.ifindex = ifindex;
		found->about.address = a->address;
	}
	if (a->has & KEV_BIT(PREFIXLEN))
		found->about.prefixlen = (uint8_t)a->prefixlen;
	memset(&found->about.peer, 0, sizeof found->about.peer);
	if (a->has & KEV_BIT(PEER))
		found->about.peer = a->peer;
	found->due = NEVER;
	found->failed = false;
	return found;
}

static void
sooner(struct probe *p, uint64_t due)
{
	if (due < p->due)
		p->due = due;
}

void
probes_answered(struct probe *p, bool all, uint64_t now)
{
	const struct in6_answer *a = &p->about;

	p->due = NEVER;
	/* What kept it may be over then; what lasts is not asked for ever. */
	if (!all && !p->failed)
		sooner(p, now + SECOND);
	p->failed = !all;
	if ((a->has & IN6_HAS_FLAGS) != 0 && (a->flags & IN6_TENTATIVE) != 0 &&
	    (a->flags & IN6_DUPLICATED) == 0)
		sooner(p, now + SECOND);
	if ((a->has & IN6_HAS_LIFETIMES) == 0)
		return;
	/* The kernel sees that a lifetime is over a second later at most. */
	if (a->preferred != KEV_FOREVER && (a->flags & IN6_DEPRECATED) == 0)
		sooner(p, now + (a->preferred + UINT64_C(1)) * SECOND);
	if (a->valid != KEV_FOREVER)
		sooner(p, now + (a->valid + UINT64_C(1)) * SECOND);
}

void
probes_touch(struct probes *p, uint32_t ifindex, uint64_t now)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (ifindex == 0 || p->list[i].about.ifindex == ifindex)
			sooner(&p->list[i], now + SECOND);
	}
}

void
probes_forget(struct probes *p, uint32_t ifindex, const struct kev_ip *address)
{
	const struct in6_answer *a;
	size_t i = 0;

	while (i < p->count) {
		a = &p->list[i].about;
		if (a->ifindex == ifindex && (address == NULL ||
		    kev_ip_cmp(&a->address, address) == 0))
			p->list[i] = p->list[--p->count];
		else
			i++;
	}
}

void
probes_clear(struct probes *p)
{
	p->count = 0;
}

struct probe *
probes_due(struct probes *p, uint64_t now)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (p->list[i].due <= now)
			return &p->list[i];
	}
	return NULL;
}

uint64_t
probes_deadline(const struct probes *p)
{
	uint64_t first = NEVER;
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (p->list[i].due < first)
			first = p->list[i].due;
	}
	return first != NEVER ? first : 0;
}

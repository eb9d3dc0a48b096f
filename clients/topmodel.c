#include "config.h"

#include "text.h"
#include "topmodel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { WINDOW_MS = 5000, NETNS_MAX = 256 };

#define FOREVER UINT32_MAX

static int
top_link_cmp(const struct top_link *a, const struct top_link *b)
{
	int r = strcmp(a->netns, b->netns);

	if (r != 0)
		return r;
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex ? -1 : 1;
	return a->ifindex == 0 ? strcmp(a->plain, b->plain) : 0;
}

static int
top_addr_cmp(const struct top_addr *a, const struct top_addr *b)
{
	return strcmp(a->key, b->key);
}

static int
top_router_cmp(const struct top_router *a, const struct top_router *b)
{
	return strcmp(a->key, b->key);
}

RB_GENERATE(top_links, top_link, entry, top_link_cmp)
RB_GENERATE(top_addrs, top_addr, entry, top_addr_cmp)
RB_GENERATE(top_routers, top_router, entry, top_router_cmp)

static const json_t *
get(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}

static const char *
string(const json_t *o, const char *key)
{
	const char *s = json_string_value(get(o, key));

	return s != NULL ? s : "";
}

static long long
integer(const json_t *o, const char *key, long long otherwise)
{
	const json_t *v = get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

/* As much of S as there is room for, in whole characters. */
static void
cut(char *to, size_t size, const char *s, size_t len)
{
	if (len >= size) {
		len = size - 1;
		while (len > 0 && (s[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(to, s, len);
	to[len] = '\0';
}

/* What is in "raw", and safe, to where it is shown. */
static void
keep(struct topmodel *m, char *to, size_t size)
{
	buf_clear(&m->safe);
	text_narrow(&m->safe, m->raw.data, m->raw.len);
	*to = '\0';
	if (m->safe.len > 0)
		cut(to, size, m->safe.data, m->safe.len);
}

static void
keep_value(struct topmodel *m, char *to, size_t size, const json_t *v)
{
	buf_clear(&m->raw);
	text_value(&m->raw, v, ',', true);
	keep(m, to, size);
}

/* The name as it is, and as it is shown. */
static void
keep_name(struct topmodel *m, char *plain, char *name, const json_t *ev)
{
	const char *ifname = string(ev, "ifname");

	cut(plain, TOP_NAME, ifname, strlen(ifname));
	buf_clear(&m->raw);
	/* No interface has a colon in its name. */
	if (get(ev, "netns") != NULL) {
		text_value(&m->raw, get(ev, "netns"), ',', true);
		buf_putc(&m->raw, ':');
	}
	text_ifname(&m->raw, ev, true);
	keep(m, name, TOP_NAME);
}

static void
keep_time(struct topmodel *m, char *to, size_t size, const json_t *ev)
{
	buf_clear(&m->raw);
	text_time(&m->raw, json_string_value(get(ev, "time")));
	keep(m, to, size);
}

static void
rate_move(struct top_rate *r, int64_t window)
{
	if (window == r->window)
		return;
	r->before = window == r->window + 1 ? r->now : 0;
	r->now = 0;
	r->window = window;
}

static void
rate_add(struct top_rate *r, int64_t now)
{
	rate_move(r, now / WINDOW_MS);
	r->now++;
}

/* Of the window before, the part that is less than one window ago. */
uint64_t
topmodel_rate(const struct top_rate *r, int64_t now)
{
	struct top_rate at = *r;
	uint64_t left = WINDOW_MS - (uint64_t)(now % WINDOW_MS);

	rate_move(&at, now / WINDOW_MS);
	return (at.before * left + at.now * WINDOW_MS) * 10 * 1000 /
	    ((uint64_t)WINDOW_MS * WINDOW_MS);
}

void
topmodel_init(struct topmodel *m, int64_t now)
{
	*m = (struct topmodel){ .begun = now };
	RB_INIT(&m->links);
	TAILQ_INIT(&m->conflicts);
	TAILQ_INIT(&m->events);
}

static void
forget_addr(struct topmodel *m, struct top_link *l, struct top_addr *a)
{
	RB_REMOVE(top_addrs, &l->addrs, a);
	m->n_addrs--;
	free(a);
}

static void
forget_router(struct topmodel *m, struct top_link *l, struct top_router *r)
{
	RB_REMOVE(top_routers, &l->routers, r);
	m->n_routers--;
	free(r);
}

/* What L has that was not told since the snapshot began; or everything. */
static void
forget_parts(struct topmodel *m, struct top_link *l, bool all)
{
	struct top_router *r, *next_r;
	struct top_addr *a, *next_a;

	RB_FOREACH_SAFE(a, top_addrs, &l->addrs, next_a) {
		if (all || a->generation != m->generation)
			forget_addr(m, l, a);
	}
	RB_FOREACH_SAFE(r, top_routers, &l->routers, next_r) {
		if (all || r->generation != m->generation)
			forget_router(m, l, r);
	}
}

static void
forget_link(struct topmodel *m, struct top_link *l)
{
	forget_parts(m, l, true);
	RB_REMOVE(top_links, &m->links, l);
	m->n_links--;
	free(l->netns);
	free(l);
}

void
topmodel_fini(struct topmodel *m)
{
	struct top_conflict *c;
	struct top_link *l;
	struct top_event *e;

	while ((l = RB_MIN(top_links, &m->links)) != NULL)
		forget_link(m, l);
	while ((c = TAILQ_FIRST(&m->conflicts)) != NULL) {
		TAILQ_REMOVE(&m->conflicts, c, entry);
		free(c);
	}
	while ((e = TAILQ_FIRST(&m->events)) != NULL) {
		TAILQ_REMOVE(&m->events, e, entry);
		free(e);
	}
	buf_fini(&m->raw);
	buf_fini(&m->safe);
}

void
topmodel_begin(struct topmodel *m)
{
	m->feed = TOP_WAITS;
	m->generation++;
	m->unkept = 0;
	m->version++;
}

void
topmodel_lost(struct topmodel *m)
{
	m->feed = TOP_LOST;
	m->version++;
}

void
topmodel_back(struct topmodel *m, bool complete)
{
	m->feed = TOP_LIVE;
	m->version++;
	if (complete)
		return;
	m->gaps++;
	snprintf(m->gap, sizeof m->gap, "kevd was away");
	topmodel_begin(m);
}

/* All of the present was told. */
static void
sweep(struct topmodel *m)
{
	struct top_link *l, *next;

	RB_FOREACH_SAFE(l, top_links, &m->links, next) {
		if (l->generation != m->generation)
			forget_link(m, l);
		else
			forget_parts(m, l, false);
	}
	m->feed = TOP_LIVE;
}

/* Room for one thing more, all zero; or NULL, which is counted. */
static void *
new_thing(struct topmodel *m, size_t size)
{
	void *p = NULL;

	if (m->n_links + m->n_addrs + m->n_routers < TOP_THINGS)
		p = calloc(1, size);
	if (p == NULL)
		m->unkept++;
	return p;
}

static void
cut_netns(char *to, const json_t *ev)
{
	const char *netns = string(ev, "netns");

	cut(to, NETNS_MAX, netns, strlen(netns));
}

static struct top_link *
find_link(const struct topmodel *m, const json_t *ev)
{
	struct top_link key = { .ifindex = integer(ev, "ifindex", 0) };
	const char *ifname = string(ev, "ifname");
	char netns[NETNS_MAX];

	cut_netns(netns, ev);
	cut(key.plain, sizeof key.plain, ifname, strlen(ifname));
	key.netns = netns;
	return RB_FIND(top_links, (struct top_links *)&m->links, &key);
}

static struct top_link *
new_link(struct topmodel *m, const json_t *ev)
{
	struct top_link *l = new_thing(m, sizeof *l);
	char netns[NETNS_MAX];

	if (l == NULL)
		return NULL;
	cut_netns(netns, ev);
	l->netns = strdup(netns);
	if (l->netns == NULL) {
		m->unkept++;
		free(l);
		return NULL;
	}
	l->ifindex = integer(ev, "ifindex", 0);
	keep_name(m, l->plain, l->name, ev);
	RB_INIT(&l->addrs);
	RB_INIT(&l->routers);
	RB_INSERT(top_links, &m->links, l);
	m->n_links++;
	return l;
}

/* What happened as often as that, in one event. */
static uint64_t
times(const json_t *data)
{
	long long n = integer(data, "count", 1);

	return n < 1 ? 1 : (uint64_t)n;
}

static bool
has_element(const json_t *list, const char *word)
{
	const char *s;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		s = json_string_value(json_array_get(list, i));
		if (s != NULL && strcmp(s, word) == 0)
			return true;
	}
	return false;
}

/* How the link is, as events of all kinds tell it. */
static void
set_state(struct topmodel *m, struct top_link *l, const json_t *data)
{
	const json_t *carrier = get(data, "carrier");

	if (get(data, "operstate") != NULL)
		keep_value(m, l->operstate, sizeof l->operstate,
		    get(data, "operstate"));
	if (json_is_boolean(carrier))
		l->carrier = json_is_true(carrier);
	l->speed = integer(data, "speed", l->speed);
}

/* All about it, also what it has not. */
static void
set_link(struct topmodel *m, struct top_link *l, const json_t *data)
{
	l->carrier = -1;
	l->speed = -1;
	l->operstate[0] = '\0';
	l->off = json_is_array(get(data, "flags")) &&
	    !has_element(get(data, "flags"), "up");
	l->mtu = integer(data, "mtu", -1);
	keep_value(m, l->type, sizeof l->type, get(data, "type"));
	keep_value(m, l->lladdr, sizeof l->lladdr, get(data, "lladdr"));
	set_state(m, l, data);
}

static void
play_link(struct topmodel *m, struct top_link *l, const char *level,
    const json_t *ev)
{
	const json_t *data = get(ev, "data");

	if (strcmp(level, "attach") == 0) {
		if (l != NULL && m->feed == TOP_LIVE)
			forget_parts(m, l, true);
		if (l == NULL)
			l = new_link(m, ev);
		if (l == NULL)
			return;
		l->generation = m->generation;
		l->told = false;
		set_link(m, l, data);
		keep_name(m, l->plain, l->name, ev);
	} else if (l == NULL) {
		return;
	} else if (strcmp(level, "detach") == 0) {
		forget_link(m, l);
	} else if (strcmp(level, "change") == 0) {
		set_link(m, l, data);
	} else if (strcmp(level, "rename") == 0 && l->ifindex != 0) {
		keep_name(m, l->plain, l->name, ev);
	} else if (strncmp(level, "link-", 5) == 0) {
		set_state(m, l, data);
		/* How it was when it came is no change. */
		if (strcmp(level, "link-down") == 0 && l->told &&
		    !json_is_true(get(ev, "snapshot")))
			l->flaps += times(data);
		l->told = true;
	}
}

/* A member as it is now, or as PREV says that it was. */
static const json_t *
member(const json_t *data, const json_t *prev, const char *key)
{
	const json_t *old = get(prev, key);

	return old != NULL ? old : get(data, key);
}

/* IPv4: address, prefix length, peer; IPv6: address. */
static void
addr_key(char *key, const json_t *data, const json_t *prev)
{
	const char *a = json_string_value(member(data, prev, "address"));
	const char *peer = json_string_value(member(data, prev, "peer"));

	if (strcmp(string(data, "family"), "inet6") == 0)
		snprintf(key, TOP_ADDRESS, "6%s", a != NULL ? a : "");
	else
		snprintf(key, TOP_ADDRESS, "4%.48s/%lld %.48s",
		    a != NULL ? a : "", (long long)json_integer_value(
		    member(data, prev, "prefixlen")), peer != NULL ? peer : "");
}

static int64_t
until(const json_t *data, const char *key, int64_t now)
{
	long long seconds = integer(data, key, -1);

	return seconds < 0 ? TOP_UNTOLD : seconds >= FOREVER ? TOP_FOREVER :
	    now + seconds * 1000;
}

static void
set_addr(struct topmodel *m, struct top_addr *a, const json_t *data,
    int64_t now)
{
	a->generation = m->generation;
	keep_value(m, a->status, sizeof a->status, get(data, "status"));
	a->valid = until(data, "valid_lft", now);
	a->preferred = until(data, "preferred_lft", now);
	buf_clear(&m->raw);
	text_puts(&m->raw, string(data, "address"));
	buf_putc(&m->raw, '/');
	text_value(&m->raw, get(data, "prefixlen"), ',', true);
	if (get(data, "peer") != NULL) {
		buf_puts(&m->raw, " peer ");
		text_puts(&m->raw, string(data, "peer"));
	}
	keep(m, a->address, sizeof a->address);
}

static struct top_addr *
new_addr(struct topmodel *m, struct top_link *l, const char *key)
{
	struct top_addr *a = new_thing(m, sizeof *a);

	if (a == NULL)
		return NULL;
	a->of = l;
	memcpy(a->key, key, sizeof a->key);
	RB_INSERT(top_addrs, &l->addrs, a);
	m->n_addrs++;
	return a;
}

static void
play_addr(struct topmodel *m, struct top_link *l, const char *level,
    const json_t *ev, int64_t now)
{
	const json_t *data = get(ev, "data");
	struct top_addr key, *a, *other;
	const json_t *prev = NULL;

	if (strcmp(level, "address-expired") == 0)
		return;
	if (strcmp(level, "address-change") == 0)
		prev = get(ev, "prev");
	addr_key(key.key, data, prev);
	a = RB_FIND(top_addrs, &l->addrs, &key);
	if (strcmp(level, "address-remove") == 0) {
		if (a != NULL)
			forget_addr(m, l, a);
		return;
	}
	if (a == NULL && strcmp(level, "address-add") == 0)
		a = new_addr(m, l, key.key);
	if (a == NULL)
		return;
	addr_key(key.key, data, NULL);
	other = RB_FIND(top_addrs, &l->addrs, &key);
	if (other != a) {
		if (other != NULL)
			forget_addr(m, l, other);
		RB_REMOVE(top_addrs, &l->addrs, a);
		memcpy(a->key, key.key, sizeof a->key);
		RB_INSERT(top_addrs, &l->addrs, a);
	}
	set_addr(m, a, data, now);
}

static void
set_router(struct topmodel *m, struct top_router *r, const json_t *data)
{
	if (r->generation != m->generation)
		r->failed = false;
	r->generation = m->generation;
	r->metric = integer(data, "metric", -1);
	keep_value(m, r->gateway, sizeof r->gateway, get(data, "gateway"));
	keep_value(m, r->protocol, sizeof r->protocol, get(data, "protocol"));
	keep_value(m, r->table, sizeof r->table, get(data, "table"));
}

/* Whether a gateway answers: it may be that of several routes. */
static void
set_answers(struct topmodel *m, struct top_link *l, const json_t *data,
    bool failed)
{
	struct top_router *r;
	char gateway[sizeof r->gateway];

	keep_value(m, gateway, sizeof gateway, get(data, "gateway"));
	RB_FOREACH(r, top_routers, &l->routers) {
		if (strcmp(r->gateway, gateway) != 0)
			continue;
		r->failed = failed;
		if (get(data, "lladdr") != NULL)
			keep_value(m, r->lladdr, sizeof r->lladdr,
			    get(data, "lladdr"));
	}
}

static void
play_router(struct topmodel *m, struct top_link *l, const char *level,
    const json_t *ev)
{
	const json_t *data = get(ev, "data");
	struct top_router key, *r;

	if (strcmp(level, "router-failure") == 0 ||
	    strcmp(level, "router-alive") == 0) {
		set_answers(m, l, data, strcmp(level, "router-failure") == 0);
		return;
	}
	snprintf(key.key, sizeof key.key, "%.8s %.48s %lld %.32s",
	    string(data, "family"), string(data, "gateway"),
	    integer(data, "metric", 0), string(data, "table"));
	r = RB_FIND(top_routers, &l->routers, &key);
	if (strcmp(level, "router-remove") == 0 && r != NULL)
		forget_router(m, l, r);
	if (strcmp(level, "router-add") != 0)
		return;
	if (r == NULL && (r = new_thing(m, sizeof *r)) != NULL) {
		r->of = l;
		memcpy(r->key, key.key, sizeof r->key);
		RB_INSERT(top_routers, &l->routers, r);
		m->n_routers++;
	}
	if (r != NULL)
		set_router(m, r, data);
}

/* One like it, which is the same host if that is known by now; or NULL. */
static struct top_conflict *
find_conflict(const struct topmodel *m, const struct top_conflict *like)
{
	struct top_conflict *c;

	TAILQ_FOREACH(c, &m->conflicts, entry) {
		if (strcmp(c->name, like->name) == 0 &&
		    strcmp(c->what, like->what) == 0 &&
		    strcmp(c->address, like->address) == 0 &&
		    (like->lladdr[0] == '\0' || c->lladdr[0] == '\0' ||
		    strcmp(c->lladdr, like->lladdr) == 0))
			return c;
	}
	return NULL;
}

/* False: no memory. */
static bool
conflict(struct topmodel *m, const char *what, const json_t *ev)
{
	const json_t *data = get(ev, "data");
	struct top_conflict now = { .count = 0 }, *c;
	bool again = json_is_true(get(ev, "snapshot"));

	snprintf(now.what, sizeof now.what, "%s", what);
	keep_time(m, now.time, 9, ev);
	keep_name(m, now.plain, now.name, ev);
	keep_value(m, now.address, sizeof now.address, get(data, "address"));
	keep_value(m, now.lladdr, sizeof now.lladdr, get(data, "lladdr"));
	c = find_conflict(m, &now);
	if (c != NULL && again)
		return true;
	if (c == NULL && m->n_conflicts == TOP_CONFLICTS)
		c = TAILQ_LAST(&m->conflicts, top_conflicts);
	else if (c != NULL)
		now.count = c->count;
	if (c != NULL) {
		if (now.count > 0 && now.lladdr[0] == '\0')
			memcpy(now.lladdr, c->lladdr, sizeof now.lladdr);
		TAILQ_REMOVE(&m->conflicts, c, entry);
	} else {
		c = malloc(sizeof *c);
		if (c == NULL)
			return false;
		m->n_conflicts++;
	}
	now.count += times(data);
	*c = now;
	TAILQ_INSERT_HEAD(&m->conflicts, c, entry);
	return true;
}

/* Into the list of the last events. False: no memory. */
static bool
remember(struct topmodel *m, const char *topic, const json_t *ev)
{
	struct top_event *e = NULL;
	char name[TOP_NAME];

	if (m->n_events == TOP_EVENTS) {
		e = TAILQ_LAST(&m->events, top_events);
		TAILQ_REMOVE(&m->events, e, entry);
	} else {
		e = malloc(sizeof *e);
		if (e == NULL)
			return false;
		m->n_events++;
	}
	keep_name(m, e->plain, name, ev);
	buf_clear(&m->raw);
	text_event(&m->raw, ev, false);
	keep(m, e->text, sizeof e->text);
	e->color = text_color(topic);
	TAILQ_INSERT_HEAD(&m->events, e, entry);
	return true;
}

static void
gap(struct topmodel *m, const json_t *ev)
{
	const json_t *data = get(ev, "data");
	char cause[40], time[16];

	m->gaps++;
	keep_value(m, cause, sizeof cause, get(data, "cause"));
	keep_time(m, time, 9, ev);
	snprintf(m->gap, sizeof m->gap, "%s %s, %lld lost", time, cause,
	    integer(data, "lost", 0));
	/* A reader that was too slow is told the present again. */
	if (strcmp(string(data, "cause"), "slow-reader") == 0 &&
	    !json_is_false(get(data, "resynced")))
		topmodel_begin(m);
}

static void
play(struct topmodel *m, const char *topic, const json_t *ev, int64_t now)
{
	struct top_link *l = find_link(m, ev);
	const char *level = strchr(topic, '/');

	/* What is injected does not touch the state. */
	if (level == NULL || strcmp(string(ev, "source"), "inject") == 0)
		return;
	level++;
	if (strncmp(topic, "interface/", 10) == 0)
		play_link(m, l, level, ev);
	else if (l == NULL)
		return;
	else if (strncmp(level, "address-", 8) == 0)
		play_addr(m, l, level, ev, now);
	else if (strncmp(level, "router-", 7) == 0)
		play_router(m, l, level, ev);
}

bool
topmodel_event(struct topmodel *m, const json_t *ev, int64_t now)
{
	const char *topic = string(ev, "topic");
	struct top_link *l;
	bool ok = true;

	m->version++;
	if (strcmp(topic, "kev/synced") == 0) {
		sweep(m);
		return true;
	}
	if (strcmp(topic, "kev/gap") == 0)
		gap(m, ev);
	else
		play(m, topic, ev, now);
	if (strcmp(topic, "ipv4/collision") == 0)
		ok = conflict(m, "collision", ev);
	else if (strcmp(topic, "ipv6/duplicate") == 0)
		ok = conflict(m, "duplicate", ev);
	if (!json_is_true(get(ev, "snapshot"))) {
		m->total++;
		rate_add(&m->rate, now);
		l = find_link(m, ev);
		if (l != NULL)
			rate_add(&l->rate, now);
		ok = remember(m, topic, ev) && ok;
	}
	return ok && !m->raw.failed && !m->safe.failed;
}

static void
lifetimes(struct top_link *l, const json_t *list, int64_t now)
{
	struct top_addr key, *a;
	const json_t *v;
	size_t i;

	json_array_foreach((json_t *)list, i, v) {
		addr_key(key.key, v, NULL);
		a = RB_FIND(top_addrs, &l->addrs, &key);
		if (a == NULL)
			continue;
		a->valid = until(v, "valid_lft", now);
		a->preferred = until(v, "preferred_lft", now);
	}
}

void
topmodel_lifetimes(struct topmodel *m, const json_t *interfaces, int64_t now)
{
	struct top_link *l;
	const json_t *v;
	size_t i;

	json_array_foreach((json_t *)interfaces, i, v) {
		l = find_link(m, v);
		if (l == NULL)
			continue;
		lifetimes(l, get(v, "ipv4"), now);
		lifetimes(l, get(v, "ipv6"), now);
	}
}

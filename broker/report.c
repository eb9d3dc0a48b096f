#include "config.h"

#include "report.h"

#include "buf.h"
#include "json.h"
#include "log.h"
#include "recorder.h"
#include "server.h"
#include "source.h"
#include "state.h"
#include "sys.h"

#include <string.h>

/* The lists of an interface, in the order that a snapshot has them. */
enum list { LIST_NONE, LIST_IPV4, LIST_IPV6, LIST_ROUTERS,
	LIST_NAT64, LISTS };

static const char *const lists[LISTS] = {
	[LIST_IPV4] = "ipv4", [LIST_IPV6] = "ipv6", [LIST_ROUTERS] = "routers",
	[LIST_NAT64] = "nat64",
};

struct report {
	struct buf *b;
	const struct kev_filter *where;
	bool open;		/* inside an interface */
	bool skip;		/* which is not asked for */
	enum list list;		/* inside this list of it */
	bool first;		/* nothing in the list yet */
	bool any;		/* some interface was written */
};

/* Ends lists and begins others, up to LIST. */
static void
go_to(struct report *r, enum list list)
{
	while (r->list < list) {
		if (r->list != LIST_NONE)
			buf_putc(r->b, ']');
		if (++r->list == LISTS)
			return;
		buf_puts(r->b, ",\"");
		buf_puts(r->b, lists[r->list]);
		buf_puts(r->b, "\":[");
		r->first = true;
	}
}

static void
end_interface(struct report *r)
{
	if (!r->open)
		return;
	go_to(r, LISTS);
	buf_putc(r->b, '}');
	r->open = false;
}

static void
put_netns(struct buf *b, const char *netns)
{
	if (netns == NULL)
		return;
	buf_puts(b, ",\"netns\":");
	json_put_string(b, netns, strlen(netns));
}

/* Further ones of the interface itself, if there are any. */
static void
put_members(struct report *r, const struct kev_event *ev)
{
	const struct kev_topic_info *topic = &kev_topics[ev->topic];

	if ((ev->data->has & topic->fields) == 0)
		return;
	buf_putc(r->b, ',');
	kev_object_members(r->b, topic->class, ev->data, topic->fields, false);
}

static void
begin_interface(struct report *r, const struct kev_event *ev)
{
	end_interface(r);
	r->skip = !kev_globs_fit(&r->where->netns, ev->netns != NULL ?
	    ev->netns : "") || !kev_globs_fit(&r->where->ifnames, ev->ifname);
	if (r->skip)
		return;
	buf_puts(r->b, r->any ? ",{" : "{");
	r->any = r->open = true;
	r->list = LIST_NONE;
	/* Its name or its index, but maybe not both. */
	if (ev->ifname != NULL)
		kev_event_put_ifname(r->b, ev->ifname);
	if (ev->ifindex != 0) {
		buf_puts(r->b, ev->ifname != NULL ? ",\"ifindex\":" :
		    "\"ifindex\":");
		json_put_u64(r->b, ev->ifindex);
	}
	put_netns(r->b, ev->netns);
	put_members(r, ev);
}

static void
put_event(void *arg, struct kev_event *ev)
{
	struct report *r = arg;
	enum list list;

	switch (ev->topic) {
	case KEV_T_INTERFACE_ATTACH:
		begin_interface(r, ev);
		return;
	case KEV_T_INTERFACE_QUALITY:
		if (!r->skip)
			put_members(r, ev);
		return;
	case KEV_T_IPV4_ADDRESS_ADD:
		list = LIST_IPV4;
		break;
	case KEV_T_IPV6_ADDRESS_ADD:
		list = LIST_IPV6;
		break;
	case KEV_T_IPV4_ROUTER_ADD:
	case KEV_T_ND6_ROUTER_ADD:
		list = LIST_ROUTERS;
		break;
	case KEV_T_IPV6_NAT64_PREFIX:
		list = LIST_NAT64;
		break;
	default:
		return;
	}
	if (r->skip)
		return;
	go_to(r, list);
	if (!r->first)
		buf_putc(r->b, ',');
	r->first = false;
	kev_object_put(r->b, kev_topics[ev->topic].class, ev->data,
	    kev_topics[ev->topic].fields, false);
}

void
report_state(struct buf *b, const struct server *s,
    const struct kev_filter *where)
{
	struct report r = { .b = b, .where = where, .skip = true };
	struct stamp now = source_now(s->source);
	const struct state *st;
	size_t i;

	buf_puts(b, ",\"interfaces\":[");
	for (i = 0; (st = source_state(s->source, i)) != NULL; i++)
		state_snapshot(st, &now, put_event, &r);
	end_interface(&r);
	buf_putc(b, ']');
}

static void
put_bool(struct buf *b, const char *name, bool value)
{
	buf_puts(b, name);
	buf_puts(b, value ? "true" : "false");
}

void
report_topics(struct buf *b, const struct server *s)
{
	uint64_t native = source_topics(s->source) | KEV_TOPIC_KEV, fields;
	const struct kev_topic_info *t;
	int i;

	buf_puts(b, ",\"topics\":[");
	for (i = 0; i < KEV_TOPICS; i++) {
		t = &kev_topics[i];
		buf_puts(b, i > 0 ? ",{\"topic\":\"" : "{\"topic\":\"");
		buf_puts(b, t->name);
		put_bool(b, "\",\"lasting\":", t->lasting);
		buf_puts(b, ",\"meaning\":");
		json_put_string(b, t->meaning, strlen(t->meaning));
		buf_puts(b, ",\"fields\":[");
		for (fields = t->fields; fields != 0; fields &= fields - 1) {
			if (fields != t->fields)
				buf_putc(b, ',');
			buf_putc(b, '"');
			buf_puts(b, kev_field_name(
			    (enum kev_field)__builtin_ctzll(fields)));
			buf_putc(b, '"');
		}
		put_bool(b, "],\"native\":", (native & UINT64_C(1) << i) != 0);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void
put_count(struct buf *b, const char *name, uint64_t v)
{
	buf_puts(b, name);
	json_put_u64(b, v);
}

static void
put_source(struct buf *b, const struct source_stats *st)
{
	json_put_string(b, st->name, strlen(st->name));
	put_count(b, ":{\"received\":", st->received);
	put_count(b, ",\"decoded\":", st->decoded);
	put_count(b, ",\"ignored\":", st->ignored);
	put_count(b, ",\"malformed\":", st->malformed);
	put_count(b, ",\"overruns\":", st->overruns);
	put_count(b, ",\"resyncs\":", st->resyncs);
	put_bool(b, ",\"available\":", st->available);
	buf_puts(b, ",\"reason\":");
	if (st->reason[0] != '\0')
		json_put_string(b, st->reason, strlen(st->reason));
	else
		buf_puts(b, "null");
	buf_putc(b, '}');
}

/* Those of our own namespace; then, by name, those of the others. */
static void
put_sources(struct buf *b, const struct server *s)
{
	const struct source_stats *st;
	const char *netns = NULL;
	bool first = true;
	size_t i;

	buf_puts(b, ",\"sources\":{");
	for (i = 0; (st = source_stats(s->source, i)) != NULL; i++) {
		/* The names of one are one string. */
		if (st->netns != netns) {
			buf_puts(b, netns == NULL ? "},\"netns\":{" : "},");
			json_put_string(b, st->netns, strlen(st->netns));
			buf_puts(b, ":{");
			netns = st->netns;
			first = true;
		}
		if (!first)
			buf_putc(b, ',');
		first = false;
		put_source(b, st);
	}
	buf_puts(b, netns == NULL ? "},\"netns\":{}" : "}}");
}

static void
put_flaps(void *arg, const struct flaps *f)
{
	struct buf *b = arg;

	buf_puts(b, b->len > 0 && b->data[b->len - 1] == '}' ? ",{" : "{");
	kev_event_put_ifname(b, f->ifname);
	put_count(b, ",\"ifindex\":", f->ifindex);
	put_netns(b, f->netns);
	put_count(b, ",\"up\":", f->ups);
	put_count(b, ",\"down\":", f->downs);
	buf_putc(b, '}');
}

static void
put_all_flaps(struct buf *b, const struct server *s)
{
	const struct state *st;
	size_t i;

	buf_puts(b, ",\"flaps\":[");
	for (i = 0; (st = source_state(s->source, i)) != NULL; i++)
		state_flaps(st, put_flaps, b);
	buf_putc(b, ']');
}

static void
put_client(struct buf *b, const struct server *s, const struct peer *p)
{
	put_count(b, "{\"pid\":", (uint64_t)p->pid);
	put_count(b, ",\"uid\":", p->user->uid);
	buf_puts(b, ",\"patterns\":");
	buf_puts(b, p->patterns != NULL ? p->patterns : "[]");
	put_count(b, ",\"queued\":", hub_queued(&p->sub));
	put_count(b, ",\"sent\":", hub_sent(s->hub, &p->sub));
	put_count(b, ",\"lost\":", p->sub.lost);
	buf_putc(b, '}');
}

/* When the event of a line was, as it says itself. */
static void
put_time_of(struct buf *b, const struct history *h, uint64_t pos, size_t len)
{
	struct buf line = BUF_INIT;
	const char *time = NULL;

	history_copy(h, pos, len, &line);
	buf_putc(&line, '\0');
	if (!line.failed)
		time = strstr(line.data, ",\"time\":\"");
	if (time != NULL)
		buf_put(b, time + 9, strcspn(time + 9, "\""));
	buf_fini(&line);
}

static void
put_history(struct buf *b, const struct server *s)
{
	const struct history *h = hub_history(s->hub);
	uint64_t i = history_kept(h), end;
	struct entry e;

	if (i == h->end || h->keep == 0) {
		buf_puts(b, ",\"history\":{\"bytes\":0,\"events\":0,"
		    "\"oldest\":null,\"oldest_time\":null}");
		return;
	}
	e = history_line(h, i, &end);
	put_count(b, ",\"history\":{\"bytes\":", h->head - e.pos);
	put_count(b, ",\"events\":", h->end - i);
	buf_puts(b, ",\"oldest\":\"");
	buf_puts(b, hub_run(s->hub));
	put_count(b, "-", e.seq);
	buf_puts(b, "\",\"oldest_time\":\"");
	put_time_of(b, h, e.pos, (size_t)(end - e.pos));
	buf_puts(b, "\"}");
}

/* What is refused beyond; kevd(8) and kev(7) say the same. */
static void
put_limits(struct buf *b, const struct server *s)
{
	put_count(b, ",\"limits\":{\"clients\":", s->config.max_clients);
	put_count(b, ",\"clients_per_user\":", s->config.max_per_user);
	put_count(b, ",\"request_bytes\":", KEV_REQUEST_MAX);
	put_count(b, ",\"requests_per_turn\":", KEV_TURN);
	put_count(b, ",\"patterns\":", KEV_PATTERNS_MAX);
	put_count(b, ",\"globs\":", KEV_GLOBS_MAX);
	put_count(b, ",\"matches\":", KEV_MATCHES_MAX);
	put_count(b, ",\"glob_bytes\":", KEV_GLOB_MAX);
	put_count(b, ",\"globs_per_user\":", KEV_USER_GLOBS_MAX);
	put_count(b, ",\"queue_bytes\":", s->config.queue);
	put_count(b, ",\"unread_bytes_per_user\":",
	    peer_unread_max(&s->peers));
	put_count(b, ",\"history_bytes\":", s->config.history);
	put_count(b, ",\"reader_timeout\":", s->config.timeout);
	put_count(b, "},\"turned_away\":", s->turned_away);
	put_count(b, ",\"cut_off\":", s->peers.cut_off);
}

static void
put_record(struct buf *b, const struct recorder *recorder)
{
	struct recorder_stats st;

	buf_puts(b, ",\"record\":");
	if (recorder == NULL) {
		buf_puts(b, "null");
		return;
	}
	st = recorder_stats(recorder);
	buf_puts(b, "{\"file\":");
	json_put_string(b, st.file, strlen(st.file));
	put_count(b, ",\"messages\":", st.messages);
	put_count(b, ",\"bytes\":", st.bytes);
	buf_puts(b, ",\"error\":");
	if (st.error != NULL)
		json_put_string(b, st.error, strlen(st.error));
	else
		buf_puts(b, "null");
	buf_putc(b, '}');
}

static void
put_sandbox(struct buf *b, const struct sys_sandbox *s)
{
	put_bool(b, ",\"sandbox\":{\"no_new_privs\":", s->no_new_privs);
	put_bool(b, ",\"seccomp\":", s->seccomp);
	put_count(b, ",\"landlock\":", (uint64_t)s->landlock);
	put_bool(b, ",\"pledge\":", s->pledge);
	buf_putc(b, '}');
}

void
report_stats(struct buf *b, const struct server *s)
{
	const struct peer *p;
	bool first = true;
	int t;

	put_count(b, ",\"uptime\":", (stamp_now().mono - s->started) / 1000000);
	put_count(b, ",\"rss\":", sys_rss());
	put_sandbox(b, &s->sandbox);
	put_sources(b, s);
	buf_puts(b, ",\"events\":{");
	for (t = 0; t < KEV_TOPICS; t++) {
		if (hub_events(s->hub, (enum kev_topic)t) == 0)
			continue;
		buf_puts(b, first ? "\"" : ",\"");
		buf_puts(b, kev_topics[t].name);
		put_count(b, "\":", hub_events(s->hub, (enum kev_topic)t));
		first = false;
	}
	buf_putc(b, '}');
	put_all_flaps(b, s);
	buf_puts(b, ",\"clients\":[");
	TAILQ_FOREACH(p, &s->peers.live, entry) {
		if (p != TAILQ_FIRST(&s->peers.live))
			buf_putc(b, ',');
		put_client(b, s, p);
	}
	buf_putc(b, ']');
	put_history(b, s);
	put_record(b, s->config.recorder);
	put_limits(b, s);
}

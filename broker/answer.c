/*
 * Requests and what is answered to them.
 */
#include "config.h"

#include "buf.h"
#include "json.h"
#include "report.h"
#include "request.h"
#include "server.h"
#include "source.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a client's patterns, as JSON. */
#define PATTERNS_SHOWN 1024

static void
refuse(struct server *s, struct peer *p, const struct json_t *id,
    enum kev_error e, const char *message)
{
	kev_reply_error(hub_say(s->hub, &p->sub), id, e, message);
}

static void
put_run(struct buf *b, const struct server *s)
{
	buf_puts(b, ",\"run\":\"");
	buf_puts(b, hub_run(s->hub));
	buf_puts(b, "\",\"seq\":");
	json_put_u64(b, hub_seq(s->hub));
}

static void
put_topics(struct buf *b, uint64_t topics)
{
	const char *sep = "\"";
	int t;

	buf_putc(b, '[');
	for (t = 0; t < KEV_TOPICS; t++) {
		if ((topics & UINT64_C(1) << t) == 0)
			continue;
		buf_puts(b, sep);
		buf_puts(b, kev_topics[t].name);
		buf_putc(b, '"');
		sep = ",\"";
	}
	buf_putc(b, ']');
}

enum cursor { CURSOR_NONE, CURSOR_OURS, CURSOR_FOREIGN, CURSOR_BAD };

/* RUN-SEQ, as the id of an event. */
static enum cursor
parse_cursor(const struct server *s, const char *after, uint64_t *seq)
{
	const char *dash, *run = hub_run(s->hub), *p;

	*seq = 0;
	if (after == NULL)
		return CURSOR_NONE;
	dash = strrchr(after, '-');
	if (dash == NULL || dash == after || dash[1] == '\0' ||
	    strlen(dash + 1) > 16)
		return CURSOR_BAD;
	for (p = dash + 1; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return CURSOR_BAD;
		*seq = *seq * 10 + (uint64_t)(*p - '0');
	}
	if ((size_t)(dash - after) != strlen(run) ||
	    memcmp(after, run, strlen(run)) != 0)
		return CURSOR_FOREIGN;
	return CURSOR_OURS;
}

/*
 * A long answer is a copy for this client alone, and one user's clients may not
 * leave unread as much of that as they like.
 */
static bool
may_ask(struct server *s, struct peer *p, const struct kev_request *r)
{
	char message[160];

	if (peer_affords(&p->sub))
		return true;
	snprintf(message, sizeof message, "the clients of user %ld have left "
	    "%zu bytes of answers unread, and may leave %zu",
	    (long)p->user->uid, p->user->unread, peer_unread_max(p->group));
	refuse(s, p, r->id, KEV_TOO_MANY, message);
	return false;
}

/* Each of them may have to be compared with every event. */
static bool
may_have_globs(struct server *s, struct peer *p, const struct kev_request *r,
    size_t globs)
{
	size_t others = p->user->globs - p->globs;
	char message[160];

	if (p->user->trusted || globs == 0 ||
	    others + globs <= KEV_USER_GLOBS_MAX)
		return true;
	snprintf(message, sizeof message, "the clients of user %ld subscribe "
	    "with %zu globs in \"ifname\", \"netns\" and \"match\", and may "
	    "with %d", (long)p->user->uid, others + globs, KEV_USER_GLOBS_MAX);
	refuse(s, p, r->id, KEV_TOO_MANY, message);
	return false;
}

static void
set_globs(struct peer *p, size_t globs)
{
	p->user->globs += globs;
	p->user->globs -= p->globs;
	p->globs = globs;
}

/*
 * As "stats" shows them: as they are, or, if they are long, the names of what
 * they mean. Else the clients of anybody make statistics too long to be read.
 * NULL: no memory.
 */
static char *
show_patterns(const struct kev_request *r)
{
	char *patterns = json_dumps(json_object_get(r->root, "topics"),
	    JSON_COMPACT);
	struct buf names = BUF_INIT;

	if (patterns == NULL || strlen(patterns) <= PATTERNS_SHOWN)
		return patterns;
	free(patterns);
	put_topics(&names, r->filter.topics);
	buf_putc(&names, '\0');
	if (!names.failed)
		return names.data;
	buf_fini(&names);
	return NULL;
}

/*
 * What is told before the first live event is that of this moment: nothing is
 * missed in between, and nothing comes twice.
 */
static void
subscribe(struct server *s, struct peer *p, struct kev_request *r)
{
	enum cursor cursor;
	bool complete;
	struct buf *out;
	uint64_t seq;
	char *patterns;
	size_t globs;

	cursor = parse_cursor(s, r->after, &seq);
	if (cursor == CURSOR_BAD) {
		refuse(s, p, r->id, KEV_BAD_REQUEST,
		    "\"after\" is not the id of an event");
		return;
	}
	if ((cursor != CURSOR_NONE || r->snapshot) && !may_ask(s, p, r))
		return;
	globs = r->filter.ifnames.n + r->filter.netns.n +
	    r->filter.matches.n;
	if (!may_have_globs(s, p, r, globs))
		return;
	patterns = show_patterns(r);
	if (patterns == NULL) {
		refuse(s, p, r->id, KEV_TOO_MANY, "out of memory");
		return;
	}
	free(p->patterns);
	p->patterns = patterns;
	set_globs(p, globs);
	p->user->spent = cursor != CURSOR_NONE || r->snapshot;
	complete = cursor == CURSOR_OURS && hub_reaches(s->hub, seq);
	hub_unsubscribe(s->hub, &p->sub);
	out = hub_say(s->hub, &p->sub);
	kev_reply_begin(out, r->id);
	buf_puts(out, ",\"protocol\":");
	json_put_u64(out, KEV_PROTOCOL);
	put_run(out, s);
	buf_puts(out, ",\"topics\":");
	put_topics(out, r->filter.topics);
	if (cursor != CURSOR_NONE)
		buf_puts(out, complete ? ",\"complete\":true" :
		    ",\"complete\":false");
	buf_puts(out, "}\n");
	if (!hub_subscribe(s->hub, &p->sub, &r->filter)) {
		peer_close(p);
		return;
	}
	/* From RUN-0 all there is is told, even if it is not all there was. */
	if (complete || (cursor == CURSOR_OURS && seq == 0))
		hub_tell_after(s->hub, &p->sub, seq);
	if (r->snapshot || (cursor != CURSOR_NONE && !complete))
		hub_tell_present(s->hub, &p->sub);
	(void)hub_go_on(s->hub, &p->sub);
}

/* Only TOPICS of what it has, which "stats" shows by their names then. False:
 * no memory, which was answered. */
static bool
keep_topics(struct server *s, struct peer *p, const struct kev_request *r,
    uint64_t topics)
{
	struct kev_filter f = { 0 };
	struct buf names = BUF_INIT;
	/* What it lost is told while it is known what it wanted... */
	bool lost = hub_catch_up(s->hub, &p->sub);

	put_topics(&names, topics);
	buf_putc(&names, '\0');
	if (names.failed || !kev_filter_copy(&f, hub_filter(&p->sub))) {
		buf_fini(&names);
		refuse(s, p, r->id, KEV_TOO_MANY, "out of memory");
		return false;
	}
	free(p->patterns);
	p->patterns = names.data;
	f.topics = topics;
	if (!hub_subscribe(s->hub, &p->sub, &f)) {
		peer_close(p);
		return false;
	}
	/* ...and repaired as far as it wants that still. */
	if (lost)
		hub_tell_present(s->hub, &p->sub);
	return true;
}

static void
unsubscribe(struct server *s, struct peer *p, struct kev_request *r)
{
	const struct kev_filter *old = hub_filter(&p->sub);
	uint64_t left = 0;

	if (old != NULL)
		left = old->topics & ~r->filter.topics & ~KEV_TOPIC_KEV;
	if (left == 0) {
		hub_unsubscribe(s->hub, &p->sub);
		free(p->patterns);
		p->patterns = NULL;
		set_globs(p, 0);
	} else if ((p->sub.behind && !may_ask(s, p, r)) ||
	    !keep_topics(s, p, r, left)) {
		return;
	}
	kev_reply_begin(hub_say(s->hub, &p->sub), r->id);
	buf_puts(hub_say(s->hub, &p->sub), "}\n");
}

static void
ping(struct server *s, struct peer *p, struct kev_request *r)
{
	struct buf *out = hub_say(s->hub, &p->sub);

	kev_reply_begin(out, r->id);
	buf_puts(out, ",\"version\":\"" PACKAGE_VERSION "\",\"protocol\":");
	json_put_u64(out, KEV_PROTOCOL);
	put_run(out, s);
	buf_puts(out, "}\n");
}

static void
inject(struct server *s, struct peer *p, struct kev_request *r)
{
	struct stamp now = source_now(s->source);
	struct kev_event ev = {
		.topic = r->topic, .origin = KEV_BY_INJECT, .time = now.time,
		.mono = now.mono, .ifname = r->ifname, .data = &r->data.object,
	};

	if (!p->user->trusted) {
		refuse(s, p, r->id, KEV_DENIED,
		    "only root and kevd's own user may inject");
		return;
	}
	if (r->ifname != NULL)
		ev.ifindex = state_ifindex(source_state(s->source, 0),
		    r->ifname);
	hub_publish(s->hub, &ev);
	if (r->id == NULL)
		return;
	kev_reply_begin(hub_say(s->hub, &p->sub), r->id);
	buf_puts(hub_say(s->hub, &p->sub), "}\n");
}

static void
report(struct server *s, struct peer *p, struct kev_request *r)
{
	struct buf *out = hub_say(s->hub, &p->sub);

	/* Topics are few, and always the same. */
	p->user->spent = r->op != KEV_TOPICS_OP;
	kev_reply_begin(out, r->id);
	if (r->op == KEV_STATE)
		report_state(out, s, &r->filter);
	else if (r->op == KEV_TOPICS_OP)
		report_topics(out, s);
	else
		report_stats(out, s);
	buf_puts(out, "}\n");
}

static void
act(struct server *s, struct peer *p, struct kev_request *r)
{
	switch (r->op) {
	case KEV_SUBSCRIBE:
		subscribe(s, p, r);
		break;
	case KEV_UNSUBSCRIBE:
		unsubscribe(s, p, r);
		break;
	case KEV_PING:
		ping(s, p, r);
		break;
	case KEV_INJECT:
		inject(s, p, r);
		break;
	default:
		if (may_ask(s, p, r))
			report(s, p, r);
	}
}

static bool
is_blank(const char *line, size_t len)
{
	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL &&
	    line[len - 1] != '\0')
		len--;
	return len == 0;
}

void
server_answer(struct peer *p, const char *line, size_t len)
{
	struct server *s = p->group->server;
	struct kev_request r;
	char message[512];
	enum kev_error e;

	if (line == NULL) {
		snprintf(message, sizeof message,
		    "a request may have %d bytes", KEV_REQUEST_MAX);
		refuse(s, p, NULL, KEV_TOO_LONG, message);
		return;
	}
	if (is_blank(line, len))
		return;
	e = kev_request_parse(&r, line, len, message, sizeof message);
	if (e == KEV_OK)
		act(s, p, &r);
	else
		refuse(s, p, r.id, e, message);
	kev_request_fini(&r);
}

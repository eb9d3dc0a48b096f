#include "config.h"

#include "client.h"

#include "broken.h"
#include "player.h"
#include "topics.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So much waits for the socket at most; kevd may be stopped. */
#define OUT_MAX (256 * 1024)
/* Read at a time, so that others have their turn. */
#define PIECE (64 * 1024)

struct ask {
	STAILQ_ENTRY(ask) entry;
	json_t *request;	/* NULL: something that is none */
	const char *code;
};

char client_run[32];
size_t client_longest;

void
client_init(struct client *c, unsigned number)
{
	memset(c, 0, sizeof *c);
	c->number = number;
	c->fd = -1;
	STAILQ_INIT(&c->asks);
}

static const char *
text(const json_t *v, const char *key)
{
	const char *s = json_string_value(json_object_get(v, key));

	return s != NULL ? s : "";
}

static uint64_t
integer(const json_t *v, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(v, key));
}

bool
client_connect(struct client *c, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		broken("socket: %s", strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return true;
	/* Its queue of connections is full, while it is stopped. */
	if (errno != EAGAIN)
		broken("client %u: connect: %s", c->number, strerror(errno));
	close(c->fd);
	c->fd = -1;
	return false;
}

static void
drop_view(struct client *c)
{
	json_decref(c->view);
	c->view = NULL;
}

static void
drop_ask(struct client *c)
{
	struct ask *a = STAILQ_FIRST(&c->asks);

	STAILQ_REMOVE_HEAD(&c->asks, entry);
	json_decref(a->request);
	free(a);
}

void
client_close(struct client *c)
{
	if (c->fd == -1)
		return;
	close(c->fd);
	c->fd = -1;
	while (!STAILQ_EMPTY(&c->asks))
		drop_ask(c);
	buf_fini(&c->in);
	buf_fini(&c->out);
	/* A snapshot that was begun is worth nothing. */
	if (c->due)
		drop_view(c);
	c->viewed = c->last;
	c->stint = NULL;
	c->rest = NULL;
	c->scanned = 0;
	c->claim = c->last = 0;
	c->stalls = c->half = c->due = c->loose = false;
	free(c->suspect);
	c->suspect = NULL;
}

/* Wrong, unless it turns out that the client lost something before. */
__attribute__((format(printf, 2, 3)))
static void
suspect(struct client *c, const char *fmt, ...)
{
	va_list ap;

	if (c->suspect != NULL)
		return;
	va_start(ap, fmt);
	if (vasprintf(&c->suspect, fmt, ap) == -1)
		broken("out of memory");
	va_end(ap);
}

static void
expect(struct client *c, json_t *request, const char *code)
{
	struct ask *a = calloc(1, sizeof *a);

	if (a == NULL)
		broken("out of memory");
	a->request = request;
	a->code = code;
	STAILQ_INSERT_TAIL(&c->asks, a, entry);
}

static bool
can_say(const struct client *c)
{
	return c->fd != -1 && !c->half && c->out.len < OUT_MAX;
}

bool
client_ask(struct client *c, json_t *request, const char *code)
{
	char *line;

	if (!can_say(c)) {
		json_decref(request);
		return false;
	}
	line = json_dumps(request, JSON_COMPACT);
	buf_puts(&c->out, line);
	buf_putc(&c->out, '\n');
	free(line);
	if (code == NULL && strcmp(text(request, "op"), "inject") == 0 &&
	    json_object_get(request, "id") == NULL)
		json_decref(request);
	else
		expect(c, request, code);
	return true;
}

bool
client_expect(struct client *c, json_t *request, const char *begin)
{
	if (!can_say(c)) {
		json_decref(request);
		return false;
	}
	buf_puts(&c->out, begin);
	expect(c, request, NULL);
	return true;
}

bool
client_say(struct client *c, const void *bytes, size_t len, const char *code,
    unsigned n)
{
	if (!can_say(c))
		return false;
	buf_put(&c->out, bytes, len);
	while (n-- > 0)
		expect(c, NULL, code);
	return true;
}

void
client_finish(struct client *c)
{
	if (c->fd != -1 && c->rest != NULL)
		client_say(c, c->rest, strlen(c->rest), NULL, 0);
	c->rest = NULL;
}

void
client_end(struct client *c)
{
	c->half = true;
}

/* An event that is no snapshot, and not of this client's own. */
static void
check_order(struct client *c, uint64_t seq, const char *line)
{
	if (seq <= c->last || (c->stint->wish.all && !c->loose &&
	    seq != c->last + 1))
		broken("client %u: after %ju comes %s", c->number,
		    (uintmax_t)c->last, line);
	if (c->due && seq > c->at)
		broken("client %u: before its snapshot of %ju comes %s",
		    c->number, (uintmax_t)c->at, line);
	c->loose = false;
	c->last = seq;
}

static void
play(struct client *c, const json_t *ev, const char *line)
{
	const char *wrong;

	if (c->view == NULL)
		return;
	wrong = player_contradiction(c->view, ev);
	if (wrong != NULL)
		broken("client %u: %s: %s", c->number, wrong, line);
	player_event(c->view, ev);
}

/* What an answer said holds, now that it is not a gap that comes. */
static void
settle_claim(struct client *c)
{
	if (c->suspect != NULL)
		broken("client %u%s: %s", c->number, c->half ?
		    ", half closed" : "", c->suspect);
	if (c->claim > c->stint->to)
		c->stint->to = c->claim;
	c->claim = 0;
}

static void
take_snapshot(struct client *c, const json_t *ev, const char *line)
{
	uint64_t seq = integer(ev, "seq");

	settle_claim(c);
	if (!c->due || seq != c->at)
		broken("client %u: a snapshot of %ju was due, or none: %s",
		    c->number, (uintmax_t)c->at, line);
	/* All that came before it has come. */
	if (c->stint->wish.all && c->last != seq && !c->loose)
		broken("client %u: the last one is %ju: %s", c->number,
		    (uintmax_t)c->last, line);
	c->last = seq;
	c->loose = false;
	if (c->stint->wish.all && c->view == NULL && !c->blind)
		c->view = player_new();
	if (strcmp(text(ev, "topic"), "kev/synced") == 0) {
		c->due = false;
		return;
	}
	if (!wish_fits(&c->stint->wish, ev))
		broken("client %u: does not want %s", c->number, line);
	play(c, ev, line);
}

/* Some of its own are lost: that is the one who suspects nothing any more. */
static void
take_gap(struct client *c, const json_t *ev, const char *line)
{
	const json_t *data = json_object_get(ev, "data");
	struct lapse l = { integer(data, "first"), integer(data, "last"),
	    integer(data, "lost") };
	uint64_t seq = integer(ev, "seq");
	bool all = c->stint->wish.all;

	if (c->due || l.first <= c->last || l.last < l.first || l.last > seq ||
	    l.lost > l.last - l.first + 1 || (all && (l.last != seq ||
	    l.first != c->last + 1 || l.lost != l.last - l.first + 1)))
		broken("client %u: after %ju comes %s", c->number,
		    (uintmax_t)c->last, line);
	journal_lost(c->stint, l);
	free(c->suspect);
	c->suspect = NULL;
	settle_claim(c);
	drop_view(c);
	c->blind = false;
	c->gaps++;
	c->last = c->at = seq;
	c->due = json_is_true(json_object_get(data, "resynced"));
}

static void
take_event(struct client *c, const json_t *ev, uint64_t seq, const char *line)
{
	const char *topic = text(ev, "topic");
	const char *id = strrchr(text(ev, "id"), '-');

	if (c->stint == NULL)
		broken("client %u: is not subscribed: %s", c->number, line);
	if (json_object_get(ev, "reply") != NULL || id == NULL ||
	    strtoull(id + 1, NULL, 10) != seq || integer(ev, "seq") != seq ||
	    strncmp(text(ev, "id"), c->run, strlen(c->run)) != 0)
		broken("client %u: no event: %s", c->number, line);
	if (json_is_true(json_object_get(ev, "snapshot")) ||
	    strcmp(topic, "kev/synced") == 0) {
		take_snapshot(c, ev, line);
		return;
	}
	if (strcmp(topic, "kev/gap") == 0 && strcmp(text(json_object_get(ev,
	    "data"), "cause"), "slow-reader") == 0) {
		take_gap(c, ev, line);
		return;
	}
	/* Of the past there may be more to come. */
	if (seq > c->at)
		settle_claim(c);
	check_order(c, seq, line);
	if (!wish_fits(&c->stint->wish, ev))
		broken("client %u: does not want %s", c->number, line);
	journal_heard(c->stint, seq);
	if (!c->due)
		play(c, ev, line);
}

/* The answer says that all up to SEQ was sent before it. */
static void
claim(struct client *c, uint64_t seq, const char *line)
{
	if (c->stint == NULL)
		return;
	if (seq < c->last || c->due)
		broken("client %u: answered too early or too late: %s",
		    c->number, line);
	if (c->stint->wish.all && seq != c->last && !c->loose)
		suspect(c, "has nothing after %ju, but is told %s",
		    (uintmax_t)c->last, line);
	c->claim = seq;
}

/* The stint is over; what it was owed until then has come. */
static void
leave(struct client *c)
{
	if (c->stint == NULL)
		return;
	settle_claim(c);
	c->viewed = c->last;
	c->stint = NULL;
	c->due = c->loose = false;
}

/* The number of a cursor of this run, or 0. */
static uint64_t
after(const struct client *c, const char *cursor)
{
	size_t len = strlen(c->run);

	return strncmp(cursor, c->run, len) == 0 && cursor[len] == '-' ?
	    strtoull(cursor + len + 1, NULL, 10) : 0;
}

static void
subscribed(struct client *c, json_t *request, const json_t *reply,
    const char *line)
{
	const json_t *complete = json_object_get(reply, "complete");
	const char *cursor = text(request, "after");
	uint64_t seq = integer(reply, "seq"), from = seq;
	bool whole = json_is_true(complete);
	bool resumed = strcmp(c->run, text(reply, "run")) == 0;

	claim(c, seq, line);
	leave(c);
	snprintf(c->run, sizeof c->run, "%s", text(reply, "run"));
	if (client_run[0] == '\0')
		strcpy(client_run, c->run);
	if ((complete != NULL) != (*cursor != '\0') ||
	    strcmp(client_run, c->run) != 0 ||
	    wish_topics(json_object_get(reply, "topics")) !=
	    wish_topics(json_object_get(request, "topics")))
		broken("client %u: wants %s: %s", c->number,
		    json_dumps(request, 0), line);
	if (whole)
		from = after(c, cursor);
	if (from > seq)
		broken("client %u: the future is complete: %s", c->number,
		    line);
	c->stint = journal_stint(c->number, request, from);
	c->last = from;
	c->at = seq;
	c->due = json_is_true(json_object_get(request, "snapshot")) ||
	    (complete != NULL && !whole);
	/* From the beginning what is left of it is told, whatever that is. */
	c->loose = !whole && strncmp(cursor, c->run, strlen(c->run)) == 0 &&
	    after(c, cursor) == 0;
	if (c->loose)
		c->last = 0;
	if (c->due || !c->stint->wish.all || !whole || !resumed ||
	    c->viewed != from)
		drop_view(c);
	if (whole)
		c->claim = seq;
}

/* Takes topics away; those that are left go on without a break. */
static void
unsubscribed(struct client *c, const json_t *request)
{
	const json_t *patterns = json_object_get(request, "topics");
	uint64_t left, last = c->last;
	json_t *less, *names;
	int t;

	if (c->stint == NULL)
		return;
	left = c->stint->wish.topics & ~KEV_TOPIC_KEV;
	left &= patterns != NULL ? ~wish_topics(patterns) : 0;
	less = json_copy(c->stint->wish.request);
	names = json_array();
	for (t = 0; t < KEV_TOPICS; t++) {
		if (left & UINT64_C(1) << t)
			json_array_append_new(names,
			    json_string(kev_topics[t].name));
	}
	json_object_set_new(less, "topics", names);
	if (c->due)
		broken("client %u: is owed a snapshot", c->number);
	leave(c);
	if (left != 0) {
		c->stint = journal_stint(c->number, less, last);
		if (!c->stint->wish.all)
			drop_view(c);
	} else {
		drop_view(c);
	}
	json_decref(less);
}

/* The state is what was played back, at every moment. */
static void
compare(struct client *c, const json_t *request, const json_t *reply)
{
	const json_t *differs, *here = NULL, *v;
	json_t *played;
	size_t i;

	if (c->view == NULL || json_object_get(request, "ifname") != NULL)
		return;
	differs = player_differs(c->view, json_object_get(reply, "interfaces"));
	if (differs == NULL)
		return;
	played = player_state(c->view);
	json_array_foreach(played, i, v) {
		if (json_equal(json_object_get(v, "ifindex"),
		    json_object_get(differs, "ifindex")) == 1)
			here = v;
	}
	suspect(c, "after %ju it has %s, but the state has %s",
	    (uintmax_t)c->last, json_dumps(here, JSON_SORT_KEYS),
	    json_dumps(differs, JSON_SORT_KEYS));
	json_decref(played);
}

static void
check_stats(struct client *c, const json_t *reply, const char *line)
{
	const json_t *rtnetlink = json_object_get(json_object_get(reply,
	    "sources"), "rtnetlink");

	if (rtnetlink == NULL || integer(rtnetlink, "malformed") != 0 ||
	    json_array_size(json_object_get(reply, "clients")) == 0)
		broken("client %u: %s", c->number, line);
}

static void
take_reply(struct client *c, const json_t *reply, const char *line)
{
	struct ask *a = STAILQ_FIRST(&c->asks);
	const json_t *id = json_object_get(reply, "reply"), *wanted = NULL;
	const json_t *ok = json_object_get(reply, "ok");
	const char *op;

	if (a == NULL)
		broken("client %u: asked nothing: %s", c->number, line);
	if (a->request != NULL)
		wanted = json_object_get(a->request, "id");
	if (!json_is_integer(wanted) && !json_is_string(wanted))
		wanted = json_null();
	if (json_equal((json_t *)id, (json_t *)wanted) != 1 ||
	    json_is_true(ok) != (a->code == NULL) ||
	    strcmp(text(json_object_get(reply, "error"), "code"),
	    a->code != NULL ? a->code : "") != 0 || c->due)
		broken("client %u: is owed %s %s: %s", c->number,
		    a->code != NULL ? a->code : "", a->request != NULL ?
		    json_dumps(a->request, 0) : "", line);
	op = a->code == NULL ? text(a->request, "op") : "";
	if (strcmp(op, "subscribe") == 0)
		subscribed(c, a->request, reply, line);
	else if (strcmp(op, "unsubscribe") == 0)
		unsubscribed(c, a->request);
	else if (strcmp(op, "ping") == 0)
		claim(c, integer(reply, "seq"), line);
	else if (strcmp(op, "state") == 0)
		compare(c, a->request, reply);
	else if (strcmp(op, "stats") == 0)
		check_stats(c, reply, line);
	drop_ask(c);
}

/* An event has its number behind members that have no text of others. */
static uint64_t
number(const char *line)
{
	const char *seq = strstr(line, "\"seq\":");

	return strncmp(line, "{\"topic\":", 9) == 0 && seq != NULL ?
	    strtoull(seq + 6, NULL, 10) : 0;
}

static void
take_line(struct client *c, char *line, size_t len)
{
	uint64_t seq = number(line);
	const json_t *ev = seq > 0 ? journal_find(seq, line, len) : NULL;
	json_t *v = NULL;

	if (ev == NULL) {
		v = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(v))
			broken("client %u: not JSON: %s", c->number, line);
		ev = v;
	}
	if (len > client_longest)
		client_longest = len;
	if (json_object_get(ev, "topic") == NULL)
		take_reply(c, ev, line);
	else
		take_event(c, ev, seq, line);
	if (v != NULL && json_object_get(ev, "topic") != NULL &&
	    !json_is_true(json_object_get(ev, "snapshot")) &&
	    strcmp(text(ev, "topic"), "kev/synced") != 0 &&
	    strcmp(text(json_object_get(ev, "data"), "cause"),
	    "slow-reader") != 0)
		journal_add(seq, line, len, v);
	json_decref(v);
}

static void
take_lines(struct client *c)
{
	char *begin = c->in.data, *end;
	size_t taken = 0;

	while ((end = memchr(begin + c->scanned, '\n',
	    c->in.len - taken - c->scanned)) != NULL) {
		*end = '\0';
		take_line(c, begin, (size_t)(end - begin));
		taken += (size_t)(end - begin) + 1;
		begin = end + 1;
		c->scanned = 0;
	}
	buf_drop(&c->in, taken);
	c->scanned = c->in.len;
}

static void
send_some(struct client *c)
{
	ssize_t n;

	if (c->out.len == 0)
		return;
	n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
	if (n > 0)
		buf_drop(&c->out, (size_t)n);
}

/* False: kevd has closed it. */
static bool
read_some(struct client *c)
{
	char *room = buf_room(&c->in, PIECE);
	ssize_t n;

	if (room == NULL)
		broken("out of memory");
	n = recv(c->fd, room, PIECE, 0);
	if (n == -1 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	c->in.len += (size_t)n;
	take_lines(c);
	return true;
}

void
client_pump(struct client *c, bool ended)
{
	if (c->fd == -1)
		return;
	send_some(c);
	if (c->half && c->out.len == 0)
		shutdown(c->fd, SHUT_WR);
	if (c->stalls && !ended)
		return;
	if (read_some(c))
		return;
	if (!ended && (!c->half || c->stint != NULL ||
	    !STAILQ_EMPTY(&c->asks) || c->in.len > 0))
		broken("client %u: kevd closed the connection", c->number);
	client_close(c);
}

void
client_fini(struct client *c)
{
	client_close(c);
	drop_view(c);
}

void
client_settle(struct client *c)
{
	if (c->fd != -1 && c->stint != NULL)
		settle_claim(c);
}

char *
client_waits(const struct client *c)
{
	const struct ask *a = STAILQ_FIRST(&c->asks);
	char *words;

	if (asprintf(&words, "%s %s%s, with %zu bytes to send and %zu not yet "
	    "a line%s", a != NULL && a->request != NULL ?
	    json_dumps(a->request, 0) : "", a != NULL && a->code != NULL ?
	    a->code : "", c->due ? "a snapshot" : "", c->out.len, c->in.len,
	    c->half ? ", half closed" : "") == -1)
		broken("out of memory");
	return words;
}

bool
client_is_idle(const struct client *c)
{
	return STAILQ_EMPTY(&c->asks) && c->out.len == 0 && !c->due;
}

/*
 * kev-mqtt: publishes the events of kevd, and what holds now, at an MQTT broker.
 * Brings together kevd, what is on its way (outbox.c), what is retained there
 * (retained.c), the connection (mqttlink.c) and a loop of libev.
 */
#include "config.h"

#include "buf.h"
#include "cursorfile.h"
#include "json.h"
#include "kev.h"
#include "mqttlink.h"
#include "mqttname.h"
#include "mqttoptions.h"
#include "outbox.h"
#include "retained.h"
#include "tool.h"
#include "topics.h"

#include <sys/queue.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ev.h>
#include <jansson.h>

/* Lines of kevd before others have their turn. */
enum { TURN = 256 };
/* Until a full disk is tried again. */
enum { AGAIN_MS = 1000 };
/* Seconds that the broker has to take our leave. */
static const double LEAVE = 2;

/* A line there was no place for. */
struct held {
	STAILQ_ENTRY(held) entry;
	char cursor[256];
	char text[];
};

struct bridge {
	struct mqttoptions options;
	struct buf level;		/* the host in a topic, with NUL */
	struct buf status;		/* the topic of our presence, with NUL */
	struct ev_loop *loop;
	struct kev *kev;
	struct mqttlink link;
	struct outbox outbox;
	struct retained retained;
	struct cursorfile cursor;
	char *cursor_file;
	char run[80];			/* of kevd, "": not known */
	bool kevd;			/* it is there */
	long long id;			/* of our subscribe */
	char after[256];		/* it is to go on there, "": from now */
	bool again;			/* it is for what a new kevd has kept */
	bool forgot;			/* kevd has not all after "began" */
	long long began;
	bool emptied;			/* the cursor file has nothing in it */
	STAILQ_HEAD(, held) held;
	int presence;			/* publication of that, 0: none */
	bool leaving;
	bool left;			/* and the broker knows */
	int status_code;		/* our exit status, -1: by a signal */
	int signal;
	ev_io io;
	ev_timer timer, leave;
	ev_prepare prepare;
	ev_signal signals[3];
};

static void
stop(struct bridge *b, int status)
{
	b->status_code = status;
	ev_break(b->loop, EVBREAK_ALL);
}

/* What is at the topic of our presence. */
static void
put_presence(const struct bridge *b, struct buf *text, bool online)
{
	buf_puts(text, "{\"status\":");
	buf_puts(text, online ? "\"online\"" : "\"offline\"");
	buf_puts(text, ",\"host\":");
	json_put_string(text, b->options.host, strlen(b->options.host));
	buf_puts(text, ",\"run\":");
	json_put_string(text, b->run, strlen(b->run));
	if (online) {
		buf_puts(text, ",\"version\":\"" PACKAGE_VERSION "\",\"kevd\":");
		buf_puts(text, b->kevd ? "true" : "false");
	}
	buf_putc(text, '}');
	buf_putc(text, '\0');
}

static void
publish_presence(struct bridge *b, bool online)
{
	struct buf text = BUF_INIT;
	struct mqttlink_message m = { .topic = b->status.data, .retain = true };

	put_presence(b, &text, online);
	m.payload = text.data;
	m.len = text.len - 1;
	if (!text.failed && b->link.up &&
	    mqttlink_publish(&b->link, &m, &b->presence) != MQTTLINK_OK)
		b->presence = 0;
	buf_fini(&text);
}

/* With a will that is of this run of kevd. */
static void
connect_broker(struct bridge *b)
{
	struct buf will = BUF_INIT;

	put_presence(b, &will, false);
	if (will.failed || !mqttlink_open(&b->link, b->status.data,
	    will.data)) {
		say("out of memory");
		stop(b, EXIT_UNREACHABLE);
	}
	buf_fini(&will);
}

static void
on_up(void *arg)
{
	struct bridge *b = arg;

	publish_presence(b, true);
	retained_up(&b->retained);
	outbox_up(&b->outbox);
}

static void
on_down(void *arg)
{
	struct bridge *b = arg;

	retained_down(&b->retained);
	outbox_down(&b->outbox);
	if (b->leaving)
		ev_break(b->loop, EVBREAK_ALL);
}

static void
on_done(void *arg, int mid, int reason)
{
	struct bridge *b = arg;

	if (outbox_done(&b->outbox, mid, reason))
		return;
	if (mid != b->presence) {
		retained_done(&b->retained, mid, reason);
		return;
	}
	b->presence = 0;
	if (reason >= 0x80)
		mqttlink_refused(&b->link, reason);
	b->left = b->leaving && reason < 0x80;
	if (b->leaving)
		ev_break(b->loop, EVBREAK_ALL);
}

static void
on_retained(void *arg, const char *topic)
{
	struct bridge *b = arg;

	retained_told(&b->retained, topic);
}

static const struct mqttlink_calls calls = {
	.up = on_up, .down = on_down, .done = on_done, .retained = on_retained
};

static bool
is_holding(const struct bridge *b)
{
	return !STAILQ_EMPTY(&b->held);
}

/*
 * TEXT is lent. If there is no place for it it waits, and we don't read on; if
 * not even that can be, the next process of ours gets it again.
 */
static void
put(struct bridge *b, const char *text, size_t len, const char *cursor)
{
	struct held *h;

	if (!is_holding(b) && outbox_put(&b->outbox, cursor, text, len))
		return;
	h = malloc(sizeof *h + len + 1);
	if (h == NULL) {
		say("out of memory");
		stop(b, EXIT_UNREACHABLE);
		return;
	}
	snprintf(h->cursor, sizeof h->cursor, "%s", cursor);
	memcpy(h->text, text, len);
	h->text[len] = '\0';
	STAILQ_INSERT_TAIL(&b->held, h, entry);
}

static void
drop_held(struct bridge *b)
{
	struct held *h = STAILQ_FIRST(&b->held);

	STAILQ_REMOVE_HEAD(&b->held, entry);
	free(h);
}

static void
put_held(struct bridge *b)
{
	const struct held *h;

	while ((h = STAILQ_FIRST(&b->held)) != NULL && outbox_put(&b->outbox,
	    h->cursor, h->text, strlen(h->text)))
		drop_held(b);
}

/* Where kevd is to go on after what it has said; "": nobody knows. */
static const char *
here(const struct bridge *b)
{
	const char *cursor = kev_cursor(b->kev);

	return cursor == NULL ? "" : cursor;
}

/* What kevd has said so far was put, or need not be. */
static void
pass(struct bridge *b)
{
	if (!is_holding(b) && here(b)[0] != '\0')
		outbox_pass(&b->outbox, here(b));
}

static void
set_cursor(struct bridge *b)
{
	if (b->outbox.cursor[0] != '\0')
		cursorfile_set(&b->cursor, b->outbox.cursor);
}

/*
 * Events of kevd that we have not got, up to CURSOR; LOST is 0 if nobody knows
 * how many.
 */
static void
lose(struct bridge *b, const char *cause, long long lost, const char *cursor)
{
	struct buf text = BUF_INIT;

	mqttname_gap(&text, outbox_now(), cause, lost > 0 ? (uint64_t)lost : 0);
	say("events were lost: %s", cause);
	if (!text.failed)
		put(b, text.data, text.len, cursor);
	else
		stop(b, EXIT_UNREACHABLE);
	buf_fini(&text);
}

/* What comes after events that kevd has forgotten tells how many these are. */
static void
lose_forgotten(struct bridge *b, const struct kev_line *line)
{
	bool happened = !kev_line_snapshot(line) && kev_topic_find(
	    kev_line_topic(line)) != KEV_T_KEV_SYNCED;
	long long seq;

	/* What holds now has the number of the last event before it. */
	if (!b->forgot || !kev_line_integer(line, "seq", &seq))
		return;
	b->forgot = false;
	lose(b, "kevd-forgot", seq - b->began - happened, "");
}

static void
on_event(struct bridge *b, const struct kev_line *line)
{
	const char *text;
	int topic = kev_topic_find(kev_line_topic(line));
	size_t len;

	/* It will come again. */
	if (b->again)
		return;
	lose_forgotten(b, line);
	if (topic == KEV_T_KEV_SYNCED || kev_line_snapshot(line)) {
		retained_all(&b->retained);
		pass(b);
		return;
	}
	if (topic == KEV_T_KEV_GAP)
		retained_all(&b->retained);
	retained_event(&b->retained, line);
	if (topic != KEV_T_KEV_GAP &&
	    (topic == -1 || (b->options.topics >> topic & 1) == 0)) {
		pass(b);
		return;
	}
	text = kev_line_text(line, &len);
	put(b, text, len, here(b));
}

static void
subscribe(struct bridge *b, const char *after)
{
	static const char *const everything[] = { "**", NULL };
	const struct kev_subscription want = {
		.topics = everything,
		.netns = (const char *const *)b->options.netns,
		.after = after[0] != '\0' ? after : NULL
	};

	snprintf(b->after, sizeof b->after, "%s", after);
	b->id = kev_subscribe(b->kev, &want);
	if (b->id > 0)
		return;
	say("%s", kev_error(b->kev));
	stop(b, tool_status((int)b->id));
}

/* Whether the event ID is one of RUN; its number. */
static bool
is_of(const char *id, const char *run, long long *seq)
{
	size_t n = strlen(run);

	if (strncmp(id, run, n) != 0 || id[n] != '-')
		return false;
	*seq = strtoll(id + n + 1, NULL, 10);
	return true;
}

/*
 * kevd agrees to a subscription after b->after. One that was started anew has
 * not kept what the one before it published, but what it has published itself.
 */
static void
on_subscribed(struct bridge *b, const struct kev_line *line)
{
	const char *run = kev_line_string(line, "run");
	long long protocol;
	bool first = b->run[0] == '\0';
	char after[sizeof b->run + 2];

	if (kev_line_integer(line, "protocol", &protocol) && protocol != 1) {
		say("kevd speaks version %lld of the protocol, not 1",
		    protocol);
		stop(b, EXIT_REFUSED);
		return;
	}
	retained_all(&b->retained);
	b->again = b->forgot = false;
	b->began = 0;
	if (run != NULL && strcmp(b->run, run) != 0) {
		snprintf(b->run, sizeof b->run, "%s", run);
		connect_broker(b);
	}
	if (b->after[0] != '\0' && !is_of(b->after, b->run, &b->began)) {
		snprintf(after, sizeof after, "%s-0", b->run);
		lose(b, "kevd-restarted", 0, after);
		b->again = true;
		subscribe(b, after);
		return;
	}
	b->forgot = json_is_false(json_object_get(kev_line_json(line),
	    "complete"));
	if (b->emptied)
		lose(b, "spool-damaged", 0, here(b));
	b->emptied = false;
	pass(b);
	if (!first)
		return;
	/* Also what was in it: now somebody hears of it when that fails. */
	set_cursor(b);
	if (b->cursor.text[0] != '\0' && !cursorfile_save(&b->cursor))
		stop(b, EXIT_NOTHING);
}

static void
on_line(struct bridge *b, const struct kev_line *line)
{
	if (kev_line_topic(line) != NULL) {
		on_event(b, line);
		return;
	}
	if (retained_answer(&b->retained, line) ||
	    kev_line_reply(line) != b->id)
		return;
	if (kev_line_ok(line))
		on_subscribed(b, line);
	else
		stop(b, tool_refused(line));
}

static void
on_lost(struct bridge *b)
{
	say("%s, waiting for it", kev_error(b->kev));
	/* libkev will go on after that, or ask once more as it did. */
	if (here(b)[0] != '\0')
		snprintf(b->after, sizeof b->after, "%s", here(b));
	b->kevd = false;
	retained_lost(&b->retained);
	publish_presence(b, true);
}

static void
on_back(struct bridge *b, const struct kev_line *line)
{
	say("kevd is back");
	b->kevd = true;
	if (line == NULL)
		return;
	on_subscribed(b, line);
	publish_presence(b, true);
}

/* What kevd has said. False: there is no more for now. */
static bool
turn(struct bridge *b)
{
	const struct kev_line *line;
	int r = kev_next(b->kev, 0, &line);

	switch (r) {
	case KEV_LINE:
		on_line(b, line);
		return true;
	case KEV_LOST:
		on_lost(b);
		return true;
	case KEV_BACK:
		on_back(b, line);
		return true;
	case KEV_NONE:
		return false;
	case -EINTR:
		return true;
	default:
		say("%s", kev_error(b->kev));
		stop(b, r == -EMSGSIZE ? EXIT_UNREACHABLE : tool_status(r));
		return false;
	}
}

/* To wake up is enough. */
static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

/* The sooner of two times, of which -1 is never. */
static int
sooner(int a, int b)
{
	return a == -1 || (b != -1 && b < a) ? b : a;
}

static void
watch(struct bridge *b, bool more)
{
	int fd = is_holding(b) || b->leaving ? -1 : kev_fd(b->kev);
	int after = b->leaving ? -1 : kev_timeout(b->kev);

	ev_io_stop(b->loop, &b->io);
	if (fd != -1) {
		ev_io_set(&b->io, fd, EV_READ |
		    ((kev_events(b->kev) & POLLOUT) != 0 ? EV_WRITE : 0));
		ev_io_start(b->loop, &b->io);
	}
	if (is_holding(b))
		after = AGAIN_MS;
	else if (more)
		after = 0;
	after = sooner(after, cursorfile_due(&b->cursor));
	after = sooner(after, retained_due(&b->retained));
	ev_timer_stop(b->loop, &b->timer);
	if (after == -1)
		return;
	ev_timer_set(&b->timer, after / 1000., 0.);
	ev_timer_start(b->loop, &b->timer);
}

/* Before the loop waits: what there is to do. */
static void
before(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct bridge *b = w->data;
	bool more = !b->leaving;
	int n;

	(void)loop;
	(void)revents;
	put_held(b);
	for (n = 0; more && !is_holding(b) && b->status_code == -1 &&
	    n < TURN; n++)
		more = turn(b);
	outbox_sync(&b->outbox);
	retained_step(&b->retained);
	set_cursor(b);
	if (cursorfile_due(&b->cursor) == 0)
		cursorfile_save(&b->cursor);
	mqttlink_watch(&b->link);
	watch(b, more);
}

static void
on_leave(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

/* We end, and tell the broker if it is there. */
static void
on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct bridge *b = w->data;

	(void)revents;
	b->signal = w->signum;
	if (b->leaving || !b->link.up) {
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	b->leaving = true;
	publish_presence(b, false);
	ev_timer_set(&b->leave, LEAVE, 0.);
	ev_timer_start(loop, &b->leave);
}

static void
start_watchers(struct bridge *b)
{
	static const int ends_us[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof ends_us / sizeof *ends_us; i++) {
		if (sigaction(ends_us[i], NULL, &sa) == 0 &&
		    sa.sa_handler == SIG_IGN)
			continue;
		ev_signal_init(&b->signals[i], on_signal, ends_us[i]);
		b->signals[i].data = b;
		ev_signal_start(b->loop, &b->signals[i]);
	}
	ev_init(&b->io, on_io);
	ev_init(&b->timer, on_timer);
	ev_init(&b->leave, on_leave);
	ev_prepare_init(&b->prepare, before);
	b->prepare.data = b;
	ev_prepare_start(b->loop, &b->prepare);
}

/* The functions below return -1 to go on, or the exit status. */

static int
open_directory(struct bridge *b)
{
	const char *name = b->options.directory;
	size_t size = strlen(name) + sizeof "/cursor";
	int err = spool_open(&b->outbox.spool, name, b->options.spool);

	if (err < 0) {
		say("cannot use %s: %s", name, err == -EWOULDBLOCK ?
		    "another kev-mqtt does" : strerror(-err));
		return EXIT_NOTHING;
	}
	b->cursor_file = malloc(size);
	if (b->cursor_file == NULL) {
		say("out of memory");
		return EXIT_UNREACHABLE;
	}
	snprintf(b->cursor_file, size, "%s/cursor", name);
	return cursorfile_open(&b->cursor, b->cursor_file);
}

static int
set_up(struct bridge *b)
{
	const struct mqttoptions *o = &b->options;
	struct buf id = BUF_INIT;
	bool good;
	int r = -1;

	mqttname_level(&b->level, o->host, strlen(o->host));
	buf_putc(&b->level, '\0');
	buf_puts(&b->status, "kev/");
	buf_puts(&b->status, b->level.failed ? "" : b->level.data);
	buf_puts(&b->status, "/status");
	buf_putc(&b->status, '\0');
	buf_puts(&id, "kev-");
	buf_put(&id, b->level.data, b->level.len);
	b->loop = ev_default_loop(0);
	good = !b->level.failed && !b->status.failed && !id.failed &&
	    b->loop != NULL && mqttlink_init(&b->link, b->loop, o, id.data,
	    &calls, b);
	buf_fini(&id);
	if (!good) {
		say("out of memory");
		return EXIT_UNREACHABLE;
	}
	b->kev = tool_open(o->socket, KEV_RECONNECT, &r);
	if (b->kev == NULL)
		return r;
	outbox_init(&b->outbox, &b->link, o->host, b->level.data,
	    (uint32_t)((o->expiry + 999) / 1000));
	retained_init(&b->retained, o, b->level.data, b->kev, &b->link);
	return -1;
}

static int
work(struct bridge *b)
{
	int r = open_directory(b);
	const char *after;

	if (r == -1)
		r = set_up(b);
	if (r != -1)
		return r;
	b->kevd = true;
	b->status_code = -1;
	start_watchers(b);
	/* The file is about what the broker has; the spool goes on there. */
	after = spool_empty(&b->outbox.spool) ||
	    b->outbox.spool.cursor[0] == '\0' ? b->cursor.text :
	    b->outbox.spool.cursor;
	if (after[0] == '\0' && access(b->cursor_file, F_OK) == 0) {
		say("there is nothing in %s, beginning from now",
		    b->cursor_file);
		b->emptied = true;
	}
	subscribe(b, after);
	if (b->status_code == -1)
		ev_run(b->loop, 0);
	outbox_save(&b->outbox);
	/* Who could not say that he goes has a will that does. */
	mqttlink_close(&b->link, b->left);
	set_cursor(b);
	if (b->cursor.dirty)
		cursorfile_save(&b->cursor);
	return b->status_code;
}

int
main(int argc, char **argv)
{
	static struct bridge b;
	int r;

	tool_begin("kev-mqtt");
	b.outbox.spool.folder = b.outbox.spool.acks = b.outbox.spool.out = -1;
	TAILQ_INIT(&b.outbox.spool.segments);
	TAILQ_INIT(&b.outbox.entries);
	STAILQ_INIT(&b.held);
	r = mqttoptions_parse(&b.options, argc, argv);
	if (r == -1)
		r = work(&b);
	retained_fini(&b.retained);
	outbox_fini(&b.outbox);
	if (b.loop != NULL)
		mqttlink_fini(&b.link);
	cursorfile_fini(&b.cursor);
	free(b.cursor_file);
	while (is_holding(&b))
		drop_held(&b);
	kev_free(b.kev);
	buf_fini(&b.level);
	buf_fini(&b.status);
	mqttoptions_fini(&b.options);
	r = tool_end(r, EXIT_NOTHING);
	if (b.signal != 0) {
		signal(b.signal, SIG_DFL);
		raise(b.signal);
	}
	return r;
}

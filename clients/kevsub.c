/*
 * kevsub: subscribe from a shell. Waits for lines of kevd and gives them to
 * the output or to a command; what may be asked is in options.c.
 */
#include "config.h"

#include "command.h"
#include "cursorfile.h"
#include "debounce.h"
#include "kev.h"
#include "missing.h"
#include "options.h"
#include "output.h"
#include "signals.h"
#include "since.h"
#include "tool.h"
#include "topiclist.h"
#include "wants.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

/* With -t 0: how long kevd may take to say what holds now. */
enum { GRACE_MS = 5000 };

struct sub {
	struct options options;
	struct output output;
	struct cursorfile cursor;
	struct since since;
	struct debounce debounce;
	struct kev *kev;
	long long id;		/* of our subscribe */
	long long mark;		/* of the ping after it: the past is over */
	int64_t deadline;	/* monotonic ms, -1: none */
	long long seen;		/* events that count */
	bool reported;		/* -t 0: kevd has said all there is to say */
	bool late;		/* what is told now was held; the last line
				   that came is still to be dealt with */
};

/* The functions below return -1 to go on, or the exit status. */

static void
note(const struct sub *s, const char *text, const char *detail)
{
	if (!s->options.quiet)
		say("%s%s", text, detail);
}

static int
give_up(struct sub *s)
{
	if (s->options.wait && !s->options.quiet)
		missing_say(s->kev, &s->options);
	return EXIT_TIMEOUT;
}

/* All that came so far, and is not held, need not come again. */
static void
handed_on(struct sub *s)
{
	if (!s->late)
		debounce_dealt(&s->debounce, kev_cursor(s->kev));
	cursorfile_set(&s->cursor, s->debounce.quiet > 0 ?
	    debounce_cursor(&s->debounce) : kev_cursor(s->kev));
}

/* The command for one event. The last one may take as long as it likes. */
static int
run(struct sub *s, const struct kev_line *line, bool last)
{
	char *const *argv = s->options.command;
	struct command_end end;
	char text[64];

	end = command_run(argv, line, last ? -1 : s->deadline,
	    s->options.exec_timeout);
	switch (end.how) {
	case COMMAND_TIMEOUT:
		return EXIT_TIMEOUT;
	case COMMAND_SLOW:
		handed_on(s);
		note(s, argv[0], " took too long and was ended");
		return last && s->options.count == 1 ? EXIT_TIMEOUT : -1;
	case COMMAND_FAILED:
		say("cannot run %s: %s", argv[0], strerror(end.value));
		return end.value == ENOENT || end.value == ENOTDIR ?
		    EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	case COMMAND_KILLED:
		handed_on(s);
		if (last && s->options.count == 1) {
			if (s->cursor.dirty)
				cursorfile_save(&s->cursor);
			return command_die(end.value);
		}
		snprintf(text, sizeof text, " was killed by signal %d",
		    end.value);
		note(s, argv[0], text);
		return -1;
	default:
		handed_on(s);
		if (last && s->options.count == 1)
			return end.value;
		snprintf(text, sizeof text, " exited with status %d",
		    end.value);
		if (end.value != 0)
			note(s, argv[0], text);
		return -1;
	}
}

static int
deliver(struct sub *s, const struct kev_line *line, bool last)
{
	int r;

	if (s->options.command != NULL)
		return run(s, line, last);
	r = output_event(&s->output, line, s->deadline);
	if (r == -1)
		handed_on(s);
	return r;
}

/* One that counts. */
static int
tell(struct sub *s, const struct kev_line *line)
{
	bool last = ++s->seen == s->options.count;
	int r = deliver(s, line, last);

	return r == -1 && last ? EXIT_OK : r;
}

static int
tell_late(struct sub *s, struct kev_line *line)
{
	int r;

	s->late = true;
	r = tell(s, line);
	s->late = false;
	kev_line_free(line);
	return r;
}

/* What is held and was quiet until NOW; -1: all of it. */
static int
tell_held(struct sub *s, int64_t now)
{
	struct kev_line *held;
	int r = -1;

	while (r == -1 && (held = debounce_take(&s->debounce, now)) != NULL)
		r = tell_late(s, held);
	return r;
}

/* What is held and was quiet when kevd said LINE. */
static int
tell_held_before(struct sub *s, const struct kev_line *line)
{
	struct kev_line *held;
	int r = -1;

	while (r == -1 && (held = debounce_take_before(&s->debounce,
	    line)) != NULL)
		r = tell_late(s, held);
	return r;
}

/* Only what happens is held; what holds now comes after what happened. */
static int
tell_or_hold(struct sub *s, const struct kev_line *line)
{
	int r;

	if (s->debounce.quiet == 0)
		return tell(s, line);
	if (kev_line_snapshot(line)) {
		r = tell_held(s, -1);
		return r != -1 ? r : tell(s, line);
	}
	r = tell_held_before(s, line);
	if (r != -1)
		return r;
	if (debounce_hold(&s->debounce, line, tool_now()))
		return tell_held_before(s, line);
	say("out of memory");
	return EXIT_NOTHING;
}

static void
say_gap(const struct kev_line *line)
{
	const char *cause = kev_line_string(line, "data.cause");
	const json_t *data = json_object_get(kev_line_json(line), "data");
	long long lost;
	char text[48] = "";

	if (kev_line_integer(line, "data.lost", &lost))
		snprintf(text, sizeof text, ", %lld of them", lost);
	say("events were lost: %s%s; %s",
	    cause == NULL ? "no cause given" : cause, text,
	    json_is_false(json_object_get(data, "resynced")) ?
	    "nothing brings them back" : "what follows repairs it");
}

/* What kevd tells about the stream itself: told on, but not counted. */
static int
on_notice(struct sub *s, const struct kev_line *line, const char *topic)
{
	bool gap = strcmp(topic, "kev/gap") == 0;
	int r = tell_held(s, -1);

	if (r != -1)
		return r;
	if (gap)
		say_gap(line);
	if (wants_topic(&s->options, topic))
		r = deliver(s, line, false);
	if (r != -1)
		return r;
	if (gap && s->options.strict)
		return EXIT_LOST;
	if (strcmp(topic, "kev/synced") != 0)
		return -1;
	if (s->options.only)
		return s->seen > 0 ? EXIT_OK : EXIT_NOTHING;
	s->reported = true;
	return -1;
}

static int
on_event(struct sub *s, const struct kev_line *line, const char *topic)
{
	if (since_drops(&s->since, line, topic))
		return -1;
	if (strncmp(topic, "kev/", 4) == 0)
		return on_notice(s, line, topic);
	if (!wants_data(&s->options,
	    json_object_get(kev_line_json(line), "data")))
		return -1;
	return tell_or_hold(s, line);
}

/* Where we begin is a place to go on from, unless the past is to come. */
static int
begin_cursor(struct sub *s)
{
	if (s->cursor.name == NULL)
		return -1;
	if (s->since.time[0] == '\0')
		handed_on(s);
	/* Also what was in it: now somebody hears of it when that fails. */
	return cursorfile_save(&s->cursor) ? -1 : EXIT_NOTHING;
}

/* kevd agrees to the subscription, the FIRST time or again. */
static int
on_subscribed(struct sub *s, const struct kev_line *line, bool first)
{
	const json_t *o = kev_line_json(line);
	long long protocol;
	int r = -1;

	if (kev_line_integer(line, "protocol", &protocol) && protocol != 1) {
		say("kevd speaks version %lld of the protocol, not 1",
		    protocol);
		return EXIT_REFUSED;
	}
	since_subscribed(&s->since, line, first);
	if (!s->options.snapshot && !s->reported)
		s->mark = kev_request(s->kev, "ping", NULL);
	if (json_object_get(o, "topics") != NULL &&
	    json_array_size(json_object_get(o, "topics")) == 0)
		note(s, "no topic fits these patterns", "");
	if (first)
		r = begin_cursor(s);
	if (r != -1 || !json_is_false(json_object_get(o, "complete")) ||
	    (first && s->since.time[0] != '\0'))
		return r;
	say("events were lost: kevd has not kept them; what holds now follows");
	return s->options.strict ? EXIT_LOST : -1;
}

/* All that is past has come. */
static int
on_mark(struct sub *s)
{
	int r = s->options.only ? tell_held(s, -1) : -1;

	s->reported = true;
	if (!s->options.only || r != -1)
		return r;
	return s->seen > 0 ? EXIT_OK : EXIT_NOTHING;
}

static int
on_line(struct sub *s, const struct kev_line *line)
{
	const char *topic = kev_line_topic(line);

	if (topic != NULL)
		return on_event(s, line, topic);
	if (!kev_line_ok(line))
		return tool_refused(line);
	if (kev_line_reply(line) == s->id)
		return on_subscribed(s, line, true);
	return kev_line_reply(line) == s->mark ? on_mark(s) : -1;
}

/* Everything that is there to be read, and then some waiting. */
static int
turn(struct sub *s)
{
	const struct kev_line *line;
	int r;

	r = kev_next(s->kev, 0, &line);
	if (r < 0 && r != -EINTR) {
		say("%s", kev_error(s->kev));
		/* Too long is what kevd said, not what we asked. */
		return r == -EMSGSIZE ? EXIT_UNREACHABLE : tool_status(r);
	}
	switch (r) {
	case KEV_LINE:
		r = on_line(s, line);
		if (r == -1)
			handed_on(s);
		return r;
	case KEV_LOST:
		note(s, kev_error(s->kev), ", waiting for it");
		return -1;
	case KEV_BACK:
		note(s, "kevd is back", "");
		return line == NULL ? -1 : on_subscribed(s, line, false);
	default:
		return -2;
	}
}

/* The first of two times that are to come, if they are: -1 is none. */
static int
sooner(int a, int b)
{
	return a == -1 || (b != -1 && b < a) ? b : a;
}

/* How long poll() may sleep; 0 when the time is up. */
static int
patience(const struct sub *s)
{
	int64_t left = INT_MAX;
	int timeout = sooner(kev_timeout(s->kev),
	    sooner(cursorfile_due(&s->cursor),
	    debounce_due(&s->debounce, tool_now())));

	if (s->deadline != -1)
		left = s->deadline - tool_now();
	if (left < 0)
		left = 0;
	if (timeout != -1 && timeout < left)
		return timeout;
	return left >= INT_MAX ? (s->deadline == -1 ? -1 : INT_MAX) :
	    (int)left;
}

/* Sleeps until something can be done. Notices a reader of ours that went. */
static int
sleep_until(struct sub *s)
{
	struct pollfd p[3] = {
		{ .fd = kev_fd(s->kev), .events = kev_events(s->kev) },
		{ .fd = -1 },
		{ .fd = signals_fd(), .events = POLLIN }
	};

	if (s->output.pipe && s->options.command == NULL)
		p[1].fd = STDOUT_FILENO;
	if (poll(p, 3, patience(s)) <= 0)
		return -1;
	if (p[1].revents & (POLLERR | POLLHUP)) {
		raise(SIGPIPE);
		return EXIT_NOTHING;
	}
	if (p[2].revents != 0)
		signals_drain();
	return -1;
}

static bool
time_is_up(const struct sub *s)
{
	if (s->options.timeout == 0 && s->reported)
		return true;
	return s->deadline != -1 && tool_now() >= s->deadline;
}

static int
subscribe(struct sub *s)
{
	const struct options *o = &s->options;
	struct kev_subscription want = {
		.topics = o->patterns,
		.ifnames = o->ifnames,
		.netns = o->netns,
		.after = s->since.after[0] != '\0' ? s->since.after : o->after,
		.snapshot = o->snapshot
	};
	const char **matches;
	size_t n = 0;

	while (o->matches[n] != NULL)
		n++;
	matches = calloc(n + 1, sizeof *matches);
	if (matches == NULL)
		return EXIT_UNREACHABLE;
	wants_matches(o, matches);
	want.matches = matches;
	s->id = kev_subscribe(s->kev, &want);
	free(matches);
	if (s->id > 0)
		return -1;
	say("%s", kev_error(s->kev));
	return tool_status((int)s->id);
}

static int
loop(struct sub *s)
{
	int r;

	for (;;) {
		if (signals_caught() != 0)
			return EXIT_NOTHING;
		if (time_is_up(s))
			return give_up(s);
		if (cursorfile_due(&s->cursor) == 0)
			cursorfile_save(&s->cursor);
		r = turn(s);
		if (r == -2)
			r = tell_held(s, tool_now());
		else if (r == -1)
			continue;
		if (r == -1)
			r = sleep_until(s);
		if (r != -1)
			return r;
	}
}

/* A cursor in the file is better than any other place to begin at. */
static int
open_cursor(struct sub *s)
{
	struct options *o = &s->options;
	int r;

	if (o->cursor_file == NULL)
		return -1;
	r = cursorfile_open(&s->cursor, o->cursor_file);
	if (r != -1)
		return r;
	if (!signals_keep()) {
		say("cannot make a pipe: %s", strerror(errno));
		return EXIT_UNREACHABLE;
	}
	if (s->cursor.text[0] == '\0')
		return -1;
	o->after = s->cursor.text;
	o->since[0] = '\0';
	o->snapshot = false;
	return -1;
}

static int
begin_since(struct sub *s)
{
	if (s->options.since[0] == '\0')
		return -1;
	strcpy(s->since.time, s->options.since);
	s->since.present = s->options.snapshot;
	return since_begin(&s->since, s->kev, s->options.strict);
}

/* -1, or the exit status when there is nothing to ask kevd for. */
static int
check(const struct options *o)
{
	if (wants_check(o))
		return o->list ? topiclist_print(o) : -1;
	fputs("Try 'kevsub --list' or 'kevsub --help'.\n", stderr);
	return EXIT_USAGE;
}

static int
work(struct sub *s)
{
	const struct options *o = &s->options;
	int r = open_cursor(s);

	if (r != -1)
		return r;
	if (o->timeout >= 0)
		s->deadline = tool_now() + (o->timeout == 0 ? GRACE_MS :
		    o->timeout);
	s->kev = tool_open(o->socket, o->stay ? KEV_RECONNECT : 0, &r);
	if (s->kev == NULL)
		return r;
	/* So that a command that asks kevd asks the same one. */
	setenv("KEV_SOCKET", kev_path(s->kev), 1);
	r = begin_since(s);
	if (r == -1)
		r = subscribe(s);
	return r == -1 ? loop(s) : r;
}

/* Whatever it is that we end by. */
static int
keep_cursor(struct sub *s, int r)
{
	if (s->cursor.dirty)
		cursorfile_save(&s->cursor);
	return r == EXIT_OK && s->cursor.failing ? EXIT_NOTHING : r;
}

int
main(int argc, char **argv)
{
	struct sub s = { .deadline = -1 };
	int r;

	tool_begin("kevsub");
	r = options_parse(&s.options, argc, argv);
	if (r == -1)
		r = check(&s.options);
	if (r == -1) {
		output_init(&s.output, &s.options);
		debounce_init(&s.debounce, s.options.debounce);
		r = keep_cursor(&s, work(&s));
		debounce_fini(&s.debounce);
		output_fini(&s.output);
	}
	cursorfile_fini(&s.cursor);
	kev_free(s.kev);
	options_fini(&s.options);
	r = tool_end(r, EXIT_NOTHING);
	if (signals_caught() != 0)
		signals_die(signals_caught());
	return r;
}

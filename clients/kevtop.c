/*
 * kevtop: the network on a terminal, live. Waits for lines of kevd and for keys,
 * and gives both to those who know what they mean.
 */
#include "config.h"

#include "duration.h"
#include "kev.h"
#include "signals.h"
#include "tool.h"
#include "topmodel.h"
#include "topscreen.h"
#include "topview.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum {
	OPT_COLOR = 256,
	AT_ONCE = 1000,			/* lines, before keys are looked at */
	LIFETIMES_MS = 10 * 1000,	/* how often they are asked for */
	DELAY_MIN = 100, DELAY_MAX = 3600 * 1000
};

struct top {
	const char *socket;
	const char **ifnames, **netns;	/* end with NULL */
	bool color;
	int64_t delay;			/* ms between two drawings */
	struct kev *kev;
	long long id, lifetimes;	/* of subscribe; of state, 0: none */
	int64_t drawn, asked;		/* when last */
	bool pressed, afresh;		/* a key; the one for all anew */
	struct topmodel model;
	struct topview view;
	const char *why;		/* what to say at the end, or NULL */
};

static const char usage[] =
"usage: kevtop [-hV] [-d TIME] [-i GLOB] [-n NETNS] [-u PATH] [--color=WHEN]\n";

static const char help[] =
"Shows the network on a terminal while it changes: interfaces, addresses,\n"
"routers, conflicts, and what happened last. In it, h tells the keys.\n"
"\n"
"  -i, --interface=GLOB  only these interfaces; repeat for more\n"
"  -n, --netns=NAME      of this network namespace, if kevd watches several,\n"
"                        or of \"all\"; default: kevd's own; repeat for more\n"
"  -d, --delay=TIME      draw no more often than that, by default 1s; 100ms\n"
"                        to 1h\n"
"  -u, --socket=PATH     the socket of kevd\n"
"      --color=WHEN      auto, always or never\n"
"  -h, --help            this text\n"
"  -V, --version         the version\n"
"\n"
"Exit: 0 done, 2 usage or no terminal, 3 no kevd, 4 refused. See kevtop(1).\n";

static const struct option longs[] = {
	{ "color", optional_argument, NULL, OPT_COLOR },
	{ "delay", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "interface", required_argument, NULL, 'i' },
	{ "netns", required_argument, NULL, 'n' },
	{ "socket", required_argument, NULL, 'u' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

/* The functions below return -1 to go on, or the exit status. */

static int
wrong(void)
{
	fputs(usage, stderr);
	fputs("Try 'kevtop --help'.\n", stderr);
	return EXIT_USAGE;
}

static void
add(const char **list, const char *s)
{
	while (*list != NULL)
		list++;
	*list = s;
}

static int
set_color(struct top *t, const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (when == NULL || strcmp(when, "always") == 0)
		t->color = true;
	else if (strcmp(when, "never") == 0)
		t->color = false;
	else if (strcmp(when, "auto") == 0)
		t->color = no == NULL || *no == '\0';
	else {
		say("--color takes auto, always or never, not %s", when);
		return wrong();
	}
	return -1;
}

static int
set_delay(struct top *t, const char *s)
{
	if (duration_parse(s, &t->delay) && t->delay >= DELAY_MIN &&
	    t->delay <= DELAY_MAX)
		return -1;
	say("not a time from 100ms to 1h: %s", s);
	return wrong();
}

static int
option(struct top *t, int c)
{
	switch (c) {
	case 'd':
		return set_delay(t, optarg);
	case 'h':
		printf("%s%s", usage, help);
		return EXIT_OK;
	case 'i':
		add(t->ifnames, optarg);
		return -1;
	case 'n':
		add(t->netns, optarg);
		return -1;
	case 'u':
		t->socket = optarg;
		return -1;
	case 'V':
		tool_version();
		return EXIT_OK;
	case OPT_COLOR:
		return set_color(t, optarg);
	default:
		return wrong();
	}
}

static int
options(struct top *t, int argc, char **argv)
{
	const char **p;
	int c, r = -1;

	t->ifnames = calloc((size_t)argc + 1, sizeof *t->ifnames);
	t->netns = calloc((size_t)argc + 2, sizeof *t->netns);
	if (t->ifnames == NULL || t->netns == NULL)
		return EXIT_UNREACHABLE;
	set_color(t, "auto");
	while (r == -1 && (c = getopt_long(argc, argv, "d:hi:n:u:V", longs,
	    NULL)) != -1)
		r = option(t, c);
	if (r != -1)
		return r;
	if (optind < argc) {
		say("kevtop takes no argument: %s", argv[optind]);
		return wrong();
	}
	/* Without a name it is kevd's own; "all" is no limit. */
	if (t->netns[0] == NULL)
		add(t->netns, "");
	for (p = t->netns; *p != NULL; p++) {
		if (strcmp(*p, "all") == 0)
			t->netns[0] = NULL;
	}
	return -1;
}

static int
subscribe(struct top *t)
{
	struct kev_subscription want = {
		.ifnames = t->ifnames, .netns = t->netns, .snapshot = 1
	};

	t->id = kev_subscribe(t->kev, &want);
	if (t->id > 0)
		return -1;
	say("%s", kev_error(t->kev));
	return tool_status((int)t->id);
}

/* What is to be said about the end is said when the terminal is given back. */
static int
end(struct top *t, const char *why, int status)
{
	t->why = why;
	return status;
}

static int
on_answer(struct top *t, const struct kev_line *line)
{
	const json_t *o = kev_line_json(line);
	long long protocol;

	if (t->lifetimes > 0 && kev_line_reply(line) == t->lifetimes) {
		topmodel_lifetimes(&t->model, json_object_get(o, "interfaces"),
		    tool_now());
		t->lifetimes = 0;
		return -1;
	}
	if (!kev_line_ok(line)) {
		topscreen_end();
		return tool_refused(line);
	}
	if (kev_line_reply(line) == t->id && kev_line_integer(line, "protocol",
	    &protocol) && protocol != 1)
		return end(t, "kevd speaks another version of the protocol",
		    EXIT_REFUSED);
	return -1;
}

static int
on_line(struct top *t, const struct kev_line *line)
{
	if (kev_line_topic(line) == NULL)
		return on_answer(t, line);
	if (topmodel_event(&t->model, kev_line_json(line), tool_now()))
		return -1;
	return end(t, "out of memory", EXIT_UNREACHABLE);
}

static int
on_back(struct top *t, const struct kev_line *line)
{
	bool complete = line == NULL || !json_is_false(json_object_get(
	    kev_line_json(line), "complete"));

	topmodel_back(&t->model, complete);
	t->lifetimes = 0;
	return -1;
}

/* What came; after many lines it is the turn of others. */
static int
receive(struct top *t)
{
	const struct kev_line *line;
	int n, r = -1, found;

	for (n = 0; n < AT_ONCE && r == -1; n++) {
		found = kev_next(t->kev, 0, &line);
		if (found == KEV_NONE || found == -EINTR)
			return -1;
		if (found < 0)
			return end(t, kev_error(t->kev), found == -EMSGSIZE ?
			    EXIT_UNREACHABLE : tool_status(found));
		if (found == KEV_LINE) {
			r = on_line(t, line);
		} else if (found == KEV_BACK) {
			r = on_back(t, line);
		} else {
			topmodel_lost(&t->model);
		}
	}
	return r;
}

/* Lifetimes change without an event: those on the screen are asked for. */
static void
ask_lifetimes(struct top *t, int64_t now)
{
	json_t *globs, *netns, *members;
	const char **p;
	char *text;

	if (t->lifetimes > 0 || t->model.feed != TOP_LIVE ||
	    now - t->asked < LIFETIMES_MS)
		return;
	globs = topview_running(&t->view);
	if (globs == NULL)
		return;
	netns = json_array();
	for (p = t->netns; *p != NULL; p++)
		json_array_append_new(netns, json_string(*p));
	members = json_pack("{s:o,s:o}", "ifname", globs, "netns", netns);
	text = json_dumps(members, JSON_COMPACT);
	if (text != NULL)
		t->lifetimes = kev_request(t->kev, "state", text);
	t->asked = now;
	free(text);
	json_decref(members);
}

static int
draw(struct top *t, int64_t now)
{
	if (!topview_update(&t->view, &t->model, (size_t)topscreen_lines(),
	    now))
		return end(t, "out of memory", EXIT_UNREACHABLE);
	topscreen_draw(&t->view, &t->model, t->afresh);
	t->drawn = now;
	t->pressed = t->afresh = false;
	ask_lifetimes(t, now);
	return -1;
}

static void
read_keys(struct top *t)
{
	int key;

	while ((key = topscreen_key()) != -1) {
		t->pressed = true;
		t->afresh = t->afresh || key == 'L' - 64;
		topview_key(&t->view, key);
	}
}

/* How long until something must be drawn, or kevd be looked for. */
static int
patience(const struct top *t, int64_t now)
{
	int64_t left = t->drawn + t->delay - now;
	int timeout = kev_timeout(t->kev);

	if (left < 0)
		left = 0;
	if (t->view.paused)
		return timeout;
	return timeout != -1 && timeout < left ? timeout : (int)left;
}

static int
sleep_until(struct top *t)
{
	struct pollfd p[3] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = kev_fd(t->kev), .events = kev_events(t->kev) },
		{ .fd = signals_fd(), .events = POLLIN }
	};

	if (poll(p, 3, patience(t, tool_now())) <= 0)
		return -1;
	if (p[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		return end(t, "the terminal is gone", EXIT_NOTHING);
	return -1;
}

static int
loop(struct top *t)
{
	int64_t now;
	int r = -1;

	t->pressed = true;
	while (r == -1 && !t->view.quit && signals_caught() == 0) {
		r = receive(t);
		read_keys(t);
		now = tool_now();
		if (r == -1 && (t->pressed || (!t->view.paused &&
		    now - t->drawn >= t->delay)))
			r = draw(t, now);
		if (r == -1)
			r = sleep_until(t);
	}
	return r == -1 ? EXIT_OK : r;
}

static int
work(struct top *t)
{
	int r;

	if (!topscreen_check())
		return EXIT_USAGE;
	t->kev = tool_open(t->socket, KEV_RECONNECT, &r);
	if (t->kev == NULL)
		return r;
	r = subscribe(t);
	if (r != -1)
		return r;
	if (!signals_keep()) {
		say("cannot make a pipe: %s", strerror(errno));
		return EXIT_UNREACHABLE;
	}
	if (!topscreen_begin(t->color)) {
		say("cannot use this terminal");
		return EXIT_USAGE;
	}
	topmodel_begin(&t->model);
	topview_init(&t->view, kev_path(t->kev));
	r = loop(t);
	topscreen_end();
	topview_fini(&t->view);
	if (t->why != NULL)
		say("%s", t->why);
	return r;
}

int
main(int argc, char **argv)
{
	struct top t = { .delay = 1000 };
	int r;

	tool_begin("kevtop");
	topmodel_init(&t.model, tool_now());
	r = options(&t, argc, argv);
	if (r == -1)
		r = work(&t);
	topmodel_fini(&t.model);
	kev_free(t.kev);
	free(t.ifnames);
	free(t.netns);
	r = tool_end(r, EXIT_NOTHING);
	if (signals_caught() != 0)
		signals_die(signals_caught());
	return r;
}

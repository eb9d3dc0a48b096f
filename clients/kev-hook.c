/*
 * kev-hook: runs scripts out of folders, one for each topic. Waits for events of
 * kevd; which scripts those are is for hooks.c to know.
 */
#include "config.h"

#include "command.h"
#include "cursorfile.h"
#include "duration.h"
#include "hooks.h"
#include "kev.h"
#include "signals.h"
#include "tool.h"
#include "topics.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { OPT_CURSOR_FILE = 256 };
enum { TIMEOUT_MS = 60 * 1000 };

struct hook {
	const char *folder;
	const char *socket;		/* NULL: the default */
	const char *cursor_file;	/* NULL: none */
	const char **netns;		/* ends with NULL; empty: all */
	int64_t timeout;		/* ms for a script, 0: without end */
	bool snapshot;
	bool list;
	struct hooks hooks;
	struct cursorfile cursor;
	struct kev *kev;
	long long id;			/* of our subscribe */
	const struct kev_line *event;	/* for the scripts that run */
};

static const char usage[] =
"usage: kev-hook [options]\n";

static const char help[] =
"Runs scripts for the network events of the kernel: those in ipv6/duplicate.d,\n"
"ipv6.d and all.d for ipv6/duplicate, and so on.\n"
"\n"
"  -d, --directory=DIR    where these are; default: " KEV_HOOKS_PATH "\n"
"  -s, --snapshot         what holds now first, then what happens\n"
"      --cursor-file=FILE keep in FILE what was seen, and go on after it\n"
"  -t, --timeout=TIME     end a script that takes longer; default: 1m, 0: never\n"
"  -n, --netns=NAME       of this network namespace, if kevd watches several,\n"
"                         or of \"all\"; default: kevd's own; repeat for more\n"
"  -l, --list             show the scripts for each topic, run none\n"
"  -u, --socket=PATH      the socket of kevd\n"
"  -h, --help             this text\n"
"  -V, --version          the version\n"
"\n"
"Exit: 1 cannot write FILE, 2 usage, 3 no kevd, 4 refused. See kev-hook(8).\n";

static const struct option longs[] = {
	{ "cursor-file", required_argument, NULL, OPT_CURSOR_FILE },
	{ "directory", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "list", no_argument, NULL, 'l' },
	{ "netns", required_argument, NULL, 'n' },
	{ "snapshot", no_argument, NULL, 's' },
	{ "socket", required_argument, NULL, 'u' },
	{ "timeout", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

/* The functions below return -1 to go on, or the exit status. */

static int
wrong(void)
{
	fputs(usage, stderr);
	fputs("Try 'kev-hook --help'.\n", stderr);
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
option(struct hook *h, int c)
{
	switch (c) {
	case 'd':
		h->folder = optarg;
		return -1;
	case 'h':
		printf("%s%s", usage, help);
		return EXIT_OK;
	case 'l':
		h->list = true;
		return -1;
	case 'n':
		add(h->netns, optarg);
		return -1;
	case 's':
		h->snapshot = true;
		return -1;
	case 't':
		if (duration_parse(optarg, &h->timeout))
			return -1;
		say("not a time (10, 500ms, 2m, 1h): %s", optarg);
		return wrong();
	case 'u':
		h->socket = optarg;
		return -1;
	case 'V':
		tool_version();
		return EXIT_OK;
	case OPT_CURSOR_FILE:
		h->cursor_file = optarg;
		return -1;
	default:
		return wrong();
	}
}

static int
parse(struct hook *h, int argc, char **argv)
{
	const char **p;
	int c, r = -1;

	h->netns = calloc((size_t)argc + 2, sizeof *h->netns);
	if (h->netns == NULL)
		return EXIT_UNREACHABLE;
	while (r == -1 && (c = getopt_long(argc, argv, "d:hln:st:u:V", longs,
	    NULL)) != -1)
		r = option(h, c);
	if (r == -1 && optind < argc) {
		say("what is %s?", argv[optind]);
		r = wrong();
	}
	if (h->netns[0] == NULL)
		add(h->netns, "");
	for (p = h->netns; *p != NULL; p++) {
		if (strcmp(*p, "all") == 0)
			h->netns[0] = NULL;
	}
	return r;
}

static bool
print_script(void *arg, const char *path)
{
	printf("%s %s\n", kev_topics[*(const int *)arg].name, path);
	return true;
}

static int
list(struct hook *h)
{
	int t;

	for (t = 0; t < KEV_TOPICS; t++)
		hooks_each(&h->hooks, (enum kev_topic)t, print_script, &t);
	return EXIT_OK;
}

static void
say_end(const char *path, struct command_end end)
{
	switch (end.how) {
	case COMMAND_EXITED:
		if (end.value != 0)
			say("%s exited with status %d", path, end.value);
		break;
	case COMMAND_KILLED:
		say("%s was killed by signal %d", path, end.value);
		break;
	case COMMAND_SLOW:
		say("%s took too long and was ended", path);
		break;
	case COMMAND_FAILED:
		say("cannot run %s: %s", path, strerror(end.value));
		break;
	case COMMAND_TIMEOUT:
		say("%s was ended", path);
		break;
	}
}

/* False when we are to end. */
static bool
run_script(void *arg, const char *path)
{
	struct hook *h = arg;
	char *argv[] = { strdup(path), NULL };

	if (argv[0] == NULL) {
		say("cannot run %s: out of memory", path);
		return true;
	}
	say_end(path, command_run_tidy(argv, h->event, h->timeout));
	free(argv[0]);
	return signals_caught() == 0;
}

static void
say_gap(const struct kev_line *line)
{
	const char *cause = kev_line_string(line, "data.cause");

	say("events were lost: %s", cause == NULL ? "no cause given" : cause);
}

/* All scripts of an event have run. */
static void
handed_on(struct hook *h)
{
	cursorfile_set(&h->cursor, kev_cursor(h->kev));
}

static int
on_event(struct hook *h, const struct kev_line *line)
{
	int topic = kev_topic_find(kev_line_topic(line));

	if (topic == KEV_T_KEV_GAP)
		say_gap(line);
	h->event = line;
	if (topic != -1)
		hooks_each(&h->hooks, (enum kev_topic)topic, run_script, h);
	if (signals_caught() == 0)
		handed_on(h);
	return -1;
}

/* kevd agrees to the subscription, the FIRST time or again. */
static int
on_subscribed(struct hook *h, const struct kev_line *line, bool first)
{
	long long protocol;

	if (kev_line_integer(line, "protocol", &protocol) && protocol != 1) {
		say("kevd speaks version %lld of the protocol, not 1",
		    protocol);
		return EXIT_REFUSED;
	}
	if (json_is_false(json_object_get(kev_line_json(line), "complete")))
		say("events were lost: kevd has not kept them; what holds now "
		    "follows");
	if (!first || h->cursor.name == NULL)
		return -1;
	/* Also what was in it: now somebody hears of it when that fails. */
	handed_on(h);
	return cursorfile_save(&h->cursor) ? -1 : EXIT_NOTHING;
}

static int
on_line(struct hook *h, const struct kev_line *line)
{
	if (kev_line_topic(line) != NULL)
		return on_event(h, line);
	if (!kev_line_ok(line))
		return tool_refused(line);
	return kev_line_reply(line) == h->id ? on_subscribed(h, line, true) :
	    -1;
}

static int
sleep_until(const struct hook *h)
{
	struct pollfd p[2] = {
		{ .fd = kev_fd(h->kev), .events = kev_events(h->kev) },
		{ .fd = signals_fd(), .events = POLLIN }
	};
	int timeout = kev_timeout(h->kev), due = cursorfile_due(&h->cursor);

	if (timeout == -1 || (due != -1 && due < timeout))
		timeout = due;
	if (poll(p, 2, timeout) > 0 && p[1].revents != 0)
		signals_drain();
	return -1;
}

static int
turn(struct hook *h)
{
	const struct kev_line *line;
	int r = kev_next(h->kev, 0, &line);

	switch (r) {
	case KEV_LINE:
		return on_line(h, line);
	case KEV_LOST:
		say("%s, waiting for it", kev_error(h->kev));
		return -1;
	case KEV_BACK:
		say("kevd is back");
		return line == NULL ? -1 : on_subscribed(h, line, false);
	case KEV_NONE:
		return sleep_until(h);
	case -EINTR:
		return -1;
	default:
		say("%s", kev_error(h->kev));
		return r == -EMSGSIZE ? EXIT_UNREACHABLE : tool_status(r);
	}
}

static int
loop(struct hook *h)
{
	int r = -1;

	while (r == -1 && signals_caught() == 0) {
		if (cursorfile_due(&h->cursor) == 0)
			cursorfile_save(&h->cursor);
		r = turn(h);
	}
	return r;
}

static int
subscribe(struct hook *h)
{
	static const char *const everything[] = { "**", NULL };
	const struct kev_subscription want = {
		.topics = everything,
		.netns = h->netns,
		.after = h->cursor.text[0] != '\0' ? h->cursor.text : NULL,
		.snapshot = h->snapshot && h->cursor.text[0] == '\0'
	};

	h->id = kev_subscribe(h->kev, &want);
	if (h->id > 0)
		return -1;
	say("%s", kev_error(h->kev));
	return tool_status((int)h->id);
}

static int
work(struct hook *h)
{
	int r = h->cursor_file == NULL ? -1 :
	    cursorfile_open(&h->cursor, h->cursor_file);

	if (r != -1)
		return r;
	if (!signals_keep()) {
		say("cannot make a pipe: %s", strerror(errno));
		return EXIT_UNREACHABLE;
	}
	h->kev = tool_open(h->socket, KEV_RECONNECT, &r);
	if (h->kev == NULL)
		return r;
	/* So that a script that asks kevd asks the same one. */
	setenv("KEV_SOCKET", kev_path(h->kev), 1);
	r = subscribe(h);
	if (r == -1)
		r = loop(h);
	if (h->cursor.dirty)
		cursorfile_save(&h->cursor);
	return r;
}

int
main(int argc, char **argv)
{
	struct hook h = { .folder = KEV_HOOKS_PATH, .timeout = TIMEOUT_MS };
	int r;

	tool_begin("kev-hook");
	r = parse(&h, argc, argv);
	if (r == -1)
		r = hooks_open(&h.hooks, h.folder);
	if (r == -1)
		r = h.list ? list(&h) : work(&h);
	cursorfile_fini(&h.cursor);
	hooks_fini(&h.hooks);
	kev_free(h.kev);
	free(h.netns);
	r = tool_end(r, EXIT_NOTHING);
	if (signals_caught() != 0)
		signals_die(signals_caught());
	return r;
}

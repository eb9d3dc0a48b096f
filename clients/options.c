#include "config.h"

#include "buf.h"
#include "duration.h"
#include "event.h"
#include "moment.h"
#include "options.h"
#include "template.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	OPT_COLOR = 256, OPT_STRICT, OPT_NO_RECONNECT, OPT_AFTER, OPT_SINCE,
	OPT_CURSOR_FILE, OPT_EXEC_TIMEOUT
};

/* "-": operands come in order, as option 1, between the options. */
static const char shorts[] = "-c:d:F:hi:jlm:n:o:qSst:u:VWx:";

static const struct option longs[] = {
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "color", optional_argument, NULL, OPT_COLOR },
	{ "count", required_argument, NULL, 'c' },
	{ "cursor-file", required_argument, NULL, OPT_CURSOR_FILE },
	{ "debounce", required_argument, NULL, 'd' },
	{ "exec", required_argument, NULL, 'x' },
	{ "exec-timeout", required_argument, NULL, OPT_EXEC_TIMEOUT },
	{ "format", required_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'h' },
	{ "interface", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "list", no_argument, NULL, 'l' },
	{ "match", required_argument, NULL, 'm' },
	{ "netns", required_argument, NULL, 'n' },
	{ "no-reconnect", no_argument, NULL, OPT_NO_RECONNECT },
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "snapshot", no_argument, NULL, 's' },
	{ "snapshot-only", no_argument, NULL, 'S' },
	{ "socket", required_argument, NULL, 'u' },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "timeout", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ "wait", no_argument, NULL, 'W' },
	{ NULL, 0, NULL, 0 }
};

static const char usage[] =
"usage: kevsub [options] [PATTERN...] [-x COMMAND [ARG...]]\n";

static const char help[] =
"Prints the network events of the kernel that fit a PATTERN, by default all.\n"
"\n"
"  -i, --interface=GLOB   only of these interfaces; repeat for more\n"
"  -m, --match=KEY=GLOB   only with such a member of data; repeat to narrow\n"
"      --match=KEY!=GLOB  only without\n"
"  -n, --netns=NAME       of this network namespace, if kevd watches several,\n"
"                         or of \"all\"; default: kevd's own; repeat for more\n"
"  -s, --snapshot         what holds now first, then what happens\n"
"  -S, --snapshot-only    what holds now, and exit\n"
"  -W, --wait             until it holds or happens: -s -c 1\n"
"  -c, --count=N          exit after N events\n"
"  -t, --timeout=TIME     give up after TIME: 10, 500ms, 2m, 1h\n"
"      --after=ID         first what happened after the event ID\n"
"      --since=TIME       first what happened since TIME: 10m, 2h ago, today,\n"
"                         05:30, 2026-11-23 05:30; with -S that alone\n"
"      --cursor-file=FILE keep in FILE what was seen, and go on after it\n"
"  -o, --output=FORMAT    json, text, env, json-seq or cloudevents; default:\n"
"                         text on a terminal, else json\n"
"  -j, --json             the same as -o json\n"
"  -F, --format=TEMPLATE  %t topic, %T time, %i interface, %j all,\n"
"                         %{data.address} any member\n"
"  -d, --debounce=TIME    of each interface, address and so on only the last event,\n"
"                         after that time without another\n"
"  -x, --exec COMMAND...  run COMMAND for each event; takes all that follows\n"
"      --exec-timeout=TIME  end a COMMAND that takes longer\n"
"      --strict           exit when events were lost\n"
"      --no-reconnect     exit when kevd goes\n"
"  -l, --list             list the topics\n"
"  -u, --socket=PATH      the socket of kevd\n"
"  -q, --quiet            only errors on stderr\n"
"      --color=WHEN       auto, always or never\n"
"  -h, --help             this text\n"
"  -V, --version          the version\n"
"\n"
"Exit: 0 done, 1 nothing there (-S), 2 usage, 3 no kevd, 4 refused,\n"
"5 events lost (--strict), 124 timeout, 126 and 127 COMMAND cannot run.\n"
"See kevsub(1).\n";

static void
add(const char **list, const char *s)
{
	while (*list != NULL)
		list++;
	*list = s;
}

static int
wrong(void)
{
	fputs(usage, stderr);
	fputs("Try 'kevsub --help'.\n", stderr);
	return EXIT_USAGE;
}

static int
set_count(struct options *o, const char *s)
{
	char *end;

	errno = 0;
	o->count = strtoll(s, &end, 10);
	if (errno == 0 && *end == '\0' && end != s && o->count > 0)
		return -1;
	say("not a count of events: %s", s);
	return wrong();
}

static int
set_time(int64_t *ms, const char *s)
{
	if (duration_parse(s, ms))
		return -1;
	say("not a time (10, 500ms, 2m, 1h): %s", s);
	return wrong();
}

static int
set_since(struct options *o, const char *s)
{
	struct buf b = BUF_INIT;
	struct timespec t;
	int64_t now, us;

	clock_gettime(CLOCK_REALTIME, &t);
	now = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	if (!moment_parse(s, now, &us)) {
		say("not a time (10m, 2h ago, today, 05:30, "
		    "2026-11-23 05:30, @1795411835): %s", s);
		return wrong();
	}
	if (us > now) {
		say("that is still to come: %s", s);
		return wrong();
	}
	kev_event_put_time(&b, us < 0 ? 0 : (uint64_t)us);
	buf_putc(&b, '\0');
	snprintf(o->since, sizeof o->since, "%s", b.failed ? "0" : b.data);
	buf_fini(&b);
	return -1;
}

static int
set_output(struct options *o, const char *s)
{
	static const char *const names[] = {
		[FORMAT_JSON] = "json", [FORMAT_TEXT] = "text",
		[FORMAT_ENV] = "env", [FORMAT_JSON_SEQ] = "json-seq",
		[FORMAT_CLOUDEVENTS] = "cloudevents",
	};
	size_t i;

	o->chosen = true;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(s, names[i]) != 0)
			continue;
		o->format = (enum format)i;
		return -1;
	}
	say("not an output format (json, text, env, json-seq, cloudevents): "
	    "%s", s);
	return wrong();
}

static int
set_template(struct options *o, const char *s)
{
	char why[80];

	o->chosen = true;
	o->format = FORMAT_TEMPLATE;
	o->template = s;
	if (template_check(s, why, sizeof why) == NULL)
		return -1;
	say("%s", why);
	return wrong();
}

static int
set_color(struct options *o, const char *when)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (when == NULL || strcmp(when, "always") == 0)
		o->color = true;
	else if (strcmp(when, "never") == 0)
		o->color = false;
	else if (strcmp(when, "auto") == 0)
		o->color = isatty(STDOUT_FILENO) && (no == NULL || *no == '\0')
		    && term != NULL && strcmp(term, "dumb") != 0;
	else {
		say("--color takes auto, always or never, not %s", when);
		return wrong();
	}
	return -1;
}

static int
add_match(struct options *o, const char *s)
{
	size_t n = strcspn(s, "=");

	if (s[n] == '\0' || n == 0 || (n == 1 && s[0] == '!')) {
		say("not a match (KEY=GLOB or KEY!=GLOB): %s", s);
		return wrong();
	}
	add(o->matches, s);
	return -1;
}

/* COMMAND and all that follows it. */
static int
set_command(struct options *o, char *first, int argc, char **argv)
{
	int n = 0;

	o->command = calloc((size_t)(argc - optind) + 2, sizeof *o->command);
	if (o->command == NULL)
		return EXIT_CANNOT_RUN;
	o->command[n++] = first;
	while (optind < argc)
		o->command[n++] = argv[optind++];
	return -1;
}

/* One option. -1: go on. */
static int
option(struct options *o, int c)
{
	switch (c) {
	case 1:
		add(o->patterns, optarg);
		return -1;
	case 'c':
		return set_count(o, optarg);
	case 'd':
		return set_time(&o->debounce, optarg);
	case 'F':
		return set_template(o, optarg);
	case 'h':
		printf("%s%s", usage, help);
		return EXIT_OK;
	case 'i':
		add(o->ifnames, optarg);
		return -1;
	case 'j':
		return set_output(o, "json");
	case 'l':
		o->list = true;
		return -1;
	case 'm':
		return add_match(o, optarg);
	case 'n':
		add(o->netns, optarg);
		return -1;
	case 'o':
		return set_output(o, optarg);
	case 'q':
		o->quiet = true;
		return -1;
	case 'S':
		o->only = true;
		return -1;
	case 's':
		o->snapshot = true;
		return -1;
	case 't':
		return set_time(&o->timeout, optarg);
	case 'u':
		o->socket = optarg;
		return -1;
	case 'V':
		tool_version();
		return EXIT_OK;
	case 'W':
		o->wait = true;
		return -1;
	case OPT_AFTER:
		o->after = optarg;
		return -1;
	case OPT_CURSOR_FILE:
		o->cursor_file = optarg;
		return -1;
	case OPT_EXEC_TIMEOUT:
		return set_time(&o->exec_timeout, optarg);
	case OPT_SINCE:
		return set_since(o, optarg);
	case OPT_COLOR:
		return set_color(o, optarg);
	case OPT_NO_RECONNECT:
		o->stay = false;
		return -1;
	case OPT_STRICT:
		o->strict = true;
		return -1;
	default:
		return wrong();
	}
}

/* Without a name it is kevd's own; with "all" among them there is no limit. */
static void
settle_netns(struct options *o)
{
	const char **p;

	if (o->netns[0] == NULL)
		add(o->netns, "");
	for (p = o->netns; *p != NULL; p++) {
		if (strcmp(*p, "all") == 0)
			o->netns[0] = NULL;
	}
}

/* What belongs together and what does not. */
static int
settle(struct options *o)
{
	const char *clash = NULL;

	if (o->only && o->after != NULL)
		clash = "-S and --after";
	else if (o->only && o->cursor_file != NULL)
		clash = "-S and --cursor-file";
	else if (o->only && o->wait)
		clash = "-S and -W";
	else if (o->only && o->snapshot && o->since[0] != '\0')
		clash = "-S --since and -s";
	else if (o->wait && o->cursor_file != NULL)
		clash = "-W and --cursor-file";
	else if (o->after != NULL && o->since[0] != '\0')
		clash = "--after and --since";
	else if (o->command != NULL && o->chosen && o->format != FORMAT_JSON)
		clash = "-x and -o or -F";
	else if (o->command != NULL && o->list)
		clash = "-x and -l";
	if (o->exec_timeout > 0 && o->command == NULL) {
		say("--exec-timeout is for -x");
		return wrong();
	}
	if (clash != NULL) {
		say("%s do not go together", clash);
		return wrong();
	}
	if (o->wait && o->count == 0)
		o->count = 1;
	if (o->wait || (o->only && o->since[0] == '\0'))
		o->snapshot = true;
	if (o->patterns[0] == NULL)
		add(o->patterns, "**");
	settle_netns(o);
	if (!o->chosen)
		o->format = isatty(STDOUT_FILENO) ? FORMAT_TEXT : FORMAT_JSON;
	return -1;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	size_t n = (size_t)argc + 2;
	int c, r;

	*o = (struct options){ .timeout = -1, .stay = true };
	o->patterns = calloc(n, sizeof *o->patterns);
	o->ifnames = calloc(n, sizeof *o->ifnames);
	o->netns = calloc(n, sizeof *o->netns);
	o->matches = calloc(n, sizeof *o->matches);
	if (o->patterns == NULL || o->ifnames == NULL || o->netns == NULL ||
	    o->matches == NULL)
		return EXIT_UNREACHABLE;
	set_color(o, "auto");
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		r = c == 'x' ? set_command(o, optarg, argc, argv) :
		    option(o, c);
		if (r != -1)
			return r;
		if (c == 'x')
			break;
	}
	for (; optind < argc; optind++)
		add(o->patterns, argv[optind]);
	return settle(o);
}

void
options_fini(struct options *o)
{
	free(o->patterns);
	free(o->ifnames);
	free(o->netns);
	free(o->matches);
	free(o->command);
}

/*
 * kevctl: ask kevd, and put events into it. One request, one answer.
 */
#include "config.h"

#include "kev.h"
#include "buf.h"
#include "object.h"
#include "prometheus.h"
#include "text.h"
#include "tool.h"
#include "topiclist.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { OPT_PROMETHEUS = 256 };
enum { ANSWER_MS = 10 * 1000, STDIN_MAX = 64 * 1024 };

struct ctl {
	const char *socket, *ifname;
	const char *netns;	/* of state; NULL: all */
	char **args;		/* command and operands, ends with NULL */
	bool text;		/* for people */
	bool prometheus;	/* of stats */
	bool terminal;
};

static const char usage[] =
"usage: kevctl [-u PATH] [-o json|text] COMMAND [ARG...]\n";

static const char help[] =
"Asks kevd, the broker of the kernel's network events.\n"
"\n"
"  state [GLOB...]   the interfaces and what they have, one a line\n"
"  topics            the topics of this system\n"
"  stats             counters; --prometheus: as Prometheus reads them\n"
"  ping              whether kevd is there, and its version\n"
"  inject TOPIC [-i IFNAME] [KEY=VALUE...]\n"
"                    publish an event; -: data as JSON on standard input\n"
"\n"
"  -u, --socket=PATH       the socket of kevd\n"
"  -i, --interface=IFNAME  of an injected event\n"
"  -n, --netns=NAME        state of this network namespace only, or of \"all\"\n"
"  -o, --output=FORMAT     json or text; default: text on a terminal, but\n"
"                          for state\n"
"  -j, --json              the same as -o json\n"
"  -h, --help              this text\n"
"  -V, --version           the version\n"
"\n"
"Exit: 0 done, 2 usage, 3 no kevd, 4 refused. See kevctl(1).\n";

static const struct option longs[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "interface", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "netns", required_argument, NULL, 'n' },
	{ "output", required_argument, NULL, 'o' },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "socket", required_argument, NULL, 'u' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static int
wrong(void)
{
	fputs(usage, stderr);
	fputs("Try 'kevctl --help'.\n", stderr);
	return EXIT_USAGE;
}

static int
out_of_memory(void)
{
	say("out of memory");
	return EXIT_UNREACHABLE;
}

/* One request and the answer to it. *LINE is lent from *KEV. */
static int
ask(const struct ctl *c, const char *op, json_t *members, struct kev **kev,
    const struct kev_line **line)
{
	char *text = members == NULL ? NULL :
	    json_dumps(members, JSON_COMPACT);
	int r;

	*kev = tool_open(c->socket, 0, &r);
	if (*kev == NULL) {
		free(text);
		return r;
	}
	r = tool_ask(*kev, op, text, ANSWER_MS, line);
	free(text);
	if (r == -ETIMEDOUT) {
		say("kevd at %s does not answer", kev_path(*kev));
		return EXIT_UNREACHABLE;
	}
	if (r < 0) {
		say("%s", kev_error(*kev));
		return tool_status(r);
	}
	return kev_line_ok(*line) ? EXIT_OK : tool_refused(*line);
}

/* A value as one line of JSON. */
static void
print_json(const struct ctl *c, const json_t *v)
{
	struct buf b = BUF_INIT;
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		return;
	if (c->terminal)
		text_json(&b, text, strlen(text));
	else
		buf_puts(&b, text);
	buf_putc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
	buf_fini(&b);
	free(text);
}

/* Every value in a line of its own, after the path to it. */
static void
print_flat(const char *path, const json_t *v)
{
	struct buf b = BUF_INIT;
	char number[24];
	const char *key;
	json_t *inner;
	size_t i;

	if (!json_is_object(v) && !json_is_array(v)) {
		text_puts(&b, path);
		buf_putc(&b, ' ');
		text_value(&b, v, ',', true);
		buf_putc(&b, '\n');
		fwrite(b.data, 1, b.len, stdout);
	}
	json_object_foreach((json_t *)v, key, inner) {
		buf_clear(&b);
		if (*path != '\0') {
			buf_puts(&b, path);
			buf_putc(&b, '.');
		}
		buf_puts(&b, key);
		buf_putc(&b, '\0');
		print_flat(b.failed ? key : b.data, inner);
	}
	json_array_foreach((json_t *)v, i, inner) {
		snprintf(number, sizeof number, "%zu", i);
		buf_clear(&b);
		buf_puts(&b, path);
		buf_putc(&b, '.');
		buf_puts(&b, number);
		buf_putc(&b, '\0');
		print_flat(b.failed ? number : b.data, inner);
	}
	buf_fini(&b);
}

/* stats and ping: the answer is what is printed. */
static int
do_answer(const struct ctl *c)
{
	const struct kev_line *line;
	struct kev *k;
	json_t *o;
	int r;

	if (c->args[1] != NULL) {
		say("%s takes no argument: %s", c->args[0], c->args[1]);
		return wrong();
	}
	r = ask(c, c->args[0], NULL, &k, &line);
	if (r == EXIT_OK) {
		o = json_copy((json_t *)kev_line_json(line));
		json_object_del(o, "reply");
		json_object_del(o, "ok");
		if (c->prometheus)
			prometheus_print(o);
		else if (c->text)
			print_flat("", o);
		else
			print_json(c, o);
		json_decref(o);
	}
	kev_free(k);
	return r;
}

static int
do_state(const struct ctl *c)
{
	json_t *globs = json_array(), *members, *interface;
	const struct kev_line *line;
	struct kev *k;
	char **arg;
	size_t i;
	int r;

	for (arg = c->args + 1; *arg != NULL; arg++) {
		if (json_array_append_new(globs, json_string(*arg)) == 0)
			continue;
		say("not UTF-8: %s", *arg);
		json_decref(globs);
		return wrong();
	}
	members = json_pack("{s:o, s:[s*]}", "ifname", globs, "netns",
	    c->netns);
	if (members == NULL) {
		say("not UTF-8: %s", c->netns);
		return wrong();
	}
	r = ask(c, "state", members, &k, &line);
	json_decref(members);
	if (r == EXIT_OK) {
		json_array_foreach(json_object_get(kev_line_json(line),
		    "interfaces"), i, interface)
			print_json(c, interface);
	}
	kev_free(k);
	return r;
}

static int
do_topics(const struct ctl *c)
{
	const struct kev_line *line;
	struct kev *k;
	json_t *topic;
	size_t i;
	int r;

	if (c->args[1] != NULL) {
		say("topics takes no argument: %s", c->args[1]);
		return wrong();
	}
	r = ask(c, "topics", NULL, &k, &line);
	if (r == EXIT_OK) {
		json_array_foreach(json_object_get(kev_line_json(line),
		    "topics"), i, topic) {
			if (c->text)
				topiclist_line(topic);
			else
				print_json(c, topic);
		}
	}
	kev_free(k);
	return r;
}

/* "a,b" as an array of strings. */
static json_t *
value_list(const char *text)
{
	json_t *a = json_array();
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, ",");
		if (json_array_append_new(a, json_stringn(text, n)) != 0) {
			json_decref(a);
			return NULL;
		}
		text += n + (text[n] == ',');
	}
	return a;
}

/* TEXT as what the member KEY is; NULL and WANT when it cannot be. */
static json_t *
value(const char *key, const char *text, const char **want)
{
	int field = kev_field_find(key);
	char *end;
	long long n;

	*want = "UTF-8";
	switch (field == -1 ? KT_STR : kev_field_type((enum kev_field)field)) {
	case KT_U32:
	case KT_I32:
	case KT_U64:
		*want = "a whole number";
		errno = 0;
		n = strtoll(text, &end, 10);
		return errno != 0 || *end != '\0' || end == text ? NULL :
		    json_integer(n);
	case KT_BOOL:
		*want = "true or false";
		return strcmp(text, "true") == 0 ? json_true() :
		    strcmp(text, "false") == 0 ? json_false() : NULL;
	case KT_NAMES:
	case KT_FLAGS:
	case KT_FAMILIES:
		return value_list(text);
	default:
		return json_string(text);
	}
}

/* KEY=VALUE... as an object, or NULL after saying why not. */
static json_t *
data_from_args(char **arg)
{
	json_t *data = json_object(), *v;
	const char *want;
	char *equals;

	for (; *arg != NULL; arg++) {
		equals = strchr(*arg, '=');
		if (equals == NULL || equals == *arg) {
			say("not KEY=VALUE: %s", *arg);
			break;
		}
		*equals = '\0';
		v = value(*arg, equals + 1, &want);
		if (v == NULL) {
			say("%s is %s, not %s", *arg, want, equals + 1);
			break;
		}
		if (json_object_set_new(data, *arg, v) != 0) {
			say("not UTF-8: %s", *arg);
			break;
		}
	}
	if (*arg == NULL)
		return data;
	json_decref(data);
	return NULL;
}

static json_t *
data_from_stdin(void)
{
	json_error_t e;
	json_t *data;
	char *text = malloc(STDIN_MAX + 1);
	size_t n;

	if (text == NULL) {
		out_of_memory();
		return NULL;
	}
	n = fread(text, 1, STDIN_MAX + 1, stdin);
	if (n > STDIN_MAX) {
		say("more than %d bytes of data", STDIN_MAX);
		free(text);
		return NULL;
	}
	data = json_loadb(text, n, 0, &e);
	free(text);
	if (json_is_object(data))
		return data;
	if (data == NULL)
		say("data is not JSON: line %d: %s", e.line, e.text);
	else
		say("data is not a JSON object");
	json_decref(data);
	return NULL;
}

static int
do_inject(const struct ctl *c)
{
	const struct kev_line *line;
	struct kev *k;
	json_t *data, *members;
	char **rest;
	int r;

	if (c->args[1] == NULL) {
		say("inject which topic?");
		return wrong();
	}
	rest = c->args + 2;
	if (rest[0] != NULL && strcmp(rest[0], "-") == 0 && rest[1] == NULL)
		data = data_from_stdin();
	else
		data = data_from_args(rest);
	if (data == NULL)
		return wrong();
	members = json_pack("{s:s, s:s*, s:o}", "topic", c->args[1],
	    "ifname", c->ifname, "data", data);
	if (members == NULL) {
		say("topic and interface must be UTF-8");
		return wrong();
	}
	r = ask(c, "inject", members, &k, &line);
	json_decref(members);
	kev_free(k);
	return r;
}

static const struct {
	const char *name;
	int (*run)(const struct ctl *);
	bool people;		/* text on a terminal */
} commands[] = {
	{ "state", do_state, false },
	{ "topics", do_topics, true },
	{ "stats", do_answer, true },
	{ "ping", do_answer, true },
	{ "inject", do_inject, false },
};

/* -1: go on, else the exit status. */
static int
option(struct ctl *c, int opt, int *format)
{
	char **end;

	switch (opt) {
	case 1:
		for (end = c->args; *end != NULL; end++)
			continue;
		*end = optarg;
		return -1;
	case 'h':
		printf("%s%s", usage, help);
		return EXIT_OK;
	case 'i':
		c->ifname = optarg;
		return -1;
	case 'j':
		*format = 'j';
		return -1;
	case 'n':
		/* As for kevsub. */
		c->netns = strcmp(optarg, "all") == 0 ? "*" : optarg;
		return -1;
	case 'o':
		*format = strcmp(optarg, "json") == 0 ? 'j' :
		    strcmp(optarg, "text") == 0 ? 't' : 0;
		if (*format != 0)
			return -1;
		say("not an output format (json, text): %s", optarg);
		return wrong();
	case OPT_PROMETHEUS:
		c->prometheus = true;
		return -1;
	case 'u':
		c->socket = optarg;
		return -1;
	case 'V':
		tool_version();
		return EXIT_OK;
	default:
		return wrong();
	}
}

static int
command(struct ctl *c, int format)
{
	size_t i;

	if (c->args[0] == NULL) {
		say("what to do?");
		return wrong();
	}
	for (i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(c->args[0], commands[i].name) != 0)
			continue;
		if (c->ifname != NULL && commands[i].run != do_inject) {
			say("-i belongs to inject");
			return wrong();
		}
		if (c->netns != NULL && commands[i].run != do_state) {
			say("-n belongs to state");
			return wrong();
		}
		if (c->prometheus && strcmp(c->args[0], "stats") != 0) {
			say("--prometheus belongs to stats");
			return wrong();
		}
		c->text = format == 't' || (format == 0 &&
		    commands[i].people && c->terminal);
		return commands[i].run(c);
	}
	say("no such command: %s", c->args[0]);
	return wrong();
}

int
main(int argc, char **argv)
{
	struct ctl c = { .terminal = isatty(STDOUT_FILENO) };
	int opt, format = 0, r = -1;

	tool_begin("kevctl");
	c.args = calloc((size_t)argc + 1, sizeof *c.args);
	if (c.args == NULL)
		return out_of_memory();
	/* "-": operands come in order, between the options, as 1. */
	while (r == -1 &&
	    (opt = getopt_long(argc, argv, "-hi:jn:o:u:V", longs, NULL)) != -1)
		r = option(&c, opt, &format);
	for (; r == -1 && optind < argc; optind++) {
		optarg = argv[optind];
		option(&c, 1, &format);
	}
	if (r == -1)
		r = command(&c, format);
	free(c.args);
	return tool_end(r, EXIT_UNREACHABLE);
}

#include "config.h"

#include "duration.h"
#include "mqttoptions.h"
#include "pattern.h"
#include "spool.h"
#include "tool.h"
#include "topics.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_CA = 256, OPT_CERT, OPT_EXPIRY, OPT_HOME_ASSISTANT, OPT_KEEPALIVE,
    OPT_KEY, OPT_SPOOL };
enum { PORT = 1883, PORT_TLS = 8883, HOST_MAX = 255 };
enum { KEEPALIVE_MIN = 5, KEEPALIVE_MAX = 65535 };
#define SPOOL_MAX (UINT64_C(1) << 40)

static const char usage[] =
"usage: kev-mqtt [options]\n";

static const char help[] =
"Publishes the network events of this host, and what holds now, with MQTT.\n"
"\n"
"  -b, --broker=URL       mqtt://HOST[:PORT] or mqtts://HOST[:PORT], which is\n"
"                         with TLS; default: mqtt://localhost\n"
"  -c, --config=FILE      options out of FILE, one a line, without dashes\n"
"  -p, --password-file=FILE\n"
"                         user and password for the broker, a line each\n"
"      --ca=FILE          who may have signed the broker's certificate; default:\n"
"                         those that the system trusts\n"
"      --cert=FILE        a certificate of ours\n"
"      --key=FILE         and its key\n"
"  -H, --host=HOST        what this host is called; default: its host name\n"
"  -t, --topic=PATTERN    only events of these topics; repeat for more\n"
"  -n, --netns=NAME       of this network namespace, if kevd watches several,\n"
"                         or of \"all\"; default: kevd's own; repeat for more\n"
"  -d, --directory=DIR    for events that wait, and what was seen; default:\n"
"                         " KEV_MQTT_PATH "\n"
"      --spool=BYTES      how much may wait there; default: 64m\n"
"      --expiry=TIME      events are worth nothing after that; default: 1d,\n"
"                         0: never\n"
"      --keepalive=TIME   find out within this whether the broker is there;\n"
"                         default: 30s\n"
"      --home-assistant[=PREFIX]\n"
"                         tell Home Assistant what there is\n"
"  -u, --socket=PATH      the socket of kevd\n"
"  -h, --help             this text\n"
"  -V, --version          the version\n"
"\n"
"Exit: 1 cannot write into DIR, 2 usage, 3 no kevd, 4 refused. See kev-mqtt(8).\n";

static const struct option longs[] = {
	{ "broker", required_argument, NULL, 'b' },
	{ "ca", required_argument, NULL, OPT_CA },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "config", required_argument, NULL, 'c' },
	{ "directory", required_argument, NULL, 'd' },
	{ "expiry", required_argument, NULL, OPT_EXPIRY },
	{ "help", no_argument, NULL, 'h' },
	{ "home-assistant", optional_argument, NULL, OPT_HOME_ASSISTANT },
	{ "host", required_argument, NULL, 'H' },
	{ "keepalive", required_argument, NULL, OPT_KEEPALIVE },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "netns", required_argument, NULL, 'n' },
	{ "password-file", required_argument, NULL, 'p' },
	{ "socket", required_argument, NULL, 'u' },
	{ "spool", required_argument, NULL, OPT_SPOOL },
	{ "topic", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

/* The functions below return -1 to go on, or the exit status. */

static int
wrong(void)
{
	fputs(usage, stderr);
	fputs("Try 'kev-mqtt --help'.\n", stderr);
	return EXIT_USAGE;
}

static int
no_memory(void)
{
	say("out of memory");
	return EXIT_UNREACHABLE;
}

static int
set(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to == NULL ? no_memory() : -1;
}

/* mqtt://HOST:PORT, [HOST] if there are colons in it. */
static int
set_broker(struct mqttoptions *o, const char *url)
{
	const char *p = strstr(url, "://"), *end;
	long port;
	char *rest;

	if (p == NULL || (strncmp(url, "mqtt://", 7) != 0 &&
	    strncmp(url, "mqtts://", 8) != 0)) {
		say("not mqtt://HOST or mqtts://HOST: %s", url);
		return EXIT_USAGE;
	}
	o->tls = url[4] == 's';
	p += 3;
	end = *p == '[' ? strchr(p, ']') : p + strcspn(p, ":/@?#");
	rest = end == NULL ? NULL : (char *)end + (*end == ']');
	p += *p == '[';
	port = o->tls ? PORT_TLS : PORT;
	if (rest != NULL && *rest == ':' && isdigit((unsigned char)rest[1]))
		port = strtol(rest + 1, &rest, 10);
	if (rest != NULL && strcmp(rest, "/") == 0)
		rest++;
	if (rest == NULL || end == p || *rest != '\0' || port < 1 ||
	    port > 65535) {
		say("not HOST or HOST:PORT, after the slashes of %s", url);
		return EXIT_USAGE;
	}
	o->port = (int)port;
	free(o->broker);
	o->broker = strndup(p, (size_t)(end - p));
	return o->broker == NULL ? no_memory() : -1;
}

static int
set_host(struct mqttoptions *o, const char *host)
{
	if (host[0] != '\0' && strlen(host) <= HOST_MAX)
		return set(&o->host, host);
	say("a host has a name of 1 to %d bytes, not %s", HOST_MAX, host);
	return EXIT_USAGE;
}

static int
add_topic(struct mqttoptions *o, const char *pattern)
{
	switch (kev_pattern(pattern, &o->topics)) {
	case KEV_PATTERN_OK:
		return -1;
	case KEV_PATTERN_BAD:
		say("not a pattern of topics: %s", pattern);
		return EXIT_USAGE;
	default:
		say("there is no topic %s", pattern);
		return EXIT_USAGE;
	}
}

static int
add_netns(struct mqttoptions *o, const char *name)
{
	size_t n = 0;
	char **more;

	while (o->netns != NULL && o->netns[n] != NULL)
		n++;
	more = realloc(o->netns, (n + 2) * sizeof *more);
	if (more == NULL)
		return no_memory();
	o->netns = more;
	more[n + 1] = NULL;
	more[n] = strdup(name);
	return more[n] == NULL ? no_memory() : -1;
}

static int
set_spool(struct mqttoptions *o, const char *text)
{
	static const char units[] = "kmg";
	const char *unit;
	unsigned long long n = 0;
	char *end = NULL;

	errno = 0;
	if (isdigit((unsigned char)text[0]))
		n = strtoull(text, &end, 10);
	if (errno == 0 && end != NULL && *end != '\0' && end[1] == '\0') {
		unit = strchr(units, tolower((unsigned char)*end));
		if (unit != NULL && n <= SPOOL_MAX) {
			n <<= 10 * (unit - units + 1);
			end++;
		}
	}
	if (errno == 0 && end != NULL && *end == '\0' &&
	    n >= SPOOL_LIMIT_MIN && n <= SPOOL_MAX) {
		o->spool = n;
		return -1;
	}
	say("not a number of bytes from %dk to 1024g: %s",
	    SPOOL_LIMIT_MIN / 1024, text);
	return EXIT_USAGE;
}

static int
set_time(int64_t *ms, const char *text, int least, int64_t most)
{
	if (duration_parse(text, ms) && *ms >= least * INT64_C(1000) &&
	    *ms <= most * 1000)
		return -1;
	say("not a time (10, 2m, 1h) from %d to %lld seconds: %s", least,
	    (long long)most, text);
	return EXIT_USAGE;
}

static FILE *
open_file(const char *name)
{
	FILE *f = fopen(name, "re");

	if (f == NULL)
		say("cannot read %s: %s", name, strerror(errno));
	return f;
}

/* A line without its newline into *TO. */
static void
take_line(char **to, FILE *f)
{
	size_t size = 0;
	ssize_t n;

	free(*to);
	*to = NULL;
	n = getline(to, &size, f);
	if (n <= 0) {
		free(*to);
		*to = NULL;
	} else {
		(*to)[strcspn(*to, "\r\n")] = '\0';
	}
}

static int
read_password(struct mqttoptions *o, const char *name)
{
	FILE *f = open_file(name);
	struct stat st;

	if (f == NULL)
		return EXIT_USAGE;
	if (fstat(fileno(f), &st) == 0 && (st.st_mode & S_IROTH) != 0 &&
	    S_ISREG(st.st_mode)) {
		say("others may read the password in %s", name);
		fclose(f);
		return EXIT_USAGE;
	}
	take_line(&o->user, f);
	take_line(&o->password, f);
	fclose(f);
	if (o->user != NULL && o->user[0] != '\0' && o->password != NULL)
		return -1;
	say("no line with a user and one with a password in %s", name);
	return EXIT_USAGE;
}

static int read_config(struct mqttoptions *, const char *name);

static int
option(struct mqttoptions *o, int c, const char *value)
{
	switch (c) {
	case 'b':
		return set_broker(o, value);
	case 'c':
		return read_config(o, value);
	case 'd':
		return set(&o->directory, value);
	case 'h':
		printf("%s%s", usage, help);
		return EXIT_OK;
	case 'H':
		return set_host(o, value);
	case 'n':
		return add_netns(o, value);
	case 'p':
		return read_password(o, value);
	case 't':
		return add_topic(o, value);
	case 'u':
		return set(&o->socket, value);
	case 'V':
		tool_version();
		return EXIT_OK;
	case OPT_CA:
		return set(&o->ca, value);
	case OPT_CERT:
		return set(&o->cert, value);
	case OPT_EXPIRY:
		return set_time(&o->expiry, value, 0, UINT32_MAX - 1);
	case OPT_HOME_ASSISTANT:
		return set(&o->home_assistant, value == NULL ||
		    value[0] == '\0' ? "homeassistant" : value);
	case OPT_KEEPALIVE:
		return set_time(&o->keepalive, value, KEEPALIVE_MIN,
		    KEEPALIVE_MAX);
	case OPT_KEY:
		return set(&o->key, value);
	case OPT_SPOOL:
		return set_spool(o, value);
	default:
		return wrong();
	}
}

/* NAME VALUE, or NAME = VALUE; a hash begins a comment. */
static int
config_line(struct mqttoptions *o, char *line)
{
	char *name = line + strspn(line, " \t"), *value, *end;
	const struct option *l;

	if (*name == '\0' || *name == '#')
		return -1;
	value = name + strcspn(name, " \t=");
	end = value + strlen(value);
	while (end > value && strchr(" \t", end[-1]) != NULL)
		*--end = '\0';
	if (*value != '\0') {
		bool equals = *value == '=';

		*value++ = '\0';
		value += strspn(value, " \t");
		if (!equals && *value == '=')
			value += 1 + strspn(value + 1, " \t");
	}
	for (l = longs; l->name != NULL; l++) {
		if (strcmp(l->name, name) == 0)
			break;
	}
	if (l->name == NULL || l->has_arg == no_argument || l->val == 'c') {
		say("there is no option %s", name);
		return EXIT_USAGE;
	}
	if (l->has_arg == required_argument && *value == '\0') {
		say("%s wants a value", name);
		return EXIT_USAGE;
	}
	return option(o, l->val, value);
}

static int
read_config(struct mqttoptions *o, const char *name)
{
	FILE *f = open_file(name);
	char *line = NULL;
	unsigned long n = 0;
	int r = -1;

	if (f == NULL)
		return EXIT_USAGE;
	do {
		take_line(&line, f);
		n++;
		if (line != NULL)
			r = config_line(o, line);
	} while (line != NULL && r == -1);
	if (r != -1)
		say("that is line %lu of %s", n, name);
	free(line);
	fclose(f);
	return r;
}

static int
defaults(struct mqttoptions *o)
{
	char host[HOST_MAX + 1] = "";
	int r = -1;

	if (o->host == NULL) {
		if (gethostname(host, sizeof host - 1) == -1 ||
		    host[0] == '\0')
			strcpy(host, "localhost");
		r = set(&o->host, host);
	}
	if (r == -1 && o->broker == NULL)
		r = set_broker(o, "mqtt://localhost");
	if (r == -1 && o->directory == NULL)
		r = set(&o->directory, KEV_MQTT_PATH);
	if (r == -1 && o->netns == NULL)
		r = add_netns(o, "");
	if (o->topics == 0)
		o->topics = KEV_TOPIC_ALL;
	return r;
}

static void
clear(char **list)
{
	for (; list != NULL && *list != NULL; list++) {
		free(*list);
		*list = NULL;
	}
}

static int
check(struct mqttoptions *o)
{
	char **p;

	if ((o->cert == NULL) != (o->key == NULL)) {
		say("--cert and --key belong together");
		return EXIT_USAGE;
	}
	if (o->cert != NULL && o->ca == NULL) {
		say("--cert wants --ca");
		return EXIT_USAGE;
	}
	if (o->ca != NULL && !o->tls) {
		say("--ca is for mqtts://");
		return EXIT_USAGE;
	}
	if (o->home_assistant != NULL &&
	    strpbrk(o->home_assistant, "+#") != NULL) {
		say("not a topic: %s", o->home_assistant);
		return EXIT_USAGE;
	}
	for (p = o->netns; *p != NULL; p++) {
		if (strcmp(*p, "all") == 0) {
			clear(o->netns);
			break;
		}
	}
	return -1;
}

int
mqttoptions_parse(struct mqttoptions *o, int argc, char **argv)
{
	int c, r = -1;

	*o = (struct mqttoptions){ .spool = UINT64_C(64) << 20,
		.expiry = INT64_C(86400) * 1000, .keepalive = 30000 };
	while (r == -1 && (c = getopt_long(argc, argv, "b:c:d:hH:n:p:t:u:V",
	    longs, NULL)) != -1)
		r = option(o, c, optarg);
	if (r == -1 && optind < argc) {
		say("what is %s?", argv[optind]);
		r = wrong();
	}
	if (r == -1)
		r = defaults(o);
	return r == -1 ? check(o) : r;
}

void
mqttoptions_fini(struct mqttoptions *o)
{
	clear(o->netns);
	free(o->netns);
	free(o->host);
	free(o->broker);
	free(o->ca);
	free(o->cert);
	free(o->key);
	free(o->user);
	free(o->password);
	free(o->directory);
	free(o->socket);
	free(o->home_assistant);
	*o = (struct mqttoptions){ 0 };
}

#include "config.h"

#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
"Usage: kevd [OPTION]...\n"
"Publish the kernel's network events to those who ask on a Unix socket.\n"
"\n"
"  -u, --socket PATH     listen here instead of " KEV_SOCKET_PATH "\n"
"  -m, --mode MODE       permissions of the socket, octal (0666)\n"
"  -g, --group GROUP     group of the socket\n"
"  -U, --user USER       become USER once all is open\n"
"  -d, --detach          go to the background once all works\n"
"  -p, --pidfile FILE    write the process id to FILE\n"
"  -n, --notify FD       write a newline to descriptor FD when ready\n"
"      --queue BYTES     backlog of a client, more is a gap (1048576)\n"
"      --history BYTES   events kept for those who come back (4194304)\n"
"      --max-clients N   clients at the same time (4096)\n"
"      --max-clients-per-user N\n"
"                        of one user but root and kevd's own (half of all)\n"
"      --reader-timeout SECONDS\n"
"                        cut off who takes hardly anything (3600); 0: no\n"
"      --netns NAME      watch this network namespace, too; \"all\": every one\n"
"      --resync SECONDS  read all of the kernel's state again so often; 0: only\n"
"                        when something was lost (0)\n"
"      --rcvbuf BYTES    receive buffer for the kernel's messages\n"
"      --port-in-use     watch for ports that are in use; see kevd(8)\n"
"      --record FILE     write down every message of the kernel\n"
"      --play FILE       play what was recorded, in place of the kernel\n"
"      --play-speed X    X times as fast, 0 as fast as possible (1)\n"
"      --no-sandbox      keep rights that are not needed, for debuggers\n"
"  -v, --verbose         log every message of the kernel\n"
"  -h, --help\n"
"  -V, --version\n";

enum { QUEUE = 256, HISTORY, MAX_CLIENTS, MAX_PER_USER, READER_TIMEOUT,
	RESYNC, RCVBUF, NETNS, PORT_IN_USE, RECORD, PLAY, PLAY_SPEED,
	NO_SANDBOX };

static const struct option longs[] = {
	{ "socket", required_argument, NULL, 'u' },
	{ "mode", required_argument, NULL, 'm' },
	{ "group", required_argument, NULL, 'g' },
	{ "user", required_argument, NULL, 'U' },
	{ "detach", no_argument, NULL, 'd' },
	{ "pidfile", required_argument, NULL, 'p' },
	{ "notify", required_argument, NULL, 'n' },
	{ "queue", required_argument, NULL, QUEUE },
	{ "history", required_argument, NULL, HISTORY },
	{ "max-clients", required_argument, NULL, MAX_CLIENTS },
	{ "max-clients-per-user", required_argument, NULL, MAX_PER_USER },
	{ "reader-timeout", required_argument, NULL, READER_TIMEOUT },
	{ "netns", required_argument, NULL, NETNS },
	{ "rcvbuf", required_argument, NULL, RCVBUF },
	{ "resync", required_argument, NULL, RESYNC },
	{ "port-in-use", no_argument, NULL, PORT_IN_USE },
	{ "record", required_argument, NULL, RECORD },
	{ "play", required_argument, NULL, PLAY },
	{ "play-speed", required_argument, NULL, PLAY_SPEED },
	{ "no-sandbox", no_argument, NULL, NO_SANDBOX },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

#define BYTES_MAX (1LL << 30)

static bool
number(const char *name, const char *text, long long min, long long max,
    size_t *value)
{
	const char *wrong;
	long long n = strtonum(text, min, max, &wrong);

	if (wrong != NULL) {
		fprintf(stderr, "kevd: %s %s: %s, must be %lld to %lld\n", name,
		    text, wrong, min, max);
		return false;
	}
	*value = (size_t)n;
	return true;
}

static bool
get_mode(const char *text, mode_t *mode)
{
	char *end;
	long n = strtol(text, &end, 8);

	if (*text < '0' || *text > '7' || *end != '\0' || n > 0777) {
		fprintf(stderr, "kevd: --mode %s: must be octal, 0 to 0777\n",
		    text);
		return false;
	}
	*mode = (mode_t)n;
	return true;
}

/* Digits, perhaps with a point among them: no sign, no exponent, no words. */
static bool
get_speed(const char *text, double *speed)
{
	char *end;

	*speed = strtod(text, &end);
	if (text[strspn(text, "0123456789.")] == '\0' && *end == '\0' &&
	    end != text && *speed <= 1e6)
		return true;
	fprintf(stderr, "kevd: --play-speed %s: must be a number, 0 to "
	    "1000000\n", text);
	return false;
}

/* A file of that name is made by ip-netns(8). */
static bool
add_netns(struct options *o, const char *name)
{
	const char **v;
	size_t n = 0;

	if (name[0] == '\0' || strchr(name, '/') != NULL ||
	    strlen(name) > NAME_MAX) {
		fprintf(stderr, "kevd: --netns %s: is no name of a namespace\n",
		    name);
		return false;
	}
	while (o->netns != NULL && o->netns[n] != NULL)
		n++;
	v = realloc(o->netns, (n + 2) * sizeof *v);
	if (v == NULL) {
		fputs("kevd: out of memory\n", stderr);
		return false;
	}
	v[n] = name;
	v[n + 1] = NULL;
	o->netns = v;
	return true;
}

static bool
take(struct options *o, int c)
{
	size_t fd;

	switch (c) {
	case 'u':
		o->socket = optarg;
		o->default_socket = false;
		return true;
	case 'm':
		return get_mode(optarg, &o->mode);
	case 'g':
		o->group = optarg;
		return true;
	case 'U':
		o->user = optarg;
		return true;
	case 'd':
		o->detach = true;
		return true;
	case 'p':
		o->pidfile = optarg;
		return true;
	case 'n':
		if (!number("--notify", optarg, 0, INT_MAX, &fd))
			return false;
		o->ready_fd = (int)fd;
		if (fcntl(o->ready_fd, F_GETFD) != -1)
			return true;
		fprintf(stderr, "kevd: --notify %s: %s\n", optarg,
		    strerror(errno));
		return false;
	case 'v':
		o->verbose = true;
		return true;
	case QUEUE:
		return number("--queue", optarg, 4096, BYTES_MAX, &o->queue);
	case HISTORY:
		return number("--history", optarg, 0, BYTES_MAX, &o->history);
	case MAX_CLIENTS:
		return number("--max-clients", optarg, 1, 1000000,
		    &o->max_clients);
	case MAX_PER_USER:
		return number("--max-clients-per-user", optarg, 1, 1000000,
		    &o->max_per_user);
	case READER_TIMEOUT:
		return number("--reader-timeout", optarg, 0, 1000000,
		    &o->reader_timeout);
	case NETNS:
		return add_netns(o, optarg);
	case RESYNC:
		return number("--resync", optarg, 0, 1000000, &o->resync);
	case RCVBUF:
		return number("--rcvbuf", optarg, 1, BYTES_MAX, &o->rcvbuf);
	case PORT_IN_USE:
		o->port_in_use = true;
		return true;
	case RECORD:
		o->record = optarg;
		return true;
	case PLAY:
		o->play = optarg;
		return true;
	case PLAY_SPEED:
		return get_speed(optarg, &o->play_speed);
	case NO_SANDBOX:
		o->sandbox = false;
		return true;
	default:
		return false;
	}
}

/* What is only for the kernel, or only for a recording. */
static bool
fits_together(const struct options *o)
{
	const struct {
		bool given;
		const char *name;
	} of_kernel[] = {
		{ o->record != NULL, "--record" },
		{ o->netns != NULL, "--netns" },
		{ o->port_in_use, "--port-in-use" },
		{ o->rcvbuf != 0, "--rcvbuf" },
		{ o->resync != 0, "--resync" },
	};
	size_t i;

	if (o->play == NULL && o->play_speed >= 0) {
		fputs("kevd: --play-speed: only with --play\n", stderr);
		return false;
	}
	for (i = 0; i < sizeof of_kernel / sizeof of_kernel[0]; i++) {
		if (o->play == NULL || !of_kernel[i].given)
			continue;
		fprintf(stderr, "kevd: --play: not with %s, which is about the "
		    "kernel\n", of_kernel[i].name);
		return false;
	}
	return true;
}

void
options_fini(struct options *o)
{
	free(o->netns);
	o->netns = NULL;
}

int
options_parse(struct options *o, int argc, char *argv[])
{
	int c;

	*o = (struct options){ .socket = getenv("KEV_SOCKET"), .mode = 0666,
	    .ready_fd = -1, .queue = 1 << 20, .history = 4 << 20,
	    .max_clients = 4096, .reader_timeout = 3600, .play_speed = -1,
	    .sandbox = true };
	if (o->socket == NULL || o->socket[0] == '\0') {
		o->socket = KEV_SOCKET_PATH;
		o->default_socket = true;
	}
	while ((c = getopt_long(argc, argv, "u:m:g:U:dp:n:vhV", longs,
	    NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return fflush(stdout) == 0 ? 0 : 1;
		}
		if (c == 'V') {
			puts("kevd " PACKAGE_VERSION);
			return fflush(stdout) == 0 ? 0 : 1;
		}
		if (!take(o, c))
			goto bad;
	}
	/* Nobody has all the places, if not told otherwise. */
	if (o->max_per_user == 0)
		o->max_per_user = (o->max_clients + 1) / 2;
	if (optind < argc) {
		fprintf(stderr, "kevd: %s: there are no arguments\n",
		    argv[optind]);
		goto bad;
	}
	if (fits_together(o)) {
		if (o->play_speed < 0)
			o->play_speed = 1;
		return -1;
	}
bad:
	options_fini(o);
	fputs("Try 'kevd --help'.\n", stderr);
	return 2;
}

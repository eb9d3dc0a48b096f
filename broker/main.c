/*
 * kevd: puts the parts together, in the order in which they may fail, and
 * lets the loop run.
 */
#include "config.h"

#include "daemon.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "options.h"
#include "pidfile.h"
#include "play.h"
#include "recorder.h"
#include "server.h"
#include "source.h"

#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Descriptors other than clients. */
#define OWN_FILES 32
/* And for other namespaces, five each. */
#define NETNS_FILES 4096

struct kevd {
	struct options options;
	struct server server;
	struct source *source;
	struct recorder *recorder;
	struct ev_loop *loop;	/* NULL until it serves */
	struct pidfile *pidfile;
	uid_t uid;
	gid_t gid;
};

static void
stop(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

/* The directory of the default socket is ours; others must be there. */
static void
make_directory(const struct kevd *k)
{
	char path[] = KEV_SOCKET_PATH;

	*strrchr(path, '/') = '\0';
	if (mkdir(path, 0755) == -1)
		return;
	if (k->options.user != NULL && chown(path, k->uid, k->gid) == -1)
		log_warning("%s: %s", path, strerror(errno));
}

static bool
find_names(struct kevd *k, gid_t *group)
{
	const struct options *o = &k->options;

	*group = (gid_t)-1;
	if (o->group != NULL && daemon_find_group(o->group, group) != 0)
		return false;
	if (o->user == NULL)
		return true;
	if (daemon_find_user(o->user, &k->uid, &k->gid) != 0)
		return false;
	if (geteuid() == 0)
		return true;
	log_info("--user %s: not started by root, so nothing to drop",
	    o->user);
	k->options.user = NULL;
	return true;
}

static int
open_source(struct kevd *k)
{
	const struct options *o = &k->options;
	struct source_config config = { .rcvbuf = o->rcvbuf,
	    .port_in_use = o->port_in_use, .netns = o->netns,
	    .resync = (unsigned)o->resync, .sandbox = o->sandbox,
	    .recorder = k->recorder,
	    .publish = server_publish,
	    .crowded = server_crowded, .arg = &k->server };

	if (o->play != NULL)
		return play_new(&k->source, &config, o->play, o->play_speed);
	return source_kernel(&k->source, &config);
}

/* Join groups, dump, listen: from then on nothing is missed. */
static bool
open_all(struct kevd *k)
{
	const struct options *o = &k->options;
	struct server_config server = {
		.path = o->socket, .mode = o->mode, .queue = o->queue,
		.history = o->history, .max_clients = o->max_clients,
		.max_per_user = o->max_per_user,
		.timeout = (unsigned)o->reader_timeout,
		.fd = notify_listen_fd(),
	};

	if (server.fd == -2 || !find_names(k, &server.group))
		return false;
	daemon_allow_files(o->max_clients + OWN_FILES + SERVER_LEAVING +
	    (o->netns != NULL ? NETNS_FILES : 0));
	if (o->record != NULL && recorder_open(&k->recorder, o->record) != 0)
		return false;
	server.recorder = k->recorder;
	if (server_init(&k->server, &server) != 0) {
		log_error("out of memory");
		return false;
	}
	if (open_source(k) != 0 || source_prime(k->source) != 0)
		return false;
	if (o->default_socket)
		make_directory(k);
	if (server_listen(&k->server) != 0)
		return false;
	if (o->pidfile != NULL &&
	    (k->pidfile = pidfile_new(o->pidfile)) == NULL)
		return false;
	return o->user == NULL || daemon_become(o->user, k->uid, k->gid) == 0;
}

static bool
is_relative(const char *path)
{
	return path != NULL && path[0] != '/';
}

/* Nothing is opened any more, and no client was heard so far. */
static void
give_up_rights(struct kevd *k)
{
	const char *files[3] = { NULL };
	size_t n = 0;

	if (k->server.made.st_ino != 0)
		files[n++] = k->options.socket;
	if (k->pidfile != NULL)
		files[n++] = k->options.pidfile;
	k->server.sandbox = sys_sandbox(files);
}

static bool
serve(struct kevd *k, int token)
{
	struct ev_loop *loop = loop_new();
	ev_signal term, interrupt;

	if (loop == NULL)
		return false;
	k->loop = loop;
	ev_signal_init(&term, stop, SIGTERM);
	ev_signal_init(&interrupt, stop, SIGINT);
	ev_signal_start(loop, &term);
	ev_signal_start(loop, &interrupt);
	source_start(k->source, loop);
	recorder_start(k->recorder, loop);
	server_start(&k->server, loop, k->source);
	if (token != -1)
		daemon_detached(token, is_relative(k->options.socket) ||
		    is_relative(k->options.pidfile));
	notify_ready(k->options.ready_fd);
	if (k->options.sandbox)
		give_up_rights(k);
	ev_run(loop, 0);
	return true;
}

int
main(int argc, char *argv[])
{
	struct kevd k = { .source = NULL };
	int status, token = -1;
	bool good;

	daemon_fill_standard();
	status = options_parse(&k.options, argc, argv);
	if (status != -1)
		return status;
	log_init("kevd", k.options.verbose);
	/* A reader that went, and a file as large as it may be, are told by
	 * errors, too. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (k.options.detach && (token = daemon_detach()) == -1)
		return EXIT_FAILURE;
	good = open_all(&k) && serve(&k, token);
	if (k.server.hub != NULL)
		server_fini(&k.server);
	source_free(k.source);
	recorder_free(k.recorder);
	if (k.loop != NULL)
		ev_loop_destroy(k.loop);
	pidfile_free(k.pidfile);
	options_fini(&k.options);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

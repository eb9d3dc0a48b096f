/*
 * kev-dbus: the events of kevd on D-Bus. Listens to both; what is on the bus is
 * for busobject.c to know.
 */
#include "config.h"

#include "bounds.h"
#include "buf.h"
#include "busobject.h"
#include "kev.h"
#include "signals.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ev.h>
#include <jansson.h>

#define BUS_NAME "org.kev1"

enum {
	OPT_SESSION = 256,
	AT_ONCE = 100,			/* lines or messages, then the others */
	RETRY_MS = 1000
};

struct bridge {
	const char *socket;		/* NULL: the default */
	const char *address;		/* NULL: a bus by its name */
	bool session;
	sd_bus *bus;
	struct busobjects objects;
	struct kev *kev;
	long long subscription;		/* id of our request */
	long long asked;		/* of the one for the state; 0: none */
	bool asked_all;
	int64_t retry;			/* not asked before; 0: nothing refused */
	bool all_stale;			/* what happened is not known */
	bool more;			/* to do without waiting */
	int status;			/* -1 to go on, or the exit status */
	struct ev_loop *loop;
	ev_io from_kevd, from_bus, from_signals;
	ev_timer timer;
	ev_prepare prepare;
};

static const char usage[] =
"usage: kev-dbus [options]\n";

static const char help[] =
"Tells the network events of the kernel on D-Bus, as " BUS_NAME ".\n"
"\n"
"  -a, --address=ADDRESS  the bus there; default: the system's\n"
"      --session          the bus of the session\n"
"  -u, --socket=PATH      the socket of kevd\n"
"  -h, --help             this text\n"
"  -V, --version          the version\n"
"\n"
"Exit: 1 no bus or not that name, 2 usage, 3 no kevd, 4 refused. See kev-dbus(8).\n";

static const struct option longs[] = {
	{ "address", required_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ "session", no_argument, NULL, OPT_SESSION },
	{ "socket", required_argument, NULL, 'u' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

/* The functions below return -1 to go on, or the exit status. */

static int
wrong(void)
{
	fputs(usage, stderr);
	fputs("Try 'kev-dbus --help'.\n", stderr);
	return EXIT_USAGE;
}

static int
option(struct bridge *b, int c)
{
	switch (c) {
	case 'a':
		b->address = optarg;
		return -1;
	case 'h':
		printf("%s%s", usage, help);
		return EXIT_OK;
	case OPT_SESSION:
		b->session = true;
		return -1;
	case 'u':
		b->socket = optarg;
		return -1;
	case 'V':
		tool_version();
		return EXIT_OK;
	default:
		return wrong();
	}
}

static int
parse(struct bridge *b, int argc, char **argv)
{
	int c, r = -1;

	while (r == -1 && (c = getopt_long(argc, argv, "a:hu:V", longs,
	    NULL)) != -1)
		r = option(b, c);
	if (r == -1 && optind < argc) {
		say("what is %s?", argv[optind]);
		r = wrong();
	}
	if (r == -1 && b->session && b->address != NULL) {
		say("--session and --address are two buses");
		r = wrong();
	}
	return r;
}

/* --- kevd --- */

static int
subscribe(struct bridge *b)
{
	static const char *const own[] = { "", NULL };
	const struct kev_subscription want = { .netns = own };

	b->subscription = kev_subscribe(b->kev, &want);
	b->all_stale = true;
	if (b->subscription > 0)
		return -1;
	say("%s", kev_error(b->kev));
	return tool_status((int)b->subscription);
}

/* Asks for what is not known any more, one question at a time. */
static void
ask(struct bridge *b)
{
	struct buf members = BUF_INIT;
	bool all = b->all_stale || b->objects.n_stale > KEV_GLOBS_MAX;

	if (b->asked != 0 || (!all && b->objects.n_stale == 0) ||
	    tool_now() < b->retry)
		return;
	buf_puts(&members, "{\"netns\":[\"\"],\"ifname\":");
	busobjects_put_stale(&b->objects, &members);
	if (all) {
		buf_clear(&members);
		buf_puts(&members, "{\"netns\":[\"\"]");
	}
	buf_put(&members, "}", 2);
	b->asked = members.failed ? -ENOMEM :
	    kev_request(b->kev, "state", members.data);
	buf_fini(&members);
	b->asked_all = all;
	/* kevd is away, or there is no memory: again when something happens. */
	b->all_stale = b->asked < 0;
	if (b->asked < 0)
		b->asked = 0;
}

static int
on_named(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	struct bridge *b = arg;
	const sd_bus_error *error = sd_bus_message_get_error(m);
	uint32_t answer = 0;

	(void)e;
	if (error == NULL && sd_bus_message_read(m, "u", &answer) >= 0 &&
	    answer == 1)
		return 0;
	say("cannot be " BUS_NAME " on the bus: %s", error != NULL ?
	    error->message : "another process is");
	b->status = EXIT_NOTHING;
	return 0;
}

/* With the first state there is something to see. */
static int
take_name(struct bridge *b)
{
	int r = sd_bus_request_name_async(b->bus, NULL, BUS_NAME, 0, on_named,
	    b);

	b->objects.named = true;
	if (r >= 0)
		return -1;
	say("cannot ask the bus for " BUS_NAME ": %s", strerror(-r));
	return EXIT_NOTHING;
}

/* It passes: other clients of our user have to read theirs first. */
static bool
is_passing(const struct kev_line *line)
{
	const char *code = kev_line_string(line, "error.code");

	return code != NULL && strcmp(code, "too-many") == 0;
}

static void
retry(struct bridge *b, const struct kev_line *line)
{
	if (b->retry == 0)
		tool_refused(line);
	b->retry = tool_now() + RETRY_MS;
	b->asked = 0;
	b->all_stale = true;
}

static int
on_state(struct bridge *b, const struct kev_line *line)
{
	b->asked = 0;
	b->retry = 0;
	busobjects_state(&b->objects, json_object_get(kev_line_json(line),
	    "interfaces"), b->asked_all);
	if (!b->asked_all)
		return -1;
	busobjects_connected(&b->objects, true);
	if (!b->objects.named)
		return take_name(b);
	busobjects_signal(&b->objects, "Synced", NULL);
	return -1;
}

static int
on_answer(struct bridge *b, const struct kev_line *line)
{
	long long protocol, id = kev_line_reply(line);

	if (b->asked != 0 && id == b->asked && is_passing(line)) {
		retry(b, line);
		return -1;
	}
	if (!kev_line_ok(line))
		return tool_refused(line);
	if (b->asked != 0 && id == b->asked)
		return on_state(b, line);
	if (id == b->subscription && kev_line_integer(line, "protocol",
	    &protocol) && protocol != 1) {
		say("kevd speaks version %lld of the protocol, not 1",
		    protocol);
		return EXIT_REFUSED;
	}
	return -1;
}

static int
on_line(struct bridge *b, const struct kev_line *line)
{
	const char *topic = kev_line_topic(line), *cause;

	if (topic == NULL)
		return on_answer(b, line);
	if (strcmp(topic, "kev/gap") == 0) {
		cause = kev_line_string(line, "data.cause");
		say("events were lost: %s", cause == NULL ? "no cause given" :
		    cause);
		b->all_stale = true;
	}
	/* What holds now is known by asking; then it is synced, not before. */
	if (!kev_line_snapshot(line) && strcmp(topic, "kev/synced") != 0)
		busobjects_event(&b->objects, kev_line_json(line));
	return -1;
}

static int
on_lost(struct bridge *b)
{
	say("%s, waiting for it", kev_error(b->kev));
	busobjects_connected(&b->objects, false);
	b->asked = 0;
	return -1;
}

static int
on_back(struct bridge *b, const struct kev_line *line)
{
	say("kevd is back");
	b->all_stale = true;
	if (line == NULL || !json_is_false(json_object_get(kev_line_json(line),
	    "complete")))
		return -1;
	say("events were lost: kevd has not kept them");
	busobjects_signal(&b->objects, "Gap", json_pack("{s:s}", "cause",
	    "restart"));
	return -1;
}

static int
on_found(struct bridge *b, int found, const struct kev_line *line)
{
	switch (found) {
	case KEV_LINE:
		return on_line(b, line);
	case KEV_LOST:
		return on_lost(b);
	case KEV_BACK:
		return on_back(b, line);
	case -EINTR:
		return -1;
	default:
		say("%s", kev_error(b->kev));
		return found == -EMSGSIZE ? EXIT_UNREACHABLE :
		    tool_status(found);
	}
}

static int
hear_kevd(struct bridge *b)
{
	const struct kev_line *line;
	int n, found, r = -1;

	for (n = 0; r == -1; n++) {
		/* Its queue is the one that is bounded. */
		if (busobjects_crowded(&b->objects))
			return -1;
		b->more = b->more || n == AT_ONCE;
		if (n == AT_ONCE)
			break;
		found = kev_next(b->kev, 0, &line);
		if (found == KEV_NONE)
			break;
		r = on_found(b, found, line);
	}
	ask(b);
	return r;
}

/* --- the bus --- */

static int
open_bus(struct bridge *b)
{
	int r;

	if (b->session) {
		r = sd_bus_open_user(&b->bus);
	} else if (b->address == NULL) {
		r = sd_bus_open_system(&b->bus);
	} else {
		r = sd_bus_new(&b->bus);
		if (r >= 0)
			r = sd_bus_set_address(b->bus, b->address);
		if (r >= 0)
			r = sd_bus_set_bus_client(b->bus, 1);
		if (r >= 0)
			r = sd_bus_start(b->bus);
	}
	if (r >= 0)
		return busobjects_init(&b->objects, b->bus) ? -1 :
		    EXIT_NOTHING;
	say("cannot connect to the bus: %s", strerror(-r));
	return EXIT_NOTHING;
}

static int
hear_bus(struct bridge *b)
{
	int n, r = 1;

	/* What is read is answered, and answers are to be sent first. */
	for (n = 0; r > 0 && n < AT_ONCE && (n == 0 ||
	    !busobjects_crowded(&b->objects)); n++)
		r = sd_bus_process(b->bus, NULL);
	b->more = r > 0 && !busobjects_crowded(&b->objects);
	if (r >= 0)
		return b->status;
	/* Who offers something on a bus ends with it, and is started again. */
	say("the bus is gone: %s", strerror(-r));
	return EXIT_NOTHING;
}

/* --- the loop --- */

static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop, (void)w, (void)revents;
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)w, (void)revents;
}

static void
watch(struct bridge *b, ev_io *w, int fd, int events)
{
	int wanted = (events & POLLIN ? EV_READ : 0) |
	    (events & POLLOUT ? EV_WRITE : 0);

	if (ev_is_active(w) && w->fd == fd && (w->events & 3) == wanted)
		return;
	ev_io_stop(b->loop, w);
	ev_io_set(w, fd, wanted);
	if (fd >= 0 && wanted != 0)
		ev_io_start(b->loop, w);
}

/* LEFT or until AT, whichever is sooner: milliseconds, -1 is never. */
static int64_t
sooner(int64_t left, int64_t at)
{
	int64_t now = tool_now(), n = at <= now ? 0 : at - now;

	return left < 0 || n < left ? n : left;
}

/* Milliseconds until something is to be done though nothing came; -1: never. */
static int64_t
patience(struct bridge *b)
{
	int64_t left = kev_timeout(b->kev);
	uint64_t until;

	if (b->more)
		return 0;
	if (b->retry > tool_now())
		left = sooner(left, b->retry);
	if (sd_bus_get_timeout(b->bus, &until) < 0 || until == UINT64_MAX)
		return left;
	return sooner(left, (int64_t)(until / 1000 + 1));
}

static void
sleep_until(struct bridge *b)
{
	bool crowded = busobjects_crowded(&b->objects);
	int64_t left = crowded ? -1 : patience(b);

	watch(b, &b->from_kevd, kev_fd(b->kev), crowded ? 0 :
	    kev_events(b->kev));
	watch(b, &b->from_bus, sd_bus_get_fd(b->bus), crowded ? POLLOUT :
	    sd_bus_get_events(b->bus));
	ev_timer_stop(b->loop, &b->timer);
	if (left < 0)
		return;
	ev_now_update(b->loop);
	ev_timer_set(&b->timer, (double)left / 1000, 0);
	ev_timer_start(b->loop, &b->timer);
}

/* All that can be done without waiting is done here, whatever has come. */
static void
turn(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct bridge *b = w->data;

	(void)revents;
	if (signals_caught() == 0)
		b->status = hear_bus(b);
	if (b->status == -1)
		b->status = hear_kevd(b);
	if (b->status == -1 && signals_caught() == 0)
		sleep_until(b);
	else
		ev_break(loop, EVBREAK_ALL);
}

static int
run(struct bridge *b)
{
	b->loop = ev_loop_new(EVFLAG_AUTO);
	if (b->loop == NULL) {
		say("cannot make a loop");
		return EXIT_UNREACHABLE;
	}
	ev_init(&b->from_kevd, on_io);
	ev_init(&b->from_bus, on_io);
	ev_io_init(&b->from_signals, on_io, signals_fd(), EV_READ);
	ev_io_start(b->loop, &b->from_signals);
	ev_init(&b->timer, on_timer);
	ev_prepare_init(&b->prepare, turn);
	b->prepare.data = b;
	ev_prepare_start(b->loop, &b->prepare);
	ev_run(b->loop, 0);
	ev_loop_destroy(b->loop);
	return b->status;
}

static int
work(struct bridge *b)
{
	int r;

	if (!signals_keep()) {
		say("cannot make a pipe: %s", strerror(errno));
		return EXIT_UNREACHABLE;
	}
	b->kev = tool_open(b->socket, KEV_RECONNECT, &r);
	if (b->kev == NULL)
		return r;
	r = subscribe(b);
	if (r == -1)
		r = open_bus(b);
	return r == -1 ? run(b) : r;
}

int
main(int argc, char **argv)
{
	struct bridge b = { .status = -1 };
	int r;

	tool_begin("kev-dbus");
	r = parse(&b, argc, argv);
	if (r == -1)
		r = work(&b);
	sd_bus_close_unref(b.bus);
	busobjects_fini(&b.objects);
	kev_free(b.kev);
	r = tool_end(r, EXIT_NOTHING);
	if (signals_caught() != 0)
		signals_die(signals_caught());
	return r;
}

/*
 * fleet DIRECTORY [HOSTS]: one mosquitto, and as many hosts (1,000), each with a
 * connection, a spool and all else that kev-mqtt has of its own, in one process;
 * a subscriber of all events in another. The events are those of a recording that
 * kevd plays. How long it takes until all are connected, and again after the
 * broker was away while each had events; what a host takes of the broker's memory
 * and of ours; the latency at some rates; how many events a second there can be.
 */
#include "config.h"

#include "bench.h"
#include "kev.h"
#include "mqttlink.h"
#include "mqttoptions.h"
#include "outbox.h"
#include "recording.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ev.h>
#include <mosquitto.h>

enum { LINES = 512, SECONDS = 3, FLAT_OUT = 30000, WAITING = 10 };
#define SENT ",\"sent\":"
#define SAMPLES (1u << 20)

/* What the subscriber tells. */
struct report {
	volatile uint64_t n, bytes;
	volatile uint64_t took[SAMPLES];	/* ns */
};

struct host {
	struct mqttlink link;
	struct outbox outbox;
	char name[32];
};

struct fleet {
	const char *dir;
	struct ev_loop *loop;
	struct mqttoptions options;
	struct host *hosts;
	unsigned n, up, next;
	char *lines[LINES];
	unsigned n_lines, line;
	struct report *report;
	pid_t broker, subscriber;
	uint64_t sent;		/* events */
	uint64_t wanted;	/* of them, for a while */
	uint64_t begun;		/* ns */
	unsigned rate;		/* a second, 0: as many as can be */
	ev_prepare prepare;
	ev_timer tick;
};

static struct fleet fleet;

static void
on_up(void *arg)
{
	struct host *h = arg;

	fleet.up++;
	outbox_up(&h->outbox);
}

static void
on_down(void *arg)
{
	struct host *h = arg;

	fleet.up--;
	outbox_down(&h->outbox);
}

static void
on_done(void *arg, int mid, int reason)
{
	struct host *h = arg;

	outbox_done(&h->outbox, mid, reason);
}

static void
on_retained(void *arg, const char *topic)
{
	(void)arg;
	(void)topic;
}

static const struct mqttlink_calls calls = {
	.up = on_up, .down = on_down, .done = on_done, .retained = on_retained
};

static void
start_broker(struct fleet *f)
{
	char conf[300], err[300];
	const char *const argv[] = { "mosquitto", "-c", conf, NULL };
	FILE *c;

	snprintf(conf, sizeof conf, "%s/mosquitto.conf", f->dir);
	snprintf(err, sizeof err, "%s/broker", f->dir);
	c = fopen(conf, "we");
	if (c == NULL)
		die("cannot write %s", conf);
	fputs("listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n"
	    "max_queued_messages 0\nmax_inflight_messages 1000\n"
	    "set_tcp_nodelay true\nlog_type error\n", c);
	fclose(c);
	f->broker = spawn(err, argv, -1);
	close(dial("1883", f->broker));
}

static void
on_message(struct mosquitto *m, void *arg, const struct mosquitto_message *msg)
{
	struct report *r = arg;
	const char *sent = msg->payloadlen == 0 ? NULL :
	    strstr(msg->payload, SENT);

	(void)m;
	if (sent == NULL)
		return;
	r->took[r->n % SAMPLES] = now_ns() -
	    strtoull(sent + strlen(SENT), NULL, 10);
	r->bytes += (uint64_t)msg->payloadlen + strlen(msg->topic);
	r->n++;
}

static void
on_connect(struct mosquitto *m, void *arg, int rc)
{
	(void)arg;
	if (rc == 0)
		mosquitto_subscribe(m, NULL, "kev/+/event/#", 1);
}

/* A process of its own, so that it has a processor of its own. */
static void
start_subscriber(struct fleet *f)
{
	struct mosquitto *m;

	f->subscriber = fork();
	if (f->subscriber != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	m = mosquitto_new("watcher", false, f->report);
	mosquitto_message_callback_set(m, on_message);
	mosquitto_connect_callback_set(m, on_connect);
	mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_reconnect_delay_set(m, 1, 1, false);
	mosquitto_connect(m, "127.0.0.1", 1883, 60);
	mosquitto_loop_forever(m, -1, 1);
	_exit(1);
}

/* What kevd says while it plays. */
static void
take_lines(struct fleet *f)
{
	char file[300], sock[300], err[300], after[100];
	const char *const argv[] = { needed("KEVD"), "-u", sock, "--play", file,
	    "--play-speed", "0", NULL };
	static const char *const all[] = { "ipv4/*", NULL };
	struct kev_subscription want = { .topics = all, .after = after };
	const struct kev_line *line;
	struct kev *k = kev_new();
	const char *run = NULL;
	pid_t kevd;

	snprintf(file, sizeof file, "%s/recording", f->dir);
	snprintf(sock, sizeof sock, "%s/k", f->dir);
	snprintf(err, sizeof err, "%s/kevd", f->dir);
	recording_make(file, NULL, LINES);
	kevd = spawn(err, argv, -1);
	close(dial(sock, kevd));
	if (k == NULL || kev_open(k, sock, 0) < 0 ||
	    kev_request(k, "ping", NULL) < 0)
		die("no kevd");
	while (run == NULL && kev_next(k, 10000, &line) == KEV_LINE)
		run = kev_line_string(line, "run");
	snprintf(after, sizeof after, "%s-0", run == NULL ? "" : run);
	kev_subscribe(k, &want);
	while (f->n_lines < LINES && kev_next(k, 2000, &line) == KEV_LINE) {
		if (kev_line_topic(line) == NULL || kev_line_snapshot(line) ||
		    strncmp(kev_line_topic(line), "ipv4/", 5) != 0)
			continue;
		f->lines[f->n_lines++] = strdup(kev_line_text(line, NULL));
	}
	kev_free(k);
	finish(kevd);
	if (f->n_lines < LINES / 2)
		die("kevd played %u events only", f->n_lines);
}

/* The next event, from a host. */
static void
send_one(struct fleet *f, struct host *h)
{
	char text[4096];
	const char *line = f->lines[f->line++ % f->n_lines];
	int n = snprintf(text, sizeof text, "%.*s" SENT "%llu}",
	    (int)strlen(line) - 1, line, (unsigned long long)now_ns());

	if (!outbox_put(&h->outbox, "", text, (size_t)n))
		die("%s has no place for an event", h->name);
	f->sent++;
}

/* As many as are due, each from another host. */
static void
send_due(struct fleet *f)
{
	uint64_t due = f->rate == 0 ? f->wanted :
	    (now_ns() - f->begun) * f->rate / 1000000000 + 1;
	unsigned full = 0;

	if (due > f->wanted)
		due = f->wanted;
	while (f->sent < due && full < f->n) {
		struct host *h = &f->hosts[f->next++ % f->n];

		/* Nothing is to go by the disk. */
		if (h->link.up && h->outbox.n >= OUTBOX_ENTRIES / 2) {
			full++;
			continue;
		}
		full = 0;
		send_one(f, h);
	}
}

static void
before(struct ev_loop *loop, ev_prepare *w, int revents)
{
	unsigned i;

	(void)loop;
	(void)w;
	(void)revents;
	send_due(&fleet);
	for (i = 0; i < fleet.n; i++) {
		outbox_sync(&fleet.hosts[i].outbox);
		mqttlink_watch(&fleet.hosts[i].link);
	}
}

static void
on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

static void
start_hosts(struct fleet *f)
{
	char folder[300];
	unsigned i;

	f->hosts = calloc(f->n, sizeof *f->hosts);
	if (f->hosts == NULL)
		die("no memory for hosts");
	for (i = 0; i < f->n; i++) {
		struct host *h = &f->hosts[i];

		snprintf(h->name, sizeof h->name, "host%05u", i);
		snprintf(folder, sizeof folder, "%s/%s", f->dir, h->name);
		if (!mqttlink_init(&h->link, f->loop, &f->options, h->name,
		    &calls, h) || spool_open(&h->outbox.spool, folder,
		    1 << 20) < 0)
			die("%s cannot be made", folder);
		outbox_init(&h->outbox, &h->link, h->name, h->name, 86400);
	}
}

/* Turns the loop until that is so. */
#define UNTIL(what) do ev_run(fleet.loop, EVRUN_ONCE); while (!(what))

static double
seconds_since(uint64_t begun)
{
	return (double)(now_ns() - begun) / 1e9;
}

static void
connect_all(struct fleet *f)
{
	uint64_t ours = memory(getpid()), theirs = memory(f->broker);
	uint64_t begun = now_ns();
	char topic[80];
	unsigned i;

	for (i = 0; i < f->n; i++) {
		struct host *h = &f->hosts[i];

		snprintf(topic, sizeof topic, "kev/%s/status", h->name);
		mqttlink_open(&h->link, topic, "{\"status\":\"offline\"}");
	}
	UNTIL(f->up == f->n);
	printf("fleet %5u hosts connected in %.2f s, a host takes %.1f KiB of the "
	    "broker, %.1f KiB of kev-mqtt\n", f->n, seconds_since(begun),
	    ((double)memory(f->broker) - (double)theirs) / 1024 / f->n,
	    ((double)memory(getpid()) - (double)ours) / 1024 / f->n);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* RATE events a second, 0: as many as there can be. */
static void
measure(struct fleet *f, unsigned rate)
{
	struct report *r = f->report;
	uint64_t cpu = cpu_ns(f->broker), ours = cpu_ns(getpid()), from = r->n;
	uint64_t bytes = r->bytes, n, *took;
	uint64_t i;
	double s;

	f->sent = 0;
	f->rate = rate;
	f->begun = now_ns();
	f->wanted = rate == 0 ? FLAT_OUT : (uint64_t)rate * SECONDS;
	UNTIL(r->n - from >= f->wanted);
	s = seconds_since(f->begun);
	n = f->wanted;
	f->wanted = 0;
	took = calloc(n, sizeof *took);
	if (took == NULL)
		die("no memory");
	for (i = 0; i < n; i++)
		took[i] = r->took[(from + i) % SAMPLES];
	qsort(took, n, sizeof *took, compare);
	printf("fleet %5u hosts %7.0f events/s", f->n, (double)n / s);
	if (rate != 0)
		printf("  latency %6.2f ms median %6.2f ms 99 of 100",
		    (double)took[n / 2] / 1e6, (double)took[n * 99 / 100] / 1e6);
	else
		printf("  as many as there can be");
	printf("  of an event: %3.0f us of the broker, %3.0f us of kev-mqtt, "
	    "%3.0f bytes\n", (double)(cpu_ns(f->broker) - cpu) / 1e3 / (double)n,
	    (double)(cpu_ns(getpid()) - ours) / 1e3 / (double)n,
	    (double)(r->bytes - bytes) / (double)n);
	free(took);
}

/* The broker goes, each host has some events, it comes. */
static void
measure_outage(struct fleet *f)
{
	uint64_t begun;
	unsigned i;

	finish(f->broker);
	UNTIL(f->up == 0);
	f->sent = 0;
	f->rate = 0;
	f->wanted = (uint64_t)f->n * WAITING;
	UNTIL(f->sent == f->wanted);
	start_broker(f);
	begun = now_ns();
	UNTIL(f->up == f->n);
	printf("fleet %5u hosts back after %.2f s", f->n, seconds_since(begun));
	/* At the broker: who subscribed has no session there any more. */
	for (i = 0; i < f->n; i++)
		UNTIL(spool_empty(&f->hosts[i].outbox.spool));
	printf(", %u events that waited are there after %.2f s\n",
	    f->n * WAITING, seconds_since(begun));
	f->wanted = 0;
}

int
main(int argc, char *argv[])
{
	struct fleet *f = &fleet;
	char path[300];
	int err;

	if (argc < 2)
		die("usage: fleet DIRECTORY [HOSTS]");
	f->dir = argv[1];
	f->n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000;
	/* They say that they are connected. */
	snprintf(path, sizeof path, "%s/said", f->dir);
	err = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	setvbuf(stdout, NULL, _IOLBF, 0);
	f->report = mmap(NULL, sizeof *f->report, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f->n == 0 || err == -1 || f->report == MAP_FAILED)
		die("cannot begin");
	mosquitto_lib_init();
	f->options = (struct mqttoptions){ .broker = path, .port = 1883,
		.keepalive = 30000 };
	f->options.broker = strdup("127.0.0.1");
	f->loop = ev_default_loop(0);
	take_lines(f);
	start_broker(f);
	start_subscriber(f);
	ev_prepare_init(&f->prepare, before);
	ev_prepare_start(f->loop, &f->prepare);
	ev_timer_init(&f->tick, on_tick, 0.001, 0.001);
	ev_timer_start(f->loop, &f->tick);
	dup2(err, STDERR_FILENO);
	start_hosts(f);
	connect_all(f);
	measure(f, 1000);
	measure(f, 3000);
	measure(f, 0);
	measure_outage(f);
	finish(f->broker);
	kill(f->subscriber, SIGKILL);
	waitpid(f->subscriber, NULL, 0);
	return 0;
}

#include "config.h"

#include "brokers.h"

#include "bench.h"
#include "dbusbroker.h"
#include "readers.h"
#include "recording.h"
#include "ring.h"
#include "wire.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of DIR, until the next but seven calls. */
static char *
in(const char *dir, const char *file)
{
	static char paths[8][128];
	static unsigned n;
	char *path = paths[n++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", dir, file);
	return path;
}

static pid_t
start(const char *dir, const char *const argv[])
{
	unlink(in(dir, "s"));
	return spawn(in(dir, "err"), argv, -1);
}

/* Looks where daemons are, too. */
static bool
is_installed(const char *program)
{
	static const char *const folders[] = { "/usr/local/sbin/",
	    "/usr/local/bin/", "/usr/sbin/", "/usr/bin/" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(path, sizeof path, "%s%s", folders[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		die("%s: %s", path, strerror(errno));
}

/* kevd */

static pid_t
start_kevd(const struct broker *b, const char *dir)
{
	const char *const argv[] = { needed("KEVD"), "-u", in(dir, "s"),
	    "--max-clients", "20000", NULL };

	(void)b;
	return start(dir, argv);
}

/* It waits until somebody writes what it plays. */
static pid_t
start_play(const struct broker *b, const char *dir)
{
	const char *const argv[] = { needed("KEVD"), "-u", in(dir, "s"),
	    "--max-clients", "20000", "--play", in(dir, "fifo"),
	    "--play-speed", "0", NULL };

	(void)b;
	unlink(in(dir, "fifo"));
	if (mkfifo(in(dir, "fifo"), 0600) == -1)
		die("mkfifo: %s", strerror(errno));
	return start(dir, argv);
}

static void
copy(int from, int to)
{
	static char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof bytes)) > 0) {
		if (write(to, bytes, (size_t)n) != n)
			_exit(1);
	}
	_exit(n == 0 ? 0 : 1);
}

static pid_t
go_play(const char *dir, int reader, unsigned count)
{
	char *file = in(dir, "recording");
	int from, to;
	pid_t pid;

	(void)reader;
	recording_make(file, NULL, count);
	from = open(file, O_RDONLY | O_CLOEXEC);
	to = open(in(dir, "fifo"), O_WRONLY | O_CLOEXEC);
	if (from == -1 || to == -1)
		die("%s: %s", file, strerror(errno));
	/* So that it rarely has to wait for us. */
	fcntl(to, F_SETPIPE_SZ, 1 << 20);
	pid = fork();
	if (pid == 0)
		copy(from, to);
	close(from);
	close(to);
	return pid;
}

static void
kevd_hello(struct buf *b, unsigned other)
{
	char text[128];

	if (other == 0)
		snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"id\":1,"
		    "\"topics\":[\"**\"]}\n");
	else
		snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"id\":1,"
		    "\"topics\":[\"nd6/*\"],\"ifname\":[\"eth%u\"]}\n", other);
	buf_puts(b, text);
}

static bool
kevd_is_welcome(const char *p, size_t len)
{
	return p[len - 1] == '\n';
}

static void
kevd_inject(struct buf *b, const char *text)
{
	buf_puts(b, "{\"op\":\"inject\",\"topic\":\"interface/idle\","
	    "\"ifname\":\"");
	buf_puts(b, text);
	buf_puts(b, "\"}\n");
}

/* The limit */

static pid_t
start_limit(const struct broker *b, const char *dir)
{
	const char *const argv[] = { needed("KEV_BENCH_LIMIT"),
	    b->mode, in(dir, "s"), NULL };

	return start(dir, argv);
}

static pid_t
start_uring(const struct broker *b, const char *dir)
{
	return ring_is_allowed() ? start_limit(b, dir) : 0;
}

static pid_t
go_limit(const char *dir, int reader, unsigned count)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%u\n", count);

	(void)dir;
	if (send(reader, text, (size_t)n, MSG_NOSIGNAL) != n)
		die("the limit does not listen");
	return 0;
}

/* What carries any bytes carries a line of PAYLOAD. */
static const char *
payload(const char *text)
{
	static char bytes[PAYLOAD + 1];
	size_t i;

	memset(bytes, '.', PAYLOAD);
	for (i = 0; text[i] != '\0'; i++)
		bytes[i] = text[i];
	bytes[PAYLOAD - 1] = '\n';
	return bytes;
}

/* A channel: the one that events go to, or another. */
static const char *
name_of(unsigned other, char name[16])
{
	snprintf(name, 16, other == 0 ? "k" : "k%u", other);
	return name;
}

/* A line of its own for the limit that only passes on. */
static void
relay_publish(struct buf *b, const char *text)
{
	buf_put(b, payload(text), PAYLOAD);
}

/* redis */

static pid_t
start_redis(const struct broker *b, const char *dir)
{
	const char *const argv[] = { "redis-server", "--port", "0", "--unixsocket",
	    in(dir, "s"), "--save", "", "--appendonly", "no", "--maxclients",
	    "20000", "--client-output-buffer-limit", "pubsub", "0", "0", "0",
	    "--dir", dir, NULL };

	(void)b;
	return is_installed(argv[0]) ? start(dir, argv) : 0;
}

static void
redis_subscribe(struct buf *b, unsigned other)
{
	char name[16];

	buf_puts(b, "SUBSCRIBE ");
	buf_puts(b, name_of(other, name));
	buf_puts(b, "\r\n");
}

static bool
redis_is_welcome(const char *p, size_t len)
{
	return len > 4 && memcmp(p + len - 4, ":1\r\n", 4) == 0;
}

static void
redis_publish(struct buf *b, const char *text)
{
	buf_puts(b, "*3\r\n$7\r\nPUBLISH\r\n$1\r\nk\r\n$200\r\n");
	buf_put(b, payload(text), PAYLOAD);
	buf_puts(b, "\r\n");
}

/* nats */

static pid_t
start_nats(const struct broker *b, const char *dir)
{
	const char *const argv[] = { "nats-server", "-a", "127.0.0.1", "-p",
	    b->where, NULL };

	return is_installed(argv[0]) ? start(dir, argv) : 0;
}

static void
nats_connect(struct buf *b)
{
	buf_puts(b, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
}

static void
nats_subscribe(struct buf *b, unsigned other)
{
	char name[16];

	nats_connect(b);
	buf_puts(b, "SUB ");
	buf_puts(b, name_of(other, name));
	buf_puts(b, " 1\r\nPING\r\n");
}

static bool
nats_is_welcome(const char *p, size_t len)
{
	return len >= 6 && memcmp(p + len - 6, "PONG\r\n", 6) == 0;
}

static void
nats_publish(struct buf *b, const char *text)
{
	buf_puts(b, "PUB k 200\r\n");
	buf_put(b, payload(text), PAYLOAD);
	buf_puts(b, "\r\n");
}

/* mosquitto */

static pid_t
start_mosquitto(const struct broker *b, const char *dir)
{
	const char *const argv[] = { "mosquitto", "-c", in(dir, "conf"), NULL };
	char text[512];

	(void)b;
	if (!is_installed(argv[0]))
		return 0;
	snprintf(text, sizeof text, "listener 0 %s\nallow_anonymous true\n"
	    "user root\nlog_dest none\nmax_queued_messages 0\n",
	    in(dir, "s"));
	write_file(argv[2], text);
	return start(dir, argv);
}

static void
mosquitto_hello(struct buf *b, unsigned other)
{
	char name[16];

	mqtt_connect(b);
	mqtt_subscribe(b, name_of(other, name));
}

static void
mosquitto_publish(struct buf *b, const char *text)
{
	mqtt_publish(b, payload(text), PAYLOAD);
}

/* D-Bus */

static void
write_bus(const char *dir)
{
	char text[1024];

	snprintf(text, sizeof text, "<!DOCTYPE busconfig PUBLIC "
	    "\"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
	    "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	    "<busconfig><type>session</type><listen>unix:path=%s</listen>"
	    "<auth>EXTERNAL</auth><policy context=\"default\">"
	    "<allow send_destination=\"*\" eavesdrop=\"true\"/>"
	    "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>"
	    "<limit name=\"max_completed_connections\">100000</limit>"
	    "<limit name=\"max_incomplete_connections\">10000</limit>"
	    "<limit name=\"max_connections_per_user\">100000</limit>"
	    "</busconfig>\n", in(dir, "s"));
	write_file(in(dir, "bus"), text);
}

static pid_t
start_dbus_daemon(const struct broker *b, const char *dir)
{
	char config[128];
	const char *const argv[] = { "dbus-daemon", config, "--nofork", "--nopidfile",
	    "--nosyslog", NULL };

	(void)b;
	if (!is_installed(argv[0]))
		return 0;
	snprintf(config, sizeof config, "--config-file=%s", in(dir, "bus"));
	write_bus(dir);
	return start(dir, argv);
}

static pid_t
start_dbus_broker(const struct broker *b, const char *dir)
{
	if (!is_installed(b->name))
		return 0;
	unlink(in(dir, "s"));
	return dbusbroker_start(in(dir, "s"), in(dir, "err"));
}

static void
bus_subscribe(struct buf *b, unsigned other)
{
	char name[16];

	dbus_hello(b);
	dbus_match(b, name_of(other, name));
}

static bool
bus_is_welcome(const char *p, size_t len)
{
	return dbus_is_answered(p, len, 2);
}

static void
bus_publish(struct buf *b, const char *text)
{
	dbus_signal(b, payload(text), PAYLOAD);
}

const struct broker broker_relay = { .name = "limit-relay",
	.start = start_limit, .where = "s", .mode = "relay",
	.is_welcome = kevd_is_welcome, .publish = relay_publish, .lines = 1 };

const struct broker broker_uring = { .name = "limit-uring",
	.start = start_uring, .where = "s", .mode = "uring",
	.is_welcome = kevd_is_welcome, .publish = relay_publish, .lines = 1 };

const struct broker brokers[] = {
	{ .name = "limit-send", .start = start_limit, .where = "s",
	    .mode = "send", .is_welcome = kevd_is_welcome, .go = go_limit,
	    .slow = 4 },
	{ .name = "limit-frames", .start = start_limit, .where = "s",
	    .mode = "frames", .is_welcome = kevd_is_welcome, .go = go_limit },
	{ .name = "limit-merged", .start = start_limit, .where = "s",
	    .mode = "merged", .is_welcome = kevd_is_welcome, .go = go_limit,
	    .limit = true },
	{ .name = "limit-buffer", .start = start_limit, .where = "s",
	    .mode = "buffer", .is_welcome = kevd_is_welcome, .go = go_limit },
	{ .name = "limit-sendfile", .start = start_limit, .where = "s",
	    .mode = "sendfile", .is_welcome = kevd_is_welcome, .go = go_limit },
	{ .name = "kevd-play", .start = start_play, .where = "s",
	    .hello = kevd_hello, .is_welcome = kevd_is_welcome, .go = go_play },
	{ .name = "kevd-inject", .start = start_kevd, .where = "s",
	    .hello = kevd_hello, .is_welcome = kevd_is_welcome,
	    .publish = kevd_inject, .lines = 1 },
	{ .name = "redis", .start = start_redis, .where = "s",
	    .hello = redis_subscribe, .is_welcome = redis_is_welcome,
	    .publish = redis_publish, .lines = 8, .slow = 4 },
	{ .name = "nats", .start = start_nats, .where = "4222",
	    .hello = nats_subscribe, .is_welcome = nats_is_welcome,
	    .login = nats_connect, .publish = nats_publish, .lines = 3, .slow = 4 },
	{ .name = "mosquitto", .start = start_mosquitto, .where = "s",
	    .hello = mosquitto_hello, .is_welcome = mqtt_is_subscribed,
	    .login = mqtt_connect, .publish = mosquitto_publish, .lines = 1,
	    .slow = 16 },
	{ .name = "dbus-daemon", .start = start_dbus_daemon, .where = "s",
	    .hello = bus_subscribe, .is_welcome = bus_is_welcome,
	    .login = dbus_hello, .publish = bus_publish, .lines = 1, .slow = 16 },
	{ .name = "dbus-broker", .start = start_dbus_broker, .where = "s",
	    .hello = bus_subscribe, .is_welcome = bus_is_welcome,
	    .login = dbus_hello, .publish = bus_publish, .lines = 1, .slow = 8 },
	{ .name = NULL },
};

const struct broker *
broker_find(const char *name)
{
	const struct broker *b = brokers;

	while (b->name != NULL && strcmp(b->name, name) != 0)
		b++;
	if (b->name == NULL)
		die("no broker %s", name);
	return b;
}

bool
broker_is_wanted(const struct broker *b, char *const names[])
{
	size_t i;

	for (i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], b->name) == 0)
			return true;
	}
	return i == 0;
}

const char *
broker_where(const struct broker *b, const char *dir)
{
	return b->where[0] == 's' ? in(dir, b->where) : b->where;
}

/*
 * A client and the whole of the server: what it may send, in pieces, and what
 * is answered. The first byte says whose client it is and in how many
 * pieces. Each request gets its answer, as a line of JSON among the events.
 */
#include "config.h"

#include "bounds.h"
#include "buf.h"
#include "fuzz.h"
#include "request.h"
#include "server.h"
#include "source.h"

#include <sys/socket.h>

#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define STRANGER 12345		/* not root, and nobody's own */
#define TURNS 100000		/* more than it takes in any case */

static struct ev_loop *loop;
static struct server server;
static struct state *state;
static struct source_stats stats;

static const struct state *
get_state(const struct source *s, size_t n)
{
	(void)s;
	return n == 0 ? state : NULL;
}

static const struct source_stats *
get_stats(const struct source *s, size_t n)
{
	(void)s;
	return n == 0 ? &stats : NULL;
}

static uint64_t
get_topics(const struct source *s)
{
	(void)s;
	return KEV_TOPIC_ALL;
}

static struct stamp
get_now(const struct source *s)
{
	(void)s;
	return (struct stamp){ 1, 1 };
}

static void
ignore(void *arg, struct kev_event *ev)
{
	(void)arg;
	(void)ev;
}

/* An interface, an address and a router are there. */
static void
begin(void)
{
	static const struct change changes[] = {
		{ .type = CHANGE_LINK, .ifindex = 2, .link = {
		    .link = { .has = KEV_BIT(FLAGS), .flags = 0x41 },
		    .ifname = "eth0" } },
		{ .type = CHANGE_ADDR, .ifindex = 2, .addr = {
		    .has = KEV_BIT(ADDRESS) | KEV_BIT(STATUS),
		    .status = KEV_PREFERRED, .family = KEV_INET,
		    .address = { KEV_INET, { 192, 0, 2, 1 } } } },
		{ .type = CHANGE_ROUTER, .ifindex = 2, .router = {
		    .router = { .has = KEV_BIT(GATEWAY), .family = KEV_INET,
		    .gateway = { KEV_INET, { 192, 0, 2, 2 } } } } },
	};
	struct stamp now = { 1, 1 };
	size_t i;

	loop = ev_loop_new(0);
	state = state_new(NULL, ignore, NULL);
	for (i = 0; i < sizeof changes / sizeof changes[0]; i++)
		state_apply(state, &changes[i], &now);
	source_stats_init(&stats, "rtnetlink", NULL);
}

static void
start(void)
{
	static const struct source_ops ops = { .state = get_state,
	    .stats = get_stats, .topics = get_topics, .now = get_now };
	static struct source source = { &ops };
	const struct server_config config = { .queue = 1 << 20,
	    .history = 1 << 12, .max_clients = 1, .max_per_user = 1, .fd = -1 };
	const struct sockaddr any = { .sa_family = AF_UNIX };

	MUST(server_init(&server, &config) == 0);
	/* Nobody comes there. */
	server.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(bind(server.fd, &any, sizeof any.sa_family) == 0);
	MUST(listen(server.fd, 1) == 0);
	server_start(&server, loop, &source);
}

/* Whether a line is answered; only who may not inject is told so always. */
static bool
is_answered(const char *line, size_t len, bool stranger)
{
	struct kev_request r;
	char message[512];
	bool silent;
	size_t i;

	for (i = 0; i < len && (line[i] == ' ' || line[i] == '\t' ||
	    line[i] == '\r'); i++)
		;
	if (i == len)
		return false;
	if (len > KEV_REQUEST_MAX)
		return true;
	silent = kev_request_parse(&r, line, len, message, sizeof message) ==
	    KEV_OK && r.op == KEV_INJECT && r.id == NULL && !stranger;
	kev_request_fini(&r);
	return !silent;
}

static unsigned
count_answers(const char *p, size_t len, bool stranger)
{
	const char *end = p + len, *newline;
	unsigned n = 0;

	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		n += is_answered(p, (size_t)(newline - p), stranger);
		p = newline < end ? newline + 1 : end;
	}
	return n;
}

/* One line that came; whether it is an answer. */
static bool
look(const char *line, size_t len)
{
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *reply = json_object_get(o, "reply");

	MUST((reply == NULL) != (json_object_get(o, "topic") == NULL));
	MUST(reply == NULL || json_is_boolean(json_object_get(o, "ok")));
	json_decref(o);
	return reply != NULL;
}

/* A turn of the loop, and what came in it. Returns how many answers. */
static unsigned
turn(int fd, struct buf *got)
{
	char bytes[4096];
	const char *newline;
	unsigned answers = 0;
	size_t done = 0, size;
	ssize_t n;

	ev_run(loop, EVRUN_NOWAIT);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		buf_put(got, bytes, (size_t)n);
	while (got->len > done && (newline = memchr(got->data + done, '\n',
	    got->len - done)) != NULL) {
		size = (size_t)(newline - got->data) - done;
		answers += look(got->data + done, size);
		done += size + 1;
	}
	buf_drop(got, done);
	return answers;
}

static void
talk(int fd, const char *bytes, size_t len, size_t piece, bool stranger)
{
	unsigned want = count_answers(bytes, len, stranger), answers = 0;
	struct buf got = BUF_INIT;
	ssize_t n;
	int i;

	for (i = 0; len > 0; i++) {
		MUST(i < TURNS);
		n = write(fd, bytes, piece < len ? piece : len);
		answers += turn(fd, &got);
		if (n <= 0)
			continue;
		bytes += n;
		len -= (size_t)n;
	}
	MUST(shutdown(fd, SHUT_WR) == 0);
	for (i = 0; answers < want; i++) {
		MUST(i < TURNS);
		answers += turn(fd, &got);
	}
	for (i = 0; i < 4; i++)
		answers += turn(fd, &got);
	MUST(answers == want && got.len == 0);
	buf_fini(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	bool stranger = len > 0 && (bytes[0] & 1) != 0;
	int fd[2];

	if (len < 2)
		return 0;
	if (loop == NULL)
		begin();
	start();
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	MUST(fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0);
	MUST(peer_new(&server.peers, fd[1], user_add_client(
	    &server.peers.users, stranger ? STRANGER : 0), 1) != NULL);
	talk(fd[0], (const char *)bytes + 1, len - 1,
	    len / (1 + bytes[0] / 2) + 1, stranger);
	close(fd[0]);
	server_fini(&server);
	return 0;
}

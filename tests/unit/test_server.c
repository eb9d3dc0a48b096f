#include "config.h"

#include "server.h"

#include "buf.h"
#include "request.h"
#include "source.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/*
 * A server with clients of whatever user, on pairs of sockets. What is asked
 * of all at once is there before the loop looks.
 */
#define QUEUE 4096
#define STRANGER 12345		/* not root, and nobody's own */

struct client {
	int fd;
	struct peer *peer;
	struct buf got;
};

static struct ev_loop *loop;
static struct server server;
static struct source *source;

static int
start(void **state)
{
	struct server_config config = { .queue = QUEUE, .history = 1 << 16,
	    .max_clients = 100, .max_per_user = 100, .timeout = 3600, .fd = -1 };
	struct source_config from = { .publish = server_publish,
	    .crowded = server_crowded, .arg = &server };
	const struct sockaddr any = { .sa_family = AF_UNIX };

	(void)state;
	loop = ev_loop_new(0);
	if (server_init(&server, &config) != 0 ||
	    source_kernel(&source, &from) != 0 || source_prime(source) != 0)
		return -1;
	/* Nobody comes there. */
	server.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(server.fd, &any, sizeof any.sa_family) != 0 ||
	    listen(server.fd, 1) != 0)
		return -1;
	server_start(&server, loop, source);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	server_fini(&server);
	source_free(source);
	ev_loop_destroy(loop);
	return 0;
}

static void
come(struct client *c, uid_t uid)
{
	int fd[2];

	memset(c, 0, sizeof *c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	c->fd = fd[0];
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->peer = peer_new(&server.peers, fd[1],
	    user_add_client(&server.peers.users, uid), getpid());
	assert_non_null(c->peer);
}

static void
go(struct client *c)
{
	close(c->fd);
	buf_fini(&c->got);
}

static void
ask(struct client *c, const char *line, int times)
{
	struct buf all = BUF_INIT;

	while (times-- > 0)
		buf_puts(&all, line);
	assert_int_equal(write(c->fd, all.data, all.len), (ssize_t)all.len);
	buf_fini(&all);
}

/* Takes what there is. Returns how much that was. */
static size_t
take(struct client *c)
{
	char bytes[65536];
	size_t before = c->got.len;
	ssize_t n;

	while ((n = read(c->fd, bytes, sizeof bytes)) > 0)
		buf_put(&c->got, bytes, (size_t)n);
	return c->got.len - before;
}

static void
turns(int n)
{
	while (n-- > 0)
		ev_run(loop, EVRUN_NOWAIT);
}

/* Until nothing more comes, for any of N clients that read. */
static void
take_all(struct client *c, int n)
{
	size_t got;
	int i;

	do {
		turns(4);
		for (got = 0, i = 0; i < n; i++)
			got += take(&c[i]);
	} while (got > 0);
}

static unsigned
lines(struct client *c, const char *part)
{
	unsigned n = 0;
	char *p;

	buf_putc(&c->got, '\0');
	c->got.len--;
	for (p = c->got.data; (p = strstr(p, part)) != NULL; p++)
		n++;
	return n;
}

static void
forget(struct client *c)
{
	buf_clear(&c->got);
}

/* Which of those injected for "one" among those for "many" was "one"? */
static unsigned
place(int many)
{
	static const char inject[] = "{\"op\":\"inject\",\"topic\":"
	    "\"interface/idle\",\"ifname\":\"";
	struct client c[3];
	char line[128], *one, *p;
	unsigned before = 0;
	int i;

	for (i = 0; i < 3; i++)
		come(&c[i], 0);
	ask(&c[2], "{\"op\":\"subscribe\",\"topics\":[\"interface/idle\"]}\n", 1);
	take_all(&c[2], 1);
	/* libev calls for what came last first. */
	snprintf(line, sizeof line, "%sone\"}\n", inject);
	ask(&c[1], line, 1);
	snprintf(line, sizeof line, "%smany\"}\n", inject);
	ask(&c[0], line, many);
	take_all(&c[2], 1);
	assert_int_equal(lines(&c[2], "\"many\""), many);
	one = strstr(c[2].got.data, "\"one\"");
	assert_non_null(one);
	for (p = c[2].got.data; (p = strstr(p, "\"many\"")) != NULL && p < one;
	    p++)
		before++;
	for (i = 0; i < 3; i++)
		go(&c[i]);
	turns(2);
	return before;
}

static void
a_turn(void **state)
{
	(void)state;
	assert_int_equal(place(KEV_TURN), KEV_TURN);
	assert_int_equal(place(KEV_TURN + 1), KEV_TURN);
	assert_int_equal(place(200), KEV_TURN);
}

/* A subscription with so many globs. */
static void
globs(struct client *c, int ifnames, int netns, int matches)
{
	char line[4096];
	int n, i;

	n = snprintf(line, sizeof line, "{\"op\":\"subscribe\",\"topics\":[\"ipv4/*\"],"
	    "\"ifname\":[");
	for (i = 0; i < ifnames; i++)
		n += snprintf(line + n, sizeof line - (size_t)n, "%s\"a%d\"",
		    i > 0 ? "," : "", i);
	n += snprintf(line + n, sizeof line - (size_t)n, "],\"netns\":[");
	for (i = 0; i < netns; i++)
		n += snprintf(line + n, sizeof line - (size_t)n, "%s\"b%d\"",
		    i > 0 ? "," : "", i);
	n += snprintf(line + n, sizeof line - (size_t)n, "],\"match\":{");
	for (i = 0; i < matches; i++)
		n += snprintf(line + n, sizeof line - (size_t)n,
		    "%s\"c%d\":\"d\"", i > 0 ? "," : "", i);
	snprintf(line + n, sizeof line - (size_t)n, "}}\n");
	forget(c);
	ask(c, line, 1);
	take_all(c, 1);
}

static void
globs_of_a_user(void **state)
{
	struct client c[26], more, root;
	int i;

	(void)state;
	for (i = 0; i < 26; i++) {
		come(&c[i], STRANGER);
		globs(&c[i], i < 25 ? 64 : 0, 64, 32);
		assert_int_equal(lines(&c[i], "\"ok\":true"), 1);
	}
	assert_int_equal(c[0].peer->user->globs, KEV_USER_GLOBS_MAX);
	come(&more, STRANGER);
	globs(&more, 1, 0, 0);
	assert_int_equal(lines(&more, "\"too-many\""), 1);
	assert_int_equal(lines(&more, "with 4097 globs"), 1);
	assert_int_equal(lines(&more, "may with 4096"), 1);
	globs(&more, 0, 0, 0);
	assert_int_equal(lines(&more, "\"ok\":true"), 1);
	/* Another for its own is no more; refused, it has its old one. */
	globs(&c[0], 63, 64, 32);
	assert_int_equal(lines(&c[0], "\"ok\":true"), 1);
	globs(&more, 1, 0, 0);
	assert_int_equal(lines(&more, "\"ok\":true"), 1);
	globs(&c[0], 64, 64, 32);
	assert_int_equal(lines(&c[0], "\"too-many\""), 1);
	assert_int_equal(c[0].peer->globs, 159);
	come(&root, 0);
	globs(&root, 64, 64, 32);
	assert_int_equal(lines(&root, "\"ok\":true"), 1);
	/* They are free when it unsubscribes, and when it goes. */
	ask(&more, "{\"op\":\"unsubscribe\"}\n", 1);
	go(&c[1]);
	turns(4);
	assert_int_equal(more.peer->user->globs, KEV_USER_GLOBS_MAX - 1 - 160);
	for (i = 0; i < 26; i++) {
		if (i != 1)
			go(&c[i]);
	}
	go(&more);
	go(&root);
	turns(4);
	assert_true(LIST_EMPTY(&server.peers.users));
}

/* Asks until it is not read any more. */
static void
leave_unread(struct client *c)
{
	ask(c, "{\"op\":\"topics\"}\n", 100);
	turns(10);
	assert_true(c->peer->unread > QUEUE);
	assert_true(c->peer->sub.blocked);
}

static void
unread_of_a_user(void **state)
{
	struct client c[KEV_USER_QUEUES_MAX], more, root;
	size_t limit = peer_unread_max(&server.peers), answer;
	int i, n;

	(void)state;
	assert_int_equal(limit, KEV_USER_QUEUES_MAX * QUEUE);
	come(&more, STRANGER);
	come(&root, 0);
	ask(&more, "{\"op\":\"topics\"}\n", 1);
	take_all(&more, 1);
	answer = more.got.len;
	for (n = 0; more.peer->user->unread < limit; n++) {
		come(&c[n], STRANGER);
		leave_unread(&c[n]);
		assert_true(c[n].peer->unread <= QUEUE + answer);
	}
	assert_true(more.peer->user->unread < limit + answer);
	forget(&more);
	ask(&more, "{\"op\":\"topics\"}\n{\"op\":\"stats\"}\n{\"op\":\"state\"}\n"
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"snapshot\":true}\n"
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"after\":\"a-1\"}\n", 1);
	take_all(&more, 1);
	assert_int_equal(lines(&more, "\"too-many\""), 5);
	assert_int_equal(lines(&more, "bytes of answers unread, and may leave "
	    "65536"), 5);
	forget(&more);
	ask(&more, "{\"op\":\"subscribe\",\"topics\":[\"kev/*\"]}\n"
	    "{\"op\":\"ping\"}\n{\"op\":\"unsubscribe\"}\n", 1);
	take_all(&more, 1);
	assert_int_equal(lines(&more, "\"ok\":true"), 3);
	ask(&root, "{\"op\":\"topics\"}\n", 1);
	take_all(&root, 1);
	assert_int_equal(lines(&root, "\"ok\":true"), 1);
	/* Once one has read, others may ask; and nobody missed an answer,
	 * even if it has shut its side. */
	shutdown(c[0].fd, SHUT_WR);
	take_all(&c[0], 1);
	assert_int_equal(lines(&c[0], "\"reply\":null"), 100);
	assert_true(more.peer->user->unread < limit);
	forget(&more);
	ask(&more, "{\"op\":\"topics\"}\n", 1);
	take_all(&more, 1);
	assert_int_equal(lines(&more, "\"ok\":true"), 1);
	take_all(c, n);
	for (i = 1; i < n; i++)
		assert_int_equal(lines(&c[i], "\"reply\":null"), 100);
	assert_int_equal(more.peer->user->unread, 0);
	for (i = 0; i < n; i++)
		go(&c[i]);
	go(&more);
	go(&root);
	turns(2);
}

/* Who fell behind waits for the present until its user has read enough. */
static void
wait_to_catch_up(void **state)
{
	struct client c[KEV_USER_QUEUES_MAX], slow;
	struct kev_event ev = { .topic = KEV_T_INTERFACE_IDLE,
	    .ifname = "somewhere" };
	int n;

	(void)state;
	come(&slow, STRANGER);
	ask(&slow, "{\"op\":\"subscribe\",\"topics\":[\"interface/idle\"]}\n", 1);
	take_all(&slow, 1);
	while (!slow.peer->sub.behind) {
		for (n = 0; n < 100; n++)
			server_publish(&server, &ev);
		turns(1);
	}
	for (n = 0; slow.peer->user->unread < peer_unread_max(&server.peers);
	    n++) {
		come(&c[n], STRANGER);
		leave_unread(&c[n]);
	}
	take_all(&slow, 1);
	assert_int_equal(lines(&slow, "kev/gap"), 0);
	assert_true(slow.peer->waits);
	assert_int_equal(server.peers.waiting, 1);
	/* Nor does it get that for giving up what it has not. */
	forget(&slow);
	ask(&slow, "{\"op\":\"unsubscribe\",\"topics\":[\"ipv4/*\"]}\n", 1);
	take_all(&slow, 1);
	assert_int_equal(lines(&slow, "\"too-many\""), 1);
	assert_int_equal(lines(&slow, "kev/gap"), 0);
	/* In the very turn in which another of its user goes. */
	go(&c[0]);
	turns(2);
	assert_int_equal(server.peers.waiting, 0);
	take_all(&slow, 1);
	assert_int_equal(lines(&slow, "kev/gap"), 1);
	assert_int_equal(lines(&slow, "kev/synced"), 1);
	while (--n > 0)
		go(&c[n]);
	go(&slow);
	turns(2);
}

/* Who fell behind and gives up a part gets the present of the rest, and then
 * the answer. */
static void
give_up_a_part(void **state)
{
	struct client c;
	struct kev_event ev = { .topic = KEV_T_INTERFACE_IDLE,
	    .ifname = "somewhere" };
	int n;

	(void)state;
	come(&c, STRANGER);
	ask(&c, "{\"op\":\"subscribe\",\"topics\":[\"interface/*\"]}\n", 1);
	take_all(&c, 1);
	while (!c.peer->sub.behind) {
		for (n = 0; n < 100; n++)
			server_publish(&server, &ev);
		turns(1);
	}
	ask(&c, "{\"op\":\"unsubscribe\",\"topics\":[\"interface/attach\"],"
	    "\"id\":7}\n", 1);
	turns(2);
	forget(&c);
	take_all(&c, 1);
	assert_int_equal(lines(&c, "\"topic\":\"kev/gap\""), 1);
	assert_int_equal(lines(&c, "\"resynced\":true"), 1);
	assert_int_equal(lines(&c, "\"topic\":\"interface/attach\""), 0);
	assert_int_equal(lines(&c, "\"snapshot\":true") > 0, 1);
	assert_int_equal(lines(&c, "\"topic\":\"kev/synced\""), 1);
	assert_true(strstr(c.got.data, "\"topic\":\"kev/gap\"") <
	    strstr(c.got.data, "\"snapshot\":true"));
	assert_true(strstr(c.got.data, "\"topic\":\"kev/synced\"") <
	    strstr(c.got.data, "\"reply\":7"));
	forget(&c);
	server_publish(&server, &ev);
	take_all(&c, 1);
	assert_int_equal(lines(&c, "\"topic\""), 1);
	go(&c);
	turns(2);
}

/* What was published in this turn and not sent so far holds up nobody. */
static void
asks_in_a_burst(void **state)
{
	struct client c[3];
	int i;

	(void)state;
	/* One of them is heard after who injects. */
	for (i = 0; i < 3; i++)
		come(&c[i], 0);
	for (i = 0; i < 3; i += 2) {
		ask(&c[i], "{\"op\":\"subscribe\",\"topics\":"
		    "[\"interface/idle\"]}\n", 1);
		take_all(&c[i], 1);
		forget(&c[i]);
		ask(&c[i], "{\"op\":\"ping\"}\n", 1);
	}
	ask(&c[1], "{\"op\":\"inject\",\"topic\":\"interface/idle\"}\n",
	    KEV_TURN);
	for (i = 0; i < 3; i += 2) {
		take_all(&c[i], 1);
		assert_int_equal(lines(&c[i], "interface/idle"), KEV_TURN);
		assert_int_equal(lines(&c[i], "\"version\""), 1);
	}
	for (i = 0; i < 3; i++)
		go(&c[i]);
	turns(2);
}

/* Those whose turn is to come go while another has his. */
static void
go_in_a_turn(void **state)
{
	struct kev_event ev = { .topic = KEV_T_INTERFACE_IDLE };
	struct client c[3];
	uint64_t before;
	int i;

	(void)state;
	/* In its second turn one makes room in the log: all are sent what they
	 * are owed. */
	while (history_lacks(hub_history(server.hub), 8192) == 0)
		server_publish(&server, &ev);
	before = hub_events(server.hub, KEV_T_INTERFACE_IDLE);
	for (i = 0; i < 3; i++) {
		come(&c[i], 0);
		ask(&c[i], "{\"op\":\"subscribe\",\"topics\":"
		    "[\"interface/idle\"]}\n", 1);
		take_all(&c[i], 1);
	}
	ask(&c[0], "\n", 1000);
	ask(&c[1], "{\"op\":\"inject\",\"topic\":\"interface/idle\"}\n",
	    1000);
	ask(&c[2], "\n", 1000);
	turns(1);
	assert_true(c[0].peer->busy && c[1].peer->busy && c[2].peer->busy);
	go(&c[0]);
	go(&c[2]);
	take_all(&c[1], 1);
	assert_int_equal(server.peers.count, 1);
	assert_int_equal(hub_events(server.hub, KEV_T_INTERFACE_IDLE),
	    before + 1000);
	go(&c[1]);
	turns(2);
}

/* What takes long is answered once a turn for all of a user's clients. */
static void
long_answers(void **state)
{
	static const char *const what[] = { "{\"op\":\"state\"}\n",
	    "{\"op\":\"stats\"}\n",
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"after\":\"a-1\"}\n",
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"snapshot\":true}\n" };
	struct client c[3], other;
	unsigned n, before;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		come(&c[i], STRANGER);
		ask(&c[i], what[0], 1);
		ask(&c[i], what[1], 1);
		ask(&c[i], what[2], 1);
		ask(&c[i], what[3], 1);
	}
	come(&other, STRANGER + 1);
	ask(&other, "{\"op\":\"ping\"}\n", KEV_TURN);
	for (before = 0; before < 12; before = n) {
		turns(1);
		for (n = 0, i = 0; i < 3; i++) {
			take(&c[i]);
			n += lines(&c[i], "\"reply\"");
		}
		assert_int_equal(n, before + 1);
		/* One after the other; only the first has one more. */
		for (i = 0; i < 3; i++)
			assert_in_range(lines(&c[i], "\"reply\""),
			    (n - 1) / 3, n / 3 + 2);
		take(&other);
		assert_int_equal(lines(&other, "\"version\""), KEV_TURN);
	}
	for (i = 0; i < 3; i++)
		go(&c[i]);
	go(&other);
	turns(2);
}

/* What happened is told in pieces: others are answered in between. */
static void
told_in_pieces(void **state)
{
	struct kev_event ev = { .topic = KEV_T_INTERFACE_IDLE,
	    .ifname = "eth0" };
	struct client c[3], other;
	char line[256];
	unsigned i, n, turn;

	(void)state;
	for (i = 0; i < 200; i++)
		server_publish(&server, &ev);
	come(&other, STRANGER + 1);
	for (i = 0; i < 3; i++) {
		come(&c[i], STRANGER);
		snprintf(line, sizeof line, "{\"op\":\"subscribe\",\"topics\":"
		    "[\"**\"],\"ifname\":[\"eth*\"],\"after\":\"%s-0\","
		    "\"snapshot\":true,\"id\":0}\n{\"op\":\"ping\",\"id\":1}\n",
		    hub_run(server.hub));
		ask(&c[i], line, 1);
	}
	for (turn = 1; lines(&c[2], "\"reply\":1") == 0; turn++) {
		ask(&other, "{\"op\":\"ping\"}\n", 1);
		turns(2);
		take(&other);
		assert_int_equal(lines(&other, "\"reply\""), turn);
		for (n = 0, i = 0; i < 3; i++) {
			take(&c[i]);
			n += lines(&c[i], "\"topic\":\"interface/idle");
			assert_true(lines(&c[i], "\"reply\":1") <=
			    lines(&c[i], "\"topic\":\"kev/synced"));
		}
		/* A first piece and a next one in each turn, at most. */
		assert_true(n <= turn * 2 * 2 * 32);
	}
	assert_true(turn > 3);
	turns(10);
	for (i = 0; i < 3; i++) {
		take(&c[i]);
		assert_int_equal(lines(&c[i], "\"topic\":\"interface/idle"),
		    200);
		assert_int_equal(lines(&c[i], "\"topic\":\"kev/synced"), 1);
		assert_int_equal(lines(&c[i], "\"reply\":1"), 1);
		go(&c[i]);
	}
	go(&other);
	turns(2);
	assert_int_equal(server.peers.count, 0);
}

/* Patterns that have so many bytes as JSON are shown, or their meaning is. */
static void
shown(int bytes, bool as_they_are)
{
	struct client c;
	char line[2048], pad[1024];
	int i, left = bytes - (int)strlen("[\"kev/gap\"]");

	come(&c, STRANGER);
	strcpy(line, "{\"op\":\"subscribe\",\"topics\":[\"kev/gap\"");
	for (; left > 0; left -= i + 5) {
		i = left > 200 ? 100 : left - 5;
		memset(pad, '*', sizeof pad);
		snprintf(line + strlen(line), sizeof line - strlen(line),
		    ",\"x/%.*s\"", i, pad);
	}
	strcat(line, "]}\n{\"op\":\"stats\"}\n");
	ask(&c, line, 1);
	take_all(&c, 1);
	assert_int_equal(lines(&c, "\"patterns\":[\"kev/gap\"]"), !as_they_are);
	assert_int_equal(lines(&c, "\"patterns\":[\"kev/gap\",\"x/***"),
	    as_they_are);
	go(&c);
	turns(2);
}

static void
long_patterns(void **state)
{
	(void)state;
	shown(1024, true);
	shown(1025, false);
}

/* Two are blocked; one takes a little from time to time, the other nothing. */
static void
cut_off(void **state)
{
	struct client stuck, slow;
	char bytes[65536];
	unsigned i = 0;

	(void)state;
	server.peers.timeout = 1;
	server.peers.look.repeat = 0.25;
	come(&stuck, 0);
	come(&slow, 0);
	ask(&stuck, "{\"op\":\"topics\"}\n", 2000);
	ask(&slow, "{\"op\":\"topics\"}\n", 2000);
	turns(200);
	assert_true(stuck.peer->sub.blocked && slow.peer->sub.blocked);
	while (server.peers.cut_off == 0) {
		ev_run(loop, EVRUN_ONCE);
		assert_true(read(slow.fd, bytes, sizeof bytes) > 0);
		i++;
	}
	/* At every look, until there were enough: it blocks in between. */
	assert_true(i >= 5);
	assert_int_equal(server.peers.cut_off, 1);
	assert_int_equal(server.peers.count, 1);
	assert_ptr_equal(TAILQ_FIRST(&server.peers.live), slow.peer);
	/* What was on its way can still be read, then it ends. */
	turns(1);
	assert_true(take(&stuck) > 0);
	assert_int_equal(read(stuck.fd, bytes, sizeof bytes), 0);
	/* Nobody is blocked any more: no clock runs. */
	take_all(&slow, 1);
	assert_int_equal(lines(&slow, "\"reply\":null") > 0, 1);
	while (ev_is_active(&server.peers.look))
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(server.peers.count, 1);
	go(&stuck);
	go(&slow);
	turns(2);
}

/* Takes a little at a time, until kevd could send N bytes more. */
static void
take_slowly(struct client *c, uint64_t n)
{
	uint64_t until = c->peer->sub.q.sent + n;
	char bytes[512];

	while (c->peer->sub.q.sent < until) {
		assert_true(read(c->fd, bytes, sizeof bytes) > 0);
		turns(1);
	}
}

/* Is it cut off that takes so much, but for what its socket holds, a look? */
static void
progress(uint64_t takes, bool enough)
{
	const int size = 1;
	struct client c;
	int i;

	/* All of it waits at once: to have taken that is always enough. */
	server.peers.queue = 1 << 20;
	come(&c, 0);
	/* The least that there is, so that the pieces are small. */
	assert_int_equal(setsockopt(c.peer->io.fd, SOL_SOCKET, SO_SNDBUF,
	    &size, sizeof size), 0);
	ask(&c, "{\"op\":\"topics\"}\n", 200);
	turns(20);
	assert_true(c.peer->sub.blocked);
	for (i = 1; i <= 10; i++) {
		take_slowly(&c, takes);
		assert_true(c.peer->sub.blocked);
		ev_invoke(loop, &server.peers.look, EV_TIMER);
		if (server.peers.cut_off > 0)
			break;
	}
	/* In no five of them was it too little; or it was in the first. */
	assert_int_equal(i, enough ? 11 : 5);
	go(&c);
	turns(2);
}

static void
takes_enough(void **state)
{
	(void)state;
	progress(65536 / 5 + 1, true);
}

/* With what goes into the socket at once it is no more than 65536, either. */
static void
takes_too_little(void **state)
{
	(void)state;
	progress(65536 / 5 - 5000, false);
}

/* Long pieces come, whether the system sends them from the log or not. */
static void
long_pieces(void **state)
{
	struct kev_event ev = { .topic = KEV_T_INTERFACE_IDLE,
	    .ifname = "somewhere" };
	struct history *log = hub_history(server.hub);
	struct client c;
	int n, refuses;

	(void)state;
	come(&c, STRANGER);
	ask(&c, "{\"op\":\"subscribe\",\"topics\":[\"interface/idle\"]}\n", 1);
	take_all(&c, 1);
	for (refuses = 0; refuses < 2; refuses++) {
		/* Nothing can be sent from a directory. */
		if (refuses) {
			close(log->fd);
			log->fd = open("/", O_RDONLY);
		}
		forget(&c);
		for (n = 0; n < 500; n++)
			server_publish(&server, &ev);
		take_all(&c, 1);
		assert_int_equal(lines(&c, "interface/idle"), 500);
		assert_int_equal(log->fd == -1, refuses);
	}
	go(&c);
	turns(2);
}

/* How many clients were sent something together with others. */
static size_t together;

size_t __real_sys_send_many(struct sys_send *, size_t);
size_t __wrap_sys_send_many(struct sys_send *, size_t);

size_t
__wrap_sys_send_many(struct sys_send *sends, size_t n)
{
	size_t done = __real_sys_send_many(sends, n);

	together += done;
	return done;
}

/* It has N events, in order. */
static void
assert_told(struct client *c, int n)
{
	const char *at = c->got.data;
	char part[32];
	int i;

	assert_int_equal(lines(c, "\"topic\":\"interface/idle\""), n);
	for (i = 0; i < n; i++) {
		snprintf(part, sizeof part, "\"eth%d\"", i);
		at = strstr(at, part);
		assert_non_null(at);
	}
	assert_int_equal(lines(c, "kev/gap"), 0);
}

/* Events from *N on. */
static void
tell(int *n, int count)
{
	char name[16];
	struct kev_event ev = { .topic = KEV_T_INTERFACE_IDLE, .ifname = name };

	while (count-- > 0) {
		snprintf(name, sizeof name, "eth%d", (*n)++);
		server_publish(&server, &ev);
	}
}

/* Of two interests, so many of them that one call is not enough. */
static void
come_many(struct client *c, int n)
{
	static const char *const wants[] = { "{\"op\":\"subscribe\","
	    "\"topics\":[\"interface/idle\"]}\n", "{\"op\":\"subscribe\","
	    "\"topics\":[\"interface/idle\"],\"ifnames\":[\"eth*\"]}\n" };
	const int size = 1;
	int i;

	for (i = 0; i < n; i++) {
		come(&c[i], 0);
		assert_int_equal(setsockopt(c[i].peer->io.fd, SOL_SOCKET,
		    SO_SNDBUF, &size, sizeof size), 0);
		ask(&c[i], wants[i % 2], 1);
	}
	take_all(c, n);
	for (i = 0; i < n; i++)
		forget(&c[i]);
}

/* All but the one who is stuck, and the one who goes. */
enum { STUCK = 5, GOES = 7, ASKS = 9 };

static void
take_most(struct client *c, int n)
{
	int i;

	turns(1);
	for (i = 0; i < n; i++) {
		if (i != STUCK && (i != GOES || c[i].fd != -1))
			(void)take(&c[i]);
	}
}

/* What is sent with one system call: more than a socket takes; to one who reads
 * nothing, one who goes, one who has an answer before it. */
static void
to_many(void **state)
{
	static struct client c[2 * SYS_SENDS_MAX + 3];
	const int n = LENGTH(c);
	struct buf *own;
	int i, told = 0;

	(void)state;
	together = 0;
	come_many(c, n);
	tell(&told, 32);
	take_most(c, n);
	assert_true(c[0].peer->sub.blocked);
	while (c[0].peer->sub.blocked)
		take_most(c, n);
	close(c[GOES].fd);
	c[GOES].fd = -1;
	for (i = 0; i < 6; i++) {
		own = hub_say(server.hub, &c[ASKS].peer->sub);
		buf_puts(own, "{\"reply\":null}\n");
		tell(&told, 1);
		take_most(c, n);
	}
	assert_true(c[STUCK].peer->sub.blocked);
	assert_int_equal(server.peers.count, n - 1);
	take_all(c, n);
	assert_int_equal(lines(&c[ASKS], "\"reply\":"), 6);
	assert_int_equal(together > 0, sys_sends_fd() != -1);
	for (i = 0; i < n; i++) {
		if (i != GOES)
			assert_told(&c[i], told);
		go(&c[i]);
	}
	turns(2);
}

/* What happens while some are told what happened comes after it. */
static void
told_first(void **state)
{
	struct client c[3];
	char line[256];
	int i, told = 0;

	(void)state;
	tell(&told, 350);
	for (i = 0; i < 3; i++) {
		come(&c[i], STRANGER + (uid_t)i);
		snprintf(line, sizeof line, "{\"op\":\"subscribe\",\"topics\":"
		    "[\"interface/idle\"],\"after\":\"%s-0\"}\n",
		    hub_run(server.hub));
		ask(&c[i], line, 1);
	}
	turns(1);
	tell(&told, 1);
	turns(1);
	/* That was now to be sent, if it had not to wait. */
	for (i = 0; i < 3; i++)
		assert_non_null(c[i].peer->sub.telling);
	take_all(c, 3);
	for (i = 0; i < 3; i++) {
		assert_told(&c[i], told);
		go(&c[i]);
	}
	turns(2);
}

/* A server asks for it, unless we may not have it. */
static void
asks_for_ring(void **state)
{
	(void)state;
	if (sys_sends_fd() != -1)
		return;
	sys_sends_open();
	assert_int_equal(sys_sends_fd(), -1);
	skip();
}

/* As where there is no such system call, or not for us. */
static int
start_without(void **state)
{
	int error = start(state);

	sys_sends_close();
	return error;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_turn, start, stop),
		cmocka_unit_test_setup_teardown(globs_of_a_user, start, stop),
		cmocka_unit_test_setup_teardown(unread_of_a_user, start, stop),
		cmocka_unit_test_setup_teardown(wait_to_catch_up, start, stop),
		cmocka_unit_test_setup_teardown(give_up_a_part, start, stop),
		cmocka_unit_test_setup_teardown(asks_in_a_burst, start, stop),
		cmocka_unit_test_setup_teardown(go_in_a_turn, start, stop),
		cmocka_unit_test_setup_teardown(long_answers, start, stop),
		cmocka_unit_test_setup_teardown(told_in_pieces, start, stop),
		cmocka_unit_test_setup_teardown(long_pieces, start, stop),
		cmocka_unit_test_setup_teardown(asks_for_ring, start, stop),
		cmocka_unit_test_setup_teardown(to_many, start, stop),
		{ "to_many, each by itself", to_many, start_without, stop,
		    NULL },
		cmocka_unit_test_setup_teardown(told_first, start, stop),
		cmocka_unit_test_setup_teardown(long_patterns, start, stop),
		cmocka_unit_test_setup_teardown(cut_off, start, stop),
		cmocka_unit_test_setup_teardown(takes_enough, start, stop),
		cmocka_unit_test_setup_teardown(takes_too_little, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

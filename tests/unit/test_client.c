/*
 * libkev when kevd goes, comes back, goes again: how often it tries, and from
 * where on it asks. The clock is ours.
 */
#include "config.h"

#include "kev.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "test.h"

int __wrap_clock_gettime(clockid_t, struct timespec *);
void *__real_realloc(void *, size_t);
void *__wrap_realloc(void *, size_t);

static int64_t now = 5000000;
static int tick;		/* ms from one look at the clock to the next */
static char path[64];
static int listener = -1, peer = -1;
static struct kev *k;
static const struct kev_line *line;
static unsigned connections;
static size_t buffer;		/* of libkev, the one that changed last */
static bool no_memory;

int
__wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	t->tv_sec = (time_t)(now / 1000);
	t->tv_nsec = (long)(now % 1000) * 1000000;
	now += tick;
	return 0;
}

void *
__wrap_realloc(void *p, size_t n)
{
	if (no_memory)
		return NULL;
	buffer = n;
	return __real_realloc(p, n);
}

static void
listen_on(int backlog)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	strcpy(sa.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(listener, backlog), 0);
}

static void
hang_up(void)
{
	close(peer);
	peer = -1;
}

/* As when it is killed. The socket stays there, or goes. */
static void
die(bool tidy)
{
	hang_up();
	close(listener);
	listener = -1;
	if (tidy)
		unlink(path);
}

static bool
accepts(void)
{
	peer = accept(listener, NULL, NULL);
	connections += peer != -1;
	return peer != -1;
}

static void
say(const char *text)
{
	assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
}

static int
next(void)
{
	return kev_next(k, 0, &line);
}

/* The member of the last request that it sent, as text; "" when it has none. */
static const char *
asked(const char *member)
{
	static char text[4096];
	ssize_t n = recv(peer, text, sizeof text - 1, 0);
	json_t *o, *v;
	char *last;

	assert_true(n > 0);
	text[n] = '\0';
	text[n - 1] = '\0';
	last = strrchr(text, '\n');
	o = json_loads(last == NULL ? text : last + 1, 0, NULL);
	assert_non_null(o);
	v = json_object_get(o, member);
	snprintf(text, sizeof text, "%s", json_is_string(v) ?
	    json_string_value(v) : json_is_true(v) ? "true" :
	    json_is_integer(v) ? "number" : "");
	json_decref(o);
	return text;
}

/* A client that subscribed; no answer yet. */
static void
subscribe(unsigned flags, const char *after, bool snapshot)
{
	struct kev_subscription want = { .after = after, .snapshot = snapshot };

	listen_on(8);
	k = kev_new();
	assert_non_null(k);
	assert_int_equal(kev_open(k, path, flags), 0);
	assert_int_equal(kev_subscribe(k, &want), 1);
	assert_true(accepts());
}

static int
begin(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/kev-test.%ld", (long)getpid());
	unlink(path);
	connections = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	die(true);
	kev_free(k);
	k = NULL;
	tick = 0;
	return 0;
}

/* What it waits now; then it is over. */
static int
wait_it_out(void)
{
	int timeout = kev_timeout(k);

	assert_in_range(timeout, 1, 10000);
	now += timeout;
	return timeout;
}

static void
back_off(void **state)
{
	int limit = 100, i, waited, shortened = 0;
	struct stat st;

	(void)state;
	subscribe(KEV_RECONNECT, NULL, false);
	say("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	assert_int_equal(next(), KEV_LINE);
	die(false);
	assert_int_equal(next(), KEV_LOST);
	/* Nobody listens, then there is no socket, then it is another thing. */
	for (i = 0; i < 20; i++) {
		if (i == 3)
			unlink(path);
		if (i == 6)
			close(open(path, O_CREAT | O_WRONLY, 0600));
		if (i == 8)
			unlink(path);
		waited = wait_it_out();
		assert_in_range(waited, limit / 2, limit);
		shortened += waited < limit * 9 / 10;
		limit = limit * 2 > 10000 ? 10000 : limit * 2;
		assert_int_equal(next(), KEV_NONE);
		assert_int_equal(kev_fd(k), -1);
	}
	assert_in_range(shortened, 4, 20);
	listen_on(8);
	assert_int_equal(stat(path, &st), 0);
	wait_it_out();
	assert_int_equal(next(), KEV_NONE);
	assert_true(accepts());
	assert_string_equal(asked("after"), "r-7");
	say("{\"reply\":2,\"ok\":true,\"complete\":true}\n");
	assert_int_equal(next(), KEV_BACK);
	/* A success, if it lasts. */
	now += 20000;
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	assert_in_range(wait_it_out(), 50, 100);
	assert_int_equal(connections, 2);
}

/* It takes us, tells something, and dies, for an hour. */
static void
dies_each_time(void **state)
{
	int64_t until;
	char text[200];
	unsigned lost = 0;

	(void)state;
	subscribe(KEV_RECONNECT, NULL, false);
	say("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	assert_int_equal(next(), KEV_LINE);
	hang_up();
	until = now + 3600000;
	while (now < until) {
		assert_int_equal(next(), KEV_LOST);
		wait_it_out();
		assert_int_equal(next(), KEV_NONE);
		assert_true(accepts());
		snprintf(text, sizeof text, "{\"reply\":%u,\"ok\":true,"
		    "\"complete\":true}\n{\"topic\":\"kev/synced\"}\n",
		    ++lost + 1);
		say(text);
		hang_up();
		assert_int_equal(next(), KEV_BACK);
		assert_int_equal(next(), KEV_LINE);
	}
	assert_in_range(connections, 360, 730);
}

/* It takes us and hangs up at once, or never says anything. */
static void
never_answers(void **state)
{
	int i;

	(void)state;
	subscribe(KEV_RECONNECT, NULL, false);
	say("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	assert_int_equal(next(), KEV_LINE);
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	for (i = 0; i < 20; i++) {
		wait_it_out();
		assert_int_equal(next(), KEV_NONE);
		assert_true(accepts());
		assert_string_equal(asked("after"), "r-7");
		hang_up();
		assert_int_equal(next(), KEV_NONE);
	}
	assert_in_range(wait_it_out(), 5000, 10000);
	assert_int_equal(next(), KEV_NONE);
	assert_true(accepts());
	/* There is nothing to do before it says something. */
	assert_int_equal(kev_timeout(k), -1);
	assert_int_equal(connections, 22);
}

/* A refusal for all is one at the start, and to be tried again later. */
static void
too_many(void **state)
{
	static const char refusal[] = "{\"reply\":null,\"ok\":false,\"error\":"
	    "{\"code\":\"too-many\",\"message\":\"full\"}}\n";
	int limit = 100, i;

	(void)state;
	subscribe(KEV_RECONNECT, NULL, false);
	say("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	assert_int_equal(next(), KEV_LINE);
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	for (i = 0; i < 10; i++) {
		assert_in_range(wait_it_out(), limit / 2, limit);
		limit = limit * 2 > 10000 ? 10000 : limit * 2;
		assert_int_equal(next(), KEV_NONE);
		assert_true(accepts());
		assert_string_equal(asked("after"), "r-7");
		say(refusal);
		hang_up();
		assert_int_equal(next(), KEV_NONE);
	}
	assert_non_null(strstr(kev_error(k), "too many clients"));
	/* Any other is the end. */
	wait_it_out();
	assert_int_equal(next(), KEV_NONE);
	assert_true(accepts());
	say("{\"reply\":null,\"ok\":false,\"error\":"
	    "{\"code\":\"denied\",\"message\":\"no\"}}\n");
	assert_int_equal(next(), -EACCES);
	assert_int_equal(next(), -ENOTCONN);
	kev_free(k);
	die(true);
	subscribe(KEV_RECONNECT, NULL, false);
	say(refusal);
	hang_up();
	assert_int_equal(next(), KEV_LINE);
	assert_false(kev_line_ok(line));
	assert_int_equal(next(), -EPIPE);
}

/* Nobody takes connections: they wait in a line, which is full. */
static void
full_backlog(void **state)
{
	struct kev *first[8];
	int i, limit = 100;

	(void)state;
	listen_on(0);
	for (i = 0; i < 8; i++) {
		first[i] = kev_new();
		assert_int_equal(kev_open(first[i], path, 0), 0);
		if (kev_fd(first[i]) == -1)
			break;
	}
	assert_in_range(i, 1, 7);
	k = first[i];
	for (i = 0; i < 10; i++) {
		assert_in_range(wait_it_out(), limit / 2, limit);
		limit = limit * 2 > 10000 ? 10000 : limit * 2;
		assert_int_equal(next(), KEV_NONE);
	}
	assert_true(accepts());
	wait_it_out();
	assert_int_equal(next(), KEV_NONE);
	assert_int_not_equal(kev_fd(k), -1);
	for (i = 0; first[i] != k; i++)
		kev_free(first[i]);
}

/* What we are to get after it went; and where we would go on ourselves. */
static void
cursor_is(const char *cursor)
{
	if (cursor == NULL)
		assert_null(kev_cursor(k));
	else
		assert_string_equal(kev_cursor(k), cursor);
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	wait_it_out();
	assert_int_equal(next(), KEV_NONE);
	assert_true(accepts());
	assert_string_equal(asked("after"), cursor == NULL ? "" : cursor);
}

static void
event(const char *text)
{
	say(text);
	assert_int_equal(next(), KEV_LINE);
}

static void
cursors(void **state)
{
	(void)state;
	subscribe(KEV_RECONNECT, NULL, true);
	event("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	event("{\"topic\":\"a/b\",\"id\":\"r-7\",\"snapshot\":true}\n");
	/* Half of the present is none: it is to come again. */
	cursor_is(NULL);
	say("{\"reply\":2,\"ok\":true,\"run\":\"r\",\"seq\":8}\n");
	assert_int_equal(next(), KEV_BACK);
	event("{\"topic\":\"a/b\",\"id\":\"r-8\",\"snapshot\":true}\n");
	event("{\"topic\":\"kev/synced\",\"id\":\"r-8\"}\n");
	cursor_is("r-8");
	say("{\"reply\":3,\"ok\":true,\"run\":\"r\",\"seq\":9,"
	    "\"complete\":true}\n");
	assert_int_equal(next(), KEV_BACK);
	event("{\"topic\":\"a/b\",\"id\":\"r-9\"}\n");
	cursor_is("r-9");
	/* Another run, which dies before it has told the present. */
	say("{\"reply\":4,\"ok\":true,\"run\":\"s\",\"seq\":3,"
	    "\"complete\":false}\n");
	assert_int_equal(next(), KEV_BACK);
	event("{\"topic\":\"a/b\",\"id\":\"s-3\",\"snapshot\":true}\n");
	cursor_is("r-9");
	say("{\"reply\":5,\"ok\":true,\"run\":\"s\",\"seq\":3,"
	    "\"complete\":false}\n");
	assert_int_equal(next(), KEV_BACK);
	event("{\"topic\":\"kev/synced\",\"id\":\"s-3\"}\n");
	event("{\"topic\":\"kev/gap\",\"id\":\"s-4\","
	    "\"data\":{\"cause\":\"kernel-overrun\"}}\n");
	/* What we lost ourselves is made good by a snapshot. */
	event("{\"topic\":\"kev/gap\",\"id\":\"s-9\","
	    "\"data\":{\"cause\":\"slow-reader\"}}\n");
	event("{\"topic\":\"a/b\",\"id\":\"s-9\",\"snapshot\":true}\n");
	cursor_is("s-4");
	say("{\"reply\":6,\"ok\":true,\"run\":\"s\",\"seq\":9,"
	    "\"complete\":true}\n");
	assert_int_equal(next(), KEV_BACK);
	cursor_is("s-4");
}

/* The past, and then the present: nothing to go on from before both came. */
static void
past_and_present(void **state)
{
	(void)state;
	subscribe(KEV_RECONNECT, "r-0", true);
	assert_string_equal(asked("after"), "r-0");
	event("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7,"
	    "\"complete\":true}\n");
	event("{\"topic\":\"a/b\",\"id\":\"r-6\"}\n");
	assert_null(kev_cursor(k));
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	wait_it_out();
	assert_int_equal(next(), KEV_NONE);
	assert_true(accepts());
	assert_string_equal(asked("after"), "r-0");
	say("{\"reply\":2,\"ok\":true,\"run\":\"r\",\"seq\":7,"
	    "\"complete\":true}\n");
	assert_int_equal(next(), KEV_BACK);
	event("{\"topic\":\"kev/synced\",\"id\":\"r-7\"}\n");
	cursor_is("r-7");
}

static void
ignore(int sig)
{
	(void)sig;
}

/* It waits as long as it is to, or for a line, or until a signal comes. */
static void
waits(void **state)
{
	const struct itimerval soon = { .it_value.tv_usec = 1000,
	    .it_interval.tv_usec = 1000 }, never = { 0 };
	struct sigaction sa = { .sa_handler = ignore };
	int64_t begun = now;

	(void)state;
	subscribe(0, NULL, false);
	tick = 1;
	assert_int_equal(kev_next(k, 10, &line), KEV_NONE);
	assert_in_range(now - begun, 10, 20);
	say("{\"topic\":\"a/b\"}\n");
	assert_int_equal(kev_next(k, -1, &line), KEV_LINE);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(kev_next(k, -1, &line), -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* What cannot be asked for, and what can; each is said in words. */
static void
arguments(void **state)
{
	static const char *const bad[] = { "eth\xff", NULL };
	static const char *const no_glob[] = { "status", NULL };
	static const char *const no_key[] = { "=up", NULL };
	static const char *const twice[] = { "mtu=1", "mtu=2", NULL };
	static const struct kev_subscription wrong[] = {
		{ .topics = bad }, { .ifnames = bad }, { .netns = bad },
		{ .matches = bad }, { .matches = no_glob },
		{ .matches = no_key }, { .matches = twice },
		{ .after = "\xff" },
	};
	static const struct kev_subscription none = { 0 };
	char sun_path[sizeof ((struct sockaddr_un *)0)->sun_path + 1];
	size_t i;

	(void)state;
	assert_string_equal(kev_version(), PACKAGE_VERSION);
	k = kev_new();
	assert_int_equal(next(), -ENOTCONN);
	assert_string_equal(kev_error(k), "the connection is not open");
	assert_int_equal(kev_subscribe(k, &none), -ENOTCONN);
	assert_int_equal(kev_request(k, "ping", NULL), -ENOTCONN);
	assert_int_equal(kev_open(k, path, 0), -ENOENT);
	assert_non_null(strstr(kev_error(k), path));
	memset(sun_path, 'x', sizeof sun_path);
	sun_path[sizeof sun_path - 1] = '\0';
	assert_int_equal(kev_open(k, sun_path, 0), -ENAMETOOLONG);
	sun_path[sizeof sun_path - 2] = '\0';
	assert_int_equal(kev_open(k, sun_path, 0), -ENOENT);
	listen_on(8);
	setenv("KEV_SOCKET", path, 1);
	assert_int_equal(kev_open(k, NULL, 0), 0);
	assert_string_equal(kev_path(k), path);
	assert_int_equal(kev_open(k, path, 0), -EISCONN);
	for (i = 0; i < LENGTH(wrong); i++) {
		assert_int_equal(kev_subscribe(k, &wrong[i]), -EINVAL);
		assert_string_not_equal(kev_error(k), "");
	}
	assert_int_equal(kev_request(k, "state", "[]"), -EINVAL);
	assert_int_equal(kev_request(k, "state", "{"), -EINVAL);
	assert_true(kev_request(k, "ping", NULL) > 0);
	assert_true(accepts());
	assert_string_equal(asked("op"), "ping");
}

/* Requests are not longer than kevd takes, nor more than it reads. */
static void
requests(void **state)
{
	struct kev_subscription want = { 0 };
	char text[65600], *members;
	int filled, r, i;

	(void)state;
	subscribe(0, NULL, false);
	assert_string_equal(asked("op"), "subscribe");
	/* {"x":"...","op":"o","id":2} and a newline are 65536 bytes. */
	filled = 65536 - (int)strlen("{'x':'','op':'o','id':2}\n");
	snprintf(text, sizeof text, "{\"x\":\"%0*d\"}", filled, 0);
	assert_int_equal(kev_request(k, "o", text), 2);
	snprintf(text, sizeof text, "{\"x\":\"%0*d\"}", filled + 1, 0);
	assert_int_equal(kev_request(k, "o", text), -EMSGSIZE);
	snprintf(text, sizeof text, "%065536d", 0);
	want.after = text;
	assert_int_equal(kev_subscribe(k, &want), -EMSGSIZE);
	members = text;
	snprintf(text, sizeof text, "{\"x\":\"%060000d\"}", 0);
	for (i = 0; i < 1000; i++) {
		r = (int)kev_request(k, "o", members);
		if (r < 0)
			break;
	}
	assert_int_equal(r, -ENOBUFS);
	/* A megabyte, and what the socket took. */
	assert_in_range(i, 17, 40);
	assert_int_equal(kev_events(k), POLLIN | POLLOUT);
}

/* LEN spaces, and the newline if it ENDS, in pieces that the socket takes. */
static int
feed(size_t len, bool ends)
{
	static char piece[64 * 1024 + 1];
	size_t n;
	int found = KEV_NONE;

	for (; len > 0 && found == KEV_NONE; len -= n) {
		n = len < sizeof piece - 1 ? len : sizeof piece - 1;
		memset(piece, ' ', n);
		piece[n] = '\n';
		n += n == len && ends;
		assert_int_equal(send(peer, piece, n, MSG_NOSIGNAL), n);
		n -= piece[n - 1] == '\n';
		found = next();
	}
	return found;
}

/* The longest line, and one byte more, with its end and without. */
static void
long_lines(void **state)
{
	static const char text[] = "{\"topic\":\"a/b\"}";
	size_t len;
	int i, found;

	(void)state;
	for (i = 0; i < 3; i++) {
		subscribe(0, NULL, false);
		say(text);
		found = feed(KEV_LINE_MAX - strlen(text) + (i > 0), i < 2);
		if (i == 0) {
			assert_int_equal(found, KEV_LINE);
			kev_line_text(line, &len);
			assert_int_equal(len, KEV_LINE_MAX);
			/* One that was read with it is not to be waited for. */
			say("{\"topic\":\"c/d\"}\n{\"topic\":\"e/f\"}\n");
			assert_int_equal(next(), KEV_LINE);
			assert_int_equal(kev_timeout(k), 0);
			assert_int_equal(next(), KEV_LINE);
			assert_int_equal(kev_timeout(k), -1);
		} else {
			assert_int_equal(found, -EMSGSIZE);
		}
		kev_free(k);
		k = NULL;
		die(true);
	}
}

/* What is no kevd, and how soon that is known. */
static void
impostors(void **state)
{
	static const struct {
		const char *text;
		int error;
		const char *words;
	} cases[] = {
		{ "220 smtp.example.org ESMTP\r\n", -EPROTO, "not JSON" },
		{ "SSH-2.0-OpenSSH_9.9\n", -EPROTO, "not JSON" },
		{ "\x16\x03\x01\x02\n", -EPROTO, "not JSON" },
		{ "{\"topic\":\"a/b\"\n", -EPROTO, "not JSON" },
		{ "{\"topic\":\"a/b\"} {}\n", -EPROTO, "not JSON" },
		{ "{\"topic\":\"\xff\"}\n", -EPROTO, "not JSON" },
		{ "[1,2]\n", -EPROTO, "not a JSON object" },
		{ "{}\n", -EPROTO, "not exactly one of" },
		{ "{\"topic\":\"a/b\",\"reply\":1}\n", -EPROTO,
		    "not exactly one of" },
		{ "{\"topic\":5}\n", -EPROTO, "not a string" },
		{ "", -EPIPE, "closed the connection" },
		{ "{\"reply\":1,\"ok\":tr", -EPIPE, "closed the connection" },
		{ "\n\n\n", -EPIPE, "closed the connection" },
	};
	unsigned flags;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases) * 2; i++) {
		/* To wait for what never was a kevd would be for ever. */
		flags = i % 2 == 0 ? 0 : KEV_RECONNECT;
		subscribe(flags, NULL, false);
		assert_string_equal(asked("op"), "subscribe");
		say(cases[i / 2].text);
		hang_up();
		assert_int_equal(kev_next(k, -1, &line), cases[i / 2].error);
		assert_null(line);
		assert_non_null(strstr(kev_error(k), cases[i / 2].words));
		assert_int_equal(kev_fd(k), -1);
		assert_int_equal(kev_timeout(k), -1);
		assert_int_equal(next(), -ENOTCONN);
		assert_non_null(strstr(kev_error(k), cases[i / 2].words));
		kev_free(k);
		k = NULL;
		die(true);
	}
}

/* A line that comes a byte at a time is none before its end. */
static void
slow(void **state)
{
	static const char text[] = "{\"topic\":\"a/b\",\"id\":\"r-1\"}\n";
	const char *p;

	(void)state;
	subscribe(0, NULL, false);
	for (p = text; *p != '\0'; p++) {
		assert_int_equal(next(), KEV_NONE);
		assert_int_equal(kev_timeout(k), -1);
		assert_int_equal(send(peer, p, 1, MSG_NOSIGNAL), 1);
	}
	assert_int_equal(next(), KEV_LINE);
	assert_string_equal(kev_line_topic(line), "a/b");
}

/* Nothing but empty lines, faster than they can be read. */
static void
empty_lines(void **state)
{
	static char text[64 * 1024];
	pid_t child;

	(void)state;
	subscribe(0, NULL, false);
	memset(text, '\n', sizeof text);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0)
		close(kev_fd(k));
	while (child == 0)
		if (send(peer, text, sizeof text, MSG_NOSIGNAL) == -1)
			_exit(0);
	alarm(60);
	tick = 1;
	assert_int_equal(next(), KEV_NONE);
	assert_int_equal(kev_next(k, 10, &line), KEV_NONE);
	alarm(0);
	assert_true(buffer <= 128 * 1024);
	kev_free(k);
	k = NULL;
	hang_up();
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* A buffer that a long line took is given back, also if more is in it. */
static void
gives_back(void **state)
{
	static const char text[] = "{\"topic\":\"a/b\"}";

	(void)state;
	subscribe(0, NULL, false);
	say(text);
	assert_int_equal(feed(3 * 1024 * 1024, true), KEV_LINE);
	assert_in_range(buffer, 3 * 1024 * 1024, 8 * 1024 * 1024);
	say("{\"topic\":");
	assert_int_equal(next(), KEV_NONE);
	assert_in_range(buffer, 1, 1024 * 1024);
	say("\"c/d\"}\n");
	assert_int_equal(next(), KEV_LINE);
	assert_string_equal(kev_line_topic(line), "c/d");
}

/* A kevd that went, whose ids have LEN characters; it is there again. */
static void
away(size_t len)
{
	static char text[70000];

	subscribe(KEV_RECONNECT, NULL, false);
	event("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	snprintf(text, sizeof text, "{\"topic\":\"a/b\",\"id\":\"%0*d\"}\n",
	    (int)len, 7);
	event(text);
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	wait_it_out();
}

/* What can't be sent to resume is not waited for. */
static void
cannot_resume(void **state)
{
	(void)state;
	away(65000);
	assert_int_equal(next(), KEV_NONE);
	assert_int_not_equal(kev_fd(k), -1);
	kev_free(k);
	die(true);
	away(65500);
	assert_int_equal(next(), -EMSGSIZE);
	assert_int_equal(kev_fd(k), -1);
	assert_int_equal(next(), -ENOTCONN);
	kev_free(k);
	die(true);
	/* Want of memory may pass. */
	away(7);
	no_memory = true;
	assert_int_equal(next(), -ENOMEM);
	no_memory = false;
	assert_true(accepts());
	assert_int_equal(kev_fd(k), -1);
	wait_it_out();
	assert_int_equal(next(), KEV_NONE);
	hang_up();
	assert_true(accepts());
	assert_string_equal(asked("after"), "0000007");
}

/* A subscription that ended is not taken up again, answered or not. */
static void
unsubscribed(void **state)
{
	(void)state;
	subscribe(KEV_RECONNECT, NULL, false);
	assert_int_equal(kev_request(k, "unsubscribe", NULL), 2);
	event("{\"reply\":1,\"ok\":true,\"run\":\"r\",\"seq\":7}\n");
	event("{\"topic\":\"a/b\",\"id\":\"r-8\"}\n");
	event("{\"reply\":2,\"ok\":true}\n");
	assert_null(kev_cursor(k));
	hang_up();
	assert_int_equal(next(), KEV_LOST);
	wait_it_out();
	assert_int_equal(kev_request(k, "ping", NULL), -ENOTCONN);
	assert_int_equal(next(), KEV_BACK);
	assert_null(line);
	assert_true(accepts());
	assert_int_equal(kev_request(k, "ping", NULL), 3);
	assert_string_equal(asked("op"), "ping");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(arguments, begin, end),
		cmocka_unit_test_setup_teardown(waits, begin, end),
		cmocka_unit_test_setup_teardown(requests, begin, end),
		cmocka_unit_test_setup_teardown(long_lines, begin, end),
		cmocka_unit_test_setup_teardown(back_off, begin, end),
		cmocka_unit_test_setup_teardown(dies_each_time, begin, end),
		cmocka_unit_test_setup_teardown(never_answers, begin, end),
		cmocka_unit_test_setup_teardown(too_many, begin, end),
		cmocka_unit_test_setup_teardown(full_backlog, begin, end),
		cmocka_unit_test_setup_teardown(cursors, begin, end),
		cmocka_unit_test_setup_teardown(past_and_present, begin, end),
		cmocka_unit_test_setup_teardown(impostors, begin, end),
		cmocka_unit_test_setup_teardown(slow, begin, end),
		cmocka_unit_test_setup_teardown(empty_lines, begin, end),
		cmocka_unit_test_setup_teardown(gives_back, begin, end),
		cmocka_unit_test_setup_teardown(cannot_resume, begin, end),
		cmocka_unit_test_setup_teardown(unsubscribed, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * libkev against a kevd that is none: what it reads, in which pieces, when it
 * is hung up on, and what is asked of it meanwhile. Control characters of the
 * input say what happens; other bytes are sent. The clock is ours.
 */
#include "config.h"

#include "fuzz.h"
#include "kev.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Actions of the other side and of the program, as bytes of the input. */
enum {
	ANSWER = 0x01,		/* yes to the last subscription */
	INCOMPLETE = 0x02,	/* yes, but events are lost */
	REFUSE = 0x03,
	HANG_UP = 0x04,
	NEXT = 0x05,		/* 10 s later, the program takes all there is */
	SUBSCRIBE = 0x06,
	SNAPSHOT = 0x07,
	AFTER = 0x08,
	ASK = 0x0b,
	UNSUBSCRIBE = 0x0c,
	AWAY = 0x0e,		/* nobody listens, or again */
	BIG = 0x0f,		/* more than the first buffer */
	ACTIONS			/* but not \0, \t, \n and \r */
};

int fuzz_clock(clockid_t, struct timespec *);

static char path[64];
static int listener = -1, peer = -1;
static long long last;
static struct kev *k;
static time_t now;

int
fuzz_clock(clockid_t id, struct timespec *t)
{
	(void)id;
	*t = (struct timespec){ .tv_sec = now };
	return 0;
}

static void
tidy(void)
{
	unlink(path);
}

static void
open_listener(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (path[0] == '\0') {
		snprintf(path, sizeof path, "/tmp/kev-fuzz-client.%ld",
		    (long)getpid());
		atexit(tidy);
	}
	strcpy(sun.sun_path, path);
	unlink(path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	MUST(bind(listener, (struct sockaddr *)&sun, sizeof sun) == 0);
	MUST(listen(listener, 5) == 0);
}

static void
look(const struct kev_line *line)
{
	long long n;
	size_t len;

	MUST(line != NULL && strlen(kev_line_text(line, &len)) <= len);
	MUST(kev_line_json(line) != NULL);
	MUST((kev_line_topic(line) == NULL) == (kev_line_reply(line) >= 0));
	(void)kev_line_ifname(line);
	(void)kev_line_id(line);
	(void)kev_line_snapshot(line);
	(void)kev_line_ok(line);
	(void)kev_line_string(line, "data.address");
	(void)kev_line_string(line, "data..");
	(void)kev_line_integer(line, "data.mtu", &n);
}

static void
hang_up(void)
{
	if (peer != -1)
		close(peer);
	peer = -1;
}

static void
meet(void)
{
	if (peer == -1 && listener != -1)
		peer = accept(listener, NULL, NULL);
}

static void
say(const void *bytes, size_t len)
{
	meet();
	if (peer != -1 && len > 0)
		(void)!send(peer, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
answer(const char *rest)
{
	char text[128];

	say(text, (size_t)snprintf(text, sizeof text, "{\"reply\":%lld,%s}\n",
	    last, rest));
}

/* All that is there; false when the connection is of no use any more. */
static bool
take(void)
{
	const struct kev_line *line = NULL;
	const char *cursor;
	int found;

	now += 10;
	while ((found = kev_next(k, 0, &line)) > 0) {
		if (found == KEV_LINE)
			look(line);
		if (found == KEV_BACK && line != NULL)
			last = kev_line_reply(line);
		if (found == KEV_LOST)
			hang_up();
	}
	MUST(found == KEV_NONE || kev_error(k)[0] != '\0');
	MUST(kev_timeout(k) >= -1 && kev_timeout(k) <= 10000);
	cursor = kev_cursor(k);
	MUST(cursor == NULL || strlen(cursor) <= 100000);
	(void)kev_events(k);
	return found == KEV_NONE;
}

static void
subscribe(bool snapshot, const char *after)
{
	static const char *const topics[] = { "ipv6/*", NULL };
	static const char *const ifnames[] = { "eth*", NULL };
	static const char *const matches[] = { "status=preferred", NULL };
	struct kev_subscription want = {
		.topics = topics, .ifnames = ifnames, .matches = matches,
		.netns = ifnames, .snapshot = snapshot, .after = after
	};
	long long id = kev_subscribe(k, &want);

	if (id > 0)
		last = id;
}

static void
big(void)
{
	static char text[100 * 1024];

	memset(text, ' ', sizeof text);
	say(text, sizeof text);
}

/* False when the connection is of no use any more. */
static bool
act(uint8_t byte)
{
	switch (byte) {
	case ANSWER:
		answer("\"ok\":true,\"run\":\"r\",\"seq\":7");
		return true;
	case INCOMPLETE:
		answer("\"ok\":true,\"run\":\"r\",\"seq\":7,"
		    "\"complete\":false");
		return true;
	case REFUSE:
		answer("\"ok\":false,\"error\":{\"code\":\"too-many\"}");
		return true;
	case HANG_UP:
		meet();
		hang_up();
		return true;
	case NEXT:
		return take();
	case SUBSCRIBE:
		subscribe(false, NULL);
		return true;
	case SNAPSHOT:
		subscribe(true, NULL);
		return true;
	case AFTER:
		subscribe(false, kev_cursor(k));
		return true;
	case ASK:
		kev_request(k, "state", "{\"ifname\":[\"eth0\"]}");
		return true;
	case UNSUBSCRIBE:
		kev_request(k, "unsubscribe", NULL);
		return true;
	case AWAY:
		hang_up();
		if (listener == -1) {
			open_listener();
			return true;
		}
		close(listener);
		listener = -1;
		unlink(path);
		return true;
	case BIG:
		big();
		return true;
	default:
		return true;
	}
}

static bool
is_action(uint8_t byte)
{
	return byte != '\0' && byte < ACTIONS && byte != '\t' &&
	    byte != '\n' && byte != '\r';
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t i, start = 0;
	bool good = true;

	if (listener == -1)
		open_listener();
	k = kev_new();
	MUST(k != NULL && kev_open(k, path, KEV_RECONNECT) == 0);
	last = 0;
	for (i = 0; i < len && good; i++) {
		if (!is_action(bytes[i]))
			continue;
		say(bytes + start, i - start);
		good = act(bytes[i]);
		start = i + 1;
	}
	say(bytes + start, len - start);
	take();
	hang_up();
	take();
	kev_free(k);
	for (meet(); peer != -1; meet())
		hang_up();
	return 0;
}

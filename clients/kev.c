#include "config.h"

#include "kev.h"
#include "line.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0		/* macOS: SO_NOSIGPIPE instead */
#endif

enum {
	CHUNK = 64 * 1024,		/* read at once */
	KEEP = 1024 * 1024,		/* a buffer with little in it, at most */
	REQUEST_MAX = 64 * 1024,	/* what kevd takes */
	UNSENT_MAX = 16 * REQUEST_MAX,
	DELAY_MIN = 100,		/* back-off, ms */
	DELAY_MAX = 10 * 1000
};

/* Bytes start to len of data are in use. */
struct bytes {
	char *data;
	size_t start, len, cap;
};

struct kev {
	int fd;
	unsigned flags;
	char *path;
	struct bytes in, out;
	size_t seen;		/* of in: no newline before this offset */
	struct kev_line line;	/* lent to the caller */
	long long last_id;

	json_t *wanted;		/* the subscription kevd has, or NULL */
	json_t *asked;		/* one that is not answered yet, or NULL */
	long long asked_id;
	char *cursor;		/* id to resume after, or NULL: ask afresh */
	bool partial;		/* until kev/synced: ids are no cursor */

	bool met;		/* this kevd, or one before, has answered */
	bool lost;		/* KEV_LOST was told, KEV_BACK not yet */
	int64_t retry_at;	/* monotonic ms; when fd is -1 */
	int64_t back_at;	/* monotonic ms: since then it is not lost */
	int delay;		/* the next back-off */
	uint32_t random;

	char error[512];
};

const char *
kev_version(void)
{
	return PACKAGE_VERSION;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Notes what went wrong and returns ERR, a negative errno. */
static int __attribute__((format(printf, 3, 4)))
fail(struct kev *k, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->error, sizeof k->error, fmt, ap);
	va_end(ap);
	return err;
}

static int
no_memory(struct kev *k)
{
	return fail(k, -ENOMEM, "out of memory");
}

/* Room for N more bytes at the end, or false. */
static bool
bytes_room(struct bytes *b, size_t n)
{
	size_t cap = b->cap < CHUNK ? CHUNK : b->cap;
	char *p;

	if (b->start > 0 && b->cap - b->len < n) {
		memmove(b->data, b->data + b->start, b->len - b->start);
		b->len -= b->start;
		b->start = 0;
	}
	if (b->cap - b->len >= n)
		return true;
	while (cap - b->len < n)
		cap *= 2;
	p = realloc(b->data, cap);
	if (p == NULL)
		return false;
	b->data = p;
	b->cap = cap;
	return true;
}

static void
bytes_fini(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

/* Nothing or little left: begin again in front, don't sit on a lot of memory. */
static void
bytes_rewind(struct bytes *b)
{
	size_t rest = b->len - b->start;
	char *p;

	if (rest > 0 && (b->cap <= KEEP || rest > CHUNK))
		return;
	if (rest > 0)
		memmove(b->data, b->data + b->start, rest);
	b->start = 0;
	b->len = rest;
	if (b->cap <= KEEP)
		return;
	p = realloc(b->data, CHUNK);
	if (p == NULL)
		return;
	b->data = p;
	b->cap = CHUNK;
}

struct kev *
kev_new(void)
{
	struct kev *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->fd = -1;
	k->delay = DELAY_MIN;
	k->random = (uint32_t)now_ms() * 2654435761u ^ (uint32_t)getpid();
	return k;
}

/* The connection is no more; what was asked and wanted stays known. */
static void
hang_up(struct kev *k)
{
	if (k->fd != -1)
		close(k->fd);
	k->fd = -1;
	line_fini(&k->line);
	bytes_fini(&k->in);
	bytes_fini(&k->out);
	k->seen = 0;
}

static int __attribute__((format(printf, 3, 4)))
fatal(struct kev *k, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->error, sizeof k->error, fmt, ap);
	va_end(ap);
	hang_up(k);
	k->lost = false;
	return err;
}

void
kev_free(struct kev *k)
{
	if (k == NULL)
		return;
	hang_up(k);
	json_decref(k->wanted);
	json_decref(k->asked);
	free(k->cursor);
	free(k->path);
	free(k);
}

static int
new_socket(void)
{
	int fd, on = 1;

#ifdef SOCK_CLOEXEC
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)on;
#else
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1)
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
#ifdef SO_NOSIGPIPE
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#else
	(void)on;
#endif
#endif
	return fd;
}

/* When to try again: the delay less up to a half, so that a crowd spreads. */
static void
back_off(struct kev *k)
{
	k->random = k->random * 1664525u + 1013904223u;
	k->retry_at = now_ms() + k->delay -
	    (int)((k->random >> 8) % (unsigned)(k->delay / 2));
	k->delay = k->delay * 2 > DELAY_MAX ? DELAY_MAX : k->delay * 2;
}

/*
 * One try. 0 also when kevd is there but too busy to take us now (Linux says
 * EAGAIN when the backlog is full): then fd stays -1 and retry_at is set.
 */
static int
try_connect(struct kev *k)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int err;

	memcpy(sa.sun_path, k->path, strlen(k->path) + 1);
	k->fd = new_socket();
	if (k->fd == -1)
		return -errno;
	if (connect(k->fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return 0;
	err = errno;
	close(k->fd);
	k->fd = -1;
	if (err != EAGAIN)
		return -err;
	back_off(k);
	return 0;
}

int
kev_open(struct kev *k, const char *path, unsigned flags)
{
	struct sockaddr_un sa;
	int r;

	if (k->fd != -1 || k->lost || k->retry_at != 0)
		return fail(k, -EISCONN, "the connection is open already");
	if (path == NULL)
		path = getenv("KEV_SOCKET");
	if (path == NULL || *path == '\0')
		path = KEV_SOCKET_PATH;
	if (strlen(path) >= sizeof sa.sun_path)
		return fail(k, -ENAMETOOLONG, "socket path %.200s is too long: "
		    "%zu bytes, at most %zu", path, strlen(path),
		    sizeof sa.sun_path - 1);
	free(k->path);
	k->path = strdup(path);
	if (k->path == NULL)
		return no_memory(k);
	k->flags = flags;
	k->met = false;
	r = try_connect(k);
	if (r < 0)
		return fail(k, r, "cannot reach kevd at %s: %s", path,
		    r == -ENOENT ? "no such socket, is kevd running?" :
		    r == -ECONNREFUSED ? "nobody listens, is kevd running?" :
		    r == -ENOTSOCK ? "not a socket" : strerror(-r));
	return 0;
}

const char *
kev_path(const struct kev *k)
{
	return k->path;
}

const char *
kev_cursor(const struct kev *k)
{
	return k->cursor;
}

const char *
kev_error(const struct kev *k)
{
	return k->error;
}

int
kev_fd(const struct kev *k)
{
	return k->fd;
}

short
kev_events(const struct kev *k)
{
	return k->out.len > k->out.start ? POLLIN | POLLOUT : POLLIN;
}

/* A whole line is in the buffer, but for the one that is lent. */
static bool
line_waits(const struct kev *k)
{
	size_t start = k->seen;

	if (k->line.json != NULL)
		start = k->in.start + k->line.len + 1;
	return start < k->in.len &&
	    memchr(k->in.data + start, '\n', k->in.len - start) != NULL;
}

int
kev_timeout(const struct kev *k)
{
	int64_t left;

	if (k->fd != -1)
		return line_waits(k) ? 0 : -1;
	if (k->retry_at == 0)
		return -1;
	left = k->retry_at - now_ms();
	return left < 0 ? 0 : (int)left;
}

/*
 * kevd went, WHY. KEV_LOST the first time, KEV_NONE after, or the error. Only
 * one that stayed for longer than we would wait now was a success: else one
 * that takes us and then dies, again and again, would have us hammer at it.
 */
static int
lost(struct kev *k, const char *why)
{
	bool told = k->lost;

	if (!(k->flags & KEV_RECONNECT) || !(k->met || told))
		return fatal(k, -EPIPE, "kevd at %s %s", k->path, why);
	fail(k, 0, "kevd at %s %s", k->path, why);
	hang_up(k);
	if (!told && now_ms() - k->back_at > k->delay)
		k->delay = DELAY_MIN;
	k->lost = true;
	back_off(k);
	return told ? KEV_NONE : KEV_LOST;
}

/* Sends what is unsent, as much as goes. 0, or -errno. */
static int
flush(struct kev *k)
{
	struct bytes *b = &k->out;
	ssize_t n;

	while (b->start < b->len) {
		n = send(k->fd, b->data + b->start, b->len - b->start,
		    MSG_NOSIGNAL);
		if (n >= 0) {
			b->start += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	}
	bytes_rewind(b);
	return 0;
}

/*
 * Puts a request into the queue. An error of the socket is left for
 * kev_next() to find: what kevd said before it went is still to be read.
 */
static int
queue(struct kev *k, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t n;

	if (text == NULL)
		return no_memory(k);
	n = strlen(text);
	if (n > REQUEST_MAX - 1) {
		free(text);
		return fail(k, -EMSGSIZE, "the request is too long: %zu bytes, "
		    "kevd takes %d", n + 1, REQUEST_MAX);
	}
	if (k->out.len - k->out.start > UNSENT_MAX) {
		free(text);
		return fail(k, -ENOBUFS, "kevd does not read what is sent");
	}
	if (!bytes_room(&k->out, n + 1)) {
		free(text);
		return no_memory(k);
	}
	text[n] = '\n';
	memcpy(k->out.data + k->out.len, text, n + 1);
	k->out.len += n + 1;
	free(text);
	if (k->fd != -1)
		flush(k);
	return 0;
}

static void
back(struct kev *k)
{
	k->lost = false;
	k->back_at = now_ms();
}

/* The request again, to go on where we were. */
static int
resume(struct kev *k)
{
	json_t *r;
	int err;

	if (k->asked == NULL && k->wanted == NULL)
		return 0;
	if (k->asked == NULL)
		k->asked = json_incref(k->wanted);
	/* Also if it was asked for before, and kevd went without an answer. */
	if (k->asked == k->wanted && k->cursor != NULL) {
		r = json_deep_copy(k->wanted);
		json_object_del(r, "snapshot");
		json_object_set_new(r, "after", json_string(k->cursor));
	} else {
		r = json_incref(k->asked);
	}
	k->asked_id = ++k->last_id;
	err = json_object_set_new(r, "id", json_integer(k->asked_id)) == 0 ?
	    queue(k, r) : no_memory(k);
	json_decref(r);
	if (err == 0)
		return 0;
	/* Nobody would answer what was not sent. */
	hang_up(k);
	k->lost = err == -ENOMEM;
	if (k->lost)
		back_off(k);
	return err;
}

/* kevd is away. KEV_BACK, KEV_NONE, or an error. */
static int
reconnect(struct kev *k)
{
	int r;

	if (k->retry_at > now_ms())
		return KEV_NONE;
	k->retry_at = 0;
	r = try_connect(k);
	if (r < 0 && k->lost) {
		back_off(k);
		return KEV_NONE;
	}
	if (r < 0)
		return fatal(k, r, "cannot reach kevd at %s: %s", k->path,
		    strerror(-r));
	if (k->fd == -1 || !k->lost)
		return KEV_NONE;
	if (k->asked == NULL && k->wanted == NULL) {
		back(k);
		return KEV_BACK;
	}
	return resume(k);
}

static int
set_cursor(struct kev *k, const char *id)
{
	char *copy = NULL;

	if (id != NULL && (copy = strdup(id)) == NULL)
		return no_memory(k);
	free(k->cursor);
	k->cursor = copy;
	return 0;
}

/* Subscribed: from here on, where would we resume? */
static int
subscribed(struct kev *k, const json_t *reply)
{
	const char *run = json_string_value(json_object_get(reply, "run"));
	const json_t *seq = json_object_get(reply, "seq");
	const json_t *complete = json_object_get(reply, "complete");
	bool resumed = k->wanted == k->asked && k->cursor != NULL;
	char *id;
	int r;

	json_decref(k->wanted);
	k->wanted = k->asked;
	k->asked = NULL;
	k->partial = json_is_false(complete) || (!resumed &&
	    json_is_true(json_object_get(k->wanted, "snapshot")));
	/* Should kevd go before the snapshot is over, it is to come again. */
	if (resumed)
		return 0;
	if (k->partial)
		return set_cursor(k, NULL);
	if (json_object_get(k->wanted, "after") != NULL)
		return set_cursor(k, json_string_value(
		    json_object_get(k->wanted, "after")));
	if (run == NULL || !json_is_integer(seq))
		return set_cursor(k, NULL);
	id = malloc(strlen(run) + 24);
	if (id == NULL)
		return no_memory(k);
	sprintf(id, "%s-%lld", run, (long long)json_integer_value(seq));
	r = set_cursor(k, id);
	free(id);
	return r;
}

/* The answer to a subscription. */
static int
answered(struct kev *k)
{
	const char *code = kev_line_string(&k->line, "error.code");
	const char *message = kev_line_string(&k->line, "error.message");
	bool was_lost = k->lost;
	int r;

	if (kev_line_ok(&k->line)) {
		if (was_lost)
			back(k);
		r = subscribed(k, k->line.json);
		return r < 0 ? r : was_lost ? KEV_BACK : KEV_LINE;
	}
	if (!was_lost) {
		json_decref(k->asked);
		k->asked = NULL;
		return KEV_LINE;
	}
	if (code != NULL && strcmp(code, "too-many") == 0)
		return lost(k, "has too many clients");
	return fatal(k, -EACCES, "kevd is back but refused to resume: %.300s",
	    message == NULL ? "no reason given" : message);
}

/*
 * The id of an event is where to resume, but not before a snapshot that is
 * owed is complete: half of the present would be missed. A reader's own gap is
 * followed by one.
 */
static int
follow(struct kev *k, const char *topic)
{
	const char *cause = kev_line_string(&k->line, "data.cause");
	int r;

	if (kev_line_snapshot(&k->line) || (strcmp(topic, "kev/gap") == 0 &&
	    cause != NULL && strcmp(cause, "slow-reader") == 0))
		k->partial = true;
	if (strcmp(topic, "kev/synced") == 0)
		k->partial = false;
	if (k->partial || k->wanted == NULL || kev_line_id(&k->line) == NULL)
		return KEV_LINE;
	r = set_cursor(k, kev_line_id(&k->line));
	return r < 0 ? r : KEV_LINE;
}

/* A line was parsed: what does it mean to us? */
static int
consider(struct kev *k)
{
	long long id = kev_line_reply(&k->line);
	const char *topic = kev_line_topic(&k->line);

	if (topic != NULL || kev_line_ok(&k->line))
		k->met = true;
	if (topic != NULL)
		return follow(k, topic);
	if (k->asked != NULL && (id == k->asked_id || (k->lost && id == 0)))
		return answered(k);
	return KEV_LINE;
}

/* Drops the line that was lent. */
static void
release(struct kev *k)
{
	if (k->line.json == NULL)
		return;
	k->in.start += k->line.len + 1;
	line_fini(&k->line);
	bytes_rewind(&k->in);
	k->seen = k->in.start;
}

/* The next line out of the buffer. KEV_NONE when there is no whole one. */
static int
take(struct kev *k)
{
	char *begin, *end, why[200];
	int r;

	for (;;) {
		if (k->in.start == k->in.len)
			return KEV_NONE;
		begin = k->in.data + k->in.start;
		end = memchr(k->in.data + k->seen, '\n', k->in.len - k->seen);
		if (end == NULL) {
			k->seen = k->in.len;
			return KEV_NONE;
		}
		if (end > begin)
			break;
		k->in.start++;
		k->seen = k->in.start;
	}
	if ((size_t)(end - begin) > KEV_LINE_MAX)
		return fatal(k, -EMSGSIZE, "%s sent a line over %lu bytes",
		    k->path, KEV_LINE_MAX);
	*end = '\0';
	r = line_parse(&k->line, begin, (size_t)(end - begin), why, sizeof why);
	*end = r == -ENOMEM ? '\n' : '\0';
	if (r == -ENOMEM)
		return no_memory(k);
	if (r < 0)
		return fatal(k, r, "what %s sent is not from kevd: %s",
		    k->path, why);
	return consider(k);
}

/* Reads once; MORE when something came. KEV_NONE, or what there is to tell. */
static int
fill(struct kev *k, bool *more)
{
	size_t offset = k->seen - k->in.start;
	ssize_t n;

	if (k->in.len - k->in.start > KEV_LINE_MAX)
		return fatal(k, -EMSGSIZE, "%s sent a line over %lu bytes",
		    k->path, KEV_LINE_MAX);
	if (!bytes_room(&k->in, CHUNK))
		return no_memory(k);
	k->seen = k->in.start + offset;
	do
		n = recv(k->fd, k->in.data + k->in.len, CHUNK, 0);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return lost(k, "closed the connection");
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return KEV_NONE;
	if (n == -1)
		return lost(k, strerror(errno));
	k->in.len += (size_t)n;
	*more = true;
	return KEV_NONE;
}

/* All that can be done without waiting. */
static int
step(struct kev *k)
{
	bool more = false;
	int r;

	if (k->fd == -1 && !k->lost && k->retry_at == 0)
		return k->error[0] != '\0' ? -ENOTCONN :
		    fail(k, -ENOTCONN, "the connection is not open");
	if (k->fd == -1) {
		r = reconnect(k);
		if (r != KEV_NONE || k->fd == -1)
			return r;
	}
	flush(k);
	for (;;) {
		r = take(k);
		/* Endless empty lines don't keep us from a look at the clock. */
		if (r != KEV_NONE || k->fd == -1 ||
		    (more && k->in.start == k->in.len))
			return r;
		more = false;
		r = fill(k, &more);
		if (r != KEV_NONE || !more)
			return r;
	}
}

/* Sleeps until there is something to do, END at the latest. */
static int
wait_until(struct kev *k, int64_t end)
{
	struct pollfd p = { .fd = k->fd, .events = kev_events(k) };
	int timeout = kev_timeout(k);
	int64_t left = end - now_ms();

	if (end != -1 && left <= 0)
		return 0;
	if (end != -1 && (timeout == -1 || timeout > left))
		timeout = left > INT_MAX ? INT_MAX : (int)left;
	if (poll(&p, 1, timeout) == -1)
		return fail(k, -errno, "waiting for kevd: %s", strerror(errno));
	return 1;
}

int
kev_next(struct kev *k, int timeout, const struct kev_line **line)
{
	int64_t end = timeout < 0 ? -1 : now_ms() + timeout;
	int r;

	*line = NULL;
	release(k);
	for (;;) {
		r = step(k);
		if (r == KEV_LINE || (r == KEV_BACK && k->line.json != NULL))
			*line = &k->line;
		if (r != KEV_NONE)
			return r;
		r = wait_until(k, end);
		if (r <= 0)
			return r;
	}
}

/* Nothing is subscribed, nor will be by what is not answered yet. */
static void
forget(struct kev *k)
{
	json_decref(k->wanted);
	json_decref(k->asked);
	k->wanted = k->asked = NULL;
	set_cursor(k, NULL);
}

long long
kev_request(struct kev *k, const char *op, const char *members)
{
	json_error_t e;
	json_t *r;
	int err;

	if (k->lost || (k->fd == -1 && k->retry_at == 0))
		return fail(k, -ENOTCONN, "not connected to kevd");
	r = members == NULL ? json_object() : json_loads(members, 0, &e);
	if (!json_is_object(r)) {
		json_decref(r);
		return fail(k, -EINVAL, "what belongs to the request \"%s\" is "
		    "not a JSON object", op);
	}
	if (json_object_set_new(r, "op", json_string(op)) != 0 ||
	    json_object_set_new(r, "id", json_integer(++k->last_id)) != 0)
		err = no_memory(k);
	else
		err = queue(k, r);
	json_decref(r);
	if (err < 0)
		return err;
	if (members == NULL && strcmp(op, "unsubscribe") == 0)
		forget(k);
	return k->last_id;
}

/* A list of strings as JSON, or NULL; WHAT names it in the error. */
static json_t *
strings(struct kev *k, const char *const *list, const char *what)
{
	json_t *a = json_array();

	for (; *list != NULL; list++) {
		if (json_array_append_new(a, json_string(*list)) == 0)
			continue;
		fail(k, -EINVAL, "a %s is not UTF-8: %s", what, *list);
		json_decref(a);
		return NULL;
	}
	return a;
}

/* "KEY=GLOB" as members of an object, or NULL. */
static json_t *
matches(struct kev *k, const char *const *list)
{
	json_t *o = json_object();
	const char *equals;
	char *key;
	int bad;

	for (; *list != NULL; list++) {
		equals = strchr(*list, '=');
		if (equals == NULL || equals == *list) {
			fail(k, -EINVAL, "a match is not KEY=GLOB: %s", *list);
			break;
		}
		key = strndup(*list, (size_t)(equals - *list));
		bad = key == NULL || json_object_get(o, key) != NULL ||
		    json_object_set_new(o, key, json_string(equals + 1)) != 0;
		free(key);
		if (bad) {
			fail(k, -EINVAL, "a match is not UTF-8, or has the key "
			    "of another: %s", *list);
			break;
		}
	}
	if (*list == NULL)
		return o;
	json_decref(o);
	return NULL;
}

/* The request for a subscription, or NULL. */
static json_t *
compose(struct kev *k, const struct kev_subscription *s)
{
	static const char *const all[] = { "**", NULL };
	bool none = s->topics == NULL || s->topics[0] == NULL;
	json_t *r, *topics, *ifnames = NULL, *netns = NULL, *match = NULL;

	topics = strings(k, none ? all : s->topics, "pattern");
	if (s->ifnames != NULL && s->ifnames[0] != NULL)
		ifnames = strings(k, s->ifnames, "interface");
	if (s->netns != NULL && s->netns[0] != NULL)
		netns = strings(k, s->netns, "namespace");
	if (s->matches != NULL && s->matches[0] != NULL)
		match = matches(k, s->matches);
	if (k->error[0] != '\0') {
		json_decref(topics);
		json_decref(ifnames);
		json_decref(netns);
		json_decref(match);
		return NULL;
	}
	r = json_pack("{s:s, s:o, s:o*, s:o*, s:o*, s:s*}", "op", "subscribe",
	    "topics", topics, "ifname", ifnames, "netns", netns,
	    "match", match, "after", s->after);
	if (r == NULL)
		fail(k, -EINVAL, "the id to resume after is not UTF-8");
	if (r != NULL && s->snapshot)
		json_object_set_new(r, "snapshot", json_true());
	return r;
}

long long
kev_subscribe(struct kev *k, const struct kev_subscription *s)
{
	json_t *r;
	int err = 0;

	if (k->fd == -1 && !k->lost && k->retry_at == 0)
		return fail(k, -ENOTCONN, "not connected to kevd");
	k->error[0] = '\0';
	r = compose(k, s);
	if (r == NULL)
		return -EINVAL;
	json_object_set_new(r, "id", json_integer(++k->last_id));
	if (!k->lost || k->fd != -1)
		err = queue(k, r);
	if (err < 0) {
		json_decref(r);
		return err;
	}
	json_decref(k->asked);
	k->asked = r;
	k->asked_id = k->last_id;
	return k->asked_id;
}

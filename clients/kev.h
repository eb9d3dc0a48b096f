/*
 * libkev: a connection to kevd, the broker of the kernel's network events.
 *
 * A connection is a struct kev. Ask with kev_subscribe() or kev_request(),
 * then take what comes with kev_next(): events and answers, one a line, each
 * as text and parsed. A program with a loop of its own polls kev_fd() for
 * kev_events(), at most kev_timeout() milliseconds, and calls kev_next() with
 * a timeout of 0 until it returns KEV_NONE.
 *
 * Errors are negative errno values, 0 or more is success; kev_error() says in
 * words what went wrong. Times are milliseconds, -1 means without end. Text
 * is UTF-8. What is passed in is copied; what is returned is lent, until the
 * next kev_next() or kev_free() on that connection unless said otherwise.
 *
 * A connection keeps what it has read (64 KiB, or a longer line and its double
 * at most), what is parsed of one line, what is unsent (1 MiB and a request) and
 * the subscription. When a long line is done with, all but 1 MiB is given back.
 *
 * Nothing here is shared: threads may use different connections at the same
 * time, one connection only one after the other. No signal is raised and no
 * signal handler, exit handler or locale is touched. Descriptors are
 * close-on-exec. See kev(3).
 */
#ifndef KEV_H
#define KEV_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kev;		/* a connection */
struct kev_line;	/* one line from kevd */
struct json_t;		/* of jansson, for those who want all of a line */

/* A line of kevd is never longer; see kev_next(). */
#define KEV_LINE_MAX (64ul * 1024 * 1024)

/* kev_open(): wait for a kevd that went away, resume where it ended. */
#define KEV_RECONNECT 1u

/* What kev_next() found. Negative: an error, -errno. */
enum kev_found {
	KEV_NONE = 0,	/* nothing yet, or the time is up */
	KEV_LINE = 1,	/* a line */
	KEV_LOST = 2,	/* KEV_RECONNECT: kevd went; libkev waits for it */
	KEV_BACK = 3	/* KEV_RECONNECT: kevd is back; see kev_next() */
};

/*
 * What to subscribe to. Lists end with NULL; a NULL list is an empty one.
 * Set what you don't use to zero, "reserved" included.
 */
struct kev_subscription {
	const char *const *topics;	/* patterns; empty: everything */
	const char *const *ifnames;	/* interface globs; empty: all */
	const char *const *matches;	/* "KEY=GLOB" on members of data */
	const char *after;		/* an event's id: what came since */
	int snapshot;			/* first what holds now */
	const char *const *netns;	/* namespace globs, "" is kevd's own;
					   empty: all that kevd watches */
	const void *reserved[3];
};

/* The version of the library, as "1.2.3". Static. */
const char *kev_version(void);

/* A connection that is not open yet, or NULL when there is no memory. */
struct kev *kev_new(void);

/* Closes and frees. NULL is fine. */
void kev_free(struct kev *);

/*
 * Connects to the socket PATH; NULL: $KEV_SOCKET, else where kevd has it by
 * default. Does not block. -ENOENT and -ECONNREFUSED: no kevd there; -EACCES:
 * not allowed to; -ENAMETOOLONG, -ENOTSOCK and others as of connect(2);
 * -EISCONN: open already.
 */
int kev_open(struct kev *, const char *path, unsigned flags);

/* The path of the socket. Lent until kev_free(). */
const char *kev_path(const struct kev *);

/*
 * For an event loop: the descriptor, or -1 while there is none, the events
 * to poll it for (POLLIN, POLLOUT), and when kev_next() wants to be called
 * even so, in milliseconds from now, or -1. All three can be different after
 * each call of a function of libkev.
 */
int kev_fd(const struct kev *);
short kev_events(const struct kev *);
int kev_timeout(const struct kev *);

/*
 * Subscribes, in place of an earlier subscription, and returns the id (> 0)
 * that the answer will have. The answer is a line like others; when it is a
 * refusal, the earlier subscription goes on.
 * -EINVAL: not UTF-8, a match without "=" or with the KEY of another.
 */
long long kev_subscribe(struct kev *, const struct kev_subscription *);

/*
 * Sends any request: OP as "state", "topics", "stats", "ping", "inject",
 * "unsubscribe"; MEMBERS a JSON object with what else belongs to it, or NULL.
 * Returns the id (> 0) that the answer will have. Requests still unanswered
 * when kevd goes are not sent again. -EINVAL: MEMBERS is not a JSON object;
 * -EMSGSIZE: longer than kevd takes; -ENOTCONN: not open, or kevd is away;
 * -ENOBUFS: too much is unsent.
 * "unsubscribe" with MEMBERS is for this connection only: what is taken up
 * again with KEV_RECONNECT is the subscription as it was asked for.
 */
long long kev_request(struct kev *, const char *op, const char *members);

/*
 * The next line, waiting at most TIMEOUT milliseconds (0: not at all, -1:
 * without end). KEV_LINE: *LINE is the line, an event or an answer.
 *
 * With KEV_RECONNECT, a kevd that answered once and then goes is KEV_LOST,
 * told once. libkev tries again after 100 ms, doubling to 10 s, less up to a
 * half at random, also when kevd then has too many clients; subscribes again
 * from the last event that was seen; and returns KEV_BACK; *LINE then is the
 * answer to that (NULL without a subscription), whose "complete" is false when
 * events are lost; what holds now then follows as snapshot.
 *
 * Without it: -EPIPE, kevd closed the connection. In any case -EPROTO: what
 * came is not from a kevd; -EMSGSIZE: a line over KEV_LINE_MAX, or ids so long
 * that kevd could not be asked to resume; -EACCES: kevd refused to resume;
 * -EINTR: a signal handler ran, call again. After an error other than -EINTR
 * and -ENOMEM the connection is closed: -ENOTCONN. However kevd behaves, what
 * does not wait returns after 64 MiB were read.
 */
int kev_next(struct kev *, int timeout, const struct kev_line **line);

/*
 * Where this connection is: what kev_subscription.after takes, to go on after
 * all that kev_next() has returned so far. Keep it when the last line has been
 * dealt with, and after the end of the program nothing is missed, though some
 * may come again. During a snapshot it is what it was before. NULL: there is
 * none, because nothing is subscribed, or the first snapshot is not complete.
 * Lent until the next kev_next().
 */
const char *kev_cursor(const struct kev *);

/* What went wrong last, one line without a newline; "" when nothing did. */
const char *kev_error(const struct kev *);

/* The line as it came, without newline, NUL at the end. LEN may be NULL. */
const char *kev_line_text(const struct kev_line *, size_t *len);

/*
 * A copy, to keep beyond the next kev_next(), which shares what is parsed with
 * the line; to be freed. NULL: no memory. To free NULL is fine.
 */
struct kev_line *kev_line_copy(const struct kev_line *);
void kev_line_free(struct kev_line *);

/* The line parsed: a json_t of jansson, an object, to read only. */
const struct json_t *kev_line_json(const struct kev_line *);

/* Of an event; NULL when it has none. An answer has no topic. */
const char *kev_line_topic(const struct kev_line *);
const char *kev_line_ifname(const struct kev_line *);
const char *kev_line_id(const struct kev_line *);

/* Whether an event holds now rather than happened now: 1 or 0. */
int kev_line_snapshot(const struct kev_line *);

/* Of an answer: the id it is for; 0: none in particular; -1: no answer. */
long long kev_line_reply(const struct kev_line *);

/* Of an answer: 1 when kevd did as asked. Else see "error.message". */
int kev_line_ok(const struct kev_line *);

/*
 * A member by its path, as "data.address" or "error.code". The string or
 * NULL; the integer into *VALUE and 1, or 0 when there is none; a boolean
 * counts as 1 or 0.
 */
const char *kev_line_string(const struct kev_line *, const char *path);
int kev_line_integer(const struct kev_line *, const char *path,
    long long *value);

#ifdef __cplusplus
}
#endif

#endif

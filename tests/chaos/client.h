/*
 * A client: one connection after the other, and all that must be true of what
 * comes out of it. Whatever is not ends the run.
 *
 * It reads and writes when it is pumped, unless it stalls; its requests wait
 * until the socket takes them. Every answer is awaited, in order.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "buf.h"
#include "journal.h"

#include <jansson.h>

#include <sys/queue.h>

struct ask;

struct client {
	unsigned number;
	int fd;			/* -1: not connected */
	bool stalls;		/* reads nothing */
	bool half;		/* has shut its side */
	bool blind;		/* plays nothing back before its first gap */
	unsigned gaps;		/* told of, ever */
	struct buf in, out;
	size_t scanned;		/* of in: has no newline */
	const char *rest;	/* of a request that was begun; static */
	STAILQ_HEAD(, ask) asks;
	struct stint *stint;	/* NULL: not subscribed */
	uint64_t last;		/* number that it heard last */
	uint64_t claim;		/* an answer said that it has all up to this */
	uint64_t at;		/* number that the snapshot to come has */
	bool due;		/* a snapshot is to come */
	bool loose;		/* any number may come next */
	char *suspect;		/* what only a gap can explain */
	json_t *view;		/* all there is, played back; or NULL */
	char run[32];		/* that it heard last, and... */
	uint64_t viewed;	/* ...the number up to which it has a view */
};

/* The run of the kevd that there is; "" before anybody was told. */
extern char client_run[32];

/* Bytes of the longest line that anybody got. */
extern size_t client_longest;

void client_init(struct client *, unsigned number);

void client_fini(struct client *);

/* False: kevd takes no more connections now. */
bool client_connect(struct client *, const char *path);

/* Drops the connection; what was played back stays. */
void client_close(struct client *);

/*
 * Asks; REQUEST is taken. CODE is that of the error to come, NULL: none. False
 * if it could not, having too much to send already, or no way to.
 */
bool client_ask(struct client *, json_t *request, const char *code);

/* Sends bytes to which N answers with CODE come, all without an id. */
bool client_say(struct client *, const void *, size_t, const char *code,
    unsigned n);

/* Sends the beginning of REQUEST, which is taken; the caller sends the rest. */
bool client_expect(struct client *, json_t *request, const char *begin);

/* Sends the rest of a line that was begun. */
void client_finish(struct client *);

/* Ends its side, after all that it had to say. */
void client_end(struct client *);

/* Reads and writes what can be. ENDED: kevd is gone, so that it may end. */
void client_pump(struct client *, bool ended);

/* Nothing more is to come: what was claimed must be so. */
void client_settle(struct client *);

/* What it waits for, in words; to be freed. */
char *client_waits(const struct client *);

/* Whether every answer came, and all that was owed before them. */
bool client_is_idle(const struct client *);

#endif

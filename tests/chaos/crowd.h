/*
 * A kevd and its clients, who read and write in turns, and what is true of all
 * of them together.
 */
#ifndef CROWD_H
#define CROWD_H

#include "client.h"
#include "kevd.h"

/* Seconds in which what must happen happens, on the slowest machine. */
#define PATIENCE 120

struct crowd {
	char *path, *log;	/* of kevd: its socket, its messages */
	struct client *clients;	/* the first one is a witness: all, always */
	struct pollfd *fds;	/* of the clients */
	unsigned n;
	struct kevd kevd;
	unsigned ids;		/* of requests */
};

/* N clients, not connected; files are in DIR. */
void crowd_init(struct crowd *, const char *dir, unsigned n);
void crowd_fini(struct crowd *);

/* Starts kevd with "-u" and OPTIONS. */
void crowd_start(struct crowd *, const char *options);

/* Ends kevd by a signal; what all heard of it must be whole. */
void crowd_end(struct crowd *, int number);

/* A request with an id; to be freed. */
json_t *crowd_request(struct crowd *, const char *op);

/* Connects if that is to be done, and has a snapshot and all events. */
void crowd_watch(struct crowd *, struct client *);

/* Everybody reads and writes what can be, or waits up to TIMEOUT ms for it. */
void crowd_pump(struct crowd *, int timeout);

/* Asks all who can be asked, and waits until all have what they are owed. */
void crowd_ask(struct crowd *, const char *op);

/*
 * All go on, until nothing happens any more: then the kernel says what the
 * state says (by the shell's command KEV_CHAOS_SAME), and so does every view.
 */
void crowd_settle(struct crowd *);

/* Without clients kevd has N descriptors again. */
void crowd_leave(struct crowd *, unsigned n);

/* A clock in ms. */
unsigned long crowd_now(void);

#endif

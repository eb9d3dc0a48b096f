/*
 * The Unix socket that clients connect to, and the loop's turns: whatever was
 * published during one is sent at its end.
 */
#ifndef KEVD_SERVER_H
#define KEVD_SERVER_H

#include "peer.h"
#include "sys.h"

#include <sys/stat.h>

struct recorder;
struct source;

struct server_config {
	const char *path;	/* of the socket */
	mode_t mode;		/* its permissions */
	gid_t group;		/* its group, or -1 */
	size_t queue;		/* bytes a client may be behind */
	size_t history;		/* bytes kept for "after" */
	size_t max_clients;
	size_t max_per_user;	/* who is neither root nor kevd's own */
	unsigned timeout;	/* as peer_group.timeout */
	int fd;			/* listening socket handed over, or -1 */
	const struct recorder *recorder;	/* to be told of; NULL: none */
};

/* So many that were turned away have some time to read why. */
#define SERVER_LEAVING 16

struct server {
	struct server_config config;
	struct peer_group peers;
	struct hub *hub;
	struct source *source;	/* lent; NULL: none yet */
	ev_io accept, hangup;
	ev_timer retry;		/* accepting again after running out */
	ev_prepare prepare;
	ev_timer leave;		/* those that were turned away are closed */
	int leaving[SERVER_LEAVING];	/* a ring of them, -1: none */
	unsigned next_leaving;
	int fd;			/* listening */
	struct stat made;	/* the socket that we made */
	uint64_t started;	/* stamp.mono */
	uint64_t turned_away;	/* clients that found no place */
	struct sys_sandbox sandbox;	/* what "stats" tells of it */
};

/* 0 or -ENOMEM. CONFIG is copied, its path lent. */
int server_init(struct server *, const struct server_config *);

/* A state_publish_fn with the server as its argument. */
void server_publish(void *server, struct kev_event *);

/* For source_config. */
bool server_crowded(void *server);

/*
 * Makes the socket and listens. Says what is wrong on failure: the path too
 * long, not a socket, in use, its directory missing.
 */
int server_listen(struct server *);

/* Goes live. SOURCE is lent until server_fini. */
void server_start(struct server *, struct ev_loop *, struct source *);

void server_fini(struct server *);

/* answer.c: one line of a client, as peer_group.line. */
void server_answer(struct peer *, const char *line, size_t len);

#endif

/*
 * The command line of kevd.
 */
#ifndef KEVD_OPTIONS_H
#define KEVD_OPTIONS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct options {
	const char *socket;
	bool default_socket;	/* and nobody named it: it is ours to make */
	mode_t mode;
	const char *group;	/* or NULL */
	const char *user;	/* or NULL */
	bool detach;
	const char *pidfile;	/* or NULL */
	int ready_fd;		/* or -1 */
	bool verbose;
	size_t queue;
	size_t history;
	size_t max_clients;
	size_t max_per_user;
	size_t reader_timeout;	/* seconds, or 0 */
	size_t resync;		/* seconds, or 0 */
	size_t rcvbuf;		/* 0: as the source sees fit */
	const char **netns;	/* NULL, or names with a NULL at the end; owned */
	bool port_in_use;
	const char *record;	/* or NULL */
	const char *play;	/* or NULL */
	double play_speed;	/* 0: as fast as can be */
	bool sandbox;
};

/*
 * Returns -1 to go on, else the status to exit with, when all was said that
 * is to say.
 */
int options_parse(struct options *, int argc, char *argv[]);
void options_fini(struct options *);

#endif

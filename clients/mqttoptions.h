/*
 * The command line of kev-mqtt, and its file of options. Knows what may be asked,
 * and what may not.
 */
#ifndef KEV_CLIENT_MQTTOPTIONS_H
#define KEV_CLIENT_MQTTOPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqttoptions {
	char *host;		/* as this host calls itself */
	char *broker;		/* its name or address */
	int port;
	bool tls;
	char *ca, *cert, *key;	/* files, NULL: none */
	char *user, *password;	/* NULL: none */
	char *directory;	/* of cursor and spool */
	char *socket;		/* NULL: the default */
	char *home_assistant;	/* prefix of topics, NULL: nothing for it */
	char **netns;		/* ends with NULL; empty: all */
	uint64_t topics;	/* a set: events of these are published */
	uint64_t spool;		/* bytes */
	int64_t expiry;		/* ms, 0: never */
	int64_t keepalive;	/* ms */
};

/*
 * Returns -1 to go on, or the exit status when all is done: help was shown, or
 * something is wrong, which was said.
 */
int mqttoptions_parse(struct mqttoptions *, int argc, char **argv);
void mqttoptions_fini(struct mqttoptions *);

#endif

/*
 * Requests, checked wholly before anything is done about them, and the lines
 * that answer.
 */
#ifndef KEV_REQUEST_H
#define KEV_REQUEST_H

#include "filter.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct json_t;

enum kev_op {
	KEV_SUBSCRIBE, KEV_UNSUBSCRIBE, KEV_STATE, KEV_TOPICS_OP, KEV_STATS,
	KEV_PING, KEV_INJECT, KEV_OPS
};

enum kev_error {
	KEV_OK,
	KEV_BAD_JSON, KEV_BAD_REQUEST, KEV_BAD_PATTERN, KEV_UNKNOWN_TOPIC,
	KEV_TOO_LONG, KEV_DENIED, KEV_TOO_MANY
};

struct kev_request {
	enum kev_op op;
	struct json_t *root;		/* owned; what follows points into it,
					   or an inject's id alone, or NULL */
	const struct json_t *id;	/* NULL: none */
	struct kev_filter filter;	/* subscribe; topics of unsubscribe;
					   ifnames and netns of state; owned until moved */
	bool snapshot;			/* subscribe */
	const char *after;		/* subscribe, or NULL */
	enum kev_topic topic;		/* inject */
	const char *ifname;		/* inject, or NULL */
	char name[KEV_IFNAMSIZ];	/* where that may be */
	union kev_any data;		/* inject; owned */
};

/*
 * Parses a line. On an error MESSAGE (of SIZE bytes) names what is wrong, and
 * "id" is set if it could be read. To be ended with kev_request_fini always.
 */
enum kev_error kev_request_parse(struct kev_request *, const char *line,
    size_t len, char *message, size_t size);
void kev_request_fini(struct kev_request *);

/* Appends {"reply":ID,"ok":true, without the closing brace. */
void kev_reply_begin(struct buf *, const struct json_t *id);

/* Appends the whole line that refuses. */
void kev_reply_error(struct buf *, const struct json_t *id, enum kev_error,
    const char *message);

#endif

/*
 * What kevsub's command line wants of an event: the patterns and matches that
 * kevd is told, and what only kevsub looks at. Knows no sockets.
 */
#ifndef KEV_CLIENT_WANTS_H
#define KEV_CLIENT_WANTS_H

#include <stdbool.h>

struct json_t;
struct options;

/* Whether all patterns can be used; if not, it was said which, and why not. */
bool wants_check(const struct options *);

/* Whether one of the patterns names TOPIC. */
bool wants_topic(const struct options *, const char *topic);

/*
 * Whether "data" of an event fits every match. KEY=GLOB: the member is there
 * and it, or an element of it, fits. KEY!=GLOB: everything else.
 */
bool wants_data(const struct options *, const struct json_t *data);

/*
 * The matches that kevd can do: the first "=" of each key. LIST has room for
 * all of them and a NULL.
 */
void wants_matches(const struct options *, const char **list);

#endif

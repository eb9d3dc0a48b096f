/*
 * The topics and their meanings, for people.
 */
#ifndef KEV_CLIENT_TOPICLIST_H
#define KEV_CLIENT_TOPICLIST_H

struct json_t;
struct options;

/* One topic as kevd tells it ("topics" request), as a line on stdout. */
void topiclist_line(const struct json_t *topic);

/* All that fit the patterns; needs no kevd. Returns the exit status. */
int topiclist_print(const struct options *);

#endif

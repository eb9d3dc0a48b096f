/*
 * Plays a subscriber's log back, by the rules of kev(7) alone: it knows what
 * events say, and nothing of the state that they came from.
 */
#ifndef PLAYER_H
#define PLAYER_H

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

/* An empty state: an object by ifindex. To be freed with json_decref. */
json_t *player_new(void);

/* One line: an event changes the state, an answer does not. False: no JSON. */
bool player_line(json_t *state, const char *line, size_t len);

/* The same of a line that was parsed; it is lent. */
void player_event(json_t *state, const json_t *ev);

/*
 * What an event says that cannot be, after all that was played: static text, or
 * NULL. Of a log that has every topic, and begins with a snapshot.
 */
const char *player_contradiction(const json_t *state, const json_t *ev);

/*
 * What of "interfaces" of an answer is not so in the state: one of them, all if
 * there are others; lent. NULL: it is the same.
 */
const json_t *player_differs(const json_t *state, const json_t *interfaces);

/*
 * The state as an array, in the shape that "kevctl state" prints; lifetimes,
 * which run, are left out.
 */
json_t *player_state(const json_t *state);

#endif

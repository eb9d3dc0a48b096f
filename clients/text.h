/*
 * Text for people and terminals: strings from outside made harmless, values
 * of JSON as text, the line of an event. Knows no sockets and no options.
 */
#ifndef KEV_CLIENT_TEXT_H
#define KEV_CLIENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct json_t;

/*
 * Appends S with what a terminal might obey, or show in the wrong place,
 * written as \xHH (bytes: controls, and what is not UTF-8) or \uHHHH
 * (characters: C1 controls, line separators, changes of direction).
 */
void text_put(struct buf *, const char *s, size_t len);
void text_puts(struct buf *, const char *s);

/*
 * Appends S, which is UTF-8, with each character escaped that is not one column
 * wide in the locale: wide ones, those that combine, and those it has not.
 */
void text_narrow(struct buf *, const char *s, size_t len);

/* The columns S takes when written by text_put(), one a character. */
size_t text_width(const char *s);

/*
 * A line of JSON for a terminal: the same JSON, but what JSON allows and a
 * terminal might obey is escaped.
 */
void text_json(struct buf *, const char *line, size_t len);

/*
 * A value as text: strings as they are, numbers and booleans as in JSON, the
 * elements of an array with SEP between, null and objects not at all. SAFE:
 * by text_put().
 */
void text_value(struct buf *, const struct json_t *, char sep, bool safe);

/*
 * The name of the interface that an event is about, nothing if it is about
 * none: its bytes, also when "ifname" cannot have all of them. SAFE: by
 * text_put().
 */
void text_ifname(struct buf *, const struct json_t *event, bool safe);

/*
 * The time of day here of an RFC 3339 time in UTC; as it is when it isn't, "-"
 * for NULL.
 */
void text_time(struct buf *, const char *rfc3339);

/* The colour that goes with a topic: 1 red, 2 green, 3 yellow, 0 none. */
int text_color(const char *topic);

/*
 * One event as TIME TOPIC IFNAME summary, without newline; the time is local,
 * the interface of another namespace is NETNS:IFNAME.
 */
void text_event(struct buf *, const struct json_t *event, bool color);

#endif

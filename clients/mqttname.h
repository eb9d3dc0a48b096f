/*
 * What things are called in MQTT, and what is said there: topics, and the
 * payloads of events. Knows events, no sockets.
 *
 * A name becomes one level of a topic: printable ASCII stays, all else, and what
 * means something to MQTT or to us (+ # / % :), is %XX.
 */
#ifndef KEV_CLIENT_MQTTNAME_H
#define KEV_CLIENT_MQTTNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct json_t;

/* What stands for the interface when there is none. */
#define MQTTNAME_NONE "-"

void mqttname_level(struct buf *, const char *name, size_t len);

/* The interface of an event or of an object of the state; "-" if it has none. */
void mqttname_interface(struct buf *, const struct json_t *);

/*
 * A glob that fits the interface of that level, and maybe others. No interface
 * has a name so long that its glob were too long for kevd: it ends there.
 */
void mqttname_glob(struct buf *, const char *level);

/* kev/HOST/event/TOPIC/IFNAME, HOST being a level. */
void mqttname_event(struct buf *, const char *host, const struct json_t *);

/*
 * The line of an event, which has LEN bytes, with its host, and whether it is
 * told late.
 */
void mqttname_payload(struct buf *, const char *line, size_t len,
    const char *host, bool historical);

/*
 * kev/gap of our own, as kevd would write it, at TIME (microseconds since 1970):
 * LOST events, 0 if nobody knows how many.
 */
void mqttname_gap(struct buf *, uint64_t time, const char *cause,
    uint64_t lost);

#endif

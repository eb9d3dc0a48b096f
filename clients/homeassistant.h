/*
 * What Home Assistant is told of an interface, so that it shows it by itself: its
 * "MQTT discovery". Knows what that looks like.
 */
#ifndef KEV_CLIENT_HOMEASSISTANT_H
#define KEV_CLIENT_HOMEASSISTANT_H

struct buf;

/*
 * The topic, below PREFIX, and the payload for the interface that is called NAME
 * in topics, of HOST, which is LEVEL there: whether its link is up.
 */
void homeassistant_put(struct buf *topic, struct buf *payload,
    const char *prefix, const char *host, const char *level, const char *name);

#endif

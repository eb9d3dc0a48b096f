/*
 * What clients of other brokers say, byte by byte: MQTT 3.1.1 and D-Bus; and
 * what dbus-broker is told that has no configuration.
 */
#ifndef WIRE_H
#define WIRE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

/* CONNECT; SUBSCRIBE to a short topic; PUBLISH to "k" with QoS 0. */
void mqtt_connect(struct buf *);
void mqtt_subscribe(struct buf *, const char *topic);
void mqtt_publish(struct buf *, const char *payload, size_t len);

/* Whether SUBACK is the last that was got. */
bool mqtt_is_subscribed(const char *, size_t);

/* Authentication and Hello; a match for signals of a short name; a signal "k"
 * with one string. */
void dbus_hello(struct buf *);
void dbus_match(struct buf *, const char *name);
void dbus_signal(struct buf *, const char *payload, size_t len);

/* Whether N calls were answered. */
bool dbus_is_answered(const char *, size_t, unsigned n);

/* Authentication of one who will send descriptors. */
void dbus_control(struct buf *);

/* Whether all of that was agreed to. */
bool dbus_is_controlled(const char *, size_t);

/* The call that hands it a socket that listens, which goes along; those who
 * come there may do everything. */
void dbus_listener(struct buf *);

/* Whether it is no error that begins there. */
bool dbus_is_return(const char *, size_t);

#endif

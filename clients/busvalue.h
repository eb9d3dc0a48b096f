/*
 * Values of JSON as those of D-Bus, in a message. Knows which type the members
 * of events have there, knows nothing of objects and signals.
 *
 * Whatever the JSON says, a message comes out that every bus takes. Functions
 * return 0 or more, or -errno as sd-bus(3) does.
 */
#ifndef KEV_CLIENT_BUSVALUE_H
#define KEV_CLIENT_BUSVALUE_H

#include "object.h"

#include <systemd/sd-bus.h>

struct json_t;

/* The signature of a member of "data". */
const char *busvalue_signature(enum kev_field);

int busvalue_string(sd_bus_message *, const char *);

/*
 * A value of SIGNATURE, one of s, b, i, u, t, as and aa{sv}. JSON that is NULL or
 * of another type is an empty string, false, -1, 0 or an empty array.
 */
int busvalue_put(sd_bus_message *, const char *signature,
    const struct json_t *value);

/*
 * The members of an object as a{sv}, without those in WITHOUT, which ends with
 * NULL, and without those that D-Bus has no type for; null is as above. Of
 * anything else than an object: empty.
 */
int busvalue_dict(sd_bus_message *, const struct json_t *object,
    const char *const *without);

#endif

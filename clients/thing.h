/*
 * What an event is about: an interface, an address, a router. Knows topics, no
 * sockets and no options.
 */
#ifndef KEV_CLIENT_THING_H
#define KEV_CLIENT_THING_H

struct buf;
struct kev_line;

/*
 * Appends KIND/NETNS/INTERFACE/MEMBER..., the same for all events about the
 * same thing, without NUL. KIND: NULL for what the thing is; else it stands in
 * place of that.
 */
void thing_put(struct buf *, const struct kev_line *event, const char *kind);

#endif

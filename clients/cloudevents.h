/*
 * An event as one of CloudEvents 1.0, in its JSON format. Knows JSON and the
 * name of this host, no sockets and no options.
 */
#ifndef KEV_CLIENT_CLOUDEVENTS_H
#define KEV_CLIENT_CLOUDEVENTS_H

struct buf;
struct kev_line;

/* Appends it as one line, without newline; "data" is all that kevd says. */
void cloudevents_put(struct buf *, const struct kev_line *);

#endif

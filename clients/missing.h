/*
 * Why kevsub -W still waits: what is asked for, and what kevd's state has.
 */
#ifndef KEV_CLIENT_MISSING_H
#define KEV_CLIENT_MISSING_H

struct kev;
struct options;

/*
 * Says on stderr, for each pattern and interface, what was waited for and
 * how things stand. Asks kevd for that, for a second at most.
 */
void missing_say(struct kev *, const struct options *);

#endif

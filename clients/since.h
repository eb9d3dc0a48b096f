/*
 * kevsub --since: from when on kevd's history is to be told. kevd has them
 * all, what is older is dropped here.
 */
#ifndef KEV_CLIENT_SINCE_H
#define KEV_CLIENT_SINCE_H

#include <stdbool.h>
#include <stddef.h>

struct kev;
struct kev_line;

struct since {
	char time[32];		/* as events have it; "": all are wanted */
	char after[80];		/* to subscribe after; "": from now */
	long long last;		/* the number of the last event of the past */
	bool present;		/* what holds now is wanted, too */
};

/*
 * Asks kevd what it has, and says what it has not. -1, or the exit status when
 * it did not answer; with STRICT also when something is missing.
 */
int since_begin(struct since *, struct kev *, bool strict);

/*
 * The answer to the subscription came, the FIRST one or one after kevd was
 * gone; what was lost meanwhile is made good by what holds now.
 */
void since_subscribed(struct since *, const struct kev_line *, bool first);

/* Whether an event is not wanted. */
bool since_drops(const struct since *, const struct kev_line *,
    const char *topic);

#endif

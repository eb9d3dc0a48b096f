/*
 * What must be asked for because the kernel of macOS does not always tell it:
 * whether there is a link and how good it is. An answer is written as the kernel
 * event that would have told it, so that it goes the way of all events, into a
 * recording, too.
 *
 * By offset and on every system; who is asked is for the caller to say.
 */
#ifndef KEVD_KERN_ASK_H
#define KEVD_KERN_ASK_H

#include "change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As ioctl(2): 0 or -errno. BYTES are changed. */
struct kern_asker {
	int (*ioctl)(void *arg, uint32_t request, void *bytes);
	void *arg;
};

/* Room for any of the events. */
#define KERN_ASK_MAX 64

/*
 * Ask about the interface of that name, and write an event to EVENT, which has
 * room for KERN_ASK_MAX bytes: its length, or 0, if the kernel does not know, or
 * no event can have the name.
 */
size_t kern_ask_link(const struct kern_asker *, const char *ifname,
    uint8_t *event);
size_t kern_ask_quality(const struct kern_asker *, const char *ifname,
    uint8_t *event);

/* Whether it still is so that no route uses it; so if it is not known. */
bool kern_ask_idle(const struct kern_asker *, const char *ifname);

/*
 * Whether all of the interfaces and addresses is to be read again after a
 * message of that name, with the change that it told of, or NULL: it may say
 * less than has changed. Not after what is no state, of which there may be much.
 */
bool kern_ask_after(const char *name, const struct change *);

#endif

/*
 * What the finder's process does, and what it says.
 */
#ifndef KEVD_FINDER_CHILD_H
#define KEVD_FINDER_CHILD_H

#include "finder.h"

/* With the descriptors of those sockets that have no error, in their order. */
struct finder_message {
	enum found found;
	int error[SOCKET_KINDS];
	char name[FINDER_NAME_MAX + 1];
};

/* Goes on until FD is closed at the other end. Arguments as finder_start. */
_Noreturn void finder_child(int fd, const char *const *names, size_t rcvbuf,
    bool sandbox);

#endif

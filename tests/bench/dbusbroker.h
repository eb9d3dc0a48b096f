/*
 * dbus-broker, which opens nothing itself: whoever starts it hands it a socket
 * that listens, over another one that it inherits.
 */
#ifndef DBUSBROKER_H
#define DBUSBROKER_H

#include <sys/types.h>

/*
 * Starts it, to listen at PATH, where nothing is yet; what it says goes to the
 * file ERR. It ends when the next one is started, too.
 */
pid_t dbusbroker_start(const char *path, const char *err);

#endif

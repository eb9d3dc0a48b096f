/*
 * launchd(8) hands over sockets when it is asked for those of a name in the
 * service's property list.
 */
#include "config.h"

#include "sys.h"

#include "log.h"

#include <errno.h>
#include <launch.h>
#include <stdlib.h>
#include <string.h>

#define NAME "Listeners"

/* No service of launchd's, or one without sockets, has nothing to hand over; nor
 * has one whose socket has no folder: then kevd makes it, or says what it lacks. */
int
sys_listen_fd(void)
{
	size_t n = 0;
	int *fds = NULL, error, fd;

	error = launch_activate_socket(NAME, &fds, &n);
	if (error == ESRCH || error == ENOENT || (error == 0 && n == 0)) {
		free(fds);
		return -1;
	}
	if (error != 0 || n != 1) {
		log_error("launchd: sockets \"" NAME "\": %s", error != 0 ?
		    strerror(error) : "not one");
		free(fds);
		return -2;
	}
	fd = fds[0];
	free(fds);
	return fd;
}

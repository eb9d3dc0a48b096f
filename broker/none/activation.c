/*
 * For systems whose service manager hands over sockets as notify.h knows, or has
 * none that does.
 */
#include "config.h"

#include "sys.h"

int
sys_listen_fd(void)
{
	return -1;
}

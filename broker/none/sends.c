/* No system call sends to many. */
#include "config.h"

#include "sys.h"

void
sys_sends_open(void)
{
}

void
sys_sends_close(void)
{
}

int
sys_sends_fd(void)
{
	return -1;
}

size_t
sys_send_many(struct sys_send *sends, size_t n)
{
	(void)sends;
	(void)n;
	return 0;
}

/*
 * For systems that kevd has no source for: it says so and does not start, but
 * for playing what another system recorded.
 */
#include "config.h"

#include "source.h"

#include "log.h"

#include <errno.h>

int
source_kernel(struct source **out, const struct source_config *config)
{
	(void)config;
	*out = NULL;
	log_error("this system's kernel is not supported yet");
	return -ENOSYS;
}

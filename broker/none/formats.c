/*
 * What every system can decode.
 */
#include "config.h"

#include "format.h"

const struct format *const formats[] = {
	&format_arp, &format_ndp, &format_kern_event, &format_route,
	&format_in6, NULL
};

/*
 * What Linux can tell of at all, and the messages that do.
 */
#ifndef KEVD_FORMATS_H
#define KEVD_FORMATS_H

#include "format.h"
#include "topics.h"

extern const struct format format_rtnetlink, format_ethtool, format_audit;

/* All but what no Linux tells, see kev(7). */
#define LINUX_TOPICS (KEV_TOPIC_ALL & ~(KEV_TOPIC(INTERFACE_IDLE) | \
	KEV_TOPIC(INTERFACE_QUALITY) | KEV_TOPIC(INTERFACE_ISSUES) | \
	KEV_TOPIC(IPV6_NAT64_PREFIX_REQUEST) | \
	KEV_TOPIC(ND6_ADDRESS_DETACHED)))

#endif

#include "config.h"

#include "hot.h"
#include "log.h"
#include "source.h"

#include <stdio.h>
#include <string.h>

void
source_stats_init(struct source_stats *st, const char *name, const char *netns)
{
	memset(st, 0, sizeof *st);
	st->name = name;
	st->netns = netns;
	st->available = true;
}

HOT void
source_stats_count(struct source_stats *st, enum message_found found)
{
	st->received++;
	st->decoded += found == MESSAGE_CHANGE;
	st->ignored += found == MESSAGE_IGNORED;
	st->malformed += found == MESSAGE_MALFORMED;
}

void
source_stats_missing(struct source_stats *st, const char *why,
    const char *needs)
{
	st->available = false;
	snprintf(st->reason, sizeof st->reason, "%s%s%s%s", why,
	    needs != NULL ? " (needs " : "", needs != NULL ? needs : "",
	    needs != NULL ? ")" : "");
	log_info("%s%s%s%s: not available: %s", st->netns != NULL ?
	    "namespace " : "", st->netns != NULL ? st->netns : "",
	    st->netns != NULL ? ": " : "", st->name, st->reason);
}

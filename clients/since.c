#include "config.h"

#include "kev.h"
#include "since.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ASK_MS = 5000 };

int
since_begin(struct since *s, struct kev *k, bool strict)
{
	const struct kev_line *line;
	const char *oldest, *time;
	int r = tool_ask(k, "stats", NULL, ASK_MS, &line);

	if (r < 0) {
		say("%s", r == -ETIMEDOUT ? "kevd does not answer" :
		    kev_error(k));
		return tool_status(r);
	}
	if (!kev_line_ok(line))
		return tool_refused(line);
	oldest = kev_line_string(line, "history.oldest");
	time = kev_line_string(line, "history.oldest_time");
	if (oldest == NULL || time == NULL) {
		say("kevd has no history, so nothing of what was before now");
		return strict ? EXIT_LOST : -1;
	}
	/* All of that run: what is not kept any more is no error then. */
	snprintf(s->after, sizeof s->after, "%.*s-0",
	    (int)strcspn(oldest, "-"), oldest);
	if (strcmp(time, s->time) <= 0)
		return -1;
	say("the history of kevd begins at %s: what was before is missing",
	    time);
	return strict ? EXIT_LOST : -1;
}

void
since_subscribed(struct since *s, const struct kev_line *line, bool first)
{
	if (!first)
		s->present = true;
	if (s->time[0] == '\0' || !kev_line_integer(line, "seq", &s->last))
		s->last = -1;
}

bool
since_drops(const struct since *s, const struct kev_line *line,
    const char *topic)
{
	const char *time = kev_line_string(line, "time");
	long long seq;

	if (!kev_line_integer(line, "seq", &seq) || seq > s->last)
		return false;
	if (kev_line_snapshot(line) || strcmp(topic, "kev/synced") == 0)
		return !s->present;
	return time != NULL && strcmp(time, s->time) < 0;
}

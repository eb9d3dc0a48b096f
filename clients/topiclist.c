#include "config.h"

#include "options.h"
#include "tool.h"
#include "topiclist.h"
#include "topics.h"
#include "wants.h"

#include <stdio.h>

#include <jansson.h>

static void
print(const char *name, bool lasting, const char *meaning, const char *note)
{
	printf("%-28s %-8s %s%s\n", name, lasting ? "lasting" : "", meaning,
	    note);
}

void
topiclist_line(const struct json_t *topic)
{
	const char *name = json_string_value(json_object_get(topic, "topic"));
	const char *meaning = json_string_value(json_object_get(topic,
	    "meaning"));

	print(name != NULL ? name : "", json_is_true(json_object_get(topic,
	    "lasting")), meaning != NULL ? meaning : "",
	    json_is_false(json_object_get(topic, "native")) ?
	    " (not on this system)" : "");
}

int
topiclist_print(const struct options *o)
{
	int t;

	for (t = 0; t < KEV_TOPICS; t++) {
		if (wants_topic(o, kev_topics[t].name))
			print(kev_topics[t].name, kev_topics[t].lasting,
			    kev_topics[t].meaning, "");
	}
	return EXIT_OK;
}

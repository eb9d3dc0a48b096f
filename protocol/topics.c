#include "config.h"

#include "topics.h"

#include <string.h>

#define F(name) KEV_BIT(name)
#define LASTING true
const struct kev_topic_info kev_topics[KEV_TOPICS] = {
#define TOPIC(id, name, class, flags, fields, meaning) \
	[KEV_T_##id] = { name, KEV_##class, flags, fields, meaning },
#include "topics.def"
#undef TOPIC
};

_Static_assert(KEV_TOPICS < 64, "a set of topics is 64 bits");

int
kev_topic_find(const char *name)
{
	int t;

	for (t = 0; t < KEV_TOPICS; t++) {
		if (strcmp(kev_topics[t].name, name) == 0)
			return t;
	}
	return -1;
}

/*
 * The topics: an enum and a table made from topics.def.
 */
#ifndef KEV_TOPICS_H
#define KEV_TOPICS_H

#include "object.h"

#include <stdbool.h>
#include <stdint.h>

enum kev_topic {
#define TOPIC(id, name, class, flags, fields, meaning) KEV_T_##id,
#include "topics.def"
#undef TOPIC
	KEV_TOPICS
};

struct kev_topic_info {
	const char *name;
	enum kev_class class;	/* what struct "data" is */
	bool lasting;		/* part of snapshots */
	uint64_t fields;	/* members "data" can have */
	const char *meaning;
};

extern const struct kev_topic_info kev_topics[KEV_TOPICS];

/* Sets of topics are masks of these. */
#define KEV_TOPIC(id) (UINT64_C(1) << KEV_T_##id)
#define KEV_TOPIC_ALL ((UINT64_C(1) << KEV_TOPICS) - 1)

/* The members of kev/synced and kev/gap go to every subscriber. */
#define KEV_TOPIC_KEV (KEV_TOPIC(KEV_SYNCED) | KEV_TOPIC(KEV_GAP))

/* The topic of that name, or -1. */
int kev_topic_find(const char *name);

#endif

/* Prints all addresses that can be used: cc addresses.c $(pkg-config --cflags --libs kev jansson) */
#include <jansson.h>
#include <kev.h>
#include <stdio.h>
#include <string.h>

int
main(void)
{
	const struct kev_subscription want = { .snapshot = 1, .netns = (const char *const[]){ "", NULL },
	    .topics = (const char *const[]){ "*/address-ready", "*/address-remove", NULL } };
	json_t *usable = json_object(), *coming = json_object();
	const struct kev_line *line;
	struct kev *k = kev_new();
	const char *topic;
	int good = kev_open(k, NULL, KEV_RECONNECT) == 0 && kev_subscribe(k, &want) > 0;
	long long index;
	char key[100];
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (good && kev_next(k, -1, &line) >= 0) {
		if (line == NULL || (topic = kev_line_topic(line)) == NULL || strcmp(topic, "kev/gap") == 0) {
			fprintf(stderr, "%s\n", line == NULL ? kev_error(k) : kev_line_text(line, NULL));
			json_object_clear(coming);	/* A snapshot may follow. */
			continue;
		}
		if (kev_line_integer(line, "ifindex", &index)) {
			snprintf(key, sizeof key, "%s %lld", kev_line_string(line, "data.address"), index);
			if (strstr(topic, "/address-remove") != NULL)
				json_object_del(usable, key);
			else
				json_object_set(kev_line_snapshot(line) ? coming : usable, key,
				    json_object_get(kev_line_json(line), "ifname"));
		} else if (json_object_clear(usable) == 0) {	/* kev/synced: that is all. */
			json_object_update(usable, coming);
		}
		if (!kev_line_snapshot(line) && json_dumpf(usable, stdout, JSON_ENSURE_ASCII) == 0)
			puts("");
	}
	return fprintf(stderr, "%s\n", kev_error(k)) > 0;
}

/*
 * play <LOG: what a log of events amounts to, one interface a line, sorted
 * and with sorted members, as "kevctl state | jq -cS" would print it.
 */
#include "config.h"

#include "player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(void)
{
	json_t *player = player_new(), *state, *interface;
	char *line = NULL;
	size_t size = 0, i;
	ssize_t len;
	bool snapshot, amid = false;

	while ((len = getline(&line, &size, stdin)) != -1) {
		/* What holds now is all that does, be it nothing. */
		snapshot = strstr(line, "\"snapshot\":true") != NULL;
		if (!amid && (snapshot ||
		    strstr(line, "{\"topic\":\"kev/synced\"") == line))
			json_object_clear(player);
		amid = snapshot;
		if (player_line(player, line, (size_t)len))
			continue;
		fprintf(stderr, "play: not JSON: %s\n", line);
		return EXIT_FAILURE;
	}
	state = player_state(player);
	json_array_foreach(state, i, interface) {
		json_dumpf(interface, stdout, JSON_SORT_KEYS | JSON_COMPACT);
		putchar('\n');
	}
	json_decref(state);
	json_decref(player);
	free(line);
	return EXIT_SUCCESS;
}

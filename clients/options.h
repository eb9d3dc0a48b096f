/*
 * The command line of kevsub. Knows what may be asked, and what may not.
 */
#ifndef KEV_CLIENT_OPTIONS_H
#define KEV_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum format {
	FORMAT_JSON, FORMAT_TEXT, FORMAT_ENV, FORMAT_JSON_SEQ,
	FORMAT_CLOUDEVENTS, FORMAT_TEMPLATE
};

struct options {
	const char **patterns;	/* these lists end with NULL */
	const char **ifnames;
	const char **netns;	/* empty: all */
	const char **matches;	/* KEY=GLOB and KEY!=GLOB */
	char **command;		/* NULL: none */
	const char *socket;	/* NULL: the default */
	const char *after;	/* NULL: from now */
	const char *cursor_file;	/* NULL: none */
	char since[32];		/* as events have it; "": not asked for */
	const char *template;
	int64_t timeout;	/* ms, -1: none */
	int64_t exec_timeout;	/* ms, 0: none */
	int64_t debounce;	/* ms, 0: not at all */
	long long count;	/* 0: without end */
	enum format format;
	bool chosen;		/* the format was asked for */
	bool color;
	bool snapshot;		/* what holds now, too */
	bool only;		/* and nothing else */
	bool wait;
	bool list;
	bool quiet;
	bool strict;
	bool stay;		/* reconnect */
};

/*
 * Returns -1 to go on, or the exit status when all is done: help was shown,
 * or the command line is wrong, which was said. Lends from argv.
 */
int options_parse(struct options *, int argc, char **argv);
void options_fini(struct options *);

#endif

/*
 * What kevtop shows of what it knows: panes, their order and filter, where they
 * are scrolled to, and the text of each line of the screen. Only lines that are
 * asked for are made. Knows no terminal: keys come in, lines go out.
 */
#ifndef KEV_CLIENT_TOPVIEW_H
#define KEV_CLIENT_TOPVIEW_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct topmodel;

enum top_pane {
	PANE_LINKS, PANE_ADDRS, PANE_ROUTERS, PANE_CONFLICTS, PANE_EVENTS,
	PANES
};

enum top_sort { SORT_INDEX, SORT_NAME, SORT_RATE, SORT_FLAPS, SORTS };

enum top_style {
	STYLE_PLAIN, STYLE_STATUS, STYLE_TITLE, STYLE_FOCUS,
	STYLE_GOOD, STYLE_BAD, STYLE_WARN
};

/* Keys that are no character; those below are bytes that were typed. */
enum top_key {
	TOPKEY_UP = 256, TOPKEY_DOWN, TOPKEY_LEFT, TOPKEY_RIGHT, TOPKEY_PAGE_UP,
	TOPKEY_PAGE_DOWN, TOPKEY_HOME, TOPKEY_END, TOPKEY_BACK_TAB,
	TOPKEY_BACKSPACE, TOPKEY_HELP, TOPKEY_QUIT, TOPKEY_RESIZE
};

enum { TOP_FILTER = 64 };

/* The things of a pane that pass the filter, in order. */
struct top_list {
	const void **rows;	/* of the model; the array is owned */
	size_t n, cap;
	size_t top;		/* the first one that is shown */
	size_t height;		/* lines, that of the title too; 0: hidden */
};

struct topview {
	enum top_pane focus;
	enum top_sort sort;
	char filter[TOP_FILTER];	/* a glob, "": all */
	char edit[TOP_FILTER];		/* the next one, while it is typed */
	bool editing, help, paused, quit;
	size_t shift;			/* columns, to the right */
	struct top_list lists[PANES];
	const char *socket;		/* its path; lent */
	int64_t now;			/* of the last topview_update() */
	uint64_t version;		/* of the model that is listed */
	bool listed;			/* there was one, and it still fits */
	size_t head, lines;		/* of the screen */
};

void topview_init(struct topview *, const char *socket);
void topview_fini(struct topview *);

/* A key was pressed. */
void topview_key(struct topview *, int key);

/*
 * Looks at the model, and lays out a screen of that many lines. The model must
 * not change until all of topview_line() was said. False: no memory.
 */
bool topview_update(struct topview *, const struct topmodel *, size_t lines,
    int64_t now);

/* Line N of the screen, the first is 0, in place of what is in TEXT. */
enum top_style topview_line(const struct topview *, const struct topmodel *,
    size_t n, struct buf *text);

/*
 * The interfaces, as an array of globs, of the addresses on the screen whose
 * lifetimes run; NULL when there are none. A new reference.
 */
struct json_t *topview_running(const struct topview *);

#endif

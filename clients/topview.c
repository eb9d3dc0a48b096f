#include "config.h"

#include "pattern.h"
#include "text.h"
#include "topmodel.h"
#include "topview.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { NAME_WIDTH = 15, SHIFT = 8 };

static const char *const help[] = {
	"kevtop shows the network as kevd tells it, while it happens.",
	"",
	"  q, F10         quit",
	"  Tab, S-Tab     the next pane, the one before",
	"  up, down, PgUp, PgDn, Home, End",
	"                 scroll the pane whose title stands out",
	"  left, right    scroll all panes sideways",
	"  /              show only interfaces that fit a glob, as eth*",
	"  s              sort interfaces by index, name, rate or flaps",
	"  p              pause: draw nothing until a key is pressed",
	"  h, ?, F1       this text",
	"",
	"  STATE          off: switched off; else what the kernel says",
	"  CAR            carrier: whether there is a signal",
	"  FLAPS          how often the link went down since kevtop began",
	"  EV/S           events a second",
	"  STATUS         of an address; ready: it can be used",
	"  VALID, PREF    how long it still is",
	"",
	"Conflicts are red: HOST is the other host that has the address.",
};

enum { HELP_LINES = sizeof help / sizeof *help };

void
topview_init(struct topview *v, const char *socket)
{
	*v = (struct topview){ .socket = socket };
}

void
topview_fini(struct topview *v)
{
	int p;

	for (p = 0; p < PANES; p++)
		free(v->lists[p].rows);
}

/* --- lists --- */

static bool
fits(const struct topview *v, const char *plain)
{
	return v->filter[0] == '\0' || kev_glob(v->filter, plain);
}

static bool
append(struct top_list *l, const void *row)
{
	size_t cap = l->cap < 64 ? 64 : l->cap * 2;
	const void **rows;

	if (l->n == l->cap) {
		rows = realloc(l->rows, cap * sizeof *rows);
		if (rows == NULL)
			return false;
		l->rows = rows;
		l->cap = cap;
	}
	l->rows[l->n++] = row;
	return true;
}

/* By what it is; those that are alike stay in order of index. */
struct ranked {
	const struct top_link *link;
	uint64_t rank;
	size_t index;
};

static int
by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static int
by_name(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int r = strcmp(x->link->name, y->link->name);

	return r != 0 ? r : x->index < y->index ? -1 : 1;
}

/* The links are in order of index already. */
static bool
sort(struct topview *v)
{
	struct top_list *l = &v->lists[PANE_LINKS];
	struct ranked *all;
	size_t i;

	if (v->sort == SORT_INDEX || l->n == 0)
		return true;
	all = calloc(l->n, sizeof *all);
	if (all == NULL)
		return false;
	for (i = 0; i < l->n; i++) {
		all[i] = (struct ranked){ .link = l->rows[i], .index = i };
		all[i].rank = v->sort == SORT_FLAPS ? all[i].link->flaps :
		    topmodel_rate(&all[i].link->rate, v->now);
	}
	qsort(all, l->n, sizeof *all, v->sort == SORT_NAME ? by_name : by_rank);
	for (i = 0; i < l->n; i++)
		l->rows[i] = all[i].link;
	free(all);
	return true;
}

/* What the links have, link by link. */
static bool
list_parts(struct topview *v)
{
	const struct top_list *links = &v->lists[PANE_LINKS];
	struct top_link *l;
	struct top_router *r;
	struct top_addr *a;
	size_t i;

	for (i = 0; i < links->n; i++) {
		l = (struct top_link *)links->rows[i];
		RB_FOREACH(a, top_addrs, &l->addrs) {
			if (!append(&v->lists[PANE_ADDRS], a))
				return false;
		}
		RB_FOREACH(r, top_routers, &l->routers) {
			if (!append(&v->lists[PANE_ROUTERS], r))
				return false;
		}
	}
	return true;
}

static bool
list_all(struct topview *v, const struct topmodel *m)
{
	const struct top_conflict *c;
	const struct top_event *e;
	struct top_link *l;
	int p;

	for (p = 0; p < PANES; p++)
		v->lists[p].n = 0;
	RB_FOREACH(l, top_links, (struct top_links *)&m->links) {
		if (fits(v, l->plain) && !append(&v->lists[PANE_LINKS], l))
			return false;
	}
	TAILQ_FOREACH(c, &m->conflicts, entry) {
		if (fits(v, c->plain) && !append(&v->lists[PANE_CONFLICTS], c))
			return false;
	}
	TAILQ_FOREACH(e, &m->events, entry) {
		if (fits(v, e->plain) && !append(&v->lists[PANE_EVENTS], e))
			return false;
	}
	return sort(v) && list_parts(v);
}

/* --- layout --- */

/* Lines of a title and that many rows, as far as there are that many LEFT. */
static size_t
lines_of(size_t rows, size_t left)
{
	return rows + 1 < left ? rows + 1 : left;
}

/*
 * Each pane that has something gets a few lines, that in focus first; then it,
 * and then the others, get what they can use of the rest.
 */
static void
lay_out(struct topview *v, size_t left)
{
	static const size_t few[PANES] = { 4, 4, 1, 1, 2 };
	struct top_list *l;
	size_t want;
	int i, round;

	for (i = 0; i < PANES; i++)
		v->lists[i].height = 0;
	for (round = 0; round < 2; round++) {
		for (i = -1; i < PANES; i++) {
			l = &v->lists[i == -1 ? (int)v->focus : i];
			if (l->n == 0 && l != &v->lists[v->focus])
				continue;
			want = l->n;
			if (round == 0 && want > few[l - v->lists])
				want = few[l - v->lists];
			/* A title of nothing is of no use. */
			if (l->height == 0 && left < 2 && i != -1)
				continue;
			left += l->height;
			l->height = lines_of(want, left);
			left -= l->height;
		}
	}
	/* Scrolled no further than to the last one. */
	for (i = 0; i < PANES; i++) {
		l = &v->lists[i];
		want = l->height > 1 ? l->height - 1 : 1;
		if (l->n < want)
			l->top = 0;
		else if (l->top > l->n - want)
			l->top = l->n - want;
	}
}

static bool
has_notice(const struct topmodel *m)
{
	return m->gaps > 0 || m->unkept > 0;
}

bool
topview_update(struct topview *v, const struct topmodel *m, size_t lines,
    int64_t now)
{
	size_t edges;

	v->now = now;
	if (!v->listed || v->version != m->version || v->sort == SORT_RATE) {
		v->listed = list_all(v, m);
		if (!v->listed)
			return false;
		v->version = m->version;
	}
	v->lines = lines;
	v->head = has_notice(m) ? 3 : 2;
	edges = v->head + 1;
	lay_out(v, lines > edges ? lines - edges : 0);
	return true;
}

/* --- keys --- */

/* Typed at the filter. */
static void
edit(struct topview *v, int key)
{
	size_t n = strlen(v->edit);

	if (key == '\r' || key == '\n') {
		memcpy(v->filter, v->edit, sizeof v->filter);
		v->listed = false;
		v->editing = false;
	} else if (key == 27) {
		v->editing = false;
	} else if (key == 'U' - 64) {
		v->edit[0] = '\0';
	} else if (key == TOPKEY_BACKSPACE || key == 8 || key == 127) {
		while (n > 0 && (v->edit[--n] & 0xc0) == 0x80)
			continue;
		v->edit[n] = '\0';
	} else if (key >= 32 && key < 256 && n + 1 < sizeof v->edit) {
		v->edit[n] = (char)key;
		v->edit[n + 1] = '\0';
	}
}

static void
scroll(struct topview *v, int key)
{
	struct top_list *l = &v->lists[v->focus];
	size_t page = l->height > 2 ? l->height - 2 : 1;

	switch (key) {
	case TOPKEY_UP:
		l->top -= l->top > 0;
		break;
	case TOPKEY_DOWN:
		l->top++;
		break;
	case TOPKEY_PAGE_UP:
		l->top -= l->top < page ? l->top : page;
		break;
	case TOPKEY_PAGE_DOWN:
		l->top += page;
		break;
	case TOPKEY_HOME:
		l->top = 0;
		break;
	case TOPKEY_END:
		l->top = l->n;
		break;
	case TOPKEY_LEFT:
		v->shift -= v->shift > 0 ? SHIFT : 0;
		break;
	case TOPKEY_RIGHT:
		v->shift += v->shift < TOP_TEXT ? SHIFT : 0;
		break;
	}
}

void
topview_key(struct topview *v, int key)
{
	if (v->editing) {
		edit(v, key);
		return;
	}
	if (v->help && key != TOPKEY_RESIZE) {
		v->help = false;
		return;
	}
	switch (key) {
	case 'q':
	case TOPKEY_QUIT:
		v->quit = true;
		break;
	case 'h':
	case '?':
	case TOPKEY_HELP:
		v->help = true;
		break;
	case '/':
		memcpy(v->edit, v->filter, sizeof v->edit);
		v->editing = true;
		break;
	case 's':
		v->sort = (v->sort + 1) % SORTS;
		v->listed = false;
		break;
	case 'p':
		v->paused = !v->paused;
		break;
	case '\t':
		v->focus = (v->focus + 1) % PANES;
		break;
	case TOPKEY_BACK_TAB:
		v->focus = (v->focus + PANES - 1) % PANES;
		break;
	default:
		scroll(v, key);
	}
}

/* --- lines --- */

/* What comes from elsewhere, as safe as the model's text is. */
static void
put_safe(struct buf *b, const char *s)
{
	struct buf raw = BUF_INIT;

	text_puts(&raw, s);
	text_narrow(b, raw.data, raw.len);
	buf_fini(&raw);
}

/* A cell of a table; what is longer pushes the others, it is not cut. */
static void
put_cell(struct buf *b, size_t width, const char *s)
{
	size_t n;

	buf_puts(b, s);
	for (n = text_width(s); n < width; n++)
		buf_putc(b, ' ');
	buf_putc(b, ' ');
}

static void
put_text(struct buf *b, size_t width, const char *s)
{
	put_cell(b, width, *s == '\0' ? "-" : s);
}

static void
put_number(struct buf *b, size_t width, long long n)
{
	char t[24];

	snprintf(t, sizeof t, "%lld", n);
	put_cell(b, width, n < 0 ? "-" : t);
}

static void
put_rate(struct buf *b, const struct top_rate *r, int64_t now)
{
	uint64_t tenths = topmodel_rate(r, now);
	char t[32];

	snprintf(t, sizeof t, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	buf_puts(b, t);
}

static void
put_speed(struct buf *b, long long mbit)
{
	char t[32] = "-";

	if (mbit >= 1000)
		snprintf(t, sizeof t, "%gG", (double)mbit / 1000);
	else if (mbit >= 0)
		snprintf(t, sizeof t, "%lldM", mbit);
	put_cell(b, 5, t);
}

static const char *
state_of(const struct top_link *l)
{
	static const char *const shorter[][2] = {
		{ "lower-layer-down", "lower" }, { "not-present", "absent" },
	};
	size_t i;

	if (l->off)
		return "off";
	for (i = 0; i < sizeof shorter / sizeof *shorter; i++) {
		if (strcmp(l->operstate, shorter[i][0]) == 0)
			return shorter[i][1];
	}
	return l->operstate;
}

static enum top_style
link_line(const struct topview *v, const struct top_link *l, struct buf *b)
{
	const char *state = state_of(l);

	put_text(b, NAME_WIDTH, l->name);
	put_text(b, 7, state);
	put_cell(b, 3, l->carrier == -1 ? "-" : l->carrier ? "yes" : "no");
	put_number(b, 5, l->mtu);
	put_speed(b, l->speed);
	put_text(b, 8, l->type);
	put_text(b, 17, l->lladdr);
	put_number(b, 5, (long long)(l->flaps & INT64_MAX));
	put_rate(b, &l->rate, v->now);
	if (strcmp(state, "up") == 0)
		return STYLE_GOOD;
	return strcmp(state, "unknown") == 0 || l->off ? STYLE_PLAIN :
	    STYLE_WARN;
}

/* The largest unit of which there are at least two. */
static void
put_left(struct buf *b, int64_t until, int64_t now)
{
	int64_t s = until > now ? (until - now) / 1000 : 0;
	char t[32];

	if (until == TOP_UNTOLD)
		snprintf(t, sizeof t, "-");
	else if (until == TOP_FOREVER)
		snprintf(t, sizeof t, "forever");
	else if (s < 120)
		snprintf(t, sizeof t, "%" PRId64 "s", s);
	else if (s < 7200)
		snprintf(t, sizeof t, "%" PRId64 "m", s / 60);
	else if (s < 172800)
		snprintf(t, sizeof t, "%" PRId64 "h", s / 3600);
	else
		snprintf(t, sizeof t, "%" PRId64 "d", s / 86400);
	put_cell(b, 7, t);
}

static enum top_style
addr_line(const struct topview *v, const struct top_addr *a, struct buf *b)
{
	bool ready = strcmp(a->status, "preferred") == 0;

	put_text(b, NAME_WIDTH, a->of->name);
	put_text(b, 34, a->address);
	put_text(b, 10, ready ? "ready" : a->status);
	put_left(b, a->valid, v->now);
	put_left(b, a->preferred, v->now);
	return ready ? STYLE_GOOD : strcmp(a->status, "duplicate") == 0 ?
	    STYLE_BAD : STYLE_WARN;
}

static enum top_style
router_line(const struct top_router *r, struct buf *b)
{
	put_text(b, NAME_WIDTH, r->of->name);
	put_text(b, 30, r->gateway);
	put_number(b, 7, r->metric);
	put_text(b, 7, r->protocol);
	put_text(b, 7, r->table);
	buf_puts(b, r->failed ? "failed" : "");
	if (r->lladdr[0] != '\0') {
		buf_putc(b, ' ');
		buf_puts(b, r->lladdr);
	}
	return r->failed ? STYLE_BAD : STYLE_PLAIN;
}

static enum top_style
conflict_line(const struct top_conflict *c, struct buf *b)
{
	put_text(b, NAME_WIDTH, c->name);
	put_text(b, 21, c->address);
	put_text(b, 9, c->what);
	put_text(b, 17, c->lladdr);
	put_text(b, 8, c->time);
	put_number(b, 1, (long long)(c->count & INT64_MAX));
	return STYLE_BAD;
}

static enum top_style
event_line(const struct top_event *e, struct buf *b)
{
	static const enum top_style styles[] = {
		STYLE_PLAIN, STYLE_BAD, STYLE_GOOD, STYLE_WARN
	};

	buf_puts(b, e->text);
	return styles[e->color];
}

static enum top_style
row_line(const struct topview *v, int pane, const void *row, struct buf *b)
{
	switch (pane) {
	case PANE_LINKS:
		return link_line(v, row, b);
	case PANE_ADDRS:
		return addr_line(v, row, b);
	case PANE_ROUTERS:
		return router_line(row, b);
	case PANE_CONFLICTS:
		return conflict_line(row, b);
	default:
		return event_line(row, b);
	}
}

static enum top_style
title_line(const struct topview *v, int pane, struct buf *b)
{
	static const struct {
		const char *name, *columns;
	} titles[PANES] = {
		{ "INTERFACE", "STATE   CAR MTU   SPEED TYPE     "
		    "MAC               FLAPS EV/S" },
		{ "ADDRESSES", "ADDRESS                            "
		    "STATUS     VALID   PREF" },
		{ "ROUTERS", "GATEWAY                        METRIC  "
		    "PROTO   TABLE" },
		{ "CONFLICTS", "ADDRESS               KIND      "
		    "HOST              TIME     COUNT" },
		{ "EVENTS", "the last one first" },
	};
	const struct top_list *l = &v->lists[pane];
	size_t below = l->n - l->top;
	char name[40];

	snprintf(name, sizeof name, "%s", titles[pane].name);
	if (l->height > 0 && below > l->height - 1)
		snprintf(name, sizeof name, "%s +%zu", titles[pane].name,
		    below - (l->height - 1));
	put_cell(b, NAME_WIDTH, name);
	buf_puts(b, titles[pane].columns);
	return pane == (int)v->focus ? STYLE_FOCUS : STYLE_TITLE;
}

/* "kevtop  live  events 12, 0.4/s now, 0.1/s in 2m  /run/kev/kev.sock" */
static enum top_style
status_line(const struct topview *v, const struct topmodel *m, struct buf *b)
{
	static const char *const feeds[] = {
		[TOP_WAITS] = "asking kevd", [TOP_LIVE] = "live",
		[TOP_LOST] = "kevd is gone, waiting for it"
	};
	int64_t s = (v->now - m->begun) / 1000;
	uint64_t tenths = m->total * 10 / (uint64_t)(s > 0 ? s : 1);
	char t[80];

	buf_puts(b, "kevtop: ");
	buf_puts(b, v->paused ? "PAUSED, " : "");
	buf_puts(b, feeds[m->feed]);
	snprintf(t, sizeof t, "   events %" PRIu64 ", ", m->total);
	buf_puts(b, t);
	put_rate(b, &m->rate, v->now);
	snprintf(t, sizeof t, "/s now, %" PRIu64 ".%" PRIu64
	    "/s since the start   ", tenths / 10, tenths % 10);
	buf_puts(b, t);
	put_safe(b, v->socket);
	return m->feed == TOP_LOST ? STYLE_BAD : STYLE_STATUS;
}

static enum top_style
summary_line(const struct topview *v, const struct topmodel *m, struct buf *b)
{
	static const char *const sorts[SORTS] = {
		"index", "name", "rate", "flaps"
	};
	char t[160];

	snprintf(t, sizeof t, "interfaces %zu, addresses %zu, routers %zu, "
	    "conflicts %zu   sort: %s", m->n_links, m->n_addrs, m->n_routers,
	    m->n_conflicts, sorts[v->sort]);
	buf_puts(b, t);
	if (v->filter[0] != '\0') {
		buf_puts(b, "   filter: ");
		put_safe(b, v->filter);
	}
	return STYLE_PLAIN;
}

static enum top_style
notice_line(const struct topmodel *m, struct buf *b)
{
	char t[160];

	if (m->gaps > 0) {
		snprintf(t, sizeof t, "EVENTS WERE LOST, %" PRIu64
		    " times; the last: %s   ", m->gaps, m->gap);
		buf_puts(b, t);
	}
	if (m->unkept > 0) {
		snprintf(t, sizeof t, "TOO MUCH TO KEEP: %zu are not shown",
		    m->unkept);
		buf_puts(b, t);
	}
	return STYLE_WARN;
}

static enum top_style
foot_line(const struct topview *v, struct buf *b)
{
	if (v->editing) {
		buf_puts(b, "only interfaces that fit: ");
		put_safe(b, v->edit);
		buf_puts(b, "_   (Enter, Esc)");
		return STYLE_FOCUS;
	}
	buf_puts(b, v->help ? "any key: back" : "q quit   h help   Tab pane   "
	    "/ filter   s sort   p pause   arrows, PgUp, PgDn scroll");
	return STYLE_STATUS;
}

/* Line N of all panes, one below the other. */
static enum top_style
pane_line(const struct topview *v, size_t n, struct buf *b)
{
	const struct top_list *l;
	int p;

	for (p = 0; p < PANES; p++) {
		l = &v->lists[p];
		if (n < l->height) {
			if (n == 0)
				return title_line(v, p, b);
			n += l->top - 1;
			return n < l->n ? row_line(v, p, l->rows[n], b) :
			    STYLE_PLAIN;
		}
		n -= l->height;
	}
	return STYLE_PLAIN;
}

/* Takes the first N characters, which are a column each. */
static void
shift(struct buf *b, size_t n)
{
	size_t i = 0;

	while (i < b->len && n > 0) {
		for (i++; i < b->len && (b->data[i] & 0xc0) == 0x80; i++)
			continue;
		n--;
	}
	buf_drop(b, i);
}

enum top_style
topview_line(const struct topview *v, const struct topmodel *m, size_t n,
    struct buf *text)
{
	enum top_style style;

	buf_clear(text);
	if (n + 1 == v->lines && (n > 0 || v->editing))
		return foot_line(v, text);
	if (v->help) {
		buf_puts(text, n < HELP_LINES ? help[n] : "");
		return STYLE_PLAIN;
	}
	if (n == 0)
		return status_line(v, m, text);
	if (n == 1)
		return summary_line(v, m, text);
	if (n < v->head)
		return notice_line(m, text);
	style = pane_line(v, n - v->head, text);
	shift(text, v->shift);
	return style;
}

/* --- lifetimes --- */

/* U+FFFD stands for any byte. */
static void
add_glob(json_t *globs, const char *plain)
{
	static const char unknown[] = "\357\277\275";
	struct buf b = BUF_INIT;

	for (; *plain != '\0'; plain++) {
		if (strncmp(plain, unknown, 3) == 0) {
			buf_putc(&b, '?');
			plain += 2;
			continue;
		}
		if (strchr(KEV_GLOB_CHARS, *plain) != NULL)
			buf_putc(&b, '\\');
		buf_putc(&b, *plain);
	}
	if (!b.failed)
		json_array_append_new(globs, json_stringn(b.data, b.len));
	buf_fini(&b);
}

static bool
runs(int64_t until)
{
	return until != TOP_FOREVER && until != TOP_UNTOLD;
}

json_t *
topview_running(const struct topview *v)
{
	const struct top_list *l = &v->lists[PANE_ADDRS];
	const struct top_link *last = NULL;
	const struct top_addr *a;
	json_t *globs = NULL;
	size_t i;

	for (i = l->top; i < l->n && i + 1 < l->top + l->height; i++) {
		a = l->rows[i];
		if (a->of == last || !(runs(a->valid) || runs(a->preferred)))
			continue;
		last = a->of;
		if (globs == NULL)
			globs = json_array();
		add_glob(globs, last->plain);
	}
	return globs;
}

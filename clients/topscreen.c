#include "config.h"

#include "buf.h"
#include "tool.h"
#include "topscreen.h"
#include "topview.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

enum { RED = 1, GREEN, YELLOW };

static SCREEN *screen;
static bool colors;

bool
topscreen_check(void)
{
	const char *term = getenv("TERM"), *cup;
	int found;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say("standard input and output must be a terminal; "
		    "kevsub is for pipes");
		return false;
	}
	if (term == NULL || *term == '\0') {
		say("TERM is not set: what kind of terminal is this?");
		return false;
	}
	if (setupterm(term, STDOUT_FILENO, &found) != OK) {
		say(found == -1 ? "there is no terminfo, to know what terminal "
		    "%s is" : "terminal %s is unknown or too simple", term);
		return false;
	}
	cup = tigetstr("cup");
	del_curterm(cur_term);
	if (cup != NULL && cup != (const char *)-1)
		return true;
	say("terminal %s cannot move its cursor", term);
	return false;
}

bool
topscreen_begin(bool color)
{
	setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return false;
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	colors = color && has_colors() && start_color() == OK;
	if (!colors)
		return true;
	use_default_colors();
	init_pair(RED, COLOR_RED, -1);
	init_pair(GREEN, COLOR_GREEN, -1);
	init_pair(YELLOW, COLOR_YELLOW, -1);
	return true;
}

void
topscreen_end(void)
{
	if (screen == NULL)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

int
topscreen_lines(void)
{
	return LINES < 1 ? 1 : LINES;
}

static attr_t
attributes(enum top_style style)
{
	static const struct {
		attr_t plain;
		short pair;
	} styles[] = {
		[STYLE_PLAIN] = { A_NORMAL, 0 },
		[STYLE_STATUS] = { A_REVERSE, 0 },
		[STYLE_TITLE] = { A_UNDERLINE, 0 },
		[STYLE_FOCUS] = { A_REVERSE | A_BOLD, 0 },
		[STYLE_GOOD] = { A_NORMAL, GREEN },
		[STYLE_BAD] = { A_BOLD, RED },
		[STYLE_WARN] = { A_NORMAL, YELLOW },
	};
	attr_t a = styles[style].plain;

	return colors ? a | (attr_t)COLOR_PAIR(styles[style].pair) : a;
}

/* As many characters as fit; each has one column. */
static void
draw_line(int y, const struct buf *b, enum top_style style)
{
	bool bar = style == STYLE_STATUS || style == STYLE_TITLE ||
	    style == STYLE_FOCUS;
	size_t i = 0;
	int x;

	for (x = 0; x < COLS && i < b->len; x++) {
		for (i++; i < b->len && (b->data[i] & 0xc0) == 0x80; i++)
			continue;
	}
	move(y, 0);
	attrset(attributes(style));
	if (i > 0)
		addnstr(b->data, (int)i);
	for (; bar && x < COLS; x++)
		addch(' ');
	attrset(A_NORMAL);
}

void
topscreen_draw(const struct topview *v, const struct topmodel *m, bool afresh)
{
	struct buf text = BUF_INIT;
	enum top_style style;
	int y;

	erase();
	for (y = 0; y < LINES; y++) {
		style = topview_line(v, m, (size_t)y, &text);
		draw_line(y, &text, style);
	}
	buf_fini(&text);
	if (afresh)
		clearok(stdscr, TRUE);
	refresh();
}

int
topscreen_key(void)
{
	static const int keys[][2] = {
		{ KEY_UP, TOPKEY_UP }, { KEY_DOWN, TOPKEY_DOWN },
		{ KEY_LEFT, TOPKEY_LEFT }, { KEY_RIGHT, TOPKEY_RIGHT },
		{ KEY_PPAGE, TOPKEY_PAGE_UP }, { KEY_NPAGE, TOPKEY_PAGE_DOWN },
		{ KEY_HOME, TOPKEY_HOME }, { KEY_END, TOPKEY_END },
		{ KEY_BTAB, TOPKEY_BACK_TAB }, { KEY_ENTER, '\n' },
		{ KEY_BACKSPACE, TOPKEY_BACKSPACE },
		{ KEY_F(1), TOPKEY_HELP }, { KEY_F(10), TOPKEY_QUIT },
		{ KEY_RESIZE, TOPKEY_RESIZE },
	};
	size_t i;
	int c;

	while ((c = getch()) != ERR) {
		if (c < 256)
			return c;
		for (i = 0; i < sizeof keys / sizeof *keys; i++) {
			if (keys[i][0] == c)
				return keys[i][1];
		}
	}
	return -1;
}

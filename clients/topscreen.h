/*
 * The terminal that kevtop draws on, by ncurses. Knows no events: lines come
 * from topview.c, keys go there. There is one.
 */
#ifndef KEV_CLIENT_TOPSCREEN_H
#define KEV_CLIENT_TOPSCREEN_H

#include <stdbool.h>

struct topmodel;
struct topview;

/* Whether there is a terminal that can be drawn on; if not, it is said why. */
bool topscreen_check(void);

/*
 * Takes the terminal, until topscreen_end(), which is fine at any time. False:
 * it cannot be had.
 */
bool topscreen_begin(bool color);
void topscreen_end(void);

/* The height of the screen, at least 1. */
int topscreen_lines(void);

/* Draws; all is sent to the terminal anew when AFRESH. */
void topscreen_draw(const struct topview *, const struct topmodel *,
    bool afresh);

/* A key that was pressed, see enum top_key, or -1. */
int topscreen_key(void);

#endif

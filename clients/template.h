/*
 * The template of kevsub -F. Knows JSON and text, no options.
 *
 *	%t topic  %T time  %i interface  %{data.address} any member by path
 *	%j the whole event as JSON  %% a percent sign  \t \n \\ \0
 */
#ifndef KEV_CLIENT_TEMPLATE_H
#define KEV_CLIENT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct kev_line;

/* NULL when TEMPLATE can be used, else what is wrong, in WHY. */
const char *template_check(const char *template, char *why, size_t size);

/*
 * Appends TEMPLATE filled in from an event, without newline. Values are made
 * harmless by text_put(), %j only for a TERMINAL.
 */
void template_put(struct buf *, const char *template,
    const struct kev_line *event, bool terminal);

#endif

/*
 * What every unit test needs: cmocka, and the headers that it wants before it.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* What looks for errors from within, like valgrind, needs more than a sandbox
 * allows. */
static inline bool
is_watched(void)
{
	const char *wrap = getenv("KEV_WRAP");

	return wrap != NULL && wrap[0] != '\0';
}

#endif

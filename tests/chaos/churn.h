/*
 * What the kernel is told to do: commands of ip(8), made up by chance. Many of
 * them fail, because what they are about is not there or is already.
 */
#ifndef CHURN_H
#define CHURN_H

#include "buf.h"

#include <stdint.h>

/* Appends a command for interfaces, addresses, routes. */
void churn_make(uint64_t *dice, struct buf *);

/* Appends COUNT addresses to come and go on one interface. */
void churn_flood(uint64_t *dice, struct buf *, unsigned count);

/* Appends one for the namespaces n0 to n2: to come, to go, to get a link. */
void churn_spaces(uint64_t *dice, struct buf *);

/* Has ip(8) do them, in namespace NETNS or, when it is NULL, in our own. */
void churn_run(const char *netns, const struct buf *);

#endif

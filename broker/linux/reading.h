/*
 * A reading of the kernel's tables (dumps): what was asked for is there when all
 * of it has been told, and not before.
 */
#ifndef KEVD_READING_H
#define KEVD_READING_H

#include "buf.h"
#include "nexthops.h"
#include "sockets.h"
#include "source.h"
#include "tape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reading {
	struct sockets *sockets;	/* lent, as all that is a pointer */
	struct source_stats *stats;
	const struct tape *tape;	/* says if what is ignored is looked at */
	struct nexthops nexthops;
	/* What was read: messages, each padded; and in which of its parts some
	 * may be missing: PART_TORN4, PART_TORN6. */
	struct buf messages;
	unsigned torn;
	/* Where it is. */
	unsigned parts;
	size_t step;		/* what is asked for now... */
	bool asked;		/* ...or will be */
	bool changed;		/* something did, which spoils the answer */
	size_t from;		/* where its answer begins */
	int tries;
	uint32_t seq;		/* of the last request */
	struct log_limit malformed;
};

void reading_init(struct reading *, struct sockets *, struct source_stats *,
    const struct tape *);
void reading_fini(struct reading *);

/* PARTS (PART_*) are to be read, from the first on. */
void reading_begin(struct reading *, unsigned parts);

/*
 * Goes on until stamp.mono is UNTIL, or somewhat longer. 1: all has been read;
 * 0: not yet; -errno, logged: nothing has. The socket is closed if it is that
 * which failed.
 */
int reading_go_on(struct reading *, uint64_t until);

/* Forgets what was read, when it has been used. */
void reading_end(struct reading *);

/* A message of TYPE was broken, of those that are read or of others; logged, but
 * not each of very many. */
void reading_log_malformed(struct reading *, uint16_t type, const char *fault);

#endif

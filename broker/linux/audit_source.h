/*
 * The audit source: which process asked for a port that another one holds. It
 * listens to what the kernel's audit tells everybody; what that tells is for
 * the administrator to say, with a rule.
 */
#ifndef KEVD_AUDIT_SOURCE_H
#define KEVD_AUDIT_SOURCE_H

#include "audit_decode.h"
#include "holders.h"
#include "source.h"

struct tape;

struct audit_source {
	int fd;			/* -1: not available */
	struct audit_halves halves;
	struct holders holders;
	struct source_stats stats;
};

/*
 * Opens the socket, if it is WANTED, with RCVBUF bytes for what is not read yet
 * (0: as advised). Not to have it is logged, and all else works.
 */
void audit_source_init(struct audit_source *, bool wanted, size_t rcvbuf);
void audit_source_fini(struct audit_source *);

/*
 * Hands what has come to the state, by the tape, up to a limit. Closes what
 * failed.
 */
void audit_source_read(struct audit_source *, struct tape *);

#endif

/*
 * What is found by the name of an interface: a hash table of entries that
 * belong to others, several of which may have the same name.
 */
#ifndef KEVD_BYNAME_H
#define KEVD_BYNAME_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byname_entry {
	LIST_ENTRY(byname_entry) entry;
	const char *name;	/* lent */
	void *owner;
	uint32_t hash;
};

LIST_HEAD(byname_list, byname_entry);

struct byname {
	struct byname_list *lists;	/* owned; NULL while there are none */
	size_t size;			/* of them, a power of two, or 0 */
	size_t n;			/* entries */
};

/* Frees the table, not the entries. */
void byname_fini(struct byname *);

/* E has its name and owner. False: no memory. */
bool byname_add(struct byname *, struct byname_entry *e);
void byname_remove(struct byname *, struct byname_entry *);

/* An entry of that name, or NULL; and those after it. */
struct byname_entry *byname_first(const struct byname *, const char *name);
struct byname_entry *byname_next(const struct byname_entry *);

#endif

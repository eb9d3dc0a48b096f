#include "config.h"

#include "byname.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a; names are short, and those who choose them gain nothing by it. */
static uint32_t
hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

void
byname_fini(struct byname *b)
{
	free(b->lists);
	memset(b, 0, sizeof *b);
}

static bool
grow(struct byname *b)
{
	size_t size = b->size > 0 ? b->size * 2 : 16, i;
	struct byname_list *lists = calloc(size, sizeof *lists);
	struct byname_entry *e;

	if (lists == NULL)
		return false;
	for (i = 0; i < b->size; i++) {
		while ((e = LIST_FIRST(&b->lists[i])) != NULL) {
			LIST_REMOVE(e, entry);
			LIST_INSERT_HEAD(&lists[e->hash & (size - 1)], e,
			    entry);
		}
	}
	free(b->lists);
	b->lists = lists;
	b->size = size;
	return true;
}

bool
byname_add(struct byname *b, struct byname_entry *e)
{
	if (b->n == b->size && !grow(b))
		return false;
	e->hash = hash(e->name);
	LIST_INSERT_HEAD(&b->lists[e->hash & (b->size - 1)], e, entry);
	b->n++;
	return true;
}

void
byname_remove(struct byname *b, struct byname_entry *e)
{
	LIST_REMOVE(e, entry);
	if (--b->n == 0)
		byname_fini(b);
}

/* From E on. */
static struct byname_entry *
find(struct byname_entry *e, uint32_t h, const char *name)
{
	while (e != NULL && (e->hash != h || strcmp(e->name, name) != 0))
		e = LIST_NEXT(e, entry);
	return e;
}

struct byname_entry *
byname_first(const struct byname *b, const char *name)
{
	uint32_t h = hash(name);

	return b->n == 0 ? NULL :
	    find(LIST_FIRST(&b->lists[h & (b->size - 1)]), h, name);
}

struct byname_entry *
byname_next(const struct byname_entry *e)
{
	return find(LIST_NEXT(e, entry), e->hash, e->name);
}

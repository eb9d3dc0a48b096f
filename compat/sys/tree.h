/*
 * Of tree(3), what kev uses, for systems that lack it (macOS): ordered sets of
 * structs that have an RB_ENTRY among their members. An order that the caller
 * gives makes its tree; a weight by chance, the heaviest on top, keeps it
 * shallow: a treap, which needs no colours. The names are those of tree(3), the
 * code is not.
 */
#ifndef KEV_COMPAT_TREE_H
#define KEV_COMPAT_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct tree_node {
	struct tree_node *parent, *child[2];
	uint32_t weight;
};

/* What points to it. */
static inline struct tree_node **
tree_place(struct tree_node **root, const struct tree_node *n)
{
	return n->parent == NULL ? root :
	    &n->parent->child[n->parent->child[1] == n];
}

/* Takes its parent's place, who becomes its child; the order stays. */
static inline void
tree_raise(struct tree_node **root, struct tree_node *n)
{
	struct tree_node *p = n->parent;
	int side = p->child[1] == n;

	*tree_place(root, p) = n;
	n->parent = p->parent;
	p->child[side] = n->child[!side];
	if (p->child[side] != NULL)
		p->child[side]->parent = p;
	n->child[!side] = p;
	p->parent = n;
}

static inline void
tree_insert(struct tree_node **root, struct tree_node *parent,
    struct tree_node **place, struct tree_node *n)
{
	*n = (struct tree_node){ .parent = parent, .weight = arc4random() };
	*place = n;
	while (n->parent != NULL && n->parent->weight < n->weight)
		tree_raise(root, n);
}

static inline void
tree_remove(struct tree_node **root, struct tree_node *n)
{
	struct tree_node *only;

	while (n->child[0] != NULL && n->child[1] != NULL)
		tree_raise(root,
		    n->child[n->child[0]->weight < n->child[1]->weight]);
	only = n->child[n->child[0] == NULL];
	*tree_place(root, n) = only;
	if (only != NULL)
		only->parent = n->parent;
}

/* Of those below N, and N, the first (SIDE 0) or the last (1). */
static inline struct tree_node *
tree_end(struct tree_node *n, int side)
{
	while (n != NULL && n->child[side] != NULL)
		n = n->child[side];
	return n;
}

static inline struct tree_node *
tree_next(struct tree_node *n)
{
	if (n->child[1] != NULL)
		return tree_end(n->child[1], 0);
	while (n->parent != NULL && n->parent->child[1] == n)
		n = n->parent;
	return n->parent;
}

#define RB_HEAD(name, type) struct name { struct tree_node *root; }
#define RB_ENTRY(type) struct tree_node
#define RB_INIT(head) ((void)((head)->root = NULL))
#define RB_EMPTY(head) ((head)->root == NULL)

#define RB_INSERT(name, head, x) name##_tree_insert(head, x)
#define RB_REMOVE(name, head, x) name##_tree_remove(head, x)
#define RB_FIND(name, head, x) name##_tree_find(head, x)
#define RB_NFIND(name, head, x) name##_tree_nfind(head, x)
#define RB_MIN(name, head) name##_tree_min(head)
#define RB_MAX(name, head) name##_tree_max(head)
#define RB_NEXT(name, head, x) name##_tree_next(x)

#define RB_FOREACH(x, name, head) \
	for ((x) = RB_MIN(name, head); (x) != NULL; \
	    (x) = RB_NEXT(name, head, x))
#define RB_FOREACH_SAFE(x, name, head, next) \
	for ((x) = RB_MIN(name, head); \
	    (x) != NULL && ((next) = RB_NEXT(name, head, x), 1); (x) = (next))

#define RB_PROTOTYPE(name, type, field, cmp) \
struct type *name##_tree_insert(struct name *, struct type *); \
struct type *name##_tree_remove(struct name *, struct type *); \
struct type *name##_tree_find(struct name *, struct type *); \
struct type *name##_tree_nfind(struct name *, struct type *); \
struct type *name##_tree_min(struct name *); \
struct type *name##_tree_max(struct name *); \
struct type *name##_tree_next(struct type *);

#define RB_GENERATE(name, type, field, cmp) \
static struct type * \
name##_tree_of(struct tree_node *n) \
{ \
	return n == NULL ? NULL : \
	    (struct type *)(void *)((char *)n - offsetof(struct type, field)); \
} \
 \
struct type * \
name##_tree_insert(struct name *head, struct type *x) \
{ \
	struct tree_node *parent = NULL, **place = &head->root; \
	int order; \
 \
	while (*place != NULL) { \
		parent = *place; \
		order = cmp(x, name##_tree_of(parent)); \
		if (order == 0) \
			return name##_tree_of(parent); \
		place = &parent->child[order > 0]; \
	} \
	tree_insert(&head->root, parent, place, &x->field); \
	return NULL; \
} \
 \
struct type * \
name##_tree_remove(struct name *head, struct type *x) \
{ \
	tree_remove(&head->root, &x->field); \
	return x; \
} \
 \
struct type * \
name##_tree_nfind(struct name *head, struct type *x) \
{ \
	struct tree_node *n = head->root, *found = NULL; \
	int order; \
 \
	while (n != NULL) { \
		order = cmp(x, name##_tree_of(n)); \
		if (order <= 0) \
			found = n; \
		if (order == 0) \
			break; \
		n = n->child[order > 0]; \
	} \
	return name##_tree_of(found); \
} \
 \
struct type * \
name##_tree_find(struct name *head, struct type *x) \
{ \
	struct type *found = name##_tree_nfind(head, x); \
 \
	return found != NULL && cmp(x, found) == 0 ? found : NULL; \
} \
 \
struct type * \
name##_tree_min(struct name *head) \
{ \
	return name##_tree_of(tree_end(head->root, 0)); \
} \
 \
struct type * \
name##_tree_max(struct name *head) \
{ \
	return name##_tree_of(tree_end(head->root, 1)); \
} \
 \
struct type * \
name##_tree_next(struct type *x) \
{ \
	return name##_tree_of(tree_next(&x->field)); \
}

#endif

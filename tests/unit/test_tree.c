#include "config.h"

#include "../../compat/sys/tree.h"

#include "test.h"

#define KEYS 512

struct thing {
	unsigned key;
	bool in;
	RB_ENTRY(thing) entry;
};

RB_HEAD(things, thing);

static int
cmp(const struct thing *a, const struct thing *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

RB_PROTOTYPE(things, thing, entry, cmp)
RB_GENERATE(things, thing, entry, cmp)

static struct things tree;
static struct thing all[KEYS];

/* Below N; parents and weights are as they should be. */
static unsigned
depth(const struct tree_node *n)
{
	unsigned deepest = 0, d;
	int side;

	for (side = 0; side < 2; side++) {
		if (n->child[side] == NULL)
			continue;
		assert_ptr_equal(n->child[side]->parent, n);
		assert_true(n->child[side]->weight <= n->weight);
		d = depth(n->child[side]);
		deepest = d > deepest ? d : deepest;
	}
	return deepest + 1;
}

/* Keys are even numbers, so that there is something between them. */
static void
fill(void)
{
	unsigned i;

	RB_INIT(&tree);
	for (i = 0; i < KEYS; i++)
		all[i] = (struct thing){ .key = 2 * i };
}

/* It has what is in, in order. */
static void
compare(void)
{
	struct thing *t = RB_MIN(things, &tree), *last = NULL;
	unsigned i;

	if (!RB_EMPTY(&tree)) {
		assert_null(tree.root->parent);
		(void)depth(tree.root);
	}
	for (i = 0; i < KEYS; i++) {
		if (!all[i].in)
			continue;
		assert_ptr_equal(t, &all[i]);
		t = RB_NEXT(things, &tree, t);
		last = &all[i];
	}
	assert_null(t);
	assert_ptr_equal(RB_MAX(things, &tree), last);
}

static void
find_each(void)
{
	struct thing like, *next = NULL;
	unsigned i;

	for (i = KEYS; i-- > 0;) {
		like.key = 2 * i + 1;
		assert_null(RB_FIND(things, &tree, &like));
		assert_ptr_equal(RB_NFIND(things, &tree, &like), next);
		like.key = 2 * i;
		if (all[i].in)
			next = &all[i];
		assert_ptr_equal(RB_FIND(things, &tree, &like),
		    all[i].in ? &all[i] : NULL);
		assert_ptr_equal(RB_NFIND(things, &tree, &like), next);
	}
}

static void
random_walk(void **state)
{
	struct thing twin, *t;
	unsigned step;

	(void)state;
	fill();
	for (step = 0; step < 8 * KEYS; step++) {
		t = &all[rand() % KEYS];
		if (!t->in) {
			assert_null(RB_INSERT(things, &tree, t));
		} else if (rand() % 4 == 0) {
			twin = (struct thing){ .key = t->key };
			assert_ptr_equal(RB_INSERT(things, &tree, &twin), t);
			continue;
		} else {
			assert_ptr_equal(RB_REMOVE(things, &tree, t), t);
		}
		t->in = !t->in;
		compare();
		if (step % 64 == 0)
			find_each();
	}
}

/* In order is the worst that can be done to a tree that is not balanced. */
static void
in_order(void **state)
{
	struct thing *t, *next;
	unsigned i, n = 0;

	(void)state;
	fill();
	for (i = 0; i < KEYS; i++) {
		assert_null(RB_INSERT(things, &tree, &all[i]));
		all[i].in = true;
	}
	compare();
	/* About 20; that it is 64 has no chance worth a number. */
	assert_in_range(depth(tree.root), 9, 64);
	RB_FOREACH(t, things, &tree)
		n++;
	assert_int_equal(n, KEYS);
	RB_FOREACH_SAFE(t, things, &tree, next)
		RB_REMOVE(things, &tree, t);
	assert_true(RB_EMPTY(&tree));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_walk),
		cmocka_unit_test(in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

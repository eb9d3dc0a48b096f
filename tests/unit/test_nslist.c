#include "config.h"

#include "linux/nslist.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

/*
 * Lines of mountinfo, and the names that they give to namespaces; NULL: none,
 * for it is not one that ip-netns(8) made, or not of a namespace.
 */
static const struct {
	const char *line, *name;
} table[] = {
	{ "9 1 0:4 net:[77] /run/netns/red rw shared:5 - nsfs nsfs rw", "red" },
	{ "9 1 0:4 net:[77] /run/netns/red", "red" },
	{ "9 1 0:4 net:[77] /var/run/netns/red rw", "red" },
	{ "9 1 0:4 net:[77] /run/netns/a\\040b\\134c\\011 rw", "a b\\c\t" },
	{ "9 1 0:4 net:[77] /run/netns/\\303\\244 rw", "\303\244" },
	/* No kernel writes those: they are what they are. */
	{ "9 1 0:4 net:[77] /run/netns/red\\ rw - nsfs nsfs rw", "red\\" },
	{ "9 1 0:4 net:[77] /run/netns/red\\1 rw - nsfs nsfs rw", "red\\1" },
	{ "9 1 0:4 net:[77] /run/netns/red\\04 rw - nsfs nsfs rw", "red\\04" },
	{ "9 1 0:4 net:[77] /run/netns/red\\04", "red\\04" },
	{ "9 1 0:4 net:[77] /run/netns/a\\-12b rw", "a\\-12b" },
	{ "9 1 0:4 net:[77] /run/netns/a\\089 rw", "a\\089" },
	{ "9 1 0:4 net:[77] /run/netns/a\\777 rw", "a\\777" },
	{ "9 1 0:4 net:[77] /run/netns/red/blue rw", "" },
	{ "9 1 0:4 net:[77] /tmp/red rw", "" },
	{ "9 1 0:4 net:[77", NULL },
	{ "9 1 0:4 mnt:[77] /run/netns/red rw", NULL },
	{ "9 1 0:4 net:[5] /run/netns/own rw", NULL },
	{ "9 1 0:4 / / rw", NULL },
	{ "", NULL },
};

static void
names(void **state)
{
	struct nslist list;
	char text[128];
	size_t i;
	FILE *f;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		snprintf(text, sizeof text, "%s\n", table[i].line);
		f = fmemopen(text, strlen(text), "r");
		assert_non_null(f);
		memset(&list, 0, sizeof list);
		nslist_read_mounts(&list, f, 5);
		fclose(f);
		assert_false(list.failed);
		assert_int_equal(list.n, table[i].name != NULL);
		if (list.n > 0) {
			assert_int_equal(list.v[0].ino, 77);
			assert_string_equal(list.v[0].name, table[i].name);
		}
		nslist_fini(&list);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

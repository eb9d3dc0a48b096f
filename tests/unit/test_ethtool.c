#include "config.h"

#include "linux/ethtool_decode.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/* What a kernel said, kept as seeds for the fuzzer, too. */
static size_t
load(const char *name, uint8_t bytes[2048])
{
	char path[512];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s%s", SEEDS "ethtool/", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(bytes, 1, 2048, f);
	assert_int_equal(ferror(f), 0);
	fclose(f);
	assert_in_range(len, 1, 2047);
	return len;
}

static const struct ethtool_family family = { .id = 21, .monitor = 6 };

static enum ethtool_found
decode(const char *name, struct change *c, uint32_t *seq)
{
	struct ethtool_reader r;
	enum ethtool_found found;
	uint8_t bytes[2048];
	struct change end;

	ethtool_reader_init(&r, bytes, load(name, bytes));
	found = ethtool_next(&r, &family, c);
	*seq = r.seq;
	assert_int_equal(ethtool_next(&r, &family, &end), ETHTOOL_END);
	return found;
}

static void
families(void **state)
{
	struct ethtool_family got;
	uint8_t bytes[2048];
	size_t len, cut;

	(void)state;
	len = load("family", bytes);
	assert_null(ethtool_family(bytes, len, &got));
	assert_int_equal(got.id, family.id);
	assert_int_equal(got.monitor, family.monitor);
	for (cut = 0; cut < len; cut++)
		assert_non_null(ethtool_family(bytes, cut, &got));
	len = load("nodev", bytes);
	assert_non_null(ethtool_family(bytes, len, &got));
	assert_int_equal(got.id, 0);
}

static void
modes(void **state)
{
	static const struct {
		const char *name;
		uint32_t ifindex, seq;
		uint64_t has;
		uint32_t speed;
		uint8_t duplex;
		bool answer;
	} table[] = {
		{ "reply", 2, 2, KEV_BIT(SPEED) | KEV_BIT(DUPLEX), 100, 0,
		    true },
		{ "ntf", 2, 674, KEV_BIT(SPEED) | KEV_BIT(DUPLEX), 1000, 1,
		    false },
		/* Refused, which is an answer for that interface as well. */
		{ "unsupported", 1, 3, 0, 0, 0, true },
		{ "nodev", 99, 4, 0, 0, 0, true },
	};
	struct change c;
	uint32_t seq;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		assert_int_equal(decode(table[i].name, &c, &seq),
		    ETHTOOL_MODES);
		assert_int_equal(c.type, CHANGE_MODES);
		assert_int_equal(c.ifindex, table[i].ifindex);
		assert_int_equal(seq, table[i].seq);
		assert_int_equal(c.modes.has, table[i].has);
		assert_int_equal(c.modes.speed, table[i].speed);
		assert_int_equal(c.modes.duplex, table[i].duplex);
		assert_int_equal(c.modes.answer, table[i].answer);
	}
	assert_int_equal(decode("family", &c, &seq), ETHTOOL_IGNORED);
}

/* The speed at AT of the notification, four bytes, then the duplex. */
static void
unknown(void **state)
{
	struct ethtool_reader r;
	uint8_t bytes[2048];
	struct change c;
	size_t len;

	(void)state;
	len = load("ntf", bytes);
	assert_memory_equal(bytes + 104, "\xe8\x03\0\0", 4);
	memset(bytes + 104, 0xff, 4);
	assert_int_equal(bytes[112], 1);
	bytes[112] = 0xff;
	ethtool_reader_init(&r, bytes, len);
	assert_int_equal(ethtool_next(&r, &family, &c), ETHTOOL_MODES);
	assert_int_equal(c.modes.has, 0);
	/* Of another family, or before ours is known. */
	ethtool_reader_init(&r, bytes, len);
	assert_int_equal(ethtool_next(&r, &(struct ethtool_family){ 0, 0 }, &c),
	    ETHTOOL_IGNORED);
}

/* Cut anywhere it is malformed; with any bit wrong it says no more than it
 * holds (which the sanitizers see). */
static void
damaged(void **state)
{
	static const char *const names[] = { "reply", "ntf", "unsupported" };
	struct ethtool_reader r;
	uint8_t bytes[2048], *copy;
	size_t i, len, n;
	struct change c;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		len = load(names[i], bytes);
		for (n = 1; n < len; n++) {
			copy = malloc(n);
			assert_non_null(copy);
			memcpy(copy, bytes, n);
			ethtool_reader_init(&r, copy, n);
			assert_int_equal(ethtool_next(&r, &family, &c),
			    ETHTOOL_MALFORMED);
			assert_non_null(r.fault);
			free(copy);
		}
		for (n = 0; n < 8 * len; n++) {
			copy = malloc(len);
			assert_non_null(copy);
			memcpy(copy, bytes, len);
			copy[n / 8] ^= (uint8_t)(1u << n % 8);
			ethtool_reader_init(&r, copy, len);
			while (ethtool_next(&r, &family, &c) != ETHTOOL_END)
				assert_in_range(r.next, 1, len);
			free(copy);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(families),
		cmocka_unit_test(modes),
		cmocka_unit_test(unknown),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

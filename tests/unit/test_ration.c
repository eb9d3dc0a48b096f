#include "config.h"

#include "ration.h"

#include <string.h>

#include "test.h"

#define SECOND 1000000

/* An owner: who does what, both numbers. */
static struct ration ration;
static struct happening {
	uint32_t actor, subject;
} told[RATION_PLACES];

static unsigned
kin(const void *arg, size_t place)
{
	const struct happening *h = arg;

	assert_in_range(place, 0, RATION_PLACES - 1);
	return (told[place].subject == h->subject ? RATION_SUBJECT : 0) |
	    (told[place].actor == h->actor ? RATION_ACTOR : 0);
}

static struct ration_share
happens(uint64_t now, uint32_t actor, uint32_t subject)
{
	const struct happening h = { actor, subject };
	struct ration_share s = ration_take(&ration, now, kin, &h);

	assert_true(!s.begins || s.count == 1);
	if (s.begins)
		told[s.place] = h;
	return s;
}

/* How many were told by now, of how many places. */
static uint64_t
tick(uint64_t now, unsigned *places)
{
	uint64_t sum = 0;
	uint32_t count;

	for (*places = 0; ration_due(&ration, now, &count) != RATION_NONE;
	    ++*places)
		sum += count;
	return sum;
}

static void
clear(void)
{
	memset(&ration, 0, sizeof ration);
	memset(told, 0, sizeof told);
}

static void
one(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t actor, subject;
		uint32_t now;	/* told at once */
		uint64_t due;	/* when something is, after it */
	} table[] = {
		{ 5, 1, 1, 1, 0 },
		{ 6, 1, 1, 0, SECOND + 5 },
		{ 7, 1, 1, 0, SECOND + 5 },
		{ 7, 2, 1, 1, SECOND + 5 },
		{ 8, 1, 2, 1, SECOND + 5 },
		{ 9, 2, 1, 0, SECOND + 5 },
		/* It is due, but was not asked for yet. */
		{ SECOND + 5, 1, 1, 0, SECOND + 5 },
	};
	struct ration_share s;
	unsigned places;
	uint32_t count;
	size_t i;

	(void)state;
	clear();
	assert_int_equal(ration_deadline(&ration), 0);
	for (i = 0; i < LENGTH(table); i++) {
		s = happens(table[i].at, table[i].actor, table[i].subject);
		assert_int_not_equal(s.place, RATION_NONE);
		assert_int_equal(s.count, table[i].now);
		assert_int_equal(ration_deadline(&ration), table[i].due);
	}
	assert_int_equal(ration_due(&ration, SECOND + 4, &count), RATION_NONE);
	s.place = ration_due(&ration, SECOND + 5, &count);
	assert_int_not_equal(s.place, RATION_NONE);
	assert_int_equal(told[s.place].actor, 1);
	assert_int_equal(told[s.place].subject, 1);
	assert_int_equal(count, 3);
	assert_int_equal(ration_deadline(&ration), SECOND + 7);
	/* That was news too, so what comes soon after it waits again. */
	assert_int_equal(happens(SECOND + 6, 1, 1).count, 0);
	assert_int_equal(tick(SECOND + 7, &places), 1);
	assert_int_equal(ration_deadline(&ration), 2 * SECOND + 5);
	assert_int_equal(tick(2 * SECOND + 5, &places), 1);
	assert_int_equal(ration_deadline(&ration), 0);
	/* Long after it is the first again. */
	assert_int_equal(happens(9 * SECOND, 1, 1).count, 1);
	/* What it was about went, and came back. */
	s = happens(9 * SECOND, 1, 1);
	assert_int_equal(s.count, 0);
	ration_forget(&ration, s.place);
	assert_int_equal(ration_deadline(&ration), 0);
	assert_int_equal(happens(9 * SECOND, 1, 1).count, 1);
	assert_int_equal(happens(10 * SECOND, 1, 1).count, 1);
}

/* Who floods, with what, in how many places at most, and whether one more
 * actor with a subject of his own is told all the same. */
static void
floods(void **state)
{
	static const struct {
		uint32_t actors, subjects;
		unsigned places;
		bool other_told;
	} table[] = {
		{ 1, 1, 1, true },
		{ 1, 1000000, RATION_PLACES / 4, true },
		{ 3, 1000000, RATION_PLACES / 4 * 3, true },
		{ 1000000, 1, RATION_PLACES, false },
		{ 1000000, 1000000, RATION_PLACES, false },
	};
	struct ration_share s;
	uint64_t sum;
	uint32_t i, nowhere;
	unsigned places, at_once;
	size_t t;

	(void)state;
	for (t = 0; t < LENGTH(table); t++) {
		clear();
		sum = at_once = nowhere = 0;
		for (i = 0; i < 1000000; i++) {
			s = happens(SECOND, 1 + i % table[t].actors,
			    1 + i % table[t].subjects);
			at_once += s.count;
			nowhere += s.place == RATION_NONE;
		}
		assert_int_equal(at_once, table[t].places);
		/* Nothing in common with anything: it cannot be in a count. */
		assert_true(nowhere == 0 || (table[t].actors > 3 &&
		    table[t].subjects > 1));
		s = happens(SECOND, 9999999, 9999999);
		assert_int_equal(s.count, table[t].other_told);
		at_once += s.count;
		nowhere += s.place == RATION_NONE;
		/* But one who shares something is counted. */
		s = happens(SECOND, 9999999, 1);
		assert_int_not_equal(s.place, RATION_NONE);
		at_once += s.count;
		sum = tick(2 * SECOND, &places);
		assert_in_range(places, 1, table[t].places);
		assert_int_equal(at_once + sum + nowhere, 1000002);
		/* When it is over there is room again. */
		assert_int_equal(happens(4 * SECOND, 7777777, 7).count, 1);
	}
}

/* It goes on and on, slower than a second: everybody has his turn. */
static void
lasting(void **state)
{
	uint64_t now = SECOND, sum = 0;
	unsigned places, at_once = 0, i;

	(void)state;
	clear();
	for (i = 0; i < 100000; i++, now += 10) {
		at_once += happens(now, 1, i).count;
		sum += tick(now, &places);
	}
	/* One second: a quarter of it at once, and then again. */
	assert_in_range(at_once, RATION_PLACES / 4, 2 * RATION_PLACES / 4);
	assert_int_equal(happens(now, 2, 1).count, 1);
	sum += tick(now + SECOND, &places);
	assert_int_equal(at_once + sum, i);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(floods),
		cmocka_unit_test(lasting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

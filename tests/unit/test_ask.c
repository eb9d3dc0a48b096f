#include "config.h"

#include "kern_ask.h"

#include "kern_decode.h"
#include "reread.h"

#include <errno.h>
#include <string.h>

#include "test.h"

/*
 * What a kernel of macOS is asked, by one that is none: the bytes that it gets
 * and what becomes of its answers, read again as the events that they are
 * written as. And when everything is read again.
 */

/* What it is asked, and says: at most two numbers. */
static struct {
	uint32_t request;
	size_t size;
	uint8_t asked[64];
	struct {
		size_t at;
		uint64_t value;
	} says[2];
	int error;
} calls[1];
static size_t called;

static int
answer(void *arg, uint32_t request, void *bytes)
{
	uint8_t *p = bytes;
	size_t i, b;

	assert_ptr_equal(arg, calls);
	assert_int_equal(called, 0);
	assert_int_equal(request, calls[called].request);
	/* The size is in the number. */
	calls[called].size = request >> 16 & 0x1fff;
	memcpy(calls[called].asked, bytes, calls[called].size);
	if (calls[called].error != 0) {
		called++;
		return -EADDRNOTAVAIL;
	}
	for (i = 0; i < 2; i++) {
		for (b = 0; calls[called].says[i].at != 0 && b < 8; b++) {
			if (calls[called].says[i].at + b >= calls[called].size)
				break;
			p[calls[called].says[i].at + b] =
			    (uint8_t)(calls[called].says[i].value >> 8 * b);
		}
	}
	called++;
	return 0;
}

static const struct kern_asker asker = { answer, calls };

static void
expect_call(size_t n, uint32_t request)
{
	calls[n].request = request;
}

static void
says(size_t n, size_t i, size_t at, uint64_t value)
{
	calls[n].says[i].at = at;
	calls[n].says[i].value = value;
}

static int
set_up(void **state)
{
	(void)state;
	memset(calls, 0, sizeof calls);
	called = 0;
	return 0;
}

/* The one event in it. */
static struct change
read_event(const uint8_t *event, size_t len, const char *name,
    const char *ifname)
{
	struct kern_reader r;
	struct change c, none;

	assert_true(len > 0 && len <= KERN_ASK_MAX);
	kern_reader_init(&r, event, len);
	assert_int_equal(kern_next(&r, &c), KERN_CHANGE);
	assert_string_equal(r.name, name);
	assert_string_equal(c.ifname, ifname);
	assert_int_equal(kern_next(&r, &none), KERN_END);
	return c;
}

static void
test_link(void **state)
{
	static const struct {
		uint64_t status;	/* what is active, too */
		uint32_t count;
		const char *event;	/* NULL: none */
	} table[] = {
		{ 3, 1, "dl-link-on" }, { 3, 7, "dl-link-on" },
		{ 1, 1, "dl-link-off" }, { 2, 1, NULL }, { 0, 1, NULL },
		{ 3, 0, NULL }, { 3, 0xffffffff, NULL },
		{ UINT64_C(0x1000000000000003), 0, NULL },
	};
	uint8_t event[KERN_ASK_MAX];
	struct change c;
	size_t i, len;

	for (i = 0; i < LENGTH(table); i++) {
		set_up(state);
		expect_call(0, 0xc02c6948);
		says(0, 0, 24, table[i].status);
		says(0, 1, 32, table[i].count);
		len = kern_ask_link(&asker, "en0", event);
		assert_int_equal(called, 1);
		assert_int_equal(calls[0].size, 44);
		assert_string_equal((const char *)calls[0].asked, "en0");
		assert_int_equal(calls[0].asked[24] | calls[0].asked[32], 0);
		if (table[i].event == NULL) {
			assert_int_equal(len, 0);
			continue;
		}
		c = read_event(event, len, table[i].event, "en0");
		assert_int_equal(c.type, CHANGE_LINK);
		assert_int_equal(c.link.link.carrier, table[i].status == 3);
	}
	set_up(state);
	expect_call(0, 0xc02c6948);
	calls[0].error = EINVAL;
	assert_int_equal(kern_ask_link(&asker, "lo0", event), 0);
}

static void
test_quality(void **state)
{
	static const int32_t table[] = { -2, -1, 0, 100, INT32_MIN };
	uint8_t event[KERN_ASK_MAX];
	struct change c;
	size_t i;

	for (i = 0; i < LENGTH(table); i++) {
		set_up(state);
		expect_call(0, 0xc020698a);
		says(0, 0, 16, (uint32_t)table[i]);
		c = read_event(event, kern_ask_quality(&asker, "pdp_ip0",
		    event), "dl-link-quality-metric-changed", "pdp_ip0");
		assert_int_equal(calls[0].size, 32);
		assert_string_equal((const char *)calls[0].asked, "pdp_ip0");
		assert_int_equal(c.type, CHANGE_QUALITY);
		assert_int_equal(c.quality, table[i]);
	}
	set_up(state);
	expect_call(0, 0xc020698a);
	calls[0].error = EPERM;
	assert_int_equal(kern_ask_quality(&asker, "en0", event), 0);
}

/* The kernel tells of it when it was so, which need not be so any more. */
static void
test_idle(void **state)
{
	static const struct {
		uint32_t routes;
		int error;
		bool idle;
	} table[] = {
		{ 0, 0, true }, { 1, 0, false }, { 0x100, 0, false },
		{ 5, EPERM, true },
	};
	size_t i;

	for (i = 0; i < LENGTH(table); i++) {
		set_up(state);
		expect_call(0, 0xc0206989);
		says(0, 0, 16, table[i].routes);
		calls[0].error = table[i].error;
		assert_int_equal(kern_ask_idle(&asker, "en0"), table[i].idle);
		assert_int_equal(calls[0].size, 32);
		assert_string_equal((const char *)calls[0].asked, "en0");
	}
}

/* Of names those of interfaces can be in an event: a word and a number. */
static void
test_names(void **state)
{
	static const struct {
		const char *ifname;
		bool good;
	} table[] = {
		{ "en0", true }, { "bridge100", true }, { "utun4294", true },
		{ "en01", true }, { "en00", true }, { "pdp_ip1", true },
		{ "a1b2", true }, { "abcdefghijklmn9", true },
		{ "en", false }, { "7", false }, { "", false },
		{ "x0123456789", true }, { "x1234567890", false },
		{ "abcdefghijklmno9", false },
	};
	uint8_t event[KERN_ASK_MAX];
	size_t i, len;

	for (i = 0; i < LENGTH(table); i++) {
		set_up(state);
		expect_call(0, 0xc020698a);
		len = kern_ask_quality(&asker, table[i].ifname, event);
		if (table[i].good)
			(void)read_event(event, len,
			    "dl-link-quality-metric-changed", table[i].ifname);
		else
			assert_int_equal(len, 0);
	}
}

/* What is to be read again for, and what may come as often as it likes. */
static void
test_after(void **state)
{
	static const enum change_type state_of[] = { CHANGE_LINK,
		CHANGE_LINK_GOING, CHANGE_LINK_GONE, CHANGE_PROTO, CHANGE_ADDR,
		CHANGE_ADDR_GONE, CHANGE_STATUS };
	static const enum change_type report[] = { CHANGE_CLAIM, CHANGE_NEIGH,
		CHANGE_PORT, CHANGE_EXPIRED, CHANGE_QUALITY, CHANGE_ISSUES,
		CHANGE_IDLE, CHANGE_NAT64_REQUEST, CHANGE_ROUTER };
	struct change c = { .type = CHANGE_NONE };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(state_of); i++) {
		c.type = state_of[i];
		assert_true(kern_ask_after("", &c));
	}
	for (i = 0; i < LENGTH(report); i++) {
		c.type = report[i];
		assert_false(kern_ask_after("dl-sifmtu", &c));
	}
	assert_true(kern_ask_after("dl-sifflags", NULL));
	assert_true(kern_ask_after("dl-sifmtu", NULL));
	assert_true(kern_ask_after("nd6-dad-failure", NULL));
	assert_false(kern_ask_after("dl-node-presence", NULL));
	assert_false(kern_ask_after("necp-policies-changed", NULL));
	assert_false(kern_ask_after(NULL, NULL));
}

/* At once, then with a pause; what is told meanwhile is one. */
static void
test_reread(void **state)
{
	struct reread r;

	(void)state;
	reread_init(&r, 0, 1000);
	assert_int_equal(reread_when(&r), 0);
	assert_false(reread_is_due(&r, UINT64_MAX));
	reread_want(&r, 1000);
	assert_true(reread_is_due(&r, 1000));
	reread_done(&r, 1500);
	assert_int_equal(reread_when(&r), 0);
	reread_want(&r, 2000);
	reread_want(&r, 50000);
	assert_int_equal(reread_when(&r), 1500 + REREAD_PAUSE);
	assert_false(reread_is_due(&r, 1499 + REREAD_PAUSE));
	assert_true(reread_is_due(&r, 1500 + REREAD_PAUSE));
	reread_done(&r, 200000);
	reread_want(&r, 200000 + REREAD_PAUSE);
	assert_true(reread_is_due(&r, 200000 + REREAD_PAUSE));
}

/* The kernel may lose what it has to tell, and not tell that either. */
static void
test_reread_anyway(void **state)
{
	struct reread r;

	(void)state;
	reread_init(&r, 30000000, 1000);
	assert_int_equal(reread_when(&r), 30001000);
	reread_want(&r, 5000000);
	assert_int_equal(reread_when(&r), 5000000);
	reread_done(&r, 5000100);
	assert_int_equal(reread_when(&r), 35000100);
	assert_true(reread_is_due(&r, 35000100));
	/* What is told just before it does not put it off. */
	reread_done(&r, 35000100);
	reread_want(&r, 35000200);
	assert_int_equal(reread_when(&r), 35000100 + REREAD_PAUSE);
}

static void
test_reread_failed(void **state)
{
	struct reread r;

	(void)state;
	reread_init(&r, 0, 1000);
	reread_want(&r, 1000);
	reread_failed(&r, 1000);
	reread_want(&r, 2000);
	assert_int_equal(reread_when(&r), 1000 + REREAD_RETRY);
	reread_done(&r, 1000 + REREAD_RETRY);
	assert_int_equal(reread_when(&r), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_link, set_up),
		cmocka_unit_test_setup(test_quality, set_up),
		cmocka_unit_test_setup(test_idle, set_up),
		cmocka_unit_test_setup(test_names, set_up),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_reread),
		cmocka_unit_test(test_reread_anyway),
		cmocka_unit_test(test_reread_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

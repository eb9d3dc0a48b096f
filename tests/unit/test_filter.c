#include "config.h"

#include "buf.h"
#include "filter.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct kev_addr preferred = {
	.has = KEV_BIT(STATUS), .status = KEV_PREFERRED,
};
static char both[] = "eth0\0wg0";
static const struct kev_note changed = {
	.has = KEV_BIT(INTERFACES), .interfaces = { both, sizeof both, 2 },
};
static const struct kev_note lan = { .has = KEV_BIT(IFNAME), .ifname = "lan" };
static const struct kev_note eth0 = { .has = KEV_BIT(IFNAME), .ifname = "eth0" };

#define EVENT(t, name, ns, d) { .topic = KEV_T_##t, .run = "1", \
	.ifname = name, .netns = ns, .data = (const struct kev_object *)(d) }

enum { ADDRESS, OTHERS, CHANGED, RENAME, GAP, OTHERS_GAP, EVENTS };
static const struct kev_event events[EVENTS] = {
	[ADDRESS] = EVENT(IPV6_ADDRESS_ADD, "eth0", NULL, &preferred),
	[OTHERS] = EVENT(IPV6_ADDRESS_ADD, "eth0", "blue", &preferred),
	[CHANGED] = EVENT(NETWORK_CHANGED, NULL, NULL, &changed),
	[RENAME] = { .topic = KEV_T_INTERFACE_RENAME, .run = "1",
	    .ifname = "lan", .data = (const struct kev_object *)&lan,
	    .prev = (const struct kev_object *)&eth0,
	    .changed = KEV_BIT(IFNAME) },
	[GAP] = EVENT(KEV_GAP, NULL, NULL, NULL),
	[OTHERS_GAP] = EVENT(KEV_GAP, NULL, "blue", NULL),
};
#define B(e) (1u << e)
#define OWN (B(ADDRESS) | B(CHANGED) | B(RENAME) | B(GAP))
#define KEV (B(GAP) | B(OTHERS_GAP))

static const struct {
	const char *where;	/* members of a request */
	unsigned fits;		/* bits of events */
	bool plain;
} cases[] = {
	{ "", OWN | B(OTHERS) | B(OTHERS_GAP), true },
	{ ",\"ifname\":[]", OWN | B(OTHERS) | B(OTHERS_GAP), true },
	{ ",\"netns\":[\"\"]", OWN, false },
	{ ",\"netns\":[\"blue\"]", B(OTHERS) | KEV, false },
	{ ",\"netns\":[\"red\",\"b*\"]", B(OTHERS) | KEV, false },
	{ ",\"netns\":[\"red\",\"\"]", OWN, false },
	{ ",\"netns\":[\"*\"]", OWN | B(OTHERS) | B(OTHERS_GAP), false },
	{ ",\"ifname\":[\"eth*\"]", B(ADDRESS) | B(OTHERS) | B(CHANGED) |
	    B(RENAME) | KEV, false },
	{ ",\"ifname\":[\"lan\"]", B(RENAME) | KEV, false },
	{ ",\"ifname\":[\"wg0\"]", B(CHANGED) | KEV, false },
	{ ",\"ifname\":[\"eth0\"],\"netns\":[\"blue\"]", B(OTHERS) | KEV,
	    false },
	{ ",\"match\":{\"status\":\"pref*\"}", B(ADDRESS) | B(OTHERS) | KEV,
	    false },
	{ ",\"match\":{\"status\":\"tentative\"}", KEV, false },
	{ ",\"match\":{\"nothing\":\"*\"}", KEV, false },
	{ ",\"match\":{\"status\":\"*\"},\"netns\":[\"\"]", B(ADDRESS) | B(GAP),
	    false },
};

static void
parse(struct kev_request *r, const char *where)
{
	char line[256], message[256];

	snprintf(line, sizeof line,
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"]%s}", where);
	assert_int_equal(kev_request_parse(r, line, strlen(line), message,
	    sizeof message), KEV_OK);
}

/* The event and its line are wanted, or not, both alike. */
static void
fits(void **state)
{
	struct buf line = BUF_INIT;
	struct kev_request r;
	unsigned wanted;
	size_t i, e;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		parse(&r, cases[i].where);
		assert_int_equal(kev_filter_plain(&r.filter), cases[i].plain);
		for (e = 0; e < EVENTS; e++) {
			wanted = cases[i].fits >> e & 1;
			if (kev_filter_fits(&r.filter, &events[e]) != wanted)
				fail_msg("%s, event %zu: not %u",
				    cases[i].where, e, wanted);
			buf_clear(&line);
			kev_event_put(&line, &events[e]);
			if (kev_filter_fits_line(&r.filter, events[e].topic,
			    line.data, line.len) != wanted)
				fail_msg("%s, line %zu: not %u",
				    cases[i].where, e, wanted);
		}
		kev_request_fini(&r);
	}
	buf_fini(&line);
}

/* The same is the same, also as a copy, and nothing else is. */
static void
same(void **state)
{
	struct kev_request r, other;
	struct kev_filter copy = { 0 };
	size_t i, j;

	(void)state;
	for (i = 1; i < LENGTH(cases); i++) {
		parse(&r, cases[i].where);
		assert_true(kev_filter_copy(&copy, &r.filter));
		for (j = 1; j < LENGTH(cases); j++) {
			parse(&other, cases[j].where);
			assert_int_equal(kev_filter_same(&copy, &other.filter),
			    i == j);
			kev_request_fini(&other);
		}
		kev_filter_fini(&copy);
		kev_request_fini(&r);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits),
		cmocka_unit_test(same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

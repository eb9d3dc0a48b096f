#include "config.h"

#include "kev.h"
#include "mqttlink.h"
#include "mqttoptions.h"
#include "retained.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <mqtt_protocol.h>

#include "test.h"

/* A kevd that is asked, a broker that is told, and a clock. */
struct kev_line {
	json_t *json;
	long long reply;
	bool ok;
};

static char asked[8192];	/* the last question, "": none */
static long long questions;
static bool away;		/* kevd */
static char told[4096];		/* "NAME ", or "-NAME " when it is to be gone */
static int mids;
static int64_t now;
static size_t learnt;
static unsigned refusals;	/* that were said */

long long
kev_request(struct kev *k, const char *op, const char *members)
{
	(void)k;
	assert_string_equal(op, "state");
	snprintf(asked, sizeof asked, "%s", members);
	questions++;
	return away ? -1 : questions;
}

const json_t *
kev_line_json(const struct kev_line *l)
{
	return l->json;
}

long long
kev_line_reply(const struct kev_line *l)
{
	return l->reply;
}

int
kev_line_ok(const struct kev_line *l)
{
	return l->ok;
}

const char *
kev_line_topic(const struct kev_line *l)
{
	return json_string_value(json_object_get(l->json, "topic"));
}

enum mqttlink_result
mqttlink_publish(struct mqttlink *l, const struct mqttlink_message *m, int *mid)
{
	size_t n = strlen(told);

	(void)l;
	snprintf(told + n, sizeof told - n, "%s%s ", m->len == 0 ? "-" : "",
	    strrchr(m->topic, '/') + 1);
	*mid = ++mids;
	return MQTTLINK_OK;
}

void
mqttlink_subscribe(struct mqttlink *l, const char *filter)
{
	(void)l;
	assert_string_equal(filter, "kev/box/state/interface/+");
}

void
mqttlink_refused(struct mqttlink *l, int reason)
{
	(void)l;
	fail_msg("refused: %d", reason);
}

bool
mqttlink_is_final(int reason)
{
	return reason == MQTT_RC_PACKET_TOO_LARGE;
}

void
mqttlink_learn(struct mqttlink *l, int reason, size_t len)
{
	(void)l;
	assert_int_equal(reason, MQTT_RC_PACKET_TOO_LARGE);
	learnt = len;
}

int
tool_refused(const struct kev_line *l)
{
	assert_false(l->ok);
	refusals++;
	return 0;
}

int64_t
tool_now(void)
{
	return now;
}

void
say(const char *fmt, ...)
{
	(void)fmt;
}

static char *netns[] = { NULL };
static struct mqttoptions options = { .netns = netns };
static struct retained r;

static int
begin(void **state)
{
	(void)state;
	retained_init(&r, &options, "box", NULL, NULL);
	asked[0] = told[0] = '\0';
	questions = 0;
	mids = 0;
	refusals = 0;
	away = false;
	now = 1000000;
	retained_up(&r);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	retained_fini(&r);
	return 0;
}

/* kevd's answer: names with a comma between them; NULL: a refusal. */
static void
answer(const char *names)
{
	struct kev_line l = { json_object(), questions, names != NULL };
	json_t *list = json_array();
	char *copy = strdup(names == NULL ? "" : names), *p;

	for (p = strtok(copy, ","); p != NULL; p = strtok(NULL, ","))
		json_array_append_new(list, json_pack("{s:s}", "ifname", p));
	json_object_set_new(l.json, "interfaces", list);
	assert_true(retained_answer(&r, &l));
	json_decref(l.json);
	free(copy);
}

/* The next question is that; "": there is none. */
static void
asks(const char *members)
{
	asked[0] = '\0';
	retained_step(&r);
	assert_string_equal(asked, members);
}

static void
in_turn(void **state)
{
	(void)state;
	retained_told(&r, "kev/box/state/interface/old");
	asks("{}");
	asks("");
	answer("eth0,lo");
	asks("{\"ifname\":[\"eth0\",\"lo\",\"old\"]}");
	answer("eth0,lo");
	assert_string_equal(told, "eth0 lo -old ");
	/* Not before the broker has that. */
	asks("");
	retained_all(&r);
	while (mids > 0)
		retained_done(&r, mids--, 0);
	assert_int_equal(retained_due(&r), -1);
	asks("{}");
}

/* A refusal answers nothing, and is not asked for again at once. */
static void
refusal(void **state)
{
	(void)state;
	asks("{}");
	answer(NULL);
	assert_int_equal(retained_due(&r), 1000);
	asks("");
	now += 999;
	assert_int_equal(retained_due(&r), 1);
	asks("");
	now++;
	assert_int_equal(retained_due(&r), 0);
	asks("{}");
	assert_int_equal(retained_due(&r), -1);
	answer(NULL);
	assert_int_equal(refusals, 1);
	now += 1000;
	asks("{}");
	answer("eth0,lo");
	asks("{\"ifname\":[\"eth0\",\"lo\"]}");
	answer(NULL);
	assert_int_equal(refusals, 2);
	/* Meanwhile all is asked for: that is no answer about them. */
	retained_all(&r);
	now += 1000;
	asks("{}");
	answer("eth0,lo");
	asks("{\"ifname\":[\"eth0\",\"lo\"]}");
	answer("eth0,lo");
	assert_string_equal(told, "eth0 lo ");
}

/* The same of a question that could not be sent. */
static void
not_sent(void **state)
{
	(void)state;
	asks("{}");
	answer("eth0");
	away = true;
	asks("{\"ifname\":[\"eth0\"]}");
	assert_int_equal(retained_due(&r), 1000);
	asks("");
	away = false;
	now += 1000;
	retained_all(&r);
	asks("{}");
	answer("eth0");
	assert_string_equal(told, "");
	asks("{\"ifname\":[\"eth0\"]}");
	answer("eth0");
	assert_string_equal(told, "eth0 ");
}

/* Nothing is there, rather than what is not true any more. */
static void
too_large(void **state)
{
	(void)state;
	asks("{}");
	answer("eth0");
	asks("{\"ifname\":[\"eth0\"]}");
	answer("eth0");
	retained_done(&r, mids, MQTT_RC_PACKET_TOO_LARGE);
	assert_int_equal(learnt, strlen("{\"ifname\":\"eth0\"}"));
	assert_string_equal(told, "eth0 -eth0 ");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(in_turn), TEST(refusal), TEST(not_sent), TEST(too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

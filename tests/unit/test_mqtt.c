#include "config.h"

#include "bounds.h"
#include "buf.h"
#include "homeassistant.h"
#include "mqttname.h"
#include "pattern.h"

#include <string.h>

#include <jansson.h>

#include "test.h"

static const char *
text(struct buf *b)
{
	buf_putc(b, '\0');
	assert_false(b->failed);
	return b->data;
}

static void
levels(void **state)
{
	static const struct {
		const char *in, *out;
		size_t len;	/* 0: strlen */
	} cases[] = {
		{ "eth0", "eth0", 0 }, { "a.b_c-d@e", "a.b_c-d@e", 0 },
		{ "a/b", "a%2Fb", 0 }, { "#", "%23", 0 }, { "+", "%2B", 0 },
		{ "50%", "50%25", 0 }, { "a:b", "a%3Ab", 0 },
		{ "-", "%2D", 0 }, { "--", "--", 0 }, { "a b", "a%20b", 0 },
		{ "\n\x7f", "%0A%7F", 0 }, { "a\0b", "a%00b", 3 },
		{ "b\xc3\xbcro", "b%C3%BCro", 0 }, { "\xff\xfe", "%FF%FE", 0 },
		{ "$SYS", "$SYS", 0 }, { "\"\\", "\"\\", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct buf b = BUF_INIT;

		mqttname_level(&b, cases[i].in, cases[i].len > 0 ?
		    cases[i].len : strlen(cases[i].in));
		assert_string_equal(text(&b), cases[i].out);
		buf_fini(&b);
	}
}

static void
interfaces(void **state)
{
	static const struct {
		const char *event, *name, *topic;
	} cases[] = {
		{ "{'topic':'ipv6/duplicate','ifname':'eth0'}", "eth0",
		    "kev/h/event/ipv6/duplicate/eth0" },
		{ "{'topic':'network/changed'}", "-",
		    "kev/h/event/network/changed/-" },
		{ "{'topic':'kev/gap','ifindex':3}", "-",
		    "kev/h/event/kev/gap/-" },
		{ "{'topic':'a/b','ifname':'-'}", "%2D", "kev/h/event/a/b/%2D" },
		{ "{'topic':'a/b','ifname':'x','netns':'blue'}", "blue:x",
		    "kev/h/event/a/b/blue:x" },
		{ "{'topic':'a/b','ifname':'#','netns':'a/b:c'}",
		    "a%2Fb%3Ac:%23", "kev/h/event/a/b/a%2Fb%3Ac:%23" },
		{ "{'topic':'a/b','ifname':'a\\ufffd','ifname_hex':'61ff'}",
		    "a%FF", "kev/h/event/a/b/a%FF" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct buf name = BUF_INIT, topic = BUF_INIT, json = BUF_INIT;
		const char *p;
		json_t *o;

		for (p = cases[i].event; *p != '\0'; p++)
			buf_putc(&json, *p == '\'' ? '"' : *p);
		o = json_loads(text(&json), 0, NULL);
		mqttname_interface(&name, o);
		assert_string_equal(text(&name), cases[i].name);
		mqttname_event(&topic, "h", o);
		assert_string_equal(text(&topic), cases[i].topic);
		json_decref(o);
		buf_fini(&json);
		buf_fini(&name);
		buf_fini(&topic);
	}
}

/* A glob fits the name that the level was made of. */
static void
globs(void **state)
{
	static const char *const names[] = { "eth0", "a*", "[b]", "\\", "?",
	    "50%", "b\xc3\xbcro", "\xff\xfe", "-", "+#:", "%" };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		struct buf level = BUF_INIT, glob = BUF_INIT;

		buf_puts(&level, i % 2 == 0 ? "" : "blue:");
		mqttname_level(&level, names[i], strlen(names[i]));
		mqttname_glob(&glob, text(&level));
		if (!kev_glob(text(&glob), names[i]))
			fail_msg("%s does not fit %s", names[i], glob.data);
		buf_fini(&level);
		buf_fini(&glob);
	}
	/* What is no level of ours, from whoever wrote it there. */
	{
		struct buf glob = BUF_INIT;

		mqttname_glob(&glob, "x%");
		mqttname_glob(&glob, "y%4");
		mqttname_glob(&glob, "z%zz");
		mqttname_glob(&glob, "\xc3\xbc\n");
		assert_string_equal(text(&glob), "x*y*z****");
		buf_fini(&glob);
	}
	/* As long as kevd takes it. */
	for (i = KEV_GLOB_MAX - 1; i <= KEV_GLOB_MAX + 1; i++) {
		char level[KEV_GLOB_MAX + 2] = "";
		struct buf glob = BUF_INIT;

		memset(level, 'x', i);
		mqttname_glob(&glob, level);
		assert_int_equal(glob.len, i < KEV_GLOB_MAX ? i : KEV_GLOB_MAX);
		buf_fini(&glob);
	}
}

static void
payloads(void **state)
{
	struct buf b = BUF_INIT;
	static const char line[] = "{\"topic\":\"a/b\",\"seq\":1}";
	json_t *o;

	(void)state;
	mqttname_payload(&b, line, strlen(line), "h\"\n\xff", false);
	assert_string_equal(text(&b), "{\"topic\":\"a/b\",\"seq\":1,"
	    "\"host\":\"h\\\"\\n\xef\xbf\xbd\"}");
	buf_clear(&b);
	mqttname_payload(&b, line, strlen(line), "h", true);
	assert_string_equal(text(&b), "{\"topic\":\"a/b\",\"seq\":1,"
	    "\"host\":\"h\",\"historical\":true}");
	buf_clear(&b);
	mqttname_gap(&b, 1, "spool-full", 12);
	assert_string_equal(text(&b), "{\"topic\":\"kev/gap\","
	    "\"time\":\"1970-01-01T00:00:00.000001Z\","
	    "\"data\":{\"cause\":\"spool-full\",\"lost\":12}}");
	buf_clear(&b);
	mqttname_gap(&b, 1, "kevd-restarted", 0);
	o = json_loads(text(&b), 0, NULL);
	assert_null(json_object_get(json_object_get(o, "data"), "lost"));
	json_decref(o);
	buf_fini(&b);
}

static void
home_assistant(void **state)
{
	struct buf topic = BUF_INIT, payload = BUF_INIT;
	json_t *o;

	(void)state;
	homeassistant_put(&topic, &payload, "ha", "b/x", "b%2Fx", "a\"_%23");
	assert_string_equal(text(&topic),
	    "ha/binary_sensor/kev_b_2Fx/a_22_5F_2523/config");
	o = json_loads(text(&payload), 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o,
	    "state_topic")), "kev/b%2Fx/state/interface/a\"_%23");
	assert_string_equal(json_string_value(json_object_get(o,
	    "availability_topic")), "kev/b%2Fx/status");
	json_decref(o);
	buf_fini(&topic);
	buf_fini(&payload);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels), cmocka_unit_test(interfaces),
		cmocka_unit_test(globs), cmocka_unit_test(payloads),
		cmocka_unit_test(home_assistant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

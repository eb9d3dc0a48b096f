#include "config.h"

#include "bounds.h"
#include "buf.h"
#include "request.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
refusals(void **state)
{
	static const struct {
		const char *line;
		enum kev_error error;
		const char *says;	/* part of the message */
	} cases[] = {
		{ "", KEV_BAD_JSON, "" },
		{ "hello", KEV_BAD_JSON, "" },
		{ "{", KEV_BAD_JSON, "" },
		{ "{\"op\":\"ping\"} x", KEV_BAD_JSON, "" },
		{ "{\"op\":\"ping\",\"op\":\"ping\"}", KEV_BAD_JSON, "dupl" },
		{ "{\"op\":\"ping\",\"id\":\"\\u0000\"}", KEV_BAD_JSON, "" },
		{ "{\"op\":\"p\xffng\"}", KEV_BAD_JSON, "0xff" },
		{ "[]", KEV_BAD_REQUEST, "object" },
		{ "5", KEV_BAD_REQUEST, "object" },
		{ "{}", KEV_BAD_REQUEST, "\"op\"" },
		{ "{\"op\":1}", KEV_BAD_REQUEST, "\"op\"" },
		{ "{\"op\":\"fly\"}", KEV_BAD_REQUEST, "fly" },
		{ "{\"op\":\"ping\",\"id\":[]}", KEV_BAD_REQUEST, "\"id\"" },
		{ "{\"op\":\"ping\",\"id\":1.5}", KEV_BAD_REQUEST, "\"id\"" },
		{ "{\"op\":\"subscribe\"}", KEV_BAD_REQUEST, "\"topics\"" },
		{ "{\"op\":\"subscribe\",\"topics\":\"**\"}",
		    KEV_BAD_REQUEST, "\"topics\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[]}",
		    KEV_BAD_REQUEST, "empty" },
		{ "{\"op\":\"subscribe\",\"topics\":[1]}",
		    KEV_BAD_REQUEST, "\"topics\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\",\"ipv6\"]}",
		    KEV_BAD_PATTERN, "\"ipv6\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"ipv6/no\"]}",
		    KEV_UNKNOWN_TOPIC, "ipv6/no" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"ifname\":\"e*\"}", KEV_BAD_REQUEST, "\"ifname\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"ifname\":[1]}", KEV_BAD_REQUEST, "\"ifname\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"match\":[]}", KEV_BAD_REQUEST, "\"match\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"match\":{\"status\":{}}}", KEV_BAD_REQUEST, "status" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"snapshot\":1}", KEV_BAD_REQUEST, "\"snapshot\"" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"after\":7}", KEV_BAD_REQUEST, "\"after\"" },
		{ "{\"op\":\"unsubscribe\",\"topics\":[\"x\"]}",
		    KEV_BAD_PATTERN, "\"x\"" },
		{ "{\"op\":\"state\",\"ifname\":{}}",
		    KEV_BAD_REQUEST, "\"ifname\"" },
		{ "{\"op\":\"state\",\"netns\":\"blue\"}",
		    KEV_BAD_REQUEST, "\"netns\"" },
		{ "{\"op\":\"state\",\"netns\":[null]}",
		    KEV_BAD_REQUEST, "\"netns\"" },
		{ "{\"op\":\"inject\"}", KEV_BAD_REQUEST, "\"topic\"" },
		{ "{\"op\":\"inject\",\"topic\":1}",
		    KEV_BAD_REQUEST, "\"topic\"" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/*\"}",
		    KEV_UNKNOWN_TOPIC, "ipv6/*" },
		{ "{\"op\":\"inject\",\"topic\":\"kev/gap\"}",
		    KEV_DENIED, "kev/gap" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"ifname\":\"a/b\"}", KEV_BAD_REQUEST, "\"ifname\"" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"ifname\":\"sixteen-letters-\"}",
		    KEV_BAD_REQUEST, "\"ifname\"" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"ifname\":\"\"}", KEV_BAD_REQUEST, "\"ifname\"" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"data\":[]}", KEV_BAD_REQUEST, "\"data\"" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"data\":{\"colour\":1}}", KEV_BAD_REQUEST, "colour" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"data\":{\"mtu\":1}}", KEV_BAD_REQUEST, "mtu" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"data\":{\"address\":\"1.2.3\"}}",
		    KEV_BAD_REQUEST, "address" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\","
		    "\"data\":{\"prefixlen\":-1}}",
		    KEV_BAD_REQUEST, "prefixlen" },
	};
	char message[512];
	struct kev_request r;
	enum kev_error e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		message[0] = '\0';
		e = kev_request_parse(&r, cases[i].line, strlen(cases[i].line),
		    message, sizeof message);
		if (e != cases[i].error || strstr(message, cases[i].says) == NULL)
			fail_msg("%s: %d %s", cases[i].line, (int)e, message);
		kev_request_fini(&r);
	}
}

static void
subscribe(void **state)
{
	static const char line[] = "{\"op\":\"subscribe\",\"id\":\"x\","
	    "\"topics\":[\"ipv6/dup*\",\"network/changed\"],"
	    "\"ifname\":[\"eth*\",\"wg0\"],\"snapshot\":true,"
	    "\"match\":{\"status\":\"preferred\",\"prefixlen\":64,"
	    "\"nosuch\":true},\"after\":\"abc-1\",\"unknown\":1}\r";
	char message[512];
	struct kev_request r;

	(void)state;
	assert_int_equal(kev_request_parse(&r, line, sizeof line - 1, message,
	    sizeof message), KEV_OK);
	assert_int_equal(r.op, KEV_SUBSCRIBE);
	assert_string_equal(json_string_value(r.id), "x");
	assert_int_equal(r.filter.topics,
	    KEV_TOPIC(IPV6_DUPLICATE) | KEV_TOPIC(NETWORK_CHANGED));
	assert_int_equal(r.filter.ifnames.n, 2);
	assert_memory_equal(r.filter.ifnames.buf, "eth*\0wg0", 9);
	assert_int_equal(r.filter.matches.n, 3);
	assert_memory_equal(r.filter.matches.buf, "preferred\0" "64\0true", 18);
	assert_int_equal(r.filter.field[0], KEV_F_STATUS);
	assert_int_equal(r.filter.field[1], KEV_F_PREFIXLEN);
	assert_int_equal(r.filter.field[2], -1);
	assert_true(r.snapshot);
	assert_string_equal(r.after, "abc-1");
	kev_request_fini(&r);
}

/* A list of N times ITEM inside HEAD and TAIL. */
static enum kev_error
parse_list(const char *head, const char *item, int n, const char *tail)
{
	struct buf b = BUF_INIT;
	struct kev_request r;
	char message[512], key[32];
	enum kev_error e;
	int i;

	buf_puts(&b, head);
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		/* Names of members must differ. */
		if (item == NULL) {
			snprintf(key, sizeof key, "\"k%d\":1", i);
			buf_puts(&b, key);
		} else {
			buf_puts(&b, item);
		}
	}
	buf_puts(&b, tail);
	e = kev_request_parse(&r, b.data, b.len, message, sizeof message);
	kev_request_fini(&r);
	buf_fini(&b);
	return e;
}

static void
limits(void **state)
{
	static const char topics[] = "{\"op\":\"subscribe\",\"topics\":[";
	static const char names[] =
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"ifname\":[";
	static const char matches[] =
	    "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"match\":{";
	char glob[KEV_GLOB_MAX + 4];

	(void)state;
	assert_int_equal(parse_list(topics, "\"*/*\"", KEV_PATTERNS_MAX, "]}"),
	    KEV_OK);
	assert_int_equal(parse_list(topics, "\"*/*\"", KEV_PATTERNS_MAX + 1,
	    "]}"), KEV_TOO_MANY);
	assert_int_equal(parse_list(names, "\"*\"", KEV_GLOBS_MAX, "]}"),
	    KEV_OK);
	assert_int_equal(parse_list(names, "\"*\"", KEV_GLOBS_MAX + 1, "]}"),
	    KEV_TOO_MANY);
	assert_int_equal(parse_list(matches, NULL, KEV_MATCHES_MAX, "}}"),
	    KEV_OK);
	assert_int_equal(parse_list(matches, NULL, KEV_MATCHES_MAX + 1, "}}"),
	    KEV_TOO_MANY);
	memset(glob, 'g', sizeof glob);
	glob[0] = '"';
	glob[KEV_GLOB_MAX + 1] = '"';
	glob[KEV_GLOB_MAX + 2] = '\0';
	assert_int_equal(parse_list(names, glob, 1, "]}"), KEV_OK);
	glob[KEV_GLOB_MAX + 1] = 'g';
	glob[KEV_GLOB_MAX + 2] = '"';
	glob[KEV_GLOB_MAX + 3] = '\0';
	assert_int_equal(parse_list(names, glob, 1, "]}"), KEV_TOO_MANY);
}

/* What an inject says, as JSON. */
static void
put_inject(struct buf *b, const struct kev_request *r)
{
	buf_clear(b);
	if (r->op != KEV_INJECT)
		fail_msg("it is no inject");
	kev_reply_begin(b, r->id);
	buf_puts(b, kev_topics[r->topic].name);
	buf_puts(b, r->ifname != NULL ? r->ifname : " none ");
	kev_object_put(b, kev_topics[r->topic].class, &r->data.object,
	    UINT64_MAX, false);
	buf_putc(b, '\0');
	assert_false(b->failed);
}

/* LINE, and the same with a member that only the tree of it can have. */
static enum kev_error
parse_twice(const char *line, bool *tree, char *message, size_t size)
{
	struct buf b = BUF_INIT, one = BUF_INIT, two = BUF_INIT;
	enum kev_error e, other;
	struct kev_request r;

	e = kev_request_parse(&r, line, strlen(line), message, size);
	*tree = json_is_object(r.root);
	if (e == KEV_OK)
		put_inject(&one, &r);
	kev_request_fini(&r);
	buf_puts(&b, "{\"more\":0,");
	buf_puts(&b, strchr(line, '{') + 1);
	other = kev_request_parse(&r, b.data, b.len, message, size);
	if (e != other || (e == KEV_OK && !json_is_object(r.root)))
		fail_msg("%s: %d and %d", line, (int)e, (int)other);
	if (e == KEV_OK) {
		put_inject(&two, &r);
		assert_string_equal(one.data, two.data);
	}
	kev_request_fini(&r);
	buf_fini(&b);
	buf_fini(&one);
	buf_fini(&two);
	return e;
}

/* Read where they lie, if they are as usual, and with a tree the same. */
static void
injects(void **state)
{
#define INJECT "{\"op\":\"inject\",\"topic\":\"ipv4/collision\""
#define DATA "{\"op\":\"inject\",\"topic\":\"ipv6/duplicate\",\"data\":{"
	static const struct {
		const char *line;
		enum kev_error error;
		bool tree;
	} cases[] = {
		{ INJECT "}", KEV_OK, false },
		{ " {\t\"op\" : \"inject\" ,\"topic\":\"interface/idle\"} \r",
		    KEV_OK, false },
		{ INJECT ",\"ifname\":\"fifteen-letters\"}", KEV_OK, false },
		{ INJECT ",\"ifname\":\"sixteen-letters-\"}",
		    KEV_BAD_REQUEST, true },
		{ INJECT ",\"ifname\":\"\\u0065th0\"}", KEV_OK, true },
		{ INJECT ",\"ifname\":\"b\xc3\xbc\",\"id\":\"\xc3\xbc\"}",
		    KEV_OK, false },
		{ INJECT ",\"id\":-9223372036854775808}", KEV_OK, false },
		{ INJECT ",\"id\":9223372036854775808}", KEV_BAD_JSON, false },
		{ INJECT ",\"id\":\"a\\\"b\"}", KEV_OK, false },
		{ INJECT ",\"id\":null}", KEV_OK, true },
		{ INJECT ",\"id\":1.5}", KEV_BAD_REQUEST, true },
		{ INJECT ",\"id\":{}}", KEV_BAD_REQUEST, true },
		{ INJECT ",\"colour\":1}", KEV_OK, true },
		{ INJECT ",\"topic\":\"ipv4/collision\"}", KEV_BAD_JSON, false },
		{ INJECT ",\"data\":{},\"data\":{}}", KEV_BAD_JSON, false },
		{ INJECT ",\"data\":[]}", KEV_BAD_REQUEST, true },
		{ INJECT ",\"ifname\":null}", KEV_BAD_REQUEST, true },
		{ "{\"op\":\"inject\",\"topic\":\"ipv4\\/collision\"}",
		    KEV_OK, true },
		{ "{\"op\":\"inject\",\"topic\":\"kev/gap\"}",
		    KEV_DENIED, true },
		{ "{\"op\":\"inject\"}", KEV_BAD_REQUEST, true },
		{ DATA "}}", KEV_OK, false },
		{ DATA "\"family\":\"inet\",\"address\":\"192.0.2.1\","
		    "\"lladdr\":\"66:ec:B7:5f:4a:fc\"}}", KEV_OK, false },
		{ DATA "\"lladdr\":\"66:ec:b7:5f:4a:f\"}}",
		    KEV_BAD_REQUEST, true },
		{ DATA "\"lladdr\":\"66ec\"}}", KEV_BAD_REQUEST, true },
		{ DATA "\"family\":\"inet\",\"family\":\"inet\"}}",
		    KEV_BAD_JSON, false },
		{ DATA "\"family\":\"in\\u0065t\"}}", KEV_OK, false },
		{ DATA "\"f\\u0061mily\":\"inet\"}}", KEV_OK, true },
		{ DATA "\"family\":\"\\ud800\"}}", KEV_BAD_JSON, false },
		{ DATA "\"family\":{\"a\":1,\"a\":1}}}", KEV_BAD_JSON, false },
		{ DATA "\"mtu\":1500}}", KEV_BAD_REQUEST, true },
		{ DATA "}", KEV_BAD_JSON, false },
		{ "{\"op\":\"inject\",\"topic\":\"network/changed\",\"data\":{"
		    "\"interfaces\":[\"a\",\"b\"],\"families\":[\"inet6\"]}}",
		    KEV_OK, false },
		{ "{\"op\":\"inject\",\"topic\":\"network/changed\",\"data\":{"
		    "\"interfaces\":[\"a\"],\"interfaces\":[\"b\"]}}",
		    KEV_BAD_JSON, false },
		{ "{\"op\":\"inject\",\"topic\":\"interface/attach\",\"data\":{"
		    "\"mtu\":4294967295,\"flags\":[\"up\",\"running\"],"
		    "\"carrier\":true}}", KEV_OK, false },
		{ "{\"op\":\"inject\",\"topic\":\"interface/attach\",\"data\":{"
		    "\"mtu\":4294967296}}", KEV_BAD_REQUEST, true },
		{ "{\"op\":\"inject\",\"topic\":\"interface/attach\",\"data\":{"
		    "\"mtu\":1e3}}", KEV_BAD_REQUEST, true },
	};
#undef DATA
#undef INJECT
	char message[512];
	bool tree;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		if (parse_twice(cases[i].line, &tree, message,
		    sizeof message) != cases[i].error ||
		    tree != cases[i].tree)
			fail_msg("%s: %s, tree %d", cases[i].line, message,
			    (int)tree);
	}
}

static void
replies(void **state)
{
	json_t *text = json_string("a\"b"), *number = json_integer(-7);
	struct buf b = BUF_INIT;

	(void)state;
	kev_reply_begin(&b, number);
	buf_puts(&b, "}\n");
	kev_reply_begin(&b, NULL);
	buf_puts(&b, "}\n");
	kev_reply_error(&b, text, KEV_TOO_LONG, "so\nso");
	buf_putc(&b, '\0');
	assert_string_equal(b.data, "{\"reply\":-7,\"ok\":true}\n"
	    "{\"reply\":null,\"ok\":true}\n"
	    "{\"reply\":\"a\\\"b\",\"ok\":false,\"error\":{"
	    "\"code\":\"too-long\",\"message\":\"so\\nso\"}}\n");
	json_decref(text);
	json_decref(number);
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(subscribe),
		cmocka_unit_test(limits),
		cmocka_unit_test(injects),
		cmocka_unit_test(replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

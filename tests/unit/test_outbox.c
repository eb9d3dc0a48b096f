#include "config.h"

#include "mqttlink.h"
#include "outbox.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <mqtt_protocol.h>

#include "test.h"

/* A connection that is told what is published, and a memory that ends. */
static char got[4096];		/* numbers of events, "!N": a gap of N */
static int mids, answered;
static unsigned breaks;
static size_t largest;		/* that the broker takes, 0: any */
static size_t sent, learnt;	/* bytes of a payload; and is too much */
static int memory = -1;		/* times malloc() works, -1: always */
static bool failed;

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	if (memory == 0) {
		failed = true;
		return NULL;
	}
	if (memory > 0)
		memory--;
	return __real_malloc(size);
}

void
say(const char *fmt, ...)
{
	(void)fmt;
}

enum mqttlink_result
mqttlink_publish(struct mqttlink *l, const struct mqttlink_message *m, int *mid)
{
	json_t *o, *lost;
	size_t n = strlen(got);

	(void)l;
	if (largest > 0 && m->len > largest)
		return MQTTLINK_TOO_LARGE;
	o = json_loadb(m->payload, m->len, 0, NULL);
	assert_non_null(o);
	lost = json_object_get(json_object_get(o, "data"), "lost");
	snprintf(got + n, sizeof got - n, "%s%d ", lost == NULL ? "" : "!",
	    (int)json_integer_value(lost == NULL ? json_object_get(o, "seq") :
	    lost));
	json_decref(o);
	*mid = ++mids;
	sent = m->len;
	return MQTTLINK_OK;
}

void
mqttlink_break(struct mqttlink *l, const char *why)
{
	(void)l;
	assert_string_equal(why, "out of memory");
	breaks++;
}

void
mqttlink_refused(struct mqttlink *l, int reason)
{
	(void)l;
	assert_int_equal(reason, MQTT_RC_NOT_AUTHORIZED);
	breaks++;
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

static char folder[64];
static struct outbox o;

static int
begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/kev-outbox.XXXXXX");
	if (mkdtemp(folder) == NULL ||
	    spool_open(&o.spool, folder, SPOOL_LIMIT_MIN) < 0)
		return -1;
	outbox_init(&o, NULL, "box", "box", 0);
	mids = answered = 0;
	breaks = 0;
	largest = 0;
	memory = -1;
	failed = false;
	got[0] = '\0';
	return 0;
}

static int
end(void **state)
{
	(void)state;
	outbox_fini(&o);
	return remove_folder(folder);
}

/* Events FIRST to LAST, of SIZE bytes more than they need. */
static void
put(int first, int last, int size)
{
	char text[2048], cursor[32];

	for (; first <= last; first++) {
		snprintf(cursor, sizeof cursor, "run-%d", first);
		snprintf(text, sizeof text,
		    "{\"topic\":\"a/b\",\"seq\":%d,\"x\":\"%0*d\"}", first,
		    size, 0);
		assert_true(outbox_put(&o, cursor, text, strlen(text)));
	}
}

/* The broker has all that it was sent. */
static void
answer(void)
{
	while (answered < mids)
		assert_true(outbox_done(&o, ++answered, 0));
}

/* A gap, then events one by one, to LAST. */
static void
all_there(int last)
{
	char *p = got;
	int n;

	assert_int_equal(*p++, '!');
	n = (int)strtol(p, &p, 10);
	assert_true(n > 0 && n < last);
	while (n < last)
		assert_int_equal(strtol(p, &p, 10), ++n);
	assert_string_equal(p, " ");
}

/* Memory that ends after each number of allocations: nothing is missing then. */
static void
read_again(void **state)
{
	int n;

	for (n = 0; ; n++) {
		assert_int_equal(begin(state), 0);
		/* The first are dropped. */
		put(1, 70, 1000);
		memory = n;
		outbox_up(&o);
		memory = -1;
		if (!failed)
			break;
		assert_int_equal(breaks, 1);
		outbox_down(&o);
		got[0] = '\0';
		answered = mids;
		outbox_up(&o);
		all_there(70);
		answer();
		assert_true(spool_empty(&o.spool));
		end(state);
	}
	assert_true(n > 40);
}

/* A gap takes the place of an event, which is safe when the gap is. */
static void
too_large(void **state)
{
	size_t size;

	(void)state;
	largest = 200;
	put(1, 1, 10);
	put(2, 2, 300);
	put(3, 3, 10);
	outbox_up(&o);
	assert_string_equal(got, "1 !1 3 ");
	assert_int_equal(o.refused, 1);
	assert_true(outbox_done(&o, 1, 0));
	assert_int_equal(o.spool.done, 1);
	answered = 1;
	answer();
	assert_true(spool_empty(&o.spool));
	/* The same with nothing on the disk. */
	put(4, 4, 300);
	assert_string_equal(got, "1 !1 3 !1 ");
	assert_string_equal(o.cursor, "run-3");
	answer();
	assert_string_equal(o.cursor, "run-4");
	/* The broker says so itself. */
	put(5, 5, 10);
	size = sent;
	assert_true(outbox_done(&o, mids, MQTT_RC_PACKET_TOO_LARGE));
	assert_int_equal(learnt, size);
	answered++;
	assert_string_equal(got, "1 !1 3 !1 5 !1 ");
	assert_string_equal(o.cursor, "run-4");
	answer();
	assert_string_equal(o.cursor, "run-5");
	assert_int_equal(breaks, 0);
}

/* No memory for that gap: the event stays, and is tried again. */
static void
too_large_for_us(void **state)
{
	(void)state;
	largest = 200;
	outbox_up(&o);
	memory = 1;
	put(1, 1, 300);
	memory = -1;
	assert_true(failed);
	assert_int_equal(breaks, 1);
	assert_int_equal(o.n, 1);
	outbox_down(&o);
	outbox_up(&o);
	assert_string_equal(got, "!1 ");
	answer();
	assert_string_equal(o.cursor, "run-1");
}

/* Of other reasons a broker may think better. */
static void
refused(void **state)
{
	(void)state;
	outbox_up(&o);
	put(1, 2, 10);
	assert_true(outbox_done(&o, 1, MQTT_RC_NOT_AUTHORIZED));
	assert_int_equal(breaks, 1);
	outbox_down(&o);
	answered = mids;
	outbox_up(&o);
	assert_string_equal(got, "1 2 1 2 ");
	assert_string_equal(o.cursor, "");
	answer();
	assert_string_equal(o.cursor, "run-2");
}

/* The cursor is that of what the broker has, and not of what is on the disk. */
static void
destroyed(void **state)
{
	(void)state;
	put(1, 3, 10);
	outbox_sync(&o);
	outbox_save(&o);
	assert_string_equal(o.cursor, "");
	outbox_pass(&o, "run-4");
	assert_string_equal(o.cursor, "");
	outbox_up(&o);
	assert_true(outbox_done(&o, 1, 0));
	assert_string_equal(o.cursor, "run-1");
	assert_true(outbox_done(&o, 3, 0));
	assert_string_equal(o.cursor, "run-1");
	outbox_pass(&o, "run-4");
	assert_string_equal(o.cursor, "run-1");
	assert_true(outbox_done(&o, 2, 0));
	assert_string_equal(o.cursor, "run-3");
	/* What came after that, and nobody wants. */
	outbox_pass(&o, "run-4");
	assert_string_equal(o.cursor, "run-4");
	put(5, 5, 10);
	outbox_pass(&o, "run-6");
	assert_string_equal(o.cursor, "run-4");
	outbox_save(&o);
	assert_string_equal(o.cursor, "run-4");
}

/* One that the spool cannot take is asked for again by the next process. */
static void
larger_than_all(void **state)
{
	char *text = malloc(SPOOL_LIMIT_MIN + 1);

	(void)state;
	memset(text, 'x', SPOOL_LIMIT_MIN);
	text[SPOOL_LIMIT_MIN] = '\0';
	put(1, 1, 10);
	assert_true(outbox_put(&o, "run-2", text, SPOOL_LIMIT_MIN));
	outbox_save(&o);
	assert_string_equal(o.cursor, "");
	outbox_fini(&o);
	assert_int_equal(spool_open(&o.spool, folder, SPOOL_LIMIT_MIN), 0);
	assert_string_equal(o.spool.cursor, "run-1");
	free(text);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(read_again, end), TEST(too_large),
		TEST(too_large_for_us), TEST(refused),
		TEST(destroyed), TEST(larger_than_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config.h"

#include "tape.h"

#include "event.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/*
 * What is written down of what a state is told, and what becomes of the file
 * when no more goes into it.
 */

static char path[64];
static char text[1 << 20];
static struct recorder *recorder;
static struct state *st;
static struct tape tape;
static unsigned changed;	/* network/changed */

static void
publish(void *arg, struct kev_event *ev)
{
	(void)arg;
	changed += ev->topic == KEV_T_NETWORK_CHANGED;
}

static int
set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/kev-test-XXXXXX");
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(recorder_open(&recorder, path), 0);
	st = state_new(NULL, publish, NULL);
	tape_init(&tape, st, recorder, "rtnetlink", NULL);
	changed = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	recorder_free(recorder);
	state_free(st);
	unlink(path);
	return 0;
}

/* What is in the file, at the end. */
static size_t
read_file(void)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return n;
}

static void
expect_lines(const char *const *lines, size_t n)
{
	char *p, *end;
	size_t i;

	recorder_free(recorder);
	recorder = NULL;
	read_file();
	p = text;
	for (i = 0; i < n; i++) {
		end = strchr(p, '\n');
		assert_non_null(end);
		*end = '\0';
		/* The first one has the time of the day. */
		if (i > 0)
			assert_string_equal(p, lines[i]);
		else
			assert_non_null(strstr(p, lines[i]));
		p = end + 1;
	}
	assert_int_equal(*p, '\0');
}

#define AT(source, n, rest) "{\"source\":\"" source "\",\"time\":" \
	"\"1970-01-01T00:00:00.00000" n "Z\",\"mono\":" n rest "}"

static const struct change link_up = {
	.type = CHANGE_LINK, .ifindex = 2,
	.link = { .link = { .has = KEV_BIT(FLAGS), .flags = 0x41 },
	    .ifname = "eth0" },
};
static const struct change address = {
	.type = CHANGE_ADDR, .ifindex = 2,
	.addr = { .has = KEV_BIT(ADDRESS) | KEV_BIT(STATUS), .family = KEV_INET,
	    .status = KEV_PREFERRED,
	    .address = { KEV_INET, { 192, 0, 2, 1 } } },
};

static void
message(const struct change *c, uint64_t at)
{
	static const uint8_t bytes[] = { 1, 2 };
	struct message m = { .source = "rtnetlink", .bytes = bytes,
	    .len = sizeof bytes };
	struct stamp now = { at, at };

	tape_message(&tape, &m, MESSAGE_CHANGE, c, &now);
	tape_apply(&tape, c, &now);
}

static void
lines(void **state)
{
	static const char *const want[] = {
		"\"hex\":\"\"",
		AT("rtnetlink", "1", ",\"dump\":[\"link\",\"addr4\"],"
		    "\"hex\":\"\""),
		AT("rtnetlink", "2", ",\"hex\":\"0102\""),
		AT("rtnetlink", "2", ",\"hex\":\"0102\""),
		AT("rtnetlink", "3", ",\"end\":true,\"hex\":\"\""),
		AT("rtnetlink", "4", ",\"continued\":true,\"hex\":\"0102\""),
		AT("rtnetlink", "5", ",\"hex\":\"0102\""),
		AT("audit", "6", ",\"continued\":true,\"cause\":"
		    "\"kernel-overrun\",\"hex\":\"\""),
		AT("rtnetlink", "7", ",\"cause\":\"source-lost\",\"lost\":3,"
		    "\"hex\":\"\""),
	};
	struct stamp now = { 1, 1 };

	(void)state;
	tape_begin(&tape, PART_LINK | PART_ADDR4, &now);
	message(&link_up, 2);
	message(&address, 2);
	/* Not within a dump. */
	tape_settle(&tape);
	assert_int_equal(changed, 0);
	now = (struct stamp){ 3, 3 };
	assert_true(tape_end(&tape, &now, SIZE_MAX));
	message(&address, 4);
	assert_int_equal(changed, 0);
	tape_settle(&tape);
	assert_int_equal(changed, 1);
	message(&address, 5);
	now = (struct stamp){ 6, 6 };
	tape_missed(&tape, &now);
	tape_settle(&tape);
	now = (struct stamp){ 7, 7 };
	tape_gap(&tape, KEV_SOURCE_LOST, 3, &now);
	/* Nothing is due. */
	tape_tick(&tape, &now);
	expect_lines(want, LENGTH(want));
}

/* Two namespaces, and a dump that ends in pieces. */
static void
others(void **state)
{
	static const char *const want[] = {
		"\"hex\":\"\"",
		AT("rtnetlink", "1", ",\"hex\":\"0102\""),
		AT("rtnetlink", "2", ",\"netns\":\"red\",\"dump\":[\"addr4\"],"
		    "\"hex\":\"\""),
		AT("rtnetlink", "3", ",\"hex\":\"0102\""),
		AT("rtnetlink", "4", ",\"continued\":true,\"dump\":[\"link\"],"
		    "\"hex\":\"\""),
		AT("rtnetlink", "5", ",\"end\":1,\"hex\":\"\""),
		AT("rtnetlink", "6", ",\"end\":true,\"hex\":\"\""),
	};
	struct state *red = state_new("red", publish, NULL);
	struct stamp now = { 2, 2 };
	struct change another = link_up;
	struct tape other;

	(void)state;
	tape_init(&other, red, recorder, "rtnetlink", "red");
	message(&link_up, 1);
	tape_begin(&other, PART_ADDR4, &now);
	/* Continues what was said of this one, but not the line before. */
	another.ifindex = 3;
	message(&another, 3);
	now = (struct stamp){ 4, 4 };
	tape_begin(&tape, PART_LINK, &now);
	now = (struct stamp){ 5, 5 };
	assert_false(tape_end(&tape, &now, 1));
	now = (struct stamp){ 6, 6 };
	assert_true(tape_end(&tape, &now, 1));
	expect_lines(want, LENGTH(want));
	state_free(red);
}

/* The file may only be so large: it ends with a whole line, and says why. */
static void
limited(void **state)
{
	struct rlimit old, small = { 5000, 5000 };
	struct recorder_stats stats;
	size_t n, i, whole = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (i = 0; i < 10000 && recorder_is_on(recorder); i++)
		message(&link_up, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_false(recorder_is_on(recorder));
	n = read_file();
	assert_true(n > 4900 && n <= 5000);
	assert_int_equal(text[n - 1], '\n');
	for (i = 0; i < n; i++)
		whole += text[i] == '\n';
	stats = recorder_stats(recorder);
	assert_string_equal(stats.file, path);
	assert_int_equal(stats.messages, whole);
	assert_int_equal(stats.bytes, n);
	assert_string_equal(stats.error, strerror(EFBIG));
	/* It goes on without. */
	message(&link_up, 2);
	assert_int_equal(read_file(), n);
}

/* A pipe that nobody empties does not hold us up. */
static void
pipe_full(void **state)
{
	size_t i;
	int fd;

	(void)state;
	recorder_free(recorder);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	/* Nobody is there to read it. */
	assert_true(recorder_open(&recorder, path) < 0);
	assert_null(recorder);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_not_equal(fd, -1);
	assert_int_equal(recorder_open(&recorder, path), 0);
	tape_init(&tape, st, recorder, "rtnetlink", NULL);
	for (i = 0; i < 100000 && recorder_is_on(recorder); i++)
		message(&link_up, 1);
	assert_false(recorder_is_on(recorder));
	assert_true(recorder_stats(recorder).bytes > 4096);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limited, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pipe_full, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

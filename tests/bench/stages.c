/*
 * stages DIRECTORY: what each part of the way of a message takes, in
 * nanoseconds: a line of a recording is read; bytes become a change; that
 * becomes events; these become JSON. Beside the same JSON by one snprintf(), and
 * by jansson, which reads and writes it.
 */
#include "config.h"

#include "bench.h"
#include "event.h"
#include "format.h"
#include "record.h"
#include "recording.h"
#include "state.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 20000
#define BATCH 32

static struct message messages[MESSAGES];
static struct record records[MESSAGES];
static char *lines[MESSAGES];
static size_t lengths[MESSAGES];
static unsigned count;
static const struct format *format;

/* What the state tells, and what becomes of it. */
static struct state *state;
static struct stamp now;
static struct buf out;
static unsigned events;

static void
load(const char *file)
{
	FILE *f = fopen(file, "re");
	size_t size;
	ssize_t n;

	while (f != NULL && count < MESSAGES) {
		n = getline(&lines[count], &size, f);
		if (n == -1)
			break;
		lengths[count] = (size_t)n - 1;
		size = 0;
		if (record_get(&records[count], lines[count],
		    lengths[count]) != NULL)
			die("%s: a line is not read", file);
		messages[count] = records[count].message;
		if (!records[count].empty)
			count++;
		else
			record_fini(&records[count]);
	}
	if (f == NULL)
		die("%s: %s", file, strerror(errno));
	fclose(f);
}

static void
ignore(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	(void)arg;
	(void)m;
	(void)found;
	(void)c;
}

static void
apply(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	(void)arg;
	(void)m;
	if (found == MESSAGE_CHANGE)
		state_apply(state, c, &now);
}

static void
count_event(void *arg, struct kev_event *ev)
{
	(void)arg;
	(void)ev;
	events++;
}

static void
encode_event(void *arg, struct kev_event *ev)
{
	(void)arg;
	events++;
	ev->seq = events;
	ev->run = "0123456789abcdef";
	buf_clear(&out);
	kev_event_put(&out, ev);
}

/* All messages; nanoseconds for each. */
static double
decode_all(format_take_fn *take)
{
	uint64_t begun = now_ns();
	void *memory = calloc(1, format->memory + 1);
	unsigned i;

	for (i = 0; i < count; i++) {
		format->decode(memory, &messages[i], take, NULL);
		now.mono += 10;
		now.time += 10;
		if (state != NULL && i % BATCH == BATCH - 1)
			state_settle(state, &now);
	}
	free(memory);
	return (double)(now_ns() - begun) / count;
}

static double
diff_all(state_publish_fn *publish)
{
	double ns;

	state = state_new(NULL, publish, NULL);
	if (state == NULL)
		die("out of memory");
	events = 0;
	ns = decode_all(apply);
	state_free(state);
	state = NULL;
	return ns;
}

static double
read_all(void)
{
	uint64_t begun = now_ns();
	struct record r = { .text = NULL };
	unsigned i;

	for (i = 0; i < count; i++) {
		if (record_get(&r, lines[i], lengths[i]) != NULL)
			die("a line is not read");
		record_fini(&r);
	}
	return (double)(now_ns() - begun) / count;
}

/* The least that a line of that length takes; nanoseconds an event. */
static double
print_all(void)
{
	uint64_t begun = now_ns();
	char text[1024];
	unsigned i;

	for (i = 0; i < count; i++)
		snprintf(text, sizeof text, "{\"topic\":\"%s\",\"time\":\"%s\","
		    "\"mono\":%llu,\"seq\":%u,\"id\":\"%s-%u\",\"ifname\":\"%s\","
		    "\"ifindex\":%u,\"source\":\"rtnetlink\",\"data\":{"
		    "\"family\":\"inet\",\"address\":\"10.%u.%u.%u\","
		    "\"prefixlen\":%u,\"label\":\"%s\",\"scope\":\"global\","
		    "\"flags\":[\"permanent\"],\"status\":\"preferred\"}}\n",
		    "ipv4/address-add", "2026-01-01T00:00:00.000000Z",
		    (unsigned long long)begun + i, i, "0123456789abcdef", i,
		    "v0", 3, i >> 16, i >> 8 & 255, i & 255, 32, "v0");
	return (double)(now_ns() - begun) / count;
}

static double
parse_all(void)
{
	uint64_t begun = now_ns();
	unsigned i;
	json_t *j;
	char *s;

	for (i = 0; i < count; i++) {
		j = json_loadb(out.data, out.len, 0, NULL);
		s = json_dumps(j, JSON_COMPACT);
		if (s == NULL)
			die("jansson: no JSON");
		free(s);
		json_decref(j);
	}
	return (double)(now_ns() - begun) / count;
}

static void
print(const char *what, const struct series *s)
{
	printf("stages %-28s %6.0f ns +-%2.0f%%\n", what, series_median(s),
	    series_spread(s) / 2);
}

int
main(int argc, char *argv[])
{
	struct series reading = { 0 }, decoding = { 0 }, diffing = { 0 },
	    encoding = { 0 }, printing = { 0 }, parsing = { 0 };
	unsigned i, often = rounds(9);
	double decode, diff, encode;
	char file[128];
	size_t k;

	if (argc != 2)
		die("usage: stages DIRECTORY");
	for (k = 0; formats[k] != NULL; k++) {
		if (strcmp(formats[k]->name, "rtnetlink") == 0)
			format = formats[k];
	}
	snprintf(file, sizeof file, "%s/recording", argv[1]);
	recording_make(file, NULL, MESSAGES);
	load(file);
	for (i = 0; i < often; i++) {
		decode = decode_all(ignore);
		diff = diff_all(count_event);
		encode = diff_all(encode_event);
		series_add(&reading, read_all());
		series_add(&decoding, decode);
		series_add(&diffing, diff - decode);
		series_add(&encoding, (encode - diff) * count / events);
		series_add(&printing, print_all());
		series_add(&parsing, parse_all());
	}
	print("a line of a recording", &reading);
	print("decode a message", &decoding);
	print("diff a message", &diffing);
	print("encode an event", &encoding);
	print("limit: one snprintf()", &printing);
	print("jansson: parse and dump", &parsing);
	printf("stages: %.2f events a message\n", (double)events / count);
	return 0;
}

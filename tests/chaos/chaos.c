/*
 * chaos DIRECTORY SEED STEPS CLIENTS: a kevd, many clients that do as they
 * like, and a kernel that has no rest; what must be true is checked all along.
 *
 * What is done comes from the seed alone, step by step, and never from what
 * came of it or when; so a run can be had again, as far as the kernel does the
 * same.
 */
#include "config.h"

#include "broken.h"
#include "churn.h"
#include "crowd.h"
#include "dice.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	struct crowd all;
	uint64_t seed, dice;
	unsigned long step, steps;
	size_t queue, history;	/* options of kevd */
	bool netns;		/* it watches other namespaces, too */
	unsigned files[2];	/* descriptors of a kevd without clients */
	unsigned long starts, settled;
	uint64_t events;
} k;

static void
start(void)
{
	static const size_t queues[] = { 4096, 65536, 1048576 };
	static const size_t histories[] = { 0, 65536, 4194304 };
	static const size_t buffers[] = { 4096, 200000, 33554432 };
	char options[512];
	size_t rcvbuf = buffers[dice_below(&k.dice, 3)];

	k.queue = queues[dice_below(&k.dice, 3)];
	k.history = histories[dice_below(&k.dice, 3)];
	k.netns = dice_chance(&k.dice, 500);
	snprintf(options, sizeof options,
	    "--queue %zu --history %zu --rcvbuf %zu %s", k.queue, k.history,
	    rcvbuf, k.netns ? "--netns all" : "");
	crowd_start(&k.all, options);
	k.starts++;
	crowd_watch(&k.all, &k.all.clients[0]);
}

static void
settle(void)
{
	crowd_settle(&k.all);
	k.settled++;
}

static void
end(int number)
{
	k.events += journal_size();
	crowd_end(&k.all, number);
}

/* No more than what kevd(8) says that it may take. */
static void
check_memory(void)
{
	size_t ring = k.history > k.queue ? k.history : k.queue, each, bound;

	each = 2 * (k.queue + 8 * client_longest);
	bound = k.all.kevd.base + 2 * (ring * 4 / 3 + 512 * 1024) +
	    k.all.n * each + (8 << 20);
	if (getenv("KEV_CHAOS_MEMORY") != NULL &&
	    kevd_memory(&k.all.kevd, "VmHWM:") > bound)
		broken("kevd took %zu bytes, more than %zu",
		    kevd_memory(&k.all.kevd, "VmHWM:"), bound);
}

/* A cursor: its own, of another client, of long ago, of no one. */
static void
put_after(struct client *c, json_t *r)
{
	static const char *const strange[] = { "abc-1", "0000000000000000-17",
	    "x-99999999" };
	const struct client *other =
	    &k.all.clients[dice_below(&k.dice, k.all.n)];
	char cursor[64];
	uint64_t seq;

	switch (dice_below(&k.dice, 6)) {
	case 0:
		snprintf(cursor, sizeof cursor, "%s",
		    strange[dice_below(&k.dice, 3)]);
		break;
	case 1:
		snprintf(cursor, sizeof cursor, "%s-0", client_run);
		break;
	case 2:
		snprintf(cursor, sizeof cursor, "%s-999999999", client_run);
		break;
	case 3:
		c = (struct client *)other;
		/* FALLTHROUGH */
	default:
		seq = c->stint != NULL ? c->last : c->viewed;
		snprintf(cursor, sizeof cursor, "%s-%ju", c->run,
		    (uintmax_t)seq);
	}
	/* Before anybody knows a run. */
	if (cursor[0] != '-')
		json_object_set_new(r, "after", json_string(cursor));
}

static void
subscribe(struct client *c)
{
	json_t *r = wish_make(&k.dice);

	json_object_set_new(r, "id", json_integer(++k.all.ids));
	if (dice_chance(&k.dice, 400))
		put_after(c, r);
	client_ask(c, r, NULL);
}

static void
unsubscribe(struct client *c)
{
	static const char *const patterns[] = { "ipv4/*", "interface/*",
	    "ipv6/address-*", "*/router-*", "**" };
	json_t *r = crowd_request(&k.all, "unsubscribe");

	if (dice_chance(&k.dice, 700))
		json_object_set_new(r, "topics", json_pack("[s]",
		    patterns[dice_below(&k.dice, 5)]));
	client_ask(c, r, NULL);
}

static void
inject(struct client *c)
{
	json_t *r = json_pack("{s:s,s:s,s:s}", "op", "inject", "topic",
	    "interface/issues", "ifname", "c1");

	if (dice_chance(&k.dice, 500))
		json_object_set_new(r, "id", json_string("inject"));
	if (dice_chance(&k.dice, 200)) {
		json_object_set_new(r, "topic", json_string("kev/gap"));
		client_ask(c, r, "denied");
		return;
	}
	client_ask(c, r, NULL);
}

/* What is refused, with why. */
static void
ask_wrong(struct client *c)
{
	static const struct {
		const char *line, *code;
	} wrong[] = {
		{ "}{", "bad-json" }, { "[]", "bad-request" },
		{ "\1\2\3 not JSON at all", "bad-json" },
		{ "{\"op\":\"ping\",\"op\":\"ping\"}", "bad-json" },
		{ "\"op\"", "bad-request" }, { "{}", "bad-request" },
		{ "{\"op\":\"fly\"}", "bad-request" },
		{ "{\"op\":\"ping\",\"id\":[]}", "bad-request" },
		{ "{\"op\":\"subscribe\"}", "bad-request" },
		{ "{\"op\":\"subscribe\",\"topics\":[]}", "bad-request" },
		{ "{\"op\":\"subscribe\",\"topics\":[7]}", "bad-request" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"x\"]}", "bad-pattern" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"ipv6/x\"]}",
		    "unknown-topic" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\",\"a/[b]\"]}",
		    "bad-pattern" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],\"after\":\"x\"}",
		    "bad-request" },
		{ "{\"op\":\"subscribe\",\"topics\":[\"**\"],"
		    "\"snapshot\":1}", "bad-request" },
		{ "{\"op\":\"unsubscribe\",\"topics\":\"**\"}", "bad-request" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv4/x\"}", "unknown-topic" },
		{ "{\"op\":\"inject\",\"topic\":\"ipv4/collision\","
		    "\"data\":{\"mtu\":1}}", "bad-request" },
	};
	unsigned i = dice_below(&k.dice, sizeof wrong / sizeof wrong[0]);
	struct buf b = BUF_INIT;

	buf_puts(&b, wrong[i].line);
	buf_puts(&b, dice_chance(&k.dice, 300) ? "\r\n\n \t\n" : "\n");
	client_say(c, b.data, b.len, wrong[i].code, 1);
	buf_fini(&b);
}

/* Lines with any bytes in them, and one that is too long. */
static void
babble(struct client *c)
{
	unsigned n = 1 + dice_below(&k.dice, 3), i, len;
	struct buf b = BUF_INIT;
	char byte;

	for (i = 0; i < n; i++) {
		buf_putc(&b, '}');
		for (len = dice_below(&k.dice, 300); len > 0; len--) {
			byte = (char)dice_below(&k.dice, 256);
			buf_putc(&b, byte == '\n' ? '\0' : byte);
		}
		buf_putc(&b, '\n');
	}
	client_say(c, b.data, b.len, "bad-json", n);
	buf_clear(&b);
	len = 65537 + dice_below(&k.dice, 100000);
	while (b.len < len)
		buf_puts(&b, "{\"op\":\"ping\",\"id\":1}");
	buf_putc(&b, '\n');
	if (dice_chance(&k.dice, 200))
		client_say(c, b.data, b.len, "too-long", 1);
	buf_fini(&b);
}

static void
begin_line(struct client *c)
{
	json_t *r = json_pack("{s:s}", "op", "ping");

	/* The answer is awaited from here on. */
	if (client_expect(c, r, "{\"op\":\"pi"))
		c->rest = "ng\"}\n";
}

static void
talk(struct client *c)
{
	unsigned what = dice_below(&k.dice, 100);

	client_finish(c);
	if (what < 30)
		subscribe(c);
	else if (what < 38)
		unsubscribe(c);
	else if (what < 55)
		client_ask(c, crowd_request(&k.all, "ping"), NULL);
	else if (what < 70)
		client_ask(c, crowd_request(&k.all, "state"), NULL);
	else if (what < 73)
		client_ask(c, crowd_request(&k.all, "stats"), NULL);
	else if (what < 75)
		client_ask(c, crowd_request(&k.all, "topics"), NULL);
	else if (what < 80)
		inject(c);
	else if (what < 90)
		ask_wrong(c);
	else if (what < 94)
		babble(c);
	else
		begin_line(c);
}

static void
join(struct client *c)
{
	if (c->fd == -1 && !client_connect(c, k.all.path))
		return;
	subscribe(c);
}

static void
live(struct client *c)
{
	unsigned what = dice_below(&k.dice, 100);

	if (c->fd == -1 || what < 10) {
		client_finish(c);
		join(c);
	} else if (what < 30) {
		c->stalls = true;
	} else if (what < 75) {
		c->stalls = false;
	} else if (what < 80) {
		/* Half of its last line may be all there is of it. */
		if (c->rest == NULL)
			client_say(c, "{\"op\"", 5, "bad-json", 1);
		else
			client_finish(c);
		client_end(c);
	} else if (what < 95) {
		/* With what it did not read, kevd gets a reset. */
		client_close(c);
	} else {
		client_say(c, "{\"op\":\"state\"", 13, NULL, 0);
		client_pump(c, true);
		client_close(c);
	}
}

static void
churn(void)
{
	struct buf b = BUF_INIT;
	unsigned n = 1 + dice_below(&k.dice, 12);
	char netns[4];
	bool elsewhere;

	snprintf(netns, sizeof netns, "n%u", dice_below(&k.dice, 3));
	elsewhere = dice_chance(&k.dice, 100);
	while (n-- > 0)
		churn_make(&k.dice, &b);
	if (dice_chance(&k.dice, 60)) {
		churn_spaces(&k.dice, &b);
		elsewhere = false;
	}
	if (dice_chance(&k.dice, 30))
		churn_flood(&k.dice, &b, 20 + dice_below(&k.dice, 400));
	churn_run(elsewhere ? netns : NULL, &b);
	buf_fini(&b);
}

/* Stopped, while more happens than the buffer of its socket may hold. */
static void
freeze(void)
{
	unsigned n = dice_below(&k.dice, 4);

	kevd_stop(&k.all.kevd, true);
	while (n-- > 0) {
		churn();
		crowd_pump(&k.all, 0);
	}
	if (dice_chance(&k.dice, 500))
		kevd_stop(&k.all.kevd, false);
}

static void
replace(void)
{
	bool hard = dice_chance(&k.dice, 600);
	unsigned i;

	if (dice_chance(&k.dice, 500))
		settle();
	check_memory();
	end(hard ? SIGKILL : SIGTERM);
	if (!hard && access(k.all.path, F_OK) == 0)
		broken("kevd left its socket");
	start();
	for (i = 1; i < k.all.n; i++) {
		if (dice_chance(&k.dice, 500))
			join(&k.all.clients[i]);
	}
}

static void
step(void)
{
	struct client *c = &k.all.clients[1 + dice_below(&k.dice, k.all.n - 1)];
	unsigned what = dice_below(&k.dice, 1000), n;

	if (what < 6) {
		replace();
	} else if (what < 20) {
		freeze();
	} else if (what < 300) {
		churn();
	} else if (what < 550) {
		live(c);
	} else {
		for (n = 1 + dice_below(&k.dice, 8); n > 0; n--)
			talk(c);
	}
	/* Stopped for some steps, in which others go on. */
	if (k.all.kevd.stopped && dice_chance(&k.dice, 100))
		kevd_stop(&k.all.kevd, false);
	crowd_pump(&k.all, 0);
}

/* As many descriptors as before, once all that it watched is gone, too. */
static void
check_files(void)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "netns del n0\nnetns del n1\nnetns del n2\n");
	churn_run(NULL, &b);
	buf_fini(&b);
	crowd_leave(&k.all, k.files[k.netns]);
}

static void
count_files(void)
{
	int netns;

	for (netns = 0; netns < 2; netns++) {
		crowd_start(&k.all, netns ? "--netns all" : "");
		/* Once it answers it has closed what it started with. */
		crowd_watch(&k.all, &k.all.clients[0]);
		crowd_ask(&k.all, "ping");
		k.files[netns] = kevd_files(&k.all.kevd) - 1;
		crowd_end(&k.all, SIGTERM);
	}
}

int
main(int argc, char *argv[])
{
	if (argc != 5) {
		fprintf(stderr, "usage: chaos DIRECTORY SEED STEPS CLIENTS\n");
		return 2;
	}
	k.seed = k.dice = strtoull(argv[2], NULL, 10);
	k.steps = strtoul(argv[3], NULL, 10);
	crowd_init(&k.all, argv[1], 2 + (unsigned)strtoul(argv[4], NULL, 10));
	count_files();
	start();
	for (k.step = 1; k.step <= k.steps; k.step++) {
		snprintf(broken_where, sizeof broken_where,
		    "KEV_CHAOS_SEED=%ju, step %lu of %lu", (uintmax_t)k.seed,
		    k.step, k.steps);
		step();
	}
	settle();
	check_memory();
	check_files();
	end(SIGTERM);
	printf("%lu steps, %ju events, kevd started %lu times, all the same "
	    "%lu times\n", k.steps, (uintmax_t)k.events, k.starts, k.settled);
	crowd_fini(&k.all);
	return 0;
}

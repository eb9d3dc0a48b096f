#include "config.h"

#include "buf.h"
#include "homeassistant.h"
#include "kev.h"
#include "mqttlink.h"
#include "mqttname.h"
#include "mqttoptions.h"
#include "retained.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>

/* Interfaces that are asked for and told at a time. */
enum { ROUND = 32 };
/* Until kevd is asked again when it did not answer a question. */
enum { AGAIN_MS = 1000 };

/* An interface, by its level in a topic. */
struct retained_thing {
	RB_ENTRY(retained_thing) entry;
	bool wanted;		/* to be asked for */
	bool asked;
	bool stranger;		/* only the broker knows it */
	bool presented;		/* to Home Assistant */
	int mid;		/* of its state, if that is not answered */
	size_t len;		/* of that */
	char name[];
};

static int
cmp(const struct retained_thing *a, const struct retained_thing *b)
{
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE(retained_things, retained_thing, entry, cmp)
RB_GENERATE(retained_things, retained_thing, entry, cmp)

void
retained_init(struct retained *r, const struct mqttoptions *o,
    const char *level, struct kev *kev, struct mqttlink *link)
{
	*r = (struct retained){ .options = o, .level = level, .kev = kev,
		.link = link };
	RB_INIT(&r->things);
}

static void
forget(struct retained *r, struct retained_thing *t)
{
	if (t->stranger)
		r->strangers--;
	RB_REMOVE(retained_things, &r->things, t);
	free(t);
}

void
retained_fini(struct retained *r)
{
	struct retained_thing *t;

	while ((t = RB_MIN(retained_things, &r->things)) != NULL)
		forget(r, t);
}

/* Of that name; made if it is not there. NULL: no memory. */
static struct retained_thing *
thing(struct retained *r, const char *name, bool *is_new)
{
	size_t size = strlen(name) + 1;
	struct retained_thing *t = calloc(1, sizeof *t + size), *there;

	if (t == NULL)
		return NULL;
	memcpy(t->name, name, size);
	there = RB_INSERT(retained_things, &r->things, t);
	*is_new = there == NULL;
	if (there == NULL)
		return t;
	free(t);
	return there;
}

/* The one that an event or an object of the state is about; NULL: none. */
static struct retained_thing *
thing_of(struct retained *r, const json_t *o)
{
	struct buf name = BUF_INIT;
	struct retained_thing *t = NULL;
	bool is_new;

	mqttname_interface(&name, o);
	buf_putc(&name, '\0');
	if (!name.failed && strcmp(name.data, MQTTNAME_NONE) != 0)
		t = thing(r, name.data, &is_new);
	buf_fini(&name);
	return t;
}

void
retained_all(struct retained *r)
{
	r->all = true;
}

void
retained_event(struct retained *r, const struct kev_line *line)
{
	struct retained_thing *t;

	/* The name that is gone is told by asking for all. */
	if (strcmp(kev_line_topic(line), "interface/rename") == 0)
		r->all = true;
	t = r->up ? thing_of(r, kev_line_json(line)) : NULL;
	if (t != NULL)
		t->wanted = true;
}

/* What was asked is open again. */
static void
ask_again(struct retained *r)
{
	struct retained_thing *t;

	r->asked = 0;
	RB_FOREACH(t, retained_things, &r->things)
		t->asked = false;
}

/* Not at once, or we would do nothing else. */
static void
later(struct retained *r)
{
	ask_again(r);
	r->not_before = tool_now() + AGAIN_MS;
}

void
retained_lost(struct retained *r)
{
	ask_again(r);
	r->all = true;
}

static void
topic_of(const struct retained *r, struct buf *b, const char *name)
{
	buf_puts(b, "kev/");
	buf_puts(b, r->level);
	buf_puts(b, "/state/interface/");
	buf_puts(b, name);
}

/* To be told what an earlier process of ours, or we, left there. */
static void
subscribe(struct retained *r)
{
	struct buf filter = BUF_INIT;

	r->more = false;
	topic_of(r, &filter, "+");
	buf_putc(&filter, '\0');
	if (!filter.failed)
		mqttlink_subscribe(r->link, filter.data);
	buf_fini(&filter);
}

void
retained_up(struct retained *r)
{
	struct retained_thing *t;

	r->up = true;
	r->all = true;
	r->unanswered = 0;
	ask_again(r);
	RB_FOREACH(t, retained_things, &r->things)
		t->presented = false;
	subscribe(r);
}

void
retained_down(struct retained *r)
{
	r->up = false;
}

void
retained_told(struct retained *r, const char *topic)
{
	const char *name = strrchr(topic, '/');
	struct retained_thing *t;
	bool is_new = false;

	r->more |= r->strangers >= RETAINED_STRANGERS;
	if (name == NULL || r->strangers >= RETAINED_STRANGERS)
		return;
	t = thing(r, name + 1, &is_new);
	if (t == NULL || !is_new)
		return;
	t->wanted = t->stranger = true;
	r->strangers++;
}

static void
say_refused(const char *topic, const char *why)
{
	say("the broker does not take what is in %s: %s", topic, why);
}

/* NULL: nothing is there any more. False: that is too large, which was said. */
static bool
publish(struct retained *r, const char *topic, const char *text, int *mid)
{
	struct mqttlink_message m = { .topic = topic, .retain = true };

	m.payload = text;
	m.len = text == NULL ? 0 : strlen(text);
	switch (mqttlink_publish(r->link, &m, mid)) {
	case MQTTLINK_OK:
		r->unanswered++;
		break;
	case MQTTLINK_TOO_LARGE:
		say_refused(topic, "it is too large");
		return false;
	case MQTTLINK_FAILED:
		break;
	}
	return true;
}

/* Rather nothing is there than what held before. */
static void
tell(struct retained *r, struct retained_thing *t, const char *text)
{
	struct buf topic = BUF_INIT;

	topic_of(r, &topic, t->name);
	buf_putc(&topic, '\0');
	t->len = text == NULL ? 0 : strlen(text);
	if (!topic.failed && !publish(r, topic.data, text, &t->mid))
		publish(r, topic.data, NULL, &t->mid);
	buf_fini(&topic);
}

static void
refused(struct retained *r, struct retained_thing *t, int reason)
{
	struct buf topic = BUF_INIT;
	int mid;

	topic_of(r, &topic, t->name);
	buf_putc(&topic, '\0');
	if (!topic.failed) {
		say_refused(topic.data, mosquitto_reason_string(reason));
		publish(r, topic.data, NULL, &mid);
	}
	buf_fini(&topic);
}

/* What it is to Home Assistant; once, and again when it is gone. */
static void
present(struct retained *r, struct retained_thing *t, bool there)
{
	struct buf topic = BUF_INIT, payload = BUF_INIT;
	int mid;

	if (r->options->home_assistant == NULL || t->presented == there)
		return;
	t->presented = there;
	homeassistant_put(&topic, &payload, r->options->home_assistant,
	    r->options->host, r->level, t->name);
	buf_putc(&topic, '\0');
	buf_putc(&payload, '\0');
	if (!topic.failed && !payload.failed)
		publish(r, topic.data, there ? payload.data : NULL, &mid);
	buf_fini(&topic);
	buf_fini(&payload);
}

static void
told_of(struct retained *r, const json_t *interface)
{
	struct retained_thing *t = thing_of(r, interface);
	char *text;

	if (t == NULL)
		return;
	if (t->stranger)
		r->strangers--;
	t->stranger = false;
	text = json_dumps(interface, JSON_COMPACT);
	if (text != NULL) {
		present(r, t, true);
		tell(r, t, text);
	}
	free(text);
	t->wanted = t->asked = false;
}

/* All there is: each is to be asked for, and what is not there, too. */
static void
told_all(struct retained *r, const json_t *interfaces)
{
	struct retained_thing *t;
	const json_t *interface;
	size_t i;

	r->all = false;
	json_array_foreach(interfaces, i, interface)
		thing_of(r, interface);
	RB_FOREACH(t, retained_things, &r->things)
		t->wanted = true;
}

static void
told_some(struct retained *r, const json_t *interfaces)
{
	struct retained_thing *t, *next;
	const json_t *interface;
	size_t i;

	json_array_foreach(interfaces, i, interface)
		told_of(r, interface);
	RB_FOREACH_SAFE(t, retained_things, &r->things, next) {
		if (!t->asked)
			continue;
		t->presented = true;
		present(r, t, false);
		tell(r, t, NULL);
		forget(r, t);
	}
}

bool
retained_answer(struct retained *r, const struct kev_line *line)
{
	const json_t *interfaces = json_object_get(kev_line_json(line),
	    "interfaces");
	bool all = true;
	struct retained_thing *t;

	if (r->asked == 0 || kev_line_reply(line) != r->asked)
		return false;
	r->asked = 0;
	RB_FOREACH(t, retained_things, &r->things)
		all &= !t->asked;
	if (!kev_line_ok(line)) {
		if (!r->refused)
			tool_refused(line);
		later(r);
	} else if (r->up && all) {
		told_all(r, interfaces);
	} else if (r->up) {
		told_some(r, interfaces);
	}
	r->refused = !kev_line_ok(line);
	return true;
}

void
retained_done(struct retained *r, int mid, int reason)
{
	struct retained_thing *t;

	if (r->unanswered > 0)
		r->unanswered--;
	if (reason < MQTT_RC_UNSPECIFIED)
		return;
	if (!mqttlink_is_final(reason)) {
		mqttlink_refused(r->link, reason);
		return;
	}
	RB_FOREACH(t, retained_things, &r->things) {
		if (t->mid == mid)
			break;
	}
	if (t != NULL) {
		mqttlink_learn(r->link, reason, t->len);
		refused(r, t, reason);
		return;
	}
	say("the broker does not take all that is retained: %s",
	    mosquitto_reason_string(reason));
}

/* Globs of those that are wanted, some of them. */
static json_t *
globs(struct retained *r)
{
	json_t *list = json_array();
	struct retained_thing *t;
	size_t n = 0;

	RB_FOREACH(t, retained_things, &r->things) {
		struct buf glob = BUF_INIT;

		t->mid = 0;
		if (!t->wanted || n == ROUND)
			continue;
		mqttname_glob(&glob, t->name);
		if (json_array_append_new(list, json_stringn(glob.data,
		    glob.len)) == 0) {
			t->asked = true;
			n++;
		}
		buf_fini(&glob);
	}
	return list;
}

static void
ask(struct retained *r, json_t *ifnames)
{
	json_t *members = json_object(), *netns = json_array();
	char *text, **p;

	for (p = r->options->netns; *p != NULL; p++)
		json_array_append_new(netns, json_string(*p));
	if (json_array_size(netns) > 0)
		json_object_set(members, "netns", netns);
	if (ifnames != NULL)
		json_object_set(members, "ifname", ifnames);
	text = json_dumps(members, JSON_COMPACT);
	if (text != NULL)
		r->asked = kev_request(r->kev, "state", text);
	if (r->asked <= 0)
		later(r);
	free(text);
	json_decref(netns);
	json_decref(members);
}

void
retained_step(struct retained *r)
{
	json_t *some;

	if (retained_due(r) > 0)
		return;
	r->not_before = 0;
	if (!r->up || r->asked != 0 || r->unanswered > 0)
		return;
	if (r->all) {
		ask(r, NULL);
		return;
	}
	some = globs(r);
	if (json_array_size(some) > 0)
		ask(r, some);
	else if (r->more)
		subscribe(r);
	json_decref(some);
}

int
retained_due(const struct retained *r)
{
	int64_t left = r->not_before - tool_now();

	if (r->not_before == 0)
		return -1;
	return left < 0 ? 0 : (int)left;
}

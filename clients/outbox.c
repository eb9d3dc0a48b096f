#include "config.h"

#include "buf.h"
#include "mqttlink.h"
#include "mqttname.h"
#include "outbox.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>

struct outbox_entry {
	TAILQ_ENTRY(outbox_entry) entry;
	uint64_t number;	/* in the spool, 0: not there */
	int mid;
	size_t payload;		/* bytes that were sent */
	bool sent, done;
	bool late;		/* it waited for a connection */
	bool gap;		/* it is one of our own */
	size_t len;
	char *cursor;		/* behind the text */
	char text[];
};

uint64_t
outbox_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void
outbox_init(struct outbox *o, struct mqttlink *link, const char *host,
    const char *level, uint32_t expiry)
{
	o->link = link;
	o->host = host;
	o->level = level;
	o->expiry = expiry;
	TAILQ_INIT(&o->entries);
	o->n = o->bytes = 0;
	o->up = o->failing = o->unsynced = false;
	o->refused = 0;
	o->late = o->spool.last;
	strcpy(o->cursor, "");
}

static void
drop(struct outbox *o, struct outbox_entry *e)
{
	TAILQ_REMOVE(&o->entries, e, entry);
	o->n--;
	o->bytes -= e->len;
	free(e);
}

void
outbox_fini(struct outbox *o)
{
	struct outbox_entry *e;

	while ((e = TAILQ_FIRST(&o->entries)) != NULL)
		drop(o, e);
	spool_close(&o->spool);
}

static struct outbox_entry *
add(struct outbox *o, uint64_t number, const char *cursor, const char *text,
    size_t len)
{
	size_t size = strlen(cursor) + 1;
	struct outbox_entry *e = malloc(sizeof *e + len + 1 + size);

	if (e == NULL)
		return NULL;
	*e = (struct outbox_entry){ .number = number, .len = len,
		.late = number != 0 && number <= o->late,
		.cursor = e->text + len + 1 };
	memcpy(e->text, text, len);
	e->text[len] = '\0';
	memcpy(e->cursor, cursor, size);
	TAILQ_INSERT_TAIL(&o->entries, e, entry);
	o->n++;
	o->bytes += len;
	return e;
}

/* A gap of LOST events; before NUMBER in the spool, if it is from there. */
static struct outbox_entry *
add_gap(struct outbox *o, uint64_t number, const char *cursor,
    const char *cause, uint64_t lost)
{
	struct outbox_entry *e = NULL;
	struct buf text = BUF_INIT;

	mqttname_gap(&text, outbox_now(), cause, lost);
	if (!text.failed)
		e = add(o, number, cursor, text.data, text.len);
	if (e != NULL)
		e->gap = true;
	buf_fini(&text);
	return e;
}

static bool
has_room(const struct outbox *o)
{
	return o->n < OUTBOX_ENTRIES && o->bytes < OUTBOX_BYTES;
}

/* A gap for an event, which is safe when the gap is. NULL: no memory. */
static struct outbox_entry *
replace(struct outbox *o, struct outbox_entry *e)
{
	struct outbox_entry *gap = add_gap(o, e->number, e->cursor, "refused",
	    1);

	if (gap == NULL)
		return NULL;
	gap->late = e->late;
	TAILQ_REMOVE(&o->entries, gap, entry);
	TAILQ_INSERT_AFTER(&o->entries, e, gap, entry);
	e->cursor[0] = '\0';
	if (e->number > 0)
		e->number--;
	return gap;
}

static void send_entry(struct outbox *, struct outbox_entry *);

/* That is how far all is well. */
static void
advance(struct outbox *o)
{
	struct outbox_entry *e;

	while ((e = TAILQ_FIRST(&o->entries)) != NULL && e->done) {
		if (e->number != 0)
			spool_done(&o->spool, e->number);
		if (e->cursor[0] != '\0')
			snprintf(o->cursor, sizeof o->cursor, "%s", e->cursor);
		drop(o, e);
	}
}

/* The broker won't ever take it; of our own gaps none is told. */
static void
give_up(struct outbox *o, struct outbox_entry *e, const char *why)
{
	struct outbox_entry *gap = NULL;

	say("the broker does not take an event: %s: %.200s", why, e->text);
	if (!e->gap) {
		gap = replace(o, e);
		if (gap == NULL) {
			mqttlink_break(o->link, "out of memory");
			return;
		}
	}
	o->refused++;
	e->done = true;
	if (gap != NULL && o->up)
		send_entry(o, gap);
}

static void
send_entry(struct outbox *o, struct outbox_entry *e)
{
	struct buf topic = BUF_INIT, payload = BUF_INIT;
	json_t *event = json_loadb(e->text, e->len, 0, NULL);
	struct mqttlink_message m = { .expiry = o->expiry };
	enum mqttlink_result r;

	if (json_string_value(json_object_get(event, "topic")) == NULL) {
		json_decref(event);
		give_up(o, e, "it is none");
		return;
	}
	mqttname_event(&topic, o->level, event);
	buf_putc(&topic, '\0');
	mqttname_payload(&payload, e->text, e->len, o->host, e->late);
	m.topic = topic.data;
	m.payload = payload.data;
	m.len = payload.len;
	m.id = json_string_value(json_object_get(event, "id"));
	if (topic.failed || payload.failed) {
		mqttlink_break(o->link, "out of memory");
		r = MQTTLINK_FAILED;
	} else {
		r = mqttlink_publish(o->link, &m, &e->mid);
	}
	e->sent = r == MQTTLINK_OK;
	e->payload = payload.len;
	buf_fini(&topic);
	buf_fini(&payload);
	json_decref(event);
	if (r == MQTTLINK_TOO_LARGE)
		give_up(o, e, "it is too large");
}

/* False: no memory; what of it was taken L has no more. */
static bool
take(struct outbox *o, struct spool_line *l)
{
	struct outbox_entry *e;

	if (l->lost > 0) {
		e = add_gap(o, l->number - 1, "", l->dropped ?
		    "spool-full" : "spool-damaged", l->lost);
		if (e == NULL)
			return false;
		send_entry(o, e);
		l->lost = 0;
	}
	e = add(o, l->number, l->cursor, l->text, l->len);
	if (e == NULL)
		return false;
	send_entry(o, e);
	return true;
}

/* From the disk, as much as there is room for. */
static void
fill(struct outbox *o)
{
	struct spool_line l;
	int r = 0;

	while (o->up && has_room(o) && (r = spool_next(&o->spool, &l)) > 0) {
		if (take(o, &l))
			continue;
		spool_unread(&o->spool, &l);
		r = -ENOMEM;
		break;
	}
	/* A new connection will ask for it again. */
	if (r < 0)
		mqttlink_break(o->link, r == -ENOMEM ? "out of memory" :
		    strerror(-r));
	advance(o);
}

/* What is not on the disk is, then; nothing is there that is not in here, too. */
static int
spill(struct outbox *o)
{
	struct outbox_entry *e;
	int err = 0;

	TAILQ_FOREACH(e, &o->entries, entry) {
		if (e->number != 0 || e->done)
			continue;
		err = spool_put(&o->spool, e->cursor, e->text, e->len);
		if (err < 0)
			break;
		e->number = o->spool.last;
		spool_skip(&o->spool);
	}
	return err;
}

static bool
say_failing(struct outbox *o, int err)
{
	if (err < 0 && !o->failing)
		say("cannot write events to the disk: %s; kevd keeps them as "
		    "long as it can", strerror(-err));
	o->failing = err < 0 || o->unsynced;
	return err >= 0;
}

bool
outbox_put(struct outbox *o, const char *cursor, const char *text, size_t len)
{
	struct outbox_entry *e;
	int err;

	if (o->up && has_room(o) && spool_empty(&o->spool)) {
		e = add(o, 0, cursor, text, len);
		if (e == NULL)
			return false;
		send_entry(o, e);
		advance(o);
		return true;
	}
	err = spill(o);
	if (err == 0)
		err = spool_put(&o->spool, cursor, text, len);
	if (!say_failing(o, err))
		return false;
	fill(o);
	return true;
}

void
outbox_pass(struct outbox *o, const char *cursor)
{
	if (o->n == 0 && spool_empty(&o->spool))
		snprintf(o->cursor, sizeof o->cursor, "%s", cursor);
}

void
outbox_up(struct outbox *o)
{
	struct outbox_entry *e, *next;

	o->up = true;
	o->late = o->spool.last;
	for (e = TAILQ_FIRST(&o->entries); e != NULL; e = next) {
		next = TAILQ_NEXT(e, entry);
		if (!e->done)
			send_entry(o, e);
	}
	fill(o);
}

void
outbox_down(struct outbox *o)
{
	struct outbox_entry *e;

	o->up = false;
	TAILQ_FOREACH(e, &o->entries, entry) {
		e->sent = false;
		e->late = true;
	}
}

bool
outbox_done(struct outbox *o, int mid, int reason)
{
	struct outbox_entry *e;

	TAILQ_FOREACH(e, &o->entries, entry) {
		if (e->sent && !e->done && e->mid == mid)
			break;
	}
	if (e == NULL)
		return false;
	if (mqttlink_is_final(reason)) {
		mqttlink_learn(o->link, reason, e->payload);
		give_up(o, e, mosquitto_reason_string(reason));
	} else if (reason >= MQTT_RC_UNSPECIFIED) {
		mqttlink_refused(o->link, reason);
		return true;
	} else {
		e->done = true;
	}
	advance(o);
	fill(o);
	return true;
}

void
outbox_sync(struct outbox *o)
{
	int err;

	if (!o->spool.dirty)
		return;
	err = spool_sync(&o->spool);
	o->unsynced = err < 0;
	if (err < 0)
		say_failing(o, err);
}

void
outbox_save(struct outbox *o)
{
	int err = spill(o);

	if (err == 0)
		err = spool_sync(&o->spool);
	say_failing(o, err);
}

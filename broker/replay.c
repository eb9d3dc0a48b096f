#include "config.h"

#include "replay.h"

#include "event.h"
#include "format.h"
#include "log.h"
#include "record.h"
#include "tape.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

/* So many times are met one by one before a line; nobody answers what a state
 * asks for then, and it may ask again and again for as long as there is. */
#define TICKS 1024

/* What a namespace has of a format. */
struct channel {
	const struct format *format;
	struct source_stats stats;
	void *memory;		/* or NULL if it takes none */
};

struct space {
	TAILQ_ENTRY(space) entry;
	char *netns;		/* NULL: our own */
	struct state *state;
	struct tape tape;
	unsigned parts;		/* of its last dump */
	bool over;		/* it is no more; there may be another one */
	struct channel *channels;	/* as many as there are formats */
};

struct replay {
	const char *file;
	state_publish_fn *publish;
	void *arg;
	TAILQ_HEAD(, space) spaces;	/* our own first, then by name */
	struct space *last;	/* that of the line before, or NULL */
	struct source_stats stats;	/* of lines */
	uint64_t lines;
	struct record next;	/* the line to be done */
	struct stamp when;	/* its time */
	struct stamp now;
	bool begun;		/* there was a line */
	bool has_ticks;		/* and all ticks of the states are lines, too */
	struct {
		struct replay *replay;
		struct space *space;
		struct channel *channel;
	} doing;		/* what decoded messages go to */
};

static void
free_space(struct space *s)
{
	size_t i;

	for (i = 0; s->channels != NULL && formats[i] != NULL; i++)
		free(s->channels[i].memory);
	free(s->channels);
	state_free(s->state);
	free(s->netns);
	free(s);
}

/* A state in which nothing is, and nothing is known between messages. */
static bool
renew(struct replay *r, struct space *s)
{
	struct state *st = state_new(s->netns, r->publish, r->arg);
	size_t i;

	if (st == NULL)
		return false;
	state_free(s->state);
	s->state = st;
	s->over = false;
	state_set_played(st);
	tape_init(&s->tape, st, NULL, "play", s->netns);
	for (i = 0; formats[i] != NULL; i++) {
		if (formats[i]->memory > 0)
			memset(s->channels[i].memory, 0, formats[i]->memory);
	}
	return true;
}

static bool
open_channels(struct space *s)
{
	size_t n = 0, i;

	while (formats[n] != NULL)
		n++;
	s->channels = calloc(n + 1, sizeof *s->channels);
	for (i = 0; s->channels != NULL && i < n; i++) {
		s->channels[i].format = formats[i];
		source_stats_init(&s->channels[i].stats, formats[i]->name,
		    s->netns);
		if (formats[i]->memory == 0)
			continue;
		s->channels[i].memory = malloc(formats[i]->memory);
		if (s->channels[i].memory == NULL)
			return false;
	}
	return s->channels != NULL;
}

/* Its place is that of its name. NULL: no memory. */
static struct space *
add_space(struct replay *r, const char *netns)
{
	struct space *s = calloc(1, sizeof *s), *next;

	if (s == NULL)
		return NULL;
	if ((netns != NULL && (s->netns = strdup(netns)) == NULL) ||
	    !open_channels(s) || !renew(r, s)) {
		free_space(s);
		return NULL;
	}
	TAILQ_FOREACH(next, &r->spaces, entry) {
		if (next->netns != NULL && strcmp(next->netns, netns) > 0)
			break;
	}
	if (next != NULL)
		TAILQ_INSERT_BEFORE(next, s, entry);
	else
		TAILQ_INSERT_TAIL(&r->spaces, s, entry);
	return s;
}

static bool
is_named(const struct space *s, const char *netns)
{
	if (s->netns == NULL || netns == NULL)
		return s->netns == netns;
	return strcmp(s->netns, netns) == 0;
}

static struct space *
find_space(const struct replay *r, const char *netns)
{
	struct space *s;

	if (r->last != NULL && is_named(r->last, netns))
		return r->last;
	TAILQ_FOREACH(s, &r->spaces, entry) {
		if (is_named(s, netns))
			return s;
	}
	return NULL;
}

struct replay *
replay_new(const char *file, state_publish_fn *publish, void *arg)
{
	struct replay *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->file = file;
	r->publish = publish;
	r->arg = arg;
	r->doing.replay = r;
	TAILQ_INIT(&r->spaces);
	source_stats_init(&r->stats, "play", NULL);
	if (add_space(r, NULL) != NULL)
		return r;
	free(r);
	return NULL;
}

void
replay_free(struct replay *r)
{
	struct space *s;

	if (r == NULL)
		return;
	while ((s = TAILQ_FIRST(&r->spaces)) != NULL) {
		TAILQ_REMOVE(&r->spaces, s, entry);
		free_space(s);
	}
	record_fini(&r->next);
	free(r);
}

static struct channel *
find_channel(const struct space *s, const char *source)
{
	size_t i;

	for (i = 0; source != NULL && formats[i] != NULL; i++) {
		if (strcmp(formats[i]->name, source) == 0)
			return &s->channels[i];
	}
	return NULL;
}

static struct log_limit faults;

/* The line is no good, which counts for its source if that is known. */
static void
refuse(struct replay *r, const char *source, const char *fault)
{
	struct channel *c = find_channel(TAILQ_FIRST(&r->spaces), source);

	log_limited(&faults, "%s:%llu: %s", r->file,
	    (unsigned long long)r->lines, fault);
	source_stats_count(c != NULL ? &c->stats : &r->stats,
	    MESSAGE_MALFORMED);
}

/* Sources that events may be of, which nothing here can decode. */
static bool
is_foreign(const char *source)
{
	return strcmp(source, kev_origin_name(KEV_BY_RTNETLINK)) == 0 ||
	    strcmp(source, kev_origin_name(KEV_BY_AUDIT)) == 0 ||
	    strcmp(source, "ethtool") == 0;
}

/* Whether there is something to be done about the line that was read. */
static bool
check_source(struct replay *r)
{
	const char *source = r->next.message.source;

	if (strcmp(source, "timer") == 0 ||
	    find_channel(TAILQ_FIRST(&r->spaces), source) != NULL)
		return true;
	if (!is_foreign(source)) {
		refuse(r, NULL, "\"source\" is none that is known");
		return false;
	}
	if (r->stats.ignored == 0)
		log_limited(&faults, "%s:%llu: messages of \"%s\" cannot be "
		    "decoded here", r->file, (unsigned long long)r->lines,
		    source);
	source_stats_count(&r->stats, MESSAGE_IGNORED);
	return false;
}

/* A clock that is not told goes with the time; neither goes back. */
static struct stamp
find_time(const struct replay *r)
{
	const struct stamp *told = &r->next.now;
	struct stamp now = { told->time, r->now.mono };

	if (r->next.has_mono && told->mono > now.mono)
		now.mono = told->mono;
	else if (!r->next.has_mono && !r->begun)
		now.mono = told->time;
	else if (!r->next.has_mono && told->time > r->now.time)
		now.mono += told->time - r->now.time;
	return now;
}

bool
replay_offer(struct replay *r, const char *line, size_t len)
{
	const char *fault = NULL;
	struct space *s;

	r->lines++;
	if (line == NULL)
		fault = "longer than a line may be";
	else
		fault = record_get(&r->next, line, len);
	if (fault != NULL)
		refuse(r, line != NULL ? r->next.message.source : NULL, fault);
	if (fault != NULL || !check_source(r))
		return false;
	s = find_space(r, r->next.netns);
	if (!r->next.continued || s != r->last)
		replay_settle(r);
	r->when = find_time(r);
	if (!r->begun) {
		r->has_ticks = strcmp(r->next.message.source, "timer") == 0;
		r->now = r->when;
	}
	r->begun = true;
	return true;
}

uint64_t
replay_due(const struct replay *r)
{
	return r->when.mono;
}

/* The state that waits for the first time of all, if that is due, or NULL. */
static struct space *
find_due(const struct replay *r, uint64_t until)
{
	struct space *s, *first = NULL;
	uint64_t when;

	TAILQ_FOREACH(s, &r->spaces, entry) {
		when = state_deadline(s->state);
		if (when == 0 || when > until)
			continue;
		until = when;
		first = s;
	}
	return first;
}

/* What a kernel's source would have done between the lines. */
static void
let_time_pass(struct replay *r)
{
	struct stamp at = r->now;
	struct space *s;
	uint64_t due;
	int i;

	for (i = 0; (s = find_due(r, r->when.mono)) != NULL; i++) {
		due = i < TICKS ? state_deadline(s->state) : r->when.mono;
		if (due > at.mono) {
			at.time += due - at.mono;
			at.mono = due;
		}
		/* Within a batch no time passes, even of another state. */
		replay_settle(r);
		tape_tick(&s->tape, &at);
		tape_settle(&s->tape);
	}
}

static void
take(void *arg, const struct message *m, enum message_found found,
    const struct change *c)
{
	struct replay *r = arg;
	struct channel *channel = r->doing.channel;
	struct tape *tape = &r->doing.space->tape;

	tape_message(tape, m, found, c, &r->now);
	if (!m->more)
		source_stats_count(&channel->stats, found);
	if (found == MESSAGE_CHANGE)
		tape_apply(tape, c, &r->now);
	/* In those of kevd what follows from it has lines of its own. */
	if (m->lost && !r->has_ticks)
		tape_missed(tape, &r->now);
	if (found == MESSAGE_MALFORMED)
		log_limited(&faults, "%s:%llu: malformed message of %s%s%s",
		    r->file, (unsigned long long)r->lines,
		    channel->format->name, m->fault != NULL ? ": " : "",
		    m->fault != NULL ? m->fault : "");
}

static void
end_dump(struct space *s, const struct stamp *now, size_t limit)
{
	if (!tape_end(&s->tape, now, limit))
		return;
	/* There is always something in a namespace that can be looked into. */
	s->over = s->netns != NULL &&
	    (s->parts & PART_ALL) == PART_ALL &&
	    state_is_empty(s->state);
}

static void
do_line(struct replay *r, struct space *s)
{
	const struct record *line = &r->next;
	struct message m = line->message;

	if (strcmp(m.source, "timer") == 0) {
		tape_tick(&s->tape, &r->now);
		return;
	}
	if (line->parts != 0) {
		s->parts = line->parts;
		tape_begin(&s->tape, line->parts, &r->now);
	}
	if (!line->empty) {
		r->doing.space = s;
		r->doing.channel = find_channel(s, m.source);
		m.source = r->doing.channel->format->name;
		r->doing.channel->format->decode(r->doing.channel->memory, &m,
		    take, r);
	}
	if (line->end != 0)
		end_dump(s, &r->now, line->end);
	if (line->cause != 0 && strcmp(m.source, "audit") == 0)
		tape_missed(&s->tape, &r->now);
	else if (line->cause != 0)
		tape_gap(&s->tape, line->cause, line->lost, &r->now);
}

void
replay_step(struct replay *r)
{
	struct space *s;

	if (!r->has_ticks)
		let_time_pass(r);
	r->now = r->when;
	s = find_space(r, r->next.netns);
	if (s == NULL)
		s = add_space(r, r->next.netns);
	else if (s->over && r->next.cause == 0 && !renew(r, s))
		s = NULL;
	r->last = s;
	if (s == NULL) {
		refuse(r, NULL, "out of memory");
		return;
	}
	do_line(r, s);
	source_stats_count(&r->stats, MESSAGE_CHANGE);
}

void
replay_settle(struct replay *r)
{
	if (r->last != NULL)
		tape_settle(&r->last->tape);
}

void
replay_end(struct replay *r)
{
	struct space *s;

	TAILQ_FOREACH(s, &r->spaces, entry) {
		if (s->tape.dumping) {
			log_limited(&faults, "%s: ends within a dump", r->file);
			tape_cancel(&s->tape, &r->now);
		}
		tape_flush(&s->tape);
		tape_settle(&s->tape);
	}
}

const struct state *
replay_state(const struct replay *r, size_t n)
{
	const struct space *s;

	TAILQ_FOREACH(s, &r->spaces, entry) {
		if (n-- == 0)
			return s->state;
	}
	return NULL;
}

/* First that of lines; then those of each namespace. */
const struct source_stats *
replay_stats(const struct replay *r, size_t n)
{
	const struct space *s;
	size_t i;

	if (n-- == 0)
		return &r->stats;
	TAILQ_FOREACH(s, &r->spaces, entry) {
		for (i = 0; formats[i] != NULL; i++) {
			if (n-- == 0)
				return &s->channels[i].stats;
		}
	}
	return NULL;
}

struct stamp
replay_now(const struct replay *r)
{
	return r->now;
}

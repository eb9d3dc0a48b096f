#include "config.h"

#include "buf.h"
#include "prometheus.h"
#include "text.h"

#include <stdio.h>

#include <jansson.h>

/* What there is one of. A path of one or two members. */
static const struct single {
	const char *outer, *member, *name, *type, *help;
} singles[] = {
	{ NULL, "uptime", "kev_uptime_seconds", "gauge",
	    "Seconds since kevd began" },
	{ NULL, "rss", "kev_resident_memory_bytes", "gauge",
	    "Resident memory of kevd" },
	{ "sandbox", "no_new_privs", "kev_sandbox_no_new_privs", "gauge",
	    "Whether kevd can gain no privileges" },
	{ "sandbox", "seccomp", "kev_sandbox_seccomp", "gauge",
	    "Whether kevd has few system calls" },
	{ "sandbox", "landlock", "kev_sandbox_landlock", "gauge",
	    "Version of Landlock that keeps kevd from files, or 0" },
	{ "history", "bytes", "kev_history_bytes", "gauge",
	    "Bytes of events kept" },
	{ "history", "events", "kev_history_events", "gauge", "Events kept" },
	{ "record", "messages", "kev_record_messages_total", "counter",
	    "Lines recorded" },
	{ "record", "bytes", "kev_record_bytes_total", "counter",
	    "Bytes recorded" },
	{ NULL, "turned_away", "kev_clients_turned_away_total", "counter",
	    "Clients that found no place" },
	{ NULL, "cut_off", "kev_clients_cut_off_total", "counter",
	    "Clients that took too little for too long" },
};

/* What every source has. */
static const struct single each[] = {
	{ NULL, "received", "kev_source_received_total", "counter",
	    "Messages from the kernel" },
	{ NULL, "decoded", "kev_source_decoded_total", "counter",
	    "Messages that said something" },
	{ NULL, "ignored", "kev_source_ignored_total", "counter",
	    "Messages about nothing of ours" },
	{ NULL, "malformed", "kev_source_malformed_total", "counter",
	    "Messages that were broken" },
	{ NULL, "overruns", "kev_source_overruns_total", "counter",
	    "Times that the kernel dropped messages" },
	{ NULL, "resyncs", "kev_source_resyncs_total", "counter",
	    "Times that all was read anew" },
	{ NULL, "available", "kev_source_available", "gauge",
	    "Whether the source could be opened" },
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static long long
number(const json_t *v)
{
	return json_is_true(v) ? 1 : (long long)json_integer_value(v);
}

static void
head(const char *name, const char *type, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label: made harmless, so that there is no newline to be escaped either. */
static void
put_label(const char *name, const char *value)
{
	struct buf b = BUF_INIT;
	size_t i;

	text_puts(&b, value);
	printf("%s=\"", name);
	for (i = 0; i < b.len; i++)
		printf(b.data[i] == '"' || b.data[i] == '\\' ? "\\%c" : "%c",
		    b.data[i]);
	putchar('"');
	buf_fini(&b);
}

static void
print_flaps(const json_t *flaps)
{
	static const char *const ways[] = { "up", "down", NULL };
	const char *const *way, *netns;
	struct buf name = BUF_INIT;
	json_t *v;
	size_t i;

	head("kev_link_changes_total", "counter",
	    "Times that the link of an interface went up or down");
	json_array_foreach((json_t *)flaps, i, v) {
		buf_clear(&name);
		text_ifname(&name, v, false);
		buf_putc(&name, '\0');
		netns = json_string_value(json_object_get(v, "netns"));
		for (way = ways; *way != NULL && !name.failed; way++) {
			fputs("kev_link_changes_total{", stdout);
			put_label("ifname", name.data);
			if (netns != NULL)
				put_label(",netns", netns);
			printf(",to=\"%s\"} %lld\n", *way,
			    number(json_object_get(v, *way)));
		}
	}
	buf_fini(&name);
}

/* Those of one namespace; NULL: of kevd's own. */
static void
print_group(const struct single *s, const char *netns, const json_t *sources)
{
	const char *source;
	json_t *v;

	json_object_foreach((json_t *)sources, source, v) {
		printf("%s{source=\"%s\"", s->name, source);
		if (netns != NULL)
			put_label(",netns", netns);
		printf("} %lld\n", number(json_object_get(v, s->member)));
	}
}

static void
print_sources(const json_t *stats)
{
	const char *netns;
	json_t *v;
	size_t i;

	for (i = 0; i < LENGTH(each); i++) {
		head(each[i].name, each[i].type, each[i].help);
		print_group(&each[i], NULL, json_object_get(stats, "sources"));
		json_object_foreach(json_object_get(stats, "netns"), netns, v)
			print_group(&each[i], netns, v);
	}
}

static void
print_clients(const json_t *clients)
{
	long long queued = 0, lost = 0;
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)clients, i, v) {
		queued += number(json_object_get(v, "queued"));
		lost += number(json_object_get(v, "lost"));
	}
	head("kev_clients", "gauge", "Clients connected");
	printf("kev_clients %zu\n", json_array_size(clients));
	head("kev_clients_queued_bytes", "gauge",
	    "Bytes that clients have not taken yet");
	printf("kev_clients_queued_bytes %lld\n", queued);
	head("kev_clients_lost_events", "gauge",
	    "Events that clients now connected have missed");
	printf("kev_clients_lost_events %lld\n", lost);
}

void
prometheus_print(const struct json_t *stats)
{
	const struct single *s;
	const json_t *outer;
	const char *topic;
	json_t *v;
	size_t i;

	for (i = 0; i < LENGTH(singles); i++) {
		s = &singles[i];
		outer = s->outer != NULL ? json_object_get(stats, s->outer) :
		    stats;
		head(s->name, s->type, s->help);
		printf("%s %lld\n", s->name,
		    number(json_object_get(outer, s->member)));
	}
	print_sources(stats);
	head("kev_events_total", "counter", "Events published");
	json_object_foreach(json_object_get(stats, "events"), topic, v)
		printf("kev_events_total{topic=\"%s\"} %lld\n", topic,
		    number(v));
	print_flaps(json_object_get(stats, "flaps"));
	print_clients(json_object_get(stats, "clients"));
}

#include "config.h"

#include "buf.h"
#include "prometheus.h"
#include "text.h"
#include "topics.h"

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
	{ "sandbox", "pledge", "kev_sandbox_pledge", "gauge",
	    "Whether kevd has pledged what it does" },
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

/*
 * So many are told by name. Whoever has a namespace may make as many others,
 * and call them what he likes, and each name is a time series for good.
 */
enum { INTERFACES_MAX = 1000, NETNS_MAX = 100 };

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

static void
print_one(const char *name, const char *type, const char *help, long long n)
{
	head(name, type, help);
	printf("%s %lld\n", name, n);
}

/* A label: made harmless, so that there is no newline to be escaped either. */
static void
put_label(struct buf *b, const char *name, const char *value)
{
	struct buf shown = BUF_INIT;
	size_t i;

	text_puts(&shown, value);
	if (b->len > 0)
		buf_putc(b, ',');
	buf_puts(b, name);
	buf_puts(b, "=\"");
	for (i = 0; i < shown.len; i++) {
		if (shown.data[i] == '"' || shown.data[i] == '\\')
			buf_putc(b, '\\');
		buf_putc(b, shown.data[i]);
	}
	buf_putc(b, '"');
	buf_fini(&shown);
}

/*
 * Two that look the same are one: for two equal lines Prometheus would refuse
 * all of them.
 */
static void
add(json_t *sums, struct buf *labels, long long n)
{
	buf_putc(labels, '\0');
	if (labels->failed)
		return;
	n += number(json_object_get(sums, labels->data));
	json_object_set_new(sums, labels->data, json_integer(n));
}

static void
print_sums(const char *name, json_t *sums)
{
	const char *labels;
	json_t *v;

	json_object_foreach(sums, labels, v)
		printf("%s{%s} %lld\n", name, labels, number(v));
	json_decref(sums);
}

static void
add_flaps(json_t *sums, const json_t *flaps, const char *ifname)
{
	static const char *const ways[] = { "up", "down", NULL };
	const char *netns = json_string_value(json_object_get(flaps, "netns"));
	struct buf labels = BUF_INIT;
	const char *const *way;

	for (way = ways; *way != NULL; way++) {
		buf_clear(&labels);
		put_label(&labels, "ifname", ifname);
		if (netns != NULL)
			put_label(&labels, "netns", netns);
		put_label(&labels, "to", *way);
		add(sums, &labels, number(json_object_get(flaps, *way)));
	}
	buf_fini(&labels);
}

static void
print_flaps(const json_t *flaps)
{
	struct buf name = BUF_INIT;
	json_t *sums = json_object(), *v;
	size_t i, n = json_array_size(flaps);

	for (i = 0; i < n && i < INTERFACES_MAX; i++) {
		v = json_array_get(flaps, i);
		buf_clear(&name);
		text_ifname(&name, v, false);
		buf_putc(&name, '\0');
		if (!name.failed)
			add_flaps(sums, v, name.data);
	}
	buf_fini(&name);
	head("kev_link_changes_total", "counter",
	    "Times that the link of an interface went up or down");
	print_sums("kev_link_changes_total", sums);
	print_one("kev_link_changes_omitted", "gauge",
	    "Interfaces whose link changed and that are not told by name",
	    (long long)(n - i));
}

/* Those of one namespace; NULL: of kevd's own. */
static void
add_group(json_t *sums, const struct single *s, const char *netns,
    const json_t *sources)
{
	struct buf labels = BUF_INIT;
	const char *source;
	json_t *v;

	json_object_foreach((json_t *)sources, source, v) {
		buf_clear(&labels);
		put_label(&labels, "source", source);
		if (netns != NULL)
			put_label(&labels, "netns", netns);
		add(sums, &labels, number(json_object_get(v, s->member)));
	}
	buf_fini(&labels);
}

static void
print_sources(const struct single *s, const json_t *stats)
{
	const char *netns;
	json_t *sums = json_object(), *v;
	size_t n = 0;

	add_group(sums, s, NULL, json_object_get(stats, "sources"));
	json_object_foreach(json_object_get(stats, "netns"), netns, v) {
		if (n++ == NETNS_MAX)
			break;
		add_group(sums, s, netns, v);
	}
	head(s->name, s->type, s->help);
	print_sums(s->name, sums);
}

/* All of them, since of what begins to be there nobody sees that it grew. */
static void
print_events(const json_t *events)
{
	size_t i;

	head("kev_events_total", "counter", "Events published");
	for (i = 0; i < KEV_TOPICS; i++)
		printf("kev_events_total{topic=\"%s\"} %lld\n",
		    kev_topics[i].name,
		    number(json_object_get(events, kev_topics[i].name)));
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
	print_one("kev_clients", "gauge", "Clients connected",
	    (long long)json_array_size(clients));
	print_one("kev_clients_queued_bytes", "gauge",
	    "Bytes that clients have not taken yet", queued);
	print_one("kev_clients_lost_events", "gauge",
	    "Events that clients now connected have missed", lost);
}

void
prometheus_print(const struct json_t *stats)
{
	const json_t *outer;
	const struct single *s;
	size_t i, n = json_object_size(json_object_get(stats, "netns"));

	for (i = 0; i < LENGTH(singles); i++) {
		s = &singles[i];
		outer = s->outer != NULL ? json_object_get(stats, s->outer) :
		    stats;
		print_one(s->name, s->type, s->help,
		    number(json_object_get(outer, s->member)));
	}
	for (i = 0; i < LENGTH(each); i++)
		print_sources(&each[i], stats);
	print_one("kev_namespaces_omitted", "gauge",
	    "Network namespaces whose sources are not told",
	    n > NETNS_MAX ? (long long)(n - NETNS_MAX) : 0);
	print_events(json_object_get(stats, "events"));
	print_flaps(json_object_get(stats, "flaps"));
	print_clients(json_object_get(stats, "clients"));
}

#include "config.h"

#include "event.h"

#include "buf.h"
#include "hot.h"
#include "json.h"

#include <string.h>

static const char *const origins[KEV_ORIGINS] = {
	[KEV_BY_RTNETLINK] = "rtnetlink",
	[KEV_BY_ARP] = "arp",
	[KEV_BY_NDP] = "ndp",
	[KEV_BY_AUDIT] = "audit",
	[KEV_BY_KERN_EVENT] = "kern_event",
	[KEV_BY_ROUTE] = "route",
	[KEV_BY_TIMER] = "timer",
	[KEV_BY_RESYNC] = "resync",
	[KEV_BY_INJECT] = "inject",
	[KEV_BY_PLAY] = "play",
};

const char *
kev_origin_name(enum kev_origin o)
{
	return origins[o];
}

/* Two digits, and SEP. */
static char *
two(char *p, unsigned v, char sep)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
	p[2] = sep;
	return p + 3;
}

/*
 * The date by arithmetic, because gmtime_r(3) takes longer than all the rest of
 * an event. Years begin in March, so that the odd day is their last one, and
 * 400 of them have 146097 days.
 */
static char *
put_date(char *p, unsigned days)
{
	unsigned day = days + 719468, era, year, month;

	era = day / 146097;
	day %= 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= year * 365 + year / 4 - year / 100;
	month = (day * 5 + 2) / 153;
	day -= (month * 153 + 2) / 5;
	year = (year + era * 400 + (month >= 10)) % 10000;
	two(p, year / 100, '0');
	p = two(p + 2, year % 100, '-');
	p = two(p, month < 10 ? month + 3 : month - 9, '-');
	return two(p, day + 1, 'T');
}

HOT static char *
put_time(char *p, uint64_t micros)
{
	uint64_t seconds = micros / 1000000;
	unsigned rest = (unsigned)(micros % 1000000);
	unsigned second = (unsigned)(seconds % 86400);

	p = put_date(p, (unsigned)(seconds / 86400));
	p = two(p, second / 3600, ':');
	p = two(p, second / 60 % 60, ':');
	p = two(p, second % 60, '.');
	two(p, rest / 10000, '0');
	two(p + 2, rest / 100 % 100, '0');
	return two(p + 4, rest % 100, 'Z');
}

void
kev_event_put_time(struct buf *b, uint64_t micros)
{
	char *p = buf_room(b, KEV_TIMELEN);

	if (p == NULL)
		return;
	put_time(p, micros);
	b->len += KEV_TIMELEN;
}

HOT void
kev_event_put_ifname(struct buf *b, const char *ifname)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p;

	buf_puts(b, "\"ifname\":");
	if (json_put_string(b, ifname, strlen(ifname)))
		return;
	buf_puts(b, ",\"ifname_hex\":\"");
	for (p = (const unsigned char *)ifname; *p != '\0'; p++) {
		buf_putc(b, hex[*p >> 4]);
		buf_putc(b, hex[*p & 15]);
	}
	buf_putc(b, '"');
}

static char *
put_u64(char *p, uint64_t v)
{
	char digits[2 * JSON_U64LEN], *end = digits + JSON_U64LEN;
	size_t n = json_u64(end, v);

	/* More than there are: the compiler knows how many that is. */
	memcpy(p, end - n, JSON_U64LEN);
	return p + n;
}

/* What has no name of an interface or namespace in it, and no data. */
#define HEAD 256
#define TOPIC(id, name, class, flags, fields, meaning) \
	_Static_assert(sizeof(name) <= 64, "a topic has room in it");
#include "topics.def"
#undef TOPIC

/* What every event begins with. */
static char *
put_head(char *p, const struct kev_event *ev)
{
	p = stpcpy(p, "{\"topic\":\"");
	p = stpcpy(p, kev_topics[ev->topic].name);
	p = stpcpy(p, "\",\"time\":\"");
	p = put_time(p, ev->time);
	p = stpcpy(p, "\",\"mono\":");
	p = put_u64(p, ev->mono);
	p = stpcpy(p, ",\"seq\":");
	p = put_u64(p, ev->seq);
	p = stpcpy(p, ",\"id\":\"");
	p = stpcpy(p, ev->run);
	*p++ = '-';
	p = put_u64(p, ev->seq);
	*p++ = '"';
	return p;
}

/* What is known of where it is from. */
static char *
put_rest(char *p, const struct kev_event *ev)
{
	p = stpcpy(p, ",\"source\":\"");
	p = stpcpy(p, origins[ev->origin]);
	*p++ = '"';
	if (ev->snapshot)
		p = stpcpy(p, ",\"snapshot\":true");
	return stpcpy(p, ",\"data\":");
}

HOT void
kev_event_put(struct buf *b, const struct kev_event *ev)
{
	static const struct kev_object nothing = { 0 };
	const struct kev_topic_info *info = &kev_topics[ev->topic];
	const struct kev_object *data = ev->data != NULL ? ev->data : &nothing;
	char *p;

	/* All of nearly any event, so that there is room once. */
	p = buf_room(b, 2 * HEAD);
	if (p == NULL)
		return;
	b->len = (size_t)(put_head(p, ev) - b->data);
	if (ev->ifname != NULL) {
		buf_putc(b, ',');
		kev_event_put_ifname(b, ev->ifname);
	}
	if (ev->ifindex != 0) {
		buf_puts(b, ",\"ifindex\":");
		json_put_u64(b, ev->ifindex);
	}
	if (ev->netns != NULL) {
		buf_puts(b, ",\"netns\":");
		json_put_string(b, ev->netns, strlen(ev->netns));
	}
	p = buf_room(b, HEAD);
	if (p == NULL)
		return;
	b->len = (size_t)(put_rest(p, ev) - b->data);
	kev_object_put(b, info->class, data, info->fields, false);
	if (ev->prev != NULL && (ev->changed & info->fields) != 0) {
		buf_puts(b, ",\"prev\":");
		kev_object_put(b, info->class, ev->prev,
		    ev->changed & info->fields, true);
	}
	buf_puts(b, "}\n");
}

#include "config.h"

#include "event.h"

#include "buf.h"
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

/* V in WIDTH digits, and SEP. */
static char *
digits(char *p, uint64_t v, int width, char sep)
{
	int i;

	for (i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	p[width] = sep;
	return p + width + 1;
}

/*
 * The date by arithmetic, because gmtime_r(3) takes longer than all the rest of
 * an event. Years begin in March, so that the odd day is their last one, and
 * 400 of them have 146097 days.
 */
static char *
put_date(char *p, uint64_t days)
{
	uint64_t day = days + 719468, era, year, month;

	era = day / 146097;
	day %= 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= year * 365 + year / 4 - year / 100;
	month = (day * 5 + 2) / 153;
	day -= (month * 153 + 2) / 5;
	p = digits(p, era * 400 + year + (month >= 10 ? 1 : 0), 4, '-');
	p = digits(p, month < 10 ? month + 3 : month - 9, 2, '-');
	return digits(p, day + 1, 2, 'T');
}

void
kev_event_put_time(struct buf *b, uint64_t micros)
{
	uint64_t seconds = micros / 1000000;
	char *p = buf_room(b, KEV_TIMELEN);

	if (p == NULL)
		return;
	p = put_date(p, seconds / 86400);
	p = digits(p, seconds / 3600 % 24, 2, ':');
	p = digits(p, seconds / 60 % 60, 2, ':');
	p = digits(p, seconds % 60, 2, '.');
	digits(p, micros % 1000000, 6, 'Z');
	b->len += KEV_TIMELEN;
}

void
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

void
kev_event_put(struct buf *b, const struct kev_event *ev)
{
	static const struct kev_object nothing = { 0 };
	const struct kev_topic_info *info = &kev_topics[ev->topic];
	const struct kev_object *data = ev->data != NULL ? ev->data : &nothing;

	/* All of nearly any event, so that there is room once. */
	(void)buf_room(b, 512);
	buf_puts(b, "{\"topic\":\"");
	buf_puts(b, info->name);
	buf_puts(b, "\",\"time\":\"");
	kev_event_put_time(b, ev->time);
	buf_puts(b, "\",\"mono\":");
	json_put_u64(b, ev->mono);
	buf_puts(b, ",\"seq\":");
	json_put_u64(b, ev->seq);
	buf_puts(b, ",\"id\":\"");
	buf_puts(b, ev->run);
	buf_putc(b, '-');
	json_put_u64(b, ev->seq);
	buf_putc(b, '"');
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
	buf_puts(b, ",\"source\":\"");
	buf_puts(b, origins[ev->origin]);
	buf_putc(b, '"');
	if (ev->snapshot)
		buf_puts(b, ",\"snapshot\":true");
	buf_puts(b, ",\"data\":");
	kev_object_put(b, info->class, data, info->fields, false);
	if (ev->prev != NULL && (ev->changed & info->fields) != 0) {
		buf_puts(b, ",\"prev\":");
		kev_object_put(b, info->class, ev->prev,
		    ev->changed & info->fields, true);
	}
	buf_puts(b, "}\n");
}

#include "config.h"

#include "event.h"

#include "buf.h"
#include "json.h"

#include <string.h>
#include <time.h>

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

/* V in WIDTH digits. */
static char *
digits(char *p, uint64_t v, int width)
{
	int i;

	for (i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + width;
}

void
kev_event_put_time(struct buf *b, uint64_t micros)
{
	static const struct { char sep; int width; } part[] = {
		{ '-', 4 }, { '-', 2 }, { 'T', 2 }, { ':', 2 }, { ':', 2 },
		{ '.', 2 }, { 'Z', 6 }
	};
	time_t seconds = (time_t)(micros / 1000000);
	struct tm tm;
	uint64_t v[7];
	char text[32], *p = text;
	unsigned i;

	gmtime_r(&seconds, &tm);
	v[0] = (uint64_t)tm.tm_year + 1900;
	v[1] = (uint64_t)tm.tm_mon + 1;
	v[2] = (uint64_t)tm.tm_mday;
	v[3] = (uint64_t)tm.tm_hour;
	v[4] = (uint64_t)tm.tm_min;
	v[5] = (uint64_t)tm.tm_sec;
	v[6] = micros % 1000000;
	for (i = 0; i < 7; i++) {
		p = digits(p, v[i], part[i].width);
		*p++ = part[i].sep;
	}
	buf_put(b, text, (size_t)(p - text));
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

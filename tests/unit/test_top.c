#include "config.h"

#include "text.h"
#include "topmodel.h"
#include "topview.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "test.h"

static struct topmodel m;
static struct topview v;
static int64_t now;

static int
setup(void **state)
{
	(void)state;
	now = 1000000;
	topmodel_init(&m, now);
	topmodel_begin(&m);
	topview_init(&v, "/s");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	topview_fini(&v);
	topmodel_fini(&m);
	return 0;
}

/* JSON with ' in place of " */
static json_t *
json(const char *text)
{
	char *copy = strdup(text), *p;
	json_error_t e;
	json_t *o;

	for (p = copy; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	o = json_loads(copy, 0, &e);
	if (o == NULL)
		fail_msg("%s: %s", copy, e.text);
	free(copy);
	return o;
}

static void
tell_as(const char *topic, const char *source, int ifindex, const char *data,
    const char *prev, bool snapshot)
{
	char name[16];
	json_t *ev = json_pack("{s:s,s:s,s:s,s:i,s:o}", "topic", topic,
	    "time", "2026-11-23T05:30:35.673074Z", "source", source,
	    "ifindex", ifindex, "data", json(data));

	snprintf(name, sizeof name, "v%d", ifindex);
	json_object_set_new(ev, "ifname", json_string(name));
	if (prev != NULL)
		json_object_set_new(ev, "prev", json(prev));
	if (snapshot)
		json_object_set_new(ev, "snapshot", json_true());
	assert_true(topmodel_event(&m, ev, now));
	json_decref(ev);
}

static void
tell(const char *topic, int ifindex, const char *data)
{
	tell_as(topic, "rtnetlink", ifindex, data, NULL, false);
}

static void
holds(const char *topic, int ifindex, const char *data)
{
	tell_as(topic, "rtnetlink", ifindex, data, NULL, true);
}

static void
synced(void)
{
	json_t *ev = json("{'topic':'kev/synced'}");

	assert_true(topmodel_event(&m, ev, now));
	json_decref(ev);
}

/* The line of the screen with that text; NULL when there is none. */
static const char *
find(size_t lines, const char *text, enum top_style *style)
{
	static char found[TOP_TEXT];
	struct buf b = BUF_INIT;
	bool is = false;
	size_t i;

	assert_true(topview_update(&v, &m, lines, now));
	for (i = 0; i < lines && !is; i++) {
		*style = topview_line(&v, &m, i, &b);
		buf_putc(&b, '\0');
		is = strstr(b.data, text) != NULL;
		snprintf(found, sizeof found, "%s", b.data);
	}
	buf_fini(&b);
	return is ? found : NULL;
}

/* It is shown as that. Spaces count as they are in a table. */
static void
shows(const char *text, enum top_style wanted)
{
	enum top_style style;

	if (find(24, text, &style) == NULL)
		fail_msg("not on the screen: %s", text);
	assert_int_equal(style, wanted);
}

static void
lacks(const char *text)
{
	enum top_style style;
	const char *line = find(24, text, &style);

	if (line != NULL)
		fail_msg("on the screen: %s", line);
}

static void
press(const char *keys)
{
	for (; *keys != '\0'; keys++)
		topview_key(&v, (unsigned char)*keys);
}

#define ETHER "{'type':'ether','lladdr':'02:00:5e:00:53:01','mtu':1500," \
	"'flags':['up'],'operstate':'down','carrier':false}"

static void
links(void **state)
{
	(void)state;
	holds("interface/attach", 1, ETHER);
	synced();
	/* It is down from the start on: no flap. */
	tell("interface/link-down", 1, "{'operstate':'down'}");
	shows("v1              down    no  1500  -     ether    "
	    "02:00:5e:00:53:01 0     ", STYLE_WARN);
	tell("interface/link-up", 1, "{'operstate':'up','carrier':true,"
	    "'speed':2500}");
	shows("v1              up      yes 1500  2.5G  ether", STYLE_GOOD);
	tell("interface/change", 1, "{'mtu':9000,'flags':[],"
	    "'operstate':'not-present'}");
	shows("v1              off     -   9000  -     -        -  ",
	    STYLE_PLAIN);
	tell("interface/change", 1, "{'operstate':'lower-layer-down',"
	    "'speed':100}");
	shows("v1              lower   -   -     100M  ", STYLE_WARN);
	/* Flaps: each time it went down, also those that nobody saw. */
	tell("interface/link-down", 1, "{'operstate':'down','count':3}");
	tell("interface/link-up", 1, "{'operstate':'up'}");
	tell("interface/link-down", 1, "{'operstate':'down','count':-7}");
	holds("interface/link-down", 1, "{'operstate':'down'}");
	shows("-                 4     ", STYLE_WARN);
	/* An injected event is one, and no more. */
	tell_as("interface/detach", "inject", 1, "{}", NULL, false);
	tell_as("interface/attach", "inject", 2, ETHER, NULL, false);
	assert_int_equal(m.n_links, 1);
	tell("interface/detach", 1, "{}");
	assert_int_equal(m.n_links, 0);
	tell("interface/detach", 1, "{}");
	tell("interface/link-up", 1, "{}");
	assert_int_equal(m.n_links, 0);
}

static void
addresses(void **state)
{
	(void)state;
	holds("interface/attach", 1, ETHER);
	synced();
	tell("ipv6/address-add", 1, "{'family':'inet6','address':'fe80::1',"
	    "'prefixlen':64,'status':'tentative','valid_lft':4294967295,"
	    "'preferred_lft':4294967295}");
	shows("v1              fe80::1/64                         tentative  "
	    "forever forever", STYLE_WARN);
	tell("ipv6/address-ready", 1, "{'family':'inet6','address':'fe80::1',"
	    "'prefixlen':64,'status':'preferred','valid_lft':7200,"
	    "'preferred_lft':119}");
	now += 1000;
	shows("ready      119m    118s", STYLE_GOOD);
	now += 200 * 1000;
	shows("ready      116m    0s", STYLE_GOOD);
	tell("nd6/address-deprecated", 1, "{'family':'inet6',"
	    "'address':'fe80::1','prefixlen':64,'status':'deprecated',"
	    "'valid_lft':172800}");
	shows("deprecated 2d      -", STYLE_WARN);
	/* The key of an IPv4 address has all three of them. */
	tell("ipv4/address-add", 1, "{'family':'inet','address':'192.0.2.1',"
	    "'prefixlen':24,'status':'preferred'}");
	tell("ipv4/address-add", 1, "{'family':'inet','address':'192.0.2.1',"
	    "'prefixlen':32,'status':'preferred','peer':'192.0.2.9'}");
	assert_int_equal(m.n_addrs, 3);
	tell_as("ipv4/address-change", "rtnetlink", 1, "{'family':'inet',"
	    "'address':'192.0.2.1','prefixlen':25,'status':'duplicate'}",
	    "{'prefixlen':24}", false);
	assert_int_equal(m.n_addrs, 3);
	shows("192.0.2.1/25                       duplicate", STYLE_BAD);
	shows("192.0.2.1/32 peer 192.0.2.9        ready", STYLE_GOOD);
	/* What it becomes was another one. */
	tell_as("ipv4/address-change", "rtnetlink", 1, "{'family':'inet',"
	    "'address':'192.0.2.1','prefixlen':25,'status':'preferred'}",
	    "{'prefixlen':32,'peer':'192.0.2.9'}", false);
	assert_int_equal(m.n_addrs, 2);
	tell("ipv4/address-remove", 1, "{'family':'inet',"
	    "'address':'192.0.2.1','prefixlen':25}");
	tell("nd6/address-expired", 1, "{'family':'inet6',"
	    "'address':'fe80::2','prefixlen':64}");
	tell("ipv4/address-add", 7, "{'family':'inet','address':'192.0.2.1'}");
	assert_int_equal(m.n_addrs, 1);
	tell("interface/detach", 1, "{}");
	assert_int_equal(m.n_addrs, 0);
}

static void
lifetimes(void **state)
{
	json_t *l, *globs;

	(void)state;
	holds("interface/attach", 1, ETHER);
	holds("interface/attach", 2, ETHER);
	holds("ipv4/address-add", 1, "{'family':'inet','address':'192.0.2.1',"
	    "'prefixlen':24,'valid_lft':4294967295,"
	    "'preferred_lft':4294967295}");
	synced();
	lacks("nothing");
	assert_null(topview_running(&v));
	holds("ipv4/address-add", 2, "{'family':'inet','address':'192.0.2.2',"
	    "'prefixlen':24,'valid_lft':60,'preferred_lft':30}");
	now += 50000;
	shows("10s     0s", STYLE_WARN);
	globs = topview_running(&v);
	assert_int_equal(json_array_size(globs), 1);
	assert_string_equal(json_string_value(json_array_get(globs, 0)), "v2");
	json_decref(globs);
	l = json("[{'ifindex':2,'ifname':'v2','ipv4':[{'family':'inet',"
	    "'address':'192.0.2.2','prefixlen':24,'valid_lft':99,"
	    "'preferred_lft':55},{'family':'inet'}]},{'ifindex':9},7]");
	topmodel_lifetimes(&m, l, now);
	json_decref(l);
	shows("99s     55s", STYLE_WARN);
	/* Names as globs that fit nothing else. */
	l = json("{'topic':'interface/attach','ifindex':3,"
	    "'ifname':'*[\\ufffd','data':{}}");
	assert_true(topmodel_event(&m, l, now));
	json_decref(l);
	tell("ipv4/address-add", 3, "{'family':'inet','address':'192.0.2.3',"
	    "'prefixlen':24,'valid_lft':60}");
	lacks("nothing");
	globs = topview_running(&v);
	assert_string_equal(json_string_value(json_array_get(globs, 1)),
	    "\\*\\[?");
	json_decref(globs);
}

static void
routers(void **state)
{
	(void)state;
	holds("interface/attach", 1, ETHER);
	holds("ipv4/router-add", 1, "{'family':'inet','gateway':'192.0.2.1',"
	    "'metric':100,'protocol':'dhcp','table':'main'}");
	holds("nd6/router-add", 1, "{'family':'inet6','gateway':'fe80::1',"
	    "'protocol':'ra','table':'main'}");
	synced();
	shows("v1              192.0.2.1                      100     dhcp    "
	    "main", STYLE_PLAIN);
	tell("nd6/router-failure", 1, "{'gateway':'fe80::1',"
	    "'lladdr':'02:00:5e:00:53:09'}");
	shows("fe80::1                        -       ra      main    failed "
	    "02:00:5e:00:53:09", STYLE_BAD);
	tell("nd6/router-alive", 1, "{'gateway':'fe80::1',"
	    "'lladdr':'02:00:5e:00:53:08'}");
	shows("ra      main     02:00:5e:00:53:08", STYLE_PLAIN);
	tell("nd6/router-failure", 1, "{'gateway':'fe80::1'}");
	shows("ra      main    failed", STYLE_BAD);
	/* It was said again, without that. */
	topmodel_begin(&m);
	holds("interface/attach", 1, ETHER);
	holds("nd6/router-add", 1, "{'family':'inet6','gateway':'fe80::1',"
	    "'protocol':'ra','table':'main'}");
	synced();
	shows("ra      main    ", STYLE_PLAIN);
	assert_int_equal(m.n_routers, 1);
	tell("nd6/router-remove", 1, "{'family':'inet6','gateway':'fe80::1',"
	    "'table':'main'}");
	assert_int_equal(m.n_routers, 0);
}

static void
conflicts(void **state)
{
	char data[100];
	int i;

	(void)state;
	tell("ipv4/collision", 1, "{'address':'192.0.2.1',"
	    "'lladdr':'02:00:5e:00:53:99'}");
	tell("ipv4/collision", 1, "{'address':'192.0.2.1',"
	    "'lladdr':'02:00:5e:00:53:99','count':41}");
	shows("v1              192.0.2.1             collision "
	    "02:00:5e:00:53:99 ", STYLE_BAD);
	shows(" 42", STYLE_BAD);
	/* Who it is becomes known; another one is another one. */
	tell("ipv6/duplicate", 1, "{'address':'fe80::1'}");
	shows("fe80::1               duplicate -  ", STYLE_BAD);
	tell("ipv6/duplicate", 1, "{'address':'fe80::1',"
	    "'lladdr':'02:00:5e:00:53:99'}");
	tell("ipv6/duplicate", 1, "{'address':'fe80::1'}");
	shows("duplicate 02:00:5e:00:53:99", STYLE_BAD);
	assert_int_equal(TAILQ_FIRST(&m.conflicts)->count, 3);
	assert_int_equal(m.n_conflicts, 2);
	holds("ipv6/duplicate", 1, "{'address':'fe80::1'}");
	assert_int_equal(TAILQ_FIRST(&m.conflicts)->count, 3);
	tell("ipv6/duplicate", 1, "{'address':'fe80::1',"
	    "'lladdr':'02:00:5e:00:53:98'}");
	assert_int_equal(m.n_conflicts, 3);
	/* The last ones. */
	for (i = 3; i < TOP_CONFLICTS + 1; i++) {
		snprintf(data, sizeof data, "{'address':'192.0.2.%d'}", i);
		assert_string_equal(TAILQ_LAST(&m.conflicts,
		    top_conflicts)->address, "192.0.2.1");
		tell("ipv4/collision", 1, data);
	}
	assert_int_equal(m.n_conflicts, TOP_CONFLICTS);
	assert_string_equal(TAILQ_LAST(&m.conflicts,
	    top_conflicts)->address, "fe80::1");
}

static void
events(void **state)
{
	const char *text;
	char data[600];
	size_t n;
	int i;

	(void)state;
	tell("interface/attach", 1, ETHER);
	shows("interface/attach       v1       ether 02:00:5e:00:53:01 mtu ", STYLE_GOOD);
	for (i = 1; i < TOP_EVENTS; i++)
		tell("interface/idle", 2, "{}");
	assert_string_equal(TAILQ_LAST(&m.events, top_events)->plain, "v1");
	tell("interface/link-down", 1, "{}");
	shows("interface/link-down    v1", STYLE_BAD);
	assert_string_equal(TAILQ_LAST(&m.events, top_events)->plain, "v2");
	assert_int_equal(m.n_events, TOP_EVENTS);
	/* One that is too long is cut between two characters. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return;
	for (i = 0; i < 2; i++) {
		snprintf(data, sizeof data, "{'reason':'%s",
		    i == 0 ? "x" : "");
		for (n = strlen(data); n < 500; n += 2)
			memcpy(data + n, "\303\251", 3);
		strcpy(data + n, "'}");
		tell("interface/issues", 1, data);
		text = TAILQ_FIRST(&m.events)->text;
		assert_true(strlen(text) + 2 >= TOP_TEXT);
		assert_int_equal(text[strlen(text) - 1] & 0xc0, 0x80);
	}
	setlocale(LC_CTYPE, "C");
}

/* What a snapshot does not tell is gone; and that something was lost is told. */
static void
gaps(void **state)
{
	(void)state;
	lacks("LOST");
	shows("asking kevd", STYLE_STATUS);
	holds("interface/attach", 1, ETHER);
	holds("interface/attach", 2, ETHER);
	holds("ipv4/address-add", 2, "{'family':'inet'}");
	synced();
	shows("live", STYLE_STATUS);
	tell("kev/gap", 0, "{'cause':'kernel-overrun','lost':5,"
	    "'resynced':true}");
	shows("EVENTS WERE LOST, 1 times; the last: ", STYLE_WARN);
	shows("kernel-overrun, 5 lost", STYLE_WARN);
	shows("live", STYLE_STATUS);
	tell("kev/gap", 0, "{'cause':'slow-reader','first':1,'last':9}");
	shows("asking kevd", STYLE_STATUS);
	holds("interface/attach", 2, ETHER);
	assert_int_equal(m.n_links, 2);
	synced();
	assert_int_equal(m.n_links, 1);
	assert_int_equal(m.n_addrs, 0);
	tell("kev/gap", 0, "{'cause':'slow-reader','resynced':false}");
	shows("live", STYLE_STATUS);
	topmodel_lost(&m);
	shows("kevd is gone, waiting for it", STYLE_BAD);
	topmodel_back(&m, true);
	shows("live", STYLE_STATUS);
	assert_int_equal(m.gaps, 3);
	topmodel_lost(&m);
	topmodel_back(&m, false);
	shows("4 times; the last: kevd was away", STYLE_WARN);
	synced();
	assert_int_equal(m.n_links, 0);
}

static void
rates(void **state)
{
	int i;

	(void)state;
	holds("interface/attach", 1, ETHER);
	synced();
	for (i = 0; i < 10; i++)
		tell("interface/idle", 1, "{}");
	assert_int_equal(topmodel_rate(&m.rate, now), 20);
	now += 5000;
	assert_int_equal(topmodel_rate(&m.rate, now), 20);
	shows("events 10, 2.0/s now, 2.0/s since the start", STYLE_STATUS);
	now += 2500;
	assert_int_equal(topmodel_rate(&m.rate, now), 10);
	tell("interface/idle", 1, "{}");
	assert_int_equal(topmodel_rate(&m.rate, now), 12);
	shows("v1              down    no  1500  -     ether    "
	    "02:00:5e:00:53:01 0     1.2", STYLE_WARN);
	now += 60000;
	shows("events 11, 0.0/s now, 0.1/s since the start", STYLE_STATUS);
}

/* Nothing that comes from elsewhere is obeyed, or is wider than it counts. */
static void
hostile(void **state)
{
	json_t *ev = json("{'topic':'interface/attach','ifindex':1,"
	    "'ifname':'\\u001b[2J\\u00e9\\u0301\\u6f22\\u202e',"
	    "'netns':'\\u001b]0;x\\u0007','data':{'type':'\\u009b1m',"
	    "'lladdr':{},'operstate':[['x']],'mtu':'9','flags':7,"
	    "'speed':-5,'carrier':3}}");
	json_t *odd = json("{'topic':'ipv4/collision','time':{},'ifname':5,"
	    "'ifname_hex':'1b0','ifindex':'x','data':[],'prev':3}");

	(void)state;
	assert_true(topmodel_event(&m, ev, now));
	shows("\\x1b]0;x\\x07:\\x1b[2J\\u00e9\\u0301\\u6f22\\u202e",
	    STYLE_WARN);
	shows("\\u009b1m", STYLE_WARN);
	assert_true(topmodel_event(&m, odd, now));
	json_object_set_new(odd, "topic", json_string("\033/"));
	assert_true(topmodel_event(&m, odd, now));
	shows("\\x1b/", STYLE_PLAIN);
	/* What this locale can show, one column each. */
	if (setlocale(LC_CTYPE, "C.UTF-8") != NULL) {
		assert_true(topmodel_event(&m, ev, now));
		shows("\\x1b[2J\303\251\\u0301\\u6f22\\u202e", STYLE_WARN);
		press("/\033/\303\251\343\201\202");
		shows("fit: \303\251\\u3042_", STYLE_FOCUS);
		setlocale(LC_CTYPE, "C");
	}
	json_decref(ev);
	json_decref(odd);
}

static void
keys(void **state)
{
	char long_one[200];
	int i;

	(void)state;
	for (i = 1; i <= 30; i++)
		holds("interface/attach", i, ETHER);
	synced();
	shows("INTERFACE +10", STYLE_FOCUS);
	shows("v1 ", STYLE_WARN);
	lacks("v30 ");
	topview_key(&v, TOPKEY_DOWN);
	lacks("v1 ");
	topview_key(&v, TOPKEY_END);
	shows("v30 ", STYLE_WARN);
	topview_key(&v, TOPKEY_DOWN);
	topview_key(&v, TOPKEY_PAGE_DOWN);
	shows("v12 ", STYLE_WARN);
	topview_key(&v, TOPKEY_PAGE_UP);
	shows("v1 ", STYLE_WARN);
	topview_key(&v, TOPKEY_UP);
	topview_key(&v, TOPKEY_HOME);
	shows("v1 ", STYLE_WARN);
	/* Sideways. */
	topview_key(&v, TOPKEY_RIGHT);
	lacks("v1 ");
	shows("        down    no", STYLE_WARN);
	for (i = 0; i < 100; i++)
		topview_key(&v, TOPKEY_RIGHT);
	for (i = 0; i < 100; i++)
		topview_key(&v, TOPKEY_LEFT);
	shows("v1 ", STYLE_WARN);
	/* A filter; and how one is typed. */
	press("/v1x");
	topview_key(&v, TOPKEY_BACKSPACE);
	press("?");
	shows("only interfaces that fit: v1?_", STYLE_FOCUS);
	shows("v2 ", STYLE_WARN);
	press("\n");
	shows("filter: v1?", STYLE_PLAIN);
	lacks("v2 ");
	shows("v19 ", STYLE_WARN);
	press("/zzz\033");
	shows("v19 ", STYLE_WARN);
	press("/\025\n");
	lacks("filter:");
	shows("v2 ", STYLE_WARN);
	memset(long_one, 'x', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	press("/");
	press(long_one);
	assert_int_equal(strlen(v.edit), TOP_FILTER - 1);
	press("\033");
	/* Panes. */
	tell("interface/idle", 30, "{}");
	topview_key(&v, TOPKEY_BACK_TAB);
	shows("EVENTS", STYLE_FOCUS);
	press("\t");
	shows("INTERFACE", STYLE_FOCUS);
	press("\t");
	shows("ADDRESSES", STYLE_FOCUS);
	press("\t\t\t\t");
	press("h");
	shows("any key: back", STYLE_STATUS);
	lacks("v1 ");
	press("q");
	assert_false(v.quit);
	lacks("any key: back");
	press("p");
	assert_true(v.paused);
	shows("PAUSED", STYLE_STATUS);
	press("p");
	press("q");
	assert_true(v.quit);
}

static const char *
first(void)
{
	assert_true(topview_update(&v, &m, 24, now));
	return ((const struct top_link *)v.lists[PANE_LINKS].rows[0])->name;
}

static void
sorting(void **state)
{
	int i;

	(void)state;
	for (i = 9; i <= 12; i++)
		holds("interface/attach", i, ETHER);
	synced();
	tell("interface/link-up", 11, "{}");
	tell("interface/link-down", 11, "{}");
	for (i = 0; i < 5; i++)
		tell("interface/idle", 12, "{}");
	assert_string_equal(first(), "v9");
	press("s");
	assert_string_equal(first(), "v10");
	shows("sort: name", STYLE_PLAIN);
	press("s");
	assert_string_equal(first(), "v12");
	press("s");
	assert_string_equal(first(), "v11");
	now += 60000;
	press("sss");
	shows("sort: rate", STYLE_PLAIN);
	assert_string_equal(first(), "v9");
}

/* Whatever the size: as many lines, the foot last, the one in focus first. */
static void
sizes(void **state)
{
	static const int kinds[] = { 0, 3, 40 };
	enum top_style style;
	size_t lines, sum, i;
	int k, n, p;

	(void)state;
	for (k = 0; k < 3; k++) {
		for (n = 1; n <= kinds[k]; n++) {
			tell("interface/attach", n, ETHER);
			tell("ipv4/address-add", n, "{'family':'inet'}");
			tell("ipv4/router-add", n, "{'family':'inet'}");
			tell("ipv4/collision", n, "{}");
		}
		for (lines = 1; lines < 120; lines++) {
			for (p = 0; p < PANES; p++) {
				press("\t");
				find(lines, "nowhere", &style);
				for (sum = i = 0; i < PANES; i++)
					sum += v.lists[i].height;
				assert_true(sum <= (lines > 3 ? lines - 3 : 0));
				assert_true(lines < 5 || kinds[k] == 0 ||
				    v.lists[v.focus].height > 1);
			}
		}
	}
	assert_non_null(find(1, "kevtop: ", &style));
	assert_non_null(find(2, "q quit", &style));
	press("h");
	assert_non_null(find(2, "any key", &style));
}

/* So much and no more; and a screen does not take what there is not on it. */
static void
limit(void **state)
{
	json_t *ev = json("{'topic':'interface/attach','snapshot':true,"
	    "'data':{},'ifname':'x'}");
	struct buf b = BUF_INIT;
	char address[24];
	json_t *data;
	int i;

	(void)state;
	for (i = 1; i <= 10000; i++) {
		json_object_set_new(ev, "ifindex", json_integer(i));
		assert_true(topmodel_event(&m, ev, now));
	}
	json_object_set_new(ev, "topic", json_string("ipv4/address-add"));
	data = json_object_get(ev, "data");
	for (; i <= TOP_THINGS; i++) {
		snprintf(address, sizeof address, "%d", i);
		json_object_set_new(data, "address", json_string(address));
		assert_true(topmodel_event(&m, ev, now));
	}
	synced();
	lacks("TOO MUCH");
	json_object_set_new(data, "address", json_string("more"));
	assert_true(topmodel_event(&m, ev, now));
	json_object_set_new(ev, "topic", json_string("ipv4/router-add"));
	assert_true(topmodel_event(&m, ev, now));
	json_object_set_new(ev, "topic", json_string("interface/attach"));
	json_object_set_new(ev, "ifindex", json_integer(i));
	assert_true(topmodel_event(&m, ev, now));
	shows("TOO MUCH TO KEEP: 3 are not shown", STYLE_WARN);
	assert_int_equal(m.n_links + m.n_addrs, TOP_THINGS);
	press("\t");
	topview_key(&v, TOPKEY_END);
	assert_true(topview_update(&v, &m, 24, now));
	for (i = 0; i < 24; i++)
		topview_line(&v, &m, (size_t)i, &b);
	buf_fini(&b);
	topmodel_begin(&m);
	synced();
	assert_int_equal(m.n_links, 0);
	lacks("TOO MUCH");
	json_decref(ev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		CASE(links), CASE(addresses), CASE(lifetimes), CASE(routers),
		CASE(conflicts), CASE(events), CASE(gaps), CASE(rates),
		CASE(hostile), CASE(keys), CASE(sorting), CASE(sizes),
		CASE(limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

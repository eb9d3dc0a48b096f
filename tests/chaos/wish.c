#include "config.h"

#include "wish.h"

#include "dice.h"
#include "topics.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static bool
fits(const char *glob, const char *text)
{
	return text != NULL && fnmatch(glob, text, 0) == 0;
}

/* No level of ours is as long. */
static void
split(const char *topic, char level[2][64])
{
	const char *slash = strchr(topic, '/');

	snprintf(level[0], 64, "%.*s", (int)(slash - topic), topic);
	snprintf(level[1], 64, "%s", slash + 1);
}

static bool
pattern_fits(const char *pattern, const char *topic)
{
	char p[2][64], t[2][64];
	int i;

	if (strcmp(pattern, "**") == 0 || strcmp(pattern, "#") == 0)
		return true;
	split(pattern, p);
	split(topic, t);
	for (i = 0; i < 2; i++) {
		if (strcmp(p[i], "+") == 0 || strcmp(p[i], "#") == 0)
			strcpy(p[i], "*");
		if (!fits(p[i], t[i]))
			return false;
	}
	return true;
}

uint64_t
wish_topics(const json_t *patterns)
{
	uint64_t set = 0;
	const json_t *p;
	size_t i;
	int t;

	json_array_foreach((json_t *)patterns, i, p) {
		for (t = 0; t < KEV_TOPICS; t++) {
			if (pattern_fits(json_string_value(p),
			    kev_topics[t].name))
				set |= UINT64_C(1) << t;
		}
	}
	return set;
}

void
wish_init(struct wish *w, json_t *request)
{
	w->request = json_incref(request);
	w->topics = wish_topics(json_object_get(request, "topics")) |
	    KEV_TOPIC_KEV;
	w->all = w->topics == KEV_TOPIC_ALL &&
	    json_object_size(json_object_get(request, "match")) == 0 &&
	    json_array_size(json_object_get(request, "ifname")) == 0 &&
	    json_array_size(json_object_get(request, "netns")) == 0;
}

void
wish_fini(struct wish *w)
{
	json_decref(w->request);
	w->request = NULL;
}

/* One of the globs fits; when there are none anything does. */
static bool
one_fits(const json_t *globs, const char *text)
{
	const json_t *glob;
	size_t i;

	json_array_foreach((json_t *)globs, i, glob) {
		if (fits(json_string_value(glob), text))
			return true;
	}
	return json_array_size(globs) == 0;
}

static bool
interface_fits(const json_t *globs, const json_t *ev)
{
	const char *topic = json_string_value(json_object_get(ev, "topic"));
	const json_t *names, *name;
	size_t i;

	if (one_fits(globs, json_string_value(json_object_get(ev, "ifname"))))
		return true;
	if (strcmp(topic, "interface/rename") == 0)
		return one_fits(globs, json_string_value(json_object_get(
		    json_object_get(ev, "prev"), "ifname")));
	if (strcmp(topic, "network/changed") != 0)
		return false;
	names = json_object_get(json_object_get(ev, "data"), "interfaces");
	json_array_foreach((json_t *)names, i, name) {
		if (one_fits(globs, json_string_value(name)))
			return true;
	}
	return false;
}

static bool
value_fits(const json_t *glob, const json_t *value)
{
	const char *want = json_string_value(glob);
	const json_t *element;
	char digits[32];
	size_t i;

	json_array_foreach((json_t *)value, i, element) {
		if (value_fits(glob, element))
			return true;
	}
	/* Numbers and booleans are there as such. */
	if (want == NULL)
		return json_equal((json_t *)glob, (json_t *)value) == 1;
	if (json_is_boolean(value))
		return fits(want, json_is_true(value) ? "true" : "false");
	if (!json_is_integer(value))
		return fits(want, json_string_value(value));
	snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT,
	    json_integer_value(value));
	return fits(want, digits);
}

bool
wish_fits(const struct wish *w, const json_t *ev)
{
	const char *topic = json_string_value(json_object_get(ev, "topic"));
	const char *netns = json_string_value(json_object_get(ev, "netns"));
	const json_t *data = json_object_get(ev, "data"), *glob;
	int t = kev_topic_find(topic);
	const char *key;

	if (t < 0 || (w->topics & UINT64_C(1) << t) == 0)
		return false;
	if (w->all)
		return true;
	if (strncmp(topic, "kev/", 4) == 0)
		return netns == NULL || one_fits(json_object_get(w->request,
		    "netns"), netns);
	if (!one_fits(json_object_get(w->request, "netns"),
	    netns != NULL ? netns : "") ||
	    !interface_fits(json_object_get(w->request, "ifname"), ev))
		return false;
	json_object_foreach(json_object_get(w->request, "match"), key, glob) {
		if (!value_fits(glob, json_object_get(data, key)))
			return false;
	}
	return true;
}

static json_t *
some(uint64_t *dice, const char *const *from, unsigned n)
{
	json_t *list = json_array();
	unsigned count = 1 + dice_below(dice, 3);

	while (count-- > 0)
		json_array_append_new(list,
		    json_string(from[dice_below(dice, n)]));
	return list;
}

static json_t *
some_match(uint64_t *dice)
{
	switch (dice_below(dice, 8)) {
	case 0:
		return json_pack("{s:s}", "status", "pref*");
	case 1:
		return json_pack("{s:s}", "address", "fe80:*");
	case 2:
		return json_pack("{s:i}", "mtu", 1500);
	case 3:
		return json_pack("{s:b}", "carrier", 1);
	case 4:
		return json_pack("{s:s,s:s}", "flags", "perm*", "family",
		    "inet?");
	case 5:
		return json_pack("{s:s}", "kind", "[bv]*");
	case 6:
		return json_pack("{s:s}", "no-such-member", "*");
	default:
		return json_pack("{s:s}", "prefixlen", "[!6]*");
	}
}

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

json_t *
wish_make(uint64_t *dice)
{
	static const char *const patterns[] = {
		"**", "#", "*/*", "+/#", "ipv4/*", "ipv6/**", "interface/#",
		"*/address-*", "*/router-*", "nd6/+", "ipv?/address-ready",
		"interface/link-up", "interface/*tach", "network/changed",
		"kev/*", "ipv6/no-such*", "ipv6/duplicate"
	};
	static const char *const ifnames[] = {
		"c*", "c[0-4]", "p?", "lo", "*", "[!c]*", "??", "none"
	};
	static const char *const spaces[] = { "", "n0", "n?", "*" };
	json_t *r = json_object();
	/* Half of them play back all there is. */
	bool all = dice_chance(dice, 500);

	json_object_set_new(r, "op", json_string("subscribe"));
	json_object_set_new(r, "topics", all ? json_pack("[s]", "**") :
	    some(dice, patterns, COUNT(patterns)));
	if (!all && dice_chance(dice, 300))
		json_object_set_new(r, "ifname",
		    some(dice, ifnames, COUNT(ifnames)));
	if (!all && dice_chance(dice, 200))
		json_object_set_new(r, "netns",
		    some(dice, spaces, COUNT(spaces)));
	if (!all && dice_chance(dice, 300))
		json_object_set_new(r, "match", some_match(dice));
	if (dice_chance(dice, all ? 800 : 500))
		json_object_set_new(r, "snapshot", json_true());
	return r;
}

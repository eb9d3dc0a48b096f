#include "config.h"

#include "player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each interface is {"ifname", "netns", "link", "addresses":{KEY:..},
 * "routers":{..}, "nat64":{..}, "quality"}, by its index and namespace; without
 * an index 0, and its name behind that. */

json_t *
player_new(void)
{
	return json_object();
}

static const char *
text(const json_t *v, const char *key)
{
	const char *s = json_string_value(json_object_get(v, key));

	return s != NULL ? s : "";
}

/* IPv4: address, prefix length, peer; IPv6: address. */
static void
address_key(char *key, size_t size, const json_t *data)
{
	json_int_t n = json_integer_value(json_object_get(data, "prefixlen"));

	if (strcmp(text(data, "family"), "inet") != 0)
		snprintf(key, size, "6 %s", text(data, "address"));
	else
		snprintf(key, size, "4 %s/%d %s", text(data, "address"), (int)n,
		    text(data, "peer"));
}

static void
router_key(char *key, size_t size, const json_t *data)
{
	json_int_t n = json_integer_value(json_object_get(data, "metric"));

	snprintf(key, size, "%s %s %lld %s", text(data, "family"),
	    text(data, "gateway"), (long long)n, text(data, "table"));
}

/* What was there before: the data, with what "prev" says of it. */
static json_t *
before(const json_t *data, const json_t *prev)
{
	json_t *old = json_copy((json_t *)data), *v;
	const char *key;

	json_object_foreach((json_t *)prev, key, v) {
		if (json_is_null(v))
			json_object_del(old, key);
		else
			json_object_set(old, key, v);
	}
	return old;
}

static json_t *
attach(json_t *state, const char *index, const json_t *ev)
{
	json_t *link = json_pack("{s:O*,s:O,s:{},s:{},s:{},s:O*}", "ifname",
	    json_object_get(ev, "ifname"), "link", json_object_get(ev, "data"),
	    "addresses", "routers", "nat64", "netns",
	    json_object_get(ev, "netns"));

	json_object_set_new(state, index, link);
	return link;
}

static void
prefix_key(char *key, size_t size, const json_t *data)
{
	snprintf(key, size, "%s/%lld %s", text(data, "prefix"),
	    (long long)json_integer_value(json_object_get(data, "prefixlen")),
	    text(data, "router"));
}

static void
play_interface(json_t *state, const char *index, json_t *link,
    const char *topic, const json_t *ev)
{
	json_t *data = json_object_get(ev, "data"), *v;
	static const char *const copied[] = { "operstate", "carrier" };
	size_t i;

	if (strcmp(topic, "attach") == 0) {
		attach(state, index, ev);
	} else if (strcmp(topic, "detach") == 0) {
		json_object_del(state, index);
	} else if (strcmp(topic, "change") == 0) {
		json_object_set(link, "link", data);
	} else if (strcmp(topic, "rename") == 0) {
		json_object_set(link, "ifname", json_object_get(ev, "ifname"));
	} else if (strcmp(topic, "quality") == 0) {
		v = json_object_get(data, "quality");
		if (json_integer_value(v) == -1)
			json_object_del(link, "quality");
		else
			json_object_set(link, "quality", v);
	} else if (strncmp(topic, "link-", 5) == 0) {
		for (i = 0; i < 2; i++) {
			v = json_object_get(data, copied[i]);
			if (v != NULL)
				json_object_set(json_object_get(link, "link"),
				    copied[i], v);
		}
	}
}

static void
play_address(json_t *link, const char *topic, const json_t *ev)
{
	json_t *data = json_object_get(ev, "data"), *old;
	json_t *all = json_object_get(link, "addresses");
	char key[256], old_key[256];

	address_key(key, sizeof key, data);
	if (strcmp(topic, "address-add") == 0) {
		json_object_set(all, key, data);
	} else if (strcmp(topic, "address-remove") == 0) {
		json_object_del(all, key);
	} else if (strcmp(topic, "address-change") == 0) {
		old = before(data, json_object_get(ev, "prev"));
		address_key(old_key, sizeof old_key, old);
		json_decref(old);
		json_object_del(all, old_key);
		json_object_set(all, key, data);
	}
}

static void
play_router(json_t *link, const char *topic, const json_t *ev)
{
	json_t *data = json_object_get(ev, "data");
	char key[256];

	router_key(key, sizeof key, data);
	if (strcmp(topic, "router-add") == 0)
		json_object_set(json_object_get(link, "routers"), key, data);
	else if (strcmp(topic, "router-remove") == 0)
		json_object_del(json_object_get(link, "routers"), key);
}

/* A lifetime of 0 ends one. */
static void
play_prefix(json_t *link, const json_t *ev)
{
	json_t *data = json_object_get(ev, "data");
	json_t *all = json_object_get(link, "nat64");
	char key[256];

	prefix_key(key, sizeof key, data);
	if (json_integer_value(json_object_get(data, "lifetime")) > 0)
		json_object_set(all, key, data);
	else
		json_object_del(all, key);
}

/* The interface that an event is about, by its INDEX; or NULL. */
static json_t *
find(const json_t *state, const json_t *ev, char *index, size_t size)
{
	long long n = json_integer_value(json_object_get(ev, "ifindex"));

	snprintf(index, size, "%lld %s%s%s", n, text(ev, "netns"),
	    n == 0 ? " " : "", n == 0 ? text(ev, "ifname") : "");
	return json_object_get(state, index);
}

/* The index of one that had none is told. */
static void
learn(json_t *state, const json_t *ev, const char *index)
{
	char key[320];
	json_t *link;

	snprintf(key, sizeof key, "0 %s %s", text(ev, "netns"),
	    text(ev, "ifname"));
	link = json_object_get(state, key);
	if (link == NULL || json_object_get(state, index) != NULL)
		return;
	json_object_set(state, index, link);
	json_object_del(state, key);
}

void
player_event(json_t *state, const json_t *ev)
{
	const char *topic = text(ev, "topic"), *level = strchr(topic, '/');
	char index[320];
	json_t *link = find(state, ev, index, sizeof index);

	if (link == NULL) {
		learn(state, ev, index);
		link = json_object_get(state, index);
	}
	if (level == NULL || (link == NULL &&
	    strcmp(topic, "interface/attach") != 0))
		return;
	level++;
	if (strncmp(topic, "interface/", 10) == 0)
		play_interface(state, index, link, level, ev);
	else if (strncmp(level, "address-", 8) == 0)
		play_address(link, level, ev);
	else if (strncmp(level, "router-", 7) == 0)
		play_router(link, level, ev);
	else if (strcmp(level, "nat64-prefix") == 0)
		play_prefix(link, ev);
}

bool
player_line(json_t *state, const char *line, size_t len)
{
	json_t *ev = json_loadb(line, len, 0, NULL);

	if (ev == NULL)
		return false;
	player_event(state, ev);
	json_decref(ev);
	return true;
}

/* Lifetimes run; all else must be what was said last. */
static bool
same(const json_t *was, const json_t *said)
{
	static const char *const run[] = { "valid_lft", "preferred_lft",
	    "lifetime", "count", "carrier_changes" };
	json_t *a = json_copy((json_t *)was), *b = json_copy((json_t *)said);
	bool equal;
	size_t i;

	for (i = 0; i < sizeof run / sizeof run[0]; i++) {
		json_object_del(a, run[i]);
		json_object_del(b, run[i]);
	}
	equal = json_equal(a, b) == 1;
	json_decref(a);
	json_decref(b);
	return equal;
}

static const char *
check_interface(const json_t *link, const char *topic, const json_t *ev)
{
	const json_t *prev = json_object_get(ev, "prev");
	const json_t *was = strcmp(topic, "rename") == 0 ? prev : ev;
	json_t *old;
	bool fits;

	if (strcmp(topic, "attach") == 0)
		return link != NULL ? "it is there already" : NULL;
	if (link == NULL)
		return "there is no such interface";
	if (strcmp(text(was, "ifname"), text(link, "ifname")) != 0)
		return "its name was another one";
	if (strcmp(topic, "detach") == 0 &&
	    (json_object_size(json_object_get(link, "addresses")) > 0 ||
	    json_object_size(json_object_get(link, "routers")) > 0))
		return "it has addresses or routers";
	if (strcmp(topic, "change") != 0 && strncmp(topic, "detach", 6) != 0)
		return NULL;
	old = before(json_object_get(ev, "data"), prev);
	fits = same(json_object_get(link, "link"), old);
	json_decref(old);
	return fits ? NULL : "it was not like this before";
}

static const char *
check_address(const json_t *link, const char *topic, const json_t *ev)
{
	json_t *old = before(json_object_get(ev, "data"),
	    json_object_get(ev, "prev"));
	const json_t *was;
	char key[256];
	bool fits;

	address_key(key, sizeof key, old);
	was = json_object_get(json_object_get(link, "addresses"), key);
	fits = was != NULL && same(was, old);
	json_decref(old);
	if (strcmp(topic, "address-add") == 0)
		return was != NULL ? "it is there already" : NULL;
	if (strcmp(topic, "address-expired") == 0)
		return was != NULL ? "it is still there" : NULL;
	if (was == NULL)
		return "there is no such address";
	/* It goes as the kernel tells it last. */
	return fits || strcmp(topic, "address-remove") == 0 ? NULL :
	    "it was not like this before";
}

const char *
player_contradiction(const json_t *state, const json_t *ev)
{
	const char *topic = text(ev, "topic"), *level = strchr(topic, '/');
	char index[320], key[256];
	const json_t *link = find(state, ev, index, sizeof index), *was;

	if (level == NULL || strncmp(topic, "kev/", 4) == 0 ||
	    strncmp(topic, "network/", 8) == 0 ||
	    strcmp(text(ev, "source"), "inject") == 0)
		return NULL;
	level++;
	if (strncmp(topic, "interface/", 10) == 0)
		return check_interface(link, level, ev);
	if (link == NULL)
		return "there is no such interface";
	if (strcmp(text(ev, "ifname"), text(link, "ifname")) != 0)
		return "its interface has another name";
	if (strncmp(level, "address-", 8) == 0)
		return check_address(link, level, ev);
	if (strcmp(level, "router-add") != 0 &&
	    strcmp(level, "router-remove") != 0)
		return NULL;
	router_key(key, sizeof key, json_object_get(ev, "data"));
	was = json_object_get(json_object_get(link, "routers"), key);
	if ((was != NULL) == (strcmp(level, "router-add") == 0))
		return was != NULL ? "it is there already" :
		    "there is no such router";
	return NULL;
}

/* All of LIST are in ALL by their key, and as they are there. */
static bool
has_all(const json_t *all, const json_t *list,
    void (*put_key)(char *, size_t, const json_t *))
{
	const json_t *v, *was;
	char key[256];
	size_t i;

	json_array_foreach((json_t *)list, i, v) {
		put_key(key, sizeof key, v);
		was = json_object_get(all, key);
		if (was == NULL || !same(was, v))
			return false;
	}
	return true;
}

static bool
is_link(const json_t *link, const json_t *interface)
{
	static const char *const other[] = { "ifindex", "ifname", "ifname_hex",
	    "netns", "ipv4", "ipv6", "routers", "nat64", "quality" };
	json_t *rest = json_copy((json_t *)interface);
	bool fits;
	size_t i;

	for (i = 0; i < sizeof other / sizeof other[0]; i++)
		json_object_del(rest, other[i]);
	fits = same(json_object_get(link, "link"), rest);
	json_decref(rest);
	return fits && strcmp(text(link, "ifname"),
	    text(interface, "ifname")) == 0;
}

static bool
is_interface(const json_t *link, const json_t *interface)
{
	const json_t *addresses = json_object_get(link, "addresses");
	const json_t *routers = json_object_get(link, "routers");
	const json_t *nat64 = json_object_get(link, "nat64");
	const json_t *ipv4 = json_object_get(interface, "ipv4");
	const json_t *ipv6 = json_object_get(interface, "ipv6");
	const json_t *list = json_object_get(interface, "routers");
	const json_t *prefixes = json_object_get(interface, "nat64");

	return json_object_size(addresses) == json_array_size(ipv4) +
	    json_array_size(ipv6) &&
	    json_object_size(routers) == json_array_size(list) &&
	    json_object_size(nat64) == json_array_size(prefixes) &&
	    is_link(link, interface) &&
	    has_all(addresses, ipv4, address_key) &&
	    has_all(addresses, ipv6, address_key) &&
	    has_all(routers, list, router_key) &&
	    has_all(nat64, prefixes, prefix_key);
}

const json_t *
player_differs(const json_t *state, const json_t *interfaces)
{
	const json_t *v, *link;
	char index[320];
	size_t i;

	json_array_foreach((json_t *)interfaces, i, v) {
		link = find(state, v, index, sizeof index);
		if (link == NULL || !is_interface(link, v))
			return v;
	}
	return json_array_size(interfaces) == json_object_size(state) ? NULL :
	    interfaces;
}

/* First those of our own namespace. */
static int
by_index(const void *a, const void *b)
{
	const char *s = *(const char *const *)a, *t = *(const char *const *)b;
	long x = atol(s), y = atol(t);
	int order = strcmp(strchr(s, ' '), strchr(t, ' '));

	return order != 0 ? order : (x > y) - (x < y);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object in order; *N of them. To be freed. */
static const char **
keys(const json_t *object, int (*order)(const void *, const void *), size_t *n)
{
	const char **list = calloc(json_object_size(object) + 1, sizeof *list);
	const char *key;
	json_t *v;

	*n = 0;
	json_object_foreach((json_t *)object, key, v)
		list[(*n)++] = key;
	qsort(list, *n, sizeof *list, order);
	return list;
}

/* Appends those whose key begins with PREFIX. */
static json_t *
values(const json_t *object, char prefix)
{
	json_t *list = json_array(), *v;
	const char **key;
	size_t n, i;

	key = keys(object, by_text, &n);
	for (i = 0; i < n; i++) {
		if (prefix != '\0' && key[i][0] != prefix)
			continue;
		v = json_copy(json_object_get(object, key[i]));
		json_object_del(v, "valid_lft");
		json_object_del(v, "preferred_lft");
		json_object_del(v, "lifetime");
		json_array_append_new(list, v);
	}
	free(key);
	return list;
}

json_t *
player_state(const json_t *state)
{
	json_t *all = json_array(), *in, *out, *addresses;
	const char **key;
	size_t n, i;

	key = keys(state, by_index, &n);
	for (i = 0; i < n; i++) {
		in = json_object_get(state, key[i]);
		addresses = json_object_get(in, "addresses");
		out = json_copy(json_object_get(in, "link"));
		if (json_object_get(in, "ifname") != NULL)
			json_object_set(out, "ifname",
			    json_object_get(in, "ifname"));
		if (json_object_get(in, "quality") != NULL)
			json_object_set(out, "quality",
			    json_object_get(in, "quality"));
		if (json_object_get(in, "netns") != NULL)
			json_object_set(out, "netns",
			    json_object_get(in, "netns"));
		if (atol(key[i]) != 0)
			json_object_set_new(out, "ifindex",
			    json_integer(atol(key[i])));
		json_object_set_new(out, "ipv4", values(addresses, '4'));
		json_object_set_new(out, "ipv6", values(addresses, '6'));
		json_object_set_new(out, "routers",
		    values(json_object_get(in, "routers"), '\0'));
		json_object_set_new(out, "nat64",
		    values(json_object_get(in, "nat64"), '\0'));
		json_array_append_new(all, out);
	}
	free(key);
	return all;
}

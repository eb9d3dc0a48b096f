#include "config.h"

#include "busobject.h"

#include "buf.h"
#include "busvalue.h"
#include "json.h"
#include "kev.h"
#include "scan.h"
#include "tool.h"
#include "topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define ROOT "/org/kev1"
#define INTERFACES ROOT "/interface"
#define PREFIX "org.kev1."
#define INTERFACE PREFIX "Interface"
#define NETWORK PREFIX "Network"
#define KEV PREFIX "Kev"

enum {
	NAME = 40,
	PROPERTIES = 32,
	BACKLOG = 64,		/* messages unsent, before all have to wait */
	/* Addresses, routers and the like, and each interface is as four: then
	 * all objects are one message that a bus takes (32 MiB). Several of
	 * smaller ones are unsent together. */
	ROOM = 65536
};

/* "address-ready" is AddressReady. */
struct name { char s[NAME]; };

/* The topics of a class, which is a word before "/", are one interface. */
struct class {
	struct name interface;
	bool general;			/* about no interface */
	sd_bus_vtable signals[KEV_TOPICS + 2];
	size_t n;
};

struct property {
	const char *key;		/* in the state */
	struct name name;
	const char *signature;
};

/* What the state has beside the members of interface/attach and "quality". */
static const char *const lists[] = { "ipv4", "ipv6", "routers", "nat64" };

static struct class classes[KEV_TOPICS];
static struct name members[KEV_TOPICS];
static struct class *class_of[KEV_TOPICS];
static struct property properties[PROPERTIES];
static sd_bus_vtable property_table[PROPERTIES + 2];
static size_t n_classes, n_properties;

static int
busobject_cmp(const struct busobject *a, const struct busobject *b)
{
	return strcmp(a->path, b->path);
}

RB_GENERATE(busobject_tree, busobject, entry, busobject_cmp)

static struct name
name_of(const char *prefix, const char *s)
{
	struct name n = { "" };
	size_t len = strlen(prefix);
	bool up = true;

	memcpy(n.s, prefix, len);
	for (; *s != '\0' && *s != '/' && len < NAME - 1; s++) {
		if (*s == '-' || *s == '_')
			up = true;
		else {
			n.s[len++] = (char)(up && *s >= 'a' && *s <= 'z' ?
			    *s - 'a' + 'A' : *s);
			up = false;
		}
	}
	return n;
}

static bool
failed(const char *what, int r)
{
	if (r < 0)
		say("cannot %s: %s", what, strerror(-r));
	return r < 0;
}

/* --- what there is --- */

static int
get_property(sd_bus *bus, const char *path, const char *interface,
    const char *name, sd_bus_message *reply, void *object, sd_bus_error *e)
{
	const struct busobject *o = object;
	const struct property *p = properties;

	(void)bus, (void)path, (void)interface, (void)e;
	while (strcmp(p->name.s, name) != 0)
		p++;
	return busvalue_put(reply, p->signature,
	    json_object_get(o->state, p->key));
}

static int
get_version(sd_bus *bus, const char *path, const char *interface,
    const char *name, sd_bus_message *reply, void *arg, sd_bus_error *e)
{
	(void)bus, (void)path, (void)interface, (void)name, (void)arg, (void)e;
	return busvalue_string(reply, kev_version());
}

static const sd_bus_vtable kev_table[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Connected", "b", NULL,
	    offsetof(struct busobjects, connected),
	    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Version", "s", get_version, 0,
	    SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END
};

static void
add_property(const char *key, const char *signature)
{
	struct property *p = &properties[n_properties++];

	*p = (struct property){ key, name_of("", key), signature };
	property_table[n_properties] = (sd_bus_vtable)SD_BUS_PROPERTY(
	    p->name.s, signature, get_property, 0,
	    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
}

static void
make_properties(void)
{
	const struct kev_topic_info *t = &kev_topics[KEV_T_INTERFACE_ATTACH];
	size_t i;
	int f;

	property_table[0] = (sd_bus_vtable)SD_BUS_VTABLE_START(0);
	add_property("ifname", "s");
	add_property("ifindex", "u");
	for (f = 0; f < KEV_F_N; f++) {
		if (t->fields & (UINT64_C(1) << f))
			add_property(kev_field_name((enum kev_field)f),
			    busvalue_signature((enum kev_field)f));
	}
	add_property("quality", "i");
	for (i = 0; i < sizeof lists / sizeof *lists; i++)
		add_property(lists[i], "aa{sv}");
	property_table[n_properties + 1] = (sd_bus_vtable)SD_BUS_VTABLE_END;
}

static struct class *
find_class(const char *interface)
{
	struct class *c;

	for (c = classes; c < classes + n_classes; c++) {
		if (strcmp(c->interface.s, interface) == 0)
			return c;
	}
	n_classes++;
	memcpy(c->interface.s, interface, NAME);
	c->general = strcmp(interface, KEV) == 0 ||
	    strcmp(interface, NETWORK) == 0;
	c->signals[c->n++] = (sd_bus_vtable)SD_BUS_VTABLE_START(0);
	return c;
}

static void
make_signals(void)
{
	struct class *c;
	int t;

	for (t = 0; t < KEV_TOPICS; t++) {
		c = find_class(name_of(PREFIX, kev_topics[t].name).s);
		class_of[t] = c;
		members[t] = name_of("", strchr(kev_topics[t].name, '/') + 1);
		c->signals[c->n++] = (sd_bus_vtable)SD_BUS_SIGNAL_WITH_NAMES(
		    members[t].s, "sa{sv}a{sv}", SD_BUS_PARAM(ifname)
		    SD_BUS_PARAM(data) SD_BUS_PARAM(event), 0);
	}
	for (c = classes; c < classes + n_classes; c++)
		c->signals[c->n] = (sd_bus_vtable)SD_BUS_VTABLE_END;
}

/* --- who is asked for --- */

static struct busobject *
find(struct busobjects *all, const char *path)
{
	struct busobject key = { .path = (char *)path };

	return path == NULL ? NULL : RB_FIND(busobject_tree, &all->all, &key);
}

static int
on_find(sd_bus *bus, const char *path, const char *interface, void *arg,
    void **found, sd_bus_error *e)
{
	(void)bus, (void)interface, (void)e;
	*found = find(arg, path);
	return *found != NULL;
}

static int
on_list(sd_bus *bus, const char *prefix, void *arg, char ***paths,
    sd_bus_error *e)
{
	struct busobjects *all = arg;
	struct busobject *o;
	size_t n = 0;
	char **list;

	(void)bus, (void)prefix, (void)e;
	RB_FOREACH(o, busobject_tree, &all->all)
		n++;
	list = calloc(n + 1, sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	*paths = list;
	RB_FOREACH(o, busobject_tree, &all->all) {
		*list = strdup(o->path);
		if (*list++ == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* --- objects --- */

/* The path of the interface that OBJECT names, or NULL; to be freed. */
static char *
path_of(const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "ifname"));
	const char *hex = json_string_value(json_object_get(object,
	    "ifname_hex"));
	struct buf b = BUF_INIT;
	char *path = NULL;

	/* Two that are not UTF-8 may look the same. */
	for (; hex != NULL && scan_byte(hex) != -1; hex += 2)
		buf_putc(&b, (char)scan_byte(hex));
	if (b.len == 0 && name != NULL)
		buf_puts(&b, name);
	buf_put(&b, "", 1);
	if (name != NULL && !b.failed)
		sd_bus_path_encode(INTERFACES, b.data, &path);
	buf_fini(&b);
	return path;
}

static void
be_fresh(struct busobjects *all, struct busobject *o)
{
	if (!o->stale)
		return;
	o->stale = false;
	TAILQ_REMOVE(&all->stale, o, stale_entry);
	all->n_stale--;
}

static void
be_stale(struct busobjects *all, struct busobject *o)
{
	if (o == NULL || o->stale)
		return;
	o->stale = true;
	TAILQ_INSERT_TAIL(&all->stale, o, stale_entry);
	all->n_stale++;
}

static size_t
weight(const json_t *state)
{
	size_t i, n = 4 + json_array_size(json_object_get(state, "altnames"));

	for (i = 0; i < sizeof lists / sizeof *lists; i++)
		n += json_array_size(json_object_get(state, lists[i]));
	return n;
}

/* Whether there is room for STATE in place of BEFORE. */
static bool
has_room(struct busobjects *all, const json_t *before, const json_t *state)
{
	size_t taken = all->weight - (before == NULL ? 0 : weight(before));

	if (taken + weight(state) <= ROOM)
		return true;
	if (!all->full)
		say("more interfaces and addresses than a bus takes: some have "
		    "no object");
	all->full = true;
	return false;
}

static void
drop(struct busobjects *all, struct busobject *o)
{
	be_fresh(all, o);
	all->weight -= weight(o->state);
	RB_REMOVE(busobject_tree, &all->all, o);
	json_decref(o->state);
	free(o->path);
	free(o);
}

/* It was there for others up to now. */
static void
lose(struct busobjects *all, struct busobject *o)
{
	if (o == NULL)
		return;
	if (all->named)
		failed("tell that an interface went",
		    sd_bus_emit_object_removed(all->bus, o->path));
	drop(all, o);
}

/* A new one, with PATH and STATE as its own. */
static void
gain(struct busobjects *all, char *path, json_t *state)
{
	struct busobject *o = calloc(1, sizeof *o);
	bool no_memory = o == NULL || path == NULL || state == NULL;

	lose(all, find(all, path));
	if (no_memory || !has_room(all, NULL, state)) {
		if (no_memory)
			failed("keep an interface", -ENOMEM);
		free(o);
		free(path);
		json_decref(state);
		return;
	}
	all->weight += weight(state);
	o->path = path;
	o->state = state;
	o->told = true;
	RB_INSERT(busobject_tree, &all->all, o);
	if (all->named)
		failed("tell that an interface came",
		    sd_bus_emit_object_added(all->bus, path));
}

/* What its state is now, which becomes its own; what differs is told. */
static void
change(struct busobjects *all, struct busobject *o, json_t *state)
{
	char *names[PROPERTIES + 1];
	size_t i, n = 0;
	json_t *before = o->state;

	if (!has_room(all, before, state)) {
		json_decref(state);
		lose(all, o);
		return;
	}
	all->weight += weight(state) - weight(before);
	for (i = 0; i < n_properties; i++) {
		const json_t *a = json_object_get(before, properties[i].key);
		const json_t *b = json_object_get(state, properties[i].key);

		if (a != b && !json_equal(a, b))
			names[n++] = properties[i].name.s;
	}
	names[n] = NULL;
	o->state = state;
	json_decref(before);
	if (n > 0 && all->named)
		failed("tell what changed", sd_bus_emit_properties_changed_strv(
		    all->bus, o->path, INTERFACE, names));
}

/* Lifetimes, which change without a word, are not for what stays. */
static json_t *
copy_state(const json_t *interface)
{
	json_t *copy = json_deep_copy(interface), *list, *v;
	const char *key;
	size_t i;

	json_object_foreach(copy, key, list) {
		json_array_foreach(list, i, v) {
			json_object_del(v, "valid_lft");
			json_object_del(v, "preferred_lft");
			json_object_del(v, "lifetime");
		}
	}
	return copy;
}

static void
set_state(struct busobjects *all, const json_t *interface)
{
	char *path = path_of(interface);
	struct busobject *o = find(all, path);
	json_t *state = path == NULL ? NULL : copy_state(interface);

	if (o == NULL && path != NULL) {
		gain(all, path, state);
		return;
	}
	free(path);
	if (state == NULL)
		return;
	o->told = true;
	change(all, o, state);
}

void
busobjects_state(struct busobjects *all, const json_t *interfaces, bool sweep)
{
	struct busobject *o, *next;
	const json_t *v;
	size_t i;

	RB_FOREACH(o, busobject_tree, &all->all)
		o->told = !sweep;
	json_array_foreach((json_t *)interfaces, i, v)
		set_state(all, v);
	RB_FOREACH_SAFE(o, busobject_tree, &all->all, next) {
		if (!o->told)
			lose(all, o);
	}
}

/* One character fits whatever a name has that is not UTF-8. */
static void
put_glob(struct buf *b, const char *name)
{
	struct buf glob = BUF_INIT;

	for (; *name != '\0'; name++) {
		if (strncmp(name, "\xef\xbf\xbd", 3) == 0) {
			buf_putc(&glob, '?');
			name += 2;
			continue;
		}
		if (strchr("*?[\\", *name) != NULL)
			buf_putc(&glob, '\\');
		buf_putc(&glob, *name);
	}
	json_put_string(b, glob.data, glob.len);
	b->failed = b->failed || glob.failed;
	buf_fini(&glob);
}

void
busobjects_put_stale(struct busobjects *all, struct buf *b)
{
	struct busobject *o;
	const char *comma = "[";

	while ((o = TAILQ_FIRST(&all->stale)) != NULL) {
		buf_puts(b, comma);
		put_glob(b, json_string_value(json_object_get(o->state,
		    "ifname")));
		be_fresh(all, o);
		comma = ",";
	}
	buf_putc(b, ']');
}

/* --- events --- */

static void
send_signal(struct busobjects *all, const char *path, const char *interface,
    const char *member, const json_t *event)
{
	static const char *const args[] = { "topic", "ifname", "data", NULL };
	const char *name = json_string_value(json_object_get(event, "ifname"));
	const char *const *none = args + 3;
	sd_bus_message *m = NULL;
	int r;

	if (!all->named)
		return;
	r = sd_bus_message_new_signal(all->bus, &m, path, interface, member);
	if (r >= 0)
		r = busvalue_string(m, name != NULL ? name : "");
	if (r >= 0)
		r = busvalue_dict(m, json_object_get(event, "data"), none);
	if (r >= 0)
		r = busvalue_dict(m, event, args);
	if (r >= 0)
		r = sd_bus_send(all->bus, m, NULL);
	failed("send a signal", r);
	sd_bus_message_unref(m);
}

void
busobjects_signal(struct busobjects *all, const char *member, json_t *data)
{
	json_t *event = json_pack("{s:o*}", "data", data);

	send_signal(all, ROOT, KEV, member, event);
	json_decref(event);
}

static void
set_name(json_t *state, const json_t *event)
{
	static const char *const keys[] = { "ifname", "ifname_hex", "ifindex" };
	json_t *v;
	size_t i;

	for (i = 0; i < sizeof keys / sizeof *keys; i++) {
		v = json_object_get(event, keys[i]);
		if (v != NULL)
			json_object_set(state, keys[i], v);
		else
			json_object_del(state, keys[i]);
	}
}

/* The rest of its state comes when kevd is asked for it. */
static void
attach(struct busobjects *all, const json_t *event)
{
	json_t *data = json_object_get(event, "data");
	json_t *state = json_is_object(data) ? json_copy(data) : json_object();
	size_t i;

	for (i = 0; i < sizeof lists / sizeof *lists; i++)
		json_object_set_new(state, lists[i], json_array());
	set_name(state, event);
	gain(all, path_of(event), state);
}

/* Its path is its name, so it goes and comes. */
static void
rename_it(struct busobjects *all, const json_t *event)
{
	json_t *state = NULL, *index = json_object_get(event, "ifindex");
	struct busobject *o, *next;

	RB_FOREACH_SAFE(o, busobject_tree, &all->all, next) {
		if (state != NULL || index == NULL || !json_equal(index,
		    json_object_get(o->state, "ifindex")))
			continue;
		state = json_copy(o->state);
		lose(all, o);
	}
	if (state == NULL)
		return;
	set_name(state, event);
	gain(all, path_of(event), state);
}

void
busobjects_event(struct busobjects *all, const json_t *event)
{
	const char *topic = json_string_value(json_object_get(event, "topic"));
	const char *source = json_string_value(json_object_get(event,
	    "source"));
	int t = topic == NULL ? -1 : kev_topic_find(topic);
	/* What is injected happened to nobody. */
	bool real = source == NULL || strcmp(source, "inject") != 0;
	char *path;

	if (t == -1)
		return;
	path = class_of[t]->general ? NULL : path_of(event);
	if (real && path != NULL && t == KEV_T_INTERFACE_ATTACH)
		attach(all, event);
	else if (real && path != NULL && t == KEV_T_INTERFACE_RENAME)
		rename_it(all, event);
	send_signal(all, path != NULL ? path : ROOT,
	    class_of[t]->interface.s, members[t].s, event);
	if (real && t == KEV_T_INTERFACE_DETACH)
		lose(all, find(all, path));
	else if (real)
		be_stale(all, find(all, path));
	free(path);
}

/* --- the whole --- */

void
busobjects_connected(struct busobjects *all, bool connected)
{
	if (all->connected == connected)
		return;
	all->connected = connected;
	if (all->named)
		failed("tell of kevd", sd_bus_emit_properties_changed(all->bus,
		    ROOT, KEV, "Connected", (const char *)NULL));
}

bool
busobjects_crowded(const struct busobjects *all)
{
	uint64_t n;

	return sd_bus_get_n_queued_write(all->bus, &n) >= 0 &&
	    (n >= BACKLOG || n * all->weight >= ROOM);
}

/*
 * Nothing is read when there is too much to write, but sd_bus_process() may do
 * both. What is asked then has to wait.
 */
static int
on_message(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	uint8_t type;

	(void)e;
	if (!busobjects_crowded(arg) || sd_bus_message_get_type(m, &type) < 0 ||
	    type != SD_BUS_MESSAGE_METHOD_CALL)
		return 0;
	return sd_bus_enqueue_for_read(sd_bus_message_get_bus(m), m) < 0 ? 0 :
	    1;
}

static int
add_class(struct busobjects *all, const struct class *c)
{
	int r = sd_bus_add_object_vtable(all->bus, NULL, ROOT, c->interface.s,
	    c->signals, all);

	if (r < 0 || c->general)
		return r;
	return sd_bus_add_fallback_vtable(all->bus, NULL, INTERFACES,
	    c->interface.s, c->signals, on_find, all);
}

bool
busobjects_init(struct busobjects *all, sd_bus *bus)
{
	size_t i;
	int r;

	*all = (struct busobjects){ .bus = bus };
	RB_INIT(&all->all);
	TAILQ_INIT(&all->stale);
	make_properties();
	make_signals();
	r = sd_bus_add_filter(bus, NULL, on_message, all);
	if (r >= 0)
		r = sd_bus_add_object_manager(bus, NULL, ROOT);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, ROOT, KEV, kev_table,
		    all);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, INTERFACES, on_list,
		    all);
	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus, NULL, INTERFACES,
		    INTERFACE, property_table, on_find, all);
	for (i = 0; i < n_classes && r >= 0; i++)
		r = add_class(all, &classes[i]);
	return !failed("make the objects", r);
}

void
busobjects_fini(struct busobjects *all)
{
	struct busobject *o;

	while ((o = RB_MIN(busobject_tree, &all->all)) != NULL)
		drop(all, o);
}

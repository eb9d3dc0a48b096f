#include "config.h"

#include "filter.h"

#include "pattern.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
kev_filter_fini(struct kev_filter *f)
{
	free(f->ifnames.buf);
	free(f->netns.buf);
	free(f->matches.buf);
	memset(f, 0, sizeof *f);
}

static bool
copy_names(struct kev_names *to, const struct kev_names *from)
{
	to->buf = NULL;
	if (from->len > 0) {
		to->buf = malloc(from->len);
		if (to->buf == NULL)
			return false;
		memcpy(to->buf, from->buf, from->len);
	}
	to->len = from->len;
	to->n = from->n;
	return true;
}

bool
kev_filter_copy(struct kev_filter *to, const struct kev_filter *from)
{
	to->topics = from->topics;
	memcpy(to->field, from->field, sizeof to->field);
	if (copy_names(&to->ifnames, &from->ifnames) &&
	    copy_names(&to->netns, &from->netns) &&
	    copy_names(&to->matches, &from->matches))
		return true;
	kev_filter_fini(to);
	return false;
}

static bool
same_names(const struct kev_names *a, const struct kev_names *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->buf, b->buf, a->len) == 0);
}

bool
kev_filter_same(const struct kev_filter *a, const struct kev_filter *b)
{
	return a->topics == b->topics && same_names(&a->ifnames, &b->ifnames) &&
	    same_names(&a->netns, &b->netns) &&
	    same_names(&a->matches, &b->matches) &&
	    memcmp(a->field, b->field, a->matches.n * sizeof a->field[0]) == 0;
}

bool
kev_filter_plain(const struct kev_filter *f)
{
	return f->ifnames.n == 0 && f->netns.n == 0 && f->matches.n == 0;
}

static const char *
next_name(const struct kev_names *names, const char *name)
{
	name = name == NULL ? names->buf : name + strlen(name) + 1;
	return names->len > 0 && name < names->buf + names->len ? name : NULL;
}

bool
kev_globs_fit(const struct kev_names *globs, const char *text)
{
	const char *glob = NULL;

	if (globs->n == 0)
		return true;
	if (text == NULL)
		return false;
	while ((glob = next_name(globs, glob)) != NULL) {
		if (kev_glob(glob, text))
			return true;
	}
	return false;
}

/* Of kev/ only what is told of another namespace can be unwanted. */
static bool
netns_fits(const struct kev_filter *f, enum kev_topic topic, const char *netns)
{
	if (netns == NULL && (KEV_TOPIC_KEV & UINT64_C(1) << topic))
		return true;
	return kev_globs_fit(&f->netns, netns != NULL ? netns : "");
}

static bool
one_fits(const struct kev_names *globs, const struct kev_names *names)
{
	const char *name = NULL;

	while ((name = next_name(names, name)) != NULL) {
		if (kev_globs_fit(globs, name))
			return true;
	}
	return false;
}

static bool
interface_fits(const struct kev_filter *f, const struct kev_event *ev)
{
	const struct kev_note *note = (const struct kev_note *)ev->data;
	const struct kev_note *old = (const struct kev_note *)ev->prev;

	if (kev_globs_fit(&f->ifnames, ev->ifname))
		return true;
	if (ev->topic == KEV_T_NETWORK_CHANGED)
		return note != NULL && one_fits(&f->ifnames, &note->interfaces);
	return ev->topic == KEV_T_INTERFACE_RENAME && old != NULL &&
	    kev_globs_fit(&f->ifnames, old->ifname);
}

bool
kev_filter_fits(const struct kev_filter *f, const struct kev_event *ev)
{
	const struct kev_topic_info *info = &kev_topics[ev->topic];
	const char *glob = NULL;
	unsigned i;

	if (!netns_fits(f, ev->topic, ev->netns))
		return false;
	if (KEV_TOPIC_KEV & UINT64_C(1) << ev->topic)
		return true;
	if (!interface_fits(f, ev))
		return false;
	for (i = 0; i < f->matches.n; i++) {
		glob = next_name(&f->matches, glob);
		if (ev->data == NULL || f->field[i] < 0 ||
		    (info->fields & UINT64_C(1) << f->field[i]) == 0 ||
		    !kev_object_fits(info->class, ev->data,
		    (enum kev_field)f->field[i], glob))
			return false;
	}
	return true;
}

bool
kev_value_fits(const char *glob, const json_t *v)
{
	const json_t *element;
	char digits[32];
	size_t i;

	if (json_is_array(v)) {
		json_array_foreach((json_t *)v, i, element) {
			if (kev_value_fits(glob, element))
				return true;
		}
		return false;
	}
	if (json_is_string(v))
		return kev_glob(glob, json_string_value(v));
	if (json_is_boolean(v))
		return kev_glob(glob, json_is_true(v) ? "true" : "false");
	if (!json_is_integer(v))
		return false;
	snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT,
	    json_integer_value(v));
	return kev_glob(glob, digits);
}

static bool
line_interface_fits(const struct kev_filter *f, enum kev_topic topic,
    const json_t *ev)
{
	const json_t *name, *names;
	size_t i;

	if (kev_globs_fit(&f->ifnames,
	    json_string_value(json_object_get(ev, "ifname"))))
		return true;
	if (topic == KEV_T_INTERFACE_RENAME)
		return kev_globs_fit(&f->ifnames, json_string_value(
		    json_object_get(json_object_get(ev, "prev"), "ifname")));
	names = json_object_get(json_object_get(ev, "data"), "interfaces");
	json_array_foreach((json_t *)names, i, name) {
		if (kev_globs_fit(&f->ifnames, json_string_value(name)))
			return true;
	}
	return false;
}

/* By interface and members. */
static bool
line_fits(const struct kev_filter *f, enum kev_topic topic, const json_t *ev)
{
	const json_t *data = json_object_get(ev, "data");
	const char *glob = NULL;
	unsigned i;

	if (!line_interface_fits(f, topic, ev))
		return false;
	for (i = 0; i < f->matches.n; i++) {
		glob = next_name(&f->matches, glob);
		if (f->field[i] < 0 || !kev_value_fits(glob, json_object_get(
		    data, kev_field_name((enum kev_field)f->field[i]))))
			return false;
	}
	return true;
}

bool
kev_filter_fits_line(const struct kev_filter *f, enum kev_topic topic,
    const char *line, size_t len)
{
	json_t *ev;
	bool fits;

	if (kev_filter_plain(f))
		return true;
	ev = json_loadb(line, len, 0, NULL);
	if (ev == NULL)
		return false;
	fits = netns_fits(f, topic, json_string_value(json_object_get(ev,
	    "netns")));
	if ((KEV_TOPIC_KEV & UINT64_C(1) << topic) == 0)
		fits = fits && line_fits(f, topic, ev);
	json_decref(ev);
	return fits;
}

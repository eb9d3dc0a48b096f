#include "config.h"

#include "kev.h"
#include "buf.h"
#include "text.h"
#include "variables.h"

#include <ctype.h>
#include <string.h>

#include <jansson.h>

struct each {
	variables_fn *fn;
	void *arg;
	bool safe;
};

/* KEV_<MEMBER> of a member's name: upper case, anything else is "_". */
static void
put_name(struct buf *b, const char *prefix, const char *member)
{
	buf_puts(b, prefix);
	for (; *member != '\0'; member++)
		buf_putc(b, isalnum((unsigned char)*member) ?
		    (char)toupper((unsigned char)*member) : '_');
	buf_putc(b, '\0');
}

static void
tell(const struct each *e, const char *prefix, const char *member,
    const struct buf *value)
{
	struct buf name = BUF_INIT;

	put_name(&name, prefix, member);
	/* That one is ours: which kevd it is about. */
	if (!name.failed && !value->failed &&
	    strcmp(name.data, "KEV_SOCKET") != 0)
		e->fn(e->arg, name.data, value->data);
	buf_fini(&name);
}

static void
tell_value(const struct each *e, const char *prefix, const char *member,
    const json_t *v)
{
	struct buf value = BUF_INIT;

	if (v == NULL || json_is_object(v))
		return;
	text_value(&value, v, ' ', e->safe);
	buf_putc(&value, '\0');
	tell(e, prefix, member, &value);
	buf_fini(&value);
}

/* The name as the kernel has it, whatever JSON can say. */
static void
tell_ifname(const struct each *e, const json_t *event)
{
	struct buf value = BUF_INIT;

	text_ifname(&value, event, e->safe);
	buf_putc(&value, '\0');
	tell(e, "KEV_", "ifname", &value);
	buf_fini(&value);
}

void
variables_each(const struct kev_line *event, bool safe, variables_fn *fn,
    void *arg)
{
	static const char *const members[] = { "topic", "ifname_hex",
	    "ifindex", "netns", "time", "id", "source", "seq", "snapshot",
	    NULL };
	const json_t *o = kev_line_json(event);
	const struct each e = { fn, arg, safe };
	const char *const *m;
	const char *key;
	json_t *v;

	for (m = members; *m != NULL; m++)
		tell_value(&e, "KEV_", *m, json_object_get(o, *m));
	if (json_object_get(o, "ifname") != NULL)
		tell_ifname(&e, o);
	/* What the event itself says is stronger. */
	json_object_foreach(json_object_get(o, "data"), key, v) {
		if (json_object_get(o, key) == NULL)
			tell_value(&e, "KEV_", key, v);
	}
	json_object_foreach(json_object_get(o, "prev"), key, v)
		tell_value(&e, "KEV_OLD_", key, v);
}

/* Within single quotes a shell heeds nothing but the quote that ends them. */
static void
put_assignment(void *arg, const char *name, const char *value)
{
	struct buf *b = arg;

	if (b->len > 0)
		buf_putc(b, ' ');
	buf_puts(b, name);
	buf_puts(b, "='");
	for (; *value != '\0'; value++) {
		if (*value == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *value);
	}
	buf_putc(b, '\'');
}

void
variables_put(struct buf *b, const struct kev_line *event)
{
	variables_each(event, true, put_assignment, b);
}

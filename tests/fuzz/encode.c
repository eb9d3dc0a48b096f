#include "config.h"

#include "buf.h"
#include "event.h"
#include "fuzz.h"

#include <jansson.h>
#include <string.h>

void
encode(const struct kev_event *ev)
{
	struct kev_event numbered = *ev;
	struct buf b = BUF_INIT;
	json_t *o;

	numbered.run = "0";
	kev_event_put(&b, &numbered);
	MUST(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
	o = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	MUST(json_is_object(o));
	json_decref(o);
	buf_fini(&b);
}

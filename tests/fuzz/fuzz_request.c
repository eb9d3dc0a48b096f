/*
 * What a client may send, through framing, parsing and the filter; the answer
 * is one line of JSON. An inject is the same with and without a tree of it.
 */
#include "config.h"

#include "bounds.h"
#include "buf.h"
#include "frame.h"
#include "fuzz.h"
#include "request.h"

#include <jansson.h>
#include <string.h>

static void
put_inject(struct buf *b, const struct kev_request *r)
{
	kev_reply_begin(b, r->id);
	buf_puts(b, kev_topics[r->topic].name);
	buf_puts(b, r->ifname != NULL ? r->ifname : " none ");
	kev_object_put(b, kev_topics[r->topic].class, &r->data.object,
	    UINT64_MAX, false);
}

/* What was read where it lies, and with a member that only a tree can have. */
static void
same_with_tree(const struct kev_request *r, const char *line, size_t len)
{
	const char *first = memchr(line, '{', len);
	struct buf more = BUF_INIT, one = BUF_INIT, two = BUF_INIT;
	struct kev_request tree;
	char message[512];

	buf_puts(&more, "{\"more\":0,");
	buf_put(&more, first + 1, (size_t)(line + len - first) - 1);
	MUST(kev_request_parse(&tree, more.data, more.len, message,
	    sizeof message) == KEV_OK);
	MUST(tree.op == KEV_INJECT && json_is_object(tree.root));
	put_inject(&one, r);
	put_inject(&two, &tree);
	MUST(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	kev_request_fini(&tree);
	buf_fini(&more);
	buf_fini(&one);
	buf_fini(&two);
}

static void
request(const char *line, size_t len)
{
	struct kev_event ev = { 0 };
	struct buf b = BUF_INIT;
	struct kev_filter copy = { 0 };
	struct kev_request r;
	char message[512] = "";
	enum kev_error e;
	json_t *o;

	e = kev_request_parse(&r, line, len, message, sizeof message);
	if (e != KEV_OK) {
		kev_reply_error(&b, r.id, e, message);
		o = json_loadb(b.data, b.len, 0, NULL);
		MUST(o != NULL && b.data[b.len - 1] == '\n');
		json_decref(o);
	} else if (r.op == KEV_INJECT) {
		if (!json_is_object(r.root))
			same_with_tree(&r, line, len);
		ev.topic = r.topic;
		ev.ifname = r.ifname;
		ev.data = &r.data.object;
		encode(&ev);
	} else if (r.op == KEV_SUBSCRIBE) {
		MUST(kev_filter_copy(&copy, &r.filter));
		MUST(kev_filter_same(&copy, &r.filter));
		ev.ifname = "eth0";
		(void)kev_filter_fits(&copy, &ev);
		kev_filter_fini(&copy);
	}
	kev_request_fini(&r);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct frame f = { 0 };
	enum frame_found found;
	const char *line;
	size_t done = 0, piece, n;

	/* In pieces of different sizes, as sockets give them. */
	while (done < len) {
		piece = 1 + (done * 7 + len) % 1000;
		if (piece > len - done)
			piece = len - done;
		MUST(frame_feed(&f, (const char *)bytes + done, piece));
		done += piece;
		while ((found = frame_next(&f, done == len, &line, &n)) !=
		    FRAME_NONE) {
			if (found == FRAME_TOO_LONG)
				continue;
			MUST(n <= KEV_REQUEST_MAX);
			request(line, n);
		}
	}
	frame_fini(&f);
	return 0;
}

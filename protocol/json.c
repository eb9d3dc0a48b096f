#include "config.h"

#include "json.h"

#include "buf.h"
#include "hot.h"

#include <string.h>

size_t
json_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void
put_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *s;

	for (s = shorts; *s != '\0'; s += 2) {
		if ((unsigned char)*s != c)
			continue;
		buf_putc(b, '\\');
		buf_putc(b, s[1]);
		return;
	}
	buf_puts(b, "\\u00");
	buf_putc(b, hex[c >> 4]);
	buf_putc(b, hex[c & 15]);
}

/* What stands for itself; of which nearly all strings are. */
static inline bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* The same for what is not plain from byte I on. */
static bool
put_escaped(struct buf *b, const char *s, size_t len, size_t i)
{
	size_t plain = 0, n;
	bool good = true;

	buf_putc(b, '"');
	while (i < len) {
		unsigned char c = (unsigned char)s[i];

		if (is_plain(c)) {
			i++;
			continue;
		}
		n = json_utf8(s + i, len - i);
		if (n > 1) {
			i += n;
			continue;
		}
		buf_put(b, s + plain, i - plain);
		if (n == 1) {
			put_escape(b, c);
		} else {
			buf_puts(b, "\xef\xbf\xbd");
			good = false;
		}
		plain = ++i;
	}
	buf_put(b, s + plain, len - plain);
	buf_putc(b, '"');
	return good;
}

HOT bool
json_put_string(struct buf *b, const char *s, size_t len)
{
	size_t i = 0;
	char *p;

	while (i < len && is_plain((unsigned char)s[i]))
		i++;
	if (i < len)
		return put_escaped(b, s, len, i);
	p = buf_room(b, len + 2);
	if (p == NULL)
		return true;
	*p++ = '"';
	if (len > 0)
		memcpy(p, s, len);
	p[len] = '"';
	b->len += len + 2;
	return true;
}

HOT size_t
json_u64(char *end, uint64_t v)
{
	char *p = end;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return (size_t)(end - p);
}

HOT void
json_put_u64(struct buf *b, uint64_t v)
{
	char digits[JSON_U64LEN], *end = digits + sizeof digits;
	size_t n = json_u64(end, v);

	buf_put(b, end - n, n);
}

void
json_put_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_putc(b, '-');
	json_put_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

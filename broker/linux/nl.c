#include "config.h"

#include "nl.h"

#include "hot.h"

#include <string.h>

HOT const char *
nl_message(const uint8_t *bytes, size_t len, struct nlmsghdr *head,
    size_t *next)
{
	memset(head, 0, sizeof *head);
	*next = len;
	if (len < sizeof *head)
		return "message is shorter than its header";
	memcpy(head, bytes, sizeof *head);
	if (head->nlmsg_len < sizeof *head || head->nlmsg_len > len) {
		memset(head, 0, sizeof *head);
		return "message length is wrong";
	}
	if (NLMSG_ALIGN((size_t)head->nlmsg_len) < len)
		*next = NLMSG_ALIGN((size_t)head->nlmsg_len);
	return NULL;
}

const uint8_t *
nl_next(const uint8_t *p, size_t len, size_t *pos, struct nlattr *a,
    const char **fault)
{
	const uint8_t *data;

	/* Fewer bytes than a header are padding. */
	if (*pos >= len || len - *pos < NLA_HDRLEN)
		return NULL;
	memcpy(a, p + *pos, sizeof *a);
	if (a->nla_len < NLA_HDRLEN || a->nla_len > len - *pos) {
		*fault = "attribute length is wrong";
		return NULL;
	}
	data = p + *pos + NLA_HDRLEN;
	*pos += NLA_ALIGN(a->nla_len);
	a->nla_len = (uint16_t)(a->nla_len - NLA_HDRLEN);
	a->nla_type &= NLA_TYPE_MASK;
	return data;
}

HOT const char *
nl_parse(const uint8_t *p, size_t len, const struct nl_size *sizes, size_t n,
    size_t address_len, struct nl_attr *found)
{
	const char *fault = NULL;
	const uint8_t *data;
	struct nlattr a;
	struct nl_size want;
	size_t pos = 0;

	memset(found, 0, n * sizeof *found);
	while ((data = nl_next(p, len, &pos, &a, &fault)) != NULL) {
		if (a.nla_type >= n || sizes[a.nla_type].max == 0)
			continue;
		want = sizes[a.nla_type];
		if (want.min == UINT16_MAX)
			want.min = want.max = (uint16_t)address_len;
		if (a.nla_len < want.min || a.nla_len > want.max)
			return "attribute has the wrong size";
		found[a.nla_type] = (struct nl_attr){ data, a.nla_len };
	}
	return fault;
}

uint16_t
nl_u16(const struct nl_attr *a)
{
	uint16_t v;

	memcpy(&v, a->data, sizeof v);
	return v;
}

HOT uint32_t
nl_u32(const struct nl_attr *a)
{
	uint32_t v;

	memcpy(&v, a->data, sizeof v);
	return v;
}

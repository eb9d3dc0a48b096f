#include "config.h"

#include "ethtool_decode.h"

#include "nl.h"

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include <stdbool.h>
#include <string.h>

#define HEAD_ATTRS (ETHTOOL_A_HEADER_DEV_INDEX + 1)
static const struct nl_size head_sizes[HEAD_ATTRS] = {
	[ETHTOOL_A_HEADER_DEV_INDEX] = NL_EXACTLY(4),
};

#define MODES_ATTRS (ETHTOOL_A_LINKMODES_DUPLEX + 1)
static const struct nl_size modes_sizes[MODES_ATTRS] = {
	[ETHTOOL_A_LINKMODES_HEADER] = NL_NESTED,
	[ETHTOOL_A_LINKMODES_SPEED] = NL_EXACTLY(4),
	[ETHTOOL_A_LINKMODES_DUPLEX] = NL_EXACTLY(1),
};

#define FAMILY_ATTRS (CTRL_ATTR_MCAST_GROUPS + 1)
static const struct nl_size family_sizes[FAMILY_ATTRS] = {
	[CTRL_ATTR_FAMILY_ID] = NL_EXACTLY(2),
	[CTRL_ATTR_MCAST_GROUPS] = NL_NESTED,
};

#define GROUP_ATTRS (CTRL_ATTR_MCAST_GRP_ID + 1)
static const struct nl_size group_sizes[GROUP_ATTRS] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = { 1, 64 },
	[CTRL_ATTR_MCAST_GRP_ID] = NL_EXACTLY(4),
};

/* What link modes say, from their attributes on. What is wrong, or NULL. */
static const char *
get_modes(const uint8_t *p, size_t len, struct change *c)
{
	struct nl_attr a[MODES_ATTRS], head[HEAD_ATTRS];
	const struct nl_attr *speed = &a[ETHTOOL_A_LINKMODES_SPEED];
	const struct nl_attr *duplex = &a[ETHTOOL_A_LINKMODES_DUPLEX];
	const char *fault;

	fault = nl_parse(p, len, modes_sizes, MODES_ATTRS, 0, a);
	if (fault != NULL)
		return fault;
	if (a[ETHTOOL_A_LINKMODES_HEADER].data == NULL)
		return "link modes without an interface";
	fault = nl_parse(a[ETHTOOL_A_LINKMODES_HEADER].data,
	    a[ETHTOOL_A_LINKMODES_HEADER].len, head_sizes, HEAD_ATTRS, 0, head);
	if (fault != NULL)
		return fault;
	if (head[ETHTOOL_A_HEADER_DEV_INDEX].data == NULL)
		return "link modes without an interface";
	c->type = CHANGE_MODES;
	c->ifindex = nl_u32(&head[ETHTOOL_A_HEADER_DEV_INDEX]);
	if (speed->data != NULL && nl_u32(speed) != (uint32_t)SPEED_UNKNOWN) {
		c->modes.speed = nl_u32(speed);
		c->modes.has |= KEV_BIT(SPEED);
	}
	if (duplex->data != NULL && *duplex->data <= DUPLEX_FULL) {
		c->modes.duplex = *duplex->data;
		c->modes.has |= KEV_BIT(DUPLEX);
	}
	return NULL;
}

/* Whether LEN bytes begin with a message of the family, of this command. */
static bool
is_command(const struct nlmsghdr *head, const uint8_t *body, size_t len,
    const struct ethtool_family *family, uint8_t cmd)
{
	return family->id != 0 && head->nlmsg_type == family->id &&
	    len >= GENL_HDRLEN && body[0] == cmd;
}

/* A refusal has the request behind it, in which the interface stands. */
static enum ethtool_found
refused(struct ethtool_reader *r, const struct ethtool_family *family,
    const uint8_t *body, size_t len, struct change *c)
{
	struct nlmsghdr head;
	size_t next;
	int error;

	if (len < sizeof error) {
		r->fault = "error message is too short";
		return ETHTOOL_MALFORMED;
	}
	memcpy(&error, body, sizeof error);
	body += sizeof error;
	len -= sizeof error;
	if (error == 0 || nl_message(body, len, &head, &next) != NULL)
		return ETHTOOL_IGNORED;
	len = head.nlmsg_len - NLMSG_HDRLEN;
	body += NLMSG_HDRLEN;
	if (!is_command(&head, body, len, family, ETHTOOL_MSG_LINKMODES_GET) ||
	    get_modes(body + GENL_HDRLEN, len - GENL_HDRLEN, c) != NULL)
		return ETHTOOL_IGNORED;
	c->modes.has = 0;
	c->modes.answer = true;
	return ETHTOOL_MODES;
}

void
ethtool_reader_init(struct ethtool_reader *r, const void *bytes, size_t len)
{
	*r = (struct ethtool_reader){ .bytes = bytes, .len = len };
}

enum ethtool_found
ethtool_next(struct ethtool_reader *r, const struct ethtool_family *family,
    struct change *c)
{
	const uint8_t *p = r->bytes + r->next;
	size_t left = r->len - r->next, next, len;
	struct nlmsghdr head;
	bool answer;

	memset(c, 0, sizeof *c);
	if (left == 0)
		return ETHTOOL_END;
	r->fault = nl_message(p, left, &head, &next);
	r->next += next;
	r->seq = head.nlmsg_seq;
	if (r->fault != NULL)
		return ETHTOOL_MALFORMED;
	p += NLMSG_HDRLEN;
	len = head.nlmsg_len - NLMSG_HDRLEN;
	if (head.nlmsg_type == NLMSG_ERROR)
		return refused(r, family, p, len, c);
	answer = is_command(&head, p, len, family,
	    ETHTOOL_MSG_LINKMODES_GET_REPLY);
	if (!answer && !is_command(&head, p, len, family,
	    ETHTOOL_MSG_LINKMODES_NTF))
		return ETHTOOL_IGNORED;
	r->fault = get_modes(p + GENL_HDRLEN, len - GENL_HDRLEN, c);
	if (r->fault != NULL)
		return ETHTOOL_MALFORMED;
	c->modes.answer = answer;
	return ETHTOOL_MODES;
}

/* The number of the group named "monitor". */
static const char *
get_monitor(const struct nl_attr *list, struct ethtool_family *family)
{
	const char name[] = ETHTOOL_MCGRP_MONITOR_NAME, *fault = NULL;
	struct nl_attr a[GROUP_ATTRS];
	const struct nl_attr *n = &a[CTRL_ATTR_MCAST_GRP_NAME];
	struct nlattr entry;
	const uint8_t *p;
	size_t pos = 0;

	while ((p = nl_next(list->data, list->len, &pos, &entry, &fault)) !=
	    NULL) {
		fault = nl_parse(p, entry.nla_len, group_sizes, GROUP_ATTRS, 0,
		    a);
		if (fault != NULL)
			return fault;
		if (n->data != NULL && n->len == sizeof name &&
		    memcmp(n->data, name, sizeof name) == 0 &&
		    a[CTRL_ATTR_MCAST_GRP_ID].data != NULL)
			family->monitor = nl_u32(&a[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return fault;
}

const char *
ethtool_family(const void *bytes, size_t len, struct ethtool_family *family)
{
	struct nl_attr a[FAMILY_ATTRS];
	const uint8_t *p = bytes;
	struct nlmsghdr head;
	const char *fault;
	size_t next;

	*family = (struct ethtool_family){ 0, 0 };
	fault = nl_message(p, len, &head, &next);
	if (fault != NULL)
		return fault;
	if (head.nlmsg_type != GENL_ID_CTRL ||
	    head.nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return "this kernel has no ethtool netlink";
	p += NLMSG_HDRLEN + GENL_HDRLEN;
	fault = nl_parse(p, head.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
	    family_sizes, FAMILY_ATTRS, 0, a);
	if (fault != NULL)
		return fault;
	if (a[CTRL_ATTR_FAMILY_ID].data == NULL)
		return "family without a number";
	if (a[CTRL_ATTR_MCAST_GROUPS].data != NULL)
		fault = get_monitor(&a[CTRL_ATTR_MCAST_GROUPS], family);
	family->id = nl_u16(&a[CTRL_ATTR_FAMILY_ID]);
	return fault;
}

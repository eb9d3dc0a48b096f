/*
 * The grain of netlink: messages in a buffer, attributes in a message. No
 * length in them is trusted, and nothing is kept.
 */
#ifndef KEVD_NL_H
#define KEVD_NL_H

#include <linux/netlink.h>

#include <stddef.h>
#include <stdint.h>

/* An attribute found. It lies in the buffer and is not aligned. */
struct nl_attr {
	const uint8_t *data;	/* NULL: not there */
	size_t len;
};

/* The length an attribute must have; max 0: not wanted. */
struct nl_size {
	uint16_t min, max;
};
#define NL_EXACTLY(n) { n, n }
#define NL_ADDRESS { UINT16_MAX, UINT16_MAX }	/* 4 or 16, by family */
#define NL_NESTED { 0, UINT16_MAX - 1 }

/*
 * The header of the message that BYTES begin with, and in *NEXT where the one
 * behind it begins, or LEN. Returns what is wrong, or NULL; after a fault
 * *NEXT is LEN and the message all that is left.
 */
const char *nl_message(const uint8_t *bytes, size_t len, struct nlmsghdr *,
    size_t *next);

/* One attribute at *POS; NULL at the end, or with *FAULT set. */
const uint8_t *nl_next(const uint8_t *, size_t len, size_t *pos,
    struct nlattr *, const char **fault);

/*
 * Finds the attributes wanted, the last one of each type, below N; every
 * length is checked here and nowhere else. Returns what is wrong, or NULL.
 */
const char *nl_parse(const uint8_t *, size_t len, const struct nl_size *,
    size_t n, size_t address_len, struct nl_attr *found);

uint16_t nl_u16(const struct nl_attr *);
uint32_t nl_u32(const struct nl_attr *);

#endif

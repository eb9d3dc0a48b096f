/*
 * What the kernels of macOS and the BSDs have in common, as they write it:
 * numbers, flags of IPv6 addresses, scopes. The same on whatever system it is
 * read; no header of theirs is needed.
 */
#ifndef KEVD_KAME_H
#define KEVD_KAME_H

#include "object.h"

#include <stddef.h>
#include <stdint.h>

/* Little-endian, as all of the machines are that are known; unaligned. */
uint16_t kame_u16(const uint8_t *);
uint32_t kame_u32(const uint8_t *);

/*
 * The number of the interface that KAME's kernels keep in the third and fourth
 * byte of an address that is only good on one link; 0: none. It is taken out.
 */
uint32_t kame_unscope(struct kev_ip *);

/* The scope that Linux gives to such an address. */
uint8_t kame_scope(const struct kev_ip *);

/* Sets "flags" and "status" of an IPv6 address, from IN6_IFF_*. */
void kame_in6_flags(struct kev_addr *, uint32_t flags);

/* The length of a prefix from its mask of LEN bytes; -1: it is none. */
int kame_prefixlen(const uint8_t *mask, size_t len);

#endif

/*
 * What bpf(4) of the BSDs reads: ARP out of a buffer of frames. Knows no
 * descriptor, and trusts no length.
 */
#ifndef KEVD_BPF_H
#define KEVD_BPF_H

#include <stddef.h>
#include <stdint.h>

struct bpf_reader {
	const uint8_t *bytes;	/* lent */
	size_t len, next;
	/* Where it says, before each frame, how much of that there is (4
	 * bytes) and where it begins (2); and what all are padded to. */
	size_t caplen, hdrlen, align;
};

/* The next ARP packet, from its header on. NULL: there is none any more. */
const void *bpf_next_arp(struct bpf_reader *, size_t *len);

#endif

#include "config.h"

#include "bpf.h"

#include "kame.h"

#define ETHER_LEN 14
#define ETHERTYPE_ARP_HIGH 0x08
#define ETHERTYPE_ARP_LOW 0x06

/* What came before there was a filter did not pass it. */
static const uint8_t *
arp(const uint8_t *frame, size_t len)
{
	return len >= ETHER_LEN && frame[12] == ETHERTYPE_ARP_HIGH &&
	    frame[13] == ETHERTYPE_ARP_LOW ? frame + ETHER_LEN : NULL;
}

const void *
bpf_next_arp(struct bpf_reader *r, size_t *len)
{
	size_t left, head, size, step;
	const uint8_t *p, *found;

	while (r->next < r->len) {
		p = r->bytes + r->next;
		left = r->len - r->next;
		r->next = r->len;
		if (left < r->hdrlen + 2)
			return NULL;
		size = kame_u32(p + r->caplen);
		head = kame_u16(p + r->hdrlen);
		if (head < r->hdrlen + 2 || head > left || size > left - head)
			return NULL;
		/* The last one need not be padded. */
		step = (head + size + r->align - 1) / r->align * r->align;
		if (step < left)
			r->next -= left - step;
		found = arp(p + head, size);
		if (found == NULL)
			continue;
		*len = size - ETHER_LEN;
		return found;
	}
	return NULL;
}

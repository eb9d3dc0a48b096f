/*
 * What events are about: plain values with a mask of the members they have.
 *
 * The members, their JSON names and types stand in fields.def; the same table
 * writes them (kev_object_put), reads them (kev_object_get), compares them
 * (kev_object_diff) and holds them against a filter (kev_object_fits). Values
 * are the same on every system: decoders translate into them.
 */
#ifndef KEV_OBJECT_H
#define KEV_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum kev_field {
#define FIELD(name, member, type, doc) KEV_F_##name,
#include "fields.def"
#undef FIELD
	KEV_F_N
};

/* The bit of a field in a mask. */
#define KEV_BIT(name) (UINT64_C(1) << KEV_F_##name)

enum kev_type {
	KT_STR,		/* char[], NUL at the end, any bytes */
	KT_NAMES,	/* struct kev_names */
	KT_U32, KT_I32, KT_U64,
	KT_BOOL,	/* bool */
	KT_IP,		/* struct kev_ip */
	KT_LLADDR,	/* struct kev_lladdr */
	KT_FLAGS,	/* uint32_t, KEV_IFF_* or KEV_IFA_* by class */
	KT_FAMILIES,	/* uint8_t, bits of enum kev_family */
	KT_FAMILY,	/* uint8_t; from here on numbers that have words */
	KT_ARPHRD,	/* uint16_t */
	KT_OPERSTATE,	/* uint8_t */
	KT_STATUS,	/* uint8_t */
	KT_SCOPE,	/* uint8_t */
	KT_DUPLEX,	/* uint8_t */
	KT_PROTOCOL,	/* uint16_t, KEV_PROTO_* plus a number */
	KT_TABLE,	/* uint32_t */
	KT_CAUSE	/* uint8_t */
};

enum kev_class { KEV_LINK, KEV_ADDR, KEV_ROUTER, KEV_NOTE, KEV_CLASSES };

enum kev_family { KEV_INET = 1, KEV_INET6 = 2 };

/* RFC 4293, IpAddressStatusTC; RFC 8344 has the same words. */
enum kev_status {
	KEV_PREFERRED = 1, KEV_DEPRECATED, KEV_INVALID, KEV_INACCESSIBLE,
	KEV_UNKNOWN, KEV_TENTATIVE, KEV_DUPLICATE, KEV_OPTIMISTIC
};

/* RFC 2863, numbered as Linux does (IF_OPER_*); words of RFC 8343. */
enum kev_operstate {
	KEV_OPER_UNKNOWN, KEV_OPER_NOT_PRESENT, KEV_OPER_DOWN,
	KEV_OPER_LOWER_LAYER_DOWN, KEV_OPER_TESTING, KEV_OPER_DORMANT,
	KEV_OPER_UP
};

/* Interface flags that the code asks for; all bits are Linux's IFF_*. */
#define KEV_IFF_UP		0x1u
#define KEV_IFF_POINTOPOINT	0x10u
#define KEV_IFF_RUNNING		0x40u
#define KEV_IFF_LOWER_UP	0x10000u

/*
 * Address flags: Linux's IFA_F_*, but that the first bit, which means
 * "secondary" for IPv4 and "temporary" for IPv6, is two bits here.
 */
#define KEV_IFA_SECONDARY	0x1u
#define KEV_IFA_OPTIMISTIC	0x4u
#define KEV_IFA_DADFAILED	0x8u
#define KEV_IFA_DEPRECATED	0x20u
#define KEV_IFA_TENTATIVE	0x40u
#define KEV_IFA_PERMANENT	0x80u
#define KEV_IFA_TEMPORARY	0x10000u

/* The number spaces of "protocol": IFA_PROTO, RTPROT_*, IPPROTO_*. */
#define KEV_PROTO_IFA	0x100u
#define KEV_PROTO_ROUTE	0x200u
#define KEV_PROTO_IP	0x300u

enum kev_cause { KEV_KERNEL_OVERRUN = 1, KEV_SLOW_READER, KEV_SOURCE_LOST };

#define KEV_FOREVER UINT32_MAX		/* a lifetime without end */
#define KEV_IFNAMSIZ 16			/* IF_NAMESIZE on every system */

/* An address in network byte order; family 0: none. */
struct kev_ip {
	uint8_t family;			/* enum kev_family */
	uint8_t byte[16];		/* the first 4 for inet, rest 0 */
};

struct kev_lladdr {
	uint8_t len;
	uint8_t byte[32];		/* MAX_ADDR_LEN of Linux */
};

/* Names one after the other, each with its NUL. */
struct kev_names {
	char *buf;
	uint32_t len;			/* bytes with the NULs */
	uint32_t n;			/* names */
};

/* What every object begins with. */
struct kev_object {
	uint64_t has;			/* bits of enum kev_field */
};

struct kev_link {
	uint64_t has;
	uint32_t mtu;
	uint32_t flags;
	uint32_t carrier_changes;
	uint32_t speed;
	uint32_t count;
	uint16_t type;
	uint8_t operstate;
	uint8_t duplex;
	bool carrier;
	char master[KEV_IFNAMSIZ];
	char kind[32];
	struct kev_lladdr lladdr;
	struct kev_names altnames;
};

struct kev_addr {
	uint64_t has;
	uint32_t flags;
	uint32_t prefixlen;
	uint32_t valid_lft;
	uint32_t preferred_lft;
	uint32_t count;
	uint16_t protocol;
	uint8_t family;
	uint8_t status;
	uint8_t scope;
	struct kev_ip address;
	struct kev_ip peer;
	struct kev_ip broadcast;
	struct kev_lladdr lladdr;
	char label[KEV_IFNAMSIZ];
};

struct kev_router {
	uint64_t has;
	uint32_t metric;
	uint32_t table;
	uint32_t lifetime;
	uint16_t protocol;
	uint8_t family;
	struct kev_ip gateway;
	struct kev_lladdr lladdr;
};

/* All that is told once and not kept by the thousand. */
struct kev_note {
	uint64_t has;
	uint64_t lost, first, last, corrections;
	uint32_t prefixlen, lifetime, remaining, port, pid, count;
	int32_t quality;
	uint16_t protocol;
	uint8_t family, families, cause;
	bool resynced;
	struct kev_ip address, prefix, router;
	struct kev_lladdr lladdr, own_lladdr;
	struct kev_names interfaces;
	char ifname[KEV_IFNAMSIZ];
	char command[KEV_IFNAMSIZ];
	char reason[64];
	char info[64];
};

/* Any of them, where one must be made without knowing which. */
union kev_any {
	struct kev_object object;
	struct kev_link link;
	struct kev_addr addr;
	struct kev_router router;
	struct kev_note note;
};

const char *kev_field_name(enum kev_field);
enum kev_type kev_field_type(enum kev_field);
const char *kev_field_meaning(enum kev_field);

/* The field of that JSON name, or -1. */
int kev_field_find(const char *name);

/* The fields of MASK whose values, or whose presence, differ. */
uint64_t kev_object_diff(enum kev_class, const struct kev_object *,
    const struct kev_object *, uint64_t mask);

/*
 * Appends the members of MASK as a JSON object; those the object has not
 * are left out, or written as null when NULLS is set.
 */
void kev_object_put(struct buf *, enum kev_class, const struct kev_object *,
    uint64_t mask, bool nulls);

/* Like it, but only the members, with a comma between each. */
void kev_object_members(struct buf *, enum kev_class,
    const struct kev_object *, uint64_t mask, bool nulls);

/*
 * Sets FIELD of an object from JSON (a json_t of jansson, lent). Names that
 * need memory are allocated; kev_object_fini frees them. Returns false when
 * the value cannot be one of that field, and says in WANT (static text) what
 * it should have been.
 */
struct json_t;
bool kev_object_get(enum kev_class, struct kev_object *, enum kev_field,
    const struct json_t *value, const char **want);
void kev_object_fini(enum kev_class, struct kev_object *);

/*
 * Whether the field, as text (a string without its quotes, a number or
 * boolean as in JSON), fits GLOB; of a list, whether one element does.
 */
bool kev_object_fits(enum kev_class, const struct kev_object *,
    enum kev_field, const char *glob);

/* Whether objects of this class can have the field. */
bool kev_class_has(enum kev_class, enum kev_field);

/* Text of an address into DST, which holds KEV_IPSTRLEN; returns its length. */
#define KEV_IPSTRLEN 46
size_t kev_ip_text(const struct kev_ip *, char *dst);
int kev_ip_cmp(const struct kev_ip *, const struct kev_ip *);

#endif

#include "config.h"

#include "words.h"

#include "hot.h"

#include <string.h>

/* net/if.h, linux/if.h: enum net_device_flags. */
const struct kev_word kev_iff_words[] = {
	{ 0x1, "up" }, { 0x2, "broadcast" }, { 0x4, "debug" },
	{ 0x8, "loopback" }, { 0x10, "pointopoint" }, { 0x20, "notrailers" },
	{ 0x40, "running" }, { 0x80, "noarp" }, { 0x100, "promisc" },
	{ 0x200, "allmulti" }, { 0x400, "master" }, { 0x800, "slave" },
	{ 0x1000, "multicast" }, { 0x2000, "portsel" }, { 0x4000, "automedia" },
	{ 0x8000, "dynamic" }, { 0x10000, "lower-up" }, { 0x20000, "dormant" },
	{ 0x40000, "echo" }, { 0, NULL }
};

/* linux/if_addr.h: IFA_F_*, in the words of ip-address(8). */
const struct kev_word kev_ifa_words[] = {
	{ 0x1, "secondary" }, { 0x2, "nodad" }, { 0x4, "optimistic" },
	{ 0x8, "dadfailed" }, { 0x10, "home" }, { 0x20, "deprecated" },
	{ 0x40, "tentative" }, { 0x80, "permanent" }, { 0x100, "mngtmpaddr" },
	{ 0x200, "noprefixroute" }, { 0x400, "autojoin" },
	{ 0x800, "stable-privacy" }, { 0x10000, "temporary" }, { 0, NULL }
};

static const struct kev_word families[] = {
	{ KEV_INET, "inet" }, { KEV_INET6, "inet6" }, { 0, NULL }
};

static const struct kev_word operstates[] = {
	{ KEV_OPER_UNKNOWN, "unknown" }, { KEV_OPER_NOT_PRESENT, "not-present" },
	{ KEV_OPER_DOWN, "down" },
	{ KEV_OPER_LOWER_LAYER_DOWN, "lower-layer-down" },
	{ KEV_OPER_TESTING, "testing" }, { KEV_OPER_DORMANT, "dormant" },
	{ KEV_OPER_UP, "up" }, { 0, NULL }
};

static const struct kev_word statuses[] = {
	{ KEV_PREFERRED, "preferred" }, { KEV_DEPRECATED, "deprecated" },
	{ KEV_INVALID, "invalid" }, { KEV_INACCESSIBLE, "inaccessible" },
	{ KEV_UNKNOWN, "unknown" }, { KEV_TENTATIVE, "tentative" },
	{ KEV_DUPLICATE, "duplicate" }, { KEV_OPTIMISTIC, "optimistic" },
	{ 0, NULL }
};

/* linux/rtnetlink.h: enum rt_scope_t. */
static const struct kev_word scopes[] = {
	{ 0, "global" }, { 200, "site" }, { 253, "link" }, { 254, "host" },
	{ 255, "nowhere" }, { 0, NULL }
};

static const struct kev_word duplexes[] = {
	{ 0, "half" }, { 1, "full" }, { 0, NULL }
};

/* linux/rtnetlink.h: enum rt_class_t. */
static const struct kev_word tables[] = {
	{ 253, "default" }, { 254, "main" }, { 255, "local" }, { 0, NULL }
};

/* linux/if_addr.h: IFAPROT_*; linux/rtnetlink.h: RTPROT_*. */
static const struct kev_word protocols[] = {
	{ KEV_PROTO_IFA | 1, "kernel-lo" }, { KEV_PROTO_IFA | 2, "kernel-ra" },
	{ KEV_PROTO_IFA | 3, "kernel-ll" },
	{ KEV_PROTO_ROUTE | 0, "unspec" }, { KEV_PROTO_ROUTE | 1, "redirect" },
	{ KEV_PROTO_ROUTE | 2, "kernel" }, { KEV_PROTO_ROUTE | 3, "boot" },
	{ KEV_PROTO_ROUTE | 4, "static" }, { KEV_PROTO_ROUTE | 8, "gated" },
	{ KEV_PROTO_ROUTE | 9, "ra" }, { KEV_PROTO_ROUTE | 10, "mrt" },
	{ KEV_PROTO_ROUTE | 11, "zebra" }, { KEV_PROTO_ROUTE | 12, "bird" },
	{ KEV_PROTO_ROUTE | 13, "dnrouted" }, { KEV_PROTO_ROUTE | 14, "xorp" },
	{ KEV_PROTO_ROUTE | 15, "ntk" }, { KEV_PROTO_ROUTE | 16, "dhcp" },
	{ KEV_PROTO_ROUTE | 17, "mrouted" },
	{ KEV_PROTO_ROUTE | 18, "keepalived" },
	{ KEV_PROTO_ROUTE | 42, "babel" }, { KEV_PROTO_ROUTE | 84, "ovn" },
	{ KEV_PROTO_ROUTE | 99, "openr" }, { KEV_PROTO_ROUTE | 186, "bgp" },
	{ KEV_PROTO_ROUTE | 187, "isis" }, { KEV_PROTO_ROUTE | 188, "ospf" },
	{ KEV_PROTO_ROUTE | 189, "rip" }, { KEV_PROTO_ROUTE | 192, "eigrp" },
	{ KEV_PROTO_IP | 6, "tcp" }, { KEV_PROTO_IP | 17, "udp" },
	{ 0, NULL }
};

static const struct kev_word causes[] = {
	{ KEV_KERNEL_OVERRUN, "kernel-overrun" },
	{ KEV_SLOW_READER, "slow-reader" },
	{ KEV_SOURCE_LOST, "source-lost" }, { 0, NULL }
};

/* linux/if_arp.h: ARPHRD_*, in the words that ip-link(8) prints. */
static const struct kev_word arphrds[] = {
	{ 0, "netrom" }, { 1, "ether" }, { 2, "eether" }, { 3, "ax25" },
	{ 4, "pronet" }, { 5, "chaos" }, { 6, "ieee802" }, { 7, "arcnet" },
	{ 8, "atalk" }, { 15, "dlci" }, { 19, "atm" }, { 23, "metricom" },
	{ 24, "ieee1394" }, { 32, "infiniband" }, { 256, "slip" },
	{ 257, "cslip" }, { 258, "slip6" }, { 259, "cslip6" }, { 260, "rsrvd" },
	{ 264, "adapt" }, { 270, "rose" }, { 271, "x25" }, { 280, "can" },
	{ 290, "mctp" }, { 512, "ppp" }, { 513, "hdlc" }, { 516, "lapb" },
	{ 517, "ddcmp" }, { 518, "rawhdlc" }, { 519, "rawip" },
	{ 768, "ipip" }, { 769, "tunnel6" }, { 770, "frad" }, { 771, "skip" },
	{ 772, "loopback" }, { 773, "ltalk" }, { 774, "fddi" }, { 775, "bif" },
	{ 776, "sit" }, { 777, "ip/ddp" }, { 778, "gre" }, { 779, "pimreg" },
	{ 780, "hippi" }, { 781, "ash" }, { 782, "econet" }, { 783, "irda" },
	{ 784, "fcpp" }, { 785, "fcal" }, { 786, "fcpl" }, { 787, "fcfb0" },
	{ 800, "tr" }, { 801, "ieee802.11" }, { 802, "ieee802.11/prism" },
	{ 803, "ieee802.11/radiotap" }, { 804, "ieee802.15.4" },
	{ 805, "ieee802.15.4/monitor" }, { 820, "phonet" },
	{ 821, "phonet_pipe" }, { 822, "caif" }, { 823, "gre6" },
	{ 824, "netlink" }, { 825, "6lowpan" }, { 826, "vsockmon" },
	{ 65534, "none" }, { 65535, "void" }, { 0, NULL }
};

HOT const struct kev_word *
kev_words(enum kev_type type)
{
	switch (type) {
	case KT_FAMILIES:
	case KT_FAMILY:
		return families;
	case KT_ARPHRD:
		return arphrds;
	case KT_OPERSTATE:
		return operstates;
	case KT_STATUS:
		return statuses;
	case KT_SCOPE:
		return scopes;
	case KT_DUPLEX:
		return duplexes;
	case KT_PROTOCOL:
		return protocols;
	case KT_TABLE:
		return tables;
	case KT_CAUSE:
		return causes;
	default:
		return NULL;
	}
}

HOT const char *
kev_word(const struct kev_word *w, uint32_t value)
{
	for (; w->word != NULL; w++) {
		if (w->value == value)
			return w->word;
	}
	return NULL;
}

int64_t
kev_word_value(const struct kev_word *w, const char *s, size_t len)
{
	for (; w->word != NULL; w++) {
		if (strlen(w->word) == len && memcmp(w->word, s, len) == 0)
			return w->value;
	}
	return -1;
}

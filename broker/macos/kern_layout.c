/*
 * That the headers of macOS say what broker/kern_layout.def and kern_ask.def say,
 * which kernel events are decoded by, and more is asked for: else this is not
 * compiled. Compilers that only bring
 * some of them (as Zig does, which lacks sys/kern_event.h, netinet/in_var.h and
 * netinet6/in6_var.h) see as much as there is; Apple's bring them all.
 */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/sockio.h>

#include <net/if.h>
#include <net/if_var.h>
#include <netinet/in.h>
#include <stddef.h>
#if __has_include(<sys/kern_event.h>)
#include <sys/kern_event.h>
#define IF_KERN(assertion) assertion
#else
#define IF_KERN(assertion)
#endif
#if __has_include(<netinet/in_var.h>)
#include <netinet/in_var.h>
#define IF_INET(assertion) assertion
#else
#define IF_INET(assertion)
#endif
#if __has_include(<netinet6/in6_var.h>)
#include <netinet6/in6_var.h>
#define IF_INET6(assertion) assertion
#else
#define IF_INET6(assertion)
#endif
#define IF_NET(assertion) assertion
#define IF_PRIVATE(assertion)

#define SIZE(header, ours, theirs, number) \
	IF_##header(_Static_assert(sizeof(struct theirs) == (number), #theirs);)
#define AT(header, ours, theirs, their_member, number) \
	IF_##header(_Static_assert(offsetof(struct theirs, their_member) == \
	    (number), #theirs " " #their_member);)
#define CONSTANT(header, ours, theirs, number) \
	IF_##header(_Static_assert((theirs) == (number), #theirs);)
#include "kern_layout.def"
#include "kern_ask.def"

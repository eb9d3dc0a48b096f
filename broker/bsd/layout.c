/*
 * That the headers of this system say what broker/route_*.def and kame_flags.def
 * say, which its messages are decoded by: else this is not compiled.
 */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
/* Zig brings none for macOS. */
#if __has_include(<netinet6/in6_var.h>)
#include <netinet6/in6_var.h>
#define HAVE_FLAGS
#endif

/* Not of OpenBSD; of macOS alone; an older name. */
#ifndef IN6_IFF_NODAD
#define IN6_IFF_NODAD 0x20
#endif
#ifndef IN6_IFF_OPTIMISTIC
#define IN6_IFF_OPTIMISTIC 0x200
#endif
#ifndef RTF_LLDATA
#define RTF_LLDATA RTF_LLINFO
#endif

/* What is known is of 64 bits, see route_abi. */
#ifdef __LP64__

#define CONSTANT(ours, theirs, number) \
	_Static_assert((theirs) == (number), #theirs);
#define NUMBER(member, theirs, number) \
	_Static_assert((theirs) == (number), #theirs);
#define KIND(kind, theirs, number) \
	_Static_assert((theirs) == (number), #theirs);
#define SIZE(part, theirs, number) \
	_Static_assert(sizeof(struct theirs) == (number), #theirs);
#define AT(part, member, theirs, their_member, number) \
	_Static_assert(offsetof(struct theirs, their_member) == (number), \
	    #theirs " " #their_member);

#ifdef HAVE_FLAGS
#include "kame_flags.def"
#endif
#include "route_constants.def"
#if defined(__FreeBSD__)
#include "route_freebsd.def"
#elif defined(__NetBSD__)
#include "route_netbsd.def"
#elif defined(__OpenBSD__)
#include "route_openbsd.def"
#else
#include "route_macos.def"
#endif

#endif

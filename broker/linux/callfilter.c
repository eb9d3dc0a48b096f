/*
 * The system calls of kevd once it runs, and those of its finder.
 *
 * What is not here fails with ENOSYS: a libc that tries something newer takes
 * that for an older kernel and does without, while other errors, or a signal,
 * would end a broker that did nothing wrong.
 */
#include "config.h"

#include "sandbox.h"

#include "sys.h"

#include <errno.h>

#ifdef HAVE_SECCOMP

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/*
 * Names that an architecture or an old library doesn't know are left out. Those
 * with 64, or an underscore in front, are of machines of 32 bits.
 */
static const char *const both[] = {
	/* Memory. */
	"brk", "madvise", "mremap", "munmap",
	/* Time, signals, the end. */
	"clock_gettime", "clock_gettime64", "exit", "exit_group", "futex",
	"futex_time64", "getpid", "getrandom", "gettid", "gettimeofday",
	"restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sigreturn", "time",
	/* Who we are, which a libc trusts not to fail. */
	"getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32",
	"getppid", "getuid", "getuid32",
	/* What is open, and what files are. */
	"close", "fstat", "fstat64", "fstatat64", "newfstatat", "read", "readv",
	"stat", "stat64", "statx", "write", "writev",
	/* Sockets, and to wait for them. */
	"bind", "getsockname", "getsockopt", "poll", "ppoll", "ppoll_time64",
	"recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send",
	"sendmsg", "sendto", "setsockopt", NULL
};

static const char *const broker[] = {
	"_llseek", "_newselect", "accept", "accept4", "connect", "epoll_ctl",
	"epoll_pwait", "epoll_pwait2", "epoll_wait", "fdatasync", "fsync",
	"ftruncate", "ftruncate64", "lseek", "lstat", "lstat64",
	"memfd_create", "pread64",
	"pselect6", "pselect6_time64", "pwrite64", "select", "sendfile",
	"sendfile64", "shutdown",
	"timerfd_settime", "timerfd_settime64", "unlink", "unlinkat", "wait4",
	"waitid", "waitpid", NULL
};

static const char *const finder[] = {
	"getdents", "getdents64", "pidfd_open", "readlink", "readlinkat", NULL
};

#define BOTH (SANDBOX_BROKER | SANDBOX_FINDER)
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)
#define TYPE 0xf		/* of sockets; above are flags */

/* With these arguments only: at most two comparisons, which must both hold. */
static const struct rule {
	const char *name;
	unsigned who;		/* bits of enum sandbox_process */
	unsigned n;
	struct scmp_arg_cmp cmp[2];
} rules[] = {
	/* Nothing that is written becomes a program. */
	{ "mmap", BOTH, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
	{ "mmap2", BOTH, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
	{ "mprotect", BOTH, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
	{ "fcntl", BOTH, 1, { { 1, SCMP_CMP_EQ, F_GETFD, 0 } } },
	{ "fcntl", BOTH, 1, { { 1, SCMP_CMP_EQ, F_SETFD, 0 } } },
	{ "fcntl", BOTH, 1, { { 1, SCMP_CMP_EQ, F_GETFL, 0 } } },
	{ "fcntl", BOTH, 1, { { 1, SCMP_CMP_EQ, F_SETFL, 0 } } },
	{ "fcntl64", BOTH, 1, { { 1, SCMP_CMP_EQ, F_GETFD, 0 } } },
	{ "fcntl64", BOTH, 1, { { 1, SCMP_CMP_EQ, F_SETFD, 0 } } },
	{ "fcntl64", BOTH, 1, { { 1, SCMP_CMP_EQ, F_GETFL, 0 } } },
	{ "fcntl64", BOTH, 1, { { 1, SCMP_CMP_EQ, F_SETFL, 0 } } },
	{ "socket", BOTH, 1, { { 0, SCMP_CMP_EQ, AF_NETLINK, 0 } } },
	{ "ioctl", SANDBOX_BROKER, 1, { { 1, SCMP_CMP_EQ, SIOCOUTQ, 0 } } },
	/* syslog(3), when its daemon was started again. */
	{ "socket", SANDBOX_BROKER, 2, { { 0, SCMP_CMP_EQ, AF_UNIX, 0 },
	    { 1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_DGRAM } } },
	{ "socket", SANDBOX_FINDER, 1, { { 0, SCMP_CMP_EQ, AF_PACKET, 0 } } },
	{ "socket", SANDBOX_FINDER, 2, { { 0, SCMP_CMP_EQ, AF_INET6, 0 },
	    { 1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_RAW } } },
	{ "open", SANDBOX_FINDER, 1, { { 1, SCMP_CMP_MASKED_EQ, WRITING,
	    O_RDONLY } } },
	{ "openat", SANDBOX_FINDER, 1, { { 2, SCMP_CMP_MASKED_EQ, WRITING,
	    O_RDONLY } } },
	{ "setns", SANDBOX_FINDER, 1, { { 1, SCMP_CMP_EQ, CLONE_NEWNET, 0 } } },
};

static int
allow(scmp_filter_ctx ctx, const char *name, unsigned n,
    const struct scmp_arg_cmp *cmp)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR ? 0 :
	    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, n, cmp);
}

static int
allow_all(scmp_filter_ctx ctx, const char *const *names)
{
	int error = 0;

	for (; error == 0 && *names != NULL; names++)
		error = allow(ctx, *names, 0, NULL);
	return error;
}

static int
allow_some(scmp_filter_ctx ctx, enum sandbox_process who)
{
	/* abort(3) ends its own process that way, and nobody else's. */
	const struct scmp_arg_cmp self = { 0, SCMP_CMP_EQ,
	    (scmp_datum_t)getpid(), 0 };
	/* No ring but ours, which is restricted: see sends.c. */
	const struct scmp_arg_cmp ring = { 0, SCMP_CMP_EQ,
	    (scmp_datum_t)sys_sends_fd(), 0 };
	int error = allow(ctx, "tgkill", 1, &self);
	size_t i;

	if (error == 0 && who == SANDBOX_BROKER && sys_sends_fd() != -1)
		error = allow(ctx, "io_uring_enter", 1, &ring);
	for (i = 0; error == 0 && i < sizeof rules / sizeof rules[0]; i++) {
		if (rules[i].who & who)
			error = allow(ctx, rules[i].name, rules[i].n,
			    rules[i].cmp);
	}
	return error;
}

/* Code and constants of one object: what is needed still comes back. */
static int
shed_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const ElfW(Phdr) *h = info->dlpi_phdr, *end = h + info->dlpi_phnum;
	uintptr_t begin, from;

	(void)size;
	(void)arg;
	for (; h < end; h++) {
		if (h->p_type != PT_LOAD || (h->p_flags & PF_W) != 0)
			continue;
		begin = info->dlpi_addr + h->p_vaddr;
		from = begin & ~(page - 1);
		(void)madvise((void *)from, begin + h->p_memsz - from,
		    MADV_DONTNEED);
	}
	return 0;
}

/*
 * The start took more than all that comes: libseccomp on the heap, and code
 * that is mapped now and not run again, a third of an idle kevd.
 */
static void
shed(void)
{
#ifdef HAVE_MALLOC_TRIM
	malloc_trim(0);
#endif
	dl_iterate_phdr(shed_object, NULL);
}

int
sandbox_calls(enum sandbox_process who)
{
	const uint32_t no = SCMP_ACT_ERRNO(ENOSYS);
	scmp_filter_ctx ctx = seccomp_init(no);
	int error;

	if (ctx == NULL)
		return -ENOMEM;
	/* The calls of other machines that this one understands, too. */
	error = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, no);
	/* What the kernel says, and not that it said something. */
	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (error == 0)
		error = allow_all(ctx, both);
	if (error == 0)
		error = allow_all(ctx, who == SANDBOX_BROKER ? broker : finder);
	if (error == 0)
		error = allow_some(ctx, who);
	if (error == 0)
		error = seccomp_load(ctx);
	seccomp_release(ctx);
	shed();
	return error;
}

#else

int
sandbox_calls(enum sandbox_process who)
{
	(void)who;
	return -ENOSYS;
}

#endif

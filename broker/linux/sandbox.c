#include "config.h"

#include "sandbox.h"

#include "log.h"
#include "sys.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Of linux/landlock.h, in words of our own: it is younger than some systems
 * that kevd is built on, and older than some that it runs on.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define GET_VERSION 1u	/* LANDLOCK_CREATE_RULESET_VERSION */
#define PATH_BENEATH 1		/* LANDLOCK_RULE_PATH_BENEATH */
#define REMOVE_FILE (1u << 5)	/* LANDLOCK_ACCESS_FS_REMOVE_FILE */
#define TCP 3u			/* to bind, to connect */
#define SCOPES 3u		/* abstract sockets, signals */

/* A kernel that knows less takes what it doesn't know if it is 0. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scopes;
};

struct beneath {
	uint64_t rights;
	int32_t dir;
} __attribute__((packed));

int
sandbox_capabilities(uint32_t wanted)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	memset(caps, 0, sizeof caps);
	if (syscall(SYS_capget, &head, caps) == -1)
		return -errno;
	caps[0].permitted &= wanted;
	caps[0].effective = caps[0].permitted;
	caps[0].inheritable = 0;
	memset(&caps[1], 0, sizeof caps[1]);
	return syscall(SYS_capset, &head, caps) == -1 ? -errno : 0;
}

int
sandbox_no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ? -errno : 0;
}

/* All that version ABI can forbid. Rights to files are bits from 0 on. */
static struct ruleset
everything(long abi)
{
	static const unsigned char rights[] = { 13, 14, 15, 15, 16 };
	size_t i = (size_t)(abi <= 5 ? abi : 5) - 1;

	return (struct ruleset){ (1u << rights[i]) - 1, abi >= 4 ? TCP : 0,
	    abi >= 6 ? SCOPES : 0 };
}

/* Who can't get at the directory can't remove anything there anyway. */
static void
allow_removal(int rules, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct beneath rule = { .rights = REMOVE_FILE };
	char dir[PATH_MAX] = ".";

	if (slash == file)
		slash++;
	if (slash != NULL)
		snprintf(dir, sizeof dir, "%.*s", (int)(slash - file), file);
	rule.dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.dir == -1)
		return;
	(void)syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule, 0);
	close(rule.dir);
}

int
sandbox_files(const char *const *files)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    GET_VERSION);
	struct ruleset all;
	int rules, error = 0;

	if (abi < 1)
		return abi == -1 ? -errno : -ENOSYS;
	all = everything(abi);
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	if (rules == -1)
		return -errno;
	for (; *files != NULL; files++)
		allow_removal(rules, *files);
	if (syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		error = -errno;
	close(rules);
	return error != 0 ? error : (int)abi;
}

/* 0 or -errno; for people who wonder, and no more than that. */
static int
tell(const char *what, int error)
{
	if (error < 0)
		log_info("sandbox: %s: %s", what, strerror(-error));
	return error;
}

struct sys_sandbox
sys_sandbox(const char *const *files)
{
	struct sys_sandbox s = { .landlock = 0 };
	int abi;

#ifdef SANITIZERS
	/* They look at a process with ptrace(2) at its end. */
	(void)files;
	log_info("sandbox: none, as built with --enable-sanitizers");
	return s;
#endif
	/* Root's files may be in the directories of others. */
	(void)tell("capabilities are kept", sandbox_capabilities(
	    geteuid() == 0 ? 1u << CAP_DAC_OVERRIDE : 0));
	s.no_new_privs = tell("no no_new_privs", sandbox_no_new_privs()) == 0;
	abi = tell("no Landlock", sandbox_files(files));
	s.landlock = abi > 0 ? abi : 0;
	/* Last, because it forbids to do what is done above. */
	s.seccomp = tell("no seccomp", sandbox_calls(SANDBOX_BROKER)) == 0;
	return s;
}

/*
 * What a process gives up for good before it meets what may be hostile; see
 * sys_sandbox, which puts these together for kevd itself.
 */
#ifndef KEVD_SANDBOX_H
#define KEVD_SANDBOX_H

#include <stdint.h>

/* Keeps, of the first 32 capabilities, those of these bits that it has, and of
 * the others none. 0 or -errno. */
int sandbox_capabilities(uint32_t wanted);

/* So that no program can give back what is given up. 0 or -errno. */
int sandbox_no_new_privs(void);

/*
 * Landlock: nothing can be opened, made or removed in the file system, but for
 * removing in the directories of FILES (NULL at the end) and below them. What
 * is open stays so. Returns the version of the kernel's interface, or -errno.
 */
int sandbox_files(const char *const *files);

/*
 * seccomp(2): only the system calls that this process needs. 0 or -errno;
 * -ENOSYS also when built without libseccomp.
 */
enum sandbox_process { SANDBOX_BROKER = 1, SANDBOX_FINDER = 2 };
int sandbox_calls(enum sandbox_process);

#endif

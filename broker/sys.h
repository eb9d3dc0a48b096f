/*
 * What each system says in its own way; one file of these in its folder.
 */
#ifndef KEVD_SYS_H
#define KEVD_SYS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* What libev is to wait with, as ev_default_loop takes it; 0: as it likes. */
unsigned sys_backends(void);

/* Who is at the other end of a Unix socket; PID 0: not known. 0 or -errno. */
int sys_peer(int fd, uid_t *uid, pid_t *pid);

/*
 * The socket that a service manager hands over in a way that only this system
 * has: as notify_listen_fd, which asks for it. It need not be seen to be one.
 */
int sys_listen_fd(void);

/* Resident memory of this process in bytes; 0: not known. */
size_t sys_rss(void);

/* Gives up, for good, what may be done beyond what the user may. 0 or -errno. */
int sys_drop(void);

/* What holds a process that might be taken over. */
struct sys_sandbox {
	bool no_new_privs;
	bool seccomp;
	int landlock;		/* its version; 0: not there */
	bool pledge;
};

/*
 * Gives up, for good, what a kevd that runs does not need: all is open, and
 * only FILES (NULL at the end) are to be removed. Says which part cannot be
 * had, in the log, and goes on without that.
 */
struct sys_sandbox sys_sandbox(const char *const *files);

/*
 * Tells when sockets are closed at the other end although nothing is read from
 * them or written to them. A descriptor to poll for reading (-1: the system
 * has no such thing, and it is noticed at the next write), and what to do:
 * watch one socket, with a pointer to be given back; get one that was hung up,
 * or NULL. Closing a socket ends its watch.
 */
int sys_hangup_new(void);
int sys_hangup_watch(int hangup, int fd, void *arg);
void *sys_hangup_next(int hangup);

/*
 * Memory for what many are sent: SIZE bytes, a multiple of the page size, that
 * are 0. NULL: there is none. *FD is -1, or what sys_send_pages takes for it.
 */
void *sys_pages_new(size_t size, int *fd);
void sys_pages_free(void *pages, size_t size, int fd);

/*
 * Sends LEN bytes at OFFSET without a copy; as send(2), to a SOCK that does not
 * block. They must not change before they are read, which sys_unread tells, or
 * sys_pages_renew has put fresh pages of 0 in their place: whoever has not read
 * the old ones keeps them. That takes longer than a copy. (Linux: nobody sees
 * that who reads moved pages into a pipe, by splice(2); kev(7) warns of it.)
 */
ssize_t sys_send_pages(int sock, int fd, size_t offset, size_t len);
void sys_pages_renew(void *from, size_t len);

/*
 * Sends to many with one system call, in this order: as send(2) with
 * MSG_DONTWAIT and MSG_NOSIGNAL does, the result in "sent" and "error". Returns
 * how many of them, from the first on, were tried; the others are to be sent in
 * some other way: all, where there is no such call, or we may not have it, or
 * it was not asked for by sys_sends_open, once, while things are opened.
 */
#define SYS_SENDS_MAX 64
struct sys_send {
	int fd;
	const void *bytes;
	size_t len;
	ssize_t sent;
	int error;
};
void sys_sends_open(void);
void sys_sends_close(void);
int sys_sends_fd(void);		/* what it needs, or -1 */
size_t sys_send_many(struct sys_send *, size_t n);

/* At most so many of the last bytes sent are not read; SIZE_MAX: not known. */
size_t sys_unread(int sock);

#endif

#include "config.h"

#include "linux/sandbox.h"
#include "linux/sockets.h"
#include "sys.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "test.h"

/*
 * Everything is done by a process of its own: without a sandbox, where it must
 * be possible, then in each part of it alone and in all of it.
 */
enum { FREE, FILES, CALLS, ALL, MODES };
static const char *const modes[] = { "no sandbox", "Landlock", "seccomp",
    "the sandbox" };

/* Made by the parent, each in a directory; ours may be removed. */
static char dir[] = "/tmp/kev.XXXXXX";
static char ours[64], others[64], made[64];
static int abi;			/* of Landlock; 0: not there */
static bool seccomp;

/* Opened by each before it enters. */
static int file, tcp, unix_stream, pair[2];

/* What follows gives 0 if it could be done, else errno. */

static int
done(bool good)
{
	return good ? 0 : errno;
}

static int
open_file(void)
{
	return done(open("/etc/passwd", O_RDONLY) != -1);
}

static int
create_file(void)
{
	return done(open(made, O_WRONLY | O_CREAT, 0600) != -1 &&
	    unlink(made) == 0);
}

static int
make_directory(void)
{
	return done(mkdir(made, 0700) == 0 && rmdir(made) == 0);
}

static int
unlink_others(void)
{
	return done(unlink(others) == 0);
}

static int
rename_ours(void)
{
	return done(rename(ours, made) == 0 && unlink(made) == 0);
}

static int
change_mode(void)
{
	return done(fchmod(file, 0640) == 0);
}

static int
socket_inet(void)
{
	return done(socket(AF_INET, SOCK_STREAM, 0) != -1);
}

static int
socket_unix_stream(void)
{
	return done(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) != -1);
}

static int
bind_tcp(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return done(bind(tcp, (struct sockaddr *)&sin, sizeof sin) == 0);
}

/* To the parent's. */
static struct sockaddr_un abstract = { .sun_family = AF_UNIX };
static socklen_t abstract_len;

static int
connect_abstract(void)
{
	return done(connect(unix_stream, (struct sockaddr *)&abstract,
	    abstract_len) == 0);
}

static int
run_program(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	execv("/bin/true", argv);
	return errno;
}

static int
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return done(pid != -1 && waitpid(pid, NULL, 0) == pid);
}

static int
trace(void)
{
	return done(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int
signal_parent(void)
{
	return done(kill(getppid(), 0) == 0);
}

static int
send_signals(void)
{
	return done(fcntl(unix_stream, F_SETOWN, getppid()) == 0);
}

static int
unshare_files(void)
{
	return done(unshare(CLONE_FILES) == 0);
}

static void *
map(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int
map_executable(void)
{
	return done(map(PROT_READ | PROT_EXEC) != MAP_FAILED);
}

static int
make_executable(void)
{
	return done(mprotect(map(PROT_READ | PROT_WRITE), 4096,
	    PROT_READ | PROT_EXEC) == 0);
}

/* What is forbidden, from which version of Landlock on (0: not by that), and
 * whether by seccomp. */
static const struct {
	const char *what;
	int (*run)(void);
	int abi;
	bool seccomp;
} forbidden[] = {
	{ "open a file", open_file, 1, true },
	{ "create a file", create_file, 1, true },
	{ "make a directory", make_directory, 1, true },
	{ "remove a file of others", unlink_others, 1, false },
	{ "rename a file", rename_ours, 1, true },
	{ "change a mode", change_mode, 0, true },
	{ "make an internet socket", socket_inet, 0, true },
	{ "make a Unix stream socket", socket_unix_stream, 0, true },
	{ "bind a TCP socket", bind_tcp, 4, false },
	{ "connect to an abstract socket", connect_abstract, 6, false },
	{ "run a program", run_program, 1, true },
	{ "make a process", make_process, 0, true },
	{ "be traced", trace, 0, true },
	{ "send a signal", signal_parent, 6, true },
	{ "let a socket send them", send_signals, 0, true },
	{ "unshare what is open", unshare_files, 0, true },
	{ "map memory to execute", map_executable, 0, true },
	{ "make memory executable", make_executable, 0, true },
};

static int
unlink_ours(void)
{
	return done(unlink(ours) == 0);
}

static int
write_record(void)
{
	return done(write(file, "abc\n", 4) == 4 &&
	    pwrite(file, "d", 1, 0) == 1 && fsync(file) == 0 &&
	    ftruncate(file, 2) == 0 && lseek(file, 0, SEEK_END) == 2 &&
	    write(file, "e", 1) == 1);
}

static int
know_memory(void)
{
	return sys_rss() > 0 ? 0 : ENODATA;
}

static int
know_user(void)
{
	struct stat st;

	return fstat(file, &st) == 0 && st.st_uid == geteuid() ? 0 : EINVAL;
}

static int
reopen_source(void)
{
	int fd = socket_open(SOCKET_EVENTS, 0);

	return fd < 0 ? -fd : 0;
}

/* Where there is no ring there is nothing to show. */
static int
send_to_many(void)
{
	struct sys_send sends[] = { { .fd = pair[0], .bytes = "a", .len = 1 },
	    { .fd = pair[1], .bytes = "b", .len = 1 } };

	if (sys_sends_fd() == -1)
		return 0;
	return done(sys_send_many(sends, 2) == 2 && sends[0].sent == 1 &&
	    sends[1].sent == 1);
}

static int
take_memory(void)
{
	char *p = malloc(64 << 20);

	if (p == NULL)
		return ENOMEM;
	memset(p, 1, 64 << 20);
	p = realloc(p, 96 << 20);
	free(p);
	return p == NULL ? ENOMEM : 0;
}

/* It tries to connect again, as if its daemon had been started again. */
static int
log_line(void)
{
	closelog();
	syslog(LOG_DEBUG | LOG_DAEMON, "a test of kevd's");
	return done(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) != -1);
}

static const struct {
	const char *what;
	int (*run)(void);
} allowed[] = {
	{ "remove a file of ours", unlink_ours },
	{ "write to an open file", write_record },
	{ "know its memory", know_memory },
	{ "know its user", know_user },
	{ "reopen a source", reopen_source },
	{ "send to many", send_to_many },
	{ "take memory", take_memory },
	{ "log to syslog", log_line },
};

static void
touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

/* Enters and runs it; what it gave is the status to exit with. */
static void
child(int mode, int (*run)(void))
{
	static const char *const files[] = { ours, NULL };
	bool good = true;

	file = open(ours, O_RDWR);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	unix_stream = socket(AF_UNIX, SOCK_STREAM, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		_exit(255);
	sys_sends_open();
	(void)sys_rss();
	(void)sandbox_no_new_privs();
	if (mode == FILES)
		good = sandbox_files(files) == abi || abi == 0;
	else if (mode == CALLS)
		good = (sandbox_calls(SANDBOX_BROKER) == 0) == seccomp;
	else if (mode == ALL)
		(void)sys_sandbox(files);
	_exit(good ? run() : 255);
}

static int
try(int mode, int (*run)(void))
{
	int status;
	pid_t pid;

	touch(ours);
	touch(others);
	pid = fork();
	if (pid == 0)
		child(mode, run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    256 + WTERMSIG(status);
}

static void
forbids(void **state)
{
	bool deny[MODES] = { false };
	int bad = 0, got, mode;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(forbidden); i++) {
		deny[FILES] = forbidden[i].abi > 0 && abi >= forbidden[i].abi;
		deny[CALLS] = seccomp && forbidden[i].seccomp;
		deny[ALL] = deny[FILES] || deny[CALLS];
		for (mode = FREE; mode < MODES; mode++) {
			got = try(mode, forbidden[i].run);
			if (deny[mode] ? got == EACCES || got == EPERM ||
			    got == ENOSYS : got == 0)
				continue;
			print_error("%s: in %s: %d\n", forbidden[i].what,
			    modes[mode], got);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void
allows(void **state)
{
	int bad = 0, got, mode;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(allowed); i++) {
		for (mode = FREE; mode < MODES; mode++) {
			got = try(mode, allowed[i].run);
			if (got == 0)
				continue;
			print_error("%s: in %s: %d\n", allowed[i].what,
			    modes[mode], got);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* Where nothing of it can be had, that is told, and all goes on. */
static int
have_none(void)
{
	static const char *const none[] = { NULL };
	struct sys_sandbox s;
	int error = -sandbox_calls(SANDBOX_BROKER);

	if (error != 0)
		return error;
	s = sys_sandbox(none);
	return s.no_new_privs || s.seccomp || s.landlock != 0 ? EINVAL : 0;
}

static void
goes_on(void **state)
{
	(void)state;
	if (!seccomp)
		skip();
	assert_int_equal(try(FREE, have_none), 0);
}

/* Its own end is as it would be without. */
static int
end(void)
{
	abort();
}

static void
aborts(void **state)
{
	(void)state;
	assert_int_equal(try(FREE, end), 256 + SIGABRT);
	assert_int_equal(try(ALL, end), 256 + SIGABRT);
}

static void
listen_abstract(void)
{
	socklen_t len = sizeof abstract;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* The kernel makes a name, which is nobody else's. */
	assert_int_equal(bind(fd, (struct sockaddr *)&abstract,
	    sizeof abstract.sun_family), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&abstract, &len),
	    0);
	abstract_len = len;
}

static int
set_up(void **state)
{
	char path[64];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/ours", dir);
	if (mkdir(path, 0700) == -1)
		return -1;
	snprintf(ours, sizeof ours, "%s/ours/file", dir);
	snprintf(made, sizeof made, "%s/ours/made", dir);
	snprintf(path, sizeof path, "%s/others", dir);
	if (mkdir(path, 0700) == -1)
		return -1;
	snprintf(others, sizeof others, "%s/others/file", dir);
	listen_abstract();
	abi = (int)syscall(444, NULL, 0, 1);
	if (abi < 0)
		abi = 0;
#ifdef HAVE_SECCOMP
	seccomp = prctl(PR_GET_SECCOMP) != -1;
#endif
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(ours);
	unlink(others);
	*strrchr(ours, '/') = *strrchr(others, '/') = '\0';
	rmdir(ours);
	rmdir(others);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbids),
		cmocka_unit_test(allows),
		cmocka_unit_test(goes_on),
		cmocka_unit_test(aborts),
	};

#ifdef SANITIZERS
	return 77;
#endif
	if (is_watched())
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "config.h"

#include "sys.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

long __real_syscall(long, ...);
long __wrap_syscall(long, ...);

/* A kernel without memory takes no more than these; one that has a filter for
 * us gives that error, if it is not 0. */
static long enough = SYS_SENDS_MAX;
static int refuses;

/* What is asked for in place of a send, if it is not that; and where. */
static int operation = IORING_OP_SEND;
static struct io_uring_sqe *asked;

static long
enter(const long v[])
{
	long n = v[1] < enough ? v[1] : enough;
	int i;

	if (refuses != 0) {
		errno = refuses;
		return -1;
	}
	for (i = 0; asked != NULL && i < SYS_SENDS_MAX; i++)
		asked[i].opcode = (uint8_t)operation;
	return __real_syscall(__NR_io_uring_enter, v[0], n, n, v[3], v[4],
	    v[5]);
}

long
__wrap_syscall(long call, ...)
{
	const size_t n = call == __NR_io_uring_setup ? 2 :
	    call == __NR_io_uring_register ? 4 : 6;
	long v[6] = { 0 };
	va_list arguments;
	size_t i;

	va_start(arguments, call);
	for (i = 0; i < n; i++)
		v[i] = va_arg(arguments, long);
	va_end(arguments);
	if (call == __NR_io_uring_enter)
		return enter(v);
	return __real_syscall(call, v[0], v[1], v[2], v[3], v[4], v[5]);
}

static int pairs[SYS_SENDS_MAX][2];
static struct sys_send sends[SYS_SENDS_MAX];

/* N pairs of sockets, a line for each. */
static void
open_pairs(size_t n)
{
	static char lines[SYS_SENDS_MAX][32];
	size_t i;

	for (i = 0; i < n; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]),
		    0);
		snprintf(lines[i], sizeof lines[i], "this is for %zu\n", i);
		sends[i] = (struct sys_send){ .fd = pairs[i][0],
		    .bytes = lines[i], .len = strlen(lines[i]) };
	}
}

static void
close_pairs(size_t n)
{
	while (n-- > 0) {
		close(pairs[n][0]);
		close(pairs[n][1]);
	}
}

static bool
is_there(size_t i)
{
	char got[64];
	ssize_t n = recv(pairs[i][1], got, sizeof got, MSG_DONTWAIT);

	return n == (ssize_t)sends[i].len &&
	    memcmp(got, sends[i].bytes, sends[i].len) == 0;
}

static void
fill(int fd)
{
	static const char bytes[65536];

	while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		continue;
	while (send(fd, bytes, 1, MSG_DONTWAIT) > 0)
		continue;
}

static int
have(void **state)
{
	(void)state;
	sys_sends_open();
	return 0;
}

static int
have_not(void **state)
{
	(void)state;
	sys_sends_close();
	return 0;
}

/* As often as there are places in the queues, and once more. */
static void
all(void **state)
{
	size_t n, i;

	(void)state;
	for (n = 1; n <= SYS_SENDS_MAX; n++) {
		open_pairs(n);
		assert_int_equal(sys_send_many(sends, n), n);
		for (i = 0; i < n; i++) {
			assert_int_equal(sends[i].sent, sends[i].len);
			assert_true(is_there(i));
		}
		close_pairs(n);
	}
}

/* What one socket has to say is of no matter to the others. */
static void
some(void **state)
{
	int blocks;

	(void)state;
	for (blocks = 0; blocks < 2; blocks++) {
		open_pairs(5);
		fcntl(pairs[1][0], F_SETFL, blocks ? 0 : O_NONBLOCK);
		fill(pairs[1][0]);
		close(pairs[3][1]);
		assert_int_equal(sys_send_many(sends, 5), 5);
		assert_int_equal(sends[1].sent, -1);
		assert_int_equal(sends[1].error, EAGAIN);
		assert_int_equal(sends[3].sent, -1);
		assert_int_equal(sends[3].error, EPIPE);
		assert_true(is_there(0));
		assert_true(is_there(2));
		assert_true(is_there(4));
		pairs[3][1] = -1;
		close_pairs(5);
	}
}

/* More than a socket has room for. */
static void
a_part(void **state)
{
	static char bytes[1 << 20];

	(void)state;
	open_pairs(2);
	sends[0].bytes = bytes;
	sends[0].len = sizeof bytes;
	assert_int_equal(sys_send_many(sends, 2), 2);
	assert_true(sends[0].sent > 0);
	assert_true((size_t)sends[0].sent < sizeof bytes);
	assert_true(is_there(1));
	close_pairs(2);
}

/*
 * Who has taken the process over gets no more from it than we do. An operation
 * that this kernel does not know is invalid before it is forbidden.
 */
static void
sends_only(void **state)
{
	struct io_uring_files_update none = { .fds = 0 };
	int forbidden = 0, ring = sys_sends_fd();

	(void)state;
	open_pairs(1);
	asked = mmap(NULL, SYS_SENDS_MAX * sizeof *asked,
	    PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	assert_ptr_not_equal(asked, MAP_FAILED);
	for (operation = 0; operation < IORING_OP_LAST; operation++) {
		if (operation == IORING_OP_SEND)
			continue;
		assert_int_equal(sys_send_many(sends, 1), 1);
		assert_int_equal(sends[0].sent, -1);
		assert_true(sends[0].error == EACCES ||
		    sends[0].error == EINVAL);
		forbidden += sends[0].error == EACCES;
	}
	assert_true(forbidden > 30);
	assert_int_equal(__real_syscall(__NR_io_uring_register, ring,
	    IORING_REGISTER_FILES, &pairs[0][0], 1), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(__real_syscall(__NR_io_uring_register, ring,
	    IORING_REGISTER_FILES_UPDATE, &none, 1), -1);
	assert_int_equal(errno, EACCES);
	operation = IORING_OP_SEND;
	assert_int_equal(sys_send_many(sends, 1), 1);
	assert_true(is_there(0));
	munmap(asked, SYS_SENDS_MAX * sizeof *asked);
	asked = NULL;
	close_pairs(1);
}

/* A kernel that stops early: what it did not take is not sent later. */
static void
taken_back(void **state)
{
	(void)state;
	open_pairs(4);
	enough = 2;
	assert_int_equal(sys_send_many(sends, 4), 2);
	enough = SYS_SENDS_MAX;
	assert_true(is_there(0));
	assert_true(is_there(1));
	assert_int_equal(sys_send_many(sends + 3, 1), 1);
	assert_true(is_there(3));
	assert_false(is_there(2));
	close_pairs(4);
}

/* A filter that does not let it in is asked once. */
static void
refused(void **state)
{
	(void)state;
	open_pairs(2);
	refuses = EINTR;
	assert_int_equal(sys_send_many(sends, 2), 0);
	assert_int_not_equal(sys_sends_fd(), -1);
	refuses = ENOSYS;
	assert_int_equal(sys_send_many(sends, 2), 0);
	assert_int_equal(sys_sends_fd(), -1);
	refuses = 0;
	assert_int_equal(sys_send_many(sends, 2), 0);
	assert_false(is_there(0));
	close_pairs(2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all, have, have_not),
		cmocka_unit_test_setup_teardown(some, have, have_not),
		cmocka_unit_test_setup_teardown(a_part, have, have_not),
		cmocka_unit_test_setup_teardown(sends_only, have, have_not),
		cmocka_unit_test_setup_teardown(taken_back, have, have_not),
		cmocka_unit_test_setup_teardown(refused, have, have_not),
	};

	sys_sends_open();
	if (sys_sends_fd() == -1) {
		printf("there is no io_uring for us\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

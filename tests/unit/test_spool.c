#include "config.h"

#include "spool.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* A folder of our own for each test. */
static char folder[64];
static struct spool s;

static int
begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/kev-spool.XXXXXX");
	return mkdtemp(folder) == NULL || spool_open(&s, folder, 1 << 20) < 0;
}

static int
end(void **state)
{
	(void)state;
	spool_close(&s);
	return remove_folder(folder);
}

static void
reopen(uint64_t limit)
{
	spool_close(&s);
	assert_int_equal(spool_open(&s, folder, limit), 0);
}

/* Lines FIRST to LAST, each SIZE bytes and its number. */
static void
put(unsigned first, unsigned last, int size)
{
	char text[2048], cursor[32];

	for (; first <= last; first++) {
		snprintf(cursor, sizeof cursor, "run-%u", first);
		snprintf(text, sizeof text, "{%0*u}", size, first);
		assert_int_equal(spool_put(&s, cursor, text, strlen(text)), 0);
	}
	assert_int_equal(spool_sync(&s), 0);
}

/* What is read, as "1-5 !3 9-12": "!" before how many were damaged, "^" dropped. */
static char seen[4096];

static const char *
look(void)
{
	uint64_t from = 0, to = 0;
	struct spool_line l;
	size_t n = 0;
	bool more;

	seen[0] = '\0';
	do {
		more = spool_next(&s, &l) > 0;
		if (more && from != 0 && l.lost == 0) {
			to = l.number;
		} else {
			if (from != 0)
				n += (size_t)snprintf(seen + n, sizeof seen - n,
				    "%" PRIu64 "-%" PRIu64 " ", from, to);
			if (more && l.lost > 0)
				n += (size_t)snprintf(seen + n, sizeof seen - n,
				    "%c%" PRIu64 " ", l.dropped ? '^' : '!',
				    l.lost);
			if (more)
				from = to = l.number;
		}
		if (more) {
			/* The text and the cursor are those of the number. */
			assert_int_equal(strtoul(l.text + 1, NULL, 10),
			    l.number);
			assert_int_equal(strtoul(l.cursor + 4, NULL, 10),
			    l.number);
			assert_int_equal(strlen(l.text), l.len);
		}
	} while (more);
	if (n > 0)
		seen[n - 1] = '\0';
	return seen;
}

static unsigned
files(void)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".spool") != NULL;
	closedir(d);
	return n;
}

static const char *
path_of(unsigned first)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%016x.spool", folder, first);
	return path;
}

static void
in_order(void **state)
{
	(void)state;
	assert_true(spool_empty(&s));
	assert_string_equal(look(), "");
	put(1, 5, 10);
	assert_string_equal(look(), "1-5");
	assert_string_equal(look(), "");
	put(6, 7, 10);
	assert_string_equal(look(), "6-7");
	spool_done(&s, 4);
	assert_false(spool_empty(&s));
	spool_done(&s, 7);
	assert_true(spool_empty(&s));
	assert_int_equal(files(), 0);
	/* It goes on counting. */
	put(8, 9, 10);
	spool_skip(&s);
	put(10, 10, 10);
	assert_string_equal(look(), "10-10");
}

/* What was done is not told again, what was only read is. */
static void
another_process(void **state)
{
	(void)state;
	put(1, 20, 10);
	look();
	spool_done(&s, 12);
	reopen(1 << 20);
	assert_string_equal(s.cursor, "run-20");
	put(21, 22, 10);
	assert_string_equal(look(), "13-22");
	spool_done(&s, 22);
	reopen(1 << 20);
	assert_true(spool_empty(&s));
	put(23, 23, 10);
	assert_string_equal(look(), "23-23");
}

static void
only_one(void **state)
{
	struct spool other;

	(void)state;
	assert_int_equal(spool_open(&other, folder, 1 << 20), -EWOULDBLOCK);
	assert_int_equal(spool_open(&other, "/dev/null", 1 << 20), -ENOTDIR);
	assert_int_equal(spool_open(&other, "/none/none", 1 << 20), -ENOENT);
}

/* The oldest go, a segment at a time, and are counted; also by the next. */
static void
full(void **state)
{
	uint64_t dropped;

	(void)state;
	reopen(SPOOL_LIMIT_MIN);
	/* With its head each is 1037 + 2 bytes or more: 63 fit. */
	put(1, 62, 1000);
	assert_string_equal(look(), "1-62");
	put(63, 70, 1000);
	assert_true(s.size <= SPOOL_LIMIT_MIN);
	/* Those that were read are not lost. */
	assert_string_equal(look(), "63-70");
	reopen(SPOOL_LIMIT_MIN);
	dropped = TAILQ_FIRST(&s.segments)->first - 1;
	assert_true(dropped > 0 && dropped < 20);
	look();
	assert_int_equal(seen[0], '^');
	assert_int_equal(strtoul(seen + 1, NULL, 10), dropped);
	/* What is done meanwhile is not counted. */
	put(71, 140, 1000);
	spool_done(&s, 69);
	reopen(SPOOL_LIMIT_MIN);
	dropped = TAILQ_FIRST(&s.segments)->first - 1 - 69;
	look();
	assert_int_equal(strtoul(seen + 1, NULL, 10), dropped);
	assert_non_null(strstr(seen, "-140"));
}

/* A line as large as the limit is kept, and a larger one counted. */
static void
largest(void **state)
{
	size_t most = SPOOL_LIMIT_MIN - 26 - sizeof "run-1 ";
	char *text = malloc(most + 2);
	struct spool_line l;

	(void)state;
	reopen(SPOOL_LIMIT_MIN);
	memset(text, 'x', most + 1);
	put(1, 3, 10);
	assert_int_equal(spool_put(&s, "run-4", text, most), 0);
	assert_int_equal(spool_next(&s, &l), 1);
	assert_int_equal(l.number, 4);
	assert_int_equal(l.lost, 3);
	assert_int_equal(l.len, most);
	assert_int_equal(spool_put(&s, "run-5", text, most + 1), 0);
	put(6, 6, 10);
	assert_string_equal(look(), "^1 6-6");
	free(text);
}

/* Each way a file can be cut: the good part is used. */
static void
cut(void **state)
{
	struct stat st;
	off_t size;

	(void)state;
	put(1, 4, 10);
	assert_int_equal(stat(path_of(1), &st), 0);
	spool_close(&s);
	for (size = st.st_size; size >= 0; size--) {
		unsigned good = (unsigned)(size / (st.st_size / 4)), last;
		char want[32] = "", cursor[32] = "";

		assert_int_equal(truncate(path_of(1), size), 0);
		assert_int_equal(spool_open(&s, folder, 1 << 20), 0);
		if (good > 0) {
			snprintf(want, sizeof want, "1-%u", good);
			snprintf(cursor, sizeof cursor, "run-%u", good);
		}
		assert_string_equal(s.cursor, cursor);
		assert_string_equal(look(), want);
		/* What comes next is whole, and nothing was counted. */
		last = good + 1;
		put(last, last, 10);
		snprintf(want, sizeof want, "%u-%u", last, last);
		assert_string_equal(look(), want);
		if (good > 0)
			unlink(path_of(last));
		spool_close(&s);
	}
	assert_int_equal(spool_open(&s, folder, 1 << 20), 0);
}

/* Each byte of a line in the middle, wrong in each of its bits. */
static void
damaged(void **state)
{
	char line[64], bad;
	off_t begin_of;
	ssize_t size;
	int i, bit, fd;
	struct stat st;

	(void)state;
	put(1, 5, 10);
	assert_int_equal(stat(path_of(1), &st), 0);
	size = st.st_size / 5;
	begin_of = 2 * size;
	fd = open(path_of(1), O_RDWR);
	assert_int_equal(pread(fd, line, (size_t)size, begin_of), size);
	for (i = 0; i < size; i++) {
		for (bit = 0; bit < 8; bit++) {
			bad = (char)(line[i] ^ 1 << bit);
			assert_int_equal(pwrite(fd, &bad, 1, begin_of + i), 1);
			reopen(1 << 20);
			look();
			/* Without its newline it takes the next one along. */
			if (i < size - 1)
				assert_string_equal(seen, "1-2 !1 4-5");
			else
				assert_string_equal(seen, "1-2 !2 5-5");
		}
		assert_int_equal(pwrite(fd, line + i, 1, begin_of + i), 1);
	}
	/* A file of zeros, then none. */
	memset(line, 0, sizeof line);
	for (i = 0; i < 5; i++)
		assert_int_equal(pwrite(fd, line, (size_t)size, i * size), size);
	close(fd);
	reopen(1 << 20);
	assert_string_equal(look(), "");
	put(1, 2, 10);
	assert_string_equal(look(), "1-2");
	assert_int_equal(files(), 1);
}

/* A whole segment in the middle is gone, or is something else. */
static void
missing(void **state)
{
	unsigned first, next;

	(void)state;
	reopen(SPOOL_LIMIT_MIN);
	put(1, 30, 1000);
	first = (unsigned)TAILQ_NEXT(TAILQ_FIRST(&s.segments), entry)->first;
	next = (unsigned)TAILQ_NEXT(TAILQ_NEXT(TAILQ_FIRST(&s.segments), entry),
	    entry)->first;
	spool_close(&s);
	unlink(path_of(first));
	assert_int_equal(mkdir(path_of(first), 0700), 0);
	assert_int_equal(spool_open(&s, folder, SPOOL_LIMIT_MIN), 0);
	look();
	assert_int_equal(strtoul(strchr(seen, '!') + 1, NULL, 10),
	    next - first);
	assert_non_null(strstr(seen, "-30"));
	rmdir(path_of(first));
}

/* A file of what is done that is none: all comes again. */
static void
no_memory_of_done(void **state)
{
	static const char *const texts[] = { "", "garbage", "0000000000000003",
	    "0000000000000003 00000000\n", "ffffffffffffffff 12345678\n" };
	char path[100];
	size_t i;

	(void)state;
	snprintf(path, sizeof path, "%s/done", folder);
	for (i = 0; i < LENGTH(texts); i++) {
		FILE *f;

		if (i == 0)
			put(1, 6, 10);
		look();
		spool_done(&s, 3);
		spool_close(&s);
		f = fopen(path, "w");
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(spool_open(&s, folder, 1 << 20), 0);
		assert_string_equal(look(), "1-6");
	}
}

/* Never half a line, however little room there is. */
static void
disk_full(void **state)
{
	(void)state;
	/* Only as root of our own users; the live tests have a small disk. */
	close(s.out);
	put(1, 1, 10);
	close(s.out);
	s.out = open("/dev/full", O_WRONLY);
	assert_int_equal(spool_put(&s, "run-2", "{2}", 3), -ENOSPC);
	assert_int_equal(s.last, 1);
	assert_string_equal(s.cursor, "run-1");
	close(s.out);
	s.out = -1;
	put(2, 2, 10);
	assert_string_equal(look(), "1-2");
}

/* No descriptor is left: that says nothing of the file. */
static void
no_descriptor(void **state)
{
	struct rlimit was, now;
	struct spool_line l;
	int fd;

	(void)state;
	put(1, 3, 10);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = was;
	fd = dup(s.folder);
	close(fd);
	now.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(spool_next(&s, &l), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_string_equal(look(), "1-3");
	/* Nor when it is opened, if folder and acks can be, and no more. */
	spool_close(&s);
	fd = dup(0);
	close(fd);
	now.rlim_cur = (rlim_t)fd + 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(spool_open(&s, folder, 1 << 20), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(spool_open(&s, folder, 1 << 20), 0);
	assert_string_equal(look(), "1-3");
}

/* The file that is written is gone: it is not waited for. */
static void
unreadable(void **state)
{
	(void)state;
	put(1, 3, 10);
	unlink(path_of(1));
	assert_string_equal(look(), "");
	put(4, 5, 10);
	assert_string_equal(look(), "!3 4-5");
	spool_done(&s, 5);
	assert_true(spool_empty(&s));
}

/* What was not synced is not taken for synced the next time. */
static void
not_synced(void **state)
{
	(void)state;
	put(1, 1, 10);
	assert_int_equal(spool_put(&s, "run-2", "{2}", 3), 0);
	close(s.out);
	s.out = open("/dev/null", O_WRONLY);
	assert_int_equal(spool_sync(&s), -EINVAL);
	assert_int_equal(s.out, -1);
	put(3, 3, 10);
	assert_int_equal(access(path_of(3), F_OK), 0);
	assert_string_equal(look(), "1-3");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(in_order), TEST(another_process), TEST(only_one),
		TEST(full), TEST(largest), TEST(cut), TEST(damaged),
		TEST(missing), TEST(no_memory_of_done), TEST(disk_full),
		TEST(no_descriptor), TEST(unreadable), TEST(not_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

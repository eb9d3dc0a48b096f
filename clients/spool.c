#include "config.h"

#include "buf.h"
#include "spool.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line: NUMBER SUM CURSOR TEXT, of 16 and 8 hexadecimal digits. */
enum { NUMBER = 16, SUM = 8, HEAD = NUMBER + 1 + SUM + 1 };
/* The file of what is done: NUMBER SUM, of that. */
enum { DONE = NUMBER + 1 + SUM + 1 };
/* A segment is this part of the limit, but not more than that. */
enum { SEGMENTS = 8, SEGMENT_MAX = 1024 * 1024 };
#define SUFFIX ".spool"
enum { NAME = NUMBER + sizeof SUFFIX };

/* CRC-32 as of Ethernet, going on from SUM. */
static uint32_t
crc(uint32_t sum, const char *p, size_t n)
{
	int bit;

	for (sum = ~sum; n > 0; n--) {
		sum ^= (unsigned char)*p++;
		for (bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (UINT32_C(0xedb88320) & -(sum & 1));
	}
	return ~sum;
}

/* N hexadecimal digits as we write them. */
static bool
get_hex(const char *p, size_t n, uint64_t *v)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;

	for (*v = 0; n > 0; n--, p++) {
		d = *p == '\0' ? NULL : strchr(digits, *p);
		if (d == NULL)
			return false;
		*v = *v << 4 | (uint64_t)(d - digits);
	}
	return true;
}

static uint32_t
line_sum(const char *line, size_t len)
{
	return crc(crc(0, line, NUMBER), line + HEAD, len - HEAD);
}

/* Whether the N bytes of LINE, with its newline, are as they were written. */
static bool
get_line(char *line, size_t n, struct spool_line *l)
{
	uint64_t sum;
	char *space;

	if (n <= HEAD || line[n - 1] != '\n' || memchr(line, '\0', n) != NULL)
		return false;
	line[--n] = '\0';
	if (!get_hex(line, NUMBER, &l->number) || line[NUMBER] != ' ' ||
	    !get_hex(line + NUMBER + 1, SUM, &sum) || line[HEAD - 1] != ' ' ||
	    sum != line_sum(line, n))
		return false;
	space = strchr(line + HEAD, ' ');
	if (space == NULL)
		return false;
	*space = '\0';
	l->cursor = line + HEAD;
	l->text = space + 1;
	l->len = n - (size_t)(l->text - line);
	return true;
}

static void
name_of(char name[NAME], uint64_t first)
{
	snprintf(name, NAME, "%016" PRIx64 SUFFIX, first);
}

static void
close_in(struct spool *s)
{
	if (s->in != NULL)
		fclose(s->in);
	s->in = NULL;
}

static void
close_out(struct spool *s)
{
	if (s->out != -1)
		close(s->out);
	s->out = -1;
}

static void
segment_remove(struct spool *s, struct spool_segment *g)
{
	char name[NAME];

	if (g == s->reading) {
		close_in(s);
		s->reading = NULL;
	}
	if (g == TAILQ_LAST(&s->segments, spool_segments))
		close_out(s);
	name_of(name, g->first);
	unlinkat(s->folder, name, 0);
	s->size -= g->size;
	TAILQ_REMOVE(&s->segments, g, entry);
	free(g);
}

/* In its place by number. */
static int
segment_add(struct spool *s, uint64_t first, uint64_t size)
{
	struct spool_segment *g = malloc(sizeof *g), *at;

	if (g == NULL)
		return -ENOMEM;
	g->first = first;
	g->size = size;
	s->size += size;
	TAILQ_FOREACH_REVERSE(at, &s->segments, spool_segments, entry) {
		if (at->first < first)
			break;
	}
	if (at == NULL)
		TAILQ_INSERT_HEAD(&s->segments, g, entry);
	else
		TAILQ_INSERT_AFTER(&s->segments, at, g, entry);
	return 0;
}

static int
list_segments(struct spool *s)
{
	int fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;
	uint64_t first;
	int err = 0;

	if (d == NULL) {
		err = -errno;
		if (fd != -1)
			close(fd);
		return err;
	}
	while (err == 0 && (e = readdir(d)) != NULL) {
		if (strlen(e->d_name) != NAME - 1 ||
		    strcmp(e->d_name + NUMBER, SUFFIX) != 0 ||
		    !get_hex(e->d_name, NUMBER, &first) || first == 0 ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		err = segment_add(s, first, (uint64_t)st.st_size);
	}
	closedir(d);
	return err;
}

static int
open_segment(const struct spool *s, uint64_t first, int flags)
{
	char name[NAME];

	name_of(name, first);
	return openat(s->folder, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int
open_in(struct spool *s)
{
	int fd = open_segment(s, s->reading->first, O_RDONLY), err;

	s->in = fd == -1 ? NULL : fdopen(fd, "r");
	if (s->in != NULL)
		return 0;
	err = -errno;
	if (fd != -1)
		close(fd);
	return err;
}

/* The next good line of the segment that is read; returns as spool_next(). */
static int
read_line(struct spool *s, struct spool_line *l)
{
	int err = s->in == NULL ? open_in(s) : 0;
	ssize_t n;

	if (err < 0)
		return err;
	/* It may have grown since. */
	clearerr(s->in);
	while ((n = getline(&s->line, &s->line_size, s->in)) > 0) {
		if (get_line(s->line, (size_t)n, l))
			return 1;
	}
	if (feof(s->in))
		return 0;
	/* Half a line may have been read. */
	err = -errno;
	close_in(s);
	return err;
}

/* Whether that says something of us, and nothing of the file. */
static bool
is_passing(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM ||
	    err == -EINTR;
}

/* What the last good line is, to go on after it. */
static int
find_last(struct spool *s)
{
	struct spool_line l;
	int r = 0;

	TAILQ_FOREACH_REVERSE(s->reading, &s->segments, spool_segments, entry) {
		if (s->reading->first > 0 && s->last < s->reading->first - 1)
			s->last = s->reading->first - 1;
		while ((r = read_line(s, &l)) > 0) {
			if (l.number > s->last)
				s->last = l.number;
			if (l.cursor[0] != '\0')
				snprintf(s->cursor, sizeof s->cursor, "%s",
				    l.cursor);
		}
		close_in(s);
		if (is_passing(r))
			return r;
		if (s->cursor[0] != '\0')
			break;
	}
	s->reading = NULL;
	return 0;
}

/* The sum goes with it, because a file that was not synced may be anything. */
static bool
write_done(const struct spool *s)
{
	char text[DONE + 1];

	snprintf(text, sizeof text, "%016" PRIx64, s->done);
	snprintf(text + NUMBER, sizeof text - NUMBER, " %08" PRIx32 "\n",
	    crc(0, text, NUMBER));
	return pwrite(s->acks, text, DONE, 0) == DONE;
}

/* How far it was done; if nobody knows, as far as there is nothing any more. */
static int
open_acks(struct spool *s)
{
	char text[DONE];
	uint64_t done, sum;

	s->acks = openat(s->folder, "done", O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (s->acks == -1)
		return -errno;
	if (pread(s->acks, text, DONE, 0) == DONE &&
	    get_hex(text, NUMBER, &done) &&
	    get_hex(text + NUMBER + 1, SUM, &sum) &&
	    sum == crc(0, text, NUMBER)) {
		s->done = done;
		return 0;
	}
	if (!TAILQ_EMPTY(&s->segments))
		s->done = TAILQ_FIRST(&s->segments)->first - 1;
	errno = ENOSPC;
	return write_done(s) && fdatasync(s->acks) == 0 ? 0 : -errno;
}

static int
open_all(struct spool *s, const char *folder)
{
	int err;

	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		return -errno;
	s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder == -1 || flock(s->folder, LOCK_EX | LOCK_NB) == -1)
		return -errno;
	err = list_segments(s);
	if (err == 0)
		err = open_acks(s);
	return err;
}

int
spool_open(struct spool *s, const char *folder, uint64_t limit)
{
	int err;

	*s = (struct spool){ .folder = -1, .acks = -1, .out = -1,
		.limit = limit };
	TAILQ_INIT(&s->segments);
	err = open_all(s, folder);
	s->last = s->read = s->done;
	if (err == 0)
		err = find_last(s);
	if (err < 0)
		spool_close(s);
	return err;
}

void
spool_close(struct spool *s)
{
	struct spool_segment *g;

	close_in(s);
	close_out(s);
	while ((g = TAILQ_FIRST(&s->segments)) != NULL) {
		TAILQ_REMOVE(&s->segments, g, entry);
		free(g);
	}
	if (s->acks != -1)
		close(s->acks);
	if (s->folder != -1)
		close(s->folder);
	free(s->line);
	s->line = NULL;
	s->folder = s->acks = -1;
}

int
spool_sync(struct spool *s)
{
	int err = 0;

	/* The kernel says it once, and the next time that all is well. */
	if (s->dirty && s->out != -1 && fdatasync(s->out) == -1) {
		err = -errno;
		close_out(s);
	}
	s->dirty = false;
	return err;
}

/* What is put next goes into another one. */
static void
leave_segment(struct spool *s)
{
	spool_sync(s);
	close_out(s);
}

/* A new file for what is put next. */
static int
begin_segment(struct spool *s)
{
	struct spool_segment *g = TAILQ_LAST(&s->segments, spool_segments);
	int err = spool_sync(s);

	if (err < 0)
		return err;
	/* Nothing in it was good. */
	if (g != NULL && g->first == s->last + 1)
		segment_remove(s, g);
	close_out(s);
	s->out = open_segment(s, s->last + 1, O_WRONLY | O_CREAT | O_TRUNC |
	    O_APPEND);
	if (s->out == -1)
		return -errno;
	err = segment_add(s, s->last + 1, 0);
	if (err < 0)
		close_out(s);
	/* So that the name lasts. */
	if (err == 0 && fsync(s->folder) == -1 && errno != EINVAL)
		err = -errno;
	return err;
}

/* Room for N bytes more, in a segment that has room, too. */
static int
make_room(struct spool *s, size_t n)
{
	const struct spool_segment *g = TAILQ_LAST(&s->segments,
	    spool_segments);
	uint64_t most = s->limit / SEGMENTS;

	if (most > SEGMENT_MAX)
		most = SEGMENT_MAX;
	if (s->out == -1 || (g->size > 0 && g->size + n > most)) {
		int err = begin_segment(s);

		if (err < 0)
			return err;
	}
	while (s->size + n > s->limit)
		segment_remove(s, TAILQ_FIRST(&s->segments));
	return 0;
}

static int
put_line(struct spool *s, const struct buf *line)
{
	struct spool_segment *g = TAILQ_LAST(&s->segments, spool_segments);
	ssize_t n = write(s->out, line->data, line->len);
	int err = n == -1 ? -errno : -ENOSPC;

	if (n == (ssize_t)line->len) {
		g->size += line->len;
		s->size += line->len;
		s->last++;
		s->dirty = true;
		return 0;
	}
	/* No half line stays. If it does, nothing comes after it there. */
	if (n > 0 && ftruncate(s->out, (off_t)g->size) == -1)
		leave_segment(s);
	return err;
}

int
spool_put(struct spool *s, const char *cursor, const char *text, size_t len)
{
	struct buf line = BUF_INIT;
	char head[HEAD + 1];
	int err;

	snprintf(head, sizeof head, "%016" PRIx64 " 00000000 ", s->last + 1);
	buf_puts(&line, head);
	buf_puts(&line, cursor);
	buf_putc(&line, ' ');
	buf_put(&line, text, len);
	if (!line.failed) {
		snprintf(head, sizeof head, "%016" PRIx64 " %08" PRIx32 " ",
		    s->last + 1, line_sum(line.data, line.len));
		memcpy(line.data, head, HEAD);
	}
	buf_putc(&line, '\n');
	if (line.failed) {
		err = -ENOMEM;
	} else if (line.len > s->limit) {
		s->last++;
		err = 0;
	} else {
		err = make_room(s, line.len);
		if (err == 0)
			err = put_line(s, &line);
	}
	if (err == 0 && cursor[0] != '\0')
		snprintf(s->cursor, sizeof s->cursor, "%s", cursor);
	buf_fini(&line);
	return err;
}

/* Reads on in the next segment, after ERR or the end. False: there is none. */
static bool
next_segment(struct spool *s, int err)
{
	struct spool_segment *next = TAILQ_NEXT(s->reading, entry);

	if (next == NULL && err < 0)
		leave_segment(s);
	if (next == NULL)
		return false;
	close_in(s);
	s->reading = next;
	return true;
}

int
spool_next(struct spool *s, struct spool_line *l)
{
	int r;

	for (;;) {
		if (s->reading == NULL)
			s->reading = TAILQ_FIRST(&s->segments);
		if (s->reading == NULL)
			return 0;
		r = read_line(s, l);
		if (is_passing(r))
			return r;
		if (r <= 0) {
			if (!next_segment(s, r))
				return 0;
			continue;
		}
		if (l->number <= s->read)
			continue;
		l->lost = l->number - s->read - 1;
		l->dropped = s->reading == TAILQ_FIRST(&s->segments) &&
		    l->number == s->reading->first;
		s->read = l->number;
		return 1;
	}
}

void
spool_unread(struct spool *s, const struct spool_line *l)
{
	close_in(s);
	s->reading = NULL;
	s->read = l->number - 1 - l->lost;
}

void
spool_skip(struct spool *s)
{
	s->read = s->last;
}

/* A file before it is gone must not be missed by who has an old "done". */
static void
remove_done(struct spool *s)
{
	struct spool_segment *g, *next;
	bool synced = false;

	while ((g = TAILQ_FIRST(&s->segments)) != NULL) {
		next = TAILQ_NEXT(g, entry);
		if (next != NULL ? next->first > s->done + 1 :
		    s->last > s->done)
			break;
		if (!synced && fdatasync(s->acks) == -1)
			break;
		synced = true;
		segment_remove(s, g);
	}
}

void
spool_done(struct spool *s, uint64_t number)
{
	if (number <= s->done)
		return;
	s->done = number;
	/* When it fails more comes twice. */
	if (write_done(s))
		remove_done(s);
}

bool
spool_empty(const struct spool *s)
{
	return s->done == s->last;
}

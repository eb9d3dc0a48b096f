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

/* The next good line of the segment that is read. */
static bool
read_line(struct spool *s, struct spool_line *l)
{
	ssize_t n;

	if (s->in == NULL) {
		int fd = open_segment(s, s->reading->first, O_RDONLY);

		s->in = fd == -1 ? NULL : fdopen(fd, "r");
		if (s->in == NULL && fd != -1)
			close(fd);
		if (s->in == NULL)
			return false;
	}
	/* It may have grown since. */
	clearerr(s->in);
	while ((n = getline(&s->line, &s->line_size, s->in)) > 0) {
		if (get_line(s->line, (size_t)n, l))
			return true;
	}
	return false;
}

/* What the last good line is, to go on after it. */
static void
find_last(struct spool *s)
{
	struct spool_line l;

	TAILQ_FOREACH_REVERSE(s->reading, &s->segments, spool_segments, entry) {
		if (s->reading->first > 0 && s->last < s->reading->first - 1)
			s->last = s->reading->first - 1;
		while (read_line(s, &l)) {
			if (l.number > s->last)
				s->last = l.number;
			if (l.cursor[0] != '\0')
				snprintf(s->cursor, sizeof s->cursor, "%s",
				    l.cursor);
		}
		close_in(s);
		if (s->cursor[0] != '\0')
			break;
	}
	s->reading = NULL;
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
	if (err < 0) {
		spool_close(s);
		return err;
	}
	s->last = s->done;
	find_last(s);
	s->read = s->done;
	return 0;
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
		close_out(s);
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

int
spool_sync(struct spool *s)
{
	if (s->dirty && s->out != -1 && fdatasync(s->out) == -1)
		return -errno;
	s->dirty = false;
	return 0;
}

bool
spool_next(struct spool *s, struct spool_line *l)
{
	for (;;) {
		if (s->reading == NULL)
			s->reading = TAILQ_FIRST(&s->segments);
		if (s->reading == NULL)
			return false;
		if (!read_line(s, l)) {
			struct spool_segment *next = TAILQ_NEXT(s->reading,
			    entry);

			if (next == NULL)
				return false;
			close_in(s);
			s->reading = next;
			continue;
		}
		if (l->number <= s->read)
			continue;
		l->lost = l->number - s->read - 1;
		l->dropped = s->reading == TAILQ_FIRST(&s->segments) &&
		    l->number == s->reading->first;
		s->read = l->number;
		return true;
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

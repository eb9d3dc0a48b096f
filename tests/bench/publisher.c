#include "config.h"

#include "publisher.h"

#include "bench.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Bytes that the slowest reader may be behind. */
#define WINDOW (256 * 1024)

static void
drain(const struct publisher *p)
{
	char bytes[65536];

	while (recv(p->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		continue;
}

/* Whether the slowest has so much of what was made that more may be. */
static bool
may_publish(const struct publisher *p, const struct readers *r)
{
	uint64_t first = r->v[0].got, lines = r->broker->lines;

	if (p->made == 0)
		return true;
	if (r->lines == 0)
		return false;
	return p->made * lines * first / r->lines <
	    readers_slowest(r) + WINDOW;
}

bool
publisher_step(struct publisher *p, const struct readers *r)
{
	unsigned i, piece = p->made == 0 ? 1 : 64;
	ssize_t n;

	drain(p);
	if (p->out.len == 0 && may_publish(p, r)) {
		for (i = 0; i < piece && p->made < p->count; i++) {
			p->made++;
			r->broker->publish(&p->out,
			    p->made < p->count ? "eth0" : READERS_MARK);
		}
	}
	if (p->out.len == 0)
		return false;
	n = send(p->fd, p->out.data, p->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1 && errno != EAGAIN)
		die("%s cut the publisher off", r->broker->name);
	if (n > 0)
		buf_drop(&p->out, (size_t)n);
	return p->out.len == 0 && p->made < p->count && may_publish(p, r);
}

uint64_t
publisher_time(struct publisher *p, struct readers *r)
{
	uint64_t begun;

	/* What is behind the mark is of the one before. */
	readers_pump(r, 0);
	drain(p);
	readers_again(r);
	r->broker->publish(&p->out, READERS_MARK);
	begun = now_ns();
	if (send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL) !=
	    (ssize_t)p->out.len)
		die("%s takes nothing: %s", r->broker->name, strerror(errno));
	while (r->done < r->n)
		readers_pump(r, -1);
	buf_clear(&p->out);
	return now_ns() - begun;
}

void
publisher_open(struct publisher *p, const struct broker *b, const char *dir,
    pid_t pid, unsigned count)
{
	*p = (struct publisher){ .fd = dial(broker_where(b, dir), pid),
	    .count = count };
	if (b->login != NULL)
		b->login(&p->out);
}

void
publisher_close(struct publisher *p)
{
	close(p->fd);
	buf_fini(&p->out);
}

static void
wait_for_all(struct readers *r, const char *dir, unsigned count)
{
	pid_t pid = r->broker->go(dir, r->v[0].fd, count);
	int status = 0;

	while (r->done < r->n)
		readers_pump(r, -1);
	if (pid != 0 && (waitpid(pid, &status, 0) != pid || status != 0))
		die("%s was not told all", r->broker->name);
}

void
publish_all(struct readers *r, const char *dir, pid_t pid, unsigned count)
{
	struct publisher p;

	if (r->broker->go != NULL) {
		wait_for_all(r, dir, count);
		return;
	}
	publisher_open(&p, r->broker, dir, pid, count);
	readers_attend(r, p.fd);
	while (r->done < r->n)
		readers_pump(r, publisher_step(&p, r) ? 0 : -1);
	publisher_close(&p);
}

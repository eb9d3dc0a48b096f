#include "config.h"

#include "publisher.h"

#include "bench.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
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

/* Makes a piece, if the last one is gone, and there is room. */
static void
publish(struct publisher *p, const struct readers *r)
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
		return;
	n = send(p->fd, p->out.data, p->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1 && errno != EAGAIN)
		die("%s cut the publisher off", r->broker->name);
	if (n > 0)
		buf_drop(&p->out, (size_t)n);
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
	while (r->done < r->n) {
		publish(&p, r);
		/* Until its socket takes more, or a reader had more. */
		readers_pump(r, p.out.len == 0 && p.made < count &&
		    may_publish(&p, r) ? 0 : -1);
	}
	publisher_close(&p);
}

#include "config.h"

#include "ring.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static int
setup(unsigned entries, struct io_uring_params *p)
{
	memset(p, 0, sizeof *p);
	return (int)syscall(SYS_io_uring_setup, entries, p);
}

bool
ring_is_allowed(void)
{
	struct io_uring_params p;
	int fd = setup(1, &p);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

static void *
map(const struct ring *r, size_t size, off_t what)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
	    what);
}

/* The ends of both queues, the answers, and the order in which is asked lie in
 * a row since 5.4. */
static bool
map_queues(struct ring *r, const struct io_uring_params *p)
{
	char *both = map(r, p->sq_off.array + p->sq_entries * sizeof(unsigned),
	    IORING_OFF_SQ_RING);
	unsigned i, *order;

	r->asked = map(r, p->sq_entries * sizeof *r->asked, IORING_OFF_SQES);
	if (both == MAP_FAILED || r->asked == MAP_FAILED)
		return false;
	r->asked_end = (void *)(both + p->sq_off.tail);
	r->answered_start = (void *)(both + p->cq_off.head);
	r->answered = (void *)(both + p->cq_off.cqes);
	r->mask = p->cq_entries - 1;
	order = (void *)(both + p->sq_off.array);
	for (i = 0; i < p->sq_entries; i++)
		order[i] = i;
	return true;
}

bool
ring_open(struct ring *r)
{
	struct io_uring_params p;

	memset(r, 0, sizeof *r);
	r->fd = setup(RING_MAX, &p);
	if (r->fd == -1)
		return false;
	if ((p.features & IORING_FEAT_SINGLE_MMAP) == 0) {
		errno = ENOSYS;
		return false;
	}
	return map_queues(r, &p);
}

void
ring_send(struct ring *r, int fd, const void *bytes, size_t len)
{
	unsigned place = (*r->asked_end + r->n++) % RING_MAX;

	r->asked[place] = (struct io_uring_sqe){ .opcode = IORING_OP_SEND,
	    .fd = fd, .addr = (uintptr_t)bytes, .len = (uint32_t)len,
	    .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL, .user_data = len };
}

/* What is asked not to wait is answered before the call returns, so nobody
 * looks at the queues while we do. */
bool
ring_flush(struct ring *r)
{
	unsigned n = r->n, i;
	const struct io_uring_cqe *c;
	bool all = true;

	r->n = 0;
	*r->asked_end += n;
	if (syscall(SYS_io_uring_enter, r->fd, n, n, IORING_ENTER_GETEVENTS,
	    NULL, 0) != (long)n)
		return false;
	for (i = 0; i < n; i++) {
		c = &r->answered[(*r->answered_start)++ & r->mask];
		if (c->res == (int)c->user_data)
			continue;
		errno = c->res < 0 ? -c->res : EAGAIN;
		all = false;
	}
	return all;
}

/*
 * io_uring, for one thing only: many sends with one system call. A kernel may
 * not have it, or refuse it: sysctl kernel.io_uring_disabled, and many
 * containers.
 *
 * A filter of system calls does not see what is asked for in a ring. So the
 * kernel itself is told, once, that ours is for sends (since 5.10), and what is
 * not a send is refused ever after; callfilter.c allows no other ring.
 */
#include "config.h"

#include "log.h"
#include "sys.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Both queues, which the kernel and we have in common, in one mapping (since
 * 5.4). All counts go on and on. */
static struct ring {
	int fd;
	size_t size;
	char *queues;
	struct io_uring_sqe *sqes;	/* SYS_SENDS_MAX */
	unsigned *order;		/* in which they are sent */
	unsigned *sq_head, *sq_tail, *cq_head, *cq_tail;
	const struct io_uring_cqe *cqes;
	unsigned cq_mask;
} ring = { .fd = -1 };

static bool
restrict_to_sends(int fd)
{
	struct io_uring_restriction only = {
		.opcode = IORING_RESTRICTION_SQE_OP,
		.sqe_op = IORING_OP_SEND,
	};

	return syscall(__NR_io_uring_register, fd, IORING_REGISTER_RESTRICTIONS,
	    &only, 1) == 0 && syscall(__NR_io_uring_register, fd,
	    IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0;
}

static void *
map(const struct ring *r, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
	    what);

	return p == MAP_FAILED ? NULL : p;
}

static bool
map_queues(struct ring *r, const struct io_uring_params *p)
{
	size_t sq = p->sq_off.array + p->sq_entries * sizeof *r->order;
	size_t cq = p->cq_off.cqes + p->cq_entries * sizeof *r->cqes;

	r->size = sq > cq ? sq : cq;
	r->queues = map(r, r->size, IORING_OFF_SQ_RING);
	r->sqes = map(r, SYS_SENDS_MAX * sizeof *r->sqes, IORING_OFF_SQES);
	if (r->queues == NULL || r->sqes == NULL)
		return false;
	r->order = (void *)(r->queues + p->sq_off.array);
	r->sq_head = (void *)(r->queues + p->sq_off.head);
	r->sq_tail = (void *)(r->queues + p->sq_off.tail);
	r->cq_head = (void *)(r->queues + p->cq_off.head);
	r->cq_tail = (void *)(r->queues + p->cq_off.tail);
	r->cqes = (void *)(r->queues + p->cq_off.cqes);
	r->cq_mask = p->cq_entries - 1;
	return true;
}

void
sys_sends_open(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_R_DISABLED };
	int error;

	sys_sends_close();
	ring.fd = (int)syscall(__NR_io_uring_setup, SYS_SENDS_MAX, &p);
	if (ring.fd != -1 && map_queues(&ring, &p) &&
	    restrict_to_sends(ring.fd))
		return;
	error = errno;
	sys_sends_close();
	log_info("no io_uring, so each client is sent its own: %s",
	    strerror(error));
}

void
sys_sends_close(void)
{
	if (ring.queues != NULL)
		munmap(ring.queues, ring.size);
	if (ring.sqes != NULL)
		munmap(ring.sqes, SYS_SENDS_MAX * sizeof *ring.sqes);
	if (ring.fd != -1)
		close(ring.fd);
	memset(&ring, 0, sizeof ring);
	ring.fd = -1;
}

int
sys_sends_fd(void)
{
	return ring.fd;
}

static void
ask(struct ring *r, const struct sys_send *send, size_t i)
{
	unsigned place = (*r->sq_tail)++ % SYS_SENDS_MAX;

	r->order[place] = place;
	r->sqes[place] = (struct io_uring_sqe){ .opcode = IORING_OP_SEND,
	    .fd = send->fd, .addr = (uintptr_t)send->bytes,
	    .len = (uint32_t)send->len, .user_data = i,
	    .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
}

/* In any order, though the sends were in theirs. */
static void
take_answers(struct ring *r, struct sys_send *sends)
{
	const struct io_uring_cqe *c;
	struct sys_send *send;

	while (*r->cq_head != *r->cq_tail) {
		c = &r->cqes[*r->cq_head & r->cq_mask];
		send = &sends[c->user_data];
		send->sent = c->res < 0 ? -1 : c->res;
		send->error = c->res < 0 ? -c->res : 0;
		++*r->cq_head;
	}
}

/*
 * What may not wait is answered before the call returns, so the kernel looks at
 * the queues only during it. It stops early without memory, and tells how many
 * it took; the others are taken back.
 */
size_t
sys_send_many(struct sys_send *sends, size_t n)
{
	long done;
	size_t i;

	if (ring.fd == -1)
		return 0;
	for (i = 0; i < n; i++)
		ask(&ring, &sends[i], i);
	done = syscall(__NR_io_uring_enter, ring.fd, n, n,
	    IORING_ENTER_GETEVENTS, NULL, 0);
	*ring.sq_tail = *ring.sq_head;
	take_answers(&ring, sends);
	if (done >= 0)
		return (size_t)done;
	/* Somebody else's filter does not let it in, and never will. */
	if (errno == ENOSYS || errno == EPERM)
		sys_sends_close();
	return 0;
}

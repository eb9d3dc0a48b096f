#include "config.h"

#include "arp_watch.h"

#include "bpf.h"
#include "log.h"
#include "packet.h"
#include "tape.h"

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <net/bpf.h>
#include <net/if.h>

#include <ev.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Interfaces that can be watched when nothing can be opened any more. */
#define PLACES 16

struct ear {
	LIST_ENTRY(ear) entry;
	struct arp_watch *watch;
	uint32_t ifindex;
	int fd;
	ev_io io;
	size_t size;
	uint8_t bytes[];	/* of what is read at once */
};

struct arp_watch {
	arp_watch_fn *fn;
	void *arg;
	struct ev_loop *loop;		/* NULL: not started */
	LIST_HEAD(, ear) ears;
	int spare[PLACES];		/* descriptors without an interface */
	int spares;
	struct source_stats stats;
	struct log_limit failed;
};

/* Requests and answers about addresses of IPv4 on Ethernet, to their end. */
static struct bpf_insn arp_only[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x806, 0, 5),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10800, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 18),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6040001, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6040002, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_K, 42),
};

static struct bpf_insn nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };

static int
open_one(void)
{
	int fd = open("/dev/bpf", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd == -1 ? -errno : fd;
}

struct arp_watch *
arp_watch_new(arp_watch_fn *fn, void *arg)
{
#ifdef __NetBSD__
	/* It looks itself, and says what it found. */
	(void)fn;
	(void)arg;
	(void)open_one;
	return NULL;
#else
	struct arp_watch *w = calloc(1, sizeof *w);
	int fd = 0;

	if (w == NULL)
		return NULL;
	w->fn = fn;
	w->arg = arg;
	LIST_INIT(&w->ears);
	source_stats_init(&w->stats, "arp", NULL);
	while (w->spares < PLACES && (fd = open_one()) >= 0)
		w->spare[w->spares++] = fd;
	if (w->spares == 0)
		source_stats_missing(&w->stats, strerror(-fd),
		    fd == -EACCES || fd == -EPERM ? "root" : NULL);
	return w;
#endif
}

static void
drop(struct ear *e)
{
	if (e->watch->loop != NULL)
		ev_io_stop(e->watch->loop, &e->io);
	LIST_REMOVE(e, entry);
	close(e->fd);
	free(e);
}

void
arp_watch_free(struct arp_watch *w)
{
	if (w == NULL)
		return;
	while (!LIST_EMPTY(&w->ears))
		drop(LIST_FIRST(&w->ears));
	while (w->spares > 0)
		close(w->spare[--w->spares]);
	free(w);
}

const struct source_stats *
arp_watch_stats(const struct arp_watch *w)
{
	return w != NULL ? &w->stats : NULL;
}

/* Nothing that we send is of interest: it may be that of a shared address. */
static int
hear_only(int fd)
{
#ifdef BIOCSDIRFILT
	unsigned direction = BPF_DIRECTION_OUT;

	return ioctl(fd, BIOCSDIRFILT, &direction);
#else
	unsigned direction = BPF_D_IN;

	return ioctl(fd, BIOCSDIRECTION, &direction);
#endif
}

/* From here on it can do nothing else. The size of its buffer or -errno. */
static int
set_up(int fd, const char *ifname)
{
	struct bpf_program in = { .bf_len = sizeof arp_only /
	    sizeof arp_only[0], .bf_insns = arp_only };
	struct bpf_program out = { .bf_len = 1, .bf_insns = nothing };
	unsigned on = 1, size = 0;
	struct ifreq ifr;
	size_t len = strlen(ifname);

	memset(&ifr, 0, sizeof ifr);
	if (len >= sizeof ifr.ifr_name)
		return -ENXIO;
	memcpy(ifr.ifr_name, ifname, len);
	if (ioctl(fd, BIOCSETIF, &ifr) == -1 ||
	    ioctl(fd, BIOCIMMEDIATE, &on) == -1 || hear_only(fd) == -1 ||
	    ioctl(fd, BIOCSETF, &in) == -1 ||
	    ioctl(fd, BIOCSETWF, &out) == -1 || ioctl(fd, BIOCLOCK) == -1 ||
	    ioctl(fd, BIOCGBLEN, &size) == -1)
		return -errno;
	return size > 0 && size <= INT32_MAX ? (int)size : -EINVAL;
}

static void
ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct ear *e = io->data;
	struct arp_watch *w = e->watch;
	ssize_t n = read(e->fd, e->bytes, e->size);

	(void)loop;
	(void)events;
	if (n > 0) {
		w->fn(w->arg, e->ifindex, e->bytes, (size_t)n);
		return;
	}
	if (n == 0 || errno == EAGAIN || errno == EINTR)
		return;
	/* The interface is down, and will be heard again; or it went. */
	if (errno == ENETDOWN)
		return;
	if (errno != ENXIO && errno != EIO)
		log_limited(&w->failed, "arp: read: %s", strerror(errno));
	drop(e);
}

static void
listen_to(struct ear *e)
{
	ev_io_init(&e->io, ready, e->fd, EV_READ);
	e->io.data = e;
	ev_io_start(e->watch->loop, &e->io);
}

/* Takes FD, and closes it if that does not go. */
static void
add(struct arp_watch *w, uint32_t ifindex, const char *ifname, int fd)
{
	int size = set_up(fd, ifname);
	struct ear *e = NULL;

	if (size > 0)
		e = malloc(sizeof *e + (size_t)size);
	if (e == NULL) {
		log_limited(&w->failed, "arp: %s: %s", ifname,
		    strerror(size < 0 ? -size : ENOMEM));
		close(fd);
		return;
	}
	memset(e, 0, sizeof *e);
	e->watch = w;
	e->ifindex = ifindex;
	e->fd = fd;
	e->size = (size_t)size;
	LIST_INSERT_HEAD(&w->ears, e, entry);
	if (w->loop != NULL)
		listen_to(e);
}

void
arp_watch_add(struct arp_watch *w, uint32_t ifindex, const char *ifname)
{
	struct ear *e;
	int fd;

	if (w == NULL || !w->stats.available)
		return;
	LIST_FOREACH(e, &w->ears, entry) {
		if (e->ifindex == ifindex)
			return;
	}
	fd = w->spares > 0 ? w->spare[--w->spares] : open_one();
	if (fd >= 0)
		add(w, ifindex, ifname, fd);
	else
		log_limited(&w->failed, "arp: %s: %s", ifname, strerror(-fd));
}

void
arp_watch_start(struct arp_watch *w, struct ev_loop *loop)
{
	struct ear *e;

	if (w == NULL)
		return;
	w->loop = loop;
	LIST_FOREACH(e, &w->ears, entry)
		listen_to(e);
}

void
arp_watch_tell(struct arp_watch *w, struct tape *tape, uint32_t ifindex,
    const void *bytes, size_t len, bool all)
{
	struct bpf_reader r = { .bytes = bytes, .len = len,
	    .caplen = offsetof(struct bpf_hdr, bh_caplen),
	    .hdrlen = offsetof(struct bpf_hdr, bh_hdrlen),
	    .align = BPF_WORDALIGN(1) };
	struct message m = { .source = w->stats.name, .ifindex = ifindex };
	struct stamp now = stamp_now();
	enum message_found found;
	struct change c;

	while ((m.bytes = bpf_next_arp(&r, &m.len)) != NULL) {
		found = packet_decode(&m, &c);
		source_stats_count(&w->stats, found);
		if (found == MESSAGE_CHANGE && !all &&
		    state_disputes(tape->state, &c))
			continue;
		tape_message(tape, &m, found, &c, &now);
		if (found == MESSAGE_CHANGE)
			tape_apply(tape, &c, &now);
	}
}

#include "config.h"

#include "arp_socket.h"

#include "arp_watch.h"

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/bpf.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

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

const struct arp_calls *
arp_socket_calls(void)
{
#ifdef __NetBSD__
	/* It looks itself, and says what it found. */
	(void)open_one;
	(void)set_up;
	return NULL;
#else
	static const struct arp_calls calls = { .open = open_one,
	    .set_up = set_up, .caplen = offsetof(struct bpf_hdr, bh_caplen),
	    .hdrlen = offsetof(struct bpf_hdr, bh_hdrlen),
	    .align = BPF_WORDALIGN(1) };

	return &calls;
#endif
}

#include "config.h"

#include "churn.h"

#include "broken.h"
#include "dice.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS 10

__attribute__((format(printf, 2, 3)))
static void
put(struct buf *b, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	buf_puts(b, line);
	buf_putc(b, '\n');
}

/* "c" or "p" and a number: what was made, and the other ends of cables. */
static const char *
some_link(uint64_t *dice, char name[4])
{
	snprintf(name, 4, "%c%u", "ccp"[dice_below(dice, 3)],
	    dice_below(dice, LINKS));
	return name;
}

static void
make_link(uint64_t *dice, struct buf *b)
{
	unsigned n = dice_below(dice, LINKS);
	char on[4];

	some_link(dice, on);
	switch (dice_below(dice, 8)) {
	case 0:
		put(b, "link add c%u type bridge", n);
		break;
	case 1:
		put(b, "link add c%u link %s type macvlan", n, on);
		break;
	case 2:
		put(b, "link add c%u type vxlan id %u dstport 4789 dev %s", n,
		    n + 1, on);
		break;
	case 3:
		put(b, "link add c%u type ifb", n);
		break;
	default:
		put(b, "link add c%u type veth peer name p%u", n, n);
		put(b, "link set c%u up", n);
		put(b, "link set p%u up", n);
	}
}

static void
change_link(uint64_t *dice, struct buf *b)
{
	char l[4], other[4];

	some_link(dice, l);
	some_link(dice, other);
	switch (dice_below(dice, 14)) {
	case 0:
		put(b, "link set %s down", l);
		break;
	case 1:
		put(b, "link set %s mtu %u", l, 1280 + dice_below(dice, 300));
		break;
	case 2:
		put(b, "link set %s name %s", l, other);
		break;
	case 3:
		/* No UTF-8, and back. */
		put(b, "link set %s name \xff\xfe\"", l);
		put(b, "link set %s mtu 1400", "\xff\xfe\"");
		put(b, "link set \xff\xfe\" name %s", l);
		break;
	case 4:
		put(b, "link set %s address 02:00:5e:00:53:%02x", l,
		    dice_below(dice, 256));
		break;
	case 5:
	case 6:
		put(b, "link set %s master %s", l, other);
		break;
	case 7:
		put(b, "link set %s nomaster", l);
		break;
	case 8:
	case 9:
		put(b, "link property %s dev %s altname alt-%s",
		    dice_chance(dice, 500) ? "add" : "del", l, other);
		/* Of a name alone nothing is told while it is down. */
		put(b, "link set %s txqueuelen %u", l,
		    1 + dice_below(dice, 10000));
		break;
	case 10:
		put(b, "link set %s alias %s", l, other);
		break;
	default:
		put(b, "link set %s up", l);
	}
}

static void
change_ipv4(uint64_t *dice, struct buf *b)
{
	unsigned net = dice_below(dice, 4), host = 1 + dice_below(dice, 6);
	unsigned what = dice_below(dice, 10);
	char l[4];

	some_link(dice, l);
	if (what < 3)
		put(b, "addr del 10.0.%u.%u/24 dev %s", net, host, l);
	else if (what == 3)
		put(b, "addr add 10.0.%u.%u peer 10.9.%u.%u/32 dev %s", net,
		    host, net, host, l);
	else if (what == 4)
		put(b, "addr replace 10.0.%u.%u/24 dev %s valid_lft %u "
		    "preferred_lft %u", net, host, l, 2 + net, net % 3);
	else if (what == 5)
		put(b, "addr change 10.0.%u.%u/24 broadcast + dev %s", net,
		    host, l);
	else
		put(b, "addr add 10.0.%u.%u/24 brd + dev %s", net, host, l);
}

static void
change_ipv6(uint64_t *dice, struct buf *b)
{
	unsigned net = dice_below(dice, 4), host = 1 + dice_below(dice, 6);
	unsigned what = dice_below(dice, 10);
	char l[4];

	some_link(dice, l);
	if (what < 3)
		put(b, "addr del 2001:db8:%u::%x/64 dev %s", net, host, l);
	else if (what < 5)
		put(b, "addr add 2001:db8:%u::%x/64 dev %s", net, host, l);
	else if (what == 5)
		put(b, "addr replace 2001:db8:%u::%x/64 dev %s valid_lft %u "
		    "preferred_lft %u", net, host, l, 2 + net, net % 3);
	else if (what == 6)
		put(b, "addr flush dev %s", l);
	else
		put(b, "addr add 2001:db8:%u::%x/64 dev %s nodad", net, host,
		    l);
}

static void
change_routes(uint64_t *dice, struct buf *b)
{
	unsigned net = dice_below(dice, 4), metric = dice_below(dice, 3);
	unsigned other = dice_below(dice, 4);
	char l[4];

	some_link(dice, l);
	switch (dice_below(dice, 10)) {
	case 0:
		put(b, "route del default metric %u", metric);
		break;
	case 1:
		put(b, "-6 route del default metric %u", metric + 1);
		break;
	case 2:
		put(b, "route replace default via 10.0.%u.254 metric %u", net,
		    metric);
		break;
	case 3:
		put(b, "route add default metric %u nexthop via 10.0.%u.254 "
		    "nexthop via 10.0.%u.253", metric, net, other);
		break;
	case 4:
		put(b, "-6 route replace default via fe80::%x dev %s metric %u",
		    net + 1, l, metric + 1);
		break;
	case 5:
		put(b, "nexthop replace id %u via 10.0.%u.252 dev %s", net + 1,
		    net, l);
		put(b, "route add default nhid %u metric %u table 7", net + 1,
		    metric);
		break;
	case 6:
		put(b, "nexthop del id %u", net + 1);
		break;
	case 7:
		put(b, "-6 route append default via fe80::%x dev %s metric %u",
		    other + 1, l, metric + 1);
		break;
	default:
		put(b, "route add default via 10.0.%u.254 dev %s metric %u",
		    net, l, metric);
	}
}

void
churn_make(uint64_t *dice, struct buf *b)
{
	unsigned what = dice_below(dice, 100);
	char l[4];

	if (what < 15)
		make_link(dice, b);
	else if (what < 20)
		put(b, "link del %s", some_link(dice, l));
	else if (what < 45)
		change_link(dice, b);
	else if (what < 65)
		change_ipv4(dice, b);
	else if (what < 85)
		change_ipv6(dice, b);
	else
		change_routes(dice, b);
}

void
churn_flood(uint64_t *dice, struct buf *b, unsigned count)
{
	static const char *const verbs[] = { "add", "del" };
	unsigned net = dice_below(dice, 100), verb, i;
	bool six = dice_chance(dice, 500);
	char l[4];

	some_link(dice, l);
	for (verb = 0; verb < 2; verb++) {
		for (i = 0; i < count; i++) {
			if (six)
				put(b, "addr %s 2001:db8:%x::%x/128 dev %s "
				    "nodad", verbs[verb], net + 256, i, l);
			else
				put(b, "addr %s 10.%u.%u.%u/32 dev %s",
				    verbs[verb], net + 100, i / 200, i % 200,
				    l);
		}
	}
}

void
churn_spaces(uint64_t *dice, struct buf *b)
{
	unsigned n = dice_below(dice, 3), what = dice_below(dice, 10);
	char l[4];

	some_link(dice, l);
	if (what < 3)
		put(b, "netns add n%u", n);
	else if (what == 3)
		put(b, "netns del n%u", n);
	else
		put(b, "link set %s netns n%u", l, n);
}

static void
become(const char *netns, int in)
{
	int none = open("/dev/null", O_WRONLY);

	dup2(in, STDIN_FILENO);
	dup2(none, STDOUT_FILENO);
	dup2(none, STDERR_FILENO);
	if (netns != NULL)
		execlp("ip", "ip", "-n", netns, "-force", "-batch", "-",
		    (char *)NULL);
	else
		execlp("ip", "ip", "-force", "-batch", "-", (char *)NULL);
	_exit(127);
}

void
churn_run(const char *netns, const struct buf *b)
{
	size_t done = 0;
	ssize_t n = 0;
	int in[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		broken("ip: %s", strerror(errno));
	if (pid == 0)
		become(netns, in[0]);
	close(in[0]);
	/* It may be gone, with its namespace. */
	while (done < b->len && n != -1) {
		n = write(in[1], b->data + done, b->len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	close(in[1]);
	waitpid(pid, NULL, 0);
}

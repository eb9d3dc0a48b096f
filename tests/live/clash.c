/*
 * clash [-1] [-c NAME] [-n TIMES] tcp|bound|udp|unix [ADDRESS [PORT]]: binds a
 * socket (tcp listens, too), then another one to the same address, writes its
 * process, port and errno ("0": it could), and waits to be ended.
 *
 *	-1	only one socket
 *	-c	call itself so; -n: the second bind so many times
 */
#include "config.h"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static union {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
} address;
static socklen_t address_len;

static void
set_address(const char *text, uint16_t port)
{
	if (inet_pton(AF_INET, text, &address.in.sin_addr) == 1) {
		address.in.sin_family = AF_INET;
		address.in.sin_port = htons(port);
		address_len = sizeof address.in;
	} else if (inet_pton(AF_INET6, text, &address.in6.sin6_addr) == 1) {
		address.in6.sin6_family = AF_INET6;
		address.in6.sin6_port = htons(port);
		address_len = sizeof address.in6;
	} else {
		/* An abstract one, which needs no file. */
		address.un.sun_family = AF_UNIX;
		snprintf(address.un.sun_path + 1,
		    sizeof address.un.sun_path - 1, "%s", text);
		address_len = (socklen_t)(sizeof(sa_family_t) + 1 +
		    strlen(text));
	}
}

/* Binds one more socket, TIMES times: 0 or an errno. */
static int
bind_one(const char *how, long times)
{
	int error = 0, fd = socket(address.any.sa_family,
	    strcmp(how, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (fd == -1)
		return errno;
	for (; times > 0; times--)
		error = bind(fd, &address.any, address_len) == 0 ? 0 : errno;
	if (error == 0 && strcmp(how, "tcp") == 0 && listen(fd, 1) == -1)
		error = errno;
	/* Where port 0 became a real one. */
	if (error == 0 && address.any.sa_family != AF_UNIX &&
	    getsockname(fd, &address.any, &address_len) == -1)
		error = errno;
	return error;
}

static int
usage(void)
{
	fputs("usage: clash [-1] [-c NAME] [-n TIMES] HOW [ADDRESS [PORT]]\n",
	    stderr);
	return 2;
}

int
main(int argc, char *argv[])
{
	bool one = false;
	long times = 1;
	int c, error;

	while ((c = getopt(argc, argv, "1c:n:")) != -1) {
		if (c == '1')
			one = true;
		else if (c == 'c')
			prctl(PR_SET_NAME, optarg);
		else if (c == 'n')
			times = strtol(optarg, NULL, 10);
		else
			return usage();
	}
	argv += optind;
	argc -= optind;
	if (argc < 1 || argc > 3)
		return usage();
	set_address(argc > 1 ? argv[1] : "127.0.0.1", argc > 2 ?
	    (uint16_t)strtol(argv[2], NULL, 10) : 0);
	error = bind_one(argv[0], 1);
	if (!one && error == 0)
		error = bind_one(argv[0], times);
	printf("%ld %u %d\n", (long)getpid(),
	    address.any.sa_family == AF_UNIX ? 0 :
	    (unsigned)ntohs(address.in.sin_port), error);
	fflush(stdout);
	pause();
	return EXIT_SUCCESS;
}

/*
 * What libkev may read from a socket that is no kevd's: a line is taken or
 * refused, and what it says of itself is text.
 */
#include "config.h"

#include "fuzz.h"
#include "kev.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int listener = -1;
static char path[64];

static void
tidy(void)
{
	unlink(path);
}

static void
open_listener(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(path, sizeof path, "/tmp/kev-fuzz.%ld", (long)getpid());
	strcpy(sun.sun_path, path);
	unlink(path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(bind(listener, (struct sockaddr *)&sun, sizeof sun) == 0);
	MUST(listen(listener, 5) == 0);
	atexit(tidy);
}

static void
look(const struct kev_line *line)
{
	long long n;
	size_t len;

	MUST(strlen(kev_line_text(line, &len)) <= len);
	MUST(kev_line_json(line) != NULL);
	(void)kev_line_topic(line);
	(void)kev_line_ifname(line);
	(void)kev_line_id(line);
	(void)kev_line_snapshot(line);
	(void)kev_line_reply(line);
	(void)kev_line_ok(line);
	(void)kev_line_string(line, "data.address");
	(void)kev_line_string(line, "data..");
	(void)kev_line_integer(line, "data.mtu", &n);
	/* No member of kevd's has as long a name. */
	MUST(kev_line_string(line, "data.0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct kev_line *line = NULL;
	struct kev *k = kev_new();
	int fd, found;

	if (listener == -1)
		open_listener();
	/* More would not fit into the socket, and nobody else reads it. */
	if (len > 60000)
		len = 60000;
	MUST(k != NULL && kev_open(k, path, 0) == 0);
	fd = accept(listener, NULL, NULL);
	MUST(fd != -1);
	MUST(len == 0 || send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
	close(fd);
	while ((found = kev_next(k, 1000, &line)) == KEV_LINE)
		look(line);
	MUST(found < 0 && kev_error(k)[0] != '\0');
	kev_free(k);
	return 0;
}

#include "config.h"

#include "crowd.h"

#include "broken.h"

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

char broken_where[128] = "at the start";

void
broken(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", broken_where);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	_exit(1);
}

void
crowd_init(struct crowd *k, const char *dir, unsigned n)
{
	unsigned i;

	signal(SIGPIPE, SIG_IGN);
	k->n = n;
	k->clients = calloc(n + 1, sizeof *k->clients);
	k->fds = calloc(n + 1, sizeof *k->fds);
	if (k->clients == NULL || k->fds == NULL || asprintf(&k->path, "%s/s", dir) == -1 ||
	    asprintf(&k->log, "%s/err", dir) == -1)
		broken("out of memory");
	for (i = 0; i < n; i++)
		client_init(&k->clients[i], i);
}

void
crowd_fini(struct crowd *k)
{
	unsigned i;

	for (i = 0; i < k->n; i++)
		client_fini(&k->clients[i]);
	free(k->clients);
	free(k->fds);
	free(k->path);
	free(k->log);
}

void
crowd_start(struct crowd *k, const char *options)
{
	char all[512];

	snprintf(all, sizeof all, "-u %s %s", k->path, options);
	client_run[0] = '\0';
	kevd_start(&k->kevd, k->log, all);
}

void
crowd_end(struct crowd *k, int number)
{
	unsigned i;

	kevd_end(&k->kevd, number);
	/* What it had sent is still there to be read. */
	for (i = 0; i < k->n; i++) {
		while (k->clients[i].fd != -1)
			client_pump(&k->clients[i], true);
	}
	journal_check();
	journal_clear();
}

json_t *
crowd_request(struct crowd *k, const char *op)
{
	return json_pack("{s:s,s:i}", "op", op, "id", (int)++k->ids);
}

void
crowd_watch(struct crowd *k, struct client *c)
{
	json_t *r = crowd_request(k, "subscribe");

	if (c->fd == -1 && !client_connect(c, k->path))
		broken("client %u cannot connect", c->number);
	json_object_set_new(r, "topics", json_pack("[s]", "**"));
	json_object_set_new(r, "snapshot", json_true());
	client_ask(c, r, NULL);
}

unsigned long
crowd_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long)ts.tv_sec * 1000 +
	    (unsigned long)ts.tv_nsec / 1000000;
}

void
crowd_pump(struct crowd *k, int timeout)
{
	const struct client *c;
	unsigned i;

	for (i = 0; i < k->n; i++) {
		c = &k->clients[i];
		k->fds[i].fd = c->fd;
		k->fds[i].events = (short)((c->stalls ? 0 : POLLIN) |
		    (c->out.len > 0 ? POLLOUT : 0));
	}
	if (poll(k->fds, k->n, timeout) == -1 && errno != EINTR)
		broken("poll: %s", strerror(errno));
	for (i = 0; i < k->n; i++) {
		if (k->fds[i].revents != 0 || k->clients[i].half)
			client_pump(&k->clients[i], false);
	}
	kevd_check(&k->kevd);
}

void
crowd_ask(struct crowd *k, const char *op)
{
	unsigned long until = crowd_now() + PATIENCE * 1000;
	unsigned i, waiting;

	for (i = 0; i < k->n; i++)
		client_ask(&k->clients[i], crowd_request(k, op), NULL);
	do {
		crowd_pump(k, 100);
		waiting = 0;
		for (i = 0; i < k->n; i++) {
			if (k->clients[i].fd == -1 ||
			    client_is_idle(&k->clients[i]))
				continue;
			waiting++;
			if (crowd_now() > until)
				broken("client %u waits for %s", i,
				    client_waits(&k->clients[i]));
		}
	} while (waiting > 0);
}

static bool
is_same(void)
{
	int status = system(getenv("KEV_CHAOS_SAME"));

	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		broken("cannot compare with the kernel: %#x", status);
	return status == 0;
}

void
crowd_settle(struct crowd *k)
{
	unsigned long until = crowd_now() + PATIENCE * 1000;
	uint64_t before;
	unsigned i;
	bool same;

	kevd_stop(&k->kevd, false);
	for (i = 0; i < k->n; i++) {
		k->clients[i].stalls = false;
		client_finish(&k->clients[i]);
	}
	for (;;) {
		crowd_ask(k, "ping");
		before = k->clients[0].last;
		same = is_same();
		crowd_ask(k, "ping");
		if (same && before == k->clients[0].last)
			break;
		if (crowd_now() > until)
			broken("the kernel says something else, see above");
		crowd_pump(k, 100);
	}
	for (i = 0; i < k->n; i++)
		client_settle(&k->clients[i]);
	crowd_ask(k, "state");
	crowd_ask(k, "stats");
	for (i = 0; i < k->n; i++)
		client_settle(&k->clients[i]);
}

void
crowd_leave(struct crowd *k, unsigned n)
{
	unsigned long until = crowd_now() + PATIENCE * 1000;
	unsigned i;

	for (i = 0; i < k->n; i++)
		client_close(&k->clients[i]);
	while (kevd_files(&k->kevd) != n) {
		if (crowd_now() > until)
			broken("kevd has %u descriptors, not %u",
			    kevd_files(&k->kevd), n);
		kevd_check(&k->kevd);
	}
}

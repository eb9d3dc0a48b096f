#include "config.h"

#include "server.h"

#include "buf.h"
#include "hot.h"
#include "log.h"
#include "request.h"
#include "source.h"
#include "sys.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connections taken before others have their turn. */
#define TURN 64
/* Seconds to wait when descriptors or memory ran out. */
#define RETRY 1.0
/* Seconds to read that there is no place. */
#define LEAVE 1.0
/* Bytes that must be left: those who are here need memory, too. */
#define RESERVE (512 * 1024)

static struct present *
present(void *arg, const struct stamp *now, state_publish_fn *publish, void *to)
{
	const struct server *s = arg;

	return present_new(s->source, now, publish, to);
}

static bool
in_flight(void *arg, uint64_t pos)
{
	struct server *s = arg;

	return peer_in_flight(&s->peers, pos);
}

HOT static void
flush_end(void *arg)
{
	struct server *s = arg;

	peer_flush_end(&s->peers);
}

static struct stamp
now(void *arg)
{
	const struct server *s = arg;

	return source_now(s->source);
}

int
server_init(struct server *s, const struct server_config *config)
{
	struct hub_config hub = {
		.history = config->history, .queue = config->queue,
		.flush = peer_flush_soon, .flush_end = flush_end,
		.affords = peer_affords, .in_flight = in_flight,
		.present = present, .now = now, .source = s,
	};
	int i;

	/* Each opens a file the first time, which it can't in the sandbox. */
	json_object_seed(0);
	(void)sys_rss();
	memset(s, 0, sizeof *s);
	s->config = *config;
	s->fd = config->fd;
	for (i = 0; i < SERVER_LEAVING; i++)
		s->leaving[i] = -1;
	s->started = stamp_now().mono;
	peer_group_init(&s->peers);
	s->peers.queue = config->queue;
	s->peers.timeout = config->timeout;
	s->peers.hangup = -1;
	s->peers.line = server_answer;
	s->peers.server = s;
	s->hub = s->peers.hub = hub_new(&hub);
	return s->hub == NULL ? -ENOMEM : 0;
}

HOT void
server_publish(void *arg, struct kev_event *ev)
{
	struct server *s = arg;

	hub_publish(s->hub, ev);
}

bool
server_crowded(void *arg)
{
	struct server *s = arg;

	return hub_crowded(s->hub);
}

/* Who listens at the address already: not a corpse, but a kevd alive? */
static int
check_stale(const char *path, const struct sockaddr_un *sun)
{
	struct stat st;
	uid_t uid;
	pid_t pid = 0;
	int fd, error;

	if (lstat(path, &st) == -1) {
		error = errno;
		if (error == ENOENT)
			return 0;	/* or its directory: bind() tells */
		log_error("%s: %s", path, strerror(error));
		return -error;
	}
	if (!S_ISSOCK(st.st_mode)) {
		log_error("%s: is there already and is not a socket", path);
		return -ENOTSOCK;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1) {
		error = errno;
		log_error("socket: %s", strerror(error));
		return -error;
	}
	/* One that takes no connections any more must not hold us up. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	error = connect(fd, (const struct sockaddr *)sun, sizeof *sun) == -1 ?
	    errno : 0;
	if (error == 0 && sys_peer(fd, &uid, &pid) == 0 && pid != 0)
		log_error("%s: in use by process %ld", path, (long)pid);
	else if (error == 0 || error == EAGAIN)
		log_error("%s: in use by another process", path);
	close(fd);
	if (error == 0 || error == EAGAIN)
		return -EADDRINUSE;
	if (error != ECONNREFUSED) {
		log_error("%s: %s", path, strerror(error));
		return -error;
	}
	if (unlink(path) == -1 && errno != ENOENT) {
		error = errno;
		log_error("%s: cannot remove the old socket: %s", path,
		    strerror(error));
		return -error;
	}
	return 0;
}

static int
bind_path(struct server *s)
{
	const char *path = s->config.path;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t mask;
	int error;

	if (strlen(path) >= sizeof sun.sun_path) {
		log_error("%s: too long for a socket, which may have %zu bytes",
		    path, sizeof sun.sun_path - 1);
		return -ENAMETOOLONG;
	}
	strcpy(sun.sun_path, path);
	error = check_stale(path, &sun);
	if (error != 0)
		return error;
	/* Nobody connects before the permissions are as they should be. */
	mask = umask(0777);
	error = bind(s->fd, (const struct sockaddr *)&sun, sizeof sun) == -1 ?
	    errno : 0;
	umask(mask);
	if (error != 0) {
		log_error("%s: %s", path, strerror(error));
		return -error;
	}
	if ((s->config.group != (gid_t)-1 &&
	    chown(path, (uid_t)-1, s->config.group) == -1) ||
	    chmod(path, s->config.mode) == -1 || lstat(path, &s->made) == -1) {
		error = errno;
		log_error("%s: %s", path, strerror(error));
		unlink(path);
		return -error;
	}
	return 0;
}

int
server_listen(struct server *s)
{
	int error;

	if (s->fd == -1) {
		s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (s->fd == -1) {
			error = errno;
			log_error("socket: %s", strerror(error));
			return -error;
		}
		error = bind_path(s);
		if (error != 0)
			return error;
		if (listen(s->fd, SOMAXCONN) == -1) {
			error = errno;
			log_error("%s: %s", s->config.path, strerror(error));
			return -error;
		}
	}
	fcntl(s->fd, F_SETFD, FD_CLOEXEC);
	fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

static void
close_leaving(struct server *s)
{
	int i;

	for (i = 0; i < SERVER_LEAVING; i++) {
		if (s->leaving[i] != -1)
			close(s->leaving[i]);
		s->leaving[i] = -1;
	}
}

static void
left(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	close_leaving(w->data);
}

/*
 * Some, as nc(1), end by what they cannot write, before they have read: their
 * end is open for a moment. A crowd of them does not take what others need.
 */
static void
leave(struct server *s, int fd)
{
	int *place = &s->leaving[s->next_leaving++ % SERVER_LEAVING];

	shutdown(fd, SHUT_WR);
	if (*place != -1)
		close(*place);
	*place = fd;
	ev_timer_stop(s->peers.loop, &s->leave);
	ev_timer_set(&s->leave, LEAVE, 0.);
	ev_timer_start(s->peers.loop, &s->leave);
}

/* It is told, and goes: it may try again later. */
static void
turn_away(struct server *s, int fd, size_t limit, const char *what)
{
	struct buf b = BUF_INIT;
	char message[128];

	s->turned_away++;
	snprintf(message, sizeof message, "kevd serves %zu %s at most", limit,
	    what);
	kev_reply_error(&b, NULL, KEV_TOO_MANY, message);
	if (!b.failed)
		(void)!send(fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_fini(&b);
	leave(s, fd);
}

static void
take_client(struct server *s, int fd)
{
	struct user *user;
	uid_t uid;
	pid_t pid;

	if (sys_peer(fd, &uid, &pid) != 0) {
		uid = (uid_t)-1;
		pid = 0;
	}
	user = user_add_client(&s->peers.users, uid);
	if (user == NULL) {
		close(fd);
		return;
	}
	if (s->peers.count >= s->config.max_clients) {
		turn_away(s, fd, s->config.max_clients, "clients");
	} else if (!user->trusted && user->clients > s->config.max_per_user) {
		turn_away(s, fd, s->config.max_per_user, "clients of one user");
	} else {
		peer_new(&s->peers, fd, user, pid);
		return;
	}
	user_drop_client(user);
}

/* Out of descriptors or memory: others go on. */
static void
take_a_break(struct server *s, const char *why)
{
	static struct log_limit limit;

	log_limited(&limit, "accept: %s; trying again later", why);
	close_leaving(s);
	ev_io_stop(s->peers.loop, &s->accept);
	ev_timer_set(&s->retry, RETRY, 0.);
	ev_timer_start(s->peers.loop, &s->retry);
}

static bool
has_memory(void)
{
	/* malloc(3) would keep it for itself. */
	void *p = mmap(NULL, RESERVE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);

	return p != MAP_FAILED && munmap(p, RESERVE) == 0;
}

static void
acceptable(struct ev_loop *loop, ev_io *w, int events)
{
	struct server *s = w->data;
	int fd, n;

	(void)loop;
	(void)events;
	for (n = 0; n < TURN; n++) {
		if (!has_memory()) {
			take_a_break(s, strerror(ENOMEM));
			return;
		}
		fd = accept(w->fd, NULL, NULL);
		if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd == -1) {
			take_a_break(s, strerror(errno));
			return;
		}
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		take_client(s, fd);
	}
}

static void
retry(struct ev_loop *loop, ev_timer *w, int events)
{
	struct server *s = w->data;

	(void)events;
	ev_io_start(loop, &s->accept);
}

static void
hung_up(struct ev_loop *loop, ev_io *w, int events)
{
	struct server *s = w->data;

	(void)loop;
	(void)events;
	peer_hangup(&s->peers);
}

HOT static void
turn(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct server *s = w->data;

	(void)loop;
	(void)events;
	/* Others may wait for what those who went had left unread. */
	peer_reap(&s->peers);
	peer_go_on(&s->peers);
	hub_flush(s->hub);
	peer_reap(&s->peers);
}

void
server_start(struct server *s, struct ev_loop *loop, struct source *source)
{
	s->source = source;
	peer_group_start(&s->peers, loop);
	s->peers.hangup = sys_hangup_new();
	if (s->peers.hangup != -1) {
		ev_io_init(&s->hangup, hung_up, s->peers.hangup, EV_READ);
		s->hangup.data = s;
		ev_io_start(loop, &s->hangup);
	}
	ev_io_init(&s->accept, acceptable, s->fd, EV_READ);
	ev_timer_init(&s->retry, retry, RETRY, 0.);
	ev_timer_init(&s->leave, left, LEAVE, 0.);
	ev_prepare_init(&s->prepare, turn);
	s->accept.data = s->retry.data = s->leave.data = s->prepare.data = s;
	ev_io_start(loop, &s->accept);
	ev_prepare_start(loop, &s->prepare);
}

void
server_fini(struct server *s)
{
	struct stat st;

	/* Not one that somebody else put there meanwhile. */
	if (s->made.st_ino != 0 && lstat(s->config.path, &st) == 0 &&
	    st.st_ino == s->made.st_ino && st.st_dev == s->made.st_dev &&
	    unlink(s->config.path) == -1)
		log_info("%s: not removed: %s", s->config.path,
		    strerror(errno));
	if (s->peers.loop != NULL) {
		hub_flush(s->hub);
		peer_group_stop(&s->peers);
		ev_io_stop(s->peers.loop, &s->accept);
		ev_timer_stop(s->peers.loop, &s->retry);
		ev_timer_stop(s->peers.loop, &s->leave);
		ev_prepare_stop(s->peers.loop, &s->prepare);
	}
	if (s->peers.hangup != -1) {
		ev_io_stop(s->peers.loop, &s->hangup);
		close(s->peers.hangup);
	}
	if (s->fd != -1)
		close(s->fd);
	close_leaving(s);
	hub_free(s->hub);
}

/*
 * How a supervisor is told that kevd is ready, and hands it a socket.
 */
#ifndef KEVD_NOTIFY_H
#define KEVD_NOTIFY_H

/*
 * The listening socket handed over (LISTEN_FDS of sd_listen_fds(3), or as the
 * system does it), -1: none, -2: one that can't be used, which was logged.
 */
int notify_listen_fd(void);

/*
 * Ready: a newline to FD, which is closed (-1: none), and READY=1 to
 * NOTIFY_SOCKET (sd_notify(3)).
 */
void notify_ready(int fd);

#endif

#!/bin/sh
# In the background, as another user, with sockets of a supervisor.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq socat
namespaces
export KEV_SOCKET="$dir/s"

# The parent goes when it works, the pid file with the daemon.
"$kevd" -d -p "$dir/pid" 2>"$dir/err" || fail "$(cat "$dir/err")"
"$kevctl" ping >/dev/null || fail "does not answer"
[ "$("$kevctl" ping | jq .protocol)" = 1 ] || fail "ping"
"$kevd" -d 2>"$dir/err" && fail "a second one"
grep -q "in use by process" "$dir/err" || fail "$(cat "$dir/err")"
pid=$(cat "$dir/pid")
# Whoever is connected sees it go, after it has removed its files.
"$kevsub" --no-reconnect -s >"$dir/lines" 2>&1 &
waiter=$!
until grep -qs kev/synced "$dir/lines"; do
	kill -0 "$waiter" || fail "$(cat "$dir/lines")"
done
kill "$pid"
wait "$waiter"
[ $? = 3 ] || fail "kevsub stayed"
# The pid file goes last.
while [ -e "$dir/pid" ]; do :; done
[ -e "$KEV_SOCKET" ] && fail "left a socket"

# Files named from here go as well.
(cd "$dir" && KEV_SOCKET=here "$kevd" -d -p pid) || fail "relative names"
kill "$(cat "$dir/pid")"
while [ -e "$dir/pid" ]; do :; done
[ -e "$dir/here" ] && fail "left a socket"

# Control-C is as good an end as any.
mkfifo "$dir/begun"
"$kevd" -n 3 3>"$dir/begun" 2>"$dir/err" &
pids=$!
read -r _ <"$dir/begun"
kill -INT "$pids"
wait "$pids" || fail "SIGINT: exits with $?: $(cat "$dir/err")"
pids=
[ -e "$KEV_SOCKET" ] && fail "left a socket"

# Without stdin, stdout and stderr nothing of ours becomes one of them.
"$kevd" -d -p "$dir/pid" <&- >&- 2>&- || fail "not without stderr"
pid=$(cat "$dir/pid")
for fd in 0 1 2; do
	[ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ] ||
	    fail "$fd is $(readlink "/proc/$pid/fd/$fd")"
done
"$kevctl" ping >/dev/null || fail "does not answer"
kill "$pid"
while [ -e "$dir/pid" ]; do :; done
mkfifo "$dir/ready"
"$kevd" -n 2 2>"$dir/ready" &
pids=$!
read -r _ <"$dir/ready"
until [ "$(readlink "/proc/$pids/fd/2")" = /dev/null ]; do
	kill -0 "$pids" || fail "not with -n 2"
done
"$kevctl" ping >/dev/null || fail "does not answer"
kill "$pids"
wait "$pids"
pids=

# Ready is said to descriptors and to a supervisor.
socat -u UNIX-RECV:"$dir/notify" CREATE:"$dir/notified" &
pids=$!
until [ -S "$dir/notify" ]; do kill -0 "$pids" || fail socat; done
NOTIFY_SOCKET="$dir/notify"
export NOTIFY_SOCKET
supervisor=$pids
start_kevd
unset NOTIFY_SOCKET
until [ "$(cat "$dir/notified" 2>/dev/null)" = READY=1 ]; do
	kill -0 "$supervisor" || fail socat
done
stop_kevd
kill "$supervisor" 2>/dev/null

# A socket handed over is used, and not removed.
cat >"$dir/listen.pl" <<'PERL'
use IO::Socket::UNIX; use POSIX;
my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die;
POSIX::dup2(fileno($s), 3) if fileno($s) != 3;
use Fcntl; open(my $h, "<&=", 3); fcntl($h, F_SETFD, 0);
$ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$;
exec @ARGV[1..$#ARGV] or die;
PERL
if command -v perl >/dev/null; then
	perl "$dir/listen.pl" "$dir/given" "$kevd" -u "$dir/unused" 2>"$dir/err" &
	kevd_pid=$! pids=$!
	accepts "$kevd_pid" "$dir/given" "$dir/err"
	"$kevctl" -u "$dir/given" ping >/dev/null || fail "$(cat "$dir/err")"
	[ -e "$dir/unused" ] && fail "made a socket of its own"
	stop_kevd
	[ -S "$dir/given" ] || fail "removed what it was given"
	perl -e '$ENV{LISTEN_FDS}=1; $ENV{LISTEN_PID}=$$; open(F, "<", "/dev/null");
	    POSIX::dup2(fileno(F), 3); exec @ARGV' -MPOSIX "$kevd" 2>"$dir/err" &&
	    fail "took no socket"
	grep -q "LISTEN_FDS" "$dir/err" || fail "$(cat "$dir/err")"
fi
exit 0

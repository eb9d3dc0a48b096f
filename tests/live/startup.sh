#!/bin/sh
# What keeps kevd from starting is said, with exit 1; wrong usage with 2.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq flock
namespaces

# refuses STATUS TEXT OPTION... : exits with it and says so on stderr.
refuses() {
	wanted=$1 text=$2
	shift 2
	${KEV_WRAP:-} "$kevd" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ "$status" = "$wanted" ] || fail "$* exits with $status: $(cat "$dir/err")"
	grep -qF -e "$text" "$dir/err" || fail "$* says $(cat "$dir/err")"
	[ -s "$dir/out" ] && fail "$* says on stdout: $(cat "$dir/out")"
	return 0
}

long=$(printf '%0120d' 0)
refuses 1 "too long" -u "$dir/$long"
refuses 1 "No such file or directory" -u "$dir/missing/s"
: >"$dir/file"
refuses 1 "is not a socket" -u "$dir/file"
[ -f "$dir/file" ] || fail "it is gone"
mkdir "$dir/directory"
refuses 1 "is not a socket" -u "$dir/directory"
refuses 1 "Not a directory" -u "$dir/file/s"
# One whose owner takes no more connections, and so does not answer.
cat >"$dir/full.pl" <<'PERL'
use IO::Socket::UNIX; use Socket;
my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die;
my @queue;
for (;;) {
	socket(my $c, PF_UNIX, SOCK_STREAM, 0) or die;
	$c->blocking(0);
	push @queue, $c;
	connect($c, pack_sockaddr_un($ARGV[0])) or last;
}
open(my $f, ">", "$ARGV[0].ready");
<STDIN>;
PERL
if command -v perl >/dev/null; then
	mkfifo "$dir/hold"
	perl "$dir/full.pl" "$dir/full" <"$dir/hold" &
	pids=$!
	exec 6>"$dir/hold"
	until [ -e "$dir/full.ready" ]; do
		kill -0 "$pids" || fail "perl"
	done
	refuses 1 "in use by another process" -u "$dir/full"
	exec 6>&-
	wait "$pids"
	pids=
fi
refuses 1 "there is no such group" -u "$dir/s" -g no-such-group
refuses 1 "there is no such user" -u "$dir/s" -U no-such-user
# No number of 32 bits, and the one that means to leave it as it is.
refuses 1 "there is no such group" -u "$dir/s" -g 4294967296
refuses 1 "there is no such group" -u "$dir/s" -g 4294967295
refuses 1 "there is no such user" -u "$dir/s" -U 4294967296
refuses 1 "No such file or directory" -u "$dir/s" -p "$dir/missing/pid"
[ -e "$dir/s" ] && fail "left a socket"

refuses 2 "invalid option" -Z
refuses 2 "unrecognized option" --no-such-option
refuses 2 "requires an argument" --queue
refuses 2 "there are no arguments" -v extra
refuses 2 "--mode 9: must be octal" -m 9
refuses 2 "--queue 1: too small, must be 4096" --queue 1
refuses 2 "--history -1: too small" --history -1
refuses 2 "--max-clients many: invalid" --max-clients many
refuses 2 "--rcvbuf 99999999999: too large" --rcvbuf 99999999999
refuses 2 "--notify x: invalid" -n x
refuses 2 "--notify 99: Bad file descriptor" -n 99
"$kevd" --help | grep -q -e "--max-clients" || fail "no help"
[ "$("$kevd" --version)" = "$("$kevsub" --version | sed s/kevsub/kevd/)" ] ||
    fail "no version"

[ "$("$kevd" -h)" = "$("$kevd" --help)" ] && [ "$("$kevd" -V)" = "$("$kevd" --version)" ] ||
    fail "-h and -V"

# A living one is named; a dead one's socket is not in the way.
start_kevd -p "$dir/pid" -m 0600
[ "$(cat "$dir/pid")" -gt 0 ] || fail "no pid file"
[ "$(stat -c %a "$KEV_SOCKET")" = 600 ] || fail "mode of the socket"
refuses 1 "in use by process $(cat "$dir/pid")" -u "$KEV_SOCKET"
refuses 1 "in use by process $(cat "$dir/pid")" -u "$dir/other" -p "$dir/pid"
[ -S "$KEV_SOCKET" ] || fail "its socket is gone"
"$kevctl" ping >/dev/null || fail "it is gone"
kill -KILL "$(cat "$dir/pid")"
wait "$kevd_pid"
pids=
[ -S "$KEV_SOCKET" ] && [ -f "$dir/pid" ] || fail "nothing left behind"
echo 'more than a number' >>"$dir/pid"
start_kevd -p "$dir/pid"
"$kevctl" ping >/dev/null || fail "does not answer"
[ "$(cat "$dir/pid")" = "$kevd_pid" ] || fail "$(cat "$dir/pid")"
stop_kevd
[ -e "$KEV_SOCKET" ] && fail "left a socket"
[ -e "$dir/pid" ] && fail "left a pid file"

# One that somebody else put there is theirs; no number is no matter.
start_kevd -p "$dir/pid"
rm "$dir/pid"
: >"$dir/pid"
stop_kevd
[ -f "$dir/pid" ] || fail "removed the pid file of others"
exec 8>"$dir/pid"
flock 8
refuses 1 "pid: in use by another process" -u "$dir/other" -p "$dir/pid"
exec 8>&-

# Every message of the kernel is told to who wants to see it.
start_kevd -v
grep -q 'rtnetlink: newlink: link of interface 1 "lo" {"type":"loopback",.*: [0-9a-f]\{1000,\}$' \
    "$dir/err" && grep -q 'ethtool: link modes of interface 1 .*: [0-9a-f]\{50,\}$' \
    "$dir/err" || fail "$(head -c 1000 "$dir/err")"
stop_kevd

# It is the default, and its directory is made, in a /run of our own.
[ "$KEV_INSIDE" = bare ] && exit 0
mount -t tmpfs none /run || fail "no /run"
unset KEV_SOCKET
path=$("$kevd" --help | sed -n 's/.*listen here instead of //p')
case $path in
/run/*)
	mkfifo "$dir/ready"
	"$kevd" -n 3 3>"$dir/ready" 2>"$dir/err" &
	pids=$!
	read -r _ <"$dir/ready"
	[ -S "$path" ] || fail "no socket: $(cat "$dir/err")"
	"$kevctl" ping >/dev/null || fail "no default"
	;;
esac
exit 0

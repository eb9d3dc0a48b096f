#!/bin/sh
# kevd is killed under 50 clients and started again: all of them go on by
# themselves and see what is; and none hammers at a kevd that is no good.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq mount nc
namespaces
own_run || skip "no /run of our own"
ip netns add red || skip "ip netns"
ip -n red link add r0 type bridge
ip link add v0 type veth peer name v1
# Nothing happens but what we do.
for link in v0 v1; do ip link set $link addrgenmode none; done
ip link set v0 up
ip link set v1 up
N=50
served() {
	waiting="$1 clients"
	until [ "$("$kevctl" stats 2>"$dir/err" |
	    jq '[.clients[].patterns | select(length > 0)] | length')" = "$1" ]; do
		[ -e "/proc/$kevd_pid" ] || fail "kevd is gone"
	done
}
killed() {
	kill -KILL "$kevd_pid"
	wait "$kevd_pid" 2>/dev/null
}
# change N: of links, addresses and routes, some gone again.
change() {
	ip link set v0 mtu $((1300 + $1))
	[ "$1" = 1 ] || ip addr del "192.0.2.$(($1 - 1))/24" dev v0
	ip addr add "192.0.2.$1/24" dev v0
	ip addr add "2001:db8::$1/64" dev v0 nodad
	ip -n red addr add "198.51.100.$1/24" dev r0
	ip route add default via 192.0.2.254 metric "$1"
	ip link add "gone$1" type bridge
	[ "$1" = 1 ] || ip link del "gone$(($1 - 1))"
}

start_kevd --netns all --max-clients 60
n=0
while [ $n -lt $N ]; do
	n=$((n + 1))
	case $((n % 4)) in
	0) set -- ;;
	1) set -- -s ;;
	2) set -- -s -n all ;;
	3) set -- -s -n all --cursor-file="$dir/cursor$n" ;;
	esac
	"$kevsub" "$@" '**' >"$dir/log$n" 2>"$dir/err$n" &
	pids="$pids $!"
	eval "client$n=$!"
	clients="${clients:-} $!"
done
served $N
change 1
killed
change 2
start_kevd --netns all --max-clients 60
served $N
change 3
# Now with the socket away for a while, and changes while they come back.
killed
mv "$KEV_SOCKET" "$KEV_SOCKET.old"
change 4
waiting="all to notice"
until [ "$(grep -l "waiting for it" "$dir"/err[1-9]* | wc -l)" = $N ] &&
    ! grep -c "waiting for it" "$dir"/err[1-9]* | grep -v ':2$' >/dev/null; do :; done
start_kevd --netns all --max-clients 60
change 5
served $N

# same_all MARK: each log up to that event, and the kernel.
same_all() {
	"$kevctl" inject interface/idle -i "$1" || fail inject
	n=0
	while [ $n -lt $N ]; do
		n=$((n + 1))
		waiting="$1 in log$n"
		until grep -q "\"ifname\":\"$1\"" "$dir/log$n"; do
			eval "kill -0 \$client$n" || fail "it ended: $(cat "$dir/err$n")"
		done
	done
	cp "$dir/log2" "$dir/log"
	is_same || return 1
	grep -v '"netns":' "$dir/played" >"$dir/own"
	n=0
	while [ $n -lt $N ]; do
		n=$((n + 1))
		"$top_builddir/tests/unit/play" <"$dir/log$n" >"$dir/view" || fail play
		case $((n % 4)) in
		0 | 1) wanted=$dir/own ;;
		*) wanted=$dir/played ;;
		esac
		diff "$dir/view" "$wanted" >"$dir/diff" || fail "log$n: $(cat "$dir/diff")"
	done
}
mark=0
until mark=$((mark + 1)); same_all "mark$mark"; do say "not yet: $(cat "$dir/diff")"; done
grep -q '"netns":"red"' "$dir/played" || fail "nothing of red"
[ "$(grep -l "kevd is back" "$dir"/err[1-9]* | wc -l)" = $N ] || fail "who was away?"

# Each one knows what it has seen.
# shellcheck disable=SC2086
kill $clients
for n in 3 7 47; do
	eval "wait \$client$n"
	[ "$(cat "$dir/cursor$n")" = "$(tail -n 1 "$dir/log$n" | jq -r .id)" ] ||
	    fail "$(cat "$dir/cursor$n"): $(tail -n 1 "$dir/log$n")"
done
# shellcheck disable=SC2086
wait $clients
pids=$kevd_pid
stop_kevd

# When there is no place left, one that had one waits; one that comes is refused.
start_kevd --max-clients 2
"$kevsub" ipv4/collision >"$dir/out1" 2>"$dir/err1" &
first=$!
pids="$pids $first"
served 1
killed
waiting="the one client to notice"
until grep -q "waiting for it" "$dir/err1"; do :; done
# It is stopped, or it would be served before they are.
kill -STOP "$first"
start_kevd --max-clients 2
for n in 1 2; do
	mkfifo "$dir/hold$n"
	nc -U "$KEV_SOCKET" <"$dir/hold$n" >"$dir/holder$n" &
	holders="${holders:-} $!"
done
exec 7>"$dir/hold1" 8>"$dir/hold2"
echo '{"op":"ping"}' >&7
echo '{"op":"ping"}' >&8
waiting="kevd to be full"
until [ -s "$dir/holder1" ] && [ -s "$dir/holder2" ]; do :; done
exits 4 "$kevsub" -t 30 ipv4/collision; says "serves 2 clients at most"
exits 4 "$kevsub" -t 30 --since=1h ipv4/collision; says "serves 2 clients at most"
kill -CONT "$first"
exits 4 "$kevsub" -t 30 ipv4/collision
kill -0 "$first" || fail "it ended: $(cat "$dir/err1")"
exec 7>&- 8>&-
# shellcheck disable=SC2086
kill $holders
waiting="the one client to be back"
until grep -q "kevd is back" "$dir/err1"; do
	kill -0 "$first" || fail "it ended: $(cat "$dir/err1")"
done
kill "$first"
stop_kevd

# One that is no good: each line of it is a connection. It answers the first
# time; what it does then is its argument.
command -v perl >/dev/null || exit 0
cat >"$dir/bad.pl" <<'PERL'
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 9) or die;
my ($n, @kept) = (0);
$| = 1;
for (;;) {
	my $c = $s->accept or next;
	print ++$n, "\n";
	if ($n == 1 || $ARGV[1] eq "answer") {
		my $id = (<$c> // "") =~ /"id":(\d+)/ ? $1 : 0;
		print $c "{\"reply\":$id,\"ok\":true,\"complete\":true}\n";
		print $c "{\"topic\":\"kev/synced\",\"id\":\"r-1\"}\n";
	}
	push @kept, $c if $n > 1 && $ARGV[1] eq "mute";
}
PERL
for how in close answer mute; do
	perl "$dir/bad.pl" "$dir/$how" $how >"$dir/count" &
	bad=$!
	pids="$pids $bad"
	accepts "$bad" "$dir/$how"
	exits 124 "$kevsub" -t 2 -u "$dir/$how" ipv4/collision
	# 100 ms at first, half of that at least, and twice as long each time.
	[ "$(wc -l <"$dir/count")" -le 6 ] || fail "$how: $(wc -l <"$dir/count") connections"
	[ "$(wc -l <"$dir/count")" -ge 2 ] || fail "$how: does not try again"
	kill "$bad"
done

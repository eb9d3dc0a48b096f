#!/bin/sh
# How many clients one user may have: not one more; root goes on.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs jq nc setpriv
namespaces -n
chmod 711 "$dir"

# client N: a connection of somebody else that lasts; what is written to
# $dir/in.N goes there, and what comes back is in $dir/out.N. See leave.
other="setpriv --reuid 65534 --regid 65534 --clear-groups"
client() {
	mkfifo "$dir/in.$1"
	$other nc -U "$KEV_SOCKET" <"$dir/in.$1" >"$dir/out.$1" &
	pids="$pids $!"
	clients="${clients:-} $!"
	printf "%s\n" "$2" >"$dir/line.$1"
	# Its input stays open in a process that waits for its end.
	sh -c 'exec 4>"$1"; cat "$2" >&4; read -r _ <"$3"' - \
	    "$dir/in.$1" "$dir/line.$1" "$dir/hold" &
	pids="$pids $!"
	clients="$clients $!"
}
leave() {
	# shellcheck disable=SC2086
	kill $clients 2>/dev/null
	clients=
	until [ "$("$kevctl" stats | jq '.clients | length')" = 1 ]; do :; done
	rm -f "$dir"/in.* "$dir"/out.*
}
answered() { until [ -s "$dir/out.$1" ]; do :; done; }
# ask REQUEST: by somebody else, who leaves at once; the answer is "answer".
ask() {
	answer=$(printf '%s\n{"op":"unsubscribe"}\n' "$1" |
	    $other timeout 20 nc -N -U "$KEV_SOCKET" | head -n 1)
}
refused() {
	printf '%s\n' "$answer" | jq -e ".error.code == \"too-many\" and
	    (.error.message | contains(\"$1\"))" >/dev/null || fail "$answer"
}
served() { printf '%s\n' "$answer" | jq -e .ok >/dev/null || fail "$answer"; }
mkfifo "$dir/hold"
exec 9<>"$dir/hold"

# Clients of one user.
start_kevd --max-clients-per-user 3
for n in 1 2; do
	client $n '{"op":"ping"}'
	answered $n
done
ask '{"op":"ping"}'
served
client 3 '{"op":"ping"}'
answered 3
ask '{"op":"ping"}'
refused "serves 3 clients of one user at most"
for n in 1 2 3 4; do
	"$kevctl" ping >/dev/null || fail "root is refused"
done
[ "$("$kevctl" stats | jq .turned_away)" = 1 ] || fail "not counted"
leave
ask '{"op":"ping"}'
served
stop_kevd

# Nor does a limit on files end it, for which the log is one.
if command -v prlimit >/dev/null; then
	KEV_WRAP="prlimit --fsize=4096 ${KEV_WRAP:-}" start_kevd
	ask '{"op":"ping"}'
	served
	stop_kevd
fi

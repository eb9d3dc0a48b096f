#!/bin/sh
# What one user may have: all of it, and not one more; root and others go on.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc setpriv
namespaces -n
chmod 711 "$dir"
n=0
while [ $n -lt 10 ]; do
	ip link add "v$n" type veth peer name "w$n"
	n=$((n + 1))
done

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

# Globs: 160 are the most that one client may have, 4096 all together.
start_kevd
globs() {
	jq -nc --argjson i "$1" --argjson n "$2" --argjson m "$3" '{op: "subscribe",
	    topics: ["ipv4/*"], ifname: [range($i) | "a\(.)"],
	    netns: [range($n) | "b\(.)"],
	    match: ([range($m) | {key: "c\(.)", value: "d"}] | from_entries)}'
}
most=$(globs 64 64 32)
n=0
while [ $n -lt 25 ]; do
	client $n "$most"
	n=$((n + 1))
done
client 25 "$(globs 0 63 32)"
for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
	answered $n
	jq -e .ok "$dir/out.$n" >/dev/null || fail "$(cat "$dir/out.$n")"
done
ask "$(globs 1 1 0)"
refused "4097 globs in \\\"ifname\\\", \\\"netns\\\" and \\\"match\\\", and may with 4096"
ask "$(globs 1 0 0)"
served
ask '{"op":"subscribe","topics":["ipv4/*"]}'
served
printf '%s\n' "$most" | nc -N -U "$KEV_SOCKET" >"$dir/root" &
pids="$pids $!"
until [ -s "$dir/root" ]; do :; done
jq -e .ok "$dir/root" >/dev/null || fail "root is refused: $(cat "$dir/root")"
stop_all
rm -f "$dir"/in.* "$dir"/out.*
clients=

# Answers that are not read: 16 times --queue, here 65536 bytes. What is on its
# way in the socket is not counted, so that it takes many requests.
start_kevd --queue 4096
n=0
while [ $n -lt 200 ]; do
	echo '{"op":"state"}'
	n=$((n + 1))
done >"$dir/states"
unread() {
	mkfifo "$dir/stuck.$1"
	$other nc -N -U "$KEV_SOCKET" <"$dir/states" 1<>"$dir/stuck.$1" &
	pids="$pids $!"
	# What came stays in there, also when it went.
	sh -c 'read -r _ <"$1"' - "$dir/hold" 1<>"$dir/stuck.$1" &
	pids="$pids $!"
}
queued() { "$kevctl" stats | jq '[.clients[].queued] | add'; }
ask '{"op":"state"}'
served
size=${#answer}
# Each leaves more than 4096 bytes, and less than that and an answer.
unread 1
until [ "$(queued)" -gt 4096 ]; do :; done
[ "$(queued)" -le $((4096 + size)) ] || fail "$(queued) bytes for one"
ask '{"op":"state"}'
served
for n in 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	unread $n
done
until [ "$(queued)" -ge 65536 ]; do :; done
[ "$(queued)" -le $((65536 + size)) ] || fail "$(queued) bytes are unread"
for op in state stats topics; do
	ask "{\"op\":\"$op\"}"
	refused "bytes of answers unread, and may leave 65536"
done
ask '{"op":"subscribe","topics":["**"],"snapshot":true}'
refused "bytes of answers unread, and may leave 65536"
ask '{"op":"subscribe","topics":["**"]}'
served
ask '{"op":"ping"}'
served
"$kevctl" state >/dev/null || fail "root is refused"
# Once they are read all is well again, and nobody missed an answer.
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	head -n 200 <"$dir/stuck.$n" >"$dir/read"
	[ "$(grep -c '"ok":true\|"too-many"' "$dir/read")" = 200 ] ||
	    fail "$(grep -c . "$dir/read") answers"
done
ask '{"op":"state"}'
served
stop_kevd

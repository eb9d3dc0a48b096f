#!/bin/sh
# kevsub -d: of each thing the last event once it is quiet; nothing else waits,
# and what is printed is in order.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
start_kevd
# request TOPIC IFNAME MEMBERS: to be injected, together with others.
: >"$dir/requests"
request() {
	printf '{"op":"inject","topic":"%s","ifname":"%s","data":{%s}}\n' \
	    "$1" "$2" "$3" >>"$dir/requests"
}
inject() {
	nc -N -U "$KEV_SOCKET" <"$dir/requests" >"$dir/answers" || fail nc
	[ -s "$dir/answers" ] && fail "$(cat "$dir/answers")"
	: >"$dir/requests"
}
collision() {
	request ipv4/collision x0 "\"address\":\"192.0.2.$1\",\"count\":$2"
}
# follow ARGUMENT...: what it prints is in $dir/stream, $waiter its id.
follow() {
	: >"$dir/stream"
	"$kevsub" "$@" >"$dir/stream" 2>"$dir/said" &
	waiter=$!
	pids="$pids $waiter"
	until "$kevctl" stats | jq -e "[.clients[].pid] | index($waiter)" >/dev/null; do
		kill -0 "$waiter" || fail "it ended: $(cat "$dir/said")"
	done
	until "$kevctl" stats | jq -e ".clients[] | select(.pid == $waiter).patterns != []" >/dev/null; do :; done
}
ends() {
	wait "$waiter"
	status=$?
	[ "$status" = "$1" ] || fail "ends with $status, not $1: $(cat "$dir/said")"
}
# What it printed, by a filter of jq.
printed() {
	[ "$(jq -r "$1" "$dir/stream" | xargs)" = "$2" ] ||
	    fail "$(cat "$dir/stream"), not $2"
}
flap() {
	for state in up down up; do
		request "interface/link-$state" "$1" "\"operstate\":\"$state\""
	done
}

exits 2 "$kevsub" -d soon; says soon
exits 2 "$kevsub" -d

# A link that flaps is one line, each address is one, as it was last.
follow -d 500ms -c 4 'interface/*' 'ipv4/address-*'
flap v0
flap v1
for topic in add/1 add/2 ready/1 remove/2; do
	request "ipv4/address-${topic%/*}" v0 \
	    "\"address\":\"192.0.2.${topic#*/}\",\"prefixlen\":24"
done
inject
ends 0
printed '"\(.topic) \(.ifname) \(.data.address // "")"' \
    "interface/link-up v0 interface/link-up v1 ipv4/address-ready v0 192.0.2.1 ipv4/address-remove v0 192.0.2.2"
jq -se 'map(.seq) | . == sort' "$dir/stream" >/dev/null || fail "not in order"

# Each member that tells one from another, and those that don't.
while read -r topic one other same; do
	follow -d 300ms -c 2 "$topic"
	for data in "$one" "$other" "$same"; do
		request "$topic" x0 "$data"
	done
	inject
	ends 0
	[ "$(jq -cS .data "$dir/stream")" = "$(printf '{%s}\n{%s}\n' "$other" "$same" | jq -cS .)" ] ||
	    fail "$topic: $(cat "$dir/stream")"
done <<'CASES'
interface/proto-attach "family":"inet" "family":"inet6" "family":"inet","remaining":1
ipv4/address-change "address":"192.0.2.1","prefixlen":24 "address":"192.0.2.1","prefixlen":25 "address":"192.0.2.1","prefixlen":24,"status":"preferred"
ipv6/address-change "address":"fe80::1" "address":"fe80::2" "address":"fe80::1","prefixlen":64
ipv4/collision "address":"192.0.2.1" "address":"192.0.2.2" "address":"192.0.2.1","count":2
ipv4/router-add "gateway":"192.0.2.1","metric":1 "gateway":"192.0.2.1","metric":2 "gateway":"192.0.2.1","metric":1,"protocol":"static"
ipv4/port-in-use "port":1,"pid":1 "port":1,"pid":2 "port":1,"pid":1,"count":2
ipv6/nat64-prefix "prefix":"64:ff9b::","router":"fe80::1" "prefix":"64:ff9b::","router":"fe80::2" "prefix":"64:ff9b::","router":"fe80::1","lifetime":1
network/changed "interfaces":["v0"] "interfaces":["v1"] "interfaces":["v0"],"families":[]
CASES

# What holds now does not wait, and comes after what happened before it.
ip link add v0 type veth peer name v1
exits 0 "$kevsub" -d 1h -s -c 3 interface/attach
exits 0 "$kevsub" -d 1h -S interface/attach
[ "$(wc -l <"$dir/out")" = 3 ] || fail "prints $(cat "$dir/out" "$dir/err")"
exits 0 "$kevsub" -d 1h -W -t 20 -i v0 interface/attach
exits 124 "$kevsub" -d 1h -c 1 -t 100ms --after "$("$kevctl" ping | jq -r .run)-0" interface/attach
[ -s "$dir/out" ] && fail "it was not quiet: $(cat "$dir/out")"
# The past was as quiet as it was; at its end what is held is told.
collision 1 9
inject
exits 0 "$kevsub" -d 1h -S --since=1h ipv4/collision
[ "$(wc -l <"$dir/out")" = 2 ] || fail "prints $(cat "$dir/out" "$dir/err")"
exits 0 "$kevsub" -d 1ms -S --since=1h ipv4/collision
[ "$(jq .data.count "$dir/out" | tail -n 3 | xargs)" = "null 2 9" ] || fail "prints $(cat "$dir/out" "$dir/err")"

# Commands are run for what is left.
follow -d 500ms -c 1 ipv4/collision -x sh -c 'echo $KEV_COUNT; exit 7'
collision 1 1
collision 1 2
inject
ends 7
[ "$(cat "$dir/stream")" = 2 ] || fail "not 2: $(cat "$dir/stream" "$dir/said")"

# A cursor never passes what is held: it comes again.
cursor=$dir/cursor
follow -d 1h --cursor-file="$cursor" ipv4/collision ipv4/router-alive
until [ -s "$cursor" ]; do :; done
begin=$(cat "$cursor")
collision 1 1
collision 2 2
inject
kill "$waiter"
ends 143
[ "$(cat "$cursor")" = "$begin" ] || fail "$(cat "$cursor"), not $begin"
exits 0 "$kevsub" -d 100ms -c 1 --cursor-file="$cursor" ipv4/collision
[ "$(jq .data.count "$dir/out")" = 1 ] || fail "prints $(cat "$dir/out" "$dir/err")"
exits 0 "$kevsub" --cursor-file="$cursor" -c 1 ipv4/collision
[ "$(jq .data.count "$dir/out")" = 2 ] || fail "prints $(cat "$dir/out" "$dir/err")"
# Also when another line makes it the last one.
collision 3 3
inject
follow -d 1h -c 1 --cursor-file="$cursor" ipv4/collision interface/attach
stop_kevd
start_kevd
ends 0
printed .data.count 3
grep -q "events were lost" "$dir/said" || fail "$(cat "$dir/said")"
# What is told of the stream is not held, and comes after what was before it.
follow -d 1h '**'
collision 1 4
inject
stop_kevd
start_kevd
until grep -q '"topic":"kev/synced"' "$dir/stream"; do
	kill -0 "$waiter" || fail "it ended: $(cat "$dir/said")"
done
kill "$waiter"
[ "$(head -n 1 "$dir/stream" | jq .data.count)" = 4 ] || fail "$(cat "$dir/stream")"
wait "$waiter"
stop_kevd

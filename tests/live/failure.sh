#!/bin/sh
# ipv4/ and nd6/router-failure, router-alive: the gateway's silence, and its end.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq busybox sysctl nsenter
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
# As quick as it can be.
for f in ipv4 ipv6; do
	sysctl -qw net.$f.neigh.v0.base_reachable_time_ms=1000 \
	    net.$f.neigh.v0.delay_first_probe_time=1 \
	    net.$f.neigh.v0.retrans_time_ms=200 || skip sysctl
done
ip link set v0 up
$there ip link set v1 up
ip addr add 10.1.0.1/24 dev v0
ip addr add fd00:1::1/64 dev v0 nodad
$there ip addr add 10.1.0.2/24 dev v1
$there ip addr add fd00:1::2/64 dev v1 nodad
start_kevd
start_log
"$kevsub" -W -i v0 -m 'address=fe80:*' ipv6/address-ready >/dev/null || fail "v0 is not up"
ip route add default via 10.1.0.2
ip -6 route add default via fd00:1::2
expect_event nd6/router-add v0
# Packets for whoever is behind them, until something is told.
poke() {
	waiting="what kevsub waits for"
	until ! kill -0 "$1" 2>/dev/null; do
		busybox ping -c 1 -W 1 198.51.100.9 >/dev/null 2>&1
		busybox ping -c 1 -W 1 fd00:9::9 >/dev/null 2>&1
	done
	wait "$1" || fail "it was not told"
}
watch() {
	"$kevsub" -q -c "$1" -t 60 -i v0 '*/router-failure' '*/router-alive' >"$dir/seen" &
	watcher=$!
	until "$kevctl" stats | jq -e '[.clients[].patterns[]] |
	    index("*/router-alive")' >/dev/null; do :; done
}

# They answer: nothing is told.
busybox ping -c 1 -W 2 10.1.0.2 >/dev/null || fail "no ping"
busybox ping -c 1 -W 2 fd00:1::2 >/dev/null || fail "no ping"
# Nobody has their addresses any more.
watch 2
$there ip addr del 10.1.0.2/24 dev v1
$there ip addr del fd00:1::2/64 dev v1
poke "$watcher"
jq -r '.topic + " " + .data.gateway' "$dir/seen" | sort | xargs >"$dir/got"
[ "$(cat "$dir/got")" = "ipv4/router-failure 10.1.0.2 nd6/router-failure fd00:1::2" ] ||
    fail "$(cat "$dir/seen")"
[ "$("$kevsub" -S '*/router-failure' | wc -l)" = 2 ] || fail "not in the snapshot"
# The kernel says so again as long as somebody wants them: that is no news.
ip monitor neigh >"$dir/neigh" &
pids="$pids $!"
for gateway in 10.1.0.2 fd00:1::2; do
	waiting="another failure of $gateway"
	until [ "$(grep -c "^$gateway .*FAILED" "$dir/neigh")" -ge 2 ]; do
		busybox ping -c 1 -W 1 198.51.100.9 >/dev/null 2>&1
		busybox ping -c 1 -W 1 fd00:9::9 >/dev/null 2>&1
	done
done
catch_up
assert_count 2 '/router-failure"'
# They are there again.
watch 2
$there ip addr add 10.1.0.2/24 dev v1
$there ip addr add fd00:1::2/64 dev v1 nodad
poke "$watcher"
jq -r '.topic' "$dir/seen" | sort | xargs >"$dir/got"
[ "$(cat "$dir/got")" = "ipv4/router-alive nd6/router-alive" ] || fail "$(cat "$dir/seen")"
jq -e '.data.lladdr | length == 17' "$dir/seen" >/dev/null || fail "$(cat "$dir/seen")"
"$kevsub" -S '*/router-failure' >/dev/null && fail "still in the snapshot"
catch_up
assert_count 2 '/router-alive"'
# A failure ends with its router: that answers later, and is not alive again.
watch 2
$there ip addr del 10.1.0.2/24 dev v1
$there ip addr del fd00:1::2/64 dev v1
poke "$watcher"
ip route del default via 10.1.0.2
ip -6 route del default via fd00:1::2
expect_event nd6/router-remove v0
"$kevsub" -S '*/router-failure' >/dev/null && fail "still in the snapshot"
ip route add default via 10.1.0.2
ip -6 route add default via fd00:1::2
$there ip addr add 10.1.0.2/24 dev v1
$there ip addr add fd00:1::2/64 dev v1 nodad
waiting="answers"
until busybox ping -c 1 -W 1 10.1.0.2 >/dev/null 2>&1; do :; done
until busybox ping -c 1 -W 1 fd00:1::2 >/dev/null 2>&1; do :; done
catch_up
assert_count 2 '/router-alive"'
# By hand is no failure, nor is a cable that is pulled.
mark_log
ip neigh del 10.1.0.2 dev v0
$there ip link set v1 down
expect_event interface/link-down v0
busybox ping -c 1 -W 1 198.51.100.9 >/dev/null 2>&1
catch_up
since_mark | grep -q router-failure && fail "$(since_mark | grep router-failure)"
assert_same
stop_kevd

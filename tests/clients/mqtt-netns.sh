#!/bin/sh
# kev-mqtt --netns: interfaces that are called the same in several namespaces have
# topics of their own; what is retained is what kevctl tells of all of them, and
# goes when the namespace does.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin
own_run || skip "no /run of our own"
for name in red green 'x:#'; do
	ip netns add "$name" || skip "ip netns"
	ip -n "$name" link add eth0 type bridge
done
ip link add eth0 type bridge
start_kevd --netns all
broker "listener $port" "allow_anonymous true"
listen

# retained: the levels of all interfaces that something is retained of.
retained() {
	mosquitto_sub -p "$port" -t "kev/$host/state/interface/+" --retained-only -W 1 \
	    -F '%t %p' >"$dir/retained"
	sed 's|.*/\([^ ]*\) .*|\1|' "$dir/retained" | sort | xargs
}

bridge -n all
from=$(here)
wait_for "/state/interface/green:eth0 {" "$dir/got"
same_state
[ "$(retained)" = "eth0 green:eth0 green:lo lo red:eth0 red:lo x%3A%23:eth0 x%3A%23:lo" ] ||
    fail "$(cat "$dir/retained")"
# Each is of where it says that it is.
sed -n 's|.*/\([a-z]*\):eth0 |\1 |p' "$dir/retained" | while read -r name state; do
	[ "$(printf '%s\n' "$state" | jq -r .netns)" = "$name" ] || fail "$name: $state"
done

# The same happens to each of them, one after the other.
n=1
for name in red green; do
	n=$((n + 1))
	ip -n $name link set eth0 mtu $((1400 + n))
	ip -n $name address add "192.0.2.$n/24" dev eth0
	wait_for "0 kev/$host/event/ipv4/address-add/$name:eth0 {" "$dir/got"
	grep "/event/interface/change/$name:eth0 {" "$dir/got" | sed 's/[^{]*//' |
	    jq -e --arg n "$name" --argjson mtu $((1400 + n)) '.netns == $n and
	    .ifname == "eth0" and .host == "box" and .data.mtu == $mtu' >/dev/null ||
	    fail "$(cat "$dir/got")"
done
ip link set eth0 mtu 1300
catch_up_broker
same_state
mosquitto_sub -p "$port" -t "kev/$host/state/interface/+" --retained-only -W 1 \
    -F %p >"$dir/retained"
[ "$(jq -r 'select(.ifname == "eth0") | "\(.netns // "own") \(.mtu) \(.ipv4[0].address)"' \
    "$dir/retained" | sort | xargs)" = \
    "green 1403 192.0.2.3 own 1300 null red 1402 192.0.2.2 x:# 1500 null" ] ||
    fail "$(cat "$dir/retained")"
# All that kevd has of any of them has come, each once.
events | to_mark | jq -r .id | first_times >"$dir/ids"
"$kevsub" -n all --after "$from" -t 0 '*/*' | to_mark | jq -r .id >"$dir/ids.kevd"
grep -Fxf "$dir/ids.kevd" "$dir/ids" | cmp - "$dir/ids.kevd" ||
    fail "$(diff "$dir/ids" "$dir/ids.kevd")"

# One that goes takes along what is retained, one that comes has it.
mark_got
ip netns del green
waiting="green to be gone"
until [ "$(retained)" = "eth0 lo red:eth0 red:lo x%3A%23:eth0 x%3A%23:lo" ]; do
	kill -0 "$bridge" || fail "$(cat "$dir/log")"
done
grep -qx "0 kev/$host/state/interface/green:eth0 " "$dir/got" || fail "$(cat "$dir/got")"
grep -q "^0 kev/$host/event/interface/detach/green:eth0 {" "$dir/got" || fail "$(cat "$dir/got")"
ip netns add blue
wait_for "/state/interface/blue:lo {" "$dir/got"
same_state
# Also while kev-mqtt is away.
end "$bridge" TERM
ip netns del blue
until [ -z "$("$kevctl" -n blue state)" ]; do kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"; done
bridge -n all
same_state

# Some of them: others are not told of, nor is kevd's own.
end "$bridge" TERM
host=some
queue=$dir/queue.some
bridge -n 're*'
wait_for "0 kev/some/state/interface/red:lo {" "$dir/got"
waiting="the state of red"
until [ "$(retained)" = "red:eth0 red:lo" ]; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done
ip link set eth0 mtu 1301
ip -n 'x:#' link set eth0 mtu 1301
ip -n red link set eth0 mtu 1301
wait_for "0 kev/some/event/interface/change/red:eth0 {" "$dir/got"
sed -n 's|^[01] kev/some/event/[^ ]*/\([^ ]*\) .*|\1|p' "$dir/got" | grep -v '^red:\|^-$' &&
    fail "$(cat "$dir/got")"
stop_kevd

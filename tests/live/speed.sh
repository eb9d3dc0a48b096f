#!/bin/sh
# Speed and duplex, with link-up and when they change; carrier that went and
# came between two messages; what an overrun of the ethtool socket hid.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq ethtool
namespaces
ip tuntap add dev t0 mode tap 2>/dev/null || skip "there is no tun driver"
ethtool -s t0 speed 100 duplex half
start_kevd
start_log

# What is there at the start has them, where its driver tells; lo's does not.
"$kevctl" state >"$dir/state"
jq -sce 'map(select(.ifname == "t0"))[0] | .speed == 100 and
    .duplex == "half"' "$dir/state" >"$dir/out" || fail "$(cat "$dir/state")"
jq -sce 'map(select(.ifname == "lo"))[0] | has("speed") or has("duplex")' \
    "$dir/state" >"$dir/out" && fail "$(cat "$dir/state")"

ip link add v0 type veth peer name v1
expect_event interface/attach v0 '"speed":10000,"duplex":"full"'
ip link set v1 up
ip link set v0 up
expect_event interface/link-up v0 '"speed":10000,"duplex":"full"'

ethtool -s t0 speed 1000 duplex half
expect_event interface/change t0 '"speed":1000*"prev":{"speed":100}'
ethtool -s t0 speed 1000 duplex full
expect_event interface/change t0 '"duplex":"full"*"prev":{"duplex":"half"}'
# The kernel tells of this, too.
ethtool -s t0 speed 1000 duplex full
mark_log
catch_up
assert_topics t0

# Several at once: the driver takes carrier away for each.
catch_up
mark_log
ethtool -L v0 rx 2 tx 2
ethtool -L v0 rx 1 tx 1
# The kernel may take a second to report all of them.
until
	expect_event interface/link-up v0
	since_mark | jq -sce 'map(select(.ifname == "v0")) |
	    (map(select(.topic == "interface/link-down") | .data.count // 1) | add) as $down |
	    (map(select(.topic == "interface/link-up") | .data.count // 1) | add) as $up |
	    $down == $up and $down >= 1 and .[-1].data.speed == 10000' >"$dir/out"
do
	say "not yet: $(since_mark)"
done
assert_same

# While kevd is stopped more comes than its socket holds: said, and repaired.
kill -STOP "$kevd_pid"
i=0
while [ $i -lt 400 ]; do
	i=$((i + 1))
	ethtool -s t0 speed $i duplex full || fail ethtool
done
kill -CONT "$kevd_pid"
expect '"kev/gap"*"cause":"kernel-overrun"'
assert_count 1 '"kev/gap"'
"$kevctl" state t0 | jq -e '.speed == 400' >"$dir/out" || fail "$(cat "$dir/out")"
"$kevctl" stats | jq -e '.sources.ethtool | .overruns == 1 and .malformed == 0' \
    >"$dir/out" || fail "$("$kevctl" stats)"
assert_same
stop_kevd

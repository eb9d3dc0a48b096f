#!/bin/sh
# nd6/router-expired: on time, once, and not while the router goes on.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq radvd sysctl nsenter
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
$there ip link set v1 up
start_kevd
start_log
ip link set v0 up
expect_event ipv6/address-ready v0
cat >"$dir/radvd.conf" <<CONF
interface v1 {
	AdvSendAdvert on;
	MinRtrAdvInterval 3;
	MaxRtrAdvInterval 4;
	AdvDefaultLifetime 5;
};
CONF
$there sysctl -qw net.ipv6.conf.all.forwarding=1
$there radvd -n -C "$dir/radvd.conf" -p "$dir/radvd.pid" -m stderr \
    2>"$dir/radvd.log" &
radvd=$!
pids="$radvd $pids"
expect_event nd6/router-add v0 '"lifetime":[45]'
# It is refreshed, of which the kernel says nothing; longer than it would last.
exits 124 "$kevsub" -q -t 8 -c 1 -i v0 nd6/router-expired
lifetime=$("$kevctl" state v0 | jq '.routers[0].lifetime')
[ "$lifetime" -le 5 ] || fail "lifetime $lifetime"
# It dies without a word.
"$kevsub" -q -t 30 -c 1 -i v0 nd6/router-expired >"$dir/expired" &
waiter=$!
kill -KILL "$radvd"
died=$(date +%s)
wait "$waiter" || fail "not told"
[ $(($(date +%s) - died)) -le 6 ] || fail "told late"
jq -e '.source == "timer" and (.data.gateway | startswith("fe80::"))' \
    "$dir/expired" >/dev/null || fail "$(cat "$dir/expired")"
# The kernel has it still, and so have we; its removal is no second end.
ip -6 route del default 2>/dev/null
expect_event nd6/router-remove v0
catch_up
assert_count 1 '"nd6/router-expired"'
assert_same
stop_kevd

#!/bin/sh
# nd6/router-add and router-remove, and addresses, with a real radvd.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq radvd
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
	AdvDefaultLifetime 600;
	prefix 2001:db8:a::/64 {
		AdvValidLifetime 500;
		AdvPreferredLifetime 400;
		DeprecatePrefix on;
	};
	prefix 2001:db8:b::/64 {
		AdvValidLifetime 9;
		AdvPreferredLifetime 6;
		DecrementLifetimes on;
	};
};
CONF
$there sysctl -qw net.ipv6.conf.all.forwarding=1
$there radvd -n -C "$dir/radvd.conf" -p "$dir/radvd.pid" -m stderr \
    2>"$dir/radvd.log" &
radvd=$!
pids="$radvd $pids"
expect_event nd6/router-add v0 '"gateway":"fe80::*"protocol":"ra"*"lifetime":'
expect_event ipv6/address-ready v0 '"address":"2001:db8:a:'
printf '%s\n' "$line" | jq -e '.data.protocol == "kernel-ra" and
    .data.valid_lft <= 500 and .data.preferred_lft > 300' >/dev/null || fail "$line"
assert_same
# Further advertisements refresh in silence: what comes next is not of them.
mark_log
ip -6 route add default via fe80::99 dev v0 metric 512
expect_event nd6/router-add v0 'fe80::99'
ip -6 route append default via fe80::98 dev v0 metric 512
expect_event nd6/router-add v0 'fe80::98'
ip -6 route del default via fe80::99 dev v0 metric 512
expect_event nd6/router-remove v0 'fe80::99'
assert_same
# The address of a prefix that is said to last so long, and no longer: 6 s until
# it is deprecated, 9 s in all, of which the kernel tells within a second.
grep -q '"nd6/address-expired".*"2001:db8:b:' "$dir/log" ||
    expect_event nd6/address-expired v0 '"address":"2001:db8:b:'
assert_count 1 '"nd6/address-deprecated"' '"address":"2001:db8:b:'
jq -se 'map(select(.data.address // "" | startswith("2001:db8:b:")) |
    {(.topic): (.mono / 1000000)}) | add |
    .["ipv6/address-add"] + 8 >= .["nd6/address-deprecated"] and
    .["ipv6/address-add"] + 11 >= .["nd6/address-expired"]' "$dir/log" >/dev/null ||
    fail "late: $(grep -F '"2001:db8:b:' "$dir/log")"
grep -q '"nd6/address-.*2001:db8:a:' "$dir/log" && fail "that one goes on"
# Those that differ by where packets are from are one router; and by their objects.
ip -6 route add default from 2001:db8:1::/56 via fe80::21 dev v0 metric 520
expect_event nd6/router-add v0 'fe80::21'
ip -6 route add default from 2001:db8:2::/56 via fe80::21 dev v0 metric 520
ip -6 route add default via fe80::21 dev v0 metric 520
ip -6 route del default from 2001:db8:1::/56 via fe80::21 dev v0 metric 520
assert_same
ip -6 route del default via fe80::21 dev v0 metric 520
assert_same
assert_count 0 nd6/router-remove fe80::21
ip nexthop add id 33 via fe80::21 dev v0
ip -6 route append default nhid 33 metric 520
catch_up
ip -6 route del default from 2001:db8:2::/56 via fe80::21 dev v0 metric 520
assert_same
assert_count 0 nd6/router-remove fe80::21
ip nexthop del id 33
expect_event nd6/router-remove v0 'fe80::21'
# In place of one comes what is none; and one on a next hop object, which is all that
# is told of it.
ip -6 route add default via fe80::22 dev v0 metric 514
expect_event nd6/router-add v0 'fe80::22'
ip -6 route replace blackhole default metric 514
expect_event nd6/router-remove v0 'fe80::22'
echo 0 >/proc/sys/net/ipv4/nexthop_compat_mode || fail "compat mode"
ip -6 nexthop add id 31 via fe80::23 dev v0
ip nexthop add id 32 group 31
ip -6 route add default nhid 32 metric 515
expect_event nd6/router-add v0 'fe80::23'
ip -6 nexthop replace id 31 via fe80::24 dev v0
expect_event nd6/router-add v0 'fe80::24'
ip nexthop del id 31
expect_event nd6/router-remove v0 'fe80::24'
echo 1 >/proc/sys/net/ipv4/nexthop_compat_mode
assert_same
# One of two that are one router is over, and not collected yet: not the router is.
ip -6 route add default from 2001:db8:1::/56 via fe80::26 dev v0 metric 521 expires 1
expect_event nd6/router-add v0 'fe80::26*"lifetime":1'
ip -6 route add default via fe80::26 dev v0 metric 521
while ip -6 route show default | grep -q 'via fe80::26 .* expires [0-9]'; do
	catch_up
done
ip -6 route add default via fe80::27 dev v0 metric 522
ip -6 route replace default via fe80::28 dev v0 metric 522
expect_event nd6/router-remove v0 'fe80::27'
assert_same
"$kevctl" state v0 | jq -e '.routers[] | select(.gateway == "fe80::26") |
    has("lifetime") | not' >/dev/null || fail "one of its routes does not end"
# radvd ends and says so, with a lifetime of 0 of the router and the prefix.
kill "$radvd"
expect_event nd6/router-remove v0 '"protocol":"ra"'
expect_event nd6/address-deprecated v0 '"address":"2001:db8:a:'
ip link set v0 down
expect_event nd6/router-remove v0 'fe80::98'
assert_same
# All of that has reasons, and none is that a lifetime ran out.
assert_count 0 '"nd6/router-expired"'
stop_kevd

#!/bin/sh
# ipv4/router-add and router-remove, also of routes that go in silence.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip link add w0 type veth peer name w1
for i in v0 v1 w0 w1; do ip link set "$i" up; done
ip addr add 192.0.2.1/24 dev v0
ip addr add 198.51.100.1/24 dev w0
start_kevd
start_log

ip route add default via 192.0.2.2
expect_event ipv4/router-add v0 '"gateway":"192.0.2.2","metric":0*"table":"main"'
ip route add default via 198.51.100.2 metric 60 proto static
expect_event ipv4/router-add w0 '"metric":60,"protocol":"static"'
# Replaced: the old one is not told by the kernel.
ip route replace default via 192.0.2.3
expect_event ipv4/router-add v0 '192.0.2.3'
expect_event ipv4/router-remove v0 '192.0.2.2'
ip route append default via 192.0.2.4
expect_event ipv4/router-add v0 '192.0.2.4'
ip route change default via 192.0.2.5
expect_event ipv4/router-add v0 '192.0.2.5'
assert_same
# Several next hops in one route; other tables; without a gateway; by IPv6.
ip route add default metric 900 nexthop via 192.0.2.6 nexthop via 198.51.100.6
expect_event ipv4/router-add v0 '192.0.2.6'
expect_event ipv4/router-add w0 '198.51.100.6'
ip route add default via 192.0.2.7 table 120
expect_event ipv4/router-add v0 '"table":"120"'
ip route add default dev v0 metric 901
expect_event ipv4/router-add v0 '"data":{"family":"inet","metric":901'
ip -4 route add default via inet6 fe80::1 dev v0 metric 902
expect_event ipv4/router-add v0 '"gateway":"fe80::1"'
# These are no routers.
ip route add unreachable default metric 903
ip route add 203.0.113.0/24 via 192.0.2.2
assert_same
ip route del default metric 900
expect_event ipv4/router-remove w0 '198.51.100.6'

# In place of one comes what is none.
ip route add default via 192.0.2.20 metric 70
expect_event ipv4/router-add v0 '192.0.2.20'
ip route replace blackhole default metric 70
expect_event ipv4/router-remove v0 '192.0.2.20'
ip route replace default metric 70 nexthop via 192.0.2.21 nexthop via 198.51.100.21
expect_event ipv4/router-add w0 '198.51.100.21'
ip route replace prohibit default metric 70
expect_event ipv4/router-remove v0 '192.0.2.21'
assert_same
ip route del prohibit default metric 70
assert_same

# Several routes that are one router, which is told of once, and lasts as long as one
# of them does.
ip route add default via 192.0.2.22 metric 71
expect_event ipv4/router-add v0 '192.0.2.22'
ip route add default via 192.0.2.22 metric 71 tos 0x10
ip route append default via 192.0.2.22 metric 71 proto static
ip route append default proto 99 metric 71 nexthop via 192.0.2.22 nexthop via 198.51.100.22
expect_event ipv4/router-add w0 '198.51.100.22'
ip route del default via 192.0.2.22 metric 71 tos 0x10
assert_same
ip route del default proto 99 metric 71
expect_event ipv4/router-remove w0 '198.51.100.22'
assert_same
ip route del default via 192.0.2.22 metric 71 proto static
assert_same
# After all were read, too; and whoever comes first then.
ip route add default via 192.0.2.26 metric 74
expect_event ipv4/router-add v0 '192.0.2.26'
ip route append default via 192.0.2.22 metric 71 proto static
ip route add default via 192.0.2.22 metric 71 tos 0x10 proto static
ip route replace blackhole default metric 74
expect_event ipv4/router-remove v0 '192.0.2.26'
ip route del default via 192.0.2.22 metric 71 tos 0x10
ip route del default via 192.0.2.22 metric 71 proto static
assert_same
[ "$(grep -c '"ipv4/router-.*"gateway":"192.0.2.22"' "$dir/log")" = 1 ] || fail "told more than once"
ip route del default via 192.0.2.22 metric 71
expect_event ipv4/router-remove v0 '192.0.2.22'

# Next hop objects, of which routes tell no more than the number.
compat() { echo "$1" >/proc/sys/net/ipv4/nexthop_compat_mode || fail "compat mode"; }
# ip(8) says where they lead only if they tell.
same_hops() {
	compat 1
	assert_same
	compat 0
}
ip nexthop add id 12 via 192.0.2.23 dev v0
ip nexthop add id 13 via 198.51.100.23 dev w0
ip nexthop add id 14 via fe80::2 dev w0
ip nexthop add id 15 blackhole
ip nexthop add id 20 group 12/14
ip route add default nhid 12 metric 82
expect_event ipv4/router-add v0 '192.0.2.23'
ip route add default via 192.0.2.24 metric 83
expect_event ipv4/router-add v0 '192.0.2.24'
compat 0
ip route replace default nhid 13 metric 83
expect_event ipv4/router-add w0 '198.51.100.23'
same_hops
assert_count 1 ipv4/router-remove 192.0.2.24
assert_count 0 ipv4/router-remove 192.0.2.23
# A gateway of another family; a group, and what it has in it.
ip route add default nhid 20 metric 84
expect_event ipv4/router-add w0 '"gateway":"fe80::2","metric":84'
same_hops
assert_count 2 ipv4/router-add 192.0.2.23
ip nexthop replace id 14 via fe80::3 dev w0
expect_event ipv4/router-add w0 '"gateway":"fe80::3","metric":84'
same_hops
ip nexthop replace id 20 group 13
expect_event ipv4/router-add w0 '"gateway":"198.51.100.23","metric":84'
same_hops
# The object leads somewhere, but not the route.
ip route add unreachable default nhid 13 metric 87
catch_up
assert_count 0 '"metric":87'
ip route replace default nhid 13 metric 87
expect_event ipv4/router-add w0 '"gateway":"198.51.100.23","metric":87'
ip route replace prohibit default nhid 13 metric 87
expect_event ipv4/router-remove w0 '"gateway":"198.51.100.23","metric":87'
same_hops
# One that leads nowhere, and then does; and gone.
ip route add default nhid 15 metric 85
ip nexthop replace id 15 via 192.0.2.28 dev v0
expect_event ipv4/router-add v0 '"gateway":"192.0.2.28","metric":85'
same_hops
ip nexthop del id 20
expect_event ipv4/router-remove w0 '"gateway":"198.51.100.23","metric":84'
for metric in 82 83 85; do ip route del default metric $metric; done
expect_event ipv4/router-remove v0 '"gateway":"192.0.2.28","metric":85'
same_hops
# A group that was told; and they go in silence without a carrier.
compat 1
ip nexthop add id 21 group 12/13
ip route add default nhid 21 metric 86
expect_event ipv4/router-add v0 '"gateway":"192.0.2.23","metric":86'
assert_same
compat 0
ip nexthop replace id 12 via 192.0.2.29 dev v0
expect_event ipv4/router-add v0 '"gateway":"192.0.2.29","metric":86'
same_hops
ip link set v1 down
expect_event ipv4/router-remove v0 '"gateway":"192.0.2.29","metric":86'
same_hops
# With the carrier of a link that was never up, for what is above it.
ip link set v0 mode dormant
ip link set v1 up
until ip link show v0 | grep -q 'LOWER_UP.* state DORMANT'; do
	catch_up
done
ip nexthop add id 16 via 192.0.2.30 dev v0
ip route add default nhid 16 metric 88
expect_event ipv4/router-add v0 '192.0.2.30'
ip link set v1 down
expect_event ipv4/router-remove v0 '192.0.2.30'
same_hops
ip link set v0 mode default
compat 1
ip link set v1 up
expect_event interface/link-up v0

# In silence: with a next hop object,
ip nexthop add id 11 via 192.0.2.8 dev v0
ip route add default nhid 11 metric 61
expect_event ipv4/router-add v0 '192.0.2.8'
ip nexthop del id 11
expect_event ipv4/router-remove v0 '192.0.2.8'
# with an address,
ip route add default via 198.51.100.9 metric 62 src 198.51.100.1
expect_event ipv4/router-add w0 '198.51.100.9'
ip addr del 198.51.100.1/24 dev w0
expect_event ipv4/router-remove w0 '198.51.100.9'
# with its link.
ip link set v0 down
expect_event ipv4/router-remove v0 '192.0.2.5'
assert_same
ip link set v0 up
ip route add default via 192.0.2.2
expect_event ipv4/router-add v0 '192.0.2.2'
ip link del v0
expect_event ipv4/router-remove v0 '192.0.2.2'
expect_event interface/detach v0
assert_same
# The other hops of a route go with the link of one, also of one that is down.
ip link add x0 type veth peer name x1
ip link set x0 up
ip link set x1 up
expect_event interface/link-up x0
ip addr add 203.0.113.1/24 dev w0
ip route add default metric 63 nexthop dev x0 nexthop via 203.0.113.2 dev w0
expect_event ipv4/router-add w0 '203.0.113.2'
ip link set x0 down
expect_event interface/link-down x0
assert_same
ip link del x0
expect_event ipv4/router-remove w0 '203.0.113.2'
assert_same
stop_kevd

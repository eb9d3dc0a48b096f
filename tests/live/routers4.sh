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
stop_kevd

#!/bin/sh
# IPv6 routes that go with IPv6 of a link, of which the kernel is told to say nothing.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces -n
silent=/proc/sys/net/ipv6/route/skip_notify_on_dev_down
[ -e "$silent" ] || skip "this kernel always says it"
echo 1 >"$silent" || fail "$silent"
ip link add v0 type veth peer name v1
ip link set v1 up
ip link set v0 up
start_kevd
start_log
expect_event ipv6/address-ready v0
ip -6 route add default via fe80::2 dev v0 metric 7
expect_event nd6/router-add v0 'fe80::2'
echo 1 >/proc/sys/net/ipv6/conf/v0/disable_ipv6
expect_event nd6/router-remove v0 'fe80::2'
assert_same
echo 0 >/proc/sys/net/ipv6/conf/v0/disable_ipv6
expect_event ipv6/address-ready v0
ip -6 route add default via fe80::3 dev v0 metric 7
expect_event nd6/router-add v0 'fe80::3'
# Less than IPv6 needs (RFC 8200, section 5).
ip link set v0 mtu 1200
expect_event nd6/router-remove v0 'fe80::3'
assert_same
stop_kevd

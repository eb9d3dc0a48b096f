#!/bin/sh
# ipv6/address-add, -change, -remove, -ready; nd6/address-deprecated, -expired.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip link set v1 up
start_kevd
start_log

mark_log
ip link set v0 up
# The kernel's own: never told as tentative.
expect_event ipv6/address-add v0 '"address":"fe80::*"scope":"link"*"status":"preferred"*"protocol":"kernel-ll"'
expect_event ipv6/address-ready v0
ip addr add 2001:db8::1/64 dev v0
expect_event ipv6/address-add v0 '2001:db8::1*"status":"tentative"'
expect_event ipv6/address-change v0 '"prev":{"flags":\["tentative","permanent"\],"status":"tentative"}'
expect_event ipv6/address-ready v0 '2001:db8::1*"status":"preferred"'
mark_log
ip addr add 2001:db8::2/64 dev v0 nodad
expect_event ipv6/address-ready v0
assert_topics v0 ipv6/address-add ipv6/address-ready
# A prefix length cannot be changed: the kernel says the same again.
mark_log
ip addr change 2001:db8::2/48 dev v0 nodad
catch_up
assert_topics v0
ip addr add 2001:db8:1::1 peer 2001:db8:1::2/128 dev v0 nodad
expect_event ipv6/address-add v0 '"peer":"2001:db8:1::2"'
ip addr change 2001:db8:1::1 peer 2001:db8:1::3/128 dev v0
expect_event ipv6/address-change v0 '"prev":{*"peer":"2001:db8:1::2"'
assert_same

ip addr change 2001:db8::2/64 dev v0 valid_lft 300 preferred_lft 200
expect_event ipv6/address-change v0 '"prev":{"flags":\["nodad","permanent"\],"valid_lft":4294967295'
mark_log
ip addr change 2001:db8::2/64 dev v0 valid_lft 400 preferred_lft 300
catch_up
assert_topics v0
[ "$("$kevctl" state v0 | jq '.ipv6[] | select(.address == "2001:db8::2").valid_lft > 300')" \
    = true ] || fail "the state has an old lifetime"

# Time passes in the kernel: deprecated after one second, expired after two.
mark_log
ip addr change 2001:db8::2/64 dev v0 valid_lft 2 preferred_lft 1
expect_event ipv6/address-change v0 '"status":"deprecated"'
expect_event nd6/address-deprecated v0
expect_event ipv6/address-remove v0
expect_event nd6/address-expired v0 '2001:db8::2'
# By hand is not expired.
ip addr del 2001:db8::1/64 dev v0
expect_event ipv6/address-remove v0 '2001:db8::1'
catch_up
assert_count 1 '"nd6/address-expired"'
sysctl -qw net.ipv6.conf.v0.disable_ipv6=1 || skip "sysctl"
expect_event interface/proto-detach v0 '"family":"inet6","remaining":0'
assert_same
stop_kevd

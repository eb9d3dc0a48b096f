#!/bin/sh
# ipv4/address-add, -change, -remove, -ready and the protocol coming and going.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq busybox
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
start_kevd
start_log

mark_log
ip addr add 192.0.2.1/24 brd + dev v0
expect_event ipv4/address-ready v0 '"broadcast":"192.0.2.255"*"status":"preferred"'
since_mark | jq -r 'select(.data.family == "inet") | .topic' | xargs >"$dir/topics"
[ "$(cat "$dir/topics")" = \
    "interface/proto-attach ipv4/address-add ipv4/address-ready" ] ||
    fail "$(cat "$dir/topics")"
expect '"network/changed"*"interfaces":\["v0"\],"families":\["inet"\]'
# The same again says nothing.
mark_log
ip addr replace 192.0.2.1/24 brd + dev v0
catch_up
since_mark | grep -q ipv4/ && fail "said something"

# The same address with another mask, and with peers, are addresses of their own.
ip addr add 192.0.2.1/25 dev v0
expect_event ipv4/address-add v0 '"prefixlen":25'
ip addr add 203.0.113.1 peer 203.0.113.2/32 dev v0
expect_event ipv4/address-add v0 '"address":"203.0.113.1"*"peer":"203.0.113.2"'
ip addr add 203.0.113.1 peer 203.0.113.3/32 dev v0
expect_event ipv4/address-add v0 '"peer":"203.0.113.3"'
ip addr add 192.0.2.9/24 dev v0
expect_event ipv4/address-add v0 '"flags":\["secondary","permanent"\]'
assert_same

# Lifetimes are no news, but that there are any is.
ip addr change 192.0.2.9/24 dev v0 valid_lft 300 preferred_lft 200
expect_event ipv4/address-change v0 '"prev":{"flags":\["secondary","permanent"\]}'
mark_log
ip addr change 192.0.2.9/24 dev v0 valid_lft 400 preferred_lft 300
catch_up
since_mark | grep -q ipv4/ && fail "said something"
ip addr change 192.0.2.9/24 dev v0 valid_lft 400 preferred_lft 0
expect_event ipv4/address-change v0 '"status":"deprecated"*"prev":{*"status":"preferred"'

# The primary goes and takes the secondary with it.
mark_log
ip addr del 192.0.2.1/24 dev v0
expect_event ipv4/address-remove v0 '"address":"192.0.2.1","prefixlen":24'
[ "$(since_mark | grep -c '"ipv4/address-remove"')" = 2 ] || fail "secondary"

# ioctls change what is there, by two messages of the kernel.
mark_log
busybox ifconfig v0:1 198.51.100.1 netmask 255.255.255.0
expect_event ipv4/address-add v0 '"address":"198.51.100.1"*"label":"v0:1"'
busybox ifconfig v0:1 netmask 255.255.0.0
expect_event ipv4/address-change v0 '"prefixlen":16*"prev":{*"prefixlen":2'
busybox ifconfig v0:1 broadcast 198.51.255.254
expect_event ipv4/address-change v0 '"broadcast":"198.51.255.254"'
catch_up
assert_count 0 '"ipv4/address-remove"' '198.51.100.1'
# An ioctl that removes, removes.
busybox ifconfig v0:1 down
expect_event ipv4/address-remove v0 '198.51.100.1'

ip addr flush dev v0 scope global
expect_event interface/proto-detach v0 '"family":"inet"'
assert_same
stop_kevd

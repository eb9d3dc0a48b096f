#!/bin/sh
# interface/attach, detaching and detach, of a pair and of what is up.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
start_kevd
start_log

ip link add v0 type veth peer name v1
expect_event interface/attach v0 '"kind":"veth"'
mark_log
# Down: it goes without a sign.
ip link del v0
expect_event interface/detach v1
assert_topics v0 interface/detach
assert_count 0 '"interface/detaching"'

# Up: closed by the kernel first, which is what detaching tells.
ip link add v0 type veth peer name v1
ip link set v1 up
ip link set v0 up
expect_event interface/link-up v0
ip addr add 192.0.2.1/24 dev v0
expect_event ipv4/address-ready v0
mark_log
ip link del v0
expect_event interface/detach v0
since_mark | jq -r 'select(.ifname == "v0") | .topic' >"$dir/topics"
grep -qx interface/detaching "$dir/topics" || fail "no detaching"
[ "$(tail -n 3 "$dir/topics" | xargs)" = \
    "ipv4/address-remove interface/proto-detach interface/detach" ] ||
    fail "$(cat "$dir/topics")"
# Taken down by hand: that is no detaching.
ip link add v0 type veth peer name v1
ip link set v0 up
expect_event interface/change v0
mark_log
ip link set v0 down
expect_event interface/change v0
catch_up
[ "$(since_mark | grep -c '"interface/detaching"')" = 0 ] || fail "detaching"

# The index is used again at once: another interface.
ip link del v0
ip link add index 500 name v0 type veth peer name v1
ip link del v0
ip link add index 500 name v0 type bridge
expect_event interface/attach v0 '"ifindex":500*"kind":"bridge"'
assert_same
stop_kevd

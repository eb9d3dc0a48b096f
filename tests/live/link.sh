#!/bin/sh
# interface/link-up and link-down: carrier, dormant, and flaps too quick to see.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq ethtool
namespaces
ip link add v0 type veth peer name v1
start_kevd
start_log

mark_log
ip link set v0 up
expect_event interface/change v0 '"lower-layer-down"'
ip link set v1 up
expect_event interface/link-up v0 '"operstate":"up","carrier":true'
mark_log
ip link set v1 down
expect_event interface/link-down v0 '"carrier":false'
assert_topics v0 interface/change interface/link-down
ip link set v1 up
expect_event interface/link-up v0
mark_log

# Down and up within the kernel's one report a second: told by a counter only.
ethtool -L v0 rx 2 tx 2 2>/dev/null || ethtool -L v0 rx 1 tx 1 ||
    skip "veth has no channels here"
expect_event interface/link-down v0
expect_event interface/link-up v0

# A signal alone is not enough: 802.1X has not let us in.
if ip tuntap add t0 mode tap; then
	ip link set t0 mode dormant
	ip link set t0 up
	expect_event interface/link-down t0
	ip link del t0
	expect_event interface/detach t0
fi
assert_same
stop_kevd

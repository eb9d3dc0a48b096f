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

# How often that was is counted, whatever an interface is called, and until it
# is gone.
ifname=v\"1\\
ip link set v1 down
ip link set v1 name "$ifname"
ip link set "$ifname" up
expect_event interface/link-up v0
catch_up
jq -s 'map(select(.ifindex == 2 or .ifindex == 3) |
    select((.topic | startswith("interface/link-")) and (.snapshot | not))) |
    group_by(.ifindex) | map({ifindex: .[0].ifindex} +
    (group_by(.topic) | map({key: .[0].topic[15:], value: (map(.data.count // 1) | add)}) |
    from_entries))' "$dir/log" >"$dir/counted"
"$kevctl" -j stats | jq '.flaps' >"$dir/flaps"
jq -e --slurpfile counted "$dir/counted" --arg name "$ifname" \
    'map(del(.ifname)) == $counted[0] and length == 2 and .[0].up > 1 and
    ([.[].ifname] | sort) == [$name, "v0"]' "$dir/flaps" >/dev/null ||
    fail "$(cat "$dir/flaps" "$dir/counted")"
"$kevctl" stats --prometheus >"$dir/metrics"
grep -qFx "kev_link_changes_total{ifname=\"v0\",to=\"up\"} $(jq '.[] | select(.ifname == "v0").up' "$dir/flaps")" \
    "$dir/metrics" || fail "$(cat "$dir/metrics")"
grep -q '^kev_link_changes_total{ifname="v\\"1\\\\",to="down"} [1-9]' "$dir/metrics" || fail "$(cat "$dir/metrics")"
ip link del v0
expect_event interface/detach v0
catch_up
[ "$("$kevctl" -j stats | jq -c .flaps)" = "[]" ] || fail "not forgotten"
ip link add v0 type veth peer name v1
expect_event interface/attach v0
catch_up
[ "$("$kevctl" -j stats | jq -c .flaps)" = "[]" ] || fail "counted before it did anything"
stop_kevd

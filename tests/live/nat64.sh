#!/bin/sh
# ipv6/nat64-prefix: as routers tell it, until it ends or is withdrawn.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nsenter
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
$there ip link set v1 up
start_kevd
start_log
ip link set v0 up
expect_event ipv6/address-ready v0

# No radvd that is common sends the option: by hand. 64:ff9b::/96 and
# 2001:db8:64::/48, for that many seconds, a multiple of 8.
well_known() { printf '2602 %04x 0064ff9b 00000000 00000000' "$1"; }
local48() { printf '2602 %04x 20010db8 00640000 00000000' $(($1 + 3)); }
# tells ROUTER PREFIX LIFETIME: fe80::ROUTER does, and that is an event.
tells() {
	expect_event ipv6/nat64-prefix v0 \
	    "\"prefix\":\"$2\"*\"router\":\"fe80::$1\"*\"lifetime\":$3[,}]"
}

send "$(router a 0 "$(well_known 640) $(local48 64)")"
tells a 64:ff9b:: 640
printf '%s\n' "$line" | jq -e '.data.prefixlen == 96 and
    .source == "rtnetlink"' >/dev/null || fail "$line"
tells a 2001:db8:64:: 64
# Another one has it, too, and for longer; the first one says it again, and more
# of it in silence.
send "$(router b 0 "$(local48 64)")"
tells b 2001:db8:64:: 64
mark_log
send "$(router a 0 "$(local48 80)")"
assert_same
[ "$(since_mark | grep -c nat64-prefix)" = 0 ] || fail "$(since_mark)"
"$kevctl" state v0 >"$dir/state"
jq -e '[.nat64[] | [.prefixlen, .router]] | sort ==
    [[48, "fe80::a"], [48, "fe80::b"], [96, "fe80::a"]]' "$dir/state" >/dev/null ||
    fail "$(cat "$dir/state")"
jq -e '.nat64[] | select(.router == "fe80::a" and .prefixlen == 48) |
    .lifetime > 64' "$dir/state" >/dev/null || fail "$(cat "$dir/state")"
"$kevsub" -S ipv6/nat64-prefix >"$dir/out"
[ "$(wc -l <"$dir/out")" -ge 2 ] || fail "snapshot: $(cat "$dir/out")"
# Withdrawn by one of them; it is no default router, so that says nothing.
send "$(router b 0 "$(local48 0)")"
tells b 2001:db8:64:: 0
# Without a carrier it goes on, and ends.
send "$(router b 0 "$(well_known 8)")"
tells b 64:ff9b:: 8
began=$(printf '%s\n' "$line" | jq .mono)
$there ip link set v1 down
expect_event interface/link-down v0
tells b 64:ff9b:: 0
printf '%s\n' "$line" | jq -e ".source == \"timer\" and .mono - $began >= 8000000 and
    .mono - $began < 10000000" >/dev/null || fail "$line"
assert_count 1 ipv6/nat64-prefix 'fe80::a' '2001:db8:64::'
assert_same
# It goes when the link is set down, and with its interface.
ip link set v0 down
tells a 64:ff9b:: 0
tells a 2001:db8:64:: 0
ip link set v0 up
$there ip link set v1 up
"$kevsub" -W -i v0 interface/link-up >/dev/null || fail "v0 is not up"
send "$(router b 0 "$(local48 64)")"
tells b 2001:db8:64:: 64
ip link del v0
tells b 2001:db8:64:: 0
expect_event interface/detach v0
assert_same
stop_kevd

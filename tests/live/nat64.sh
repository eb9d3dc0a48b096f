#!/bin/sh
# ipv6/nat64-prefix: as routers tell it, until it ends or is withdrawn.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq socat nsenter
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
$there ip link set v1 up
start_kevd
start_log
ip link set v0 up
expect_event ipv6/address-ready v0

# advertise OPTION...: a router advertisement; the kernel adds the checksum.
# In octal; socat's numbers: IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255.
advertise() {
	# shellcheck disable=SC2059 # escapes it is made of
	until printf '\206\0\0\0\100\0\0\0\0\0\0\0\0\0\0\0'"$(printf %s "$@")" |
	    $there socat -u - \
	    'IP6-SENDTO:[ff02::1%v1]:58,setsockopt-int=41:18:255' \
	    2>"$dir/socat"; do
		# Its own address is not ready yet.
		grep -q 'assign requested address' "$dir/socat" ||
		    fail "$(cat "$dir/socat")"
	done
}
# 64:ff9b::/96 and 2001:db8:64::/48, for that many seconds.
well_known() { printf '\\46\\2\\0\\%o\\0\\144\\377\\233\\0\\0\\0\\0\\0\\0\\0\\0' "$1"; }
local48() { printf '\\46\\2\\0\\%o\\40\\1\\15\\270\\0\\144\\0\\0\\0\\0\\0\\0' $(($1 + 3)); }

advertise "$(well_known 8)" "$(local48 64)"
expect_event ipv6/nat64-prefix v0 '"prefix":"64:ff9b::","prefixlen":96,"router":"fe80:'
expect_event ipv6/nat64-prefix v0 '"prefix":"2001:db8:64::","prefixlen":48,'
# Said again before its end: nothing is told.
advertise "$(well_known 8)"
begun=$(date +%s)
assert_same
"$kevctl" state v0 >"$dir/state"
jq -e '[.nat64[].prefixlen] == [96, 48] and .nat64[0].lifetime <= 8 and
    (.nat64[0].router | startswith("fe80:"))' "$dir/state" >"$dir/out" ||
    fail "$(cat "$dir/state")"
"$kevsub" -S ipv6/nat64-prefix >"$dir/out"
[ "$(wc -l <"$dir/out")" = 2 ] || fail "snapshot: $(cat "$dir/out")"
# Withdrawn.
advertise "$(local48 0)"
expect_event ipv6/nat64-prefix v0 '"prefix":"2001:db8:64::"*"lifetime":0}'
expect '"source":"timer"*"prefix":"64:ff9b::"*"lifetime":0}'
took=$(($(date +%s) - begun))
[ "$took" -ge 7 ] && [ "$took" -le 10 ] || fail "it took $took s"
assert_count 4 ipv6/nat64-prefix
assert_same
# It goes with its interface.
advertise "$(well_known 64)"
expect_event ipv6/nat64-prefix v0 '"lifetime":64}'
ip link del v0
expect_event ipv6/nat64-prefix v0 '"lifetime":0}'
expect_event interface/detach v0
assert_same
stop_kevd

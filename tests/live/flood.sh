#!/bin/sh
# Enemies: floods of packets from ever other hosts. kevd stays small, goes on
# serving, and what else happens is told; what was dropped is counted.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nsenter
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
$there ip link set v1 up
ip link set v0 up
ip addr add 192.0.2.1/24 dev v0
ip addr add 2001:db8::1/64 dev v0 nodad
start_kevd
"$kevsub" -W -i v0 -m 'address=fe80:*' ipv6/address-ready >/dev/null || fail "v0 is not up"
source_of() { "$kevctl" stats | jq ".sources.$1"; }

# The last four bytes of a MAC; the address that it claims.
arp() {
	printf 'ffffffffffff 02005e005301 0806 0001 0800 0604 0002
	    0200%s c00002%s ffffffffffff c00002%s' "$1" "$2" "$2"
}
na() {
	printf '333300000001 02005e005301 86dd 60000000 0000 3aff
	    fe80000000000000 0000000000000001 ff020000000000000000000000000001
	    8800 0000 20000000 20010db800000000 00000000000000%s
	    0201 0200%s' "$2" "$1"
}
# A router that is none, but has a prefix for NAT64.
pref64() {
	router 1 0 '2602 0708 20010db8 ######## 00000000'
}

# More than there is room for, while nobody reads.
kill -STOP "$kevd_pid"
send "$(arp '########' 01)" 5000
send "$(na '########' 01)" 5000
kill -CONT "$kevd_pid"
for name in arp ndp; do
	[ "$(source_of $name | jq '.overruns >= 1 and .received > 0 and
	    .received < 5000')" = true ] || fail "$name: $(source_of $name)"
done

# While it reads, and something real happens now and then.
rss=$("$kevctl" stats | jq .rss)
start_log
n=0
for flood in "$(arp '########' 01)" "$(arp '########' '##')" \
    "$(na '########' 01)" "$(na '########' '##')" "$(pref64)"; do
	$there "$top_builddir/tests/live/frames" v1 "$flood" "${KEV_FLOOD:-40000}" &
	sender=$!
	n=$((n + 1))
	ip addr add "198.51.100.$n/24" dev v0
	expect_event ipv4/address-ready v0 "198.51.100.$n"
	"$kevctl" ping >/dev/null || fail "no answer"
	wait "$sender" || fail "frames"
done
# What is known of others is bounded: that is all which lasts of it.
[ "$("$kevctl" state v0 | jq '.nat64 | length')" -le 16 ] || fail "nat64"
[ "$("$kevctl" stats | jq '.events["ipv6/nat64-prefix"] // 0')" -le 16 ] ||
    fail "$("$kevctl" stats)"
# A tool has memory of its own.
[ -n "${SANITIZE:-}${KEV_WRAP:-}" ] ||
    [ "$("$kevctl" stats | jq ".rss - $rss < 8000000")" = true ] ||
    fail "$rss, then $("$kevctl" stats | jq .rss) bytes"
# And who is no flood is told, too.
"$kevsub" -q -c 1 -t 30 -m lladdr=02:00:99:99:99:99 ipv4/collision >/dev/null &
waiter=$!
until ! kill -0 "$waiter" 2>/dev/null; do
	send "$(arp 99999999 01)"
done
wait "$waiter" || fail "not told"
assert_same
stop_kevd

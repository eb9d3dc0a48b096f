#!/bin/sh
# ipv6/duplicate: told by a change, or only by the removal; and once.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq sysctl nsenter
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
# v1 is the other host.
start_other
ip link set v1 netns "$other"
$there ip link set v1 address 02:00:5e:00:53:99
$there ip link set v1 up
for n in 1 2 3; do
	$there ip addr add "2001:db8::$n/64" dev v1 nodad
done
start_kevd
start_log
"$kevsub" -W -i v0 ipv6/address-ready >/dev/null || fail "v0 is not up"

# Permanent: it stays, and is of no use.
mark_log
ip addr add 2001:db8::1/64 dev v0
expect_event ipv6/duplicate v0 '2001:db8::1*"status":"duplicate"*"lladdr":"02:00:5e:00:53:99"'
assert_topics v0 ipv6/address-add ipv6/address-change ipv6/duplicate
expect '"network/changed"'
assert_same
"$kevsub" -S -i v0 ipv6/duplicate >/dev/null || fail "not in the snapshot"
# It is removed, still a duplicate: that was told.
ip addr del 2001:db8::1/64 dev v0
expect_event ipv6/address-remove v0
catch_up
assert_count 1 '"ipv6/duplicate"' '"address":"2001:db8::1"'

# With a lifetime: the kernel removes it at once, and says why only there.
mark_log
ip addr add 2001:db8::2/64 dev v0 valid_lft 100 preferred_lft 50
expect_event ipv6/duplicate v0 '2001:db8::2*"lladdr":"02:00:5e:00:53:99"'
assert_topics v0 ipv6/address-add ipv6/address-remove ipv6/duplicate
"$kevsub" -S -i v0 ipv6/duplicate >/dev/null && fail "in the snapshot"

# What is not taken there is ready.
ip addr add 2001:db8::9/64 dev v0
expect_event ipv6/address-ready v0 '2001:db8::9'
# A host that takes it later says so, and the kernel keeps that to itself.
$there sysctl -qw net.ipv6.conf.v1.ndisc_notify=1
$there ip addr add 2001:db8::9/64 dev v1 nodad
$there ip link set v1 address 02:00:5e:00:53:97
expect_event ipv6/duplicate v0 '"source":"ndp","data":{*2001:db8::9*"lladdr":"02:00:5e:00:53:97"'
# na HOPS MAC LAST: an advertisement that says who has 2001:db8::LAST.
na() {
	printf '333300000001 02005e005301 86dd 60000000 0000 3a%s
	    fe80000000000000 0000000000000001 ff020000000000000000000000000001
	    8800 0000 20000000 20010db80000000000000000000000%s
	    0201 02005e0053%s' "$1" "$3" "$2"
}
# Routed, or of our own; of an address that is not ours; or of one that was
# taken back before, though kevd reads of both at once.
ip addr add 2001:db8::10/64 dev v0 nodad
expect_event ipv6/address-ready v0 2001:db8::10
ip link set v0 address 02:00:5e:00:53:90
expect_event interface/change v0 02:00:5e:00:53:90
mark_log
send "$(na fe 80 10)"
send "$(na ff 90 10)"
send "$(na ff 80 77)"
kill -STOP "$kevd_pid"
ip addr del 2001:db8::9/64 dev v0
send "$(na ff 80 09)"
kill -CONT "$kevd_pid"
send "$(na ff 81 10)"
expect_event ipv6/duplicate v0 02:00:5e:00:53:81
catch_up
[ "$(since_mark | grep -c '"ipv6/duplicate"')" = 1 ] ||
    fail "$(since_mark | grep '"ipv6/duplicate"')"
assert_same
stop_kevd

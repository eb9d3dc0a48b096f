#!/bin/sh
# Where nothing happens kevd does nothing: no timer wakes it, whatever it knows.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nsenter sysctl busybox
[ -z "${KEV_WRAP:-}" ] || skip "${KEV_WRAP%% *} has threads of its own"
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
sysctl -qw net.ipv4.neigh.v0.retrans_time_ms=100 \
    net.ipv6.conf.v0.router_solicitations=0 || skip sysctl
$there sysctl -qw net.ipv6.conf.v1.router_solicitations=0
$there ip link set v1 up
ip link set v0 up
ip addr add 192.0.2.1/24 dev v0
start_kevd
start_log
"$kevsub" -W -i v0 -m 'address=fe80:*' ipv6/address-ready >/dev/null || fail "v0 is not up"

# A router and a prefix that last, a conflict, and a failure.
send "$(router a 9000 '2602 0708 0064ff9b 00000000 00000000')"
expect_event nd6/router-add v0
expect_event ipv6/nat64-prefix v0
send "ffffffffffff 02005e005399 0806 0001 0800 0604 0002
    02005e005399 c0000201 ffffffffffff c0000201" 3
expect_event ipv4/collision v0 '"count":1'
expect_event ipv4/collision v0 '"count":2'
ip route add default via 192.0.2.2
busybox ping -c 1 -W 1 198.51.100.9 >/dev/null 2>&1
expect_event ipv4/router-failure v0
# A log would be woken, and wake.
"$kevsub" -S '*/router-failure' >/dev/null || fail "not in the snapshot"

# How often it slept. What the kernel does of its own ends some time.
slept() { awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$kevd_pid/status"; }
waiting="five seconds without a wake-up"
until
	before=$(slept)
	exits 124 timeout 5 tail -f /dev/null
	[ "$(slept)" = "$before" ]
do :; done
# How long it means to sleep, in milliseconds, as the kernel shows (epoll_wait's
# last argument), where it does: until the first end of a lifetime, and not, as
# libev would, for less than a minute.
read -r _ _ _ _ timeout _ <"/proc/$kevd_pid/syscall" || timeout=
case $timeout in
0x*) [ $((timeout)) -gt 60000 ] || fail "it sleeps for $((timeout)) ms" ;;
*) say "what it waits for is not shown here" ;;
esac
stop_kevd

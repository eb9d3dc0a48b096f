#!/bin/sh
# ipv4/collision: who else has our address, and what is none.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq busybox nsenter
namespaces
ip link add v0 type veth peer name v1
ip link add w0 type veth peer name w1
ip link set v0 up
ip link set w0 up
ip link set w1 up
start_other
ip link set v1 netns "$other"
$there ip link set v1 address 02:00:5e:00:53:99
$there ip link set v1 up
start_kevd
start_log
[ "$("$kevctl" stats | jq -c '[.sources.arp.available, .sources.ndp.available]')" = \
    "[true,true]" ] || fail "$(cat "$dir/err")"
"$kevctl" topics | jq -se 'any(.topic == "ipv4/collision" and .native)' >/dev/null ||
    fail "not native"
ip addr add 192.0.2.1/24 dev v0
ip addr add 198.51.100.1/24 dev w0
own=$("$kevctl" state v0 | jq -r .lladdr)
expect_event ipv4/address-ready w0

# arp MAC LAST [TAG]: an answer to all, that says it has 192.0.2.LAST.
arp() {
	printf 'ffffffffffff %s %s 0806 0001 0800 0604 0002 %s c00002%s
	    ffffffffffff c00002%s' "$(echo "$1" | tr -d :)" "${3:-}" \
	    "$(echo "$1" | tr -d :)" "$2" "$2"
}

# An announcement of the other host, who has the same address.
$there ip addr add 192.0.2.1/24 dev v1
$there ip addr add 192.0.2.7/24 dev v1
$there busybox arping -U -c 1 -I v1 192.0.2.1 >/dev/null
expect_event ipv4/collision v0
printf '%s\n' "$line" | jq -e --arg own "$own" '.source == "arp" and .data == {
    address: "192.0.2.1", lladdr: "02:00:5e:00:53:99", own_lladdr: $own, count: 1}' \
    >/dev/null || fail "$line"
# More of it within a second: one event, which says how many.
$there busybox arping -A -c 1 -I v1 192.0.2.1 >/dev/null
expect_event ipv4/collision v0 '02:00:5e:00:53:99*"count":1'
send "$(arp 02:00:5e:00:53:95 01)" 4
expect_event ipv4/collision v0 '02:00:5e:00:53:95*"count":1'
at=$(printf '%s\n' "$line" | jq .mono)
expect_event ipv4/collision v0 '02:00:5e:00:53:95*"count":3'
printf '%s\n' "$line" | jq -e ".mono - $at >= 1000000 and .mono - $at < 2000000" \
    >/dev/null || fail "$line, $at"
# Another host is told at once.
$there ip link set v1 down
$there ip link set v1 address 02:00:5e:00:53:98
$there ip link set v1 up
"$kevsub" -W -i v0 -m operstate=up interface/link-up >/dev/null || fail "v0 is not up"
# So is a question, whoever is asked.
$there busybox arping -c 1 -w 1 -I v1 192.0.2.99 >/dev/null
expect_event ipv4/collision v0 '02:00:5e:00:53:98*"count":1'

# None of these is one: a probe, an address that is not ours, ours elsewhere,
# our own packets, and a question by somebody else.
"$kevsub" -q -c 1 -t 30 -m address=192.0.2.2 ipv4/collision >"$dir/last" &
waiter=$!
mark_log
$there ip addr del 192.0.2.1/24 dev v1
$there busybox arping -D -c 1 -w 1 -I v1 192.0.2.1 >/dev/null
$there ip addr add 198.51.100.1/24 dev v1
$there busybox arping -U -c 1 -I v1 198.51.100.1 >/dev/null
$there busybox arping -c 1 -w 2 -I v1 192.0.2.1 >/dev/null
busybox arping -U -c 1 -I v0 192.0.2.1 >/dev/null
busybox arping -U -c 1 -I w0 198.51.100.1 >/dev/null
# This one is, and comes after them.
ip addr add 192.0.2.2/24 dev v0
$there ip addr add 192.0.2.2/24 dev v1
until ! kill -0 "$waiter" 2>/dev/null; do
	$there busybox arping -U -c 1 -I v1 192.0.2.2 >/dev/null
done
wait "$waiter" || fail "no collision of 192.0.2.2"
catch_up
[ "$(since_mark | grep '"ipv4/collision"' | grep -vc '192.0.2.2')" = 0 ] ||
    fail "$(since_mark | grep '"ipv4/collision"')"

# A new host claims 192.0.2.LAST of IFNAME: that is told, and nothing was since
# the last time but for that, and what is still to be told of v1.
hosts=10
only() {
	hosts=$((hosts + 1))
	send "$(arp "02:00:5e:00:54:$hosts" "$1" "${3:-}")"
	expect_event ipv4/collision "$2" "02:00:5e:00:54:$hosts"
	since_mark | grep '"ipv4/collision"' | grep -v '5e:00:53:98' >"$dir/told"
	[ "$(wc -l <"$dir/told")" = 1 ] || fail "$(cat "$dir/told")"
	marked=$(wc -l <"$dir/log")
}
mark_log
# Of VLANs that are not here, tagged once and twice; but VLAN 0 is no VLAN.
send "$(arp 02:00:5e:00:53:97 02 '8100 0005')"
send "$(arp 02:00:5e:00:53:97 02 '88a8 0006 8100 0005')"
only 02 v0
only 02 v0 '8100 0000'
# By an interface of ours, wherever it is seen.
send "$(arp "$("$kevctl" state w0 | jq -r .lladdr)" 02)"
only 02 v0
# A macvlan sees all that its interface does, but each has its own addresses.
ip link add mv0 link v0 type macvlan mode bridge
ip addr add 192.0.2.80/24 dev mv0
ip link set mv0 up
"$kevsub" -W -i mv0 interface/link-up >/dev/null || fail "mv0 is not up"
only 02 v0
only 50 mv0
busybox arping -U -c 1 -I mv0 192.0.2.80 >/dev/null
only 02 v0
ip link del mv0
# It is ours no more when somebody else takes it, though kevd reads of both at
# once, and first of the packet.
kill -STOP "$kevd_pid"
ip addr del 192.0.2.2/24 dev v0
send "$(arp 02:00:5e:00:53:96 02)"
kill -CONT "$kevd_pid"
only 01 v0

# The address is a bridge's: once, and as the bridge.
ip addr flush dev v0
ip link add br0 type bridge
ip link set br0 up
ip link set v0 master br0
ip addr add 192.0.2.3/24 dev br0
"$kevsub" -W -i br0 interface/link-up >/dev/null || fail "br0 is not up"
only 03 br0
only 03 br0
stop_kevd

# Where it may not look, it says so, and everything else works.
if command -v setpriv >/dev/null; then
	cat >"$dir/less" <<'LESS'
#!/bin/sh
exec setpriv --bounding-set -net_raw --inh-caps -net_raw "$@"
LESS
	chmod +x "$dir/less"
	KEV_WRAP="$dir/less ${KEV_WRAP:-}" start_kevd
	grep -q "arp: not available: .*CAP_NET_RAW" "$dir/err" || fail "$(cat "$dir/err")"
	"$kevctl" stats | jq -e '(.sources.arp.available | not) and
	    (.sources.arp.reason | contains("CAP_NET_RAW")) and
	    .sources.rtnetlink.available' >/dev/null || fail "$("$kevctl" stats)"
	"$kevsub" -S -i lo ipv4/address-ready >/dev/null || fail "nothing else works"
	stop_kevd
fi

#!/bin/sh
# A day of an interface, as Linux tells it and as a macOS recording does: the
# same events with the same members, but for those that only one can know.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq sysctl nsenter
namespaces
start_other
start_kevd
start_log

# --- on Linux
ip link add v1 netns "$other" type veth peer name en0 address 02:00:5e:00:53:01
expect_event interface/link-down en0
sysctl -qw net.ipv6.conf.en0.addr_gen_mode=1
sysctl -qw net.ipv6.conf.en0.accept_ra=2
$there ip link set v1 address 02:00:5e:00:53:99
$there ip link set v1 up
$there ip addr add 2001:db8::2/64 dev v1 nodad
ip link set en0 up
expect_event interface/link-up en0
ip addr add 192.0.2.1/24 broadcast 192.0.2.255 dev en0
expect_event ipv4/address-ready en0
ip addr add fe80::1/64 dev en0
expect_event ipv6/address-ready en0 '"fe80::1"'
ip addr add 2001:db8::1/64 dev en0
expect_event ipv6/address-ready en0 '"2001:db8::1"'
ip addr add 2001:db8::2/64 dev en0
expect_event ipv6/duplicate en0 '"2001:db8::2"'
send "ffffffffffff 02005e005399 0806 0001 0800 0604 0002 02005e005399 c0000201
    ffffffffffff c0000201"
expect_event ipv4/collision en0
send "$(router a 2)"
expect_event nd6/router-expired en0
ip link del en0
expect_event interface/detach en0
catch_up
stop_kevd
grep '"ifname":"en0"' "$dir/log" >"$dir/linux"

# --- on macOS: kernel events, each of one recv(2), and a routing socket.
# le NUMBER...: each in four bytes, the lowest first.
le() {
	for n; do
		printf '%02x%02x%02x%02x' $((n & 255)) $((n >> 8 & 255)) \
		    $((n >> 16 & 255)) $((n >> 24 & 255))
	done
}
zero() { printf "%0$((2 * $1))d" 0; }
# Ethernet, unit 0, "en".
en0=$(le 2 0)656e$(zero 14)
id=0 seconds=0
# line SOURCE HEX [MEMBERS]: one second later.
line() {
	seconds=$((seconds + 1))
	printf '{"source":"%s","time":"2026-11-23T05:30:%02dZ"%s,"hex":"%s"}\n' "$1" \
	    $seconds "${3:-}" "$2"
}
# event SUBCLASS CODE DATA
event() {
	id=$((id + 1))
	line kern_event "$(le $((24 + ${#3} / 2)) 1 1 "$1" $id "$2")$3"
}
# route VECTOR SED: that one, but of our interface, the fourth.
route() {
	hex=$(jq -r --arg n "$1" 'select(.os == "macos" and .name == $n) | .hex' \
	    "$top_srcdir/tests/vectors/route.ndjson" | sed -E "s/14120200/14120400/
	    s/fe800002/fe800004/g; s/525400123456/02005e005301/; $2")
	line route "$hex" ',"os":"macos","abi":"lp64le"'
}
# ifinfo VECTOR FLAGS
ifinfo() { route "$1" "s/^(.{16}).{8}0200/\\1$(le "$2")0400/"; }
# fe80::a, of which the vector has another one.
default() { route "$1" 's/^(.{8})0200/\10400/; s/(fe8000040{23})1/\1a/'; }
# inet CODE: 192.0.2.1/24, of which some words are in the order of the host.
inet() {
	event 1 "$1" "${en0}c0000201$(le 0xc0000200 0xffffff00 0xc0000200 \
	    0xffffff00)c00002ffc00002ff"
}
# inet6 CODE ADDRESS FLAGS [MAC]: forever, of /64.
inet6() {
	mask=ffffffffffffffff0000000000000000
	event 6 "$1" "$en0$(sockaddr "$2")$(zero 56)$(sockaddr $mask)$(le 64 \
	    "$3" 0 0 0xffffffff 0xffffffff)${4:-$(zero 6)}$(zero 2)"
}
sockaddr() { printf '1c1e%s%s%s' "$(zero 6)" "$1" "$(zero 4)"; }
# With the index of the interface inside, as the kernel has it.
local=fe80000400000000000000000000000
good=20010db8000000000000000000000001
taken=20010db8000000000000000000000002
{
	event 2 9 "$en0"
	# After which it is read what it is like.
	line route "" ',"dump":["link","addr4","addr6","route4","route6","neigh"]'
	ifinfo ifinfo-with-sdl 0x8802
	line route "" ',"end":true'
	event 2 12 "$en0"
	event 2 13 "$en0"
	ifinfo ifinfo-up 0x8863
	event 2 14 "$en0$(le 2 1)"
	inet 1
	event 2 14 "$en0$(le 30 2)"
	for address in ${local}1 $good; do
		inet6 5 "$address" 2
		inet6 1 "$address" 0
	done
	inet6 5 $taken 2
	inet6 1 $taken 4 02005e005399
	event 7 4 "$en0$taken$(le 0)"
	event 1 7 "${en0}c00002010602005e005399$(zero 3)"
	default add-default-v6
	event 7 9 "$en0${local}a$(le 2)"
	default delete-default-v6
	event 2 12 "$en0"
	ifinfo ifinfo-up 0x8802
	event 2 10 "$en0"
	for address in $taken $good ${local}1; do
		inet6 3 "$address" 0
	done
	event 2 15 "$en0$(le 30 1)"
	inet 3
	event 2 15 "$en0$(le 2 0)"
	event 2 11 "$en0"
} >"$dir/macos.recording"
start_kevd --play "$dir/macos.recording" --play-speed 0
waiting="the end of the recording"
until grep -q ': played to its end' "$dir/err"; do
	kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
done
grep -q ' 0 malformed' "$dir/err" || fail "$(cat "$dir/err")"
n=$("$kevctl" stats | jq '[.events | to_entries[] |
    select(.key | startswith("kev/") | not) | .value] | add')
"$kevsub" --after "$("$kevctl" ping | jq -r .run)-0" -c "$n" '**' |
    grep '"ifname":"en0"' >"$dir/macos"
stop_kevd

# The same to the last member, but for
# - what only Linux has: kinds, other names, speed and duplex, how often a carrier
#   changed, the flag lower-up, labels and flags of IPv4 addresses, and metric, table,
#   lifetime and protocol of a router;
# - what an interface is like when it comes, which macOS tells only when it is read
#   a moment later, so that there is another number of changes: it is compared when
#   it is up, and when it is down again, and whenever it goes;
# - when a router is removed: macOS does that when its lifetime is over, Linux when it
#   likes to after that;
# - that Linux goes on to call a duplicate tentative;
# - the index, of which each kernel has another one, and when and by what it was known.
shape='def shape: del(.ifindex, .source, .time, .mono, .seq, .id) |
    del(.data, .prev | values | .kind, .speed, .duplex, .altnames,
    .carrier_changes, .label) |
    if .topic | startswith("nd6/router-") then
	del(.data | .metric, .table, .lifetime, .protocol) else . end |
    if .topic == "interface/attach" then
	del(.data | .mtu, .flags, .lladdr, .operstate, .carrier) else . end |
    if .topic | startswith("ipv4/") then del(.data.flags) else . end |
    if .topic == "interface/change" then del(.prev) | .data.flags -= ["lower-up"]
    else . end |
    if .data.status == "duplicate" then .data.flags -= ["tentative"] else . end;'
same() {
	jq -cS "$shape"' select(.topic | . != "interface/change" and
	    . != "nd6/router-remove") | shape' "$1"
	jq -cS "$shape"' select(.topic == "nd6/router-remove") | shape' "$1"
	jq -cSs "$shape"' .[:map(.topic) | index("ipv4/address-add")], . |
	    map(select(.topic == "interface/change")) | last | shape' "$1"
}
same "$dir/linux" >"$dir/linux.same"
same "$dir/macos" >"$dir/macos.same"
[ "$(wc -l <"$dir/linux.same")" -gt 29 ] || fail "$(cat "$dir/linux.same")"
diff "$dir/linux.same" "$dir/macos.same" >"$dir/diff" ||
    fail "not the same: $(head -c 3000 "$dir/diff")"

#!/bin/sh
# kev-dbus and more than fits: who asks and does not read what is answered, and
# interfaces in any number. It stays as big as it was, and says so.
# shellcheck source=tests/clients/dbus-lib.sh
. "${top_srcdir:-.}/tests/clients/dbus-lib.sh"
dbus_begin socat
calls=$(cd "$top_builddir/tests/clients" && pwd)/buscalls
cd "$dir" || exit 1
export DBUS_SESSION_BUS_ADDRESS="$address"
session_bus '<limit name="max_replies_per_connection">1000000</limit>' \
    '<limit name="max_incoming_bytes">2000000</limit>' >bus.conf

bridge() {
	${KEV_WRAP:-} "$tools/kev-dbus" -a "$address" "$@" 2>said &
	bridge=$!
	pids="$pids $bridge"
	gdbus wait --session --timeout 30 org.kev1 || fail "no org.kev1: $(cat said)"
}

# ask COUNT KIB: so many questions whose answers nobody reads make it that much
# bigger at most. Then they are read, and are all there.
ask() {
	before=$(rss)
	rm -f go answers
	mkfifo go
	"$calls" "$address" "$1" <go >answers &
	caller=$!
	pids="$pids $caller"
	exec 7>go
	waiting="$1 questions"
	until [ -s answers ]; do kill -0 $caller || fail "cannot ask"; done
	after=$(rss)
	[ -n "${KEV_WRAP:-}${SANITIZE:-}" ] || [ $((after - before)) -lt "$2" ] ||
	    fail "$before KiB became $after KiB"
	echo >&7
	waiting="$1 answers"
	wait $caller || fail "not all was answered: $(cat said)"
	[ "$(tail -n 1 answers)" = "$1" ] || fail "$1 questions, $(cat answers)"
}

# It does not read more questions than it can answer.
start_kevd
start_bus bus.conf
bridge
busctl --address="$address" call org.kev1 /org/kev1 \
    org.freedesktop.DBus.ObjectManager GetManagedObjects >out || fail "$(cat said)"
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$bridge/status"; }
ip link add eth0 type bridge
ask 5000 2048
busctl --address="$address" call org.kev1 /org/kev1/interface/eth0 \
    org.freedesktop.DBus.Properties GetAll s org.kev1.Interface >out ||
    fail "it does not answer any more: $(cat said)"
[ ! -s said ] || fail "$(cat said)"
kill $bridge "$bus"
wait $bridge

# As many interfaces as there is room for, and one more, of one who says so.
cat >fake <<'SH'
read -r _
echo '{"reply":1,"ok":true,"protocol":1,"run":"r","seq":1,"topics":["interface/attach"]}'
read -r _
cat "$1"
cat >&2
SH
# state NUMBER [LIST]: so many interfaces, the last of which has these addresses.
state() {
	jq -nc --argjson n "$1" --argjson list "${2:-[]}" '{ reply: 2, ok: true,
	    interfaces: [range(1; $n + 1) | { ifname: "veth12345\(.)"[:15],
	    ifindex: ., type: "ether", kind: "veth", mtu: 1500,
	    operstate: "lower-layer-down", carrier: false, duplex: "full",
	    flags: ["up", "broadcast", "running", "multicast", "lower-up"],
	    master: "br-123456789abc", speed: 10000, altnames: [],
	    lladdr: "02:00:5e:00:53:01", ipv4: [], routers: [], nat64: [],
	    ipv6: (if . == $n then $list else [] end), quality: 50 }] }' >lines
}
# there NUMBER [COUNT]: that many have an object, of all that are asked for
# together, and COUNT times at once.
there() {
	start_bus bus.conf
	serve "fake lines"
	bridge -u "$dir/fake.socket"
	busctl --address="$address" --timeout=60 --json=short call org.kev1 \
	    /org/kev1 org.freedesktop.DBus.ObjectManager GetManagedObjects >out ||
	    fail "$(cat said)"
	n=$(grep -o '"/org/kev1/interface/[^"]*"' out | wc -l)
	[ "$n" = "$1" ] || fail "$n objects, not $1: $(cat said)"
	[ -z "${2:-}" ] || ask "$2" 65536
	kill -0 $bridge || fail "it ended: $(cat said)"
	kill $bridge "$bus"
	wait $bridge
}
state 4096
there 4096 12
sed -i '/max_incoming/d' bus.conf
state 16383 '[{"address":1},{"address":2},{"address":3},{"address":4}]'
there 16383
[ ! -s said ] || fail "$(cat said)"
state 16383 '[{"address":1},{"address":2},{"address":3},{"address":4},{"address":5}]'
there 16382
grep -q "more interfaces and addresses than a bus takes" said || fail "$(cat said)"
state 16385
there 16384
grep -q "more interfaces and addresses than a bus takes" said || fail "$(cat said)"
cd / || exit 1
stop_kevd

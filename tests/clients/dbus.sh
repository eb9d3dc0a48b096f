#!/bin/sh
# kev-dbus on a bus of its own: each event is a signal, in order and with all that
# is in it; objects have what kevctl says, also for who follows; introspection
# tells what there is, whatever an interface is called; and what happens when
# kevd, the bus, or a reader of it goes, comes or is slow.
# shellcheck source=tests/clients/dbus-lib.sh
. "${top_srcdir:-.}/tests/clients/dbus-lib.sh"
dbus_begin nc
here=$(cd "$top_srcdir/tests/clients" && pwd)
cd "$dir" || exit 1
query() { jq -L "$here" "$@"; }

cat >bus.conf <<CONF
<busconfig>
  <type>session</type>
  <listen>$address</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
CONF
export DBUS_SESSION_BUS_ADDRESS="$address"

# A bus, and all that is said on it in $dir/said, a line of JSON each.
start_monitored() {
	start_bus bus.conf
	: >said
	busctl --address="$address" monitor --json=short >>said 2>monitor.err &
	monitor=$!
	pids="$pids $monitor"
	waiting="busctl to listen"
	until grep -q Monitoring monitor.err; do
		kill -0 $monitor || fail "$(cat monitor.err)"
	done
}

# kev-dbus, when it can be asked.
bridge() {
	${KEV_WRAP:-} "$program" -a "$address" 2>bridge.err &
	bridge=$!
	pids="$pids $bridge"
	gdbus wait --session --timeout 30 org.kev1 || fail "no org.kev1: $(cat bridge.err)"
}

# bridge_ends STATUS
bridge_ends() {
	wait $bridge
	status=$?
	[ $status = "$1" ] || fail "kev-dbus ends with $status, not $1: $(cat bridge.err)"
}

call() { busctl --address="$address" --json=short call org.kev1 "$@"; }
objects() {
	call /org/kev1 org.freedesktop.DBus.ObjectManager GetManagedObjects
}

# heard JQ: that is true of something that was said.
heard() {
	waiting="$1 on the bus"
	until query -e -n "include \"dbus\"; any(inputs; $1)" said >found 2>&1; do
		kill -0 $bridge || fail "kev-dbus ended: $(cat bridge.err)"
	done
}

# All that happened until now was said on the bus.
said_all() {
	catch_up
	waiting="$marker on the bus"
	until grep -q "\"mark$marker\"" said; do
		kill -0 $bridge || fail "kev-dbus ended: $(cat bridge.err)"
	done
}

# The objects are, or become, what kevctl says; which does not change any more.
assert_objects() {
	waiting="the same state as kevctl"
	"$kevctl" state | query -cS 'include "dbus"; expected' >wanted
	[ -s wanted ] || fail "no state"
	until objects | query -cS 'include "dbus"; .data[0] | state[]' >got &&
	    cmp -s wanted got; do
		kill -0 $bridge || fail "kev-dbus ended: $(cat bridge.err)"
		"$kevctl" state | query -cS 'include "dbus"; expected' >wanted
		waiting="$(diff wanted got)"
	done
}

assert_follows() {
	query -s 'include "dbus"; follow' said >followed || fail jq
	jq -e ".bad == null and .n >= $1" followed >/dev/null ||
	    fail "who follows has something else: $(jq -c .bad followed)"
}

start_kevd --queue 65536
start_log
start_monitored
ip link add eth0 type veth peer name peer0
program=$tools/kev-dbus
exits 2 "$program" --session -a "$address"; says "two buses"
exits 2 "$program" operand; says "what is operand?"
exits 1 "$program" -a "unix:path=$dir/none"; says "cannot connect to the bus: "
exits 1 "$program" -a nonsense; says "cannot connect to the bus: "
exits 3 "$program" -u "$dir/none"; says "$dir/none"
bridge
[ ! -s bridge.err ] || fail "$(cat bridge.err)"
exits 1 "$program" -a "$address"; says "another process is"
assert_objects

# Events of all kinds while others ask. Names that are none for D-Bus have objects
# whose path tells the bytes.
mark_log
objects >list
cat >happen <<'SH'
ip link set eth0 up
ip link set peer0 up
ip addr add 192.0.2.1/24 dev eth0
ip addr add 2001:db8::1/64 dev eth0 nodad
ip route add default via 192.0.2.254
ip addr change 192.0.2.1/24 dev eth0 scope link
ip link set eth0 mtu 1400
ip link set eth0 alias none
ip link property add dev eth0 altname another-name
ip link set eth0 name 'a"b\c'
ip link set 'a"b\c' address 02:00:5e:00:53:01
ip route del default via 192.0.2.254
ip addr del 2001:db8::1/64 dev 'a"b\c'
ip link add br0 type bridge
ip link set peer0 master br0
ip link add "$(printf 'e\377')" type bridge
ip link add "$(printf 'e\376')" type bridge
ip link add "$(printf 'f\357\277\276')" type bridge
ip link add "$(printf 'g\033\302\200')" type bridge
ip link add '_' type bridge
ip link add '9.x-y*?[a]' type bridge
ip link add 'org.kev1;$(x)' type bridge
ip link set '9.x-y*?[a]' up
ip link set "$(printf 'e\377')" mtu 1300
ip link set br0 name br1
ip link del br1
ip link add br1 type bridge
ip link del br1
SH
while read -r line; do
	sh -c "$line" || fail "$line"
	objects >list
done <happen
said_all
since_mark | query -cS 'include "dbus"; select(.topic != "kev/synced") | nulls' |
    sed "/\"mark$marker\"/,\$d" >wanted
query -cS 'include "dbus"; events' said | grep -v '"kev/synced"' >all
id=$(sed -n '1s/.*"id":"\([^"]*\)".*/\1/p' wanted)
sed -n "/\"id\":\"$id\"/,\$p" all | sed -e "/\"mark$marker\"/,\$d" \
    -e 's/\xef\xbf\xbe/\xef\xbf\xbd/g' >got
sed 's/\xef\xbf\xbe/\xef\xbf\xbd/g' wanted | diff - got >differs ||
    fail "signals: $(head -c 2000 differs)"
[ "$(wc -l <got)" -gt 40 ] || fail "$(wc -l <got) events"
assert_objects
objects >list
assert_follows 25
for path in a_22b_5cc e_ff e_fe f_ef_bf_be g_1b_c2_80 _5f \
	_39_2ex_2dy_2a_3f_5ba_5d org_2ekev1_3b_24_28x_29 lo peer0; do
	grep -q "\"/org/kev1/interface/$path\"" list || fail "no $path: $(cat list)"
done
grep -qE '/(eth0|br0|br1)"' list && fail "what went is there: $(cat list)"

# It says of itself what there is: these signals, for events; and no property or
# signal is there that it does not tell of.
"$kevctl" topics | jq -r .topic | sort >names
busctl --address="$address" tree --list org.kev1 >paths || fail tree
[ "$(grep -c ^/org/kev1/interface/ paths)" = "$("$kevctl" state | wc -l)" ] ||
    fail "$(cat paths)"
while read -r path; do
	gdbus introspect --session -d org.kev1 -o "$path" --xml >xml 2>err ||
	    fail "$path: $(cat err)"
	busctl --address="$address" introspect org.kev1 "$path" >out 2>err ||
	    fail "$path: $(cat err)"
	sed -n -e 's/.*<interface name="\([^"]*\)".*/i \1/p' \
	    -e 's/.*<signal name="\([^"]*\)".*/s \1/p' \
	    -e 's/.*<property name="\([^"]*\)" type="\([^"]*\)" access="read".*/p \1 \2/p' \
	    -e 's/.*<arg type="\([^"]*\)" name="\([^"]*\)"\/>.*/a \2 \1/p' xml |
	    awk '$1 == "i" { i = $2; next }
	    $1 == "s" { s = $2; printf "\n%s %s", i, s; next }
	    $1 == "a" { printf " %s %s", $2, $3; next }
	    { printf "\n%s %s %s", i, $2, $3 }' | grep '^org.kev1' >told
	case $path in
	/org/kev1) wanted='.' ;;
	/org/kev1/interface/*) wanted='^interface/|^ipv|^nd6/' ;;
	*) wanted='^$' ;;
	esac
	grep 'ifname s data a{sv} event a{sv}$' told |
	    jq -rR 'include "dbus"; split(" ") |
	    { interface: .[0], member: .[1] } | topic' -L "$here" | sort >signals
	grep -E "$wanted" names | diff - signals >differs || fail "$path: $(cat differs)"
	grep -v ' ifname s ' told | sort >props
	interface=$(sed -n '1s/ .*//p' props)
	: >values
	[ -z "$interface" ] || call "$path" org.freedesktop.DBus.Properties \
	    GetAll s "$interface" | jq -r '.data[0] | to_entries[] |
	    "'"$interface"' \(.key) \(.value.type)"' | sort >values
	diff props values >differs || fail "$path: $(cat differs)"
	case $path in
	/org/kev1) [ "$(wc -l <props)" = 2 ] ;;
	/org/kev1/interface/*) [ "$(wc -l <props)" = 18 ] ;;
	*) [ ! -s props ] ;;
	esac || fail "$path: $(cat props)"
done <paths
exits 1 gdbus introspect --session -d org.kev1 -o /org/kev1/interface/none --xml
[ ! -s bridge.err ] || fail "$(cat bridge.err)"

# What is injected is a signal, and changes nothing; without an interface, or of
# one that is not there, too.
"$kevctl" inject interface/detach -i peer0
"$kevctl" inject interface/attach -i none0 mtu=1
"$kevctl" inject ipv6/duplicate address=2001:db8::7
heard '.path == "/org/kev1/interface/peer0" and (events | .topic == "interface/detach" and .source == "inject")'
heard '.path == "/org/kev1/interface/none0" and (events | .topic == "interface/attach")'
heard '.path == "/org/kev1" and (events | .topic == "ipv6/duplicate")'
assert_objects

# kevd goes, and another one comes: that is told, and what changed meanwhile.
stop_kevd
heard 'is("org.freedesktop.DBus.Properties"; "PropertiesChanged") and
    .path == "/org/kev1" and .payload.data[1].Connected.data == false'
ip link del _
ip link add later type bridge
ip link set peer0 mtu 1280
: >said
exec 5<&-
rm lines
start_kevd --queue 65536
heard 'events | .topic == "kev/synced"'
query -r -n 'include "dbus"; [inputs | select(.type == "signal" and .sender != "org.freedesktop.DBus") |
    select(.member | test("^(Gap|Synced|Interfaces)|Changed$")) | .member +
    (if .member == "PropertiesChanged" then " " + (.payload.data[1] | keys | join(" ")) else "" end)] |
    unique | .[]' said >members
for member in Gap Synced InterfacesAdded InterfacesRemoved \
	'PropertiesChanged Connected' 'PropertiesChanged Mtu'; do
	grep -qx "$member" members || fail "no $member: $(cat members)"
done
heard 'events | .topic == "kev/gap" and .data.cause == "restart"'
grep -q "kevd is back" bridge.err || fail "$(cat bridge.err)"
assert_objects
start_log

# The bus does not take anything: what is unsent is bounded, kevd tells what was
# lost, and then all is right again.
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
before=$(rss $bridge)
kill -STOP "$bus"
waiting="kevd to lose something"
until "$kevctl" stats | jq -e ".clients[] | select(.pid == $bridge).lost > 0" >lost; do
	seq 2000 | sed 's/.*/{"op":"inject","topic":"ipv4\/collision","ifname":"lo","data":{"count":&}}/' |
	    nc -N -U "$KEV_SOCKET"
done
ip link set peer0 mtu 1290
ip link del later
after=$(rss $bridge)
[ -n "${KEV_WRAP:-}${SANITIZE:-}" ] || [ $((after - before)) -lt 2048 ] ||
    fail "$before KiB became $after KiB"
: >said
kill -CONT "$bus"
heard 'events | .topic == "kev/gap" and .data.cause == "slow-reader" and .data.lost > 0'
heard 'events | .topic == "kev/synced"'
assert_objects

# The bus goes, and so does kev-dbus; on another one it is there again.
kill "$bus"
bridge_ends 1
grep -q "the bus is gone" bridge.err || fail "$(cat bridge.err)"
start_monitored
bridge
assert_objects
kill $bridge
bridge_ends 143
busctl --address="$address" list >out
grep -q org.kev1 out && fail "still there"
cd / || exit 1
stop_kevd

#!/bin/sh
# What is installed for kev-dbus: the policy is one that a bus takes and obeys, a
# bus starts it as the file for that says, and its unit is safe by systemd's own
# measure, and lets it do its work.
# shellcheck source=tests/clients/dbus-lib.sh
. "${top_srcdir:-.}/tests/clients/dbus-lib.sh"
dbus_begin -n setpriv
setpriv --reuid=daemon --regid=65533 --clear-groups "$kevctl" -V >/dev/null 2>&1 ||
    skip "others cannot get at what was built"
contrib=$(cd "$top_srcdir/contrib" && pwd)
made=$(cd "$top_builddir/contrib" && pwd)
cd "$dir" || exit 1
chmod 711 "$dir"
as() {
	user=$1
	shift
	setpriv --reuid="$user" --regid=65533 --clear-groups --no-new-privs \
	    --bounding-set=-all "$@"
}

# A bus does not know users without a name.
# The bus of a system as it is, but that it takes another user for kev-dbus.
sed 's/user="kev-dbus"/user="nobody"/' "$contrib/dbus/org.kev1.conf" >policy.conf
grep -q 'user="nobody"' policy.conf || fail "the policy names no user"
cat >bus.conf <<CONF
<busconfig>
  <type>system</type>
  <listen>$address</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"
      send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus"
      send_interface="org.freedesktop.DBus.Peer"/>
  </policy>
  <include>policy.conf</include>
</busconfig>
CONF

start_kevd
ip link add eth0 type veth peer name peer0
start_bus bus.conf
grep -iE 'unknown|invalid|error in' bus.err && fail "the policy: $(cat bus.err)"
export DBUS_SYSTEM_BUS_ADDRESS="$address"
# Not even root is org.kev1, nor anybody else.
exits 1 "$tools/kev-dbus"; says "cannot be org.kev1 on the bus: "; says "not allowed to own"
exits 1 as daemon "$tools/kev-dbus"; says "not allowed to own"
as nobody "$tools/kev-dbus" 2>said &
bridge=$!
pids="$pids $bridge"
gdbus wait --system --timeout 30 org.kev1 || fail "$(cat said)"
# Others ask and listen, and can change nothing.
as daemon gdbus monitor --system -d org.kev1 >heard &
pids="$pids $!"
waiting="gdbus to listen"
until grep -q 'is owned by' heard; do :; done
get="org.freedesktop.DBus.Properties Get ss org.kev1.Interface Ifname"
path=/org/kev1/interface/eth0
# shellcheck disable=SC2086 # several words
[ "$(as daemon busctl call org.kev1 $path $get)" = 'v s "eth0"' ] || fail Get
as daemon busctl set-property org.kev1 $path org.kev1.Interface Ifname s x 2>err &&
    fail "a property can be set"
as daemon gdbus introspect --system -d org.kev1 -o $path >out || fail introspect
ip addr add 192.0.2.1/24 dev eth0
waiting="a signal for others"
until grep -q "Ipv4.AddressAdd ('eth0', .*<'192.0.2.1'>" heard; do
	kill -0 $bridge || fail "$(cat said)"
done
# A name that was to be another's is not for sale later either.
exits 1 as daemon "$tools/kev-dbus"; says "not allowed to own"
kill "$bus"
wait $bridge
[ $? = 1 ] || fail "kev-dbus did not end with the bus"

# Who calls it has it started, on a bus that starts what the files tell.
mkdir services
sed "s|^Exec=.*/kev-dbus|Exec=$tools/kev-dbus -a $address|" \
    "$made/dbus/org.kev1.service" >services/org.kev1.service
grep -q "^Exec=$tools" services/org.kev1.service || fail "no Exec"
sed -e 's/<type>system/<type>session/' -e 's|<deny own="\*"/>|<allow own="*"/>|' \
    -e "s|</busconfig>|<servicedir>$dir/services</servicedir>&|" \
    -e 's/<include>.*//' -e 's/<deny send_type.*//' bus.conf >session.conf
sed -i 's|<allow user="\*"/>|<allow send_destination="*"/>|' session.conf
start_bus session.conf
# shellcheck disable=SC2086
[ "$(busctl call org.kev1 $path $get)" = 'v s "eth0"' ] ||
    fail "was not started: $(cat bus.err)"

# Its unit: only its user, its program, its name.
unit=$made/systemd/kev-dbus.service
for line in User=kev-dbus BusName=org.kev1 Alias=dbus-org.kev1.service; do
	grep -qx "$line" "$unit" || fail "no $line"
done
grep -q '^u kev-dbus ' "$contrib/systemd/kev.conf" || fail "no such user"
grep -qx SystemdService=dbus-org.kev1.service "$made/dbus/org.kev1.service" ||
    fail "the bus starts another unit"
if systemd-analyze security --help 2>/dev/null | grep -q -e --threshold; then
	sed "s|^ExecStart=.*/kev-dbus|ExecStart=$tools/kev-dbus|" "$unit" >kev-dbus.service
	grep -q "^ExecStart=$tools" kev-dbus.service || fail "no ExecStart"
	systemd-analyze security --offline=true --threshold=10 \
	    "$dir/kev-dbus.service" >out 2>&1 || fail "$(cat out)"
fi
cd / || exit 1
stop_kevd

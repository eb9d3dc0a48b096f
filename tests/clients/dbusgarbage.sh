#!/bin/sh
# kev-dbus and one who says that it is kevd, and is not to be trusted: members of
# other types than kevd's, and refusals, those that pass and those that do not.
# shellcheck source=tests/clients/dbus-lib.sh
. "${top_srcdir:-.}/tests/clients/dbus-lib.sh"
dbus_begin socat
cd "$dir" || exit 1
export DBUS_SESSION_BUS_ADDRESS="$address"
session_bus >bus.conf

# Members of all types, in events, and in what it answers: nothing of it ends
# kev-dbus. What can wait is asked for again.
cat >strange <<'SH'
read -r _
echo '{"reply":1,"ok":true,"protocol":1,"run":"r","seq":1,"topics":["interface/attach"]}'
read -r _
echo '{"reply":2,"ok":false,"error":{"code":"too-many","message":"not now"}}'
read -r _ && cut -d " " -f 1 /proc/uptime >again
n=3
sed "s/REPLY/$n/" answer
read -r _ <begin
for some in events.*; do
	cat "$some"
	echo '{"topic":"interface/idle","ifname":"last"}'
	read -r _ || exit
	n=$((n + 1))
	sed "s/REPLY/$n/" answer
done
echo '{"topic":"interface/idle","ifname":"last","data":{"end":true}}'
cat >/dev/null
SH
cat >types.jq <<'JQ'
def values: null, true, 1, -1, 1.5, "x", "", [], ["x", 1, {}], {}, { a: { b: [] } };
def states: { ifname: "i", ifindex: 1, type: "ether", mtu: 1, flags: ["up"],
    carrier: true, altnames: ["x"], quality: 1, ipv4: [{ address: "192.0.2.1" }],
    routers: [], unknown: 1 };
def with_others: . as $o | keys[] as $k | values as $v | $o | .[$k] = $v;
if $what == "event" then
    [("attach", "change", "rename", "idle", "quality", "detach") as $t |
    { topic: "interface/\($t)", ifname: "i", ifindex: 1, ifname_hex: null,
    source: "play", time: "t", mono: 1, data: states, prev: states } |
    (with_others | .topic = "interface/\($t)"), (.data = (.data | with_others)),
    (.prev = (.prev | with_others)), { topic }] |
    # Not so many names that it asks for all.
    to_entries[] | .key as $n | .value | select(.ifname == "i").ifname += "\($n % 40)"
else { reply: "REPLY", ok: true, interfaces:
    [values, (states | with_others), (states + { ifname: "last" })] } end
JQ
jq -nc --arg what event -f types.jq | split -l 40 - events.
jq -nc --arg what state -f types.jq | sed 's/"REPLY"/REPLY/' >answer
mkfifo begin
exec 7<>begin
start_bus bus.conf
serve strange
began=$(cut -d " " -f 1 /proc/uptime)
${KEV_WRAP:-} "$tools/kev-dbus" -a "$address" -u "$dir/fake.socket" 2>said &
bridge=$!
pids="$pids $bridge"
gdbus wait --session --timeout 30 org.kev1 || fail "no org.kev1: $(cat said)"
echo "$began $(cat again)" | awk '{ exit !($2 - $1 >= 1) }' || fail "asked at once"
[ "$(cat said)" = "kev-dbus: kevd refused: not now, too-many" ] || fail "$(cat said)"
gdbus monitor --session -d org.kev1 >heard &
pids="$pids $!"
waiting="gdbus to listen"
until grep -q 'is owned by' heard; do :; done
echo >&7
waiting="the last event"
until grep -q "/last: org.kev1.Interface.Idle ('last', {'end'" heard; do
	kill -0 $bridge || fail "it ended: $(cat said)"
done
busctl --address="$address" --json=short call org.kev1 /org/kev1 \
    org.freedesktop.DBus.ObjectManager GetManagedObjects >out || fail "$(cat said)"
grep -q '"/org/kev1/interface/last":' out || fail "$(cat out)"
kill $bridge "$bus"
wait $bridge
[ $? = 143 ] || fail "it ended: $(cat said)"

# What is refused for good is the end.
sed -i 's/too-many/denied/' strange
start_bus bus.conf
serve strange
exits 4 "$tools/kev-dbus" -a "$address" -u "$dir/fake.socket"
says "kevd refused: not now, denied"

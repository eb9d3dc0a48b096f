#!/bin/sh
# kevctl: each command and each exit status.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
start_kevd
is() { jq -e "$1" "$dir/out" >/dev/null || fail "not $1: $(cat "$dir/out")"; }

exits 2 "$kevctl"; says usage
exits 2 "$kevctl" fly; says fly
exits 2 "$kevctl" --no-such-option
exits 2 "$kevctl" inject; says usage
exits 2 "$kevctl" ping extra
exits 2 "$kevctl" ping --prometheus; says prometheus
exits 2 "$kevctl" state -i v0; says inject
exits 2 "$kevctl" inject ipv4/collision colour
exits 2 "$kevctl" inject ipv4/collision count=many; says count
exits 0 "$kevctl" -h
exits 0 "$kevctl" -V; grep -q '^kevctl [0-9]' "$dir/out" || fail version
exits 3 "$kevctl" -u "$dir/nobody" ping; says "$dir/nobody"

exits 0 "$kevctl" ping; is '.protocol == 1 and (has("ok") | not)'
exits 0 "$kevctl" state; [ "$(wc -l <"$dir/out")" = 3 ] || fail "$(cat "$dir/out")"
jq -se '[.[].ifindex] | . == sort' "$dir/out" >/dev/null || fail "not sorted"
exits 0 "$kevctl" state 'v[0]' nothing
is '.ifname == "v0" and .ipv4[0].address == "192.0.2.1" and .ipv6 == [] and
    .routers == [] and .mtu == 1500 and (.flags | type) == "array"'
exits 0 "$kevctl" topics; [ "$(wc -l <"$dir/out")" = 40 ] || fail "$(cat "$dir/out")"
# What is installed for shells to complete is what there is.
jq -r .topic "$dir/out" | diff - "$top_builddir/protocol/topics.txt" || fail topics
exits 0 "$kevctl" stats; is '.sources.rtnetlink.received > 0 and .events["interface/attach"] == 3'
exits 0 "$kevctl" stats --prometheus
grep -q '^# TYPE kev_events_total counter$' "$dir/out" || fail "$(cat "$dir/out")"
grep -q '^kev_events_total{topic="interface/attach"} 3$' "$dir/out" || fail "$(cat "$dir/out")"
grep -vqE '^(#.*|[a-z_]+(\{[^}]*\})? [0-9.e+]+)$' "$dir/out" && fail "$(cat "$dir/out")"

exits 0 "$kevctl" inject ipv4/collision -i v0 address=192.0.2.1 lladdr=02:00:5e:00:53:01
echo '{"address":"192.0.2.2"}' | "$kevctl" inject ipv4/collision - || fail "inject -"
echo '[1]' | "$kevctl" inject ipv4/collision - 2>/dev/null
[ $? = 2 ] || fail "inject - takes an array"
exits 4 "$kevctl" inject ipv4/nothing; says ipv4/nothing
exits 4 "$kevctl" inject kev/gap; says kev/gap
exits 4 "$kevctl" inject ipv4/collision mtu=1; says mtu
exits 4 "$kevctl" inject ipv4/collision address=nowhere; says address
exits 0 "$kevctl" stats; is '.events["ipv4/collision"] == 2'
# Every event fits the schema's idea of its members.
"$kevsub" -S >"$dir/events"
jq -e --slurpfile s "$top_builddir/protocol/kev-event.schema.json" '. as $e |
    ($s[0].allOf[] | select(.if.properties.topic.const == $e.topic) |
    .then.properties.data.propertyNames.enum) as $names |
    [$e.data | keys[] | select(. as $k | $names | index($k) | not)] == [] and
    ([$s[0].required[] | select(. as $k | $e | has($k) | not)] == [])' \
    "$dir/events" | sort -u >"$dir/fits"
[ "$(cat "$dir/fits")" = true ] || fail "not as the schema says"

# What cannot be written; also a line that is longer than stdio keeps.
exits 3 sh -c '"$1" ping >/dev/full' sh "$kevctl"; says "cannot write: No space left on device"
seq 101 160 | sed 's/.*/addr add 192.0.2.&\/24 dev v0/' | ip -batch - || fail "ip -batch"
until [ "$("$kevctl" state v0 | jq '.ipv4 | length')" = 61 ]; do :; done
exits 3 sh -c '"$1" state v0 >/dev/full' sh "$kevctl"; says "not all could be written"
stop_kevd

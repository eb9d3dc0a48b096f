#!/bin/sh
# A reader that does not read is told of its gap; others lose nothing.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
ip link add v0 type veth peer name v1
# Nothing happens but what we do.
ip link set v0 addrgenmode none
ip link set v1 addrgenmode none
ip link set v0 up
start_kevd --queue 65536
"$kevsub" -s '**' | sed '/"ifname":"mark1"/q' >"$dir/log" &
logger=$!
# It reads what its subscription is answered, then nothing.
mkfifo "$dir/slow"
printf '{"op":"subscribe","id":1,"topics":["**"],"snapshot":true}\n' |
    nc -N -U "$KEV_SOCKET" >"$dir/slow" &
pids="$pids $!"
exec 6<"$dir/slow"
read -r _ <&6
# Enough for its socket, its pipe and its queue.
i=0
while [ $i -lt 40 ]; do
	ip -batch - <<BATCH || fail "ip -batch"
$(n=0; while [ $n -lt 50 ]; do
	echo "addr add 10.$i.$n.1/32 dev v0"
	n=$((n + 1))
done)
BATCH
	i=$((i + 1))
	queued=$("$kevctl" stats | jq '[.clients[].queued] | max')
	[ "$queued" -lt 200000 ] || fail "$queued bytes are queued"
done
"$kevctl" stats | jq -e '[.clients[] | select(.lost > 0)] | length == 1' >/dev/null ||
    fail "$("$kevctl" stats | jq -c .clients)"
"$kevctl" inject interface/idle -i mark1 || fail inject
wait "$logger"
assert_count 0 '"kev/gap"'
assert_played
cp "$dir/log" "$dir/fast"

# Now it reads: what it had, the gap, the present, and what comes then.
sed '/"ifname":"mark2"/q' <&6 >"$dir/log" &
logger=$!
until grep -q kev/gap "$dir/log"; do kill -0 "$logger" || fail "it ended"; done
"$kevctl" inject interface/idle -i mark2 || fail inject
wait "$logger"
assert_count 1 '"kev/gap"'
grep kev/gap "$dir/log" >"$dir/gap"
jq -e '.data | .cause == "slow-reader" and .lost == .last - .first + 1 and
    .resynced' "$dir/gap" >/dev/null || fail "$(cat "$dir/gap")"
assert_count 2 '"kev/synced"'
assert_played
# Up to the gap nothing is missing.
sed '/"kev\/gap"/q' "$dir/log" | jq -s 'map(select(.topic and (.snapshot | not) and
    (.topic | startswith("kev/") | not)) | .seq) | . == [range(.[0]; .[0] + length)]' \
    | grep -qx true || fail "missing before the gap"
stop_kevd

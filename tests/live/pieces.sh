#!/bin/sh
# A large present is told in pieces: others go on, nobody's memory is taken for
# who does not read it, and it is that of its beginning.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
ip link add v0 type veth peer name v1
ip link set v0 addrgenmode none
ip link set v1 addrgenmode none
n=0
while [ $n -lt 6000 ]; do
	echo "addr add 10.0.$((n / 250)).$((n % 250))/32 dev v0"
	n=$((n + 1))
done | ip -batch - || fail "ip -batch"
start_kevd
# It reads what its subscription is answered, then nothing for now.
mkfifo "$dir/slow"
printf '{"op":"subscribe","id":1,"topics":["**"],"snapshot":true}\n' |
    nc -N -U "$KEV_SOCKET" >"$dir/slow" &
pids="$pids $!"
exec 6<"$dir/slow"
read -r _ <&6
# Others are answered, and it is owed no more than a few pieces.
"$kevctl" stats | jq -e '[.clients[].queued] | max < 400000' >/dev/null ||
    fail "$("$kevctl" stats | jq -c .clients)"
ip addr del 10.0.0.1/32 dev v0 || fail "ip"
ip addr del 10.0.23.249/32 dev v0 || fail "ip"
ip addr add 10.1.0.1/32 dev v0 || fail "ip"
until "$kevctl" state v0 | jq -e '.ipv4 | length == 5999 and
    any(.[]; .address == "10.1.0.1")' >/dev/null; do
	kill -0 "$kevd_pid" || fail "kevd ended: $(cat "$dir/err")"
done
"$kevctl" inject interface/idle -i mark1 || fail "inject"
# Now it reads: all that there was, then what happened, each once.
sed '/"ifname":"mark1"/q' <&6 >"$dir/log"
assert_count 6000 '"ipv4/address-add"' '"label":"v0"' '"snapshot":true'
assert_count 0 '"10.1.0.1"' '"snapshot":true'
assert_count 1 '"10.1.0.1"' '"ipv4/address-add"'
for gone in 10.0.0.1 10.0.23.249; do
	assert_count 1 "\"$gone\"" '"ipv4/address-add"'
	assert_count 1 "\"$gone\"" '"ipv4/address-remove"'
done
assert_count 1 '"kev/synced"'
sed '1,/"kev\/synced"/d' "$dir/log" | grep -q '"snapshot"' && fail "after it"
sed '/"kev\/synced"/q' "$dir/log" | grep -q 'remove' && fail "before it"
assert_played
stop_kevd

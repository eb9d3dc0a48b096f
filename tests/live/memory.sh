#!/bin/sh
# Memory runs out, and is there again: kevd is still there, says so, and then
# knows everything.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq prlimit
namespaces
[ -z "${KEV_WRAP:-}" ] || skip "what runs it takes memory, too"
ip link add v0 type veth peer name v1
ip link set v0 addrgenmode none
ip link set v1 addrgenmode none
start_kevd --queue 100000000
# It has what it has.
size=$(awk '/^VmSize:/ { print $2 * 1024 }' "/proc/$kevd_pid/status")
[ "$size" -lt 10000000000 ] || skip "this kevd reserves $size bytes"
"$kevsub" -s '**' 2>"$dir/lost" | sed '/"ifname":"mark1"/q' >"$dir/log" &
logger=$!
until "$kevctl" stats | jq -e '[.clients[].patterns[]] == ["**"]' >/dev/null; do
	kill -0 "$logger" || fail "kevsub"
done
prlimit --pid "$kevd_pid" --as="$size":unlimited || fail "prlimit"
# Several batches, because what there was at the start is used first.
i=0
until grep -q 'out of memory: not all can be known' "$dir/err"; do
	kill -0 "$kevd_pid" || fail "kevd ended: $(cat "$dir/err")"
	n=0
	while [ $n -lt 1000 ]; do
		echo "addr add 10.$i.$((n / 250)).$((n % 250))/32 dev v0"
		n=$((n + 1))
	done | ip -batch - || fail "ip -batch"
	i=$((i + 1))
done
# Nobody comes in; whoever is there goes on, or comes again if there was no memory
# even to tell him what he lost.
"$kevctl" ping >"$dir/late" &
late=$!
until grep -q 'accept: Cannot allocate memory' "$dir/err"; do
	kill -0 "$kevd_pid" || fail "kevd ended: $(cat "$dir/err")"
done
prlimit --pid "$kevd_pid" --as=unlimited || fail "prlimit"
wait "$late" || fail "kevctl"
jq -e .run "$dir/late" >/dev/null || fail "who waited was not served"
until [ "$("$kevctl" state v0 | jq '.ipv4 | length')" = $((i * 1000)) ]; do :; done
"$kevctl" inject interface/idle -i mark1 || fail inject
wait "$logger"
grep -q '"topic":"kev/gap"' "$dir/log" || {
	says 'out of memory: client'
	grep -q 'kevd has not kept them' "$dir/lost"
} || fail "no gap"
assert_played
stop_kevd

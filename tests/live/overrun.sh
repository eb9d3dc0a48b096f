#!/bin/sh
# 12,000 changes while kevd is stopped: one gap, and then the present.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
# Nothing happens but what we do.
ip link set v0 addrgenmode none
ip link set v1 addrgenmode none
ip link set v0 up
ip link set v1 up
# Small, because root may have a buffer that 12,000 changes don't fill. A reader
# who is slow because the machine is busy is not what this is about.
many=6000 buffer=1000000
# Less of both, because one run of so many is enough.
[ -z "${KEV_TEST_USER:-}" ] || many=1000 buffer=100000
start_kevd --rcvbuf $buffer --queue 100000000

# A shell reads too slowly for this: the log goes to a file, up to a mark.
"$kevsub" -s '**' | sed '/"ifname":"mark1"/q' >"$dir/log" &
logger=$!
mkfifo "$dir/first"
exec 6<>"$dir/first"
"$kevsub" --strict -s interface/attach >"$dir/first" 2>/dev/null &
watcher=$!
pids="$pids $watcher"
read -r _ <&6

i=0
while [ $i -lt $many ]; do
	echo "addr add 10.$((i / 250)).$((i % 250)).1/32 dev v0"
	echo "addr add 10.$((i / 250)).$((i % 250)).2/32 dev v1"
	i=$((i + 1))
done >"$dir/batch"
kill -STOP "$kevd_pid"
ip -batch "$dir/batch" || fail "ip -batch"
kill -CONT "$kevd_pid"
# It leaves when it is told of the gap.
wait "$watcher"
[ $? = 5 ] || fail "no gap"
"$kevctl" inject interface/idle -i mark1 || fail inject
wait "$logger"

assert_count 1 '"topic":"kev/gap"'
grep '"topic":"kev/gap"' "$dir/log" >"$dir/gap"
jq -e '.data.cause == "kernel-overrun" and .data.lost > 0 and
    .data.resynced' "$dir/gap" >/dev/null || fail "$(cat "$dir/gap")"
# The corrections come before it, and are as many as it says.
before=$(sed '/"topic":"kev\/gap"/q' "$dir/log" | grep -v '"snapshot":true' |
    grep -v '"topic":"kev/\|"topic":"network/changed"' |
    grep -c '"source":"resync"')
[ "$before" = "$(jq .data.corrections "$dir/gap")" ] ||
    fail "$before corrections, $(cat "$dir/gap")"
assert_played
[ "$("$kevctl" stats | jq '.sources.rtnetlink.overruns')" -ge 1 ] ||
    fail "not counted"
stop_kevd

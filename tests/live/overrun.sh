#!/bin/sh
# 12,000 changes while kevd is stopped: one gap, and then the present.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
# Small, because root may have a buffer that 12,000 changes don't fill.
start_kevd --rcvbuf 1000000
start_log

i=0
while [ $i -lt 6000 ]; do
	echo "addr add 10.$((i / 250)).$((i % 250)).1/32 dev v0"
	echo "addr add 10.$((i / 250)).$((i % 250)).2/32 dev v1"
	i=$((i + 1))
done >"$dir/batch"
kill -STOP "$kevd_pid"
ip -batch "$dir/batch" || fail "ip -batch"
kill -CONT "$kevd_pid"
expect '"topic":"kev/gap"'
printf '%s\n' "$line" | jq -e '.data.cause == "kernel-overrun" and
    .data.lost > 0 and .data.resynced and .data.corrections > 0' >/dev/null ||
    fail "$line"
# The corrections are what came with the gap: before it, as of a resync.
assert_same
assert_count 1 '"topic":"kev/gap"'
[ "$(grep -c '"source":"resync"' "$dir/log")" -gt \
    "$(printf '%s\n' "$line" | jq '.data.corrections // 0')" ] ||
    fail "corrections"
[ "$("$kevctl" stats | jq '.sources.rtnetlink.overruns')" -ge 1 ] ||
    fail "not counted"
stop_kevd

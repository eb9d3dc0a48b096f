#!/bin/sh
# --resync: everything is read again and again, and nobody hears of it.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
start_kevd --resync 1
# A shell reads too slowly for this.
"$kevsub" -s '**' | sed '/"ifname":"mark1"/q' >"$dir/log" &
logger=$!
until "$kevctl" stats | jq -e '[.clients[].patterns[]] == ["**"]' >/dev/null; do
	kill -0 "$logger" || fail "kevsub"
done
resyncs() { "$kevctl" stats | jq '.sources.rtnetlink.resyncs'; }
until [ "$(resyncs)" -ge 2 ]; do :; done
# Also while much happens, before, after and in between.
batch() {
	n=0
	while [ $n -lt 200 ]; do
		echo "addr $1 10.1.$n.1/32 dev v0"
		n=$((n + 1))
	done | ip -batch - || fail "ip -batch"
}
until [ "$(resyncs)" -ge 4 ]; do
	batch add
	batch del
done
"$kevctl" inject interface/idle -i mark1 || fail inject
wait "$logger"
assert_played
assert_count 0 '"source":"resync"' '"topic":"ipv4'
assert_count 0 '"topic":"kev/gap"'
stop_kevd
# Without it only after a loss.
start_kevd
[ "$(resyncs)" = 0 ] || fail "read again for nothing"
stop_kevd

#!/bin/sh
# Every request and every error, over the bare socket; it goes on after each.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
ip link add v0 type veth peer name v1
start_kevd

# Sends lines, ends its input, and has the answers: the connection is closed
# when the last one was given, since nothing is subscribed.
talk() { timeout 20 nc -N -U "$KEV_SOCKET" >"$dir/answers"; }
# answer N FILTER: line N is as jq says.
answer() {
	sed -n "${1}p" "$dir/answers" >"$dir/line"
	jq -e "$2" "$dir/line" >/dev/null || fail "not $2: $(cat "$dir/line")"
}
error() {
	answer "$1" ".reply == $2 and (.ok | not) and .error.code == \"$3\" and
	    (.error.message | contains(\"${4:-}\"))"
}

long=$(printf '%070000d' 0)
{
	echo 'not JSON'
	echo '{"op":"fly","id":2}'
	echo '{"op":"ping","id":{}}'
	echo '{"op":"subscribe","id":"4"}'
	echo '{"op":"subscribe","id":5,"topics":["ipv6"]}'
	echo '{"op":"subscribe","id":6,"topics":["ipv6/nothing"]}'
	echo "{\"op\":\"ping\",\"id\":\"$long\"}"
	echo ''
	printf ' \r\n'
	echo '{"op":"subscribe","id":8,"topics":["**"],"after":"nonsense"}'
	echo '{"op":"inject","topic":"kev/gap"}'
	echo '{"op":"inject","id":10,"topic":"ipv4/collision","data":{"mac":1}}'
	jq -nc '{op: "subscribe", id: 11, topics: ([range(257)] | map("*/*"))}'
	printf '{"op":"ping","id":12}\r\n'
	echo '{"op":"state","id":13,"ifname":["v?"]}'
	echo '{"op":"topics","id":14}'
	echo '{"op":"stats","id":15}'
	echo '{"op":"unsubscribe","id":16}'
	# Without an id only an error would be answered.
	echo '{"op":"inject","topic":"ipv4/collision","ifname":"v0"}'
	# The last line needs no newline.
	printf '{"op":"ping","id":"last"}'
} | talk || fail "the connection did not end"
error 1 null bad-json
error 2 2 bad-request fly
error 3 null bad-request id
error 4 '"4"' bad-request topics
error 5 5 bad-pattern ipv6
error 6 6 unknown-topic ipv6/nothing
error 7 null too-long 65536
error 8 8 bad-request after
error 9 null denied kev/gap
error 10 10 bad-request mac
error 11 11 too-many topics
answer 12 '.reply == 12 and .ok and .protocol == 1 and (.run | length) > 0 and
    (.seq | type) == "number" and (.version | length) > 0'
answer 13 '.ok and ([.interfaces[].ifname] | sort) == ["v0", "v1"] and
    .interfaces[0].ifindex < .interfaces[1].ifindex'
answer 14 '(.topics | length) == 40 and
    ([.topics[] | select(.topic == "ipv6/duplicate")][0] |
    .lasting and .native and (.fields | index("address")) != null) and
    ([.topics[] | select(.topic == "interface/idle")][0].native | not)'
answer 15 '.uptime >= 0 and .rss > 0 and .sources.rtnetlink.available and
    .sources.rtnetlink.malformed == 0 and .events["interface/attach"] == 3 and
    (.clients | length) == 1 and .clients[0].uid == 0 and .history.events > 0 and
    (.clients[0] | keys) == ["lost", "patterns", "pid", "queued", "sent", "uid"] and
    (.sources.rtnetlink | keys) == ["available", "decoded", "ignored", "malformed",
    "overruns", "reason", "received", "resyncs"] and .history.bytes > 0 and
    (.history.oldest | endswith("-1")) and
    (.history.oldest_time | test("^20[0-9-]{8}T[0-9:.]{15}Z$"))'
answer 16 '.ok'
answer 17 '.reply == "last"'
[ "$(wc -l <"$dir/answers")" = 17 ] || fail "$(cat "$dir/answers")"

# A bad subscribe leaves the old one; a good one replaces it; in part, all off.
{
	echo '{"op":"subscribe","id":1,"topics":["ipv4/*","ipv6/duplicate"]}'
	echo '{"op":"subscribe","id":2,"topics":["ipv6/*","ipv4"]}'
	echo '{"op":"inject","topic":"ipv4/collision"}'
	echo '{"op":"unsubscribe","id":3,"topics":["ipv4/*"]}'
	echo '{"op":"inject","topic":"ipv4/collision"}'
	echo '{"op":"inject","topic":"ipv6/duplicate"}'
	echo '{"op":"subscribe","id":4,"topics":["network/#"],"ifname":["w*"]}'
	echo '{"op":"inject","topic":"ipv6/duplicate"}'
	echo '{"op":"inject","topic":"network/changed","data":{"interfaces":["v0"]}}'
	echo '{"op":"inject","topic":"network/changed","data":{"interfaces":["v0","w0"]}}'
	echo '{"op":"unsubscribe","id":5}'
	echo '{"op":"inject","topic":"network/changed","data":{"interfaces":["w0"]}}'
	echo '{"op":"ping","id":6}'
} | talk || fail "the connection did not end"
jq -r '.topic // .reply' "$dir/answers" | xargs >"$dir/got"
[ "$(cat "$dir/got")" = "1 2 ipv4/collision 3 ipv6/duplicate 4 network/changed 5 6" ] ||
    fail "$(cat "$dir/got")"

# What is left of a subscription is what stats tells of it.
{
	echo '{"op":"subscribe","id":1,"topics":["nd6/router-*"]}'
	echo '{"op":"stats","id":2}'
	echo '{"op":"unsubscribe","topics":["nd6/router-a*","nd6/router-r*"]}'
	echo '{"op":"stats","id":4}'
	echo '{"op":"unsubscribe"}'
} | talk || fail "the connection did not end"
answer 2 '.clients[0].patterns == ["nd6/router-*"]'
answer 4 '.clients[0].patterns == ["nd6/router-expired", "nd6/router-failure"]'

# match: globs, numbers and booleans by their text, lists by an element.
{
	echo '{"op":"subscribe","id":1,"topics":["interface/attach"],"match":{"mtu":1500,"carrier":false,"flags":"multi*"},"snapshot":true}'
	echo '{"op":"subscribe","id":2,"topics":["interface/attach"],"match":{"mtu":"65*"},"snapshot":true}'
	echo '{"op":"subscribe","id":3,"topics":["interface/attach"],"match":{"nothing":"*"},"snapshot":true}'
	echo '{"op":"unsubscribe"}'
} | talk || fail "the connection did not end"
jq -r 'if .reply then .reply else .ifname // .topic end' "$dir/answers" | xargs >"$dir/got"
[ "$(cat "$dir/got")" = "1 v1 v0 kev/synced 2 lo kev/synced 3 kev/synced null" ] ||
    fail "$(cat "$dir/got")"

# after: what came since, once; or a snapshot when that is not known.
run=$("$kevctl" ping | jq -r .run) seq=$("$kevctl" ping | jq -r .seq)
{
	echo '{"op":"inject","topic":"ipv4/collision","ifname":"x1"}'
	echo '{"op":"inject","topic":"ipv4/collision","ifname":"x2"}'
	echo "{\"op\":\"subscribe\",\"id\":1,\"topics\":[\"ipv4/*\"],\"after\":\"$run-$seq\"}"
	echo "{\"op\":\"subscribe\",\"id\":2,\"topics\":[\"ipv4/*\"],\"after\":\"$run-$((seq + 1))\"}"
	echo "{\"op\":\"subscribe\",\"id\":3,\"topics\":[\"interface/attach\"],\"after\":\"$run-$((seq + 99))\"}"
	echo "{\"op\":\"subscribe\",\"id\":4,\"topics\":[\"interface/attach\"],\"after\":\"abc-1\"}"
	echo "{\"op\":\"subscribe\",\"id\":5,\"topics\":[\"interface/attach\"],\"after\":\"$run-0\"}"
	echo '{"op":"unsubscribe"}'
} | talk
jq -r 'if .reply then "\(.reply) \(.complete)" else .ifname // .topic end' \
    "$dir/answers" | xargs >"$dir/got"
[ "$(cat "$dir/got")" = "1 true x1 x2 2 true x2 3 false lo v1 v0 kev/synced 4 false lo v1 v0 kev/synced 5 true lo v1 v0 null" ] ||
    fail "$(cat "$dir/got")"

# An inject carries all that it was given, and the index where there is one.
"$kevsub" -c 1 ipv4/collision >"$dir/event" &
waiter=$!
until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("ipv4/collision")' >/dev/null; do :; done
"$kevctl" inject ipv4/collision -i v0 address=192.0.2.1 lladdr=02:00:5e:00:53:01 count=3 ||
    fail "inject"
wait "$waiter" || fail "kevsub"
jq -e '.source == "inject" and .ifname == "v0" and .ifindex > 1 and .data ==
    {address: "192.0.2.1", lladdr: "02:00:5e:00:53:01", count: 3}' "$dir/event" >/dev/null ||
    fail "$(cat "$dir/event")"
# What this system cannot tell is what kev(7) says that it cannot, with why; a
# source that is off is another matter.
sed -n '/^On Linux all of them/,/^\.El/s/^\.It Li //p' "$top_builddir/protocol/kev.7" |
    tr -s ' ,' '\n' | grep / | sort >"$dir/missing"
"$kevctl" topics | jq -r 'select(.native | not).topic' |
    grep -v ipv4/port-in-use | sort | diff "$dir/missing" - ||
    fail "not as in kev(7)"
stop_kevd

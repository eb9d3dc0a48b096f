#!/bin/sh
# kevd --record and --play: what was published live is published again, by the
# same decoding and the same state, each time.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nsenter busybox
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
start_other
ip link set v1 netns "$other"
$there ip link set v1 address 02:00:5e:00:53:99
$there ip link set v1 up
extra=
own_run && extra="--netns all"

# events FILE: what must be the same: all but who says it, which run it was, and
# what only one reader is told. What holds at the start was never published.
events() {
	jq -cS 'select(.snapshot | not) | select(.topic != "kev/synced" and
	    (.ifname // "" | startswith("mark") | not)) |
	    del(.source, .id, .seq)' "$1"
}
# All that was published, from the first dump on.
all_events() {
	n=$("$kevctl" stats | jq '[.events | to_entries[] |
	    select(.key | startswith("kev/") | not) | .value] | add')
	"$kevsub" -n all --after "$("$kevctl" ping | jq -r .run)-0" -c "$n" '**' 2>"$dir/gaps"
}
# play FILE: at once and to its end; the events are in $dir/log then.
play() {
	rm -f "$dir/lines"
	start_kevd --play "$1" --play-speed 0 --history 100000000
	until grep -q ': played to its end' "$dir/err"; do
		kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
	done
	"$kevctl" inject interface/idle -i mark1 || fail inject
}

# The buffer is small, so that something is lost.
# shellcheck disable=SC2086 # two words or none
start_kevd $extra -v --rcvbuf 20000 --record "$dir/recording" --history 100000000
start_log
ip addr add 192.0.2.1/24 dev v0
expect_event ipv4/address-ready v0
# A default router, a name, a link that goes and comes, an interface that ends.
ip route add default via 192.0.2.254
ip link set v0 mtu 1400
ip link add b0 type bridge
ip link set b0 name b1
ip link add b2 type bridge
ip addr add 192.0.2.65/28 dev b1
ip addr change 192.0.2.65/28 dev b1 broadcast +
ip addr del 192.0.2.65/28 dev b1
ip link del b1
expect_event interface/detach b1
# That may have come before.
grep -q '"ipv6/address-ready".*"ifname":"v0"' "$dir/log" ||
    expect_event ipv6/address-ready v0
# A collision, and an address that another host has.
send "ffffffffffff 02005e005399 0806 0001 0800 0604 0002 02005e005399 c0000201
    ffffffffffff c0000201" 3
expect_event ipv4/collision v0
expect_event ipv4/collision v0 '"count":2'
$there ip addr add 2001:db8::1/64 dev v1 nodad
ip addr add 2001:db8::1/64 dev v0
expect_event ipv6/duplicate v0
# A router that says so, and does not any more.
echo 2 >/proc/sys/net/ipv6/conf/v0/accept_ra
send "$(router 1 1800)"
expect_event nd6/router-add v0
send "$(router 1 1)"
expect_event nd6/router-expired v0
if [ -n "$extra" ]; then
	ip netns add red
	ip -n red link set lo up
	expect '"ipv6/address-ready"*"netns":"red"'
	ip netns del red
	expect '"interface/detach"*"netns":"red"'
	ip netns add red
	ip -n red link add r0 type bridge
	expect '"interface/attach"*"ifname":"r0"'
fi
kill -STOP "$kevd_pid"
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	echo "addr add 10.0.$((i / 250)).$((i % 250))/32 dev b2"
done | ip -batch - || fail "ip -batch"
kill -CONT "$kevd_pid"
expect '"kev/gap"*"kernel-overrun"'
catch_up
all_events >"$dir/live"
"$kevctl" -n all state | jq -cS 'del(.. | .valid_lft?, .preferred_lft?, .lifetime?)' >"$dir/live.state"
"$kevctl" stats | jq -e --arg f "$dir/recording" '.record | .file == $f and
    .messages > 300 and .bytes > 10000 and .error == null' >/dev/null ||
    fail "$("$kevctl" stats | jq .record)"
# Nobody else's recording is emptied.
"$kevd" -u "$dir/other" --record "$dir/recording" 2>"$dir/refused" &&
    fail "two record to one file"
grep -q "another kevd records to it" "$dir/refused" ||
    fail "$(cat "$dir/refused")"
stop_kevd
[ "$(stat -c %a "$dir/recording")" = 600 ] || fail "not only for its owner"
events "$dir/live" >"$dir/live.events"
[ "$(wc -l <"$dir/live.events")" -gt 600 ] || fail "few events"
for source in timer rtnetlink ethtool arp ndp; do
	grep -q "^{\"source\":\"$source\"" "$dir/recording" || fail "nothing of $source"
done

# Each message is shown, too, whoever it came from.
for shown in 'rtnetlink: newaddr: address of interface' \
    'rtnetlink: newroute: router of interface .*"inet6"' \
    'ethtool: link modes of interface' 'arp: claim of interface .*192.0.2.1' \
    'ndp: router advertisement of interface .*"lifetime":1800'; do
	grep -q "$shown.*: [0-9a-f]\{30,\}\$" "$dir/err" || fail "not shown: $shown"
done
for time in first second; do
	play "$dir/recording"
	all_events >"$dir/played"
	events "$dir/played" >"$dir/$time.events"
	diff "$dir/live.events" "$dir/$time.events" >"$dir/diff" ||
	    fail "played otherwise: $(head -c 2000 "$dir/diff")"
	[ "$(jq -r 'select(.topic != "interface/idle") | .source' "$dir/played" | sort -u)" = play ] || fail "not by play"
	"$kevctl" -n all state | jq -cS 'del(.. | .valid_lft?, .preferred_lft?, .lifetime?)' >"$dir/state"
	diff "$dir/live.state" "$dir/state" >"$dir/diff" ||
	    fail "another state: $(head -c 2000 "$dir/diff")"
	stop_kevd
done

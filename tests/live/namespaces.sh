#!/bin/sh
# kevd --netns: other network namespaces, named or known by a number, as they
# come and go; each with a state, sources and losses of its own.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nsenter mount prlimit readlink
namespaces
own_run || skip "no /run of our own"
ip netns add red || skip "ip netns"
ip -n red link add r0 type bridge
ip -n red addr add 192.0.2.1/24 dev r0

# same_in NAME: what kevd and ip have of it is the same, at last.
same_in() {
	until
		catch_up
		ip="ip -n $1" kernel >"$dir/kernel"
		"$kevctl" -n "$1" state >"$dir/state" || fail "kevctl state"
		[ -s "$dir/state" ] || fail "nothing of $1"
		jq -e --arg n "$1" '.netns == $n' "$dir/state" >/dev/null ||
		    fail "not of $1: $(cat "$dir/state")"
		jq -cS -f "$top_srcdir/tests/live/state.jq" "$dir/state" \
		    >"$dir/state.as-ip"
		diff "$dir/state.as-ip" "$dir/kernel" >"$dir/diff"
	do
		say "not yet: $(cat "$dir/diff")"
		expect "\"network/changed\"*\"netns\":\"$1\""
	done
}
# add_many NAME LENGTH IFNAME: more than fits into a buffer that is not read.
add_many() {
	i=0
	while [ $i -lt 40 ]; do
		i=$((i + 1))
		echo "addr add 198.51.100.$((i + 100))/$2 dev $3"
	done | ip -n "$1" -batch - || fail "ip -batch"
}
# The names of those that there are now.
names() { "$kevctl" state | jq -r '.netns // "own"' | uniq | xargs; }

exits 2 "$kevd" --netns a/b
says "--netns a/b: is no name of a namespace"
exits 2 "$kevd" --netns ""

# What is there from the start is in the first snapshot.
start_kevd --netns all --rcvbuf 4096
start_log '**'
[ "$(names)" = "own red" ] || fail "$(names)"
same_in red
"$kevctl" stats | jq -e '.netns.red | .rtnetlink.available and .arp.available
    and .ndp.available' >/dev/null || fail "$("$kevctl" stats)"
"$kevctl" stats --prometheus | grep -q \
    '^kev_source_available{source="arp",netns="red"} 1' || fail "prometheus"

# One that comes later is found; who didn't ask for it hears nothing of it.
"$kevsub" -t 60 interface/attach interface/rename >"$dir/own" &
pids="$pids $!"
"$kevsub" -t 60 -n 'gr*' -c 1 ipv4/address-ready >"$dir/green" &
green=$!
"$kevsub" -q -n green -W -t 60 -o text -i v1 ipv4/address-ready >"$dir/text" &
waiter=$!
until [ "$("$kevctl" stats | jq '.clients | length')" -ge 5 ]; do :; done
mark_log
ip netns add green
expect '"interface/attach"*"ifname":"lo"*"netns":"green","source":"resync"'
ip link add v0 type veth peer name v1
ip link set v1 netns green
expect '"interface/attach"*"ifname":"v1"*"netns":"green","source":"rtnetlink"'
ip -n green link set v1 up
ip link set v0 up
ip -n green addr add 198.51.100.2/24 dev v1
ip -n green route add default via 198.51.100.1
expect '"network/changed"*"netns":"green"*"interfaces":\["v1"\]'
same_in green
"$kevctl" stats | jq -e '[.flaps[] | {ifname, netns, up, down}] |
    index({ifname: "v1", netns: "green", up: 1, down: 0})' >/dev/null ||
    fail "$("$kevctl" stats)"
"$kevctl" stats --prometheus | grep -qFx \
    'kev_link_changes_total{ifname="v1",netns="green",to="up"} 1' || fail "prometheus"
wait "$green" || fail "kevsub -n 'gr*'"
wait "$waiter" || fail "kevsub -n green"
grep -q ' green:v1 .*198.51.100.2/24' "$dir/text" || fail "$(cat "$dir/text")"
jq -e '.netns == "green" and .data.address == "198.51.100.2"' "$dir/green" \
    >/dev/null || fail "$(cat "$dir/green")"
jq -e 'select(.netns != null)' "$dir/own" && fail "of others: $(cat "$dir/own")"
[ "$("$kevsub" -S -n all interface/attach | jq -r '.netns // "own"' | sort -u |
    xargs)" = "green own red" ] || fail "-n all"
[ "$("$kevctl" -n all state | jq -r '.netns // "own"' | sort -u | xargs)" = \
    "green own red" ] || fail "kevctl -n all"
[ "$("$kevsub" -S -n red -i r0 'interface/*' -x sh -c 'echo "$KEV_NETNS"' | sort -u)" = \
    red ] || fail "KEV_NETNS"
assert_same

# What is lost there is told as lost there, and repaired.
kill -STOP "$kevd_pid"
add_many green 24 v1
kill -CONT "$kevd_pid"
expect '"kev/gap"*"netns":"green"*"kernel-overrun"'
assert_count 1 '"kev/gap"'
same_in green

# So is what can't be repaired, because it is all gone.
ip netns add brown
ip -n brown link set lo up
expect '"ipv6/address-ready"*"ifname":"lo"*"netns":"brown"'
kill -STOP "$kevd_pid"
add_many brown 32 lo
ip netns del brown
kill -CONT "$kevd_pid"
expect '"kev/gap"*"netns":"brown"*"kernel-overrun"'

# valgrind has no pidfd_open(2).
nameless() {
	# One that has no name is called by its number, as long as somebody is in it;
	# whatever something else that is mounted says it is.
	start_other
	mkdir /run/other
	mount -t tmpfs "$(readlink "/proc/$other/ns/net")" /run/other || fail mount
	ip link add w0 type veth peer name w1
	ip link set w1 netns "$other"
	id=$(ip netns list-id | sed -n '/netns name/!s/nsid \([0-9]*\).*/\1/p')
	expect "\"interface/attach\"*\"ifname\":\"w1\"*\"netns\":\"$id\""
	mkfifo "$dir/hold2"
	nsenter -t "$other" -n sh -c "echo ready; read -r _ <'$dir/hold2'" >"$dir/second" &
	second=$!
	until [ -s "$dir/second" ]; do :; done
	end_other
	# The next one is told, and it was not gone between.
	nsenter -t "$second" -n ip link set w1 up
	expect "\"interface/change\"*\"ifname\":\"w1\"*\"netns\":\"$id\""
	assert_count 0 '"interface/detach"' '"ifname":"w1"' "\"netns\":\"$id\""
	echo >"$dir/hold2"
	wait "$second"
	expect "\"interface/detach\"*\"ifname\":\"w1\"*\"netns\":\"$id\",\"source\":\"resync\""
	# It was not kept alive by us: the other end goes with it.
	expect_event interface/detach w0
}
[ -n "${KEV_WRAP:-}" ] || nameless

# A name that goes; what was in there before, when nobody read it, is told.
slept() { awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$1/status"; }
finder=$(cat "/proc/$kevd_pid/task/$kevd_pid/children")
finder=${finder% }
kill -STOP "$kevd_pid"
ip -n green addr add 198.51.100.77/32 dev v1
before=$(slept "$finder")
ip netns del green
until [ "$(slept "$finder")" -gt "$before" ]; do :; done
kill -CONT "$kevd_pid"
expect '"ipv4/address-add"*"ifname":"v1"*"netns":"green"*198.51.100.77'
expect '"ipv4/address-remove"*"ifname":"v1"*"netns":"green"'
expect '"interface/detach"*"ifname":"v1"*"netns":"green"'
expect '"network/changed"*"netns":"green"*"interfaces":\["v1"\]'
expect_event interface/detach v0
[ "$(names)" = "own red" ] || fail "$(names)"
assert_same

# Nor does valgrind get along with a limit for its descriptors.
few_files() {
	# Nobody is gone because he who looks has no descriptors for that now.
	prlimit --pid "$finder" --nofile=3:
	before=$(slept "$finder")
	ip netns add brown
	until [ "$(slept "$finder")" -gt "$before" ]; do :; done
	[ "$(names)" = "own red" ] || fail "$(names)"
	prlimit --pid "$finder" --nofile=1024:
	expect '"interface/attach"*"ifname":"lo"*"netns":"brown"'
	assert_count 0 '"interface/detach"' '"netns":"red"'
	ip netns del brown
	expect '"interface/detach"*"ifname":"lo"*"netns":"brown"'

	# Nor is one for ever unknown because kevd has none at the time; where we may
	# limit it, which is another user's perhaps.
	ip netns add brown
	expect '"interface/attach"*"ifname":"lo"*"netns":"brown"'
	if prlimit --pid "$kevd_pid" --nofile=3:; then
		ip netns add pink
		until grep -q "namespace pink: rtnetlink: not available" "$dir/err"; do :; done
		prlimit --pid "$kevd_pid" --nofile=1024:
		ip netns del brown
		expect '"interface/attach"*"ifname":"lo"*"netns":"pink"'
		ip netns del pink
	fi
}
[ -n "${KEV_WRAP:-}" ] || few_files

# Without who finds them, those that are known are watched all the same.
kill -KILL "$(cat "/proc/$kevd_pid/task/$kevd_pid/children")"
until grep -q "finds namespaces is gone" "$dir/err"; do :; done
ip -n red addr add 192.0.2.2/24 dev r0
expect '"ipv4/address-ready"*"ifname":"r0"*"netns":"red"*192.0.2.2'
same_in red
stop_kevd
exec 5<&-

# Only those that were named, also when they come later.
rm "$dir/lines"
start_kevd --netns blue --netns white
start_log '**'
ip netns add green
ip netns add blue
expect '"interface/attach"*"ifname":"lo"*"netns":"blue"'
[ "$(names)" = "own blue" ] || fail "$(names)"
# The end does not wait for who is stopped.
finder=$(cat "/proc/$kevd_pid/task/$kevd_pid/children")
finder=${finder% }
kill -STOP "$finder"
stop_kevd
kill -CONT "$finder"

# Where it may not enter it says so, and everything else works.
command -v setpriv >/dev/null || exit 0
printf '#!/bin/sh\nexec setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$@"\n' \
    >"$dir/less"
chmod +x "$dir/less"
KEV_WRAP="$dir/less ${KEV_WRAP:-}" start_kevd --netns red
grep -q "namespace red: rtnetlink: not available: .*CAP_SYS_ADMIN" "$dir/err" ||
    fail "$(cat "$dir/err")"
"$kevctl" stats | jq -e '(.netns.red.rtnetlink | (.available | not) and
    (.reason | contains("CAP_SYS_ADMIN"))) and .sources.rtnetlink.available' \
    >/dev/null || fail "$("$kevctl" stats)"
[ "$(names)" = own ] || fail "$(names)"
stop_kevd

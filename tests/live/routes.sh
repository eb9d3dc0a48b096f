#!/bin/sh
# Default routes made and taken away at random, of both families and all kinds,
# with next hop objects or without: once it is quiet the routers are those that
# ip-route(8) shows. KEV_ROUTES: rounds; KEV_SEED: the first one again.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq awk
namespaces
ip link add v0 type veth peer name v1
ip link add w0 type veth peer name w1
for i in v0 v1 w0 w1; do ip link set "$i" up; done
ip addr add 192.0.2.1/24 dev v0
ip addr add 198.51.100.1/24 dev w0
mode=/proc/sys/net/ipv4/nexthop_compat_mode
ip nexthop add id 1 via 192.0.2.20 dev v0 2>/dev/null && [ -w $mode ] ||
    skip "this kernel has no next hop objects"
start_kevd
start_log

# A few lines of ip -batch, by a number.
changes() {
	awk -v seed="$1" '
	function one(list, n) {
		n = split(list, words, "|")
		return words[1 + int(rand() * n)]
	}
	function hop() {
		if (six)
			return "via " one("fe80::2|fe80::3") " dev " one("v0|w0")
		return one("via 192.0.2.20 dev v0|via 192.0.2.21 dev v0|" \
		    "via 198.51.100.20 dev w0|dev v0")
	}
	function route() {
		verb = one("add|append|prepend|replace|change|del|add|append|del")
		rest = one("metric 10|metric 11") " " one("||proto static|" \
		    "table 100|" (six ? "from 2001:db8:1::/56|" \
		    "from 2001:db8:2::/56" : "tos 0x10|src 192.0.2.1"))
		kind = rand()
		if (kind < 0.12)
			return verb " " one("blackhole|unreachable|prohibit") \
			    " " all one("|| nhid 1| nhid 2") \
			    " " one("metric 10|metric 11")
		if (kind < 0.25)
			return verb " " all " " rest " nexthop " hop() \
			    " nexthop " hop()
		if (kind < 0.45) {
			# Between the hops of another one of its metric the kernel
			# has it, and does not tell it (fib6_dump_node
			# goes on after the last of these).
			if (six)
				sub("metric 1", "metric 2", rest)
			return verb " " all " nhid " one("1|2|3|4|9") " " rest
		}
		return verb " " all " " hop() " " rest
	}
	function object() {
		six = rand() < 0.5
		return one("add id |replace id ") one("1|2|3|4") " " hop()
	}
	BEGIN {
		srand(seed)
		for (n = 1 + int(rand() * 5); n > 0; n--) {
			six = rand() < 0.5
			all = six ? "::/0" : "0.0.0.0/0"
			kind = rand()
			if (kind < 0.7)
				print "route " route()
			else if (kind < 0.8)
				print "nexthop " object()
			else if (kind < 0.85)
				print "nexthop " one("del id 1|del id 2|del id 3|" \
				    "replace id 1 blackhole|" \
				    "replace id 2 blackhole|replace id 3 blackhole")
			else if (kind < 0.9)
				print "nexthop " one("replace id 9 group 1/2|" \
				    "replace id 9 group 3/4|del id 9")
			else if (kind < 0.96)
				print "link set " one("v0|v1|w1") " " \
				    one("down|up|up")
			else
				print "addr " one("del|add|add") \
				    " 192.0.2.1/24 dev v0"
		}
	}'
}

# Who made those that are one router is not compared: the first may be either.
routers() {
	jq -c '.ifname as $dev | .routers[] |
	    [$dev, .family, .gateway, .metric, .table]' "$1" | sort
}
is_same_routers() {
	catch_up
	is_played || return
	# Only so it says what is in the objects.
	was=$(cat $mode)
	echo 1 >$mode
	kernel >"$dir/kernel" || fail "what ip says"
	echo "$was" >$mode
	routers "$dir/kernel" >"$dir/wanted"
	routers "$dir/state" >"$dir/got"
	cmp -s "$dir/got" "$dir/wanted"
}

seed=${KEV_SEED:-$(date +%s)}
say "rounds from $seed on"
end=$((seed + ${KEV_ROUTES:-40}))
most=0
while [ "$seed" -lt $end ]; do
	changes "$seed" >"$dir/batch"
	echo $((seed / 7 % 2)) >$mode
	ip -force -batch "$dir/batch" 2>/dev/null
	while :; do
		is_same_routers
		case $? in
		0) break ;;
		2) continue ;;
		esac
		say "round $seed, not yet: $(diff "$dir/got" "$dir/wanted")"
		expect '"topic":"network/changed"'
	done
	n=$(wc -l <"$dir/wanted")
	[ "$n" -le "$most" ] || most=$n
	seed=$((seed + 1))
done
[ "$most" -gt 3 ] || fail "there were $most routers at most"
stop_kevd

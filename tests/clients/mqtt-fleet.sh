#!/bin/sh
# Many hosts: each line that contrib/fleet.md has for all of them tells what the
# one beside it does for one; with two hosts, which hear the same kevd.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin
PATH=$tools:$PATH
start_kevd
broker "listener $port" "allow_anonymous true"
listen
ip link add eth0 type bridge
for host in a b; do
	queue=$dir/queue.$host
	bridge
	wait_for "0 kev/$host/state/interface/eth0 {" "$dir/got"
done
# Runs once a subscriber of that name is there.
subscribed() {
	until grep -q "Sending SUBACK to $1\$" "$dir/broker"; do
		kill -0 "$mosquitto" || fail "$(cat "$dir/broker")"
	done
}
# The host is taken away, and has to be one of both.
hosts() { jq -c 'select(.host == ("a", "b")) | del(.host)' "$1"; }

sed -n 's/^| `\(kev[a-z]* *.*\)` | `\(mosquitto_sub .*\)` |$/\1|\2/p' "$top_srcdir/contrib/fleet.md" >"$dir/table"
[ "$(wc -l <"$dir/table")" = 9 ] || fail "$(cat "$dir/table")"
n=0 told=0
while IFS='|' read -r one all; do
	n=$((n + 1))
	all=$(printf '%s' "$all" | sed "s/ -i NAME\$/ -i look$n/")
	one=$(printf '%s' "$one" | sed "s|FILE|$dir/cursor|")
	case $one in
	kevsub*)
		case $all in
		*" -i "*) ;;
		*) all="$all -i look$n" ;;
		esac
		sh -c "exec $all -C 2 -W 30" >"$dir/all" &
		looker=$!
		sh -c "exec $one -c 1 -t 30 -o json" >"$dir/one" &
		single=$!
		subscribed "look$n"
		until "$kevctl" stats | jq -e "[.clients[] | select(.pid == $single).patterns[]] | length > 0" >/dev/null; do
			kill -0 "$single" || break
		done
		told=$((told + 1))
		for topic in ipv4/collision ipv6/duplicate ipv4/router-failure; do
			"$kevctl" inject "$topic" -i eth0 || fail inject
			# Both hosts have said it before either says the next.
			until [ "$(grep -c " kev/[ab]/event/$topic/" "$dir/got")" = $((2 * told)) ]; do
				kill -0 "$mosquitto" || fail "$(cat "$dir/broker")"
			done
		done
		wait "$looker" || fail "$all ends with $?"
		wait "$single" || fail "$one ends with $?"
		hosts "$dir/all" | sort >"$dir/all.same"
		cat "$dir/one" "$dir/one" | jq -c . | sort | cmp - "$dir/all.same" ||
		    fail "$all: $(cat "$dir/all" "$dir/one")"
		[ "$(jq -r .host "$dir/all" | sort | xargs)" = "a b" ] || fail "$all: $(cat "$dir/all")"
		;;
	kevctl*state*)
		sh -c "$all" >"$dir/all"
		sh -c "$one" >"$dir/one"
		cat "$dir/one" "$dir/one" | jq -cS "$plain" | sort >"$dir/one.twice"
		jq -cS "$plain" "$dir/all" | sort | cmp - "$dir/one.twice" || fail "$all: $(cat "$dir/all")"
		;;
	*)
		run=$(sh -c "$one" | jq -r .run)
		sh -c "$all" | jq -r 'select(.status == "online") | "\(.host) \(.run)"' | sort | xargs >"$dir/all"
		[ "$(cat "$dir/all")" = "a $run b $run" ] || fail "$all: $(cat "$dir/all")"
		;;
	esac
done <"$dir/table"
[ $n = 9 ] || fail "$n of them"

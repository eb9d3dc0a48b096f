#!/bin/sh
# kevsub --since: the history from a time on, then what happens; what it does
# not reach back to is told.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
start_kevd
inject() { "$kevctl" inject ipv4/collision "count=$1" || fail inject; }
numbers() { jq -r 'select(.topic == "ipv4/collision").data.count' "$dir/out" | xargs; }
prints() { [ "$(numbers)" = "$1" ] || fail "$(cat "$dir/out"), not $1"; }
topics() { jq -r .topic "$dir/out" | sort -u | xargs; }
silent() { [ ! -s "$dir/err" ] || fail "says $(cat "$dir/err")"; }
for n in 1 2 3 4; do inject $n; done
exits 0 "$kevsub" -S --since=1d ipv4/collision; prints "1 2 3 4"
says "the history of kevd begins at 20"; says "what was before is missing"
exits 5 "$kevsub" -S --strict --since=1d ipv4/collision

# From an event's own time on, in UTC, as seconds, and somewhere else.
time=$(sed -n 3p "$dir/out" | jq -r .time)
exits 0 "$kevsub" -S --since=1d ipv4/collision
time=$(sed -n 3p "$dir/out" | jq -r .time)
exits 0 "$kevsub" -S --strict --since="$time" ipv4/collision; prints "3 4"; silent
epoch=$(jq -rn --arg t "$time" '$t | sub("\\..*"; "Z") | fromdate')
fraction=$(printf %s "$time" | sed 's/.*\(\..*\)Z/\1/')
exits 0 "$kevsub" -S --strict --since="@$epoch$fraction" ipv4/collision; prints "3 4"
there=$(jq -rn "$epoch + 3600 | todate" | sed "s/Z/$fraction+01:00/")
exits 0 "$kevsub" -S --strict --since="$there" ipv4/collision; prints "3 4"
TZ=CET-1 exits 0 "$kevsub" -S --strict --since="${there%+*}" ipv4/collision; prints "3 4"
exits 0 "$kevsub" -S --since=yesterday -o text --color=never ipv4/collision
[ "$(wc -l <"$dir/out")" = 4 ] || fail "$(cat "$dir/out")"
exits 1 "$kevsub" -S --strict --since=now ipv4/collision; prints ""; silent
# Of what kevd tells of the stream, and what holds now, there is nothing in it.
exits 0 "$kevsub" -S --since=1h '**'
jq -e 'select(.snapshot or (.topic | startswith("kev/")))' "$dir/out" && fail "not only the past"

# Then live; what holds now only if asked for, after the past.
"$kevsub" --since="$time" -c 3 ipv4/collision >"$dir/out" &
waiter=$!
until [ "$(wc -l <"$dir/out")" = 2 ]; do kill -0 "$waiter" || fail "it ended"; done
inject 5
wait "$waiter" || fail "not live"
prints "3 4 5"
exits 124 "$kevsub" -t 0 --since="$time" ipv4/collision; prints "3 4 5"
exits 124 "$kevsub" -t 0 -s --since="$time" ipv4/collision interface/attach kev/synced
[ "$(jq -r 'if .snapshot then "now" else .data.count // .topic end' "$dir/out" | xargs)" = \
    "3 4 5 now kev/synced" ] || fail "$(cat "$dir/out")"

# No time, and none yet.
for bad in soon 10 25:00 2026-02-30 +1h "" @; do
	exits 2 "$kevsub" --since="$bad"; says "not a time (10m, 2h ago, today, 05:30, 2026-11-23 05:30, @1795411835): $bad"
done
exits 2 "$kevsub" --since=9999-12-31; says "still to come: 9999-12-31"
exits 2 "$kevsub" --since=1h --after=x-1; says "--after and --since"
exits 2 "$kevsub" --since=1h -S -s; says "-S --since and -s"
exits 3 "$kevsub" --since=1h -u "$dir/nobody"
stop_kevd

# More than is kept: what is there comes, and no snapshot for what is not.
start_kevd --history 20000
n=0
while [ $n -lt 500 ]; do
	printf '{"op":"inject","topic":"ipv4/collision","data":{"count":%d}}\n' $n
	n=$((n + 1))
done | nc -N -U "$KEV_SOCKET"
until "$kevctl" stats | jq -e '.events["ipv4/collision"] == 500' >/dev/null; do :; done
"$kevctl" stats | jq -r '.history.oldest_time' >"$dir/oldest"
exits 0 "$kevsub" -S --since=1h '**'
says "begins at $(cat "$dir/oldest"): what was"
[ "$(topics)" = ipv4/collision ] || fail "$(topics)"
[ "$(head -n 1 "$dir/out" | jq -r .time)" = "$(cat "$dir/oldest")" ] || fail "$(head -n 1 "$dir/out")"
numbers >"$dir/numbers"
grep -q ' 498 499$' "$dir/numbers" || fail "$(cat "$dir/numbers")"
exits 0 "$kevsub" -S --strict --since="$(cat "$dir/oldest")" '**'; silent
[ "$(numbers)" = "$(cat "$dir/numbers")" ] || fail "$(numbers)"
exits 5 "$kevsub" -S --strict --since=1h '**'

# It goes and comes back: what was lost meanwhile is told as ever.
"$kevsub" --since="$(cat "$dir/oldest")" ipv4/collision interface/attach >"$dir/out" 2>"$dir/err" &
waiter=$!
until grep -q '"count":499' "$dir/out"; do kill -0 "$waiter" || fail "it ended"; done
stop_kevd
cp "$dir/err" "$dir/said"
start_kevd --history 0
until grep -q '"snapshot":true' "$dir/out"; do kill -0 "$waiter" || fail "it ended"; done
kill "$waiter"
wait "$waiter"
# No history at all.
exits 1 "$kevsub" -S --since=1h ipv4/collision; says "kevd has no history"
exits 5 "$kevsub" --strict --since=1h ipv4/collision
"$kevsub" --since=1h -c 1 ipv4/collision >"$dir/out" 2>"$dir/err" &
waiter=$!
until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("ipv4/collision")' >/dev/null; do :; done
inject 6
wait "$waiter" || fail "not live"
prints 6
stop_kevd

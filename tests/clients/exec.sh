#!/bin/sh
# kevsub -x: one command at a time, in order, with the event on its input and in
# its environment; what takes too long; what is more than can wait.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc setsid
namespaces
start_kevd --queue 65536
cd "$dir" || exit 1
# inject FIRST LAST: collisions with these counts, in one go.
inject() {
	n=$1
	while [ "$n" -le "$2" ]; do
		printf '{"op":"inject","topic":"ipv4/collision","data":{"count":%d}}\n' "$n"
		n=$((n + 1))
	done | nc -N -U "$KEV_SOCKET"
}
after=$("$kevctl" ping | jq -r '"\(.run)-\(.seq)"')
inject 1 5
again() { exits "$1" "$kevsub" --after "$after" ipv4/collision "$2" "$3" -x sh -c "$4"; }
prints() { [ "$(xargs <out)" = "$1" ] || fail "$(cat out err), not $1"; }

# In order, never two, and each has the whole event and nothing else to read.
again 0 -c 5 'mkdir only && jq -s "select(length == 1) | .[0].data.count" && rmdir only'
prints "1 2 3 4 5"
[ -s err ] && fail "$(cat err)"
again 0 -c 3 '[ "$KEV_TOPIC $KEV_COUNT" = "$(jq -r "\"\(.topic) \(.data.count)\"")" ] && echo $KEV_COUNT'
prints "1 2 3"
# One that does not want to read, or only the beginning.
again 0 -c 3 'exec <&-; echo $KEV_COUNT'
prints "1 2 3"
# What an outer kevsub told is not there.
export KEV_ADDRESS=192.0.2.1 KEV_OLD_X=1
again 0 -c 2 'echo ${KEV_ADDRESS-none}${KEV_OLD_X-none} $KEV_SOCKET'
prints "nonenone $KEV_SOCKET nonenone $KEV_SOCKET"

# Its status is said and does not stop the others; with -c 1 it is ours.
again 0 -c 3 'exit $KEV_COUNT'
says "sh exited with status 1"; says "sh exited with status 3"
again 0 -c 2 'kill -KILL $$'
says "sh was killed by signal 9"
again 9 -c 1 'exit 9'
again 0 -q -c3 'exit 1'
again 143 -c 1 'kill -TERM $$'
exits 127 "$kevsub" --after "$after" ipv4/collision -x ./missing; says "./missing: No such file"
exits 127 "$kevsub" --after "$after" ipv4/collision -x out/missing
: >plain
exits 126 "$kevsub" --after "$after" ipv4/collision -x ./plain; says "./plain: Permission denied"
# -o and -F are for what is printed.
exits 2 "$kevsub" -o env -x true; says "-x and -o"
exits 2 "$kevsub" -F %i -x true; says "-x and -o or -F"
exits 2 "$kevsub" --exec-timeout=1; says "--exec-timeout is for -x"
exits 2 "$kevsub" --exec-timeout=soon -x true; says "soon"

# What takes too long ends, with what it started; those in time are left alone.
mkfifo never
limited() {
	exits "$1" "$kevsub" --exec-timeout="$2" --after "$after" -c "$3" \
	    ipv4/collision -x sh -c "$4"
}
limited 0 2s 3 'echo $KEV_COUNT; [ $KEV_COUNT != 2 ] || cat never'
prints "1 2 3"
[ "$(grep -c "sh took too long and was ended" err)" = 1 ] || fail "$(cat err)"
# Nobody has it open.
[ "$(find /proc/[0-9]*/fd -lname "$dir/never" 2>/dev/null | wc -l)" = 0 ] || fail "it left something"
limited 124 100ms 1 'cat never'
says "sh took too long"
limited 7 1h 1 'exit 7'
limited 0 0 2 'echo $KEV_COUNT'
prints "1 2"
# One that does not want to end, either.
limited 0 2s 2 'trap "" TERM; echo $KEV_COUNT; [ $KEV_COUNT = 2 ] || while :; do read -r _ <never; done'
prints "1 2"
# A signal that ends kevsub ends it, also with a process group for it.
for more in "" --exec-timeout=1h; do
	rm -f got
	# shellcheck disable=SC2086 # an option or none
	setsid "$kevsub" $more --after "$after" ipv4/collision -x \
	    sh -c 'cat never & trap "kill $! 2>/dev/null; echo ended >got; exit" TERM; : >begun; wait' &
	waiter=$!
	until [ -e begun ]; do kill -0 $waiter || fail "it ended"; done
	rm begun
	kill $waiter
	wait $waiter
	[ $? = 143 ] || fail "not by SIGTERM"
	until [ -s got ]; do :; done
done

# More than can wait: all that fits comes, what does not is told, and is made good.
# Events are long, so that they are few.
mkfifo go
pad=$(seq -s , -f '"pad%012.0f"' 300)
flood() {
	n=$1
	while [ "$n" -le "$2" ]; do
		printf '{"op":"inject","topic":"network/changed","data":{"interfaces":["%d",%s]}}\n' \
		    "$n" "$pad"
		n=$((n + 1))
	done | nc -N -U "$KEV_SOCKET"
}
# It waits at the first event.
block() {
	: >stream
	"$kevsub" network/changed interface/attach -x sh -c 'n=${KEV_INTERFACES%% *}
	    echo "$n $KEV_SNAPSHOT"; [ "$n" != 0 ] || read -r _ <go' \
	    >stream 2>said &
	waiter=$!
	pids="$pids $waiter"
	until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("interface/attach")' >/dev/null; do :; done
	flood 0 0
	until [ -s stream ]; do kill -0 $waiter || fail "$(cat said)"; done
	last=0
}
client() { "$kevctl" stats | jq ".clients[] | select(.pid == $waiter) | $1"; }
fill() {
	while [ "$(client "$1")" = true ]; do
		flood $((last + 1)) $((last + $2))
		last=$((last + $2))
	done
}
block
fill '.queued == 0' 3
fill '.queued < 59000' 1
[ "$(client .lost)" = 0 ] || fail "$(client .)"
echo >go
until grep -q "^$last " stream; do kill -0 $waiter || fail "$(cat said)"; done
[ "$(seq 0 "$last")" = "$(tr -d ' ' <stream)" ] || fail "not all of $last"
[ -s said ] && fail "$(cat said)"
kill $waiter
wait $waiter

block
fill '.queued == 0' 3
fill '.lost == 0' 2
lost=$(client .lost)
echo >go
until grep -q "^ true" stream; do kill -0 $waiter || fail "$(cat said)"; done
grep -q "events were lost: slow-reader, $lost of them; what follows repairs it" said || fail "$(cat said)"
[ "$(seq 0 $((last - lost)))" = "$(grep -v true stream | tr -d ' ')" ] || fail "not all of $last - $lost"
flood 999999 999999
until grep -q "^999999 " stream; do kill -0 $waiter || fail "$(cat said)"; done
kill $waiter
wait $waiter
stop_kevd

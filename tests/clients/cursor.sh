#!/bin/sh
# kevsub --cursor-file: who starts again gets what came meanwhile, whatever it
# ended by; and a file that cannot be used is named.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc mount stat
namespaces
own_run || skip "no /run of our own"
start_kevd
file=$dir/cursor
inject() { "$kevctl" inject ipv4/collision "count=$1" || fail inject; }
# What it printed, by the numbers that we gave.
numbers() { jq -r 'select(.topic == "ipv4/collision").data.count' "$1" | xargs; }
prints() { [ "$(numbers "$dir/out")" = "$1" ] || fail "$(cat "$dir/out"), not $1"; }
# It is there: it has written where it begins.
begun() { until [ -s "${1:-$file}" ]; do kill -0 "$waiter" || fail "it ended"; done; }
# follow [OPTION...]: what it prints is in $dir/stream, $waiter its id.
follow() {
	: >"$dir/stream"
	"$kevsub" --cursor-file="$file" ipv4/collision "$@" >"$dir/stream" \
	    2>"$dir/said" &
	waiter=$!
	pids="$pids $waiter"
}
streamed() {
	until [ "$(numbers "$dir/stream")" = "$1" ]; do
		kill -0 "$waiter" || fail "it ended: $(cat "$dir/said")"
	done
}
# ends STATUS [SIGNAL]: it does, by the signal if there is one.
ends() {
	[ -z "${2:-}" ] || kill "-$2" "$waiter"
	wait "$waiter"
	status=$?
	[ "$status" = "$1" ] || fail "ends with $status, not $1: $(cat "$dir/said")"
}
id_of() { jq -r "select(.data.count == $2).id" "$1"; }
has() { [ "$(cat "$file")" = "$1" ] || fail "has $(cat "$file"), not $1"; }

# The file is made with where it begins, so nothing is missed from then on.
inject 1
follow
begun
inject 2
streamed 2
ends 143 TERM
has "$(id_of "$dir/stream" 2)"
[ "$(stat -c %a "$file")" = 600 ] || fail "mode $(stat -c %a "$file")"
inject 3
inject 4
exits 0 "$kevsub" --cursor-file="$file" -c 1 ipv4/collision; prints 3
exits 0 "$kevsub" --cursor-file="$file" -c 1 ipv4/collision; prints 4
# Its mode stays, and what is said to begin with only counts without a cursor.
chmod 640 "$file"
inject 5
exits 0 "$kevsub" --cursor-file="$file" --since=1h -c 1 ipv4/collision; prints 5
inject 6
exits 0 "$kevsub" --cursor-file="$file" -s -c 1; prints 6
[ "$(stat -c %a "$file")" = 640 ] || fail "mode $(stat -c %a "$file")"
run=$("$kevctl" ping | jq -r .run)
inject 7
exits 0 "$kevsub" --cursor-file="$file" --after="$run-0" -c 1 ipv4/collision; prints 7
: >"$file"
exits 0 "$kevsub" --cursor-file="$file" --after="$run-0" -c 2 ipv4/collision; prints "1 2"
printf %s "$(cat "$file")" >"$file"
exits 124 "$kevsub" --cursor-file="$file" -t 0 ipv4/collision; prints "3 4 5 6 7"

# A command that did not end has not had its event.
for n in 8 9; do inject $n; done
mkfifo "$dir/never"
follow -x sh -c "echo \$KEV_COUNT; [ \$KEV_COUNT != 9 ] || read -r _ <'$dir/never'"
until [ "$(xargs <"$dir/stream")" = "8 9" ]; do kill -0 "$waiter" || fail "$(cat "$dir/said")"; done
ends 129 HUP
exits 0 "$kevsub" --cursor-file="$file" -c 1 ipv4/collision; prints 9
for n in 10 11; do inject $n; done
exits 127 "$kevsub" --cursor-file="$file" ipv4/collision -x "$dir/missing"
exits 7 "$kevsub" --cursor-file="$file" -c 1 ipv4/collision -x sh -c 'exit 7'
"$kevsub" --cursor-file="$file" -c 1 ipv4/collision -x sh -c 'kill -TERM $$' 2>/dev/null
[ $? = 143 ] || fail "does not die as its command did"
inject 12
exits 0 "$kevsub" --cursor-file="$file" -c 1 ipv4/collision; prints 12

# Its reader goes; one that does not read; kill -9.
: >"$dir/status"
inject 13
("$kevsub" --cursor-file="$file" ipv4/collision; echo $? >"$dir/status") |
    head -n 1 >"$dir/out"
prints 13
has "$(id_of "$dir/out" 13)"
[ "$(cat "$dir/status")" = 141 ] || fail "SIGPIPE: $(cat "$dir/status")"
mkfifo "$dir/full"
n=100
while [ $n -lt 150 ]; do inject $n; n=$((n + 1)); done
# More than the pipe takes, and the last one may be cut off.
"$kevsub" --cursor-file="$file" -F "%{data.count} $(printf %05000d 0)" \
    ipv4/collision >"$dir/full" &
waiter=$!
exec 6<"$dir/full"
read -r _ <&6
kill -TERM "$waiter"
grep -x '[0-9]* 0\{5000\}' <&6 | cut -d ' ' -f 1 >"$dir/got"
ends 143
exec 6<&-
# There may be none but the one that was read.
last=$(tail -n 1 "$dir/got")
last=${last:-100}
[ "$last" -lt 149 ] || fail "it was not stopped amid them"
exits 0 "$kevsub" --cursor-file="$file" -c 1 ipv4/collision; prints $((last + 1))
follow
streamed "$(seq -s ' ' $((last + 2)) 149)"
ends 137 KILL
# What was not saved yet comes again, and nothing is missing.
inject 200
exits 124 "$kevsub" --cursor-file="$file" -t 0 ipv4/collision
first=$(numbers "$dir/out" | cut -d ' ' -f 1)
[ "$first" -le 149 ] && first="$(seq -s ' ' "$first" 149) 200"
prints "$first"

# Not each event waits for the disk. Each file of a tmpfs has a number of its
# own, one more than the one before.
mkdir /run/small
mount -t tmpfs -o size=64k tmpfs /run/small || fail tmpfs
n=0
: >"$dir/many"
while [ $n -lt 500 ]; do
	printf '{"op":"inject","topic":"ipv4/collision","data":{"count":%d}}\n' $n
	n=$((n + 1))
done >"$dir/many"
: >/run/small/first
follow_from=$("$kevctl" ping | jq -r '"\(.run)-\(.seq)"')
"$kevsub" -c 500 ipv4/collision >"$dir/out" &
waiter=$!
until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("ipv4/collision")' >/dev/null; do :; done
while read -r line; do
	printf '%s\n' "$line"
done <"$dir/many" | nc -N -U "$KEV_SOCKET"
wait "$waiter"
exits 0 "$kevsub" --cursor-file=/run/small/c --after="$follow_from" -c 500 ipv4/collision
: >/run/small/last
saves=$(($(stat -c %i /run/small/last) - $(stat -c %i /run/small/first)))
[ $saves -gt 1 ] && [ $saves -lt 50 ] || fail "$saves files for 500 events"

# The disk is full: it is said once, the old cursor is whole, the stream goes on.
file=/run/small/c
follow
until [ "$(stat -c %Y "$file")" ] && "$kevctl" stats |
    jq -e '[.clients[].patterns[]] | index("ipv4/collision")' >/dev/null; do :; done
old=$(cat "$file")
head -c 100000 /dev/zero >/run/small/full 2>/dev/null
inject 900
streamed 900
until [ -s "$dir/said" ]; do kill -0 "$waiter" || fail "it ended"; done
inject 901
streamed "900 901"
grep -q "cannot write the cursor file $file: No space left" "$dir/said" || fail "$(cat "$dir/said")"
[ "$(cat "$file")" = "$old" ] || fail "not the old cursor: $(cat "$file")"
# It is tried again.
rm /run/small/full
until [ "$(cat "$file")" = "$(id_of "$dir/stream" 901)" ]; do kill -0 "$waiter" || fail "it ended"; done
ends 143 TERM
[ "$(wc -l <"$dir/said")" = 1 ] || fail "$(cat "$dir/said")"
follow -c 2
until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("ipv4/collision")' >/dev/null; do :; done
head -c 100000 /dev/zero >/run/small/full 2>/dev/null
inject 902
inject 903
ends 1
[ "$(wc -l <"$dir/said")" = 1 ] || fail "$(cat "$dir/said")"
exits 1 "$kevsub" --cursor-file="$file" -c 1; says "$file: No space left on device"
rm /run/small/full
[ "$(find /run/small -name '.kevsub.*' | wc -l)" = 0 ] || fail "left behind: $(ls -a /run/small)"
mount -o remount,bind,ro /run/small
exits 1 "$kevsub" --cursor-file="$file" -c 1; says "$file: Read-only file system"

# What is no file of cursors.
exits 2 "$kevsub" --cursor-file="$dir" -c 1; says "$dir: Is a directory"
exits 2 "$kevsub" --cursor-file=/dev/null -c 1; says "/dev/null: there is something else"
exits 2 "$kevsub" --cursor-file="$dir/never" -c 1; says "$dir/never: there is something else"
exits 1 "$kevsub" --cursor-file="$dir/no/such" -c 1; says "$dir/no/such: No such file"
exits 2 "$kevsub" --cursor-file="$dir/s/x" -c 1; says "$dir/s/x: Not a directory"
[ -r /etc/shadow ] || [ ! -e /etc/shadow ] ||
    { exits 2 "$kevsub" --cursor-file=/etc/shadow; says "/etc/shadow: Permission denied"; }
long=$(printf %0238d 0)
for text in garbage abc- -1 a-1x a-12345678901234567 'a b-1' "a-1

" "$long-1234567890123456"; do
	printf '%s\n' "$text" >"$dir/garbage"
	exits 2 "$kevsub" --cursor-file="$dir/garbage" -c 1; says "$dir/garbage: there is something else"
	[ "$(cat "$dir/garbage"; echo .)" = "$text
." ] || fail "it was changed"
done
printf 'a\0-1\n' >"$dir/garbage"
exits 2 "$kevsub" --cursor-file="$dir/garbage" -c 1; says "$dir/garbage: there is something else"
exits 2 "$kevsub" --cursor-file="$file" -S; says "-S and --cursor-file"
exits 2 "$kevsub" --cursor-file="$file" -W; says "-W and --cursor-file"
# The longest that is one, though not of this kevd: what is lost is told.
file=$dir/cursor
printf '%s-123456789012345\n' "$long" >"$file"
exits 0 "$kevsub" --cursor-file="$file" -c 1 interface/attach; says "events were lost"
# A snapshot that is not over is no place to go on from.
has "$long-123456789012345"
exits 5 "$kevsub" --cursor-file="$file" --strict interface/attach
: >"$file"
exits 0 "$kevsub" --cursor-file="$file" -s -c 1 interface/attach
[ -s "$file" ] && fail "has $(cat "$file")"

# Through a link to the file itself; a link to nowhere is none.
ln -s cursor "$dir/link"
exits 124 "$kevsub" --cursor-file="$dir/link" -t 0 ipv4/collision
[ -L "$dir/link" ] && [ -s "$file" ] || fail "$(ls -l "$dir")"
ln -s nowhere "$dir/dangling"
exits 2 "$kevsub" --cursor-file="$dir/dangling"; says "$dir/dangling: No such file"
cd "$dir" || exit 1
exits 124 "$kevsub" --cursor-file=here -t 0 ipv4/collision
[ -s here ] || fail "not here"

# kevd was started again in between.
follow
begun
inject 950
streamed 950
ends 143 TERM
stop_kevd
start_kevd
follow -c 1 interface/attach
ends 0
grep -q "events were lost" "$dir/said" || fail "$(cat "$dir/said")"
stop_kevd

#!/bin/sh
# kevd --record where it cannot be written, --play of what others recorded, at
# a pace, out of a pipe, with lines that are no good.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq mkfifo nc
namespaces
vectors=$top_srcdir/tests/vectors/rtnetlink.ndjson

# What does not go together, and what cannot be opened.
refused() {
	exits "$@"
	[ ! -e "$dir/s" ] || fail "listens"
}
export KEV_SOCKET="$dir/s"
for option in "--record $dir/r" "--netns all" "--port-in-use" "--rcvbuf 5000" \
    "--resync 5"; do
	# shellcheck disable=SC2086 # an option and its value
	refused 2 "$kevd" --play "$vectors" $option
	says "--play: not with ${option%% *}, which is about the kernel"
done
[ ! -e "$dir/r" ] || fail "a file was made"
refused 2 "$kevd" --play-speed 1
says "--play-speed: only with --play"
for speed in -1 1e3 inf '' . 1.2.3 x 1000001; do
	refused 2 "$kevd" --play "$vectors" --play-speed "$speed"
	says "--play-speed $speed: must be a number, 0 to 1000000"
done
refused 1 "$kevd" --play "$dir/none"
says "$dir/none: No such file or directory"
refused 1 "$kevd" --play "$dir"
says "$dir: Is a directory"
refused 1 "$kevd" --record "$dir/none/r"
says "$dir/none/r: No such file or directory"

# line MICROSECONDS NAME [MEMBERS]: a vector as a line of a foreign recording,
# with what nobody knows in it.
line() {
	jq -cn --arg name "$2" --argjson at "$1" --argjson more "${3:-{\}}" --slurpfile v "$vectors" '
	    $v[] | select(.name == $name) | {source: "rtnetlink", hex, name,
	    time: ($at / 1000000 | floor | todate | sub("Z$"; "." +
	    ("00000\($at % 1000000)" | .[-6:]) + "Z"))} + $more'
}
played() {
	until grep -q ': played to its end' "$dir/err"; do
		kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
	done
}
# What holds at the end: the names of interfaces, and addresses.
present() { "$kevctl" state | jq -r '.ifname, (.ipv4 + .ipv6)[].address' | xargs; }

# Without a clock of its own, and without times that kevd waited for.
start=1795414872000000
line $start veth-create.2 >"$dir/foreign"
line $((start + 250000)) addr4-add.1 >>"$dir/foreign"
start_kevd --play "$dir/foreign" --play-speed 0
played
[ "$(present)" = "lan0 192.0.2.10" ] || fail "$(present)"
"$kevsub" --after "$("$kevctl" ping | jq -r .run)-0" -c 1 network/changed >"$dir/changed"
jq -e --argjson at $start '.source == "play" and .mono == $at + 250000 and
    .time == "2026-11-23T06:21:12.250000Z"' "$dir/changed" >/dev/null ||
    fail "$(cat "$dir/changed")"
# The present is as of its end: there is no other time.
"$kevsub" -S ipv4/address-add '**' | jq -e --argjson at $start 'select(.mono !=
    $at + 250000 or .source != "play" and .topic != "kev/synced")' && fail "another time"
"$kevctl" inject interface/idle -i mark1
"$kevctl" topics | jq -se 'any(.topic == "ipv4/address-add" and .native)' >/dev/null ||
    fail "not native"
"$kevctl" stats | jq -e '.sources.rtnetlink.decoded == 2 and .record == null' >/dev/null ||
    fail "$("$kevctl" stats)"
stop_kevd

# What is no good is said, counted, and left out; also a line that is too long,
# but not one that is as long as may be.
long() { printf '{"source":"rtnetlink","x":"%0*d",%s\n' "$1" 0 "$(line $start "$2" | cut -c23-)"; }
{
	printf 'nonsense\n\n'
	line $start veth-create.2
	line $start addr4-add.1 '{"hex":"abc"}'
	line $start addr4-add.1 '{"source":"kern_event"}'
	line $start addr4-add.1 '{"time":"today"}'
	line $start bad-good-then-truncated
	have=$(long 1 addr4-peer.1 | wc -c)
	long $((262145 - have + 1)) addr4-peer.1
	long $((262146 - have + 1)) addr4-add-secondary.1
	# The last one has no newline.
	printf %s "$(line $start addr4-add.1)"
} >"$dir/bad"
start_kevd --play "$dir/bad" --play-speed 0
played
case $(present) in
*192.0.2.11*) fail "a line that is too long: $(present)" ;;
*192.0.2.10*203.0.113.1*) ;;
*) fail "$(present)" ;;
esac
for said in ":1: not an object" ":2: not an object" ":4: \"hex\" has an odd" \
    ":6: \"time\" must be" \
    ":7: malformed message of rtnetlink" ":9: longer than a line may be"; do
	says "$dir/bad$said"
done
"$kevctl" stats | jq -e '.sources | .play.malformed == 3 and .kern_event.ignored == 1 and
    .rtnetlink.malformed == 3' >/dev/null || fail "$("$kevctl" stats | jq .sources)"
stop_kevd

# It goes at its pace, or faster. The clock is that of the machine.
clock() { awk '{ print int($1 * 1000) }' /proc/uptime; }
# takes AT-LEAST LESS-THAN SECONDS [OPTION...]: so many milliseconds, for that.
takes() {
	least=$1 less=$2
	line $start veth-create.2 >"$dir/slow"
	line $((start + $3 * 1000000)) addr4-add.1 >>"$dir/slow"
	shift 3
	before=$(clock)
	start_kevd --play "$dir/slow" "$@"
	"$kevsub" -q -W -t 60 ipv4/address-add >/dev/null || fail "kevsub"
	after=$(clock)
	played
	stop_kevd
	[ $((after - before)) -ge "$least" ] && [ $((after - before)) -lt "$less" ] ||
	    fail "$* took $((after - before)) ms"
}
takes 1990 60000 2
takes 1990 60000 1 --play-speed .5
takes 1990 60000 60 --play-speed 30
takes 0 60000 60 --play-speed 0

# Out of a pipe: it listens before there is anything, takes what comes, and goes
# on when that ends.
mkfifo "$dir/pipe"
start_kevd --play "$dir/pipe" --play-speed 0
start_log
exec 7>"$dir/pipe"
line $start veth-create.2 >&7
expect_event interface/attach lan0
line $start addr4-add.1 | cut -c1-100 | tr -d '\n' >&7
line $start addr4-add.1 | cut -c101- >&7
expect '"network/changed"'
exec 7>&-
played
"$kevctl" ping >/dev/null || fail "does not answer"
stop_kevd

# Much is played without that those who read fall behind, though they all have
# to share the machine; one who does not read can't hold it up for long.
{
	line $start veth-create.2
	yes "$(line $start addr4-add.1; line $start addr4-del-primary.3)" | head -n 10000
} >"$dir/much"
rm "$dir/pipe" "$dir/lines"
mkfifo "$dir/pipe" "$dir/stuck"
start_kevd --play "$dir/pipe" --play-speed 0 --queue 600000
readers=
for n in 1 2 3 4; do
	"$kevsub" --strict -c 30000 -o text '**' >"$dir/all.$n" 2>"$dir/err.$n" &
	readers="$readers $!"
done
pids="$pids $readers"
printf '{"op":"subscribe","topics":["**"]}\n' | nc -N -U "$KEV_SOCKET" >"$dir/stuck" &
pids="$pids $!"
exec 8<"$dir/stuck"
until [ "$("$kevctl" stats | jq '[.clients[] | select(.patterns != [])] | length')" = 5 ]; do :; done
cat "$dir/much" >"$dir/pipe" &
for reader in $readers; do
	wait "$reader" || fail "fell behind: $(cat "$dir"/err.*)"
done
played
[ "$("$kevctl" stats | jq '.clients | map(.lost) | max')" -gt 0 ] ||
    fail "nobody was stuck: $("$kevctl" stats | jq -c .clients)"
exec 8<&-
stop_kevd

# A disk that is full: the file ends with a whole line, and kevd goes on.
own_run || exit 0
mount -t tmpfs -o size=16k tmpfs /run || fail mount
start_kevd --record /run/recording
start_log
ip link add v0 type veth peer name v1
i=0
while [ $i -lt 30 ]; do
	i=$((i + 1))
	echo "addr add 192.0.2.$i/24 dev v0"
done | ip -batch - || fail "ip -batch"
expect '"ipv4/address-add"*192.0.2.30'
assert_same
says "/run/recording: No space left on device: recording ended after"
"$kevctl" stats >"$dir/stats"
jq -e --argjson size "$(stat -c %s /run/recording)" \
    --argjson lines "$(wc -l </run/recording)" '.record == {file: "/run/recording",
    messages: $lines, bytes: $size, error: "No space left on device"} and $size > 8000' \
    "$dir/stats" >/dev/null || fail "$(jq .record "$dir/stats")"
"$kevctl" stats --prometheus | grep -q '^kev_record_bytes_total [1-9]' || fail prometheus
jq -e .source /run/recording >/dev/null || fail "a line is not whole"
[ "$(tail -c 1 /run/recording | wc -l)" = 1 ] || fail "no whole line"
stop_kevd

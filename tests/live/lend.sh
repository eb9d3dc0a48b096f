#!/bin/sh
# What is sent without a copy stays as it was until it is read, however often
# the log was written over since, also after kevd has closed the connection.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
start_kevd --record "$dir/recording"
n=0
while [ $n -lt 2000 ]; do
	echo "addr add 10.0.$((n / 200)).$((n % 200)).1/32 dev v0"
	n=$((n + 1))
done | sed 's/\.1\/32/\/32/' >"$dir/add"
sed 's/ add / del /' "$dir/add" >"$dir/del"
ip -batch "$dir/add" || fail "ip -batch"
ip -batch "$dir/del" || fail "ip -batch"
"$kevctl" ping >/dev/null || fail ping
stop_kevd

mkfifo "$dir/play" "$dir/slow"
exec 7<>"$dir/play"

# begin [OPTION...]: a kevd that plays, one who reads and one who does not.
begin() {
	start_kevd --play "$dir/play" --play-speed 0 --history 65536 \
	    --queue 65536 "$@"
	"$kevsub" '**' >"$dir/fast" &
	fast=$!
	printf '{"op":"subscribe","id":1,"topics":["**"]}\n' |
	    nc -N -U "$KEV_SOCKET" >"$dir/slow" &
	slow=$!
	pids="$pids $fast $slow"
	exec 6<"$dir/slow"
	read -r _ <&6
	until "$kevctl" stats | jq -e '[.clients[] |
	    select(.patterns != [])] | length == 2' >/dev/null; do :; done
}

# What the one who did not read has is what it was when it was sent.
end() {
	"$kevctl" inject interface/idle -i mark || fail inject
	until grep -q '"ifname":"mark"' "$dir/fast"; do
		kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
	done
	sed '/kev\/gap/q; /"ifname":"mark"/q' <&6 >"$dir/all"
	# But for the last line, which may be cut.
	sed '$d' "$dir/all" >"$dir/got"
	lines=$(wc -l <"$dir/got")
	[ "$lines" -gt 500 ] || fail "the slow one has $lines lines"
	grep -vxFf "$dir/fast" "$dir/got" >"$dir/wrong" &&
	    fail "not as it was: $(head -n 2 "$dir/wrong")"
	jq -s 'map(.seq) | . == [range(.[0]; .[0] + length)]' "$dir/got" |
	    grep -qx true || fail "something is missing"
	exec 6<&-
	stop_kevd
	wait "$slow"
	kill "$fast"
	wait "$fast"
	pids=
}

begin
cat "$dir/recording" >&7
end

# It goes before anything is written over.
begin --reader-timeout 2
head -n 600 "$dir/recording" >&7
until "$kevctl" stats | jq -e '.cut_off == 1' >/dev/null; do :; done
cat "$dir/recording" >&7
end

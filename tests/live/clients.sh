#!/bin/sh
# Half-closed, too many, garbage, gone: each client is served, nobody hurt.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
ip link add v0 type veth peer name v1
start_kevd --max-clients 4

# A client that ended its input goes on being served.
mkfifo "$dir/half"
printf '{"op":"subscribe","topics":["ipv4/*"],"snapshot":true}\n' |
    nc -N -U "$KEV_SOCKET" >"$dir/half" &
half=$!
pids="$pids $half"
exec 6<"$dir/half"
read -r line <&6
read_until() {
	while read -r line <&6; do
		case $line in
		*$1*) return ;;
		esac
	done
	fail "ended before $1"
}
read_until kev/synced
ip addr add 192.0.2.1/24 dev v0
read_until '"ipv4/address-ready"*"192.0.2.1"'
ip addr del 192.0.2.1/24 dev v0
read_until '"ipv4/address-remove"'
# It goes while nothing happens: its place is free at once.
kill "$half"
wait "$half" 2>/dev/null
until [ "$("$kevctl" stats | jq '.clients | length')" = 1 ]; do :; done

# One more than may be is told so.
for n in 1 2 3 4; do
	mkfifo "$dir/c$n"
	nc -U "$KEV_SOCKET" <"$dir/c$n" >"$dir/o$n" &
	pids="$pids $!"
	clients="${clients:-} $!"
done
exec 7>"$dir/c1" 8>"$dir/c2" 9>"$dir/c3"
exec 4>"$dir/c4"
for fd in 7 8 9 4; do
	echo '{"op":"ping"}' >&$fd
done
for n in 1 2 3 4; do
	until [ -s "$dir/o$n" ]; do :; done
done
descriptors() { find "/proc/$kevd_pid/fd" -type l | wc -l; }
before=$(descriptors)
nc -U "$KEV_SOCKET" </dev/null >"$dir/more"
jq -e '.reply == null and .error.code == "too-many"' "$dir/more" >/dev/null ||
    fail "$(cat "$dir/more")"
"$kevctl" ping 2>"$dir/err"
[ $? = 4 ] || fail "kevctl is served"
# Also who says something first; and a crowd of them takes no more than a few
# descriptors, for a moment.
n=0
while [ $n -lt 40 ]; do
	printf '{"op":"ping"}\n{"op":"ping"}\n' | nc -N -U "$KEV_SOCKET" >"$dir/more" 2>&1
	grep -q '"too-many"' "$dir/more" || fail "the $n. is told: $(cat "$dir/more")"
	# One more is taken before the first of them has to go.
	now=$(descriptors)
	[ "$now" -le $((before + 17)) ] || fail "$now descriptors, $before before"
	n=$((n + 1))
done
waiting="$before descriptors"
until [ "$(descriptors)" = "$before" ]; do :; done
waiting=
# Garbage in one does not hurt the other.
head -c 300000 /dev/urandom >&7
printf '\n{"op":"ping","id":"after"}\n' >&7
until grep -q '"after"' "$dir/o1"; do :; done
echo '{"op":"ping","id":"other"}' >&8
until grep -q '"other"' "$dir/o2"; do :; done
# shellcheck disable=SC2086
kill $clients
exec 7>&- 8>&- 9>&- 4>&-
until "$kevctl" ping >/dev/null 2>&1; do :; done
stop_kevd

# Out of descriptors: those who are there are served, others later.
start_log_and_starve() {
	start_kevd
	"$kevsub" -s >"$dir/lines" &
	pids="$pids $!"
	until grep -q kev/synced "$dir/lines"; do :; done
}
ulimit -n 40
start_log_and_starve
n=0
while [ $n -lt 40 ]; do
	nc -U "$KEV_SOCKET" <"$dir/err" >/dev/null 2>&1 &
	many="${many:-} $!"
	n=$((n + 1))
done
ip link set v0 mtu 1400
until grep -q '"mtu":1400' "$dir/lines"; do :; done
# shellcheck disable=SC2086
kill $many 2>/dev/null
until "$kevctl" ping >/dev/null 2>&1; do :; done
stop_kevd

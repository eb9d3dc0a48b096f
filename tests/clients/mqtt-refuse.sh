#!/bin/sh
# kev-mqtt and a broker that does not take all: what is too large is counted, and the
# rest goes on; what it allows nobody waits.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin socat
cd "$dir" || exit
start_kevd
broker "listener $port" "allow_anonymous true"
listen
stop_broker

# Each event came, or a gap in its place.
came_or_counted() {
	events | to_mark | jq -r 'if .id != null then .seq elif .data.cause == "refused" then "lost" else empty end' >came
	"$kevsub" --after "$from" -t 0 '*/*' | to_mark | jq .seq >all
	awk 'NR == FNR { came[FNR] = $0; n = FNR; next } came[FNR] != $0 && came[FNR] != "lost" { exit 1 }
	    END { exit n != FNR }' came all || fail "not the same: $(diff came all)"
	grep -q lost came || fail "nothing was too large"
}

# names add|del MTU: the kernel tells of these names only with something else.
names() {
	for i in 1 2 3 4 5 6 7 8 9; do
		ip link property "$1" dev v1 altname "$(printf %0100d $i)" || fail altname
	done
	ip link set v1 mtu "$2"
}

broker "listener $port" "allow_anonymous true" "max_packet_size 1000"
: >log
mark_got
bridge
wait_for "connected to" log
from=$(here)
ip link add v1 type bridge
wait_for "/state/interface/v1 {" got
names add 1400
wait_for "the broker does not take what is in kev/$host/state/interface/v1: it is too large" log
wait_for "the broker does not take an event: it is too large: {" log
catch_up_broker
came_or_counted
# Nothing that is not true any more is there.
waiting="no state of v1"
until tail -n "+$marked" got | grep ' kev/box/state/interface/v1 ' | tail -n 1 | grep -q 'v1 $'; do
	kill -0 "$bridge" || fail "$(cat log)"
done
names del 1300
same_state
ip link delete v1
same_state
catch_up_broker
[ "$(grep -c -e connected -e "lost broker" log)" = 1 ] || fail "$(cat log)"
end "$bridge" TERM
stop_broker

# Hundredths of a second.
now() { awk '{ printf "%d\n", $1 * 100 }' /proc/uptime; }
# denied TOPIC...: may be written, and nothing else, until that is mended.
denied() {
	printf 'topic %s\n' 'read #' "$@" >acl
	broker "listener $port" "allow_anonymous true" "acl_file $dir/acl"
	: >log
	mark_got
	from=$(here)
	began=$(now)
	inject 1 20
	bridge
	# Some versions of mosquitto only close the connection.
	for i in 1 2 3 4; do
		waiting="loss $i"
		until [ "$(grep -c "lost broker localhost, port $port: .*; trying again" log)" -ge $i ]; do
			kill -0 "$bridge" || fail "$(cat log)"
		done
	done
	# After 0.25, 0.5 and 1 second, at the soonest.
	[ $(($(now) - began)) -ge 170 ] || fail "no back-off: $(cat log)"
	inject 21 300
	waiter=$bridge
	waiting="the spool"
	until cat "$queue"/*.spool | grep -q '"i300"'; do kill -0 "$bridge" || fail "$(cat log)"; done
	events | grep -q . && fail "$(events)"
	echo 'topic readwrite #' >acl
	kill -HUP "$mosquitto"
	catch_up_broker
	got_all 300
	same_state
	end "$bridge" TERM
	stop_broker
}
denied 'write kev/+/status' 'write kev/+/state/#'
denied 'write kev/+/event/none'
# One that says why.
cat >refuses <<'SH'
packet() { dd bs=65536 count=1 >/dev/null 2>&1; }
packet
printf '\040\003\000\000\000'
packet
printf '\100\003\000\001\207'
cat >/dev/null
SH
fake 1900 'sh ./refuses'
: >log
bridge -b mqtt://127.0.0.1:1900
wait_for "lost broker 127.0.0.1, port 1900: it refuses what we publish: Not authorized; trying again" log
end "$bridge" TERM
# One that does not let us look at what is there; that is said, and no more.
cat >hides <<'SH'
packet() { dd bs=65536 count=1 >/dev/null 2>&1; }
packet
printf '\040\003\000\000\000'
packet
printf '\220\004\000\002\000\207'
cat >/dev/null
SH
fake 1901 'sh ./hides'
: >log
bridge -b mqtt://127.0.0.1:1901
wait_for "broker 127.0.0.1, port 1901, does not let us read what is retained there: Not authorized" log
end "$bridge" TERM
stop_kevd

#!/bin/sh
# kev-mqtt and brokers that fall silent: one that never answers, one that answers to
# pings only, and one that is stopped on the way.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin socat
cd "$dir" || exit
start_kevd
broker "listener $port" "allow_anonymous true"
listen

cat >pings <<'SH'
packet() { dd bs=65536 count=1 2>/dev/null | wc -c; }
packet >/dev/null
printf '\040\003\000\000\000'
while [ "$(packet)" -gt 0 ]; do printf '\320\000'; done
SH
fake 1900 'cat >/dev/null'
fake 1901 'sh ./pings'

# Who waits for an answer does nothing meanwhile, which takes ten seconds.
idle() {
	waiter=$1
	wait_for "cannot use broker 127.0.0.1, port 1900: it does not answer; trying again" log
	[ "$(awk '{ print $14 + $15 }' "/proc/$1/stat")" -lt "$(getconf CLK_TCK)" ] ||
	    fail "it was busy: $(cat "/proc/$1/stat")"
	end "$1" TERM
}
from=$(here)
queue=$dir/tls
bridge -b mqtts://127.0.0.1:1900
idle "$bridge"
: >log
queue=$dir/mute
bridge -b mqtt://127.0.0.1:1900
mute=$bridge
queue=$dir/pings.queue
bridge -b mqtt://127.0.0.1:1901 --keepalive 5
pings=$bridge
queue=$dir/queue
bridge --keepalive 5
wait_for "port 1901, with MQTT 5" log
wait_for "connected to broker localhost" log
kill -STOP "$mosquitto"
inject 1 200
wait_for "lost broker 127.0.0.1, port 1901: it does not answer what we publish; trying again" log
wait_for "lost broker localhost, port $port: it does not answer what we publish; trying again" log
idle "$mute"
inject 201 300
kill -CONT "$mosquitto"
catch_up_broker
got_all 301
same_state

# What the others have kept is all there, too.
for waits in $pings "$bridge"; do
	end "$waits" TERM
	[ "$ended" = 143 ] || fail "ends with $ended"
done
for queue in "$dir/mute" "$dir/pings.queue"; do
	mark_got
	bridge
	catch_up_broker
	got_all 301
	end "$bridge" TERM
done
stop_kevd

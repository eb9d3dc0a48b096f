#!/bin/sh
# kev-mqtt and its status at the broker: however it ends, the last word is offline.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin socat
cd "$dir" || exit
start_kevd
broker "listener $port" "allow_anonymous true"
listen

# Until that is the last word.
status() {
	waiting="status $1"
	until grep " kev/$host/status " got | tail -n 1 | grep -q "\"status\":\"$1\""; do
		kill -0 "$mosquitto" || fail "$(cat broker)"
	done
}

# What is there in place of kevd is none.
bridge
status online
stop_kevd
wait_for "waiting for it" log
socat "UNIX-LISTEN:$KEV_SOCKET,fork,unlink-early" 'SYSTEM:echo x' 2>/dev/null &
other=$!
pids="$pids $other"
wait "$bridge"
ended=$?
[ "$ended" = 3 ] || fail "ends with $ended: $(cat log)"
status offline
end "$other" TERM
start_kevd

# A broker that does not answer any more, and has taken no more than it wants.
bridge
status online
kill -STOP "$mosquitto"
inject 1 400
waiting="the spool"
until grep -q '"i400"' queue/*.spool 2>/dev/null; do kill -0 "$bridge" || fail "$(cat log)"; done
end "$bridge" TERM
[ "$ended" = 143 ] || fail "ends with $ended"
kill -CONT "$mosquitto"
status offline

# Killed after a new kevd made it connect again, which could not be.
socat TCP-LISTEN:1900,fork,reuseaddr,bind=127.0.0.1 "TCP:127.0.0.1:$port" 2>/dev/null &
way=$!
pids="$pids $way"
until nc -z 127.0.0.1 1900; do kill -0 "$way" || fail "no socat"; done
: >log
bridge -b mqtt://127.0.0.1:1900
status online
end "$way" TERM
stop_kevd
start_kevd
waiter=$bridge
wait_for "cannot use broker" log
end "$bridge" KILL
status offline
stop_kevd

#!/bin/sh
# kev-mqtt: what it publishes and retains, and that nothing is missed and all is in
# order while the broker, kevd or kev-mqtt itself goes away; with a real broker.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin mosquitto_pub
start_kevd
broker "listener $port" "allow_anonymous true"
# Somebody has left something there.
mosquitto_pub -r -t "kev/$host/state/interface/old%" -m '{}'
mosquitto_pub -r -t "kev/$host/state/interface/blue:old" -m '{}'
mosquitto_pub -r -t "kev/$host/state/interface/$(printf %0300d 0)" -m '{}'
mosquitto_pub -r -t "kev/$host/state/interface/$(printf %040000d 0)" -m '{}'
n=0
while [ $n -lt 70 ]; do
	mosquitto_pub -r -t "kev/$host/state/interface/old$n" -m '{}'
	n=$((n + 1))
done
listen
from=$(here)
bridge
wait_for "connected to broker localhost, port $port, with MQTT 5" "$dir/log"
run=$("$kevctl" ping | jq -r .run)
wait_for "kev/$host/status" "$dir/got"
sed -n "s|^0 kev/$host/status ||p" "$dir/got" |
    jq -e --arg run "$run" '.status == "online" and .run == $run and .host == "box" and .kevd' >/dev/null ||
    fail "$(cat "$dir/got")"

# What happens, in order, and what then is; whatever things are called.
ip link add v0 type veth peer name '+#'
ip link set v0 up
ip link set '+#' up
ip address add 192.0.2.1/24 dev v0
ip link add "$(printf 'b\377')" type bridge
ip link add '*' type bridge
catch_up_broker
got_all 8
same_state
grep -qF "0 kev/$host/event/interface/attach/%2B%23 {" "$dir/got" || fail "$(cat "$dir/got")"
grep -qF "0 kev/$host/event/interface/attach/b%FF {" "$dir/got" || fail "$(cat "$dir/got")"
grep -qF "0 kev/$host/event/network/changed/- {" "$dir/got" || fail "$(cat "$dir/got")"
# Each has what kevd says, and the host.
events | to_mark | jq -c 'select(.host == "box") | del(.host)' | jq -cS . >"$dir/said.broker"
"$kevsub" --after "$from" -t 0 '*/*' | to_mark | jq -cS . | cmp - "$dir/said.broker" || fail "not as kevd says it"
mosquitto_sub -V 5 -i looker -C 1 -t 'kev/+/event/#' -F '%P|%E|%C|%q' -q 1 >"$dir/properties" &
looker=$!
until grep -q 'SUBACK to looker' "$dir/broker"; do kill -0 "$looker" || fail "no looker"; done
catch_up_broker
wait "$looker"
grep -Eq "^id:$run-[0-9]+\|86400\|application/json\|1$" "$dir/properties" || fail "$(cat "$dir/properties")"
# A new name, one that goes.
ip link set v0 down
ip link set v0 name v9
ip link delete '*'
catch_up_broker
same_state
grep -qx "0 kev/$host/state/interface/v0 " "$dir/got" || fail "$(cat "$dir/got")"

# A broker that goes and comes; it is told once.
stop_broker
inject 1 300
ip link set v9 up
ip link set '+#' down
[ "$("$kevctl" stats | jq '[.clients[].lost] | add')" = 0 ] || fail "$("$kevctl" stats)"
start_broker
catch_up_broker
got_all 300
same_state
[ "$(grep -c "lost broker localhost, port $port: it closed" "$dir/log")" = 1 ] || fail "$(cat "$dir/log")"
# Nothing is left on the disk.
until [ "$(find "$queue" -name '*.spool' | wc -l)" = 0 ]; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done

# More at once than may be on its way.
inject 1 2000
catch_up_broker
got_all 2300
# Those that waited for the broker say so, others don't.
late=$(events | jq -r 'select(.historical).ifname | select(. == ("i1", "i300", "mark1", "i2000"))')
[ "$(echo "$late" | xargs)" = "i1 i300" ] || fail "historical: $late"

# kill -9 amid that; its will tells so.
mark_got
from=$(here)
inject 1 3000 &
injecting=$!
waiter=$bridge
wait_for '/i100 ' "$dir/got"
until [ "$(events | wc -l)" -gt 500 ]; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done
end "$bridge" KILL
waiter=$mosquitto
wait_for "kev/$host/status {\"status\":\"offline\",\"host\":\"box\",\"run\":\"$run\"}" "$dir/got"
wait "$injecting"
inject 3001 3100
bridge
catch_up_broker
got_all 3000
same_state
# And while the broker is away.
stop_broker
inject 1 200
until grep -q '"i200"' "$queue"/*.spool 2>/dev/null; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done
end "$bridge" KILL
inject 201 300
bridge
start_broker
catch_up_broker
got_all 3400
# In order: it says good bye, and goes on where it was.
end "$bridge" TERM
[ "$ended" = 143 ] || fail "ends with $ended"
waiting="good bye"
until tail -n 1 "$dir/got" | grep -q "kev/$host/status {\"status\":\"offline\""; do
	kill -0 "$mosquitto" || fail "$(tail -n 1 "$dir/got")"
done
inject 1 10
bridge
catch_up_broker
got_all
events | jq -r 'select(.topic == "kev/gap")' | grep . && fail "a gap without a loss"

# kevd is started again: what the new one has is all there, and what nobody can
# know is said.
mark_got
stop_kevd
wait_for "waiting for it" "$dir/log"
wait_for '"kevd":false}' "$dir/got"
start_kevd
run=$("$kevctl" ping | jq -r .run)
from=$run-0
catch_up_broker
got_all
same_state
waiter=$bridge
wait_for "\"status\":\"online\",\"host\":\"box\",\"run\":\"$run\"" "$dir/got"
[ "$(events | jq -c 'select(.topic == "kev/gap").data')" = '{"cause":"kevd-restarted"}' ] ||
    fail "$(events | grep kev/gap)"
# Also when both were away.
end "$bridge" TERM
mark_got
stop_kevd
start_kevd
inject 1 50
from=$("$kevctl" ping | jq -r .run)-0
bridge
catch_up_broker
got_all 50
[ "$(events | jq -c 'select(.topic == "kev/gap").data')" = '{"cause":"kevd-restarted"}' ] ||
    fail "$(events | grep kev/gap)"
# One that has kept little says what is missing.
end "$bridge" TERM
stop_kevd
start_kevd --history 65536
bridge
catch_up_broker
end "$bridge" TERM
mark_got
had=$(sed 's/.*-//' "$queue/cursor")
inject 1 1000
bridge
wait_for kevd-forgot "$dir/log"
catch_up_broker
lost=$(events | jq 'select(.topic == "kev/gap" and .data.cause == "kevd-forgot").data.lost')
next=$(events | jq -n 'first(inputs | select(.seq != null)).seq')
[ "$lost" = $((next - had - 1)) ] && [ "$lost" -ge 1000 ] ||
    fail "lost $lost from $had to $next: $(events | grep kev/gap)"

# The same of a new one: its own are not lost as long as it has them.
end "$bridge" TERM
mark_got
stop_kevd
start_kevd --history 65536
inject 1 1000
: >"$dir/log"
bridge
wait_for kevd-forgot "$dir/log"
catch_up_broker
lost=$(events | jq 'select(.topic == "kev/gap" and .data.cause == "kevd-forgot").data.lost')
next=$(events | jq -n 'first(inputs | select(.seq != null)).seq')
[ "$lost" = $((next - 1)) ] && [ "$lost" -ge 100 ] || fail "lost $lost to $next: $(events | grep kev/gap)"
# It has not been told where it was.
end "$bridge" TERM
mark_got
: >"$queue/cursor"
: >"$dir/log"
bridge
# From now on is after that.
wait_for spool-damaged "$dir/log"
catch_up_broker
grep -qF "there is nothing in $queue/cursor, beginning from now" "$dir/log" || fail "$(cat "$dir/log")"
[ "$(events | jq -c 'select(.topic == "kev/gap").data')" = '{"cause":"spool-damaged"}' ] ||
    fail "$(events | grep kev/gap)"

# The spool is full: all that came, and what is counted, is all there was.
end "$bridge" TERM
stop_broker
mark_got
bridge --spool 64k
wait_for "cannot use broker" "$dir/log"
from=$(here)
inject 1 1000
until grep -q '"i1000"' "$queue"/*.spool 2>/dev/null; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done
[ "$(cat "$queue"/*.spool | wc -c)" -le 65536 ] || fail "$(ls -l "$queue")"
start_broker
catch_up_broker
events | jq -r 'select(.ifname[:1] == "i").ifname[1:]' | first_times >"$dir/numbers"
lost=$(events | jq 'select(.topic == "kev/gap" and .data.cause == "spool-full").data.lost')
[ "${lost:-0}" -gt 500 ] || fail "lost: $lost: $(events | grep kev/gap)"
seq $((lost + 1)) 1000 | cmp - "$dir/numbers" || fail "lost $lost, but there: $(xargs <"$dir/numbers")"
same_state

# Files that lost all they had: kevd has it still.
for ruin in truncated removed zeros; do
	stop_broker
	mark_got
	from=$(here)
	inject 1 100
	until grep -q '"i100"' "$queue"/*.spool 2>/dev/null; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done
	end "$bridge" TERM
	for file in "$queue"/*.spool; do
		case $ruin in
		truncated) : >"$file" ;;
		removed) rm "$file" ;;
		zeros) head -c 65536 /dev/zero >"$file" ;;
		esac
	done
	bridge --spool 64k
	start_broker
	catch_up_broker
	got_all 101
done

# A file that was damaged, in the middle and at its end, which kevd has still.
stop_broker
mark_got
inject 1 100
until grep -q '"i100"' "$queue"/*.spool 2>/dev/null; do kill -0 "$bridge" || fail "$(cat "$dir/log")"; done
end "$bridge" TERM
for file in "$queue"/*.spool; do
	sed -e '/"i50"/s/idle/IDLE/' -e '/"i60"/d' "$file" >"$dir/new"
	cat "$dir/new" >"$file"
done
truncate -s -40 "$file"
bridge --spool 64k
start_broker
catch_up_broker
events | jq -r 'select(.ifname[:1] == "i").ifname[1:]' | first_times >"$dir/numbers"
seq 1 100 | grep -vx -e 50 -e 60 | cmp - "$dir/numbers" || fail "there: $(xargs <"$dir/numbers")"
[ "$(events | jq -c 'select(.topic == "kev/gap").data' | xargs)" = '{cause:spool-damaged,lost:1} {cause:spool-damaged,lost:1}' ] ||
    fail "$(events | grep kev/gap)"
stop_kevd

# Sourced by the tests of kev-mqtt: real brokers, and what they were told.
#
#	mqtt_begin [TOOL...]	with these, and namespaces; the queue is in $queue
#	broker [LINE...]	mosquitto, with these lines in its configuration
#	fake PORT COMMAND	one that is none, by socat, as process $fake; not
#				asked anything so far
#	listen			a subscriber of all, which misses nothing
#	bridge [OPTION...]	kev-mqtt
#	got_all			what it published is all that kevd has, in order

# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"

host=box
port=1883
from=

mqtt_begin() {
	[ -x "$tools/kev-mqtt" ] || skip "kev-mqtt was not built"
	needs ip jq mosquitto mosquitto_sub nc "$@"
	namespaces
	queue=$dir/queue
	: >"$dir/log"
}

# Words in a file, while a process lives.
wait_for() {
	waiting="$1 in $2"
	until grep -qF -e "$1" "$2"; do
		kill -0 "$waiter" 2>/dev/null || fail "it ended before $1: $(cat "$2")"
	done
}

# Ends a process of ours with a signal.
end() {
	kill "-$2" "$1" || fail "$1 is not there"
	wait "$1" 2>/dev/null
	ended=$?
}

broker() {
	{
		echo "user root"
		echo "persistence true"
		echo "persistence_location $dir/"
		echo "max_queued_messages 0"
		echo "log_type all"
		printf '%s\n' "$@"
	} >"$dir/mosquitto.conf"
	start_broker
}
start_broker() {
	: >"$dir/broker"
	${there:-} mosquitto -c "$dir/mosquitto.conf" >"$dir/broker" 2>&1 &
	mosquitto=$!
	pids="$pids $mosquitto"
	waiter=$mosquitto
	wait_for " running" "$dir/broker"
}
fake() {
	socat "TCP-LISTEN:$1,fork,reuseaddr,bind=127.0.0.1" "SYSTEM:$2" 2>/dev/null &
	fake=$!
	pids="$pids $fake"
	until ss -ltn 2>/dev/null | grep -q ":$1 "; do
		kill -0 "$fake" || fail "no socat"
	done
}
stop_broker() { end "$mosquitto" TERM; }

# What comes is in $dir/got: RETAINED TOPIC PAYLOAD.
listen() {
	${there:-} mosquitto_sub -p "$port" -V 5 -c -x 3600 -i listener -q 1 -t 'kev/#' \
	    -F '%r %t %p' "$@" >>"$dir/got" 2>>"$dir/sub.err" &
	listener=$!
	pids="$pids $listener"
	waiter=$mosquitto
	until grep -q 'Sending SUBACK to listener' "$dir/broker"; do
		kill -0 "$mosquitto" || fail "$(cat "$dir/broker")"
	done
}

bridge() {
	"$tools/kev-mqtt" -H "$host" -d "$queue" "$@" 2>>"$dir/log" &
	bridge=$!
	pids="$pids $bridge"
	waiter=$bridge
}

# Events of topic interface/idle, each with a name of its own: FIRST to LAST.
inject() {
	n=$1
	while [ "$n" -le "$2" ]; do
		printf '{"op":"inject","topic":"interface/idle","ifname":"i%d"}\n' "$n"
		n=$((n + 1))
	done | nc -N -U "$KEV_SOCKET"
}

# The last event of all has come.
marks=0
catch_up_broker() {
	marks=$((marks + 1))
	"$kevctl" inject interface/idle -i "mark$marks" || fail inject
	waiter=$bridge
	wait_for "/event/interface/idle/mark$marks " "$dir/got"
}

# All events that came, each once, from the line on that mark_got was called at.
mark_got() { marked=$(wc -l <"$dir/got"); }
events() {
	tail -n "+$((${marked:-0} + 1))" "$dir/got" | sed -n 's/^[01] kev\/[^/]*\/event\/[^ ]* //p'
}
first_times() { awk '!seen[$0]++'; }

# From the event after the one whose id is $from to catch_up_broker, all that kevd
# has kept.
to_mark() { sed "/\"mark$marks\"/q"; }
got_all() {
	events | to_mark | jq -r 'select(.id != null).id' | first_times >"$dir/ids"
	"$kevsub" --after "$from" -t 0 '*/*' | to_mark | jq -r .id >"$dir/ids.kevd"
	cmp "$dir/ids" "$dir/ids.kevd" ||
	    fail "not the same: $(diff "$dir/ids" "$dir/ids.kevd" | head -n 20)"
	[ "$(wc -l <"$dir/ids")" -ge "${1:-1}" ] || fail "not as many"
}
here() { "$kevctl" ping | jq -r '"\(.run)-\(.seq)"'; }

# What a newcomer is told of the state, and kevctl tells.
plain='del(.ipv4[],.ipv6[],.routers[],.nat64[] | .valid_lft,.preferred_lft,.lifetime)'
is_same_state() {
	${there:-} mosquitto_sub -p "$port" -t "kev/$host/state/interface/+" \
	    --retained-only -W 1 -F %p "$@" | jq -cS "$plain" | sort >"$dir/state.broker"
	"$kevctl" state | jq -cS "$plain" | sort >"$dir/state.kevd"
	cmp -s "$dir/state.broker" "$dir/state.kevd"
}
same_state() {
	waiting="the same state"
	until is_same_state "$@"; do
		kill -0 "$bridge" || fail "$(cat "$dir/log")"
	done
}

# Sourced by the tests of kev-dbus: real buses.
#
#	dbus_begin [-n] [TOOL...]	with these, and namespaces as -n says
#	session_bus [LINE...]		a CONFIG that allows all, with these lines
#	start_bus CONFIG		dbus-daemon, as process $bus, at $address; or
#				dbus-broker, if KEV_TEST_BUS is that
#	serve SCRIPT			what that says is kevd's, at fake.socket; as
#				process $server

# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"

dbus_begin() {
	real=
	if [ "${1:-}" = -n ]; then
		real=-n
		shift
	fi
	[ -x "$tools/kev-dbus" ] || skip "built without sd-bus"
	needs ip jq "${KEV_TEST_BUS:-dbus-daemon}" busctl gdbus "$@"
	namespaces $real
	[ "${KEV_TEST_BUS:-}" != dbus-broker ] || journal
	address=unix:path=$dir/bus
}

session_bus() {
	cat <<-CONF
	<busconfig>
	  <type>session</type>
	  <listen>$address</listen>
	  <auth>EXTERNAL</auth>
	  <policy context="default">
	    <allow own="*"/>
	    <allow send_destination="*"/>
	    <allow receive_type="signal"/>
	    <allow receive_type="method_call"/>
	    <allow receive_type="method_return"/>
	    <allow receive_type="error"/>
	  </policy>
	CONF
	for line do
		printf '  %s\n' "$line"
	done
	echo '</busconfig>'
}

start_bus() {
	rm -f "$dir/bus"
	if [ "${KEV_TEST_BUS:-}" = dbus-broker ]; then
		start_dbusbroker "$1"
		return
	fi
	mkfifo "$dir/ready"
	dbus-daemon --config-file="$1" --nofork --print-address=3 \
	    3>"$dir/ready" 2>"$dir/bus.err" &
	bus=$!
	pids="$pids $bus"
	read -r _ <"$dir/ready" || fail "$(cat "$dir/bus.err")"
	rm "$dir/ready"
}

# dbus-broker does not start where there is no journal.
journal() {
	needs dbus-broker-launch pgrep socat systemd-socket-activate
	own_run || skip "no /run of our own"
	mkdir -p /run/systemd/journal
	socat -u UNIX-RECV:/run/systemd/journal/socket "CREATE:$dir/journal" &
	journal=$!
	pids="$pids $journal"
	until [ -S /run/systemd/journal/socket ]; do kill -0 $journal || fail socat; done
}

# It is given a socket, by the first who connects, and is a process of the one that
# reads the configuration, which is a client of it.
start_dbusbroker() {
	DBUS_SESSION_BUS_ADDRESS=$address systemd-socket-activate \
	    -E DBUS_SESSION_BUS_ADDRESS -l "$dir/bus" \
	    dbus-broker-launch --scope user --config-file "$1" 2>"$dir/bus.err" &
	launcher=$!
	pids="$pids $launcher"
	accepts $launcher "$dir/bus" "$dir/bus.err"
	busctl --address="$address" list >"$dir/names" || fail "$(cat "$dir/bus.err")"
	bus=$(pgrep -P $launcher) || fail "no dbus-broker: $(cat "$dir/bus.err")"
}

serve() {
	rm -f fake.socket
	socat UNIX-LISTEN:fake.socket EXEC:"sh $1" 2>asked &
	server=$!
	pids="$pids $server"
	accepts $server fake.socket
}

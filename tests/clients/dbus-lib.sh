# Sourced by the tests of kev-dbus: real buses.
#
#	dbus_begin [-n] [TOOL...]	with these, and namespaces as -n says
#	start_bus CONFIG		dbus-daemon, as process $bus, at $address

# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"

dbus_begin() {
	real=
	if [ "${1:-}" = -n ]; then
		real=-n
		shift
	fi
	[ -x "$tools/kev-dbus" ] || skip "built without sd-bus"
	needs ip jq dbus-daemon busctl gdbus "$@"
	namespaces $real
	address=unix:path=$dir/bus
}

start_bus() {
	rm -f "$dir/bus"
	mkfifo "$dir/ready"
	dbus-daemon --config-file="$1" --nofork --print-address=3 \
	    3>"$dir/ready" 2>"$dir/bus.err" &
	bus=$!
	pids="$pids $bus"
	read -r _ <"$dir/ready" || fail "$(cat "$dir/bus.err")"
	rm "$dir/ready"
}

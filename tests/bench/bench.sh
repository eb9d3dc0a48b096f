#!/bin/sh
# All benches, or the one that KEV_BENCH names, with its arguments; in
# namespaces of their own.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip
export KEV_BENCH="${KEV_BENCH:-}"
# As root, if we are: only that may have large buffers.
if [ "$(id -u)" = 0 ]; then
	namespaces -n
else
	namespaces
fi
ip link add v0 type veth peer name v1 || exit 1
ip link set v0 up
parts=$top_builddir/tests/bench
: >"$dir/err"
export KEVD="$kevd" KEV_BENCH_LIMIT="$parts/limit"
# Room for a thousand clients and their brokers.
ulimit -n "$(ulimit -H -n)"

# bench NAME [ARGUMENT...]
bench() {
	name=$1
	shift
	"$parts/$name" "$dir" "$@" || fail "$name: $(tail -n 5 "$dir/err")"
}

# Where the figures are from.
machine() {
	printf 'machine: %s, %s processors, Linux %s, load %s\n' \
	    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
	    "$(getconf _NPROCESSORS_ONLN)" "$(uname -r)" \
	    "$(cut -d ' ' -f 1 /proc/loadavg)"
	PATH=$PATH:/usr/sbin
	printf 'versions: %s' "$("$kevd" --version)"
	for each in redis-server nats-server "mosquitto -h" \
	    dbus-daemon dbus-broker; do
		# shellcheck disable=SC2086 # it may have an option
		command -v ${each% *} >/dev/null || continue
		[ "$each" != "${each% *}" ] || each="$each --version"
		printf '; %s' "$($each | head -n 1)"
	done
	echo
}

if [ -n "$KEV_BENCH" ]; then
	# shellcheck disable=SC2086 # a name and arguments
	bench $KEV_BENCH
	exit
fi
machine
# That of many links is last: the kernel is long busy with their end.
for each in stages fanout others latency change churn memory stuck held; do
	bench $each
done
[ ! -x "$parts/fleet" ] || bench fleet

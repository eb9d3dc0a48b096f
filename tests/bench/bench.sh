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

if [ -n "$KEV_BENCH" ]; then
	# shellcheck disable=SC2086 # a name and arguments
	bench $KEV_BENCH
	exit
fi
for each in stages fanout others latency change churn memory held stuck; do
	bench $each
done

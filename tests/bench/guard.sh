#!/bin/sh
# What a message costs does not depend on how many want something else, and
# hardly on how much is held: instructions, counted by callgrind, of what a play
# has more than a shorter one.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip valgrind
# It takes a minute where there is something else to do.
export KEV_TEST_SECONDS="${KEV_TEST_SECONDS:-300}"
[ -z "${SANITIZE:-}${KEV_WRAP:-}" ] || skip "instructions of tools count, too"
namespaces
ip link add v0 type veth peer name v1 || exit 1
ip link set v0 up
parts=$top_builddir/tests/bench
ulimit -n "$(ulimit -H -n)"

# play ADDRESSES ROUTERS CLIENTS COUNT: $instructions of so many messages.
play() {
	clients=$3
	"$parts/record" "$dir/recording" "$1" "$2" "$4" || fail record
	rm -f "$dir/fifo" "$dir/hold" "$dir/served" "$dir/counted"
	mkfifo "$dir/fifo" "$dir/hold" "$dir/served"
	KEV_WRAP="valgrind --quiet --tool=callgrind --callgrind-out-file=$dir/counted"
	no_sandbox=--no-sandbox
	start_kevd --play "$dir/fifo" --play-speed 0
	"$parts/hold" "$dir" "$clients" <"$dir/hold" >"$dir/served" &
	exec 7>"$dir/hold"
	read -r _ <"$dir/served" || fail hold
	cat "$dir/recording" >"$dir/fifo"
	until grep -q ': played to its end' "$dir/err"; do
		kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
	done
	stop_kevd
	exec 7>&-
	instructions=$(sed -n 's/^summary: //p' "$dir/counted")
	[ -n "$instructions" ] || fail "callgrind counted nothing"
}

# cost ADDRESSES ROUTERS CLIENTS: instructions a message, $cost.
cost() {
	play "$1" "$2" "$3" 64
	few=$instructions
	play "$1" "$2" "$3" 1088
	cost=$(((instructions - few) / 1024))
	say "$1 addresses, $2 routers, $3 others: $cost instructions a message"
}

# grows FROM TO PERCENT WHAT: no more than that.
grows() {
	[ "$2" -le $(($1 * (100 + $3) / 100)) ] ||
	    fail "$4 make $2 instructions a message of $1"
}

cost 0 0 10
few_clients=$cost
cost 0 0 1000
grows "$few_clients" "$cost" 5 "others who want something else"
cost 1000 0 1
few_held=$cost
cost 10000 0 1
grows "$few_held" "$cost" 10 "addresses that are held"
cost 0 100 1
few_held=$cost
cost 0 1000 1
grows "$few_held" "$cost" 10 "links and routers that are held"

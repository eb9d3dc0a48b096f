#!/bin/sh
# Every example of the man pages is run, in a network that has an eth0 with
# addresses and a default router. One that ends must end well; one that goes on
# must print something when things happen, and is ended then.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq mandoc nc timeout
namespaces

# Prints the example numbered $2 of page $1: what is indented further than the
# text of the section EXAMPLES, up to text again.
example() {
	mandoc -T ascii -O width=500 "$1" | sed 's/.\x08//g' | awk -v n="$2" '
	/^[^ ]/ { here = ($0 ~ /^EXAMPLES/); inside = 0; next }
	!here { next }
	/^           / {
		count += !inside
		inside = 1
		if (count == n)
			print blank substr($0, 12)
		blank = ""
		next
	}
	/^$/ { blank = blank "\n"; next }
	{ inside = 0; blank = "" }'
}

# Something of everything happens to eth0.
stir() {
	ip link set eth0 mtu 1400
	ip addr add 198.51.100.7/24 dev eth0
	ip addr add 2001:db8:7::7/64 dev eth0 nodad
	ip route add default via 198.51.100.1 metric 7
	ip route del default via 198.51.100.1 metric 7
	ip addr del 2001:db8:7::7/64 dev eth0
	ip addr del 198.51.100.7/24 dev eth0
	ip link set eth0 mtu 1500
	nc -N -U "$KEV_SOCKET" <"$dir/injections"
}

# A C program, made as its author would.
compile() {
	cp "$1" "$dir/example.c"
	# shellcheck disable=SC2086 # flags
	{
		${CC:-cc} ${SANITIZE:-} -I"$top_srcdir/clients" \
			-c "$dir/example.c" -o "$dir/example.o" &&
		"$top_builddir/libtool" --quiet --mode=link ${CC:-cc} \
			${SANITIZE:-} "$dir/example.o" -o "$dir/example.bin" \
			"$top_builddir/libkev.la" -lev
	} >"$dir/ex.err" 2>&1 || fail "$2: $(cat "$dir/ex.err")"
	echo ./example.bin >"$1"
}

# run FILE NAME
run() {
	grep -q '^#include' "$1" && compile "$1" "$2"
	rm -f "$dir/ex.end" "$dir/ex.out"
	(
		cd "$dir" || exit
		sh -c 'echo $$ >ex.pid; exec timeout 60 sh "$0"' "$1" \
			>ex.out 2>ex.err </dev/null
		echo $? >ex.end
	) &
	# One that says nothing ends by its timeout.
	until [ -s "$dir/ex.end" ] || [ -s "$dir/ex.out" ]; do
		stir
	done
	# It may be about to end.
	[ -s "$dir/ex.end" ] || stir
	ended=yes
	if [ ! -s "$dir/ex.end" ]; then
		ended=no
		kill "$(cat "$dir/ex.pid")"
	fi
	wait $!
	status=$(cat "$dir/ex.end")
	if [ $ended = no ]; then
		[ -s "$dir/ex.out" ] || fail "$2 says nothing: $(cat "$1")"
	elif [ "$status" != 0 ]; then
		fail "$2 ends with $status: $(cat "$1" "$dir/ex.err")"
	fi
}

own_run || skip "no /run of our own"
mkdir /run/kev
ip link add eth0 type veth peer name peer0
ip link set eth0 up
ip link set peer0 up
ip addr add 192.0.2.1/24 dev eth0
ip addr add 2001:db8::1/64 dev eth0 nodad
ip route add default via 192.0.2.254
start_kevd
ln -s "$KEV_SOCKET" /run/kev/kev.sock
topics=$("$kevctl" topics | jq -r '.topic | select(startswith("kev/") | not)')
[ -n "$topics" ] || fail "no topics"
for topic in $topics; do
	printf '{"op":"inject","topic":"%s","ifname":"eth0"}\n' "$topic"
done >"$dir/injections"
PATH=$tools:$top_builddir:$top_builddir/clients:$PATH
export PATH

for page in "$top_srcdir/broker/kevd.8" "$top_builddir/protocol/kev.7" \
	"$top_srcdir/clients/kevsub.1" "$top_srcdir/clients/kevctl.1" \
	"$top_srcdir/clients/kev.3"; do
	n=1
	while example "$page" $n >"$dir/ex" && [ -s "$dir/ex" ]; do
		run "$dir/ex" "$(basename "$page"), example $n"
		n=$((n + 1))
	done
	say "$(basename "$page"): $((n - 1)) examples"
	[ $n -gt 1 ] || fail "there are no examples in $page"
done
stop_kevd

#!/bin/sh
# The examples in other languages: each is told the present, what happens, what
# happened while its connection was cut, another kevd; all but the slowest, that
# they lost events.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc setsid socat
namespaces
examples=$top_srcdir/contrib/examples
for file in "$examples"/*; do
	[ "$(wc -l <"$file")" -le 40 ] || fail "$file is longer than 40 lines"
done
PATH=$tools:$PATH
socket=$dir/kevd
ip link add v0 type veth peer name v1
for link in v0 v1; do ip link set $link addrgenmode none; done
ip addr add 192.0.2.11/32 dev v0
odd=$(printf 'e\033[1m,"}"')
ip link add "$odd" type bridge && ip addr add 192.0.2.12/32 dev "$odd" ||
    fail "$odd"
start_kevd --queue 65536

# What stands between can be cut, and holds little.
connect() {
	setsid socat "UNIX-LISTEN:$dir/s,fork,unlink-early,sndbuf=4096" \
	    "UNIX-CONNECT:$dir/kevd" 2>/dev/null &
	between=$!
	accepts $between "$dir/s"
}
cut() {
	rm "$dir/s"
	kill -- "-$between"
	wait $between
}

# example NAME FILE TOOL COMMAND...: runs it, if there is the tool.
names='' skipped='' groups=''
example() {
	name=$1
	[ -f "$examples/$2" ] || fail "no $2"
	files="${files:-} $2"
	if ! command -v "$3" >/dev/null; then
		skipped="$skipped $name"
		return
	fi
	shift 3
	KEV_SOCKET=$dir/s setsid "$@" >"$dir/$name.out" 2>"$dir/$name.err" &
	pids="$pids $!"
	groups="$groups -$!"
	names="$names $name"
}
# shown ADDRESS...: by all of them, in the end, and no others of ours.
shown() {
	wanted=$*
	for name in $names; do
		waiting="$name shows $wanted"
		until [ "$(tail -n 1 "$dir/$name.out" | grep -o '192[.0-9]*' |
		    sort | xargs)" = "$wanted" ]; do
			kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
		done
	done
}
# shown_before TEXT: by all of them.
shown_before() {
	for name in $names; do
		grep -q "$1" "$dir/$name.out" ||
		    fail "$name missed $1: $(cat "$dir/$name.out")"
	done
}

build() {
	"$@" >"$dir/built" 2>&1 || fail "$*: $(cat "$dir/built")"
}
connect
# shellcheck disable=SC2086 # flags
{
	build ${CC:-cc} ${SANITIZE:-} -Wall -Werror -I"$top_srcdir/clients" \
	    -c "$examples/addresses.c" -o "$dir/c.o"
	build "$top_builddir/libtool" --quiet --mode=link ${CC:-cc} \
	    ${SANITIZE:-} "$dir/c.o" -o "$dir/c" "$top_builddir/libkev.la" -ljansson
}
if command -v rustc >/dev/null; then
	build rustc --edition 2021 -o "$dir/rust" "$examples/addresses.rs"
fi
if command -v go >/dev/null; then
	export GOCACHE="$dir/go-cache" GO111MODULE=off CGO_ENABLED=0
	build go build -o "$dir/go" "$examples/addresses.go"
fi
example c addresses.c sh "$dir/c"
example go addresses.go go "$dir/go"
example jq addresses-jq.sh jq sh "$examples/addresses-jq.sh"
example node addresses.js node node "$examples/addresses.js"
example perl addresses.pl perl perl "$examples/addresses.pl"
example python addresses.py python3 python3 "$examples/addresses.py"
example rust addresses.rs rustc "$dir/rust"
example socat addresses-socat.sh socat sh "$examples/addresses-socat.sh"
# shellcheck disable=SC2086 # words
[ "$(echo $files | xargs -n 1 | sort)" = "$(ls "$examples")" ] ||
    fail "not all of $(ls "$examples")"

# The present, then a change.
shown 192.0.2.11 192.0.2.12
ip addr add 192.0.2.13/32 dev v0
shown 192.0.2.11 192.0.2.12 192.0.2.13
ip addr del 192.0.2.11/32 dev v0
shown 192.0.2.12 192.0.2.13

# The connection is gone while something comes and goes: nothing is missed.
cut
ip addr add 192.0.2.14/32 dev v0
ip addr del 192.0.2.14/32 dev v0
ip addr add 192.0.2.15/32 dev v0
connect
shown 192.0.2.12 192.0.2.13 192.0.2.15
shown_before 192.0.2.14

# Another kevd does not know what was before it, but what is.
stop_kevd
ip addr del 192.0.2.15/32 dev v0
ip addr add 192.0.2.16/32 dev v0
start_kevd --queue 65536
shown 192.0.2.12 192.0.2.13 192.0.2.16

# The shell reads a byte at a time, which takes too long for what comes now.
kill -- "${groups##* }"
groups=${groups% *} names=${names% socat}

# They don't read, until all have lost something.
n=0
while [ $n -lt 3000 ]; do
	n=$((n + 1))
	echo '{"op":"inject","topic":"ipv4/address-ready","ifname":"v0","data":{"address":"192.0.2.17"}}'
done >"$dir/flood"
for group in $groups; do kill -s STOP -- "$group"; done
ip addr del 192.0.2.13/32 dev v0
waiting="all have lost events"
until "$kevctl" stats | jq -e '[.clients[] | select(.patterns | length > 0) |
    .lost > 0] | length > 0 and all' >/dev/null; do
	nc -N -U "$socket" <"$dir/flood" || fail inject
done
ip addr add 192.0.2.18/32 dev v0
for group in $groups; do kill -s CONT -- "$group"; done
shown 192.0.2.12 192.0.2.16 192.0.2.18
ip addr add 192.0.2.19/32 dev v0
shown 192.0.2.12 192.0.2.16 192.0.2.18 192.0.2.19
for name in $names; do
	grep -Eq 'lost|kev/gap' "$dir/$name.err" ||
	    fail "$name said nothing of its gap: $(cat "$dir/$name.err")"
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\200-\377]')" \
	    "$dir/$name.out" && fail "$name: $(tail -n 1 "$dir/$name.out" | od -c)"
done
for group in $groups; do kill -- "$group"; done
cut
stop_kevd
say "$(($(echo "$names" | wc -w) + 1)) examples ran, $(echo "$skipped" | wc -w) skipped:$skipped"
exit 0

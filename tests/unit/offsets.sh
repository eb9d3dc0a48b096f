#!/bin/sh
# offsets.sh [EVERY [TABLE]]: each number in the tables of what decodes for other
# systems, wrong in two ways, must be noticed by a unit test: one more and one
# less, but of flags and other hexadecimal ones twice and half. Or only the first
# of every so many, or only those of a table. Needs a finished build; "make
# check-offsets". What may be anything, because nothing depends on it, is named
# with the reason in the source.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
: "${LIBS:=-lev -lmnl -lseccomp -ljansson -lbsd -lcmocka}"
every=${1:-1} only=$2
case $every in
'' | *[!0-9]* | 0*) echo "not a number of changes: $every" >&2; exit 2 ;;
esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/kev.XXXXXX") || exit
trap 'rm -rf "$dir"' EXIT
tried=0 missed=0 seen=0

# build SOURCE...: what is in $dir, where the changed table is. That it cannot be
# compiled is as good as a test that fails.
build() {
	for source; do
		${CC:-cc} -O0 -w -std=gnu11 -DHAVE_CONFIG_H -I"$top_builddir" \
		    -I"$top_srcdir/protocol" -I"$top_srcdir/broker" \
		    -c "$dir/$source.c" -o "$dir/$source.o" 2>"$dir/err" ||
		    return
	done
}

# is_noticed TEST...: by one of them, of which the library has all the rest.
is_noticed() {
	for test; do
		# shellcheck disable=SC2086 # words
		${CC:-cc} -o "$dir/test" "$top_builddir/tests/unit/$test"-*.o \
		    "$dir"/*.o "$top_builddir/libkevd.a" \
		    "$top_builddir/libkevproto.a" $LIBS || exit
		timeout 60 "$dir/test" >/dev/null 2>&1 || return 0
	done
	return 1
}

# try FILE LINE NUMBER OTHER TESTS SOURCE...
try() {
	file=$1 line=$2 number=$3 other=$4 tests=$5
	shift 5
	seen=$((seen + 1))
	[ $(((seen - 1) % every)) = 0 ] || return
	sed -E "${line}s/$number(\)?)\$/$other\1/" "$top_srcdir/broker/$file" \
	    >"$dir/$file"
	cmp -s "$top_srcdir/broker/$file" "$dir/$file" &&
		{ echo "not changed: $file:$line"; exit 1; }
	tried=$((tried + 1))
	# shellcheck disable=SC2086 # words
	if ! build "$@" || is_noticed $tests; then
		return
	fi
	missed=$((missed + 1))
	echo "not noticed: $file:$line: $other"
}

# table FILE LINES TESTS SOURCE...: the numbers at the end of such lines of FILE,
# which is part of these sources.
table() {
	table=$1 lines=$2 tests=$3
	shift 3
	[ -z "$only" ] || [ "$only" = "$table" ] || return
	rm -f "$dir"/*
	cp "$top_srcdir"/broker/*.def "$top_srcdir"/broker/*.h "$dir" || exit
	for source; do
		cp "$top_srcdir/broker/$source.c" "$dir" || exit
	done
	grep -nE "$lines" "$top_srcdir/broker/$table" |
	    sed -E 's/^([0-9]+):.*[^0-9a-z](0x[0-9a-f]+|[0-9]+)\)?$/\1 \2/' \
	    >"$dir/numbers"
	# As it is all is well.
	# shellcheck disable=SC2086 # words
	if ! build "$@" || is_noticed $tests; then
		echo "fails without a change: $table"
		exit 1
	fi
	while read -r line number; do
		case $number in
		0x*) others="$((number * 2)) $((number / 2))" ;;
		*) others="$((number + 1)) $((number - 1))" ;;
		esac
		for other in $others; do
			try "$table" "$line" "$number" "$other" "$tests" "$@"
		done
	done <"$dir/numbers"
}

table kern_layout.def '^(AT|SIZE|CONSTANT)' 'test_kern test_ask' kern_decode kern_ask
table kern_ask.def '^(AT|SIZE|CONSTANT)' test_ask kern_ask
for system in all freebsd netbsd openbsd macos; do
	table route_$system.def '^(AT|SIZE|NUMBER|KIND)' test_route route_decode
done
table route_constants.def '^CONSTANT' test_route route_decode
table kame_flags.def '^CONSTANT' 'test_feed test_kern test_route' kame probes
table in6.c '^#define AT_' test_feed in6
table in6.h '^#define IN6_(ROUTER_|SIZE)' test_feed in6 route_feed
table bpf.c '^#define' test_feed bpf
echo "$tried changes, $missed not noticed"
[ "$missed" = 0 ] && [ "$tried" -gt 0 ]

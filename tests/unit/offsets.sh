#!/bin/sh
# offsets.sh: each offset and size in the tables of the decoders, one too large,
# and one too small, must be noticed by their unit tests. Needs a finished build;
# "make check-offsets". What may be anything, because nothing depends on it, is
# named with the reason in the source.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/kev.XXXXXX") || exit
trap 'rm -rf "$dir"' EXIT
tried=0 missed=0

# try NAME LAYOUT LINE DELTA: with the number at the end of that line changed; the
# test's object and the library have all the rest.
try() {
	changed=$dir/${2##*/}
	awk -v line="$3" -v delta="$4" '
	NR == line && match($0, /[0-9]+\)$/) {
		n = substr($0, RSTART, RLENGTH - 1)
		print substr($0, 1, RSTART - 1) (n + delta) ")"
		next
	}
	{ print }' "$2" >"$changed"
	cmp -s "$2" "$changed" && { echo "not changed: $2:$3"; exit 1; }
	${CC:-cc} -O0 -w -std=gnu11 -DHAVE_CONFIG_H -I"$top_builddir" \
	    -I"$top_srcdir/protocol" -I"$top_srcdir/broker" \
	    -c "$dir/$1_decode.c" -o "$dir/changed.o" || exit
	rm "$changed"
	${CC:-cc} -o "$dir/test" "$top_builddir/tests/unit/test_$1-test_$1.o" \
	    "$top_builddir/tests/unit/test_$1-vectors.o" "$dir/changed.o" \
	    "$top_builddir/broker/.libs/libkevd_la-kame.o" \
	    "$top_builddir/.libs/libkevproto.a" -lcmocka -ljansson || exit
	tried=$((tried + 1))
	timeout 60 "$dir/test" >/dev/null 2>&1 || return 0
	missed=$((missed + 1))
	echo "not noticed: $2:$3 by $4"
}

# The layout that is beside a copy of the decoder is taken, else that in broker.
layouts() {
	name=$1
	shift
	cp "$top_srcdir/broker/${name}_decode.c" "$dir" || exit
	for layout; do
		layout=$top_srcdir/broker/$layout.def
		grep -nE '^(AT|SIZE|NUMBER)' "$layout" >"$dir/lines"
		while IFS=: read -r line _; do
			for delta in 1 -1; do
				try "$name" "$layout" "$line" "$delta"
			done
		done <"$dir/lines"
	done
}
layouts kern kern_layout
layouts route route_freebsd route_netbsd route_openbsd route_macos
echo "$tried changes, $missed not noticed"
[ "$missed" = 0 ] && [ "$tried" -gt 0 ]

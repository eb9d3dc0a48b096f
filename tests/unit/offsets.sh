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

# try NAME SOURCE LINE COLUMN-PATTERN DELTA: as the source with that number
# changed; the test's object and the library have all the rest.
try() {
	awk -v line="$3" -v what="$4" -v delta="$5" '
	NR == line && match($0, what " = [0-9]+") {
		n = substr($0, RSTART, RLENGTH)
		sub(/.* /, "", n)
		head = substr($0, 1, RSTART + RLENGTH - 1 - length(n))
		print head (n + delta) substr($0, RSTART + RLENGTH)
		next
	}
	{ print }' "$2" >"$dir/changed.c"
	cmp -s "$2" "$dir/changed.c" && { echo "not changed: $4"; exit 1; }
	${CC:-cc} -O0 -w -std=gnu11 -DHAVE_CONFIG_H -I"$top_builddir" \
	    -I"$top_srcdir/protocol" -I"$top_srcdir/broker" -c "$dir/changed.c" \
	    -o "$dir/changed.o" || exit
	${CC:-cc} -o "$dir/test" "$top_builddir/tests/unit/test_$1-test_$1.o" \
	    "$top_builddir/tests/unit/test_$1-vectors.o" "$dir/changed.o" \
	    "$top_builddir/broker/.libs/libkevd_la-kame.o" \
	    "$top_builddir/.libs/libkevproto.a" -lcmocka -ljansson || exit
	tried=$((tried + 1))
	timeout 60 "$dir/test" >/dev/null 2>&1 || return 0
	missed=$((missed + 1))
	echo "not noticed: $2:$3: $4 by $5"
}

# Every "NAME = NUMBER" between the tables' first and last line.
for name in kern route; do
	source=$top_srcdir/broker/${name}_decode.c
	awk -v name="$name" '
	name == "kern" && /^enum \{/ { on = 1 }
	name == "route" && /^static const struct route_system systems/ { on = 1 }
	/^};/ { on = 0 }
	on {
		rest = $0
		while (match(rest, /(\.[a-z_0-9]+|AT_[A-Z0-9_]+) = [0-9]+/)) {
			split(substr(rest, RSTART, RLENGTH), part, " ")
			print NR, part[1]
			rest = substr(rest, RSTART + RLENGTH)
		}
	}' "$source" >"$dir/list"
	while read -r line what; do
		for delta in 1 -1; do
			try "$name" "$source" "$line" "$what" "$delta"
		done
	done <"$dir/list"
done
echo "$tried changes, $missed not noticed"
[ "$missed" = 0 ] && [ "$tried" -gt 0 ]

#!/bin/sh
# Every kept input through its target; see fuzz.h.
: "${top_srcdir:=.}" "${top_builddir:=.}"
kept=$top_srcdir/tests/fuzz
for target in audit client ethtool filter frame glob kern line packet play \
	record request route rtnl server text time; do
	program=$top_builddir/tests/fuzz/fuzz_$target
	[ -x "$program" ] || continue
	set -- "$kept/$target"/*
	[ -e "$1" ] || { echo "no inputs for $target" >&2; exit 1; }
	# shellcheck disable=SC2086 # a wrapper may have arguments
	${KEV_WRAP:-} "$program" "$@" || exit 1
	ran=yes
done
[ "${ran:-}" = yes ]

#!/bin/sh
# same.sh DIRECTORY: whether the kernel says what kevd's state says, in every
# namespace; 1 if not, and the difference is in DIRECTORY/diff.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
dir=$1
"$kevctl" stats >"$dir/stats" || fail stats
"$kevctl" -n '*' state >"$dir/state" || fail state
: >"$dir/diff"
for ns in own $(jq -r '.netns | keys[]' "$dir/stats"); do
	[ "$ns" = own ] && ip=ip || ip="ip -n $ns"
	kernel >"$dir/kernel" 2>/dev/null || exit 1
	jq -c --arg n "$ns" 'select((.netns // "own") == $n)' "$dir/state" |
	    jq -cS -f "$top_srcdir/tests/live/state.jq" >"$dir/state.as-ip" ||
	    fail jq
	diff "$dir/state.as-ip" "$dir/kernel" >>"$dir/diff" || exit 1
done

#!/bin/sh
# Whatever kevd can tell, it can tell as another user without any capability:
# the same tests again, some at a time.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
[ "$(id -u)" = 0 ] || skip "only root can become another user"
[ -z "${KEV_WRAP:-}${SANITIZE:-}" ] || skip "nothing new for tools that find errors"
user=nobody
dir=$(mktemp -d "${TMPDIR:-/tmp}/kev.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
# run TEST...: one after the other.
run() {
	for name; do
		KEV_TEST_USER=$user "${SHELL:-sh}" \
		    "$top_srcdir/tests/live/$name.sh" >"$dir/$name" 2>&1
		status=$?
		[ $status = 77 ] && say "$name was skipped"
		[ $status = 0 ] || [ $status = 77 ] || {
			say "FAILED: $name"
			cat "$dir/$name" >&2
			return 1
		}
	done
}
run collision duplicate speed &
first=$!
run expired ipv6 link &
second=$!
run overrun failure nat64
status=$?
wait "$first" || status=1
wait "$second" || status=1
exit $status

#!/bin/sh
# Interfaces may be called almost anything; events stay JSON.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
start_kevd
start_log

# No UTF-8, what JSON escapes, what a terminal obeys, what shells and globs do.
bad=$(printf 'a\377\303(')
ip link add "$bad" type bridge || skip "ip takes no such name"
expect '"interface/attach"*"ifname_hex":"61ffc328"'
printf '%s\n' "$line" | jq -e --arg name "$(printf 'a\357\277\275\357\277\275(')" \
    '.ifname == $name and .ifindex > 1' >/dev/null || fail "$line"
for name in 'q"uo\te' "$(printf 'esc\033[31m')" "$(printf 'x\001\177y')" \
    '*[?]$(x)' "$(printf 'pinguin\360\237\220\247')"; do
	ip link add "$name" type bridge || fail "ip link add"
	expect '"interface/attach"*"kind":"bridge"'
	case $line in
	*ifname_hex*) fail "not needed: $line" ;;
	esac
	[ "$(printf '%s\n' "$line" | jq -r .ifname)" = "$name" ] ||
	    fail "not $name: $line"
done
# The log as JSON, line by line, and nothing in it that a terminal obeys.
jq . "$dir/log" >/dev/null || fail "not JSON"
LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" "$dir/log" &&
    fail "control characters"
# A filter takes what a shell would; the name itself when escaped.
[ "$("$kevsub" -S -i 'q"uo\\te' interface/attach | wc -l)" = 1 ] ||
    fail "a name with a backslash"
[ "$("$kevsub" -S -i '\*\[?]$(x)' interface/attach | wc -l)" = 1 ] ||
    fail "a name of wildcards"
"$kevsub" -S -o text interface/attach >"$dir/text" || fail "text"
LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" "$dir/text" &&
    fail "control characters in text"
catch_up
"$top_builddir/tests/unit/play" <"$dir/log" | jq -cS 'del(..|.valid_lft?,.preferred_lft?)' \
    >"$dir/played"
"$kevctl" state | jq -cS 'del(.ifname_hex) | del(..|.valid_lft?,.preferred_lft?)' >"$dir/state"
diff "$dir/played" "$dir/state" || fail "played back"
stop_kevd

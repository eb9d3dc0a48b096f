#!/bin/sh
# ipv4/port-in-use: binds that fail, in the one network namespace whose audit
# can be heard. Audit is as it was when this is over.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs jq setpriv unshare
no_namespaces
chmod 711 "$dir"
mkdir "$dir/run"
chown nobody "$dir/run"
socket=$dir/run/s
live=$top_builddir/tests/live
wrap=${KEV_WRAP:-}

# audit JQ: it holds for what stats say of the source.
audit() {
	"$kevctl" stats | jq -e ".sources.audit | $1" >/dev/null ||
	    fail "$("$kevctl" stats | jq -c .sources.audit), not $1"
}
logged() {
	[ "$(grep -c -e "$2" "$dir/err")" = "$1" ] ||
	    fail "not $1 line(s) with $2: $(cat "$dir/err")"
}

# Off: it says so where it is asked, and nowhere else.
start_kevd
audit '(.available | not) and (.reason | contains("--port-in-use"))'
logged 0 audit
"$kevctl" topics | jq -se 'any(.topic == "ipv4/port-in-use" and .native)' \
    >/dev/null && fail "native, but off"
stop_kevd

# Where it cannot be had, all else works.
cat >"$dir/less" <<'LESS'
#!/bin/sh
exec setpriv --bounding-set -audit_read --inh-caps -audit_read "$@"
LESS
chmod +x "$dir/less"
for how in "$dir/less" "unshare -n"; do
	KEV_WRAP="$how $wrap" start_kevd --port-in-use
	audit '.available | not'
	case $how in
	unshare*) why="initial network namespace" ;;
	*) why=CAP_AUDIT_READ ;;
	esac
	audit ".reason | contains(\"$why\")"
	logged 1 "audit: not available: .*$why"
	"$kevsub" -S -i lo interface/attach >/dev/null || fail "nothing else works"
	stop_kevd
done

# From here on it is our turn: how audit is, then with a rule.
mkfifo "$dir/go" "$dir/said"
"$live/audit_rule" <"$dir/go" >"$dir/said" 2>"$dir/why" &
holder=$!
pids="$pids $holder"
exec 7>"$dir/go" 8<"$dir/said"
read -r enabled rule <&8 || skip "$(cat "$dir/why")"
before="$enabled $rule"
start_kevd --port-in-use
audit .available
if [ "$enabled" = 0 ]; then logged 1 'auditctl -e 1$'; else logged 0 'auditctl -e'; fi
if [ "$rule" = 0 ]; then
	logged 1 'auditctl -a always,exit -F arch=b.. -S bind -F exit=-EADDRINUSE$'
else
	logged 0 'auditctl -a'
fi
"$kevctl" topics | jq -se 'any(.topic == "ipv4/port-in-use" and .native)' \
    >/dev/null || fail "not native"
kill "$kevd_pid"
wait "$kevd_pid" || fail "$(cat "$dir/err")"
echo >&7
read -r ready <&8
[ "$ready" = ready ] || skip "audit: $ready"

# clash HOW [ADDRESS]: runs it; $pid, $port and $errno are its own.
mkfifo "$dir/clash"
clash() {
	"$live/clash" "$@" >"$dir/clash" 7>&- &
	pids="$pids $!"
	read -r pid port errno <"$dir/clash"
}

# The event of the last clash: within seconds, and this. Before Linux 6.8 the
# protocol of who is bound and does not listen cannot be known.
seconds=10
[ -z "${SANITIZE:-}$wrap" ] || seconds=60
expect_clash() {
	[ "$errno" = 98 ] || fail "bind: $errno"
	begun=$(date +%s)
	expect "\"ipv4/port-in-use\"*\"pid\":$pid,"
	[ $(($(date +%s) - begun)) -le $seconds ] || fail "too late"
	printf '%s\n' "$line" | jq -e --argjson pid "$pid" --arg proto "$1" \
	    --argjson port "$port" --arg command "${2:-clash}" '
	    (has("ifname") | not) and .source == "audit" and
	    (.data.protocol // $proto) == $proto and (.data | del(.protocol)) ==
	    { pid: $pid, port: $port, command: $command, count: 1 }' >/dev/null ||
	    fail "$1: $line"
}

# As another user it may not do any of this again, but goes on hearing.
start_kevd --port-in-use -U nobody
awk '/^Cap(Prm|Eff):/ && $2 !~ /^0+$/ { exit 1 }' "/proc/$kevd_pid/status" ||
    fail "has capabilities: $(cat "/proc/$kevd_pid/status")"
logged 0 auditctl
start_log
for address in 127.0.0.1 ::1; do
	[ "$address" = ::1 ] && [ ! -s /proc/net/if_inet6 ] && continue
	clash tcp "$address"
	expect_clash tcp
	printf '%s\n' "$line" | jq -e .data.protocol >/dev/null || fail "$line"
	clash bound "$address"
	expect_clash tcp
	clash udp "$address"
	expect_clash udp
	printf '%s\n' "$line" | jq -e .data.protocol >/dev/null || fail "$line"
done
# Names are what the process wants them to be.
name='a "b" pid=1'
clash -c "$name" tcp
expect_clash tcp "$name"

# None of these is one; the one after them is, and nothing overtakes it.
others=
nothing() {
	wanted=$1
	shift
	clash "$@"
	[ "$errno" = "$wanted" ] || say "$*: $errno, not $wanted"
	others="$others $pid"
}
nothing 0 -1 tcp
nothing 0 -1 udp
nothing 99 -1 tcp 192.0.2.1
nothing 98 unix "kev-test-$$"
live_dir=$live
cat >"$dir/live" <<LIVE
#!/bin/sh
exec setpriv --reuid=65533 --clear-groups "$live_dir/clash" "\$@"
LIVE
mkdir "$dir/bin"
mv "$dir/live" "$dir/bin/clash"
chmod +x "$dir/bin/clash"
live=$dir/bin nothing 13 -1 tcp 127.0.0.1 1
live=$live_dir
clash tcp
expect_clash tcp
for pid in $others; do
	assert_count 0 '"ipv4/port-in-use"' "\"pid\":$pid,"
done

# A process that tries again and again: once, and then a count of the rest.
clash -n 50 udp
expect_clash udp
first=$(printf '%s\n' "$line" | jq .mono)
sum=1
until [ "$sum" = 50 ]; do
	expect "\"ipv4/port-in-use\"*\"pid\":$pid,"
	sum=$((sum + $(printf '%s\n' "$line" | jq .data.count)))
	next=$(printf '%s\n' "$line" | jq .mono)
	[ $((next - first)) -ge 1000000 ] || fail "too soon: $line"
	[ "$sum" -le 50 ] || fail "$sum, not 50"
	first=$next
done
audit '.malformed == 0 and .overruns == 0 and .decoded >= 50 and .available'
kill "$kevd_pid"
wait "$kevd_pid" || fail "$(cat "$dir/err")"
exec 5<&-

# Off, while another one tells: nothing.
rm "$dir/lines"
start_kevd
start_log
off=$kevd_pid
socket=$dir/run/on
start_kevd --port-in-use --rcvbuf 8192
run=$("$kevctl" ping | jq -r .run)
clash udp
"$kevsub" -q -c 1 -t "$seconds" --after="$run-0" -m pid="$pid" \
    ipv4/port-in-use >"$dir/event" || fail "not told"
KEV_SOCKET=$dir/run/s catch_up
assert_count 0 '"ipv4/port-in-use"'
kill "$off"
exec 5<&-

# More than it holds, while nobody reads: said, and it goes on.
rm "$dir/lines"
start_log
kill -STOP "$kevd_pid"
clash -n 500 udp
kill -CONT "$kevd_pid"
expect '"kev/gap"*"source":"audit"*"kernel-overrun"'
printf '%s\n' "$line" | jq -e '.data.resynced == false' >/dev/null || fail "$line"
until grep -q "nothing brings them back" "$dir/log.err"; do
	kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
done
audit '.overruns >= 1'
# What fills it now may be of that flood, or not.
until
	clash tcp
	"$kevsub" -q -c 1 -t 1 --after="$run-0" -m pid="$pid" \
	    ipv4/port-in-use >"$dir/event"
do
	say "lost $pid"
done

stop_all
exec 7>&- 8<&-
"$live/audit_rule" </dev/null >"$dir/after" || fail "audit_rule"
[ "$(cat "$dir/after")" = "$before" ] || fail "was $before, is $(cat "$dir/after")"

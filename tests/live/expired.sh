#!/bin/sh
# nd6/router-expired: on time, once, not while the router goes on, and for no
# other end; and the same where routers may not be heard.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq radvd sysctl nsenter setpriv
namespaces
ip link add v0 type veth peer name v1
start_other
ip link set v1 netns "$other"
$there ip link set v1 up
$there sysctl -qw net.ipv6.conf.all.forwarding=1
cat >"$dir/less" <<'LESS'
#!/bin/sh
exec setpriv --bounding-set -net_raw --inh-caps -net_raw "$@"
LESS
chmod +x "$dir/less"
KEV_WRAP="$dir/less ${KEV_WRAP:-}" socket=$dir/deaf start_kevd
deaf=$kevd_pid
[ "$("$kevctl" stats | jq .sources.ndp.available)" = false ] || fail "it hears"
"$kevsub" --no-reconnect -s 'nd6/router-*' >"$dir/deaf.log" 2>/dev/null &
deaf_log=$!
start_kevd
start_log
ip link set v0 up
expect_event ipv6/address-ready v0

cat >"$dir/radvd.conf" <<CONF
interface v1 {
	AdvSendAdvert on;
	MinRtrAdvInterval 3;
	MaxRtrAdvInterval 4;
	AdvDefaultLifetime 6;
};
CONF
$there radvd -n -C "$dir/radvd.conf" -p "$dir/radvd.pid" -m stderr \
    2>"$dir/radvd.log" &
radvd=$!
pids="$radvd $pids"
expect_event nd6/router-add v0 '"lifetime":[56]'
real=$(printf '%s\n' "$line" | jq -r .data.gateway)

# The clock of "mono".
now() { awk '{ printf("%.0f\n", $1 * 1000000) }' /proc/uptime; }
# last COMMAND...: it makes that the last one is heard about now.
last() { begun=$(now); "$@"; done=$(now); }
# expires GATEWAY FROM TO: so many seconds after that.
expires() {
	expect_event nd6/router-expired v0 "$1"
	printf '%s\n' "$line" | jq -e ".source == \"timer\" and
	    .mono >= $begun + 1000000 * $2 and .mono <= $done + 1000000 * $3" \
	    >/dev/null || fail "not $2 s after $begun, $3 s after $done: $line"
}
# Another one, refreshed once, of which the kernel says nothing; then silent.
send "$(router a 5)"
expect_event nd6/router-add v0 '"gateway":"fe80::a"*"lifetime":[45]'
exits 124 "$kevsub" -q -t 2 -c 1 nd6/router-expired
last send "$(router a 5)"
expires fe80::a 5 6
# A short life is heard of, if one may hear.
send "$(router b 60)"
expect_event nd6/router-add v0 '"gateway":"fe80::b"*"lifetime":[56]'
last send "$(router b 1)"
expires fe80::b 1 2
# The real one goes on all the time, and dies without a word.
jq -e --arg real "$real" '[.routers[] | select(.gateway == $real) | .lifetime] |
    length == 1 and .[0] <= 6' >/dev/null <<STATE || fail "no $real"
$("$kevctl" state v0)
STATE
last kill -KILL "$radvd"
expires "$real" 1 7
# The kernel has it still, and so have we; its removal is no second end.
assert_same
ip -6 route del default via "$real" dev v0
expect_event nd6/router-remove v0 "$real"

# None of these is one: withdrawn, a cable pulled, the link set down.
send "$(router c 2)" && send "$(router c 0)"
expect_event nd6/router-remove v0 '"gateway":"fe80::c"'
send "$(router d 2)"
expect_event nd6/router-add v0 '"gateway":"fe80::d"'
$there ip link set v1 down
expect_event interface/link-down v0
exits 124 "$kevsub" -q -t 3 -c 1 nd6/router-expired
$there ip link set v1 up
expect_event interface/link-up v0
send "$(router e 60)"
expect_event nd6/router-add v0 '"gateway":"fe80::e"'
ip link set v0 down
expect_event nd6/router-remove v0 '"gateway":"fe80::e"'
assert_same
assert_count 3 '"nd6/router-expired"'

# Who is deaf says the same, at the same time, but for what only was heard.
kill "$deaf"
wait "$deaf" "$deaf_log"
told() {
	jq -c 'select(.topic | startswith("nd6/router-")) |
	    select(.data.gateway != "fe80::b") | [.topic, .data.gateway]' "$1"
}
told "$dir/log" >"$dir/told"
told "$dir/deaf.log" | diff "$dir/told" - || fail "not the same"
jq -se 'map(select(.topic == "nd6/router-expired" and .data.gateway != "fe80::b")) |
    group_by(.data.gateway) | length == 2 and
    all(length == 2 and (.[0].mono - .[1].mono | fabs) < 1000000)' \
    "$dir/log" "$dir/deaf.log" >/dev/null || fail "$(cat "$dir/deaf.log")"
stop_kevd

#!/bin/sh
# Started by root: kevd becomes another user, and others may not inject.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq setpriv busybox nsenter
namespaces -n
setpriv --reuid=65533 --regid=65533 --clear-groups "$kevctl" -V >/dev/null 2>&1 ||
    skip "others cannot get at what was built"
chmod 711 "$dir"
mkdir "$dir/run"
chown nobody "$dir/run"
socket=$dir/run/s
ip link add v0 type veth peer name v1

KEV_WRAP="setpriv --inh-caps +net_raw --ambient-caps +net_raw ${KEV_WRAP:-}" \
    start_kevd -U nobody -m 0666
awk '/^(Uid|Gid):/ && ($2 == 0 || $3 == 0 || $4 == 0 || $5 == 0) { exit 1 }
    /^Cap(Inh|Prm|Eff|Amb):/ && $2 !~ /^0+$/ { exit 1 }' "/proc/$kevd_pid/status" ||
    fail "still root: $(cat "/proc/$kevd_pid/status")"
"$kevctl" ping >/dev/null || fail "does not answer"
[ -n "$no_sandbox${SANITIZE:-}" ] || grep -q '^NoNewPrivs:.1$' "/proc/$kevd_pid/status" ||
    fail "no sandbox: $(cat "/proc/$kevd_pid/status")"
# It goes on hearing the kernel, and can still ask it.
start_log
ip addr add 192.0.2.1/24 dev v0
expect_event ipv4/address-ready v0
ip route add default dev v0 2>/dev/null || ip link set v0 up
ip route replace default dev v0
expect_event ipv4/router-add v0
ip link set v0 down
expect_event ipv4/router-remove v0

# And hears other hosts, though it could not open that socket any more.
ip link set v0 up
ip link set v1 up
"$kevsub" -W -i v0 interface/link-up >/dev/null || fail "v0 is not up"
"$kevsub" -q -c 1 -t 30 -i v0 ipv4/collision >/dev/null &
waiter=$!
ip link set v1 address 02:00:5e:00:53:99
start_other
ip link set v1 netns "$other"
$there ip link set v1 up
$there ip addr add 192.0.2.1/24 dev v1
until ! kill -0 "$waiter" 2>/dev/null; do
	$there busybox arping -U -c 1 -I v1 192.0.2.1 >/dev/null 2>&1
done
wait "$waiter" || fail "no collision"

# Root and kevd's user may inject; a third may look, but not that.
nobody=$(id -u nobody)
setpriv --reuid="$nobody" --clear-groups "$kevctl" inject ipv4/collision ||
    fail "kevd's own user is refused"
setpriv --reuid=1 --clear-groups "$kevctl" ping >/dev/null || fail "ping is refused"
setpriv --reuid=1 --clear-groups "$kevctl" inject ipv4/collision 2>"$dir/said"
[ $? = 4 ] || fail "a third may inject"
grep -q denied "$dir/said" || fail "$(cat "$dir/said")"
stop_kevd
[ -e "$KEV_SOCKET" ] && fail "left a socket"

# It finds other namespaces all the same: by a process that can enter them, and
# has no other privileges than that takes (12 NET_ADMIN, 13 NET_RAW, 19
# SYS_PTRACE, 21 SYS_ADMIN), nor anything of kevd's open.
if own_run; then
	exec 5<&-
	rm "$dir/lines"
	start_kevd -U nobody --netns all
	start_log
	awk '/^Cap/ && $2 ~ /[1-9a-f]/ && !/CapBnd/ { exit 1 }' \
	    "/proc/$kevd_pid/status" || fail "$(cat "/proc/$kevd_pid/status")"
	finder=$(cat "/proc/$kevd_pid/task/$kevd_pid/children")
	finder=${finder% }
	awk '/^Cap(Prm|Eff):/ && $2 !~ /^0*283000$/ { exit 1 }
	    /^CapInh:/ && $2 !~ /^0+$/ { exit 1 }
	    /^NoNewPrivs:/ && $2 != 1 { exit 1 }' "/proc/$finder/status" ||
	    fail "$(cat "/proc/$finder/status")"
	ip netns add late
	expect '"interface/attach"*"ifname":"lo"*"netns":"late"'
	ip -n late link set lo up
	expect '"ipv4/address-ready"*"ifname":"lo"*"netns":"late"*127.0.0.1'
	"$kevctl" stats | jq -e '.netns.late | .arp.available and
	    .ndp.available' >/dev/null || fail "$("$kevctl" stats)"
	ip netns del late
	expect '"interface/detach"*"ifname":"lo"*"netns":"late"'
	stop_kevd
fi

# Only the group may connect, if told so.
start_kevd -g daemon -m 0660
[ "$(stat -c '%a %G' "$KEV_SOCKET")" = "660 daemon" ] ||
    fail "$(stat -c '%a %G' "$KEV_SOCKET")"
setpriv --reuid=65533 --regid=65533 --clear-groups "$kevctl" -u "$KEV_SOCKET" ping 2>"$dir/said"
[ $? = 4 ] || fail "others may connect: $(cat "$dir/said")"
exit 0

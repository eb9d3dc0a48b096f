#!/bin/sh
# What kevd gives up once it runs, and that it does all it did before.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq socat
[ -z "$no_sandbox${SANITIZE:-}" ] || skip "tools that find errors need more"
namespaces

seccomp=0
grep -q '^#define HAVE_SECCOMP 1' "$top_builddir/config.h" && seccomp=2

# holds PID NAME VALUE: so says /proc.
holds() {
	grep -q "^$2:[[:space:]]*$3\$" "/proc/$1/status" ||
	    fail "not $2 $3: $(cat "/proc/$1/status")"
}
removed() {
	for file; do
		[ -e "$file" ] && fail "left $file"
	done
	return 0
}

# Root keeps one capability: to remove its files, whosever directory it is.
start_kevd -p "$dir/pid"
"$kevctl" ping >/dev/null || fail "does not answer"
holds "$kevd_pid" NoNewPrivs 1
holds "$kevd_pid" Seccomp $seccomp
for set in CapInh CapAmb; do
	holds "$kevd_pid" $set '0*'
done
for set in CapPrm CapEff; do
	holds "$kevd_pid" $set '0*2'
done
"$kevctl" stats >"$dir/stats"
jq -e --argjson seccomp $seccomp '.rss > 0 and .sandbox.no_new_privs and
    .sandbox.seccomp == ($seccomp == 2) and .sandbox.landlock >= 0' \
    "$dir/stats" >/dev/null || fail "$(cat "$dir/stats")"
"$kevctl" stats --prometheus | grep -q '^kev_sandbox_no_new_privs 1$' ||
    fail "prometheus"
# What cannot be had is said.
[ "$(jq .sandbox.landlock "$dir/stats")" = 0 ] && wanted=1 || wanted=0
[ "$(grep -c "sandbox: no Landlock" "$dir/err")" = "$wanted" ] ||
    fail "$(cat "$dir/err")"
start_log
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
expect_event ipv4/address-ready v0
ip link set v0 up
ip link del v0
expect_event interface/detach v0
assert_same
stop_kevd
removed "$dir/s" "$dir/pid"

# Files are removed wherever they are, and however they are named.
mkdir -p "$dir/one two/three" "$dir/four"
ln -s "one two" "$dir/link"
cd "$dir" || exit 1
for name in here ./here link/three/../s "$dir//one two/three/s"; do
	socket=$name
	start_kevd -p four/pid
	"$kevctl" ping >/dev/null || fail "$name: does not answer"
	stop_kevd
	removed "$name" four/pid
done
socket=

# Who finds namespaces has it, too.
start_kevd --netns all
"$kevctl" ping >/dev/null || fail "does not answer"
finder=$(cat "/proc/$kevd_pid/task/$kevd_pid/children")
holds "${finder% }" Seccomp $seccomp
holds "${finder% }" NoNewPrivs 1
stop_kevd

# Not for who wants to look into it.
start_kevd --no-sandbox --netns all
finder=$(cat "/proc/$kevd_pid/task/$kevd_pid/children")
holds "${finder% }" Seccomp 0
holds "$kevd_pid" Seccomp 0
"$kevctl" stats | jq -e '.sandbox ==
    {"no_new_privs":false,"seccomp":false,"landlock":0,"pledge":false}' >/dev/null ||
    fail "$("$kevctl" stats)"
stop_kevd

# In the background it goes on logging when syslogd was started again.
case $KEV_INSIDE in
*--mount-proc*) ;;
*) exit 0 ;;
esac
mkdir "$dir/dev" && mount -t tmpfs -o mode=755 none "$dir/dev" && : >"$dir/dev/null" &&
    mount --bind /dev/null "$dir/dev/null" &&
    mount --rbind "$dir/dev" /dev && umount -l "$dir/dev" ||
    fail "no /dev of our own"
start_syslog() {
	rm -f /dev/log
	socat -u UNIX-RECV:/dev/log CREATE:"$dir/$1" &
	syslog=$!
	pids="$pids $syslog"
	until [ -S /dev/log ]; do kill -0 "$syslog" || fail socat; done
}
logs() {
	waiting="$2 in syslog"
	until grep -qs "kevd\[[0-9]*\]: .*$2" "$dir/$1"; do
		kill -0 "$syslog" || fail socat
		"$kevctl" ping >/dev/null || fail "does not answer"
	done
}
start_syslog before
"$kevd" -d -v -p "$dir/pid" || fail "does not start"
ip link add v0 type veth peer name v1
logs before newlink
kill "$syslog"
wait "$syslog"
"$kevctl" ping >/dev/null || fail "does not answer"
start_syslog after
ip link del v0
logs after dellink
kill "$(cat "$dir/pid")"
while [ -e "$dir/pid" ]; do :; done
removed "$KEV_SOCKET"
exit 0

#!/bin/sh
# The units for systemd: safe enough by its own measure, and kevd works with
# what they leave to it.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq setpriv socat
[ -z "${KEV_WRAP:-}${SANITIZE:-}" ] || skip "nothing new for tools that find errors"
namespaces -n
setpriv --reuid=65533 --regid=65533 --clear-groups "$kevctl" -V >/dev/null 2>&1 ||
    skip "others cannot get at what was built"
units=$top_builddir/contrib/systemd

# What systemd itself says of them, exposure 2.0 at most.
mkdir "$dir/units"
cp "$units/kevd.socket" "$dir/units"
for unit in "$units"/*.service; do
	name=$(basename "$unit")
	sed "s|^ExecStart=[^ ]*/|ExecStart=$top_builddir/|" "$unit" >"$dir/units/$name"
	grep -q "^ExecStart=$top_builddir/${name%.service}\( \|\$\)" "$dir/units/$name" ||
	    fail "no ExecStart in $name"
done
[ -e "$dir/units/kevd.service" ] || fail "no unit"
[ ! -x "$tools/kev-mqtt" ] || [ -e "$dir/units/kev-mqtt.service" ] || fail "no unit of kev-mqtt"
if systemd-analyze security --help 2>/dev/null | grep -q -e --threshold; then
	for unit in "$dir"/units/*; do
		systemd-analyze verify --man=no "$unit" >"$dir/out" 2>&1 &&
		    [ ! -s "$dir/out" ] || fail "$(cat "$dir/out")"
	done
	for unit in "$dir"/units/*.service; do
		systemd-analyze security --offline=true --threshold=20 "$unit" \
		    >"$dir/out" 2>&1 || fail "$(cat "$dir/out")"
	done
else
	say "no systemd-analyze that can look at files"
fi

# Those that end without kevd are started again as often as it takes: systemd gives
# up when that was five times in ten seconds.
for unit in kev-dbus kev-hook kev-mqtt; do
	[ -e "$units/$unit.service" ] || continue
	grep -qx Restart=on-failure "$units/$unit.service" &&
	    grep -qx RestartSec=5 "$units/$unit.service" || fail "$unit gives up"
done

# A user without anything but these capabilities, in a file system where it can
# write to one directory: like that it hears all there is.
caps() {
	sed -n "s/^$1=//p" "$units/kevd.service" | tr '[:upper:]' '[:lower:]' |
	    sed 's/cap_/+/g; s/ /,/g'
}
ambient=$(caps AmbientCapabilities)
[ "$ambient" = "$(caps CapabilityBoundingSet)" ] || fail "different: $ambient"
chmod 711 "$dir"
mkdir "$dir/run"
chown nobody "$dir/run"
socket=$dir/run/s
cat >"$dir/start" <<START
#!/bin/sh
mount --bind "$dir/run" "$dir/run" && mount -o remount,bind,ro / || exit 1
exec setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs \
    --bounding-set=-all,$ambient --inh-caps=-all,$ambient \
    --ambient-caps=-all,$ambient "\$@"
START
chmod +x "$dir/start"
# READY=1 comes, and whoever connects then is answered.
cat >"$dir/supervisor" <<'READ'
head -c 7 >"$1/ready" && "$2" -u "$3" ping >"$1/answer"
READ
socat -u UNIX-RECV:"$dir/notify",mode=0666 \
    EXEC:"sh $dir/supervisor $dir $kevctl $socket" &
supervisor=$!
pids=$supervisor
until [ -S "$dir/notify" ]; do kill -0 "$supervisor" || fail socat; done
ip link add v0 type veth peer name v1
export NOTIFY_SOCKET="$dir/notify"
KEV_WRAP="unshare -m $dir/start" start_kevd
unset NOTIFY_SOCKET
wait "$supervisor"
[ "$(cat "$dir/ready")" = READY=1 ] || fail "$(cat "$dir/ready")"
[ "$(jq .protocol "$dir/answer")" = 1 ] || fail "ready, but does not answer"
"$kevctl" stats >"$dir/stats"
jq -e '[.sources | to_entries[] | select(.value.available | not).key] ==
    ["audit"]' "$dir/stats" >/dev/null || fail "$(cat "$dir/stats")"
jq -e .sandbox.no_new_privs "$dir/stats" >/dev/null || fail "no sandbox"
awk '/^Cap(Inh|Prm|Eff|Amb):/ && $2 !~ /^0+$/ { exit 1 }' \
    "/proc/$kevd_pid/status" || fail "$(cat "/proc/$kevd_pid/status")"
start_log
ip addr add 192.0.2.1/24 dev v0
expect_event ipv4/address-ready v0
assert_same
stop_kevd
[ -e "$socket" ] && fail "left a socket"

# Started by the first who connects, it answers and leaves the socket there.
activate=$(command -v systemd-socket-activate) || exit 0
"$activate" -l "$dir/run/given" "$kevd" -u "$dir/unused" 2>"$dir/err" &
kevd_pid=$!
pids=$kevd_pid
accepts "$kevd_pid" "$dir/run/given" "$dir/err"
"$kevsub" -u "$dir/run/given" -S -i v0 ipv4/address-ready >"$dir/out" ||
    fail "$(cat "$dir/err")"
[ -e "$dir/unused" ] && fail "made a socket of its own"
stop_kevd
[ -S "$dir/run/given" ] || fail "removed what it was given"
exit 0

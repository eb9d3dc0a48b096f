#!/bin/sh
# kev-mqtt, its options, and a disk that is full or cannot be written.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin
own_run || skip "no /run of our own"
cd "$dir" || exit
mqtt=$tools/kev-mqtt

# Wrong words, in the command line and in a file.
exits 0 "$mqtt" --help
exits 0 "$mqtt" --version
exits 2 "$mqtt" word; says "what is word?"
for url in box mqtt:box http://box mqtt:// mqtt://:1 mqtt://box:0 mqtt://box:65536 mqtt://box:1x \
    mqtt://box/x mqtt://u@box 'mqtt://[::1' 'mqtt://[::1]x'; do
	exits 2 "$mqtt" -b "$url"; says "$url"
done
for bytes in 65535 63k 1025g x 1kk -1 ''; do
	exits 2 "$mqtt" --spool "$bytes"; says "not a number of bytes from 64k to 1024g: $bytes"
done
exits 2 "$mqtt" --keepalive 4; says "not a time"
exits 2 "$mqtt" --keepalive 65536; says "not a time"
exits 2 "$mqtt" --expiry x; says "not a time"
exits 2 "$mqtt" -t foo; says "not a pattern of topics: foo"
exits 2 "$mqtt" -t foo/bar; says "there is no topic foo/bar"
exits 2 "$mqtt" -H ''; says "a host has a name"
exits 2 "$mqtt" -H "$(printf %0256d 0)"; says "a host has a name of 1 to 255 bytes"
exits 2 "$mqtt" --cert x; says "--cert and --key belong together"
exits 2 "$mqtt" --cert x --key y -b mqtts://box; says "--cert wants --ca"
exits 2 "$mqtt" --ca x; says "--ca is for mqtts://"
exits 2 "$mqtt" --home-assistant=a/+; says "not a topic: a/+"
exits 2 "$mqtt" -p /none; says "cannot read /none: No such file"
printf 'us\n' >password
chmod 600 password
exits 2 "$mqtt" -p password; says "no line with a user and one with a password"
printf 'us\nsecret\n' >password
chmod 644 password
exits 2 "$mqtt" -p password; says "others may read the password in password"
exits 2 "$mqtt" -c /none; says "cannot read /none"
for line in 'broker' 'nothing x' 'config x' 'help' 'broker box' 'spool = 1'; do
	printf '# what\n\n%s\n' "$line" >conf
	exits 2 "$mqtt" -c conf; says "that is line 3 of conf"
done
exits 3 "$mqtt" -u /none -d queue; says "/none"
exits 1 "$mqtt" -d /none/none; says "cannot use /none/none: No such file"
: >file
exits 1 "$mqtt" -d file; says "cannot use file: Not a directory"

# A file with all there is; what is named later counts.
host='b/x+#'
start_kevd --queue 65536
broker "listener $port" "allow_anonymous true"
listen -t 'ha/#'
cat >conf <<END
# An example
broker mqtt://elsewhere
host = $host
  home-assistant=ha
topic	ipv4/collision
topic interface/a*
spool 64k
expiry 1m
keepalive 10
END
bridge -c conf -b 'mqtt://[::1]:1883/' --expiry 0
waiter=$bridge
wait_for "connected to broker ::1, port 1883" log
ip link add v0 type bridge
wait_for "/event/interface/attach/v0" got
wait_for "ha/binary_sensor/kev_b_2Fx_2B_23/v0/config {" got
grep -q "^0 kev/b%2Fx%2B%23/status {\"status\":\"online\",\"host\":\"b/x+#\"" got || fail "$(cat got)"
# What nobody asked for is no loss, however much it is.
inject 1 1000
waiting="a cursor of now"
until [ "$(cat queue/cursor)" = "$(here)" ]; do kill -0 "$bridge" || fail "$(cat log)"; done
ip link delete v0
wait_for "ha/binary_sensor/kev_b_2Fx_2B_23/v0/config " got
until grep -qx "0 ha/binary_sensor/kev_b_2Fx_2B_23/v0/config " got; do kill -0 "$bridge" || fail "$(cat log)"; done
grep -q /event/interface/detach got && fail "not asked for"
end "$bridge" TERM
# A part of a second is one.
bridge -c conf -b 'mqtt://[::1]:1883/' --expiry 1ms
mosquitto_sub -V 5 -i looker -C 1 -W 30 -t 'kev/+/event/interface/+/v2' -F '%E' -q 1 >expiry &
looker=$!
waiting="the looker"
until grep -q 'SUBACK to looker' broker; do kill -0 "$looker" || fail "no looker"; done
ip link add v2 type bridge
wait "$looker"
[ "$(cat expiry)" = 1 ] || fail "expires after $(cat expiry)"
exits 1 "$mqtt" -d "$queue"; says "cannot use $queue: another kev-mqtt does"
end "$bridge" TERM

# Numbers of events that came, and of those that gaps count: all there is. The last
# one before may come again, if the broker went before it knew that it had come.
all_there_or_counted() {
	events | to_mark | jq -r 'if .topic == "kev/gap" then .data | range(.first; .last + 1) else .seq end' |
	    sort -n | first_times | sed "/^${from##*-}\$/d" >numbers
	seq "$((${from##*-} + 1))" "$("$kevsub" --after "$from" -t 0 '*/*' | to_mark | tail -n 1 | jq .seq)" |
	    cmp - numbers || fail "not all there or counted"
}

# A disk that gets full. What there is no place for kevd keeps, and counts.
host=box
mkdir /run/small
mount -t tmpfs -o size=160k tmpfs /run/small || fail tmpfs
queue=/run/small/queue
: >log
bridge
wait_for "connected to" log
stop_broker
mark_got
from=$(here)
inject 1 1000
wait_for "cannot write events to the disk: No space left on device; kevd keeps them" log
[ "$(grep -c 'cannot write events' log)" = 1 ] || fail "$(cat log)"
inject 1001 8000
[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$bridge/status")" -lt 65536 ] || fail "$(cat "/proc/$bridge/status")"
start_broker
waiter=$bridge
wait_for '"cause":"slow-reader"' got
catch_up_broker
all_there_or_counted
[ "$(events | jq -c 'select(.topic == "kev/gap").data.cause' | sort -u)" = '"slow-reader"' ] || fail "$(events | grep kev/gap)"
same_state

# One that cannot be written at all.
end "$bridge" TERM
mount -o remount,bind,ro /run/small
exits 1 "$mqtt" -d "$queue"; says "Read-only file system"

# One that this happens to on the way, and that is mended. The one file that stays
# open for writing lies elsewhere, or the kernel would refuse.
mkdir /run/large
mount -t tmpfs tmpfs /run/large || fail tmpfs
queue=/run/large/queue
mkdir $queue
: >$queue/done
: >"done"
mount --bind "done" $queue/done || fail "mount --bind"
: >log
bridge
wait_for "connected to" log
catch_up_broker
waiting="no file open"
until mount -o remount,bind,ro /run/large 2>/dev/null; do kill -0 "$bridge" || fail "$(cat log)"; done
stop_broker
mark_got
from=$(here)
inject 1 8000
waiter=$bridge
wait_for "cannot write events to the disk: Read-only file system; kevd keeps them" log
[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$bridge/status")" -lt 65536 ] || fail "$(cat "/proc/$bridge/status")"
mount -o remount,bind,rw /run/large || fail "remount"
waiting="the spool"
until cat $queue/*.spool 2>/dev/null | grep -q '"i[0-9]'; do kill -0 "$bridge" || fail "$(cat log)"; done
[ "$(grep -c 'cannot write events' log)" = 1 ] || fail "$(cat log)"
start_broker
# What comes before it has read all that kevd kept would be in the gap, too.
waiting="a gap"
until events | grep -q '"cause":"slow-reader"'; do kill -0 "$bridge" || fail "$(cat log)"; done
catch_up_broker
all_there_or_counted
same_state
stop_kevd

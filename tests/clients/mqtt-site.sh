#!/bin/sh
# contrib/fleet.md and contrib/mqtt/mqtt.conf as they stand there: a broker for each
# of two sites and one in the middle. Hosts write what is theirs and nothing else,
# and who asks in the middle hears of all sites what is to be heard there.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin getent mosquitto_pub mosquitto_passwd openssl
own_run || skip "no mounts of our own"
contrib=$(cd "$top_srcdir/contrib" && pwd)
cd "$dir" || exit
start_other
ip link add v0 type veth peer name v1 netns "$other"
ip address add 192.0.2.2/24 dev v0
ip link set v0 up
$there ip address add 192.0.2.1/24 dev v1
$there ip link set v1 up
echo "127.0.0.1 localhost broker.example
192.0.2.1 middle.example" >hosts
mount --bind hosts /etc/hosts || skip "names cannot be ours"
[ "$(getent ahostsv4 middle.example | sed -n '1s/ .*//p')" = 192.0.2.1 ] ||
    skip "names are not looked up in /etc/hosts"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
    -subj "/CN=ca" -days 2 -out ca.pem 2>/dev/null || fail "openssl"
# sign FILE NAME
sign() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
	    -subj "/CN=$2" -out "$1.csr" 2>/dev/null || fail "openssl req"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
	    -extfile names -out "$1.pem" 2>/dev/null || fail "openssl x509"
}
echo "subjectAltName=DNS:broker.example,DNS:middle.example" >names
sign broker broker.example
sign site site1
sign site2 site2
for name in box.site box.site1 box.site2 a.site1 watcher homeassistant; do
	sign $name $name
done

# block LINE: what the page has that begins with it, with files of ours.
block() {
	awk -v line="    $1" '$0 == line { on = 1 } !/^    / { on = 0 } on' "$contrib/fleet.md" |
	    sed -e 's/^    //' -e "s|/etc/mosquitto/certs/|$dir/|" \
	    -e "s|/etc/mosquitto/|$dir/|" -e "s|/etc/kev/mqtt-ca|$dir/ca|" >block
	[ -s block ] || fail "no block that begins with $1"
	cat block
}
# start NAME [COMMAND...]: mosquitto as NAME.conf says, and what it says in NAME.log.
start() {
	name=$1
	shift
	printf '%s\n' "user root" "log_type all" | cat - "$name.conf" >"$name.all"
	: >"$name.log"
	"$@" mosquitto -c "$name.all" >"$name.log" 2>&1 &
	waiter=$!
	pids="$pids $waiter"
	wait_for " running" "$name.log"
	grep Warning "$name.log" | grep -v 'run as root' && fail "$name.conf: $(cat "$name.log")"
}
block "listener 8883" >listener
block "pattern readwrite kev/%u/#" >kev.acl
block "max_queued_messages 100000" >limits
block "connection middle" >connection
sed "s|kev.acl|middle.acl|" listener >middle.conf
block "user site1" >middle.acl
# The other site has a name before all that it says of itself.
prefix=$(sed -n 's/.*`\(topic kev.* site1\/\)`.*/\1/p' "$contrib/fleet.md")
[ -n "$prefix" ] || fail "no prefix"
printf '%s\n' "topic read +/kev/#" "user site2" "topic write kev/#" \
    "topic write site2/kev/#" >>middle.acl
cat listener limits connection >site1.conf
sed -e 's/8883$/8884/' listener >site2.conf
sed -e 's/site\./site2./' -e "s|^topic kev/+/status .*|$prefix|" -e 's/site1/site2/' \
    connection >>site2.conf
# Its broker is on this host, too.
start middle "nsenter" -t "$other" -n
start site1
site1=$waiter
start site2

# as NAME COMMAND HOST PORT...: with its certificate.
as() {
	name=$1 command=$2 at=$3 to=$4
	shift 4
	"mosquitto_$command" -h "$at" -p "$to" --cafile ca.pem --cert "$name.pem" \
	    --key "$name.key" "$@"
}
# listens NAME BROKER HOST PORT: all that comes is in BROKER.got.
listens() {
	as "$1" sub "$3" "$4" -V 5 -i "listener-$1" -q 1 -t '#' -F '%t %p' >"$2.got" 2>"$2.err" &
	pids="$pids $!"
	wait_for "SUBACK to listener-$1" "$2.log"
}
waiter=$other
listens watcher middle middle.example 8883
listens watcher site1 broker.example 8883
for name in site1 site2; do
	wait_for "Received CONNACK on connection local." $name.log
done

# kevs NAME OPTION...: kev-mqtt, which says what is in NAME.said.
kevs() {
	name=$1
	shift
	"$tools/kev-mqtt" -d "queue.$name" "$@" 2>"$name.said" &
	waiter=$!
	pids="$pids $waiter"
}
start_kevd
ip link add eth0 type bridge
n=0
for name in box.site1 box.site2; do
	n=$((n + 1))
	{
		block "broker = mqtts://broker.example" |
		    sed -e "s|/etc/kev/mqtt|$dir/$name|" -e "s|example$|example:888$((n + 2))|"
		echo "host = $name"
	} >$name.conf
	kevs $name -c $name.conf
	wait_for "connected to broker broker.example, port 888$((n + 2)), with MQTT 5" "$name.said"
done

# The middle is told of both what it wants, and nothing else.
wait_for 'kev/box.site1/status {"status":"online"' middle.got
wait_for 'site2/kev/box.site2/status {"status":"online"' middle.got
wait_for 'kev/box.site1/state/interface/eth0 {' site1.got
for topic in interface/idle ipv4/collision ipv6/duplicate ipv4/router-failure; do
	"$kevctl" inject $topic -i eth0 || fail inject
done
for name in box.site1 box.site2; do
	for topic in ipv4/collision ipv6/duplicate ipv4/router-failure; do
		wait_for "kev/$name/event/$topic/eth0 {" middle.got
	done
done
wait_for "kev/box.site1/event/interface/idle/eth0 {" site1.got
grep -v -e '^kev/box.site[12]/event/ip' -e '^kev/box.site1/status ' \
    -e '^site2/kev/box.site2/status ' middle.got && fail "more than was asked for"
grep box.site2 site1.got && fail "of another site"

# Who is not known is not heard; who is reads and writes what is its own.
mosquitto_sub -h broker.example -p 8883 --cafile ca.pem -t '#' -C 1 -W 2 >out 2>&1 &&
    fail "without a certificate"
as a.site1 pub broker.example 8883 -V 5 -q 1 -r -t kev/a.site1/status -m mine || fail "cannot write its own"
wait_for "kev/a.site1/status mine" site1.got
as a.site1 pub broker.example 8883 -V 5 -q 1 -r -t kev/box.site1/status -m forged >out 2>&1
as a.site1 pub broker.example 8883 -V 5 -q 1 -r -t kev/forged/status -m forged >>out 2>&1
as watcher pub broker.example 8883 -V 5 -q 1 -r -t kev/box.site1/x -m forged >>out 2>&1
[ "$(grep -c -i 'not authorized' out)" = 3 ] || fail "$(cat out)"
as a.site1 pub broker.example 8883 -V 5 -q 1 -t kev/a.site1/x -m last || fail "cannot write its own"
wait_for "kev/a.site1/x last" site1.got
grep forged site1.got middle.got && fail "written by another one"
as a.site1 sub broker.example 8883 -t 'kev/+/status' -W 1 -F '%t %p' >out
[ "$(cat out)" = "kev/a.site1/status mine" ] || fail "others can be read: $(cat out)"
# So a kev-mqtt that calls itself as another host does not get anything there.
kevs a.site1 -c box.site1.conf -H box.site3 --cert "$dir/a.site1.pem" --key "$dir/a.site1.key"
wait_for "trying again" a.site1.said
grep -qi 'not authori[sz]ed' a.site1.said || fail "$(cat a.site1.said)"
grep box.site3 site1.got && fail "a host with another name"
end "$waiter" TERM

# What is in the example of the options is all taken, and does what it says. For Home
# Assistant the list that the page has first is not enough.
sed -e 's/^#\([a-z-]* = \)/\1/' -e "s|/etc/kev/mqtt-ca|$dir/ca|" \
    -e "s|/etc/kev/mqtt.password|$dir/password|" -e "s|/etc/kev/mqtt|$dir/box.site|" \
    "$contrib/mqtt/mqtt.conf" >box.site.conf
grep '^#[a-z]* *=' box.site.conf && fail "an option that was not tried"
printf 'us\nsecret\n' >password
chmod 600 password
grep -qx 'host = box.site' box.site.conf || fail "$(cat box.site.conf)"
kevs box.site -c box.site.conf
wait_for "it refuses what we publish: Not authorized; trying again" box.site.said
block "pattern write homeassistant/binary_sensor/+/+/config" >>kev.acl
kill -HUP "$site1"
waiting="Home Assistant to be told"
until as homeassistant sub broker.example 8883 -t 'homeassistant/#' \
    -t 'kev/box.site/state/#' -W 1 -F '%t %p' >out 2>err
    grep -q '^homeassistant/binary_sensor/kev_box_2Esite/eth0/config {' out &&
    grep -q '^kev/box.site/state/interface/eth0 {' out
do
	kill -0 "$waiter" || fail "$(cat box.site.said)"
done
"$kevctl" inject interface/idle -i eth0 || fail inject
"$kevctl" inject ipv6/duplicate -i eth0 || fail inject
wait_for 'kev/box.site/event/ipv6/duplicate/eth0 {' site1.got
grep 'kev/box.site/event/interface/idle' site1.got && fail "a topic that is not among them"
end "$waiter" TERM
# With a password in place of the certificate.
mosquitto_passwd -c -b users us secret || fail mosquitto_passwd
printf '%s\n' "listener 8885" "cafile $dir/ca.pem" "certfile $dir/broker.pem" \
    "keyfile $dir/broker.key" "allow_anonymous false" "password_file $dir/users" >users.conf
start users
sed -i -e '/^cert = /d' -e '/^key = /d' -e 's/example$/example:8885/' box.site.conf
kevs box.site -c box.site.conf
wait_for "connected to broker broker.example, port 8885, with MQTT 5" box.site.said
stop_kevd

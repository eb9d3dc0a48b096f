#!/bin/sh
# kev-mqtt and its broker: passwords, TLS, a network that is cut, and brokers that
# refuse, send something else, or are old; it is said what is wrong, and nothing is
# lost.
# shellcheck source=tests/clients/mqtt-lib.sh
. "${top_srcdir:-.}/tests/clients/mqtt-lib.sh"
mqtt_begin mosquitto_passwd openssl socat
start_other
ip link add v0 type veth peer name v1 netns "$other"
ip address add 192.0.2.2/24 dev v0
# Nothing happens by itself while nobody listens yet.
ip link set v0 addrgenmode none
ip link set v0 up
$there ip address add 192.0.2.1/24 dev v1
$there ip link set v1 up
$there ip link set lo up
waiting="a carrier"
until ip link show v0 | grep -q "state UP"; do :; done
start_kevd
broker=192.0.2.1

# Who signs, a broker, one that was good until yesterday, and us.
cd "$dir" || exit
sign() {
	name=$1 subject=$2 days=$3
	shift 3
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" \
	    -subj "/CN=$subject" -out "$name.csr" 2>/dev/null || fail "openssl req"
	printf '%s\n' "$@" >"$name.ext"
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
	    -days "$days" -extfile "$name.ext" -out "$name.pem" 2>/dev/null || fail "openssl x509"
}
for ca in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key \
	    -subj "/CN=$ca" -days 2 -out $ca.pem 2>/dev/null || fail "openssl"
done
sign good broker 2 "subjectAltName=IP:$broker"
sign expired broker -1 "subjectAltName=IP:$broker"
sign wrong broker 2 "subjectAltName=IP:192.0.2.77"
sign client us 2 "extendedKeyUsage=clientAuth"
mosquitto_passwd -c -b users us secret || fail mosquitto_passwd
tls() {
	printf '%s\n' "listener $1" "cafile $dir/ca.pem" "certfile $dir/$2.pem" "keyfile $dir/$2.key"
}
broker "per_listener_settings true" "listener $port 127.0.0.1" "allow_anonymous true" \
    "listener 1884 $broker" "allow_anonymous false" "password_file $dir/users" \
    "$(tls 8883 good)" "allow_anonymous true" \
    "$(tls 8884 expired)" "allow_anonymous true" \
    "$(tls 8885 wrong)" "allow_anonymous true" \
    "$(tls 8886 good)" "require_certificate true" "use_identity_as_username true"
listen

# try URL WORDS [OPTION...]: that is said, once, however often it tries.
try() {
	url=$1 words=$2
	shift 2
	: >log
	bridge -b "$url" "$@"
	wait_for "$words" log
	[ "$(wc -l <log)" = 1 ] || fail "$(cat log)"
}
# Events wait meanwhile.
n=0
waits() {
	n=$((n + 1))
	"$kevctl" inject interface/idle -i "wait$n"
	until grep -q "\"wait$n\"" "$queue"/*.spool 2>/dev/null; do
		kill -0 "$bridge" || fail "$(cat log)"
	done
	end "$bridge" TERM
	[ "$ended" = 143 ] || fail "ends with $ended"
}
from=$(here)
try mqtt://192.0.2.1:1885 "cannot use broker 192.0.2.1, port 1885: Connection refused; trying again"
waits
printf 'us\nwrong\n' >password
chmod 600 password
try mqtt://192.0.2.1:1884 "port 1884: Not authorized" -p password; waits
try mqtt://192.0.2.1:1884 "port 1884: Not authorized"; waits
try mqtts://192.0.2.1:8884 "port 8884: certificate has expired" --ca ca.pem; waits
try mqtts://192.0.2.1:8883 "port 8883: self-signed certificate in certificate chain" --ca other.pem; waits
try mqtts://192.0.2.1:8883 "port 8883: self-signed certificate in certificate chain"; waits
try mqtts://192.0.2.1:8885 "port 8885: Error: host name verification failed" --ca ca.pem; waits
try mqtts://192.0.2.1:8886 "port 8886: " --ca ca.pem; waits
try mqtts://192.0.2.1:1884 "port 1884: " --ca ca.pem; waits
try mqtt://nowhere.invalid "nowhere.invalid, port 1883: its name cannot be looked up"; waits

# Other things that answer.
unfake() { end "$fake" TERM; }
# answers WORDS FORMAT: to the first packet, with these bytes.
answers() {
	printf 'dd bs=4096 count=1 >/dev/null 2>&1; printf "%s"\n' "$2" >answer
	fake 1900 'sh ./answer'
	try mqtt://127.0.0.1:1900 "cannot use broker 127.0.0.1, port 1900: $1"
	waits
	unfake
}
answers "Quota exceeded" '\040\003\000\227\000'
answers "Server moved b.net" '\040\013\000\235\010\034\000\005b.net'
answers "what it sends is not MQTT" "HTTP/1.1 400 Bad Request $(printf %0100d 0)"
answers "it closed the connection" ''
fake 1900 'head -c 100000 /dev/zero | tr "\0" "\377"'
try mqtt://127.0.0.1:1900 "port 1900: "; waits; unfake
# A broker that is older, and says so or only goes away.
cat >old <<'SH'
dd bs=4096 count=1 >first.$$ 2>/dev/null
if grep -q "$(printf 'MQTT\005')" first.$$; then
	[ -e polite ] && printf '\040\002\000\001'
	exit
fi
{ cat first.$$; cat; } | nc 192.0.2.1 1884
SH
printf 'us\nsecret\n' >password
for polite in yes no; do
	rm -f polite
	[ $polite = no ] || : >polite
	fake 1900 'sh ./old'
	: >log
	bridge -b mqtt://127.0.0.1:1900 -p password
	wait_for "connected to broker 127.0.0.1, port 1900, with MQTT 3.1.1" log
	catch_up_broker
	got_all 10
	same_state
	end "$bridge" TERM
	waiter=$mosquitto
	wait_for '"status":"offline"' got
	unfake
done

# One that only goes away at times is not taken for older, or not for long.
cat >flaky <<'SH'
dd bs=4096 count=1 >first 2>/dev/null
echo >>tries
[ "$(wc -l <tries)" -gt "$(cat gone)" ] || exit
exec 3<&0
{ cat first; cat <&3; } | nc 192.0.2.1 1884 &
echo $! >through
wait $!
SH
fake 1900 'sh ./flaky'
for gone in 1 2; do
	echo $gone >gone
	: >tries
	: >log
	bridge -b mqtt://127.0.0.1:1900 -p password
	wait_for "connected to broker 127.0.0.1, port 1900, with MQTT" log
	if [ $gone = 2 ]; then
		grep -q "with MQTT 3.1.1" log || fail "$(cat log)"
		kill "$(cat through)" || fail "nothing goes through"
		wait_for "lost broker" log
	fi
	wait_for "connected to broker 127.0.0.1, port 1900, with MQTT 5" log
	catch_up_broker
	got_all 10
	end "$bridge" TERM
done
unfake

# What waited is there, over TLS, with a certificate of ours.
: >log
bridge -b mqtts://192.0.2.1:8886 --ca ca.pem --cert client.pem --key client.key --keepalive 5
wait_for "connected to broker 192.0.2.1, port 8886, with MQTT 5" log
catch_up_broker
got_all 10

# The network is cut: nobody says so.
$there ip link set v1 down
inject 1 200
wait_for "lost broker 192.0.2.1, port 8886: " log
inject 201 300
$there ip link set v1 up
catch_up_broker
got_all 300
same_state
end "$bridge" TERM

# A name with two addresses that fail in two ways: each is said, and once.
if own_run; then
	printf '%s two.test\n' 2001:db8::1 $broker >hosts
	mount --bind hosts /etc/hosts || fail "mount --bind"
	ip address add 2001:db8::2/64 dev v0 nodad
	$there ip address add 2001:db8::1/64 dev v1 nodad
	printf 'echo >>tries\ndd bs=4096 count=1 >/dev/null 2>&1\nprintf "%s"\n' '\040\003\000\227\000' >answer
	: >tries
	: >log
	$there socat TCP4-LISTEN:1901,fork,reuseaddr 'SYSTEM:sh ./answer' 2>/dev/null &
	pids="$pids $!"
	bridge -b mqtt://two.test:1901
	waiting="two tries"
	until [ "$(wc -l <tries)" -ge 2 ]; do kill -0 "$bridge" || fail "$(cat log)"; done
	grep -q "Connection refused" log || fail "$(cat log)"
	grep -q "Quota exceeded" log || fail "$(cat log)"
	[ "$(wc -l <log)" = 2 ] || fail "$(cat log)"
	end "$bridge" TERM
fi
stop_kevd
end_other

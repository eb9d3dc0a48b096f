#!/bin/sh
# Routes that go while all are read: others, which are there, are not in what was read,
# and no routers that have gone for that.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
rounds=${KEV_ROUNDS:-4}

ip link add v0 type veth peer name v1
ip link set v1 up
ip link set v0 up
ip addr add 192.0.2.1/24 dev v0
awk 'BEGIN { for (i = 1; i <= 3000; i++)
    printf "route add default via 192.0.2.9 dev v0 metric %d\n", i }' >"$dir/routes4"
awk 'BEGIN { for (i = 0; i < 3000; i++)
    printf "route add 2001:db8:%x::/48 via fe80::9 dev v0\n", 4096 + i }' >"$dir/routes6"
# The first ones, which are told first.
head -n 400 "$dir/routes4" >"$dir/add4"
head -n 1500 "$dir/routes6" >"$dir/add6"
sed 's/add/del/' "$dir/add4" >"$dir/del4"
sed 's/add/del/' "$dir/add6" >"$dir/del6"
ip -batch "$dir/routes4" || fail "ip -batch"
ip -6 -batch "$dir/routes6" || fail "ip -batch"
ip -6 route add default via fe80::2 dev v0 metric 7
start_kevd
start_log

# One that replaces another has all of them read.
i=0
while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	ip -batch "$dir/del4" &
	gone4=$!
	ip -6 -batch "$dir/del6" &
	gone6=$!
	while kill -0 "$gone4" 2>/dev/null || kill -0 "$gone6" 2>/dev/null; do
		i=$((i + 1))
		ip route replace default via "192.0.2.$((10 + i % 200))" dev v0 metric 9000
		ip -6 route replace default via "fe80::1:$i" dev v0 metric 9
	done
	wait "$gone4" "$gone6" || fail "ip -batch"
	assert_same
	ip -batch "$dir/add4" || fail "ip -batch"
	ip -6 -batch "$dir/add6" || fail "ip -batch"
done
jq -c 'select(.topic | endswith("/router-remove")) | .data |
    select(if .family == "inet6" then .metric == 7 else (.metric > 400 and .metric <= 3000) end)' \
    "$dir/log" >"$dir/removed"
[ ! -s "$dir/removed" ] || fail "they are there: $(head -n 3 "$dir/removed")"
stop_kevd

#!/bin/sh
# Default routes that are replaced again and again, beside all those of a router of the
# Internet: what each of them has taken the place of is not read each time.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
routes=${KEV_TABLE:-60000}
times=60

# So many routes were read, and are no routers.
ignored() { "$kevctl" -j stats | jq .sources.rtnetlink.ignored; }

ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 192.0.2.1/24 dev v0
awk -v n="$routes" 'BEGIN { for (i = 0; i < n; i++)
    printf "route add 10.%d.%d.%d/32 via 192.0.2.2\n", i / 65536, i / 256 % 256, i % 256 }' |
    ip -batch - || fail "ip -batch"
ip route add default via 192.0.2.254
start_kevd
start_log
begun=$(ignored)

# One is told at once, whatever it takes.
ip route replace default via 192.0.2.253
expect_event ipv4/router-remove v0 '192.0.2.254'
i=0
while [ "$i" -lt "$times" ]; do
	ip route replace default via "192.0.2.$((3 + i))"
	expect_event ipv4/router-add v0 "\"192.0.2.$((3 + i))\""
	i=$((i + 1))
done
expect_event ipv4/router-remove v0 "\"192.0.2.$((1 + i))\""
assert_same
readings=$((($(ignored) - begun) / routes))
[ "$readings" -ge 2 ] || fail "all routes were read $readings times"
[ "$readings" -le $((times / 2)) ] || fail "all routes were read $readings times"
stop_kevd

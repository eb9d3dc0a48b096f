#!/bin/sh
# Of an address that goes the kernel tells before it takes the routes from that address,
# which it does in silence. Who reads them at once may come too early: kevd, which gets
# the one processor while the kernel still is at it, whenever half of its socket is full.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip taskset chrt
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 192.0.2.1/24 dev v0
# On one processor, and not as soon as there is something to read.
one=$(awk '$1 == "Cpus_allowed_list:" { sub(/[-,].*/, "", $2); print $2 }' /proc/self/status)
KEV_WRAP="taskset -c $one chrt -b 0" start_kevd --rcvbuf=16384

# has TEXT: whether the state has it.
has() { "$kevctl" state >"$dir/state" || fail "kevctl state"; grep -qF "\"$1\"" "$dir/state"; }

round=0
while [ "$round" -lt "${KEV_ROUNDS:-120}" ]; do
	# How many are told of before, to fill the half.
	k=$((round % 60))
	from=192.0.2.$((10 + k))
	to=192.0.2.$((110 + k))
	ip addr add "$from/24" dev v0
	ip route add default via "$to" src "$from"
	until has "$to"; do :; done
	i=0
	{
		while [ "$i" -lt "$k" ]; do
			echo "addr add 198.51.100.$i/32 dev v0"
			i=$((i + 1))
		done
		echo "addr del $from/24 dev v0"
	} >"$dir/batch"
	taskset -c "$one" ip -batch "$dir/batch" || fail "ip -batch"
	waiting="no router without a route, $to"
	while has "$from" || has "$to"; do :; done
	sed -n 's/ add / del /p' "$dir/batch" | ip -batch - || fail "ip -batch"
	round=$((round + 1))
done
stop_kevd

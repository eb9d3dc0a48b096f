#!/bin/sh
# interface/change and rename: what can change, and what says nothing.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
start_kevd
start_log

ip link set v0 mtu 1400
expect_event interface/change v0 '"mtu":1400*"prev":{"mtu":1500}'
ip link set v0 address 02:00:5e:00:53:01
expect_event interface/change v0 '"prev":{"lladdr":"'
ip link set v0 promisc on
expect_event interface/change v0 '"promisc"*"prev":{"flags":'
# The alias and the queue length are not ours to tell, though the kernel does.
mark_log
ip link set v0 alias something
ip link set v0 txqueuelen 77
ip link set v0 mtu 1400
catch_up
assert_topics v0

ip link property add dev v0 altname first-name
expect_event interface/change v0 '"altnames":\["first-name"\]'
ip link property add dev v0 altname second
ip link property del dev v0 altname first-name
expect_event interface/change v0 '"altnames":\["second"\]*"prev":{"altnames":'

# Renamed while up; the name that it had is told.
ip link set v0 name lan
expect_event interface/rename lan '"data":{"ifname":"lan"},"prev":{"ifname":"v0"}'

# Ports: their master comes, is renamed, and lets them go. The messages of
# family bridge that come with it are no news of interfaces.
ip link add br0 type bridge
ip link set lan master br0
expect_event interface/change lan '"master":"br0"'
ip link set br0 name br1
expect_event interface/change lan '"master":"br1"*"prev":{"master":"br0"}'
ip link set lan nomaster
expect_event interface/change lan '"prev":{*"master":"br1"'
catch_up
assert_count 0 '"interface/detach"'
assert_same
stop_kevd

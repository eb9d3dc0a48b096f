#!/bin/sh
# Interfaces that leave for another namespace, and come from one.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
start_other
start_kevd
start_log

ip link add v0 type veth peer name v1
ip link set v0 up
expect_event interface/attach v0
ip link set v0 netns "$other"
expect_event interface/detach v0
mark_log
# It comes back under another name: first the old, then the new.
$there ip link set v0 netns $$ name back
expect_event interface/attach v0
expect_event interface/rename back
# The other namespace ends, and takes the end that is there with it.
ip link add w0 type veth peer name w1
ip link set w1 netns "$other"
expect_event interface/detach w1
ip link set w0 up
expect_event interface/change w0
end_other
expect_event interface/detach w0
assert_same
stop_kevd

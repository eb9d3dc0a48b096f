#!/bin/sh
# Prints all addresses that can be used, each time that they change: with jq, and
# kevsub, which goes on where it was and says on stderr what was lost.
kevsub -s -o json 'kev/*' '*/address-ready' '*/address-remove' |
jq --unbuffered -nr '
def plain: explode | map(if . > 126 then 63 else . end) | implode;

foreach inputs as $e ({usable: {}, coming: {}};
	"\($e.ifindex) \($e.data.address)" as $key
	| "\($e.data.address) \($e.ifname | tojson | plain)" as $text
	# The lines of one snapshot have one id. It counts when it is complete.
	| if $e.snapshot and .id != $e.id then .id = $e.id | .coming = {} else . end
	| if $e.topic == "kev/gap" then
		.id = null
	elif $e.snapshot then
		.coming[$key] = $text
	elif $e.topic == "kev/synced" then
		.usable = if .id == $e.id then .coming else {} end
		| .id = null
	elif $e.topic | endswith("/address-ready") then
		.usable[$key] = $text
	else
		del(.usable[$key])
	end;
	if $e.snapshot or $e.topic == "kev/gap" then empty
	else [.usable[]] | sort | join(", ") end)'

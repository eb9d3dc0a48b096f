#!/bin/sh
# kevd --play of what macOS and the BSDs say: every vector, each in a namespace
# of its own, so that nothing of one is known to another.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
vectors=$top_srcdir/tests/vectors
time=2026-11-23T05:30:35Z

# play FILE: to its end; all that was published is in $dir/events then.
play() {
	start_kevd -v --play "$1" --play-speed 0 --history 100000000
	waiting="the end of $1"
	until grep -q ': played to its end' "$dir/err"; do
		kill -0 "$kevd_pid" || fail "$(cat "$dir/err")"
	done
	"$kevctl" stats >"$dir/stats"
	n=$(jq '[.events | to_entries[] | select(.key |
	    startswith("kev/") | not) | .value] | add // 0' "$dir/stats")
	: >"$dir/events"
	[ "$n" = 0 ] || "$kevsub" -n all --after \
	    "$("$kevctl" ping | jq -r .run)-0" -c "$n" '**' >"$dir/events"
	"$kevctl" state >"$dir/state"
}

# published VECTOR CONDITION: one event of it is so; CONDITION is jq's.
published() {
	jq -se --arg v "$1" "any(.[]; .netns == \$v and ($2))" "$dir/events" \
	    >/dev/null || fail "$1: not $2: $(grep -F "\"netns\":\"$1\"" "$dir/events")"
}
# topics VECTOR TOPIC...: these, in this order, and no others.
topics() {
	vector=$1
	shift
	got=$(jq -r --arg v "$vector" 'select(.netns == $v) | .topic' "$dir/events" | xargs)
	[ "$got" = "$*" ] || fail "$vector: $got, not $*"
}
# counted SOURCE FILE: of every vector the numbers are as in FILE.
counted() {
	jq -cS --arg s "$1" '.netns | to_entries[] | [.key, (.value[$s] |
	    .received, .ignored, .malformed)]' "$dir/stats" | sort >"$dir/got"
	sort "$2" | diff - "$dir/got" >"$dir/diff" ||
	    fail "counted otherwise: $(head -c 2000 "$dir/diff")"
}

# The events amount to the state.
played_back() {
	"$top_builddir/tests/unit/play" <"$dir/events" | jq -cS '.ipv4 |= sort |
	    .ipv6 |= sort' | sort >"$dir/played"
	jq -cS 'del(.ipv6[] | .valid_lft, .preferred_lft) | .ipv4 |= sort |
	    .ipv6 |= sort' "$dir/state" | sort | diff - "$dir/played" >"$dir/diff" ||
	    fail "$(head -c 2000 "$dir/diff")"
}

# --- macOS, kernel events
jq -c --arg t $time '{ source: "kern_event", time: $t, netns: .name, hex }' \
    "$vectors/kern_event.ndjson" >"$dir/kern"
play "$dir/kern"
# What Apple's plug-in throws away, or only logs, is ignored, but for what has a
# topic. Names that are none here are malformed; an old size is taken.
jq -c 'def ours: [.subclass, .code, .fields.proto_family] as [$s, $c, $f] |
	$s == 1 or
	($s == 2 and ([9, 10, 11, 12, 13, 18, 20, 24] | index($c))) or
	($s == 2 and ([14, 15] | index($c)) and ([2, 30] | index($f))) or
	($s == 6 and $c != 6) or ($s == 7 and ([2, 3, 6, 7, 8, 9] | index($c)));
    .name as $v | [.name,
	(.expect | length) + (if .expect_error.scope == "stream" then 1 else 0 end),
	([.expect[] | select(.status == "unknown" or
	    (.status == "ok" and (ours | not)))] | length),
	if $v == "short_in6_160" then 0
	elif ["if_name_not_terminated", "if_unit_minus_one", "if_name_empty"] |
	    index($v) then 1
	else ([.expect[] | select(.status | startswith("short") or
	    startswith("hw_"))] | length) +
	    (if .expect_error.scope == "stream" then 1 else 0 end) end]' \
    "$vectors/kern_event.ndjson" >"$dir/want"
counted kern_event "$dir/want"
# What nobody knows is shown as it is, event by event.
jq -r '.name as $v | .hex as $h | foreach .expect[] as $e ({ to: 0 };
    { from: .to, to: (.to + 2 * $e.total_size) }; if $e.status == "unknown" then
    "kevd: namespace \($v): kern_event: ignored: \($h[.from:.to])" else empty end)' \
    "$vectors/kern_event.ndjson" | sort >"$dir/want"
[ "$(wc -l <"$dir/want")" -ge 12 ] || fail "too few are unknown"
grep -xFf "$dir/want" "$dir/err" | sort | diff "$dir/want" - >"$dir/diff" ||
    fail "not shown: $(head -c 2000 "$dir/diff")"

topics inet_new_addr_en0 interface/attach interface/proto-attach \
    ipv4/address-add ipv4/address-ready network/changed
published inet_new_addr_en0 '.topic == "ipv4/address-add" and
    .ifname == "en0" and (has("ifindex") | not) and .source == "play" and
    .time == "2026-11-23T05:30:35.000000Z" and
    .data == { family: "inet", address: "192.168.1.23", prefixlen: 24,
    broadcast: "192.168.1.255", scope: "global", status: "preferred" }'
published inet_new_addr_en5_class_a_subnetted '.data.address == "10.20.30.40"
    and .data.prefixlen == 16'
published inet_new_addr_utun3_ptp '.ifname == "utun3" and
    .data.peer == "10.8.0.1" and (.data | has("broadcast") | not)'
published inet_sifnetmask_lo0 '.data.address == "127.0.0.1" and
    .data.scope == "host" and (.data | has("peer") | not)'
topics inet_arpcollision_en0 interface/attach ipv4/collision
published inet_arpcollision_en0 '.topic == "ipv4/collision" and .data ==
    { address: "192.168.1.23", lladdr: "a4:83:e7:12:9b:05", count: 1 }'
published inet_arpcollision_fw0_hwlen8 '.data.lladdr == "00:1f:f3:ff:fe:aa:bb:cc"'
published inet_arpcollision_en5_hwlen0 '.topic == "ipv4/collision" and
    (.data | has("lladdr") | not)'
topics inet_portinuse_http ipv4/port-in-use
published inet_portinuse_http '.data == { port: 8080, pid: 1234, count: 1 } and
    (has("ifname") | not)'
topics inet_arprtrfailure_en0 interface/attach ipv4/router-failure network/changed
topics inet_arprtralive_en0 interface/attach ipv4/router-alive network/changed
topics dl_if_attached_bridge100 interface/attach
published dl_if_attached_bridge100 '.ifname == "bridge100" and
    .data == { type: "ether" }'
topics dl_if_detaching_feth1001 interface/attach interface/detaching
topics dl_if_detached_ppp0
topics dl_link_off_en0 interface/attach interface/link-down
topics dl_link_on_utun3 interface/attach interface/link-up
published dl_link_on_utun3 '.topic == "interface/link-up" and
    .data == { operstate: "up", carrier: true }'
published dl_proto_attached_inet6 '.topic == "interface/proto-attach" and
    .ifname == "en5" and .data == { family: "inet6", remaining: 2 }'
topics dl_proto_attached_vlan
published dl_proto_detached_last '.topic == "interface/proto-detach" and
    .data == { family: "inet6", remaining: 0 }'
topics dl_if_idle_route_refcnt_pdp_ip0 interface/attach interface/idle
topics dl_link_quality_metric_changed_m2 interface/attach interface/quality
published dl_link_quality_metric_changed_m2 '.data.quality == -2'
published dl_link_quality_metric_changed_100 '.data.quality == 100'
published dl_issues_en0_info '.topic == "interface/issues" and .data ==
    { reason: "00112233445566778899aabbccddeeff10213243",
    info: "0102030405060708090a0b0c", count: 1 }'
published dl_issues_no_info '.topic == "interface/issues" and
    (.data | has("info") | not)'
topics inet6_new_user_addr_duplicated interface/attach interface/proto-attach \
    ipv6/address-add ipv6/duplicate network/changed
published inet6_new_user_addr_duplicated '.topic == "ipv6/duplicate" and
    .data.address == "2001:db8:1:2::53" and .data.status == "duplicate" and
    .data.lladdr == "a4:83:e7:12:9b:05"'
published inet6_new_rtadv_addr_en0 '.data.status == "optimistic" and
    .data.valid_lft == 2592000 and .data.preferred_lft == 604800'
topics inet6_request_nat64_prefix_pdp_ip0 interface/attach \
    ipv6/nat64-prefix-request
topics nd6_ndfailure_en0 interface/attach nd6/router-failure network/changed
topics nd6_ndalive_en5 interface/attach nd6/router-alive network/changed
topics nd6_addr_detached_en0
topics nd6_rtr_expired_en0 interface/attach nd6/router-expired network/changed
published nd6_rtr_expired_en0 '.topic == "nd6/router-expired" and
    .data == { gateway: "fe80::1" }'
published concat_unaligned_after_collision '.topic == "ipv6/duplicate"'
published concat_u64_unaligned '.topic == "nd6/router-expired"'
published unknown_between_known '.ifname == "utun3" and .topic == "interface/link-up"'
published short_in6_160 '.topic == "ipv6/address-add"'
published link_on_trailing_bytes '.topic == "interface/link-up" and
    .ifname == "bridge100"'

# What Apple's own plug-in gets wrong:
# a size of 0 keeps it forever, one below 24 makes it read beyond;
topics total_size_zero
topics total_size_23
# it reads these without looking whether they are there;
topics short_lqm_24
topics short_issues_24
# link events of software interfaces from macOS 11 to 14;
published link_on_shifted_bridge100 '.ifname == "bridge100" and
    .topic == "interface/link-up"'
published link_off_shifted_feth0 '.ifname == "feth0" and
    .topic == "interface/link-down"'
published link_on_shifted_vlan1 '.ifname == "vlan1" and .topic == "interface/link-up"'
# the index of the interface stays in the address, and a host that is not known
# is 00:00:00:00:00:00;
published inet6_new_user_addr_duplicated_ll_nomac '.topic == "ipv6/duplicate" and
    .data.address == "fe80::53" and (.data | has("lladdr") | not)'
# what is behind the end of a name;
published if_name_junk_after_nul '.ifname == "en6"'
# the network has changed although nothing has;
topics inet_addr_deleted_en0
# times of issues are 31 years late, because it takes seconds since 1970 for those
# since 2001: an event has the time of its message, and no other one (see above);
published dl_issues_en0_info '.topic == "interface/issues" and
    .time == "2026-11-23T05:30:35.000000Z"'
# and the addresses of an interface that goes stay (see below).
stop_kevd

# A story, with what was there before.
pick() { jq -c --arg t $time --arg n "$1" 'select(.name == $n) |
    { source: "kern_event", time: $t, netns: "story", hex }' "$vectors/kern_event.ndjson"; }
for v in inet_new_addr_en0 dl_link_quality_metric_changed_100 \
    dl_link_quality_metric_changed_100 dl_link_quality_metric_changed_100 \
    inet_changed_addr_en0 inet6_new_ll_addr_utun3 inet6_changed_addr_en5 \
    nd6_addr_deprecated_en5 inet_arprtrfailure_en0 inet_arprtrfailure_en0; do
	pick $v
done >"$dir/story"
# en0 goes: 'd' for 0x0b, which is the code of DETACHED, in place of that of 13.
jq -c --arg t $time 'select(.name == "dl_link_off_en0") | { source: "kern_event",
    time: $t, netns: "story", hex: (.hex[0:40] + "0b000000" + .hex[48:]) }' \
    "$vectors/kern_event.ndjson" >>"$dir/story"
play "$dir/story"
jq -se '[.[] | select(.ifname == "en0") | .topic] == ["interface/attach",
    "interface/proto-attach", "ipv4/address-add", "ipv4/address-ready",
    "interface/quality", "interface/quality", "ipv4/address-change",
    "ipv4/router-failure", "ipv4/address-remove", "interface/proto-detach",
    "interface/detach"]' "$dir/events" >/dev/null ||
    fail "$(jq -c 'select(.ifname == "en0") | [.topic, .data]' "$dir/events")"
published story '.topic == "ipv4/address-change" and .data.prefixlen == 23 and
    .prev == { prefixlen: 24 }'
published story '.topic == "nd6/address-deprecated" and .ifname == "en5" and
    .data.valid_lft == 7200 and .data.prefixlen == 64'
jq -se '[.[].ifname] == ["utun3", "en5"] and all(has("ifindex") | not)' \
    "$dir/state" >/dev/null || fail "$(cat "$dir/state")"
# Played back the events are the state.
played_back
stop_kevd

# The index is not in an event, but may be told beside it; none of ours.
{
	pick inet_new_addr_en0 | jq -c '.ifindex = 4'
	pick inet_arpcollision_en0
	pick inet_portinuse_http | jq -c '.ifindex = 4'
	pick dl_if_attached_bridge100 | jq -c '.ifindex = 3000000000'
} >"$dir/indexed"
play "$dir/indexed"
jq -se 'all(.ifname != "en0" or .ifindex == 4) and
    all(.ifname != "bridge100" or (has("ifindex") | not)) and
    any(.topic == "ipv4/collision") and any(.ifname == "bridge100") and
    all(.topic != "ipv4/port-in-use" or (has("ifname") | not))' "$dir/events" \
    >/dev/null || fail "$(cat "$dir/events")"
stop_kevd

# --- routing sockets
jq -c --arg t $time '{ source: "route", time: $t, os, abi,
    netns: "\(.os) \(.name)", hex }' "$vectors/route.ndjson" >"$dir/route"
play "$dir/route"
jq -e '.sources.play.malformed == 0 and ([.netns[].route | select(.malformed > 0)] |
    length) == ([inputs | select(.expect_error)] | length)' \
    "$dir/stats" "$vectors/route.ndjson" >/dev/null || fail "malformed"
for os in freebsd netbsd openbsd; do
	topics "$os announce-arrival" interface/attach
	topics "$os ifinfo-link-up" interface/attach interface/link-up
	published "$os ifinfo-link-up" '.topic == "interface/attach" and
	    .ifindex == 2 and (has("ifname") | not) and .data == { type: "ether",
	    mtu: 1500, flags: ["up", "broadcast", "running", "multicast"],
	    operstate: "up", carrier: true }'
	topics "$os ifinfo-link-down" interface/attach interface/link-down
	published "$os newaddr-v6-linklocal" '.topic == "ipv6/address-add" and
	    .ifindex == 2 and .data.address == "fe80::5054:ff:fe12:3456" and
	    .data.scope == "link"'
	published "$os add-default-v6" '.topic == "nd6/router-add" and
	    .ifindex == 2 and .data.gateway == "fe80::1"'
done
topics "freebsd rename-pair" interface/attach
topics "macos ifinfo-up" interface/attach
published "macos ifinfo-up" '.data.flags | index("running")'
for os in freebsd netbsd openbsd macos; do
	topics "$os newaddr-v4" interface/attach interface/proto-attach \
	    ipv4/address-add ipv4/address-ready network/changed
	published "$os newaddr-v4" '.topic == "ipv4/address-add" and
	    .data.address == "192.0.2.17" and .data.prefixlen == 24 and
	    .data.broadcast == "192.0.2.255" and .data.status == "preferred"'
	published "$os newaddr-v4-ptp" '.topic == "ipv4/address-add" and
	    .data.peer == "198.51.100.9" and (.data | has("broadcast") | not)'
	published "$os add-default-v4" '.topic == "ipv4/router-add" and
	    .data.gateway == "192.0.2.1" and .data.protocol == "static"'
	topics "$os add-failed-errno"
	topics "$os add-net-v4"
done
# Whether the address can be used is told by NetBSD alone.
published "openbsd newaddr-v6" '.topic == "ipv6/address-add" and
    .data.status == "unknown"'
published "netbsd newaddr-v4-duplicated" '.topic == "ipv4/collision" and
    .data.address == "192.0.2.17" and .data.lladdr == "02:11:22:33:44:55"'
published "netbsd newaddr-v4-duplicated-noauthor" '.topic == "ipv4/collision"
    and (.data | has("lladdr") | not)'
published "netbsd newaddr-v6-duplicated" '.topic == "ipv6/duplicate" and
    .data.lladdr == "02:11:22:33:44:55"'
published "netbsd newaddr-v6-detached" '.topic == "nd6/address-detached" and
    .data.status == "inaccessible"'
published "netbsd newaddr-v6-deprecated" '.topic == "nd6/address-deprecated"'
published "netbsd chgaddr-link" '.topic == "interface/attach" and
    .data.lladdr == "02:11:22:33:44:55"'
published "openbsd add-default-v4" '.data.metric == 8 and .data.table == "0"'
stop_kevd

# A rename of FreeBSD's is one, with all that the interface has; a departure
# that no arrival follows is one, even as the last of all.
line() { jq -c --arg t $time --arg n "$2" --arg o "$1" 'select(.name == $n and
    .os == $o) | { source: "route", time: $t, os, abi, netns: $o, hex }' \
    "$vectors/route.ndjson"; }
for os in freebsd netbsd; do
	line $os newaddr-v4
	line $os rename-pair
done >"$dir/rename"
# The same departure once more, alone.
line freebsd rename-pair | jq -c '.hex |= .[48:] | .hex |= .[0:44] + "0100"' \
    >>"$dir/rename"
play "$dir/rename"
topics freebsd interface/attach interface/proto-attach ipv4/address-add \
    ipv4/address-ready network/changed interface/rename ipv4/address-remove \
    interface/proto-detach interface/detach network/changed
published freebsd '.topic == "interface/rename" and .ifname == "verylongname123"
    and .prev == { ifname: "em0" }'
topics netbsd interface/attach interface/proto-attach ipv4/address-add \
    ipv4/address-ready network/changed ipv4/address-remove \
    interface/proto-detach interface/detach interface/attach network/changed
stop_kevd

# A NetBSD from its first interface on: routers without an index, masks that
# change, DAD; and in the older form, which newer kernels send as well, none of
# the addresses count.
for run in main1_8 main1_7 miscA_8 miscB_8 ra1_8 dup4loss_8; do
	jq -c --arg t $time --arg r $run 'select(.run == $r) | { source: "route",
	    time: $t, os: "netbsd", abi, netns: $r, hex }' "$vectors/netbsd-rump.ndjson"
done >"$dir/rump"
play "$dir/rump"
jq -e '[.netns[].route.malformed] | add == 0' "$dir/stats" >/dev/null ||
    fail "malformed: $(jq -c .netns "$dir/stats")"
jq -se 'map(select(.netns == "main1_8")) | [.[] | select(.topic |
    startswith("ipv4/router-")) | [.topic, .ifname, .data.gateway]] == [
    ["ipv4/router-add", "shmif0", "172.20.0.254"],
    ["ipv4/router-remove", "shmif0", "172.20.0.254"],
    ["ipv4/router-add", "shmif0", "172.20.0.253"],
    ["ipv4/router-remove", "shmif0", "172.20.0.253"]]' "$dir/events" >/dev/null ||
    fail "$(grep '"ipv4/router' "$dir/events")"
published main1_8 '.topic == "ipv4/address-change" and .prev.prefixlen == 20 and
    .data.prefixlen == 16 and .data.address == "172.20.5.1"'
published main1_8 '.topic == "ipv4/collision" and .data.address == "10.11.12.66"'
published main1_8 '.topic == "ipv6/duplicate" and
    .data.address == "2001:db8:3::dead"'
# A lifetime of 0 looks the same as one that ran out, so neither is told.
published ra1_8 '.topic == "nd6/router-remove"'
jq -se 'any(.topic == "nd6/router-expired") or any(.netns == "main1_7" and
    (.topic | startswith("ipv")) and (.topic | contains("address")))' \
    "$dir/events" >/dev/null && fail "what cannot be known"
played_back
stop_kevd

# Of what system and machine it is must be told, and known.
cat >"$dir/bad" <<BAD
{"source":"route","time":"$time","abi":"lp64le","hex":"00"}
{"source":"route","time":"$time","os":"netbsd","hex":"00"}
{"source":"route","time":"$time","os":"plan9","abi":"lp64le","hex":"00"}
{"source":"route","time":"$time","os":"netbsd","abi":"ilp32be","hex":"00"}
{"source":"route","time":"$time","os":1,"abi":"lp64le","hex":"00"}
BAD
play "$dir/bad"
for said in 1:*'"os" is missing' 2:*'"abi" is missing' \
    3:*'"os" is "plan9", and not' 4:*'"abi" is "ilp32be", and not' 5:*'"os" must be a string'; do
	grep -q "bad:$(echo "$said" | sed 's/\*/.*/')" "$dir/err" ||
	    fail "not said: $said: $(cat "$dir/err")"
done
jq -e '.sources.route.malformed == 5' "$dir/stats" >/dev/null ||
    fail "$(jq -c .sources "$dir/stats")"
stop_kevd

# An interface that is told by its name, then with its index too, is the same.
pick inet_new_addr_en0 | jq -c 'del(.netns)' >"$dir/both"
line macos newaddr-v6 | jq -c 'del(.netns)' >>"$dir/both"
pick inet_arpcollision_en0 | jq -c 'del(.netns)' >>"$dir/both"
play "$dir/both"
jq -se '[.[] | select(.topic == "interface/attach")] | length == 1 and
    .[0].ifname == "en0"' "$dir/events" >/dev/null || fail "$(cat "$dir/events")"
jq -se '(map(select(.topic == "ipv6/address-add"))[0].ifindex == 2) and
    (map(select(.topic == "ipv4/collision"))[0].ifindex == 2)' "$dir/events" \
    >/dev/null || fail "$(cat "$dir/events")"
jq -se 'length == 1 and .[0].ifindex == 2 and (.[0].ipv4 | length) == 1 and
    (.[0].ipv6 | length) == 1' "$dir/state" >/dev/null || fail "$(cat "$dir/state")"
stop_kevd

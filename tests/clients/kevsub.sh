#!/bin/sh
# kevsub: each option and each exit status.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq
namespaces
ip link add v0 type veth peer name v1
ip link set v0 up
start_kevd
prints() {
	[ "$(cat "$dir/out")" = "$1" ] || fail "prints $(cat "$dir/out"), not $1"
}
lines() { [ "$(wc -l <"$dir/out")" = "$1" ] || fail "$(cat "$dir/out")"; }
# Something that each new subscriber sees, as soon as it is there.
subscribed() {
	until "$kevctl" stats | jq -e --arg p "$1" \
	    '[.clients[].patterns[]] | index($p)' >/dev/null; do :; done
}

# Usage.
exits 2 "$kevsub" --no-such-option; says usage
exits 2 "$kevsub" -c 0; says "events: 0"
exits 2 "$kevsub" -t soon; says soon
exits 2 "$kevsub" -o xml; says xml
exits 2 "$kevsub" -m status; says status
exits 2 "$kevsub" -F '%{'; says usage
exits 2 "$kevsub" --color=perhaps; says perhaps
exits 2 "$kevsub" ipv6; says "ipv6"
exits 2 "$kevsub" ipv6/no-such-topic; says ipv6/no-such-topic
exits 2 "$kevsub" -x
exits 0 "$kevsub" -h; grep -q -e --no-reconnect "$dir/out" || fail help
exits 0 "$kevsub" -V; grep -q '^kevsub [0-9]' "$dir/out" || fail version
exits 0 "$kevsub" -l; lines 40; grep -q '^ipv6/duplicate  *lasting ' "$dir/out" || fail list
exits 0 "$kevsub" -l 'ipv4/router-*'; lines 4

# No daemon, and one that is none.
exits 3 "$kevsub" -u "$dir/nobody"; says "$dir/nobody"
KEV_SOCKET=$dir/nobody exits 3 "$kevsub"
exits 3 "$kevsub" -u "$dir"

# What is printed to nobody does not go to kevd.
exits 1 sh -c '"$0" -S >&-' "$kevsub"; says "cannot write"
exits 3 sh -c '"$0" ping >&-' "$kevctl"; says "cannot write"

# What holds now.
exits 0 "$kevsub" -S interface/attach; lines 3
jq -e '.snapshot and .topic == "interface/attach"' "$dir/out" >/dev/null || fail json
exits 0 "$kevsub" -S -i v0 -i lo interface/attach; lines 2
exits 0 "$kevsub" -S -m kind=veth -m ifname!=x interface/attach; lines 2
exits 0 "$kevsub" -S -m kind!=veth interface/attach; lines 1
exits 0 "$kevsub" -S -m 'flags=up' -m 'flags=broad*' interface/attach; lines 1
exits 1 "$kevsub" -S -i nothing; lines 1; grep -q kev/synced "$dir/out" || fail synced
exits 1 "$kevsub" -S -i nothing interface/attach; lines 0
exits 0 "$kevsub" -s -c 2 interface/attach; lines 2
exits 0 "$kevsub" -S -F '%t %i %{data.mtu} %{data.flags} %%' -i v1 interface/attach
prints 'interface/attach v1 1500 broadcast,multicast %'
exits 0 "$kevsub" -S -F '%j' -i v1 interface/attach
jq -e .topic "$dir/out" >/dev/null || fail "$(cat "$dir/out")"
exits 0 "$kevsub" -S -j -i v1 interface/attach; jq -e .topic "$dir/out" >/dev/null || fail json
exits 0 "$kevsub" -S -o text --color=never -i v1 interface/attach
grep -q '^[0-9:.-]* *interface/attach  *v1 ' "$dir/out" || fail "$(cat "$dir/out")"
exits 0 "$kevsub" -S -o text --color=always -i v1 interface/attach
grep -q "$(printf '\033')" "$dir/out" || fail "no colour"

# The long names, the time of a template, the first of several that holds.
exits 0 "$kevsub" --snapshot --count=2 --interface=v0 --match='operstate=*' --format='%T' \
    --timeout=2m --quiet --socket="$KEV_SOCKET" 'interface/attach' 'interface/link-*'
[ "$(grep -cE '^20[0-9-]{8}T[0-9:.]{15}Z$' "$dir/out")" = 2 ] || fail "$(cat "$dir/out")"
exits 0 "$kevsub" --wait --timeout=1m --json ipv4/collision -i v0 interface/attach; lines 1
exits 0 "$kevsub" --snapshot-only --output=json --netns=all kev/synced interface/attach
[ "$(jq -r .topic "$dir/out" | uniq -c | xargs)" = "3 interface/attach 1 kev/synced" ] ||
    fail "$(cat "$dir/out")"
exits 0 "$kevsub" --list kev/gap; lines 1
exits 124 "$kevsub" --timeout=100ms --debounce=1s ipv4/collision; lines 0

"$kevsub" -c 1 -o text interface/proto-attach >"$dir/text" &
waiter=$!
subscribed interface/proto-attach
"$kevctl" inject interface/proto-attach -i v0 family=inet6 remaining=2 || fail inject
wait "$waiter" || fail "no event"
grep -q ' v0 *inet6 remaining 2$' "$dir/text" || fail "$(cat "$dir/text")"

# Waiting: it holds, it happens, it does neither.
exits 0 "$kevsub" -W -t 30 -i v0 interface/attach; lines 1
"$kevsub" -W -t 30 -i v0 ipv4/address-ready >"$dir/waited" &
waiter=$!
subscribed ipv4/address-ready
ip addr add 192.0.2.1/24 dev v0
wait "$waiter" || fail "did not see it"
jq -e '.data.address == "192.0.2.1"' "$dir/waited" >/dev/null || fail waited
exits 124 "$kevsub" -W -t 100ms -i v0 -i 'w*' ipv6/address-ready ipv4/router-add
lines 0
says "ipv6/address-ready on v0: v0 exists"
says "no ipv6 addresses"
says "ipv4/router-add on v0"
says "no router"
says "no interface fits"
exits 124 "$kevsub" -t 100ms -c 1 ipv4/collision; lines 0
exits 124 "$kevsub" -q -W -t 0 -i v9 interface/attach
[ -s "$dir/err" ] && fail "not quiet: $(cat "$dir/err")"

# An interface need not be there yet, and its name may be a glob.
"$kevsub" -c 1 -i 'late[r-s]0' interface/attach >"$dir/waited" &
waiter=$!
subscribed interface/attach
ip link add sooner0 type bridge
ip link add later0 type bridge
wait "$waiter" || fail "did not see it"
[ "$(jq -r .ifname "$dir/waited")" = later0 ] || fail "$(cat "$dir/waited")"

# Counting does not count what kevd says of the stream.
"$kevsub" -c 2 'ipv4/*' >"$dir/counted" &
waiter=$!
subscribed 'ipv4/*'
for n in 1 2 3; do
	"$kevctl" inject ipv4/collision -i v0 count=$n || fail inject
done
wait "$waiter" || fail counting
[ "$(jq -c .data.count "$dir/counted" | xargs)" = "1 2" ] || fail "$(cat "$dir/counted")"
# After an event's id: what came since, and then what comes.
id=$(head -n 1 "$dir/counted" | jq -r .id)
exits 0 "$kevsub" --after "$id" -c 2 'ipv4/*'
[ "$(jq -c .data.count "$dir/out" | xargs)" = "2 3" ] || fail "$(cat "$dir/out")"
exits 4 "$kevsub" --after nonsense; says after
exits 5 "$kevsub" --strict --after abc-1 'ipv4/*'; says "events were lost"

# Commands: in order, one at a time, the event on stdin and in the environment.
cat >"$dir/hook" <<'HOOK'
#!/bin/sh
echo "$KEV_TOPIC $KEV_IFNAME $KEV_ADDRESS ${1:-} $(wc -l)"
HOOK
chmod +x "$dir/hook"
exits 0 "$kevsub" -S -i v0 ipv4/address-add -x "$dir/hook" arg
prints "ipv4/address-add v0 192.0.2.1 arg 1"
exits 7 "$kevsub" -s -c 1 -i v0 interface/attach -x sh -c 'exit 7'
exits 7 "$kevsub" -s -c 1 -i v0 interface/attach --exec sh -c 'exit 7'
exits 127 "$kevsub" -s -c 1 interface/attach -x "$dir/missing"
exits 126 "$kevsub" -s -c 1 interface/attach -x "$dir"
"$kevsub" -s -c 1 interface/attach -x sh -c 'kill -TERM $$' 2>/dev/null
[ $? = 143 ] || fail "does not die as its command did"
exits 0 "$kevsub" -S -i v0 interface/attach -x false; says "exited with status 1"

# Its reader goes: it ends by SIGPIPE, also while nothing happens.
("$kevsub" -s interface/attach 2>/dev/null; echo $? >"$dir/status") | head -n 1 >/dev/null
[ "$(cat "$dir/status")" = 141 ] || fail "SIGPIPE: $(cat "$dir/status")"
# A signal ends it by that signal.
"$kevsub" ipv4/collision &
waiter=$!
subscribed ipv4/collision
kill -TERM "$waiter"
wait "$waiter"
[ $? = 143 ] || fail SIGTERM

# The daemon goes and comes back: the stream goes on, with a snapshot, since the
# new one knows nothing of the old one's events.
"$kevsub" ipv4/address-add >"$dir/resumed" 2>"$dir/said" &
waiter=$!
"$kevsub" --no-reconnect ipv4/address-remove >/dev/null 2>&1 &
leaver=$!
subscribed ipv4/address-add
subscribed ipv4/address-remove
"$kevctl" inject ipv4/address-add address=192.0.2.77 || fail inject
until [ -s "$dir/resumed" ]; do :; done
stop_kevd
wait "$leaver"
[ $? = 3 ] || fail "--no-reconnect"
start_kevd
until grep -q '"192.0.2.1".*' "$dir/resumed"; do :; done
[ "$(grep -c "waiting for it\|kevd is back" "$dir/said")" = 2 ] ||
    fail "$(cat "$dir/said")"
kill "$waiter"
wait "$waiter"
stop_kevd

#!/bin/sh
# What answers is no kevd, or says nonsense: a clear error and a status of its own
# from each tool, and nothing of it is obeyed.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq socat
namespaces
cd "$dir" || exit 1
KEV_SOCKET=$dir/g
export KEV_SOCKET
# against FILE STATUS COMMAND...: it gets the file, whatever it asks, and no more.
against() {
	file=$1 status=$2
	shift 2
	rm -f g
	socat "UNIX-LISTEN:g" "OPEN:$file,rdonly!!CREATE:asked" 2>socat.err &
	server=$!
	accepts $server g socat.err
	exits "$status" "$@"
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" err &&
	    fail "control characters: $(od -c err)"
	return 0
}
ok='{"reply":1,"ok":true,"protocol":1,"run":"r","seq":1,"topics":["ipv4/collision"]}'

n=0
while read -r text; do
	n=$((n + 1))
	printf '%b\n' "$text" >garbage
	against garbage 3 "$kevsub"; says "what $dir/g sent is not from kevd"
	against garbage 3 "$kevctl" state; says "what $dir/g sent is not from kevd"
	against garbage 3 "$kevsub" --since=1h; says "not from kevd"
	printf '%s\n%b\n' "$ok" "$text" >garbage
	against garbage 3 "$kevsub" -s -c 1 -o text; says "not from kevd"
done <<'GARBAGE'
SSH-2.0-OpenSSH_9.9
\0033]0;title\0007
[1,2]
"text"
{}
{"topic":"ipv4/collision","reply":1}
{"topic":5}
{"topic":"ipv4/collision"
{"topic":"\0377\0376"}
{"topic":"a\0000b"}
GARBAGE
[ $n = 10 ] || fail "only $n"
# Of any depth, and any length.
{
	head -c 1000000 /dev/zero | tr '\0' '['
	echo
} >deep
against deep 3 "$kevsub"; says "not from kevd"
head -c 68000000 /dev/zero | tr '\0' 'x' >long
against long 3 "$kevsub"; says "a line over"
against long 3 "$kevctl" stats; says "a line over"
rm long
# It goes without a word, or in the middle of one.
: >nothing
against nothing 3 "$kevsub" --no-reconnect; says "closed the connection"
printf '{"reply":1,' >half
against half 3 "$kevsub" --no-reconnect; says "closed the connection"
against half 3 "$kevctl" ping; says "closed the connection"
# Another protocol, and a refusal whose words are somebody else's.
echo '{"reply":1,"ok":true,"protocol":2}' >two
against two 4 "$kevsub"; says "version 2 of the protocol"
printf '{"reply":1,"ok":false,"error":{"code":"\\u001b[2J","message":7}}\n' >refusal
against refusal 4 "$kevsub"; says 'kevd refused: no reason, \x1b[2J'
against refusal 4 "$kevctl" state; says 'kevd refused: no reason, \x1b[2J'

# Events of the right form with the wrong contents, through everything there is.
{
	printf '%s\n' "$ok"
	printf '%s\n' '{"topic":"ipv4/collision"}' \
	    '{"topic":"ipv4/collision","time":5,"ifname":{},"ifname_hex":"0x","ifindex":"two","mono":-1,"id":[],"data":[],"prev":"x","snapshot":1}' \
	    '{"topic":"ipv4/collision","time":"2026-99-99T99:99:99.9Z","ifname_hex":"61000","mono":9223372036854775807,"data":{"":[[]],"address":{"a":1},"topic":"b"},"prev":{"":null}}' \
	    '{"topic":"ipv4/collision","netns":7,"ifname":"","ifname_hex":"1b5b324a","data":{"=;$(x)":"'\''\n$(x)"}}' \
	    '{"topic":"\u001b[2J/x","data":7}'
} >odd
for option in -ojson -otext -oenv -ojson-seq -ocloudevents '-F%i%t%T%{data}%{data.address.a}%%'; do
	against odd 0 "$kevsub" -c 5 "$option"
	tr -d '\036' <out >text
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" text &&
	    fail "control characters, $option: $(od -c text)"
	[ "$(wc -l <out)" = 5 ] || fail "$option: $(cat out)"
done
against odd 3 "$kevsub" --no-reconnect -d 1h
against odd 0 "$kevsub" -c 5 -x env
[ "$(grep -c '^KEV_TOPIC=' out)" = 5 ] || fail "$(cat out)"
exit 0

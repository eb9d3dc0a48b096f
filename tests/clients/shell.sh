#!/bin/sh
# kev.sh: its functions, in each shell there is, by kevsub, nc and socat, which do
# the same; interfaces with the worst of names, and a kevd that is none.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
# There are many calls, each of some processes.
: "${KEV_TEST_SECONDS:=300}"
export KEV_TEST_SECONDS
needs ip jq nc socat
namespaces
cd "$dir" || exit 1
ip link add v0 type veth peer name v1
# Whatever a name makes a shell do is to do this.
mkdir bin tmp
printf '#!/bin/sh\n: >"%s/obeyed"\n' "$dir" >bin/x
chmod +x bin/x
for name in 'a"$(x)`x`' "b';x;'" 'c\"\\n,{"ifnam' '--' '-xx' "$(printf 'd\033]0;x\007')" \
    "$(printf 'e\377\302\233')" '*'; do
	ip link add "$name" type bridge || fail "no interface $name"
done
start_kevd
kevsh=$top_builddir/clients/kev.sh
TMPDIR=$dir/tmp
export TMPDIR

# A PATH for each way, with nothing else that could be one.
for tool in sh sed grep tr mktemp mkfifo rm cat wc head sleep ls; do
	ln -s "$(command -v "$tool")" "bin/$tool"
done
# mksh has none of its own, but we may.
for folder in /bin /usr/bin; do
	[ ! -x $folder/printf ] || ln -sf $folder/printf bin
done
cp -R bin none
for way in kevsub nc socat; do
	cp -R bin $way
done
ln -s "$kevsub" "$kevctl" kevsub
ln -s "$(command -v nc)" nc
ln -s "$(command -v socat)" socat
shells=
for shell in dash bash busybox mksh oksh ksh; do
	command -v $shell >/dev/null && shells="$shells $shell"
done
# by WAY SHELL ARGUMENT...; with run=exec it has the number of who calls.
by() {
	way=$1 shell=$(command -v "$2")
	shift 2
	case $shell in
	*/busybox) set -- sh "$@" ;;
	esac
	${run:-} env "PATH=$dir/$way" "$shell" "$@"
}

cat >script <<'SCRIPT'
. "$1"
expect() {
	[ "$got" = "$1" ] || { printf '%s\n' "got '$got', not '$1'"; exit 1; }
}
IFS=:
set -f
got=$(kev_state 'v?' | wc -l | tr -d ' ') && expect 2
got=$(kev_state v0 | sed 's/,.*//') && expect '{"ifname":"v0"'
got=$(kev_state nothing) && expect ''
line=$(kev_wait -t 20 -i v0 interface/attach) || exit 1
got=$(kev_get topic "$line") && expect interface/attach
got=$(kev_get ifname "$line") && expect v0
got=$(kev_get mtu "$line") && expect 1500
got=$(kev_get carrier "$line") && expect false
got=$(kev_get nothing "$line") && expect ''
got=$(kev_get flags "$line") && expect ''
got=$(kev_get x '{"x":"a\"b\\c","y":"z"}') && expect 'a\"b\\c'
got=$(kev_get mtu '{"data":{"a,":",","mtu":9000},"prev":{"mtu":1500}}') && expect 9000
line=$(kev_wait -t 20 -i no -i 'v[1]' -n '' interface/link-down) || exit 1
got=$(kev_get ifname "$line") && expect v1
kev_wait -t 20 -n all -n none interface/attach >/dev/null || exit 1
kev_wait -t 0.2 ipv4/collision 2>/dev/null; got=$? && expect 124
kev_wait -t 0 -i no interface/attach 2>/dev/null; got=$? && expect 124
kev_wait -t 20 nothing 2>/dev/null; got=$? && expect 2
kev_wait -t 1s interface/attach 2>/dev/null; got=$? && expect 2
kev_wait -Z 2>/dev/null; got=$? && expect 2
kev_wait -t 2>/dev/null; got=$? && expect 2
kev_each 2>/dev/null; got=$? && expect 2
KEV_SOCKET=$1 kev_state 2>/dev/null; got=$? && expect 3
KEV_SOCKET=$1 kev_wait 2>/dev/null; got=$? && expect 3
three() {
	n=$((${n:-0} + 1))
	kev_get ifname "$1"
	[ $n -lt 3 ] || return 42
}
got=$(echo input | { kev_each -s three interface/attach; cat; } | tr '\n' ' ') && expect "lo v1 v0 input "
kev_each -s three >/dev/null; got=$? && expect 42
leave() { exit 7; }
kev_each -s leave 'interface/*'; got=$? && expect 7
# A name is found by itself, or one like it, and is shown as JSON has it.
found() { got=$(kev_get ifname "$(kev_wait -t 20 -i "$1" interface/attach)") && expect "$2"; }
found 'a"$(x)`x`' 'a\"$(x)`x`'
found "b';x;'" "b';x;'"
found 'c\\"\\\\n,{"ifnam' 'c\\\"\\\\n,{\"ifnam'
found -- --
found -xx -xx
found '[*]' '*'
got=$(kev_get ifname "$(kev_wait -t 20 -i 'd?]0;x?' interface/attach)") &&
	expect 'd\u001b]0;x\u0007'
got=$(kev_get ifname_hex "$(kev_wait -t 20 -i 'e*' interface/attach)") &&
	expect 65ffc29b
got=$(kev_state -xx -- | wc -l | tr -d ' ') && expect 2
eleven() {
	n=$((${n:-0} + 1))
	printf '%s\n' "$1"
	[ $n -lt 11 ]
}
{
	kev_each -s eleven interface/attach
	kev_state
} >"$2"
[ "$IFS" = : ] && [ "$*" = "$1:$2" ] || exit 1
echo good
SCRIPT
cat >limits <<'SCRIPT'
. "$1"
expect() {
	[ "$got" = "$1" ] || { printf '%s\n' "got '$got', not '$1'"; exit 1; }
}
# It gives up: what does not hold, what never was.
for t in 0.2 0 0.0; do
	kev_wait -t $t ipv4/collision 2>/dev/null; got=$? && expect 124
	kev_wait -t $t -i no interface/attach 2>/dev/null; got=$? && expect 124
done
kev_wait -t 0 interface/attach >/dev/null; got=$? && expect 0
kev_wait -t 86399999.9 interface/attach >/dev/null; got=$? && expect 0
long=$(printf %0257d 0)
glob=${long#?}
kev_wait -t 0 -i "$glob" 2>/dev/null; got=$? && expect 124
kev_wait -t 1 -i "$long" 2>/dev/null; got=$? && expect 4
patterns() {
	n=$1
	set --
	while [ $n -gt 0 ]; do set -- "$@" 'interface/att*'; n=$((n - 1)); done
	kev_wait -t 20 "$@"
}
patterns 256 >/dev/null; got=$? && expect 0
patterns 257 2>/dev/null; got=$? && expect 4
for t in '' 1s x 1.2.3 .5 5. -1 86400000 1000000000000; do
	kev_wait -t "$t" interface/attach 2>/dev/null; got=$? && expect 2
done
nl='
'
for p in nothing ipv4/nothing '' "a$nl*/*" "$(printf '\377/x')"; do
	kev_wait -t 20 "$p" 2>/dev/null; got=$? && expect 2
done
kev_state "$(printf '\377')" 2>/dev/null; got=$? && expect 2
kev_state "a${nl}b" 2>/dev/null; got=$? && expect 2
echo good
SCRIPT
# The ways of a shell: all in the first, one each in others.
ways() {
	case $1 in
	dash) echo kevsub nc socat ;;
	bash) echo kevsub nc ;;
	busybox) echo kevsub socat ;;
	*) echo kevsub ;;
	esac
}
for name in $shells; do
	for way in $(ways "$name"); do
		[ "$(by "$way" "$name" script "$kevsh" "$dir/$way.out" 2>err)" = good ] ||
		    fail "$name, $way: $(by "$way" "$name" -x script "$kevsh" x.out 2>&1 | tail -n 30)"
		jq -c 'del(.time, .mono)' "$way.out" >"$way.told"
		[ "$(wc -l <"$way.told")" = 22 ] || fail "$(cat "$way.out")"
		cmp "$way.told" kevsub.told || fail "not what kevsub says"
		[ ! -e obeyed ] || fail "a name was obeyed"
		[ -z "$(ls tmp)" ] || fail "left $(ls tmp)"
		# Only that which asks.
		until [ "$("$kevctl" stats | jq '.clients | length')" = 1 ]; do :; done
	done
done

for way in kevsub nc socat; do
	[ "$(by $way dash limits "$kevsh" 2>err)" = good ] ||
	    fail "$way: $(by $way dash -x limits "$kevsh" 2>&1 | tail -n 30)"
done

# kevd goes and comes back; nothing is missed, nothing told twice.
history() { "$kevctl" inject ipv4/collision "count=$1" || fail inject; }
cat >follow <<'SCRIPT'
. "$1"
set -eu
each() {
	kev_get count "$1"
	[ "$(kev_get count "$1")" != 4 ] || return 9
}
kev_each each ipv4/collision ipv4/router-add
SCRIPT
connected() {
	until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("ipv4/collision")' >/dev/null; do
		kill -0 $waiter || fail "it ended: $(cat err)"
	done
}
for way in kevsub nc socat; do
	: >stream
	run="exec" by $way dash follow "$kevsh" >stream 2>err &
	waiter=$!
	pids="$pids $waiter"
	connected
	history 1
	until grep -qx 1 stream; do kill -0 $waiter || fail "$(cat err)"; done
	# The connection alone: what has it open but kevd ends.
	# shellcheck disable=SC2046
	[ $way = kevsub ] || kill $("$kevctl" stats | jq ".clients[] | select(.patterns | index(\"ipv4/collision\")).pid")
	history 2
	connected
	until grep -qx 2 stream; do kill -0 $waiter || fail "$(cat err)"; done
	stop_kevd
	until grep -q 'waiting for it' err; do kill -0 $waiter || fail "$(cat err)"; done
	start_kevd
	connected
	history 3
	history 4
	wait $waiter
	status=$?
	[ "$status $(xargs <stream)" = "9 1 2 3 4" ] || fail "$way: $status, $(cat stream err)"
	grep -q 'kevd has not kept them' err || fail "$(cat err)"
done
# The time is up also while it is gone.
for way in kevsub nc socat; do
	run="exec" by $way dash -c '. "$1"; kev_wait -t 3 ipv4/collision' sh "$kevsh" 2>err &
	waiter=$!
	connected
	stop_kevd
	wait $waiter
	[ $? = 124 ] || fail "$way: $(cat err)"
	start_kevd
done

# Without any of them.
for f in kev_state kev_wait; do
	by none dash -c '. "$1"; $2' sh "$kevsh" $f 2>err
	[ $? = 127 ] || fail "without nc and socat: $(cat err)"
	says "needs kevsub, nc"
done
# Run, it prints; what is left behind is nothing.
for way in kevsub nc socat; do
	: >out
	run="exec" by $way dash "$kevsh" -s -i v0 interface/attach >out &
	waiter=$!
	pids="$pids $waiter"
	until [ -s out ]; do kill -0 $waiter || fail "it ended"; done
	kill $waiter
	wait $waiter
	[ -z "$(ls tmp)" ] || fail "left $(ls tmp)"
	jq -e '.topic == "interface/attach"' out >/dev/null || fail "$(cat out)"
done
stop_kevd

# What answers is no kevd.
KEV_SOCKET=$dir/g
# against FILE STATUS WORDS COMMAND, by all of $ways
ways='kevsub nc socat'
against() {
	for way in $ways; do
		rm -f g
		socat UNIX-LISTEN:g "OPEN:$1,rdonly!!CREATE:asked" 2>socat.err &
		server=$!
		accepts $server g socat.err
		by "$way" dash -c ". '$kevsh'; $4" >out 2>err
		status=$?
		[ $status = "$2" ] || fail "$way, $1: $4: $status, not $2: $(cat err)"
		says "$3"
		kill $server 2>/dev/null
		wait $server 2>/dev/null
		LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177-\377]')" err &&
		    fail "control characters: $(od -c err)"
	done
}
while read -r text; do
	printf '%b\n' "$text" >garbage
	against garbage 3 "not from kevd" 'kev_wait -t 20'
	ways=nc against garbage 3 "not from kevd" 'kev_each echo'
	ways=nc against garbage 3 "not from kevd" 'kev_state'
	ways='kevsub nc socat'
done <<'GARBAGE'
SSH-2.0-OpenSSH_9.9
\0033]0;title\0007
[1,2]
"text"
{}
{"topic":5}
{"topic":"ipv4/collision"
{"topic":"\0377\0376"
GARBAGE
: >nothing
against nothing 3 "$dir/g" 'kev_wait -t 20'
against nothing 3 "$dir/g" kev_state
echo '{"reply":1,"ok":true,"protocol":2,"run":"r","seq":1,"topics":["ipv4/collision"]}' >two
against two 4 "protocol" 'kev_wait -t 20'
printf '{"reply":1,"ok":false,"error":{"code":"denied","message":"\\u001b[2J\\\\033"}}\n' >refusal
against refusal 4 'kevd refused: ' 'kev_wait -t 20'
against refusal 4 'kevd refused: ' kev_state
exit 0

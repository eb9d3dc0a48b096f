#!/bin/sh
# kevsub -o: each format; and interfaces with the worst of names, through all of
# them, on a terminal and into commands: never interpreted, always shown.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq script
namespaces
# Whatever a name makes a shell do is to do this.
cd "$dir" || exit 1
PATH=$dir/bin:$PATH
mkdir bin
printf '#!/bin/sh\n: >"%s/obeyed"\n' "$dir" >bin/x
chmod +x bin/x
ip link add v0 type veth peer name v1
ip link set v0 up
ip addr add 192.0.2.1/24 dev v0
start_kevd
is() { jq -e "$1" "$dir/out" >/dev/null || fail "not $1: $(cat "$dir/out")"; }

# Variables: one line an event, which a shell may eval.
exits 0 "$kevsub" -S -o env -i v0 ipv4/address-add
[ "$(wc -l <"$dir/out")" = 1 ] || fail "$(cat "$dir/out")"
(
	eval "$(cat "$dir/out")"
	[ "$KEV_TOPIC $KEV_IFNAME $KEV_ADDRESS/$KEV_PREFIXLEN $KEV_SNAPSHOT" = \
	    "ipv4/address-add v0 192.0.2.1/24 true" ] &&
	    [ "$KEV_IFINDEX" = "$(ip -j link show v0 | jq '.[].ifindex')" ] &&
	    [ "${KEV_NETNS-unset}" = unset ] && [ "$KEV_FLAGS" = permanent ]
) || fail "$(cat "$dir/out")"
"$kevsub" -o env -c 2 interface/change ipv4/port-in-use >"$dir/changed" &
waiter=$!
until "$kevctl" stats | jq -e '[.clients[].patterns[]] | index("interface/change")' >/dev/null; do :; done
ip link set v0 mtu 1400
printf '%s' '{"command":"a'\''$(x)\nx\n","port":1}' |
    "$kevctl" inject ipv4/port-in-use - || fail inject
wait "$waiter" || fail "no event"
grep -q "^KEV_TOPIC='interface/change' .*KEV_MTU='1400'.* KEV_OLD_MTU='1500'" changed ||
    fail "$(cat changed)"
[ "$(wc -l <changed)" = 2 ] || fail "not one line an event: $(cat changed)"
(
	eval "$(tail -n 1 changed)"
	[ "$KEV_COMMAND" = "a'\$(x)\\x0ax\\x0a" ]
) || fail "$(cat changed)"

# RFC 7464: each text after a record separator, before a newline.
exits 0 "$kevsub" -S -o json-seq interface/attach
[ "$(tr -dc '\036\n' <"$dir/out" | tr '\036\n' '<>')" = '<><><>' ] ||
    fail "$(od -c "$dir/out" | head)"
jq --seq -e '.topic == "interface/attach"' "$dir/out" >/dev/null || fail "$(cat "$dir/out")"

# CloudEvents 1.0: what must be there is; no two have one source and id.
exits 0 "$kevsub" -S -o cloudevents
is '.specversion == "1.0" and (.source | test("^//[^/ ]+/kev$")) and
    (.time | test("^20.*Z$")) and .datacontenttype == "application/json" and
    ([keys[] | select(test("^[a-z0-9]+$") | not)] == []) and
    .type == "kev." + .data.topic and .subject == .data.ifname and .id != ""'
[ "$(jq -r .id "$dir/out" | sort | uniq -d)" = "" ] || fail "$(cat "$dir/out")"
"$kevctl" inject ipv4/collision -i v0 address=192.0.2.1 || fail inject
exits 0 "$kevsub" -S --since=1h -o cloudevents ipv4/collision
is '.id == .data.id and .subject == "v0" and .data.data.address == "192.0.2.1"'

# The worst of names: the bytes, and how they are shown.
LC_ALL=C
export LC_ALL
set -- 'h0$(x)' 'h0$(x)' 'h1`x`' 'h1`x`' "h2';x;'" "h2';x;'" 'h3"$x\\a' 'h3"$x\a' \
    'h4\033[31m' 'h4\x1b[31m' 'h5\001\177' 'h5\x01\x7f' 'h6\377\303(' 'h6\xff\xc3(' \
    'h7\302\233m' 'h7\u009bm' 'h8\342\200\256a' 'h8\u202ea' 'h9*;?[x]{}&|' 'h9*;?[x]{}&|'
: >names
: >shown
while [ $# -gt 0 ]; do
	# shellcheck disable=SC2059 # the bytes
	ip link add "$(printf "$1")" type bridge || skip "ip takes no such name"
	# shellcheck disable=SC2059
	printf "$1\n" >>names
	printf '%s\n' "$2" >>shown
	shift 2
done
no_controls() {
	grep -q "$(printf '[\001-\010\013-\037\177]')" "$1" &&
	    fail "control characters, $2: $(od -c "$1")"
	grep -q "$(printf '\302[\200-\237]')" "$1" && fail "C1, $2: $(od -c "$1")"
	[ -e obeyed ] && fail "it was obeyed, $2"
	return 0
}
# FORMAT [FILTER]: the names, as FILTER finds them in it, are as shown.
shows() {
	exits 0 "$kevsub" -S "$1" -i 'h[0-9]*' interface/attach
	tr -d '\036' <out >text
	[ $# = 1 ] && return
	sh -c "$2" <text >found
	cmp -s found shown || fail "$1 shows $(cat found)"
}
shows --output=text "awk '{ print \$3 }'"; no_controls text text
shows --format=%i cat; no_controls text %i
shows --output=env "while read -r line; do (eval \"\$line\"; printf '%s\n' \"\$KEV_IFNAME\"); done"
no_controls text env
shows --output=cloudevents "jq -r .subject"; no_controls found cloudevents
for format in json json-seq cloudevents; do
	shows --output=$format
	tr -d '\302' <text >bytes; no_controls bytes $format
	jq -r '.data.ifname // .ifname' text >found
	sed 's/\xff\xc3/\xef\xbf\xbd\xef\xbf\xbd/' names | cmp -s - found || fail "$format: $(od -c found)"
done
# A command has the name itself, and can use it.
cat >hook <<'HOOK'
#!/bin/sh
printf '%s\n' "$KEV_IFNAME"
[ "$(jq .ifindex)" = "$KEV_IFINDEX" ] && ip link show dev "$KEV_IFNAME" >/dev/null
HOOK
chmod +x hook
exits 0 "$kevsub" -S -i 'h[0-9]*' interface/attach -x ./hook
cmp -s out names || fail "$(od -c out)"
[ -s err ] && fail "$(cat err)"
# The same where a name is not that of the event's own interface: what it was
# called before, its master, its other names, those of a list.
id=$("$kevctl" ping | jq -r '"\(.run)-\(.seq)"')
n=0
while IFS= read -r name; do
	n=$((n + 1))
	ip link property add dev v0 altname "x$name" || fail altname
	ip link set v1 master "$name" || fail master
	ip addr add "203.0.113.$n/32" dev "$name" || fail address
	ip link set "$name" name "r$n" && ip link set "r$n" name "$name" || fail rename
done <names
# OPTION...: all that came of it, in $dir/out.
since() {
	exits 124 "$kevsub" -t 0 --after "$id" "$@" interface/rename interface/change \
	    network/changed
	tr -d '\036' <out >text
}
members='%{prev.ifname} %{data.master} %{data.altnames} %{data.interfaces}'
for option in -otext -oenv "-F%i $members"; do
	since "$option"; no_controls text "$option"
	for part in 'h0$(x)' 'xh0$(x)' 'h4\x1b[31m' 'h5\x01\x7f' 'xh7\u009bm' 'h8\u202ea'; do
		sed "s/'\\\\''/'/g" text | grep -qF "$part" || fail "no $part: $(cat text)"
	done
done
for format in json json-seq cloudevents; do
	since --output=$format
	tr -d '\302' <text >bytes; no_controls bytes $format
	jq -s 'length > 20' text | grep -qx true || fail "$format: $(cat text)"
done
old() { sed 's/\\xff\\xc3/\xef\xbf\xbd\xef\xbf\xbd/' "$1" | cmp -s - found || fail "$(od -c found)"; }
since -oenv
while IFS= read -r line; do
	(
		eval "$line"
		[ "$KEV_TOPIC" != interface/rename ] || printf '%s\n' "$KEV_OLD_IFNAME"
	)
done <text | grep -v '^r[0-9]' >found
no_controls found eval
old shown
exits 0 "$kevsub" -c 20 --after "$id" interface/rename -x sh -c \
    'printf "%s\n" "$KEV_OLD_IFNAME"; jq -r .prev.ifname'
grep -v '^r[0-9]' out | awk 'NR % 2 { last = $0 } NR % 2 == 0 && $0 == last' >found
[ -e obeyed ] && fail "a command obeyed"
sed 's/\xff\xc3/\xef\xbf\xbd\xef\xbf\xbd/' names | cmp -s - found || fail "$(od -c found)"
# And by kevctl, to people and to others.
for what in 'state' 'stats' '-o text stats' '-o json stats'; do
	script -qec "'$kevctl' $what" typescript </dev/null >terminal || fail script
	tr -d '\r' <terminal >seen
	no_controls seen "kevctl $what on a terminal"
done
"$kevctl" state >seen
grep -qiF 'h4\u001b[31m' seen || fail "no name: $(cat seen)"

# What is still missing: as many names as are told.
exits 124 "$kevsub" -W -t 10ms -i 'h[0-6]*' ipv6/address-ready
no_controls err -W
says 'h0$(x) exists'; says 'h4\x1b[31m exists'; says "and 1 more"
# On a terminal nothing is left for it to obey, but its own line ends and colours.
terminal() {
	script -qec "'$kevsub' -S -i 'h[0-9]*' $1 interface/attach" typescript \
	    </dev/null >terminal || fail "script: $(cat terminal)"
	tr -d '\r\036' <terminal | sed "s/$(printf '\033')\[[0-9]*m//g" >seen
	no_controls seen "$1 on a terminal"
	[ "$(wc -l <seen)" = 10 ] || fail "$(cat seen)"
}
for option in -oenv -otext -ojson -ojson-seq -ocloudevents -F%i%j; do
	terminal $option
done

# Text is for people on terminals, JSON for all others.
script -qec "'$kevsub' -S -i v0 --color=never interface/attach" typescript </dev/null >terminal
grep -q '^[0-9:.]\{12\} interface/attach  *v0 ' terminal || fail "$(cat terminal)"
exits 0 "$kevsub" -S -i v0 interface/attach
is '.topic == "interface/attach"'

# Colours on a terminal, but not against its or somebody's will; or when asked for.
colours() {
	script -qec "'$kevsub' -S -o text -i v0 ${1:-} interface/attach" typescript \
	    </dev/null >terminal || fail script
	grep -c "$(printf '\033\[32minterface/attach\033\[0m')" terminal
}
export TERM=xterm
unset NO_COLOR
[ "$(colours)" = 1 ] || fail "no colours on a terminal"
[ "$(colours --color=auto)" = 1 ] || fail "no colours on a terminal"
[ "$(colours --color=never)" = 0 ] || fail "colours though never"
[ "$(TERM=dumb colours)" = 0 ] || fail "colours though dumb"
[ "$(NO_COLOR=1 colours)" = 0 ] || fail "colours though NO_COLOR"
[ "$(NO_COLOR='' colours)" = 1 ] || fail "an empty NO_COLOR is none"
[ "$(NO_COLOR=1 colours --color=always)" = 1 ] || fail "no colours though always"
exits 0 "$kevsub" -S -o text -i v0 interface/attach
grep -q "$(printf '\033')" "$dir/out" && fail "colours in a pipe"
# Aligned: what follows topic and name begins at the same place.
ip link add longer0 type bridge
exits 0 "$kevsub" -S -o text -i "v?" -i lo -i longer0 interface/attach
[ "$(awk '{ print index($0, "interface/attach"), index($0, $3), index($0, $4) }' \
    "$dir/out" | sort -u | wc -l)" = 1 ] || fail "not aligned: $(cat "$dir/out")"
stop_kevd

# So are the names of namespaces, which may be those of files.
own_run && ip netns add 'n0$(x)' || exit 0
for name in "n1';x;'" 'n2"`x`\a' "$(printf 'n3\033[31m')" "$(printf 'n4\377')"; do
	ip netns add "$name" || fail "ip netns add"
done
start_kevd --netns all
all() { exits 0 "$kevsub" -S -n 'n?*' "$@" interface/attach; }
for option in -otext '-F%{netns}' -oenv; do
	all "$option"; no_controls out "$option"
	[ "$(wc -l <out)" -ge 4 ] || fail "$option: $(cat out)"
done
while IFS= read -r line; do
	(eval "$line"; printf '%s\n' "$KEV_NETNS")
done <out | LC_ALL=C sort >found
no_controls found eval
for name in 'n0$(x)' "n1';x;'" 'n2"`x`\a' 'n3\x1b[31m'; do
	grep -qxF -e "$name" found || fail "no $name: $(cat found)"
done
all -x sh -c 'printf "%s\n" "$KEV_NETNS"; jq -e ".netns == env.KEV_NETNS" >/dev/null'
[ -s err ] && fail "$(cat err)"
grep -qxF "$(printf 'n3\033[31m')" out || fail "$(od -c out)"
[ -e obeyed ] && fail "a command obeyed"
stop_kevd

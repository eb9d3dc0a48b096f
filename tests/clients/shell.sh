#!/bin/sh
# kev.sh: its functions, in each shell there is, over nc and over socat.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc
namespaces
ip link add v0 type veth peer name v1
start_kevd
kevsh=$top_builddir/clients/kev.sh

cat >"$dir/script" <<'SCRIPT'
. "$1"
expect() {
	[ "$got" = "$1" ] || { echo "got '$got', not '$1'"; exit 1; }
}
got=$(kev_state 'v?' | wc -l | tr -d ' ') && expect 2
got=$(kev_state v0 | sed 's/,.*//') && expect '{"ifname":"v0"'
got=$(kev_state nothing) && expect ''
line=$(kev_wait -t 20 -i v0 interface/attach) || exit 1
got=$(kev_get topic "$line") && expect interface/attach
got=$(kev_get ifname "$line") && expect v0
got=$(kev_get mtu "$line") && expect 1500
got=$(kev_get carrier "$line") && expect false
got=$(kev_get nothing "$line") && expect ''
got=$(kev_get x '{"x":"a\"b\\c","y":"z"}') && expect 'a\"b\\c'
kev_wait -t 1 ipv4/collision; got=$? && expect 124
kev_wait -t 20 nothing 2>/dev/null; got=$? && expect 4
kev_wait -Z 2>/dev/null; got=$? && expect 2
kev_each 2>/dev/null; got=$? && expect 2
KEV_SOCKET=$1 kev_state 2>/dev/null; got=$? && expect 3
three() {
	n=$((${n:-0} + 1))
	kev_get ifname "$1"
	[ $n -lt 3 ] || return 42
}
got=$(kev_each -s three interface/attach | xargs) && expect "lo v1 v0"
kev_each -s three '**' >/dev/null; got=$? && expect 42
echo good
SCRIPT
try() {
	[ "$("$@" "$dir/script" "$kevsh" 2>"$dir/err")" = good ] ||
	    fail "$*: $("$@" "$dir/script" "$kevsh" 2>&1)"
}
try sh
for shell in dash bash; do
	command -v "$shell" >/dev/null && try "$shell"
done
command -v busybox >/dev/null && try busybox sh
# Without nc: a PATH with everything else.
if command -v socat >/dev/null; then
	mkdir "$dir/bin"
	for tool in socat sed grep mktemp mkfifo rm cat wc tr xargs; do
		ln -s "$(command -v "$tool")" "$dir/bin/$tool"
	done
	# The shell's sleep is the system's.
	ln -s "$(command -v sleep)" "$dir/bin/sleep"
	[ "$(PATH="$dir/bin" /bin/sh "$dir/script" "$kevsh" 2>"$dir/err")" = good ] ||
	    fail "socat: $(PATH="$dir/bin" /bin/sh "$dir/script" "$kevsh" 2>&1)"
	rm "$dir/bin/socat"
	PATH="$dir/bin" /bin/sh -c ". $kevsh; kev_state" 2>"$dir/err"
	[ $? = 127 ] || fail "without nc and socat: $(cat "$dir/err")"
fi
# Run, it prints; what is left behind is nothing.
TMPDIR=$dir/tmp
mkdir "$TMPDIR"
export TMPDIR
sh "$kevsh" -s -i v0 interface/attach >"$dir/out" &
pids="$pids $!"
until [ -s "$dir/out" ]; do :; done
kill $!
wait $!
[ -z "$(ls "$TMPDIR")" ] || fail "left $(ls "$TMPDIR")"
jq -e '.topic == "interface/attach"' "$dir/out" >/dev/null || fail "$(cat "$dir/out")"
stop_kevd

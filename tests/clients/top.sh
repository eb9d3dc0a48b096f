#!/bin/sh
# kevtop, on a terminal that tmux makes: what is on it while things happen to the
# network, to kevd and to the terminal.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nsenter script socat tmux
kevtop=$tools/kevtop
[ -x "$kevtop" ] || skip "built without ncurses"
namespaces
cd "$dir" || exit 1
unset NO_COLOR TMUX KEV_SOCKET
export TERM=screen SHELL=/bin/sh ENV='' LC_ALL=C.UTF-8

mux() { tmux -S "$dir/t" -f /dev/null "$@"; }
trap 'status=$?; trap - EXIT; mux kill-server 2>/dev/null; stop_all; rm -rf "$dir"; exit $status' EXIT
# Where fail looks.
screen() { mux capture-pane -p "$@" >log || fail "capture"; }
# shows PATTERN: a line of the screen that fits, sooner or later. lacks: none.
shows() {
	waiting="screen: $*"
	until screen && grep -q -e "$1" log; do
		mux list-panes >alive || fail "tmux is gone"
	done
}
lacks() {
	waiting="screen without: $*"
	while screen && grep -q -e "$1" log; do :; done
}
key() { mux send-keys "$@" || fail "send-keys"; }
# The other end of a cable, where other hosts are.
start_other
mux new-session -d -x 80 -y 24 "sh" || fail "tmux"
mux set-option -g status off
mux set-option -g remain-on-exit off
mux resize-window -x 80 -y 24
key "PS1='ready> '; export LD_LIBRARY_PATH='${LD_LIBRARY_PATH:-}'; clear" Enter
shows '^ready>'
# in_shell COMMAND: in the terminal, its status in $status.
in_shell() {
	rm -f status
	key "$1; echo \$? >status.new; mv status.new status" Enter
}
ended() {
	waiting="the end of kevtop"
	until [ -s status ]; do :; done
	[ "$(cat status)" = "$1" ] || { screen; fail "ended with $(cat status), not $1"; }
}

# Without kevd; where there is none that is meant; and what is no terminal.
in_shell "$kevtop -u $dir/nothing 2>err"; ended 3; says "is kevd running?"
in_shell "TERM=nonsense-terminal $kevtop 2>err"; ended 2; says "nonsense-terminal is unknown"
in_shell "TERM= $kevtop 2>err"; ended 2; says "TERM is not set"
in_shell "TERM=dumb $kevtop 2>err"; ended 2; says "cannot move its cursor"
exits 2 "$kevtop"; says "must be a terminal"
exits 2 "$kevtop" -d 99ms; says "not a time from 100ms to 1h"
exits 2 "$kevtop" -d 3601; says "not a time from 100ms to 1h"
exits 2 "$kevtop" --color=x; says "auto, always or never"
exits 2 "$kevtop" x; says "takes no argument: x"
exits 2 "$kevtop" -d 100ms; says "must be a terminal"
exits 2 "$kevtop" -d 1h; says "must be a terminal"
exits 0 "$kevtop" --help; grep -q -e '--netns' out || fail "$(cat out)"
exits 0 "$kevtop" -V; grep -q '^kevtop [0-9]' out || fail "$(cat out)"

start_kevd
key "export KEV_SOCKET='$KEV_SOCKET'; clear; stty -g >stty.before; echo before" Enter
shows '^before'
top="${KEV_WRAP:-} $kevtop -d 100ms"
in_shell "$top"
shows '^kevtop: live'
[ "$(mux display-message -p '#{alternate_on}')" = 1 ] || fail "no screen of its own"
shows '^INTERFACE .*STATE'
shows '^lo .* loopback '

# A cable comes, its link goes up and down, and flaps.
ip link add v0 address 02:00:5e:00:53:01 type veth peer name v1
shows '^v0 .* off  *no  *1500 .*ether  *02:00:5e:00:53:01'
shows 'interface/attach  *v0 '
ip link set v1 netns "$other"
$there ip link set v1 address 02:00:5e:00:53:99
$there ip link set v1 up
ip link set v0 up
shows '^v0  *up  *yes  *1500  *10G  *ether  *02:00:5e:00:53:01  *0 '
$there ip link set v1 down
shows '^v0  *down  *no .* 1  *[0-9.]*$'
$there ip link set v1 up
shows '^v0  *up  *yes .* 1  *[0-9.]*$'

# Addresses: one at once, one when nobody has it, one that somebody has.
ip addr add 192.0.2.1/24 dev v0
shows '^v0  *192.0.2.1/24  *ready '
ip addr add 2001:db8::1/64 dev v0
shows '^v0  *2001:db8::1/64  *ready'
$there ip addr add 2001:db8::2/64 dev v1 nodad
ip addr add 2001:db8::2/64 dev v0
shows '^v0  *2001:db8::2/64  *duplicate'
shows '^v0  *2001:db8::2  *duplicate  *02:00:5e:00:53:99'
screen -e
sed "s/$(printf '\033')\[49m//g" log >colours
grep -q "$(printf '\033')\[[0-9;]*31[;0-9]*mv0  *2001:db8::2  *duplicate  *02:00:5e:00:53:99" colours ||
    fail "not red: $(od -c colours)"
ip route add default via 192.0.2.254 metric 7
shows '^v0  *192.0.2.254  *7  *boot  *main'
# Lifetimes run, and are those that the kernel has now.
ip addr add 2001:db8::7/64 dev v0 nodad valid_lft 6000 preferred_lft 100
shows '2001:db8::7/64  *ready  *9[0-9]m  *9[0-9]s'
ip addr change 2001:db8::7/64 dev v0 valid_lft 172900 preferred_lft 90000
shows '2001:db8::7/64  *ready  *2d  *2[45]h'
cp log "${KEV_TEST_CAPTURE:-/dev/null}"

# Names that a terminal would obey, or that are wider than they seem.
for name in '\033[31mh' 'h\377\303(' 'h\302\233m' 'h\346\274\242e\314\201'; do
	# shellcheck disable=SC2059 # the bytes
	ip link add "$(printf "$name")" type bridge || fail "ip takes no such name"
done
shows '^\\x1b\[31mh  *off'
shows '^h\\xff\\xc3(  *off'
shows '^h\\u009bm  *off'
shows '^h\\u6f22e\\u0301  *off'
shows 'attach  *h\\u6f22e\\u0301 '

# Terminals of all sizes.
mux resize-window -x 40 -y 10
shows '^kevtop: live   events [0-9, .]*/s now'
[ "$(wc -l <log)" -le 10 ] || fail "$(cat log)"
shows '^q quit   h help   Tab'
# ncurses does not write to the last column of the last line everywhere.
mux resize-window -x 1 -y 1
shows '^k*$'
for size in 1x2 1x1 3x1 1x3 2x2 200x5 1000x3 80x4 80x24; do
	mux resize-window -x "${size%x*}" -y "${size#*x}"
	[ $size = 1x1 ] || shows '^k'
done
shows '^v0 .*02:00:5e:00:53:01'

# Keys.
key / 'v?' Enter
shows 'filter: v?'
lacks '^lo '
shows '^v0 .*02:00:5e:00:53:01'
key / C-u Enter
shows '^lo '
key s
shows 'sort: name'
key s s s
shows 'sort: index'
key h
shows 'the pane whose title stands out'
lacks '^v0 '
key Enter
shows '^v0 '
# Paused, nothing is drawn though kevtop has read all; then all of it.
key p
shows 'PAUSED'
screen
cp log paused
ip addr add 192.0.2.8/24 dev v0
"$kevsub" -W -m address=192.0.2.8 ipv4/address-add >/dev/null || fail "no address"
waiting="kevtop to read all"
until "$kevctl" -j stats | jq -e '[.clients[] | select(.patterns != []) | .queued] | add == 0' >/dev/null; do :; done
for delay in 1 2 3 4 5 6 7 8 9; do
	"$kevsub" -t 50ms 'nothing/*' 2>/dev/null
	screen
	cmp -s log paused || fail "$delay: not paused: $(cat log)"
done
key p
lacks 'PAUSED'
shows '^v0  *192.0.2.8/24'

# kevd goes and is back; what was lost is said, and what is new is there.
stop_kevd
shows 'kevd is gone, waiting for it'
ip addr del 192.0.2.8/24 dev v0
ip link add new0 type bridge
start_kevd
shows '^kevtop: live'
shows '^EVENTS WERE LOST, 1 times; the last: kevd was away'
shows '^new0 '
lacks '^v0  *192.0.2.8/24'
ip link del v0
lacks '^v0  *up'
shows 'interface/detach  *v0'

# Stopped and resumed, the terminal is the shell's in between.
key C-z
shows '^before'
[ "$(mux display-message -p '#{alternate_on}')" = 0 ] || fail "stopped on its screen"
key 'fg' Enter
shows '^kevtop: live'

# q, and signals, leave all as it was.
as_before() {
	shows '^ready>'
	[ "$(mux display-message -p '#{alternate_on} #{cursor_flag}')" = "0 1" ] || fail "its screen stays"
	key 'stty -g >stty.after; mv stty.after stty.now' Enter
	waiting="stty"
	until [ -s stty.now ]; do :; done
	cmp stty.before stty.now || fail "stty"
	rm stty.now
}
key q
as_before
in_shell "$top"
shows '^kevtop: live'
key q
ended 0
as_before
in_shell "sh -c 'echo \$\$ >pid; exec $top --color=never'"
shows '^kevtop: live'
"$kevctl" inject ipv4/collision -i lo address=192.0.2.1 lladdr=02:00:5e:00:53:98 || fail inject
shows '02:00:5e:00:53:98'
screen -e
grep -q "$(printf '\033')\[[0-9;]*3[0-7]m" log && fail "colours: $(od -c log)"
kill -TERM "$(cat pid)"
ended 143
as_before
in_shell "NO_COLOR=1 $top -i 'new*'"
shows '^new0 '
lacks '^lo '
"$kevctl" inject ipv4/collision -i new0 address=192.0.2.1 lladdr=02:00:5e:00:53:97 || fail inject
shows '02:00:5e:00:53:97'
screen -e
grep -q "$(printf '\033')\[[0-9;]*3[0-7]m" log && fail "colours: $(od -c log)"
key C-c
shows '^ready>'
as_before

# What answers is no kevd: said when the terminal is given back.
against() {
	rm -f g
	socat UNIX-LISTEN:g "OPEN:$1,rdonly!!CREATE:asked" 2>socat.err &
	server=$!
	accepts $server g socat.err
	in_shell "$top -u $dir/g 2>err"
	ended "$2"
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	as_before
}
printf 'SSH-2.0-x\n' >garbage
against garbage 3; says "what $dir/g sent is not from kevd"
printf '{"reply":1,"ok":true,"protocol":1}\n{"topic":7}\n' >garbage
against garbage 3; says "not from kevd"
printf '{"reply":1,"ok":true,"protocol":2}\n' >garbage
against garbage 4; says "another version"
printf '{"reply":1,"ok":false,"error":{"message":"\\u001b[2J"}}\n' >garbage
against garbage 4; says 'kevd refused: \x1b[2J'
stop_kevd

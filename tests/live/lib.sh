# Sourced by the tests of the whole thing: a kevd of ours in a network
# namespace of ours, real events, and nothing left behind.
#
#	. "$top_srcdir/tests/live/lib.sh"
#	needs ip jq		or the test is skipped
#	namespaces		from here on in namespaces of its own, no root needed
#	start_kevd [OPTION...]	on $socket or one of ours, KEV_SOCKET
#	start_log		a subscriber of everything; see expect
#	...
#	assert_same		its log played back, the state and the kernel agree
#
# Nothing sleeps: expect reads the subscriber's lines until one fits, and the
# whole test is ended by a watchdog if that never happens. With KEV_TEST_USER,
# and by root, kevd becomes that user.

set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
test=$(basename "$0" .sh)

say() { printf '%s: %s\n' "$test" "$*" >&2; }
skip() { say "skipped: $*"; exit 77; }
fail() {
	say "FAILED: $*"
	[ -f "${dir:-}/log" ] && tail -n 20 "$dir/log" >&2
	exit 1
}

needs() {
	for tool; do
		command -v "$tool" >/dev/null || skip "there is no $tool"
	done
}

prepare() {
	# Short, because a socket is to be in it.
	dir=$(mktemp -d "${TMPDIR:-/tmp}/kev.XXXXXX") || exit 1
	[ -z "${KEV_TEST_USER:-}" ] || chown "$KEV_TEST_USER" "$dir" || exit 1
	trap 'status=$?; trap - EXIT; stop_all; rm -rf "$dir"; exit $status' EXIT
	trap 'is_test || { trap - EXIT; exit 1; }; fail "time is up, waiting for: ${waiting:-nothing}"' HUP INT TERM
}
# Who was begun a moment ago, and is ended, may have the traps of the test still.
is_test() {
	IFS=' ' read -r self _ </proc/self/stat
	[ "$self" = $$ ]
}

# As root of users of our own; or where that cannot be, and we are root, as
# that; in a chroot even without processes of our own. "-n": the real root.
namespaces() {
	if [ -n "${KEV_INSIDE:-}" ]; then
		ip link set lo up || exit 1
		prepare
		return
	fi
	own="--pid --mount-proc"
	for how in "-r $own" "$own" ""; do
		case $how in
		-r*) [ "${1:-}${KEV_TEST_USER:-}" = "" ] || continue ;;
		*) [ "$(id -u)" = 0 ] || continue ;;
		esac
		# shellcheck disable=SC2086 # several options
		unshare -n --fork --kill-child $how true 2>/dev/null || continue
		# What is left in there ends with it.
		# shellcheck disable=SC2086
		KEV_INSIDE=${how:-bare} exec unshare -n --fork --kill-child $how \
		    timeout -k 5 "${KEV_TEST_SECONDS:-120}" "${SHELL:-sh}" "$0"
	done
	skip "namespaces cannot be made here, or only by root"
}

# What is in /run stays in here: names of ip-netns(8), for one. False where
# mounts are not our own.
own_run() {
	case $KEV_INSIDE in
	*--mount-proc*) mount -t tmpfs tmpfs /run ;;
	*) return 1 ;;
	esac
}

# The opposite: for what there is one of, for the whole system.
no_namespaces() {
	[ -n "${KEV_INSIDE:-}" ] && { prepare; return; }
	[ "$(id -u)" = 0 ] || skip "only for root"
	[ -e /proc/sys/net/core/netdev_max_backlog ] ||
	    skip "only in the initial network namespace"
	KEV_INSIDE=none exec timeout -k 5 "${KEV_TEST_SECONDS:-120}" \
	    "${SHELL:-sh}" "$0"
}

# The programs themselves: libtool's scripts, which know where the library is,
# take far longer than what they start.
tools=$top_builddir
if [ -x "$top_builddir/.libs/kevctl" ]; then
	tools=$top_builddir/.libs
	LD_LIBRARY_PATH=$tools${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi
# What looks at a program from within needs more than that does.
no_sandbox=${KEV_WRAP:+--no-sandbox}
kevd=$top_builddir/kevd kevsub=$tools/kevsub kevctl=$tools/kevctl

pids=

stop_all() {
	for pid in $pids; do
		kill -CONT "$pid" 2>/dev/null
		kill "$pid" 2>/dev/null
	done
	for pid in $pids; do
		wait "$pid" 2>/dev/null
	done
	pids=
}

# accepts PID SOCKET [ERRORS]: waits until it does; the file, named as it was bound,
# is there a moment before, and may be of one that went.
accepts() {
	while kill -0 "$1"; do
		sockets=$(awk -v path="$2" '$4 == "00010000" && $8 == path { print "socket:[" $7 "]" }' /proc/net/unix)
		[ -n "$sockets" ] && readlink "/proc/$1/fd/"* | grep -qxF "$sockets" && return
	done
	fail "nobody listens: $(cat "${3:-/dev/null}")"
}

# kevd, ready: it writes a line to descriptor 3 then.
start_kevd() {
	: >"$dir/err"
	export KEV_SOCKET="${socket:-$dir/s}"
	mkfifo "$dir/ready.$$" || exit 1
	# shellcheck disable=SC2086
	${KEV_WRAP:-} "$kevd" $no_sandbox -n 3 ${KEV_TEST_USER:+-U $KEV_TEST_USER} "$@" 3>"$dir/ready.$$" 2>"$dir/err" &
	kevd_pid=$!
	pids="$pids $kevd_pid"
	read -r _ <"$dir/ready.$$" || :
	rm "$dir/ready.$$"
	[ -S "$KEV_SOCKET" ] || fail "kevd does not start: $(cat "$dir/err")"
	[ -z "${KEV_TEST_USER:-}" ] ||
	    awk '/^Uid:/ && ($2 == 0 || $3 == 0 || $4 == 0 || $5 == 0) { exit 1 }
	    /^Cap(Inh|Prm|Eff|Amb):/ && $2 !~ /^0+$/ { exit 1 }' \
	    "/proc/$kevd_pid/status" || fail "$(cat "/proc/$kevd_pid/status")"
}

# Ends kevd by its id; it must have been alive, and exit with 0.
stop_kevd() {
	kill "$kevd_pid" || fail "kevd died: $(cat "$dir/err")"
	wait "$kevd_pid"
	status=$?
	rest=
	for pid in $pids; do
		[ "$pid" = "$kevd_pid" ] || rest="$rest $pid"
	done
	pids=$rest
	[ "$status" = 0 ] || fail "kevd exited with $status: $(cat "$dir/err")"
}

# Everything from now on goes to descriptor 5, in the order it happens.
start_log() {
	mkfifo "$dir/lines"
	"$kevsub" --no-reconnect -s -n all "${1:-**}" >"$dir/lines" 2>"$dir/log.err" &
	pids="$pids $!"
	exec 5<"$dir/lines"
	: >"$dir/log"
	expect '"kev/synced"'
}

# Reads lines into the log, up to one that fits a pattern of the shell. It is
# $line then.
expect() {
	waiting=$1
	while IFS= read -r line <&5; do
		printf '%s\n' "$line" >>"$dir/log"
		# shellcheck disable=SC2254
		case $line in
		*$1*) return 0 ;;
		esac
	done
	fail "kevsub ended before a line with $1: $(cat "$dir/log.err")"
}

# expect_event TOPIC IFNAME [PART]
expect_event() {
	expect "\"topic\":\"$1\"*\"ifname\":\"$2\"*${3:-}"
}

# Everything up to here is in the log: an event of our own, which is last.
catch_up() {
	marker=${marker:-0}
	marker=$((marker + 1))
	"$kevctl" inject interface/idle -i "mark$marker" || fail "inject"
	expect "\"ifname\":\"mark$marker\""
}

# How many lines of the log have all of these (fixed) strings.
count() {
	lines=$(cat "$dir/log")
	for part; do
		lines=$(printf '%s\n' "$lines" | grep -F -e "$part")
	done
	[ -z "$lines" ] && echo 0 && return
	printf '%s\n' "$lines" | wc -l | tr -d ' '
}

assert_count() {
	wanted=$1
	shift
	[ "$(count "$@")" = "$wanted" ] ||
	    fail "$(count "$@") lines, not $wanted, have: $*"
}

# assert_order TOPIC... : these of the topics in the log, in this order; the
# log is as of the last "mark_log".
mark_log() { catch_up; marked=$(wc -l <"$dir/log"); }
since_mark() { tail -n +$((${marked:-0} + 1)) "$dir/log"; }
assert_topics() {
	got=$(since_mark | jq -r "select(.ifname == \"$1\") | .topic" | xargs)
	shift
	[ "$got" = "$*" ] || fail "topics are '$got', not '$*'"
}

# The state as played back and as kevd has it, the one of which is in
# $dir/state. 2: something happened while we looked.
is_played() {
	seen=$("$kevctl" ping | jq .seq)
	"$top_builddir/tests/unit/play" <"$dir/log" >"$dir/played" || fail play
	"$kevctl" state >"$dir/state" || fail "kevctl state"
	jq -cS 'del(.ipv4[],.ipv6[],.routers[],.nat64[] |
	    .valid_lft,.preferred_lft,.lifetime) | .ipv4 |= sort |
	    .ipv6 |= sort | .routers |= sort | .nat64 |= sort' \
	    "$dir/state" >"$dir/state.sorted" || fail jq
	jq -cS '.ipv4 |= sort | .ipv6 |= sort | .routers |= sort |
	    .nat64 |= sort' \
	    "$dir/played" >"$dir/played.sorted" || fail jq
	diff "$dir/played.sorted" "$dir/state.sorted" >"$dir/diff" && return
	[ "$("$kevctl" ping | jq .seq)" = "$seen" ] &&
	    [ "$seen" = "$(tail -n 1 "$dir/log" | jq .seq)" ] || return 2
	fail "played back: $(head -c 2000 "$dir/diff")"
}

# And as the kernel has it, in one shape. 1: the kernel has something else.
is_same() {
	is_played || return
	kernel >"$dir/kernel" || fail "what ip says"
	[ -s "$dir/kernel" ] || fail "ip says nothing"
	jq -c 'select(.netns == null)' "$dir/state" |
	    jq -cS -f "$top_srcdir/tests/live/state.jq" \
	    >"$dir/state.as-ip" || fail jq
	diff "$dir/state.as-ip" "$dir/kernel" >"$dir/diff"
}

# What the kernel does of its own may not be over: then another
# network/changed is to come.
assert_same() {
	while :; do
		catch_up
		is_same
		case $? in
		0) return ;;
		2) continue ;;
		esac
		say "not yet: $(head -c 2000 "$dir/diff")"
		expect '"topic":"network/changed"'
	done
}

# The same for a log that is complete.
assert_played() {
	is_same || fail "not what ip says: $(head -c 2000 "$dir/diff")"
}

# What ip(8) says, one interface a line; "$ip" may be one for elsewhere.
kernel() {
	${ip:-ip} -j -d addr show >"$dir/ip.addr"
	${ip:-ip} -j -4 route show table all default >"$dir/ip.route4"
	${ip:-ip} -j -6 route show table all default >"$dir/ip.route6"
	jq -ncS -f "$top_srcdir/tests/live/kernel.jq" \
	    --slurpfile addr "$dir/ip.addr" \
	    --slurpfile route4 "$dir/ip.route4" \
	    --slurpfile route6 "$dir/ip.route6"
}

# Another namespace that lasts until end_other; "$there COMMAND" runs in it.
start_other() {
	mkfifo "$dir/hold"
	unshare -n sh -c "echo ready; read -r _ <'$dir/hold'" >"$dir/other" &
	other=$!
	pids="$pids $other"
	exec 6<>"$dir/hold"
	until [ -s "$dir/other" ]; do
		kill -0 "$other" || fail "no other namespace"
	done
	there="nsenter -t $other -n"
}
end_other() {
	echo >&6
	wait "$other"
}

# send FRAME [COUNT]: from v1 there, frames in hexadecimal as frames.c takes them.
send() {
	$there "$top_builddir/tests/live/frames" v1 "$@" || fail "frames"
}
# router LAST LIFETIME [OPTION]: an advertisement of fe80::LAST, a hex digit.
router() {
	printf '333300000001 02005e00530%s 86dd 60000000 0000 3aff
	    fe80000000000000 000000000000000%s ff020000000000000000000000000001
	    8600 0000 4000 %04x 00000000 00000000 %s' "$1" "$1" "$2" "${3:-}"
}

# exits STATUS PROGRAM [ARGUMENT...]: it does; see $dir/out, $dir/err, says.
exits() {
	wanted=$1
	shift
	waiting=$*
	"$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ "$status" = "$wanted" ] ||
	    fail "$* exits with $status, not $wanted: $(cat "$dir/err")"
}
says() { grep -qF -e "$1" "$dir/err" || fail "says $(cat "$dir/err")"; }

#!/bin/sh
# Every example of README and the man pages is run, in a network that has an eth0
# with addresses and a default router. One that ends must end well; one that goes
# on must print something when things happen, and is ended then. Those that are
# not run are listed here, and no others.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq mandoc nc timeout
# There are many, each with a shell of its own.
: "${KEV_TEST_SECONDS:=300}"
export KEV_TEST_SECONDS
namespaces

# What is not run: where it is, how it begins, and why.
cat >"$dir/not-run" <<'LIST'
README.md|./quickstart |builds this, and runs what runs this
README.md|tar xf |a release is built by "make distcheck"
README.md|./configure |a release is built by "make distcheck"
README.md|make install|a release is installed by "make distcheck"
README.md|./bootstrap |it has been built
README.md|mosquitto_sub |there is no broker; tests/clients/mqtt-fleet.sh has one
README.md|systemctl enable|there may be no systemd
kevd.8|auditctl |changes the whole system; tests/live/port.sh does the same
kevd.8|systemctl enable|there may be no systemd
kevd.8|[Service]|part of a unit, not a command
kev-dbus.8|systemctl enable|there may be no systemd
kev-dbus.8|gdbus |needs a bus; tests/clients/dbus.sh has one
kev-dbus.8|busctl |needs a bus; tests/clients/dbus.sh has one
kev-dbus.8|import dbus|needs a bus; tests/clients/dbus.sh has one
kev-dbus.8|node |what gdbus prints
kev-dbus.8|Type=signal|what busctl prints
kev-hook.8|[Service]|part of a unit, not a command
kev-hook.8|#!/bin/sh|a hook, not a command; tests/clients/hook.sh has them
kev-mqtt.8|apt-get |installs a broker
kev-mqtt.8|mosquitto_sub |there is no broker; tests/clients/mqtt-fleet.sh has one
kevtop.1|kevtop: live|what a screen shows
kevtop.1|kevtop -n |needs a terminal; tests/clients/top.sh gives it one
LIST
: >"$dir/left-out"
# left_out WHERE TEXT: it is listed.
left_out() {
	while IFS='|' read -r where begin _; do
		case $1:$2 in
		"$where:$begin"*)
			echo "$where|$begin" >>"$dir/left-out"
			return 0
			;;
		esac
	done <"$dir/not-run"
	return 1
}

# Prints the example numbered $2 of page $1: what is indented further than the
# text of the section EXAMPLES, up to text again.
example() {
	mandoc -T ascii -O width=500 "$1" | sed 's/.\x08//g' | awk -v n="$2" '
	/^[^ ]/ { here = ($0 ~ /^EXAMPLES/); inside = 0; next }
	!here { next }
	/^           / {
		count += !inside
		inside = 1
		if (count == n)
			print blank substr($0, 12)
		blank = ""
		next
	}
	/^$/ { blank = blank "\n"; next }
	{ inside = 0; blank = "" }'
}

# How many displays there are among the examples of page $1, as it was written.
displays() {
	awk '/^\.Sh / { here = ($2 == "EXAMPLES") }
	here && /^\.(Bd|Dl) / { n++ }
	END { print n + 0 }' "$1"
}

# The first lines of the displays elsewhere in page $1.
elsewhere() {
	awk '/^\.Sh / { here = ($2 == "EXAMPLES") }
	here { next }
	begun { print; begun = 0 }
	/^\.Bd -literal/ { begun = 1 }
	sub(/^\.Dl /, "") { print }' "$1"
}

# Prints the command numbered $2 of a README: a line that is indented by four
# blanks, and those that go on with it, which are indented further.
command() {
	awk -v n="$2" '
	/^```/ { fence = !fence; next }
	fence || !/^    / { next }
	{ count += !/^     / }
	count == n { print substr($0, 5) }' "$1"
}

# Something of everything happens to eth0.
stir() {
	ip link set eth0 mtu 1400
	ip addr add 198.51.100.7/24 dev eth0
	ip addr add 2001:db8:7::7/64 dev eth0 nodad
	ip route add default via 198.51.100.1 metric 7
	ip route del default via 198.51.100.1 metric 7
	ip addr del 2001:db8:7::7/64 dev eth0
	ip addr del 198.51.100.7/24 dev eth0
	ip link set eth0 mtu 1500
	nc -N -U "$KEV_SOCKET" <"$dir/injections"
	# Who waits until it is quiet says nothing before.
	! grep -q 'kevsub -d' "$1" ||
		"$kevsub" -q -t 3 -c 1 interface/issues >"$dir/quiet"
}

# What is not installed yet is taken from where it was made.
run_script() {
	sed "s|^\. .*/kev.sh$|. $top_builddir/clients/kev.sh|" "$1" >"$dir/script"
	run "$dir/script" "$2"
}

# A C program, made as its author would.
compile() {
	cp "$1" "$dir/example.c"
	# shellcheck disable=SC2086 # flags
	{
		${CC:-cc} ${SANITIZE:-} -I"$top_srcdir/clients" \
			-c "$dir/example.c" -o "$dir/example.o" &&
		"$top_builddir/libtool" --quiet --mode=link ${CC:-cc} \
			${SANITIZE:-} "$dir/example.o" -o "$dir/example.bin" \
			"$top_builddir/libkev.la" -lev
	} >"$dir/ex.err" 2>&1 || fail "$2: $(cat "$dir/ex.err")"
	echo ./example.bin >"$1"
}

# begin FILE: in $dir; its status is in ex.end then.
begin() {
	rm -f "$dir/ex.end" "$dir/ex.out"
	(
		cd "$dir" || exit
		sh -c 'echo $$ >ex.pid; exec timeout 60 sh "$0"' "$1" \
			>ex.out 2>ex.err </dev/null
		echo $? >ex.end
	) &
}

# run FILE NAME
run() {
	grep -q '^#include' "$1" && compile "$1" "$2"
	begin "$1"
	# One that says nothing ends by its timeout.
	until [ -s "$dir/ex.end" ] || [ -s "$dir/ex.out" ]; do
		stir "$1"
	done
	# It may be about to end.
	[ -s "$dir/ex.end" ] || stir "$1"
	ended=yes
	if [ ! -s "$dir/ex.end" ]; then
		ended=no
		kill "$(cat "$dir/ex.pid")"
	fi
	wait $!
	status=$(cat "$dir/ex.end")
	if [ $ended = no ]; then
		[ -s "$dir/ex.out" ] || fail "$2 says nothing: $(cat "$1")"
	elif [ "$status" != 0 ]; then
		fail "$2 ends with $status: $(cat "$1" "$dir/ex.err")"
	fi
}

# The same for a daemon, on a socket of its own: it answers, until it is ended.
run_daemon() {
	KEV_SOCKET=$dir/own begin "$1"
	until "$kevctl" -u "$dir/own" ping >"$dir/answer" 2>&1; do
		[ ! -s "$dir/ex.end" ] || fail "$2 ends: $(cat "$1" "$dir/ex.err")"
	done
	kill "$(cat "$dir/ex.pid")"
	wait $!
	while [ -e "$dir/own" ]; do :; done
}

own_run || skip "no /run of our own"
mkdir /run/kev
ip link add eth0 type veth peer name peer0
ip link set eth0 up
ip link set peer0 up
ip addr add 192.0.2.1/24 dev eth0
ip addr add 2001:db8::1/64 dev eth0 nodad
ip route add default via 192.0.2.254
ip netns add blue || skip "ip netns"
start_kevd --netns all
ln -s "$KEV_SOCKET" /run/kev/kev.sock
topics=$("$kevctl" topics | jq -r '.topic | select(startswith("kev/") | not)')
[ -n "$topics" ] || fail "no topics"
for topic in $topics; do
	printf '{"op":"inject","topic":"%s","ifname":"eth0"}\n' "$topic"
done >"$dir/injections"
# What examples take for granted.
printf '#!/bin/sh\necho "$KEV_TOPIC"\n' >"$dir/routers-changed"
chmod +x "$dir/routers-changed"
PATH=$tools:$top_builddir:$top_builddir/clients:$PATH
export PATH

for page in "$top_srcdir"/broker/*.[1-8] "$top_srcdir"/clients/*.[1-8] \
	"$top_srcdir"/contrib/*.[1-8] "$top_srcdir"/contrib/*/*.[1-8] \
	"$top_builddir"/protocol/kev.7 "$top_builddir"/clients/kev.sh.1 \
	"$top_builddir"/clients/kev-hook.8 "$top_builddir"/clients/kev-mqtt.8; do
	[ -e "$page" ] || continue
	grep '@[A-Za-z_]*@' "$page" && fail "$page has what was to be filled in"
	name=$(basename "$page")
	n=1
	while example "$page" $n >"$dir/ex" && [ -s "$dir/ex" ]; do
		left_out "$name" "$(grep -m 1 . "$dir/ex")" ||
			run_script "$dir/ex" "$name, example $n"
		n=$((n + 1))
	done
	say "$name: $((n - 1)) examples"
	[ $n -gt 1 ] || fail "there are no examples in $page"
	[ $((n - 1)) = "$(displays "$page")" ] ||
		fail "$name has $(displays "$page") examples, $((n - 1)) were run"
	elsewhere "$page" >"$dir/others"
	while read -r line; do
		case $line in
		'{'*) ;;
		*) left_out "$name" "$line" || fail "$name: not run: $line" ;;
		esac
	done <"$dir/others"
done

# The event in kev(7) is one, though it is folded.
sed -n '/^\.Bd -literal$/,/^\.Ed/p' "$top_builddir/protocol/kev.7" | grep -v '^\.' |
	jq -e '.topic == "ipv6/duplicate" and .data.status == "duplicate"' \
	>"$dir/answer" || fail "the event in kev(7)"

n=1
while command "$top_srcdir/README.md" $n >"$dir/ex" && [ -s "$dir/ex" ]; do
	line=$(head -n 1 "$dir/ex")
	case $line in
	'kevd '*) run_daemon "$dir/ex" "README.md, command $n" ;;
	*)
		left_out README.md "$line" ||
			run "$dir/ex" "README.md, command $n"
		;;
	esac
	n=$((n + 1))
done
say "README.md: $((n - 1)) commands"
[ $n -gt 1 ] || fail "there are no commands in README.md"
# What it shows of the demonstration can be seen there.
sed -n '/^```/,/^```/p' "$top_srcdir/README.md" | grep -oE '[a-z0-9]+/[a-z-]+ ' |
	sort -u | tr -d ' ' >"$dir/shown"
[ -s "$dir/shown" ] || fail "README.md shows no events"
printf '%s\n' "$topics" kev/synced kev/gap >"$dir/topics"
grep -vxF -f "$dir/topics" "$dir/shown" && fail "README.md shows what is no topic"

# What need not be listed is not.
sort -u "$dir/left-out" >"$dir/used"
cut -d '|' -f 1,2 "$dir/not-run" | sort -u | diff - "$dir/used" ||
	fail "listed as not run, but not there"
stop_kevd

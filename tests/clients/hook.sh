#!/bin/sh
# kev-hook: which scripts run, in which order and with what; which are refused;
# what takes too long, fails, or is interrupted; and that nothing is missed.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq nc setpriv socat
namespaces -n
own_run || skip "no /run of our own"
[ "$(stat -c %u:%a /)" = 0:755 ] || skip "others may write to /"
umask 022
chmod 755 /run "$dir"
cd "$dir" || exit 1
hooks=/run/kev/hooks
mkdir -p $hooks
: >got
mkfifo never go
chmod 666 never
start_kevd --queue 65536
inject() { "$kevctl" inject ipv4/collision "count=$1" || fail inject; }
# script PATH: what is on standard input is one.
script() {
	mkdir -p "$hooks/${1%/*}"
	{ echo "#!/bin/sh"; cat; } >new
	chmod 755 new
	mv new "$hooks/$1"
}
clear_hooks() {
	rm -rf "${hooks:?}"/*
	: >got
}
# hook [OPTION...]: it runs and has subscribed.
hook() {
	: >said
	GOT=$dir/got NEVER=$dir/never GO=$dir/go $as "$tools/kev-hook" -d $hooks "$@" \
	    >printed 2>said &
	waiter=$!
	pids="$pids $waiter"
	until [ "$("$kevctl" stats | jq "[.clients[] | select(.pid == $waiter).patterns[]] | length")" = 1 ]; do
		kill -0 $waiter || fail "it ended: $(cat said)"
	done
}
as=
ends() {
	kill $waiter
	wait $waiter
	status=$?
	[ $status = 143 ] || fail "ends with $status: $(cat said)"
}
# wait_for WORDS FILE
wait_for() {
	until grep -qF -e "$1" "$2"; do
		kill -0 $waiter || fail "it ended before $1: $(cat said)"
	done
}
said() { grep -qF -e "$1" said || fail "not said: $1: $(cat said)"; }
is_quiet() { [ ! -s said ] || fail "$(cat said)"; }
got() { [ "$(xargs <got)" = "$1" ] || fail "got $(cat got), not $1: $(cat said)"; }
# Nobody has it open.
nothing_left() {
	[ "$(find /proc/[0-9]*/fd -lname "$dir/never" 2>/dev/null | wc -l)" = 0 ] ||
	    fail "something was left"
}

# In order: of the topic, of its class, of all; by the bytes of names. Never two,
# and each has the whole event. What editors leave behind is none.
note='mkdir "$GOT.only" && jq -es ".[0].topic == \"$KEV_TOPIC\" and length == 1" >/dev/null &&
    echo "$KEV_ID $KEV_TOPIC $KEV_IFNAME ${0#'$hooks'/}" >>"$GOT"; rmdir "$GOT.only"'
for name in interface/attach.d/20-b interface/attach.d/10-a interface/attach.d/5-c \
    interface.d/B interface.d/a all.d/all; do
	echo "$note" | script $name
done
for name in .hidden a~ '#a#' a,v a.bak a.orig a.rej a.dpkg-old a.dpkg-dist a.ucf-old \
    a.rpmnew a.rpmsave a.rpmorig a.pacnew a.pacsave a.pacorig a.apk-new; do
	echo 'echo "${0##*/}" >>"$GOT"' | script "interface/attach.d/$name"
done
since=$("$kevctl" ping | jq -r '"\(.run)-\(.seq)"')
hook
for name in d0 d1 d2; do
	ip link add $name type bridge
done
inject 1
wait_for ipv4/collision got
"$kevsub" --after "$since" -t 0 -F '%{id} %t %i' >events
while read -r event; do
	case $event in
	*interface/attach*)
		for name in 10-a 20-b 5-c; do
			echo "$event interface/attach.d/$name"
		done
		;;
	esac
	case $event in
	*interface/*)
		echo "$event interface.d/B"
		echo "$event interface.d/a"
		;;
	esac
	echo "$event" | awk '{ print $1, $2, $3, "all.d/all" }'
done <events >wanted
awk '{ $1 = $1; print }' got >got.plain
awk '{ $1 = $1; print }' wanted | cmp - got.plain || fail "$(cat got said)"
[ "$(grep -c 'd2 interface/attach.d/5-c' got)" = 1 ] || fail "$(cat got)"
is_quiet
# The list is the same, and needs no kevd.
exits 0 "$tools/kev-hook" -u /nowhere -d $hooks -l
grep '^interface/attach ' out | sed "s|.*$hooks/||" | xargs >listed
[ "$(cat listed)" = "interface/attach.d/10-a interface/attach.d/20-b interface/attach.d/5-c interface.d/B interface.d/a all.d/all" ] ||
    fail "$(cat out)"
[ "$(grep -c all.d/all out)" = "$("$kevctl" topics | wc -l)" ] || fail "$(cat out)"

# What is not run, and why; each is said once. The directories may come later.
clear_hooks
try=ipv4/collision.d
echo 'echo good >>"$GOT"' | script $try/zz
for name in group world foreign setup plain out; do
	echo "echo $name >>\"\$GOT\"" | script $try/$name
done
chmod g+w $hooks/$try/group
chmod o+w $hooks/$try/world
chown 1 $hooks/$try/foreign
chmod a-x $hooks/$try/plain
mkdir /run/elsewhere $hooks/$try/folder
mv $hooks/$try/out /run/elsewhere
ln -s /run/elsewhere/out $hooks/$try/out
ln -s ../../none $hooks/$try/nowhere
mkfifo $hooks/$try/fifo
echo 'echo within >>"$GOT"' | script common/within
ln -s ../../common/within $hooks/$try/yes
echo 'echo open >>"$GOT"' | script open/within
chmod 777 $hooks/open
ln -s ../../open/within $hooks/$try/no
refused() {
	said "$hooks/$try/group: others may write to it"
	said "$hooks/$try/world: others may write to it"
	said "$hooks/$try/foreign: it belongs to somebody else"
	said "$hooks/$try/plain: it is not executable"
	said "$hooks/$try/out: it is a link that leads out"
	said "$hooks/$try/nowhere: No such file or directory"
	said "$hooks/$try/fifo: it is not a file"
	said "$hooks/$try/folder: it is not a file"
	said "$hooks/open: others may write to it"
	[ "$(wc -l <said)" = "$1" ] || fail "$(cat said)"
}
echo '[ $KEV_TOPIC != ipv4/collision ] || echo end >>"$GOT"' | script all.d/end
round() {
	inject 1
	wait_for end got
}
round
got "setup within good end"
refused 9
clear_got() { : >got; }
clear_got
round
refused 9
# What was made good is run; what goes wrong again is said again.
chmod g-w $hooks/$try/group
clear_got
round
got "group setup within good end"
chmod g+w $hooks/$try/group
clear_got
round
refused 10
exits 0 "$tools/kev-hook" -d $hooks -l; says "$hooks/$try/world: others may write to it"
grep -q /world out && fail "$(cat out)"
# A directory that others may write to, that is another's, that leads out.
for wrong in "chmod 775 $hooks/$try" "chmod 757 $hooks/ipv4" "chown 1 $hooks/$try" "chown 1 $hooks/ipv4"; do
	$wrong
	clear_got
	round
	got end
	said "$hooks/${wrong#*"$hooks/"}: "
	chown 0 $hooks/$try $hooks/ipv4
	chmod 755 $hooks/$try $hooks/ipv4
done
mv $hooks/$try /run/elsewhere/dir
ln -s /run/elsewhere/dir $hooks/$try
clear_got
round
got end
said "$hooks/$try: it is a link that leads out"
rm $hooks/$try
# And each that it is in.
chmod 775 /run/kev
clear_got
inject 1
wait_for "not run: /run/kev: others may write to it" said
inject 2
exits 2 "$tools/kev-hook" -d $hooks; says "/run/kev: others may write to it"
got ""
chmod 755 /run/kev
ends
exits 2 "$tools/kev-hook" -d /nowhere; says "cannot use /nowhere: No such file"
exits 2 "$tools/kev-hook" -d "$dir/said"; says "/tmp: others may write to it"
exits 2 "$tools/kev-hook" -t soon; says "soon"
exits 2 "$tools/kev-hook" operand; says "operand"
exits 3 "$tools/kev-hook" -d $hooks -u "$dir/nowhere"; says "$dir/nowhere"

# As a user of its own: its own files are as good as root's, those of others not.
clear_hooks
echo '[ $KEV_TOPIC != ipv4/collision ] || echo end >>"$GOT"' | script all.d/end
as="setpriv --reuid=65534 --regid=65534 --clear-groups"
chmod 666 got
for name in mine roots others; do
	echo "echo $name \$(id -u) >>\"\$GOT\"" | script $try/$name
done
chown 65534 $hooks/$try/mine
chown 1 $hooks/$try/others
hook
round
got "mine 65534 roots 65534 end"
said "$hooks/$try/others: it belongs to somebody else"
ends
as=

# How they end is said, and the next one runs. What takes too long ends, with what
# it has started, whatever that does about it; those in time are left alone.
clear_hooks
echo 'exit $KEV_COUNT' | script $try/1-status
echo 'kill -KILL $$' | script $try/2-killed
echo 'echo in time >>"$GOT"' | script $try/3-time
script $try/4-slow <<'END'
sh -c 'trap "" TERM; exec cat "$NEVER"' &
cat "$NEVER"
echo no >>"$GOT"
END
echo : | script $try/5-none
sed -i '1s|.*|#!/nowhere|' $hooks/$try/5-none
hook -t 2s
inject 3
wait_for "5-none" said
said "$hooks/$try/1-status exited with status 3"
said "$hooks/$try/2-killed was killed by signal 9"
said "$hooks/$try/4-slow took too long and was ended"
said "cannot run $hooks/$try/5-none: No such file"
[ "$(wc -l <said)" = 4 ] || fail "$(cat said)"
got "in time"
nothing_left
ends

# Whatever an interface is called, it is shown and not obeyed.
clear_hooks
mkdir bin
printf '#!/bin/sh\n: >"%s/obeyed"\n' "$dir" >bin/x
chmod +x bin/x
script interface/attach.d/name <<'END'
printf '%s\n' "$KEV_IFNAME" >>"$GOT"
END
PATH=$dir/bin:$PATH
hook
for name in 'a"$(x)`x`' "b';x;'" 'c\"\\n' -x '..' "$(printf 'd\033]0;x\007')" "$(printf 'e\377')"; do
	# The kernel does not want every one.
	ip link add "$name" type bridge 2>/dev/null && printf '%s\n' "$name"
done >names
ip link add last type bridge
wait_for last got
echo last >>names
[ "$(wc -l <names)" -ge 6 ] && cmp names got || fail "$(od -c got)"
[ ! -e obeyed ] || fail "a name was obeyed"
is_quiet
ends
# Nor is a topic that there is none of.
clear_hooks
for name in interface/attach.d/ok evil.d/x evil/x.d/x; do
	echo 'echo "$0" >>"$GOT"' | script $name
	cp $hooks/$name /run/kev/x
done
mkdir -p /run/kev/evil/x.d
cp $hooks/evil.d/x /run/kev/evil/x.d
{
	echo '{"reply":1,"ok":true,"protocol":1,"run":"r","seq":1,"topics":["interface/attach"]}'
	for topic in ../evil/x evil/x ../../x interface/../evil/x interface/attach.d/../x '' / \
	    'interface/attach\u0000x' /run/kev/x; do
		printf '{"topic":"%s","id":"r-1","data":{}}\n' "$topic"
	done
	echo '{"topic":"interface/attach","id":"r-2","data":{}}'
	echo '{"topic":5}'
} >lines
sed '/u0000/d' lines >known
for file in known lines; do
	rm -f g
	socat UNIX-LISTEN:g "OPEN:$file,rdonly!!CREATE:asked" &
	server=$!
	accepts $server g
	GOT=$dir/got exits 3 "$tools/kev-hook" -d $hooks -u "$dir/g"; says "not from kevd"
done
got "$hooks/interface/attach.d/ok"

# What holds now, if asked for; then with a cursor all that happened, whichever
# side was started again in between.
clear_hooks
script interface/attach.d/a <<'END'
[ $KEV_IFNAME != lo ] || echo "$KEV_SNAPSHOT" >>"$GOT"
END
echo 'echo synced >>"$GOT"' | script kev/synced.d/a
echo 'echo $KEV_ID >"${GOT%got}id"; echo $KEV_COUNT >>"$GOT"' | script $try/a
hook -s --cursor-file="$dir/cursor"
inject 1
wait_for 1 got
# While its script runs it isn't done: it would come again.
until grep -qxF "$(cat id)" cursor; do
	kill -0 $waiter || fail "it ended: $(cat said)"
done
ends
got "true synced 1"
inject 2
inject 3
hook -s --cursor-file="$dir/cursor"
wait_for 3 got
got "true synced 1 2 3"
is_quiet
clear_got
stop_kevd
wait_for "waiting for it" said
start_kevd --queue 65536
wait_for synced got
inject 4
wait_for 4 got
got "true synced 4"
said "kevd has not kept them"

# SIGTERM ends the script that runs with all that it has started, and the event
# comes again. The first is asked twice: it takes five seconds.
for trap in 'trap "" TERM;' ''; do
	echo "$trap" 'sh -c "trap \"\" TERM; exec cat \"\$NEVER\"" & echo began >>"$GOT"
	    while :; do cat "$NEVER"; done' | script $try/b
	clear_got
	inject 5
	wait_for began got
	ends
	got "5 began"
	said "$try/b was ended"
	nothing_left
	echo 'echo again >>"$GOT"' | script $try/b
	clear_got
	hook --cursor-file="$dir/cursor"
	wait_for again got
	got "5 again"
done

# More than can wait: that is told.
clear_hooks
echo 'echo $KEV_COUNT >>"$GOT"; read -r _ <"$GO"' | script $try/a
echo 'echo $KEV_CAUSE >>"$GOT"' | script kev/gap.d/a
inject 1
wait_for 1 got
rm $hooks/$try/a
until [ "$("$kevctl" stats | jq ".clients[] | select(.pid == $waiter).lost > 0")" = true ]; do
	seq 1000 | sed 's/.*/{"op":"inject","topic":"ipv4\/collision","data":{"count":&}}/' |
	    nc -N -U "$KEV_SOCKET"
done
echo >go
wait_for slow-reader got
said "events were lost: slow-reader"
ends
cd / || exit 1
stop_kevd

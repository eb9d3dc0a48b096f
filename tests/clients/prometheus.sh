#!/bin/sh
# kevctl stats --prometheus: a format that Prometheus takes whatever is counted,
# and what contrib has for it, which asks for nothing that is not told.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq socat
namespaces
cd "$dir" || exit 1
contrib=$top_srcdir/contrib/prometheus
# clean FILE: what must hold of each line, and promtool's word, if it is there.
clean() {
	LC_ALL=C awk '
	function wrong(what) { print what ": " $0; bad = 1 }
	/^# HELP / { if ($3 in help) wrong("twice"); help[$3]; next }
	/^# TYPE / {
		if ($3 in type || !($3 in help)) wrong("type")
		type[family = $3] = $4
		if (($4 == "counter") != ($3 ~ /_total$/)) wrong("name")
		next
	}
	!/^kev_[a-z_]+(\{[a-z]+="([^"\\]|\\["\\])*"(,[a-z]+="([^"\\]|\\["\\])*")*\})? [0-9]+$/ {
		wrong("format")
	}
	{
		name = $0
		sub(/[{ ].*/, "", name)
		if (name != family) wrong("apart")
		series = $0
		sub(/ [0-9]+$/, "", series)
		if (series in seen) wrong("twice")
		seen[series]
	}
	END { exit bad || NR == 0 }' "$1" >wrong || fail "$(cat wrong)"
	command -v promtool >/dev/null || return 0
	promtool check metrics <"$1" >said 2>&1 && [ ! -s said ] ||
	    fail "promtool: $(cat said)"
}
has() { grep -qxF -e "$1" "${2:-out}" || fail "no $1 in $(cat "${2:-out}")"; }

# Of every topic, also where nothing has happened; of each link what it did.
spaces=
if own_run && ip netns add 'n"1'; then
	spaces=yes
	start_kevd --netns all
else
	start_kevd
fi
ip link add v0 type veth peer name v1
ip link set v0 up
for way in up down up; do
	ip link set v1 $way
	"$kevsub" -q -t 60 -W -i v0 "interface/link-$way" >/dev/null || fail "not $way"
done
exits 0 "$kevctl" stats --prometheus
clean out
"$kevctl" topics | jq -r '"kev_events_total{topic=\"\(.topic)\"}"' | sort >all
sed -n 's/^\(kev_events_total.*\) [0-9]*$/\1/p' out | sort | diff all - || fail topics
has 'kev_events_total{topic="ipv4/collision"} 0'
has 'kev_link_changes_total{ifname="v0",to="up"} 2'
has 'kev_link_changes_total{ifname="v0",to="down"} 1'
has 'kev_link_changes_omitted 0'
has 'kev_namespaces_omitted 0'
grep -q '^kev_source_received_total{source="rtnetlink"} [1-9]' out || fail "$(cat out)"
[ -z "$spaces" ] || has 'kev_source_available{source="rtnetlink",netns="n\"1"} 1'

# Names that would end a label, or look like another one.
n=0
for name in 'a"}' 'b\a' 'c\xff' "$(printf 'c\377')" "$(printf 'd\033[31m')" \
    'e{$(x)}' "$(printf 'f\303\274')"; do
	n=$((n + 1))
	ip link add "$name" type veth peer name "p$n" || skip "ip takes no such name"
	ip link set "p$n" up
	ip link set "$name" up
done
# Both ends of each, and twice those of v0.
until [ "$("$kevctl" stats | jq '[.flaps[].up] | add')" = $((2 * n + 4)) ]; do
	kill -0 "$kevd_pid" || fail "it ended"
done
exits 0 "$kevctl" stats --prometheus
clean out
has 'kev_link_changes_total{ifname="a\"}",to="up"} 1'
has 'kev_link_changes_total{ifname="b\\a",to="up"} 1'
has 'kev_link_changes_total{ifname="c\\xff",to="up"} 2'
has 'kev_link_changes_total{ifname="d\\x1b[31m",to="up"} 1'
has 'kev_link_changes_total{ifname="e{$(x)}",to="up"} 1'
LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" out && fail "control characters"

# What it tells by name has a bound, which is said. Here that is what is
# answered by one who is no kevd.
pretend() {
	jq -nc --argjson flaps "$1" --argjson spaces "$2" '{reply: 1, ok: true,
	    uptime: 1.5, rss: "many", sources: {"s\"} 1": {received: 1}},
	    netns: ([range($spaces) | {key: "n\(.)", value: {s: {received: 1}}}] |
	    from_entries), events: {"x\"} 1\n": 1, "kev/gap": 2},
	    flaps: [range($flaps) | {ifname: "i\(.)", netns: "\n", up: 1, down: 2}],
	    clients: 7, history: [], sandbox: null}' >answer
	rm -f pretended
	socat UNIX-LISTEN:pretended "OPEN:answer,rdonly!!CREATE:asked" &
	server=$!
	accepts $server pretended
	exits 0 "$kevctl" -u "$dir/pretended" stats --prometheus
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	clean out
	has 'kev_events_total{topic="kev/gap"} 2'
	has 'kev_source_received_total{source="s\"} 1"} 1'
}
counts() { [ "$(grep -c "^$2" out)" = "$1" ] || fail "$(grep -c "^$2" out) of $2, not $1"; }
pretend 1000 100
counts 2000 kev_link_changes_total
counts 101 kev_source_received_total
has 'kev_link_changes_total{ifname="i999",netns="\\x0a",to="down"} 2'
has 'kev_link_changes_omitted 0'
has 'kev_namespaces_omitted 0'
pretend 1002 101
counts 2000 kev_link_changes_total
counts 101 kev_source_received_total
has 'kev_link_changes_omitted 2'
has 'kev_namespaces_omitted 1'

# The file of node_exporter: never half of it under its name, whoever looks.
PATH=$tools:$PATH
export PATH
mkdir textfile
prom=$dir/textfile/kev.prom
write() { sh "$contrib/kev-textfile" "$@" 2>err; }
write "$prom" || fail "$(cat err)"
clean "$prom"
has 'kev_up 1' "$prom"
has 'kev_events_total{topic="kev/gap"} 0' "$prom"
[ "$(stat -c %a "$prom")" = 644 ] || fail "mode $(stat -c %a "$prom")"
lines=$(wc -l <"$prom")
(for n in 1 2 3 4 5 6 7 8 9 10; do write "$prom" || exit; done) &
writer=$!
while kill -0 $writer 2>/dev/null; do
	[ "$(wc -l <"$prom")" = "$lines" ] || fail "half of it: $(cat "$prom")"
done
wait $writer || fail "$(cat err)"
cp "$prom" told
write
[ $? = 2 ] || fail "without a file"
# No room: the old one stays, and nothing else does.
mkdir full
if [ -n "$spaces" ] && mount -t tmpfs -o size=4k tmpfs full; then
	: >full/kev.prom
	write "$dir/full/kev.prom" && fail "there was room: $(ls -l full)"
	[ "$(ls full)" = kev.prom ] && [ ! -s full/kev.prom ] || fail "$(ls -l full)"
	umount full
fi

# No alert and no panel asks for what is not told.
jq -r '.. | .expr?, .query? | strings' "$contrib/kev.dashboard.json" >asked || fail JSON
[ "$(wc -l <asked)" -gt 10 ] || fail "$(cat asked)"
grep -v '^ *#' "$contrib/kev.rules.yml" >>asked
sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' told | sort >metrics
# That one is node_exporter's.
echo node_textfile_mtime_seconds >>metrics
grep -oE '\b(kev|node)_[a-z_]+' asked | sort -u | grep -vxF -f metrics &&
    fail "asked for, but not told"
grep -oE 'kev/[a-z]+|(ipv[46]|nd6)/[a-z-]+' asked | sort -u >names
"$kevctl" topics | jq -r .topic >all
grep -vxF -f all names && fail "no such topic"
[ "$(jq '[.panels[].id] | length == (unique | length)' "$contrib/kev.dashboard.json")" = true ] ||
    fail "two panels with one id"

# No kevd: that is told, and that alone.
stop_kevd
write "$prom" || fail "$(cat err)"
grep -q "cannot reach kevd" err || fail "$(cat err)"
[ "$(grep -v '^#' "$prom")" = "kev_up 0" ] || fail "$(cat "$prom")"
clean "$prom"
[ "$(ls textfile)" = kev.prom ] || fail "left behind: $(ls textfile)"

# What systemd says of the units.
if systemd-analyze security --help 2>/dev/null | grep -q -e --threshold; then
	sed "s|^ExecStart=[^ ]*|ExecStart=$contrib/kev-textfile|" \
	    "$contrib/kev-textfile.service" >kev-textfile.service
	cp "$contrib/kev-textfile.timer" .
	systemd-analyze verify --man=no "$dir/kev-textfile.service" \
	    "$dir/kev-textfile.timer" >said 2>&1 && [ ! -s said ] || fail "$(cat said)"
	systemd-analyze security --offline=true --threshold=30 \
	    "$dir/kev-textfile.service" >said 2>&1 || fail "$(cat said)"
fi
command -v promtool >/dev/null || skip "no promtool: not shown to it, all else is well"
promtool check rules "$contrib/kev.rules.yml" >said 2>&1 || fail "$(cat said)"
promtool test rules "$contrib/kev.rules.test.yml" >said 2>&1 || fail "$(cat said)"

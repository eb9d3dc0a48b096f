# Sourced by the tests of what shells complete: the same for each of them. They
# have a function "offers WORD..." that prints what is offered in place of the
# last word, a line each, as the shell would understand it then.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"

# wanted WORD...: exactly the lines of $dir/lines are offered; "=" after them is
# for what follows.
wanted() {
	offers "$@" >"$dir/offered" || fail "it ends with $?"
	sort -u "$dir/lines" >"$dir/wanted"
	sed 's/=$//' "$dir/offered" | sort -u | diff "$dir/wanted" - >"$dir/diff" ||
	    fail "offered for $*: $(cat "$dir/diff")"
}

# has LINE WORD...: that is among what is offered.
has() {
	wants=$1
	shift
	offers "$@" >"$dir/offered"
	grep -qxF -e "$wants" "$dir/offered" ||
	    fail "$wants is not offered for $*: $(cat "$dir/offered")"
}

# are LINE... : what is wanted.
are() {
	printf '%s\n' "$@" >"$dir/lines"
}

# What a program says itself of its options.
options() {
	"$top_builddir/$1" --help | grep -oE '^ +(-[A-Za-z], )?--[a-z-]+' |
	    grep -oE -e '--?[A-Za-z][a-z-]*'
}

complete_all() {
	optional=
	for program in kevtop kev-dbus kev-mqtt; do
		[ -x "$top_builddir/$program" ] && optional="$optional $program"
	done
	for program in kevd kevsub kevctl kev-hook $optional; do
		options "$program" >"$dir/options"
		[ "$(wc -l <"$dir/options")" -gt 8 ] || fail "$program --help"
		cp "$dir/options" "$dir/lines"
		wanted "$program" -
		grep -e -- "$dir/options" >"$dir/lines"
		wanted "$program" --
	done
	topics=$top_builddir/protocol/topics.txt
	cp "$topics" "$dir/lines"
	wanted kevsub ''
	grep '^ipv6/address-' "$topics" >"$dir/lines"
	wanted kevsub -c 1 ipv4/collision ipv6/address-
	# Not all shells know that it comes first.
	offers kevctl inject '' | sort >"$dir/offered"
	sort "$topics" | comm -23 - "$dir/offered" >"$dir/missing"
	[ -s "$dir/missing" ] && fail "no $(cat "$dir/missing")"
	jq -r '.properties.data.properties | keys[]' \
	    "$top_builddir/protocol/kev-event.schema.json" >"$dir/lines"
	wanted kevsub -m ''
	has "${member:-lladdr=}" kevctl inject -i v0 ipv4/collision ll
	"$kevctl" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' >"$dir/lines"
	wanted kevctl -u x ''
	: >"$dir/lines"
	wanted kevctl ping ''
	wanted kevd ''
	wanted kevd --queue ''

	# Words of the help are words that the programs take.
	for word in $(offers kevsub -o ''); do
		"$kevsub" -o "$word" -S interface/attach >"$dir/out" || fail "$word"
	done
	are json text env json-seq cloudevents
	wanted kevsub -o ''
	are json text
	wanted kevctl --output=
	are always
	wanted kevsub --color=al
	has root kevd -U ro
	has root kevd --group=ro
	: >"$dir/some-file"
	offers kevsub -u "$dir/some-" | grep -q 'some-file$' || fail files
	has true kevsub -i v0 -x tru

	mkdir -p /run/netns
	: >/run/netns/blue
	are all blue
	wanted kevsub -n ''
	are blue
	wanted kevctl --netns=b

	# Interfaces, some of which want to be commands.
	cd "$dir" || exit
	are lo v0 'a;>owned' '$(>owned)'
	wanted kevsub -i ''
	are v0
	wanted kevctl state lo v
	wanted kevsub --interface=v
	[ -e owned ] && fail "the name of an interface was run"
	KEV_SOCKET=$dir/nobody
	has lo kevsub -i ''
	stop_kevd
}

# The programs by their names; a network, a kevd.
complete_begin() {
	needs ip jq "$1"
	namespaces
	own_run || skip "no /run of our own"
	PATH=$tools:$top_builddir:$PATH
	export PATH
	ip link add v0 type veth peer name 'a;>owned'
	ip link add '$(>owned)' type bridge
	start_kevd
}

#!/bin/sh
# Prints all addresses that can be used, each time that they change: with socat and
# a shell. Its lists have a line for each: index, address and name.
dir=$(mktemp -d) && mkfifo "$dir/lines" || exit
trap 'kill $socat 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
since='"snapshot":true' nl='
'
usable=$nl coming=$nl shown=$nl
# A member as it stands in the JSON: no string has ," in it, but with a \.
member() { value=${line#*\""$1"\":} value=${value%%,\"*}; }
take() {
	member ifname && name=$value
	member ifindex && key=$value
	member address && value=${value#\"} && key="$key ${value%%\"*} "
	case $line in # A snapshot counts when it is complete.
	*'"ok":false'*) printf "kevd refuses: %s\n" "$line" >&2; exit 1 ;;
	*'"topic":"kev/gap"'*) printf "events were lost: %s\n" "$line" >&2; coming=$nl; return ;;
	'{"reply":'*) coming=$nl; return ;;
	*'"snapshot":true'*) coming=$coming$key$name$nl; return ;;
	*'"topic":"kev/synced"'*) usable=$coming coming=$nl ;;
	*) case $usable in *"$nl$key"*)
		rest=${usable#*"$nl$key"}
		usable=${usable%%"$nl$key"*}$nl${rest#*"$nl"}
	esac ;;
	esac
	case $line in *'/address-ready"'*) usable=$usable$key$name$nl ;; esac
	[ "$usable" = "$shown" ] || printf '%s' "$usable" | LC_ALL=C tr -c ' -~\n' '[?*]' |
	    sed -n 's/^[0-9]* //p' | sort | paste -s -d , -
	member id && since="\"after\":$value" shown=$usable
}

while :; do
	printf '%s"topics":["*/address-ready","*/address-remove"],%s}\n' \
	    '{"op":"subscribe","id":1,"netns":[""],' "$since" |
	    socat -t 99999999 - "UNIX-CONNECT:${KEV_SOCKET:-/run/kev/kev.sock}" >"$dir/lines" &
	socat=$!
	while IFS='' read -r line; do take; done <"$dir/lines"
	sleep 1
done

#!/bin/sh
# What bash completes, by itself and with bash-completion.
# shellcheck source=tests/packaging/complete.sh
. "${top_srcdir:-.}/tests/packaging/complete.sh"
complete_begin bash

# As readline does: "=" is a word of its own. What is offered is understood once
# more as if it had been entered.
cat >"$dir/driver" <<'BASH'
. "$completions/$1" || exit
for word; do
	case $word in
	*=) COMP_WORDS+=("${word%=}" "=") ;;
	*=*) COMP_WORDS+=("${word%%=*}" "=" "${word#*=}") ;;
	*) COMP_WORDS+=("$word") ;;
	esac
done
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"_$1" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
eval "entered=(${COMPREPLY[*]})"
((${#entered[@]} == 0)) || printf '%s\n' "${entered[@]}"
BASH
completions=$top_builddir/contrib/completion/bash
export completions
offers() { bash --norc "$dir/driver" "$@"; }

complete_all
# A command line within: by name, its arguments as files.
offers kevsub -x ls "$dir/some-" | grep -qx "$dir/some-file" || fail "ls"
: >"$dir/lines"
wanted kevsub -m status=
wanted kevsub -m status=pre
lib=$(pkg-config --variable=datadir bash-completion 2>/dev/null)
lib=${lib:-/usr/share}/bash-completion/bash_completion
[ -f "$lib" ] || exit 0
# It finds the other one by itself.
mkdir -p "$dir/share/bash-completion"
ln -s "$completions" "$dir/share/bash-completion/completions"
XDG_DATA_DIRS=$dir/share
export XDG_DATA_DIRS
offers() { bash --norc -c '. "$0"; . "$@"' "$lib" "$dir/driver" "$@"; }
are state stats
wanted kevsub -x kevctl sta

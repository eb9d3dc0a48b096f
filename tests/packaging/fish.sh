#!/bin/sh
# What fish completes.
# shellcheck source=tests/packaging/complete.sh
. "${top_srcdir:-.}/tests/packaging/complete.sh"
complete_begin fish
HOME=$dir
export HOME
offers() {
	fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' \
	    "$top_builddir/contrib/completion/fish/$1.fish" "$*" | cut -f 1 |
	    sed 's/^--[a-z]*=\(.\)/\1/'
}
complete_all

#!/bin/sh
# What zsh completes.
# shellcheck source=tests/packaging/complete.sh
. "${top_srcdir:-.}/tests/packaging/complete.sh"
complete_begin zsh

# Completion is part of the line editor, which wants a terminal: the first line
# that it would read is completed, and what compadd is given kept.
mkdir "$dir/zsh"
cat >"$dir/zsh/.zshrc" <<'ZSH'
fpath=($completions $fpath)
autoload -Uz compinit
compinit -u
compadd() {
	local -a hits
	# What the system of completion itself asks.
	if [[ " ${@[1,(i)(-|--)]} " == *" "-[OAD]" "* ]]; then
		builtin compadd "$@"
		return
	fi
	builtin compadd -O hits "$@"
	(($#hits == 0)) || print -rl -- $hits >>$offered
}
zle -C kept complete-word _main_complete
zle-line-init() {
	BUFFER=$line CURSOR=$#line
	zle kept
	exit
}
zle -N zle-line-init
ZSH
cat >"$dir/driver" <<'ZSH'
zmodload zsh/zpty || exit 77
zpty it "ZDOTDIR=$ZDOTDIR zsh -d -i"
while zpty -r it output; do :; done
ZSH
completions=$top_builddir/contrib/completion/zsh
offered=$dir/offered.zsh
ZDOTDIR=$dir/zsh
TERM=vt100
export completions offered ZDOTDIR TERM line
offers() {
	line=$*
	: >"$offered"
	zsh -f "$dir/driver" >"$dir/zsh.out" 2>&1 || return
	cat "$offered"
}
# What it puts after that is not part of it.
member=lladdr
complete_all

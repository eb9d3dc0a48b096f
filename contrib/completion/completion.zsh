#compdef @program@
# Completion of @program@ for zsh, made from its help and the list of topics.

# As kevd knows them, or the system; those that JSON has to escape are rare.
_kev_interfaces() {
	local state
	if state=$(kevctl state); then
		sed -n 's/^{"ifname":"\([^"\\]*\)".*/\1/p' <<<"$state"
	elif [[ -d /sys/class/net ]]; then
		print -rl -- /sys/class/net/*(-/:t)
	else
		ifconfig -l | tr ' ' '\n'
	fi
} 2>/dev/null

# What is KIND; "words" are those that follow.
_kev_complete() {
	local kind=$1 expl
	local -a list
	shift
	case $kind in
	interfaces)
		list=(${(f)"$(_kev_interfaces)"})
		_wanted interfaces expl interface compadd -a list
		;;
	topics)
		list=(
@topics@
		)
		_describe topic list
		;;
	keys)
		list=(
@keys@
		)
		_describe member list -S =
		;;
	commands)
		list=(
@commands@
		)
		_describe command list
		;;
	words) _wanted words expl word compadd -- $@ ;;
	namespaces)
		_wanted namespaces expl namespace \
		    compadd -- $@ /run/netns/*(N:t)
		;;
	files) _files ;;
	users) _users ;;
	groups) _groups ;;
	command) _normal ;;
	esac
}

# Which kind the operand of a command is before which there are so many.
_@program@_operand() {
	case $1 in
@operands@
	esac
}

_@program@() {
	local curcontext=$curcontext state line kind=nothing
	local -a specs
	local -A opt_args
	specs=(
@options@
	)
	_arguments -s -C : $specs '*:: :->operand'
	local result=$?
	[[ $state == operand ]] || return result
	((CURRENT == 1)) || _@program@_operand "$words[1]:$((CURRENT - 2))"
	[[ $kind != nothing ]] || _@program@_operand ":$((CURRENT - 1))"
	_kev_complete $kind
}

_@program@ "$@"

# shellcheck shell=bash
# Completion of @program@ for bash, made from its help and the list of topics.

# Those of the lines on stdin that begin with what is there, and $1 after them.
# Names of interfaces may have nearly any byte: they are quoted, and kept from
# compgen -W, which would run what is in them.
_kev_offer()
{
	local word
	while IFS= read -r word; do
		[[ $word && $word == "$cur"* ]] || continue
		printf -v word %q "$word"
		COMPREPLY+=("$word${1-}")
	done
}

# As kevd knows them, or the system; those that JSON has to escape are rare.
_kev_interfaces()
(
	if state=$(kevctl state); then
		sed -n 's/^{"ifname":"\([^"\\]*\)".*/\1/p' <<<"$state"
	elif cd /sys/class/net; then
		printf '%s\n' */ | tr -d /
	else
		ifconfig -l | tr ' ' '\n'
	fi
) 2>/dev/null

_kev_topics()
{
	cat <<'END'
@topics@
END
}

_kev_keys()
{
	cat <<'END'
@keys@
END
}

# What is KIND and begins with $cur; "words" are those that follow.
_kev_complete()
{
	local kind=$1
	shift
	case $kind in
	interfaces|topics) _kev_offer < <("_kev_$kind") ;;
	keys) _kev_offer '=' < <(_kev_keys) ;;
	words) _kev_offer < <(printf '%s\n' "$@") ;;
	namespaces)
		_kev_offer < <(printf '%s\n' "$@"; ls /run/netns 2>/dev/null)
		;;
	files)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		;;
	users) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	groups) mapfile -t COMPREPLY < <(compgen -g -- "$cur") ;;
	command) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
	esac
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}

_@program@_commands()
{
	cat <<'END'
@commands@
END
}

_@program@_options()
{
	cat <<'END'
@options@
END
}

# What follows the option $1: its kind, and words that it may be.
_@program@_argument()
{
	kind='' words=''
	case $1 in
@arguments@
	esac
}

# Which kind the operand of a command is before which there are so many.
_@program@_operand()
{
	case $1 in
@operands@
	esac
}

_@program@()
{
	local cur=${COMP_WORDS[COMP_CWORD]} word kind='' words='' command=''
	local i=0 place=0 commands
	commands=" $(_@program@_commands | tr '\n' ' ')"
	COMPREPLY=()
	while ((++i < COMP_CWORD)); do
		word=${COMP_WORDS[i]}
		_@program@_argument "$word"
		if [[ $kind ]]; then
			# "=" is a word of its own.
			[[ ${COMP_WORDS[i + 1]} != = ]] || ((++i))
			if [[ $kind == command ]]; then
				_@program@_rest $((i + 1))
				return
			fi
			((++i < COMP_CWORD)) || break
			kind=''
		elif [[ $word == -* ]]; then
			continue
		elif [[ $commands == *" $word "* && ! $command ]]; then
			command=$word
		else
			((++place))
		fi
		# KEY=VALUE
		if [[ ${COMP_WORDS[i + 1]} == = ]]; then
			((i += 2))
			((i < COMP_CWORD)) || kind=nothing
		fi
	done
	[[ $cur != = ]] || cur=
	if [[ ! $kind && $cur == -* ]]; then
		kind=words words=$(_@program@_options)
	elif [[ ! $kind ]]; then
		_@program@_operand "$command:$place"
		[[ $kind != commands ]] || kind=words words=$commands
	fi
	# shellcheck disable=SC2086 # a list
	_kev_complete "$kind" $words
}

# Another command's line begins with the word $1.
_@program@_rest()
{
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif (($1 >= COMP_CWORD)); then
		_kev_complete command
	else
		_kev_complete files
	fi
}

complete -F _@program@ @program@

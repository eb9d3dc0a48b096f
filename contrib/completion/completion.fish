# Completion of @program@ for fish, made from its help and the list of topics.

# As kevd knows them, or the system; those that JSON has to escape are rare.
function __kev_interfaces
	if set -l state (kevctl state 2>/dev/null)
		string replace -rf '^{"ifname":"([^"\\\\]*)".*' '$1' -- $state
	else if test -d /sys/class/net
		string replace -r '.*/(.+)/$' '$1' -- /sys/class/net/*/
	else
		ifconfig -l | tr ' ' '\n'
	end
end

function __kev_topics
@topics@
end

function __kev_keys
	__kev_members | string replace \t =\t
end

function __kev_members
@keys@
end

function __kev_words
	printf '%s\n' $argv
end

function __kev_namespaces
	printf '%s\n' $argv
	ls /run/netns 2>/dev/null
end

function __kev_users
	__fish_complete_users
end

function __kev_groups
	__fish_complete_groups
end

function __kev_command
	complete -C (commandline -ct)
end

function __@program@_commands
@commands@
end

complete -c @program@ -f
@options@
@operands@

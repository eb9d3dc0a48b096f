# Makes what a shell needs to complete the command line of one program, out of
# what there is anyway: the texts of --help as they stand in the sources, and
# topics and members as catalogue.awk has them.
#
# usage: awk -v make=completion -f catalogue.awk fields.def topics.def |
#	awk -v shell=bash|zsh|fish -v program=NAME -f completion.awk \
#	- SOURCE... completion.SHELL
#
# The last file is what comes out, but for lines that are @options@ or the
# like. What follows an option is known by its name in the help: a GLOB is an
# interface. So are the operands of the program and of its commands, which are
# lines of the help, too: "  state [GLOB...]   the interfaces".

BEGIN {
	FS = "\t"
	n = split("GLOB interfaces IFNAME interfaces TOPIC topics " \
	    "PATTERN topics KEY keys NAME namespaces PATH files " \
	    "FILE files DIR files USER users GROUP groups " \
	    "COMMAND command FORMAT words WHEN words", pair, " ")
	for (i = 1; i < n; i += 2)
		kind[pair[i]] = pair[i + 1]
}

FNR == 1 { file++; here = 0 }

file == 1 && $1 == "topic" { topic[++topics] = $2; says[$2] = $3; next }
file == 1 && $1 == "key" { key[++keys] = $2; says[$2] = $3; next }
file == 1 { next }

FNR == 1 && FILENAME ~ /completion\.(bash|zsh|fish)$/ { last = 1; settle() }
last && /^[ \t]*@[a-z]+@$/ { gsub(/[ \t@]/, ""); fill($0); next }
last { gsub(/@program@/, program); print; next }

# The line of a shell's here-document, or a string of C.
{ line = $0; sub(/^\t+/, "", line) }
line ~ /^".*\\n"[;,]?$/ {
	sub(/^"/, "", line)
	sub(/\\n"[;,]?$/, "", line)
	sub(/" [A-Z_]+ "/, "the default", line)
	gsub(/\\"/, "\"", line)
}

line ~ /^[Uu]sage: / {
	here = line ~ ("^[Uu]sage: " program " ")
	if (here)
		operands("", line, 3)
}
# { "color", optional_argument, ...
line ~ /^\{ "[a-z-]+", optional_argument/ {
	split(line, q, "\"")
	optional[FILENAME, "--" q[2]] = 1
}
!here { next }
line ~ /^  (-[A-Za-z], |    )--[a-z]/ { option = take(line); next }
line ~ /^  [a-z]+( |$)/ { option = 0; command(line); next }
line ~ /^          / && option {
	sub(/^ +/, "", line)
	help[option] = help[option] (help[option] == "" ? "" : " ") line
	next
}
{ option = 0 }

# "  -i, --interface=GLOB   only of these interfaces; repeat for more"
function take(s, short, name) {
	short = s ~ /^  -/ ? substr(s, 3, 2) : ""
	sub(/^ +(-., )?/, "", s)
	match(s, /^--[a-z0-9-]+/)
	name = substr(s, 1, RLENGTH)
	s = substr(s, RLENGTH + 1)
	# Told in two lines: the first is enough.
	if (name in number)
		return 0
	number[name] = ++options
	long[options] = name
	brief[options] = short
	file_of[options] = FILENAME
	if (match(s, /^[= ][A-Z][^ ]*/)) {
		argument[options] = substr(s, 2, RLENGTH - 1)
		s = substr(s, RLENGTH + 1)
	}
	sub(/^ +/, "", s)
	help[options] = s
	return options
}

# "  inject TOPIC [-i IFNAME] [KEY=VALUE...]   publish an event"
function command(s, name) {
	sub(/^ +/, "", s)
	name = s
	sub(/ .*/, "", name)
	commands[++count] = name
	if (match(s, /   +/)) {
		says[name] = substr(s, RSTART + RLENGTH)
		s = substr(s, 1, RSTART - 1)
	}
	operands(name, s, 2)
}

# What stands in a usage from its FIRST word on, but for options.
function operands(name, s, first, word, n, i, place) {
	n = split(s, word, " ")
	place = 0
	for (i = first; i <= n; i++) {
		if (word[i] ~ /^\[?-/) {
			i += (word[i] !~ /\]$/)
			continue
		}
		if (word[i] !~ /^\[?[A-Z]/)
			continue
		of[++rules] = name
		rule[rules] = name ":" (word[i] ~ /\.\.\./ ? "*" : place++)
		ruled[rules] = kind_of(word[i])
		if (rule[rules] ~ /\*$/)
			return
	}
}

function kind_of(arg) {
	sub(/^\[/, "", arg)
	sub(/[^A-Z].*/, "", arg)
	return arg in kind ? kind[arg] : "nothing"
}

function settle(o, text) {
	for (o = 1; o <= options; o++) {
		if (argument[o] == "")
			continue
		follows[o] = kind_of(argument[o])
		# "json, text or env; default: ...", and a name that is none
		text = help[o]
		sub(/;.*/, "", text)
		gsub(/, | or /, " ", text)
		if (follows[o] == "words")
			words[o] = text
		else if (follows[o] == "namespaces" && help[o] ~ /"all"/)
			words[o] = "all"
	}
	for (o = 1; count && o <= rules; o++)
		if (of[o] == "")
			ruled[o] = rule[o] == ":0" ? "commands" : "nothing"
}

function fill(what, i) {
	for (i = 1; what == "topics" && i <= topics; i++)
		print entry(topic[i])
	for (i = 1; what == "keys" && i <= keys; i++)
		print entry(key[i])
	for (i = 1; what == "commands" && i <= count; i++)
		print entry(commands[i])
	for (i = 1; what == "options" && i <= options; i++)
		option_line(i)
	for (i = 1; what == "arguments" && i <= options; i++)
		if (follows[i] != "")
			print "\t" (brief[i] == "" ? "" : brief[i] "|") \
			    long[i] ") kind=" follows[i] " words=" \
			    quoted(words[i]) " ;;"
	for (i = 1; what == "operands" && i <= rules; i++)
		operand_line(i)
}

# A word with its meaning.
function entry(word) {
	if (shell == "bash")
		return word
	if (shell == "zsh")
		return "\t\t" quoted(word ":" says[word])
	return "\tprintf '%s\\t%s\\n' " quoted(word) " " quoted(says[word])
}

function quoted(s) {
	gsub(/'/, shell == "fish" ? "\\'" : "'\\''", s)
	return "'" s "'"
}

function option_line(o) {
	if (shell == "bash") {
		if (brief[o] != "")
			print brief[o]
		print long[o] (follows[o] == "" ? "" : "=")
	} else if (shell == "zsh") {
		if (brief[o] != "")
			print zsh_option(o, brief[o], "+")
		print zsh_option(o, long[o], "=")
	} else {
		print "complete -c " program \
		    (brief[o] == "" ? "" : " -s " substr(brief[o], 2)) \
		    " -l " substr(long[o], 3) fish_argument(o) \
		    (help[o] == "" ? "" : " -d " quoted(help[o]))
	}
}

function may_be_alone(o) {
	return (file_of[o], long[o]) in optional
}

# "interfaces", "words json text"
function what_follows(o) {
	return follows[o] (words[o] == "" ? "" : " " words[o])
}

# '*--color=-[auto, always or never]::WHEN: _kev_complete words auto ...'
function zsh_option(o, name, joins, s) {
	s = help[o]
	gsub(/\[|\]|:|\\/, "\\\\&", s)
	if (s != "")
		s = "[" s "]"
	if (follows[o] == "")
		return "\t\t" quoted(name s)
	if (may_be_alone(o))
		s = "-" s ":"
	if (follows[o] == "command")
		s = s ":*::"
	return "\t\t" quoted("*" name joins s ":" argument[o] \
	    ": _kev_complete " what_follows(o))
}

function fish_argument(o) {
	if (follows[o] == "")
		return ""
	if (follows[o] == "files")
		return " -r -F"
	if (follows[o] == "nothing")
		return " -x"
	return (may_be_alone(o) ? " -f" : " -x") " -a " \
	    quoted("(__kev_" what_follows(o) ")")
}

function operand_line(i, all, c) {
	if (shell != "fish") {
		print "\t" rule[i] ") kind=" ruled[i] " ;;"
		return
	}
	for (c = 1; c <= count; c++)
		all = all " " commands[c]
	if (ruled[i] == "nothing")
		return
	if (ruled[i] == "commands")
		print "complete -c " program " -n " \
		    quoted("not __fish_seen_subcommand_from" all) \
		    " -a " quoted("(__" program "_commands)")
	else
		print "complete -c " program (of[i] == "" ? "" : " -n " \
		    quoted("__fish_seen_subcommand_from " of[i])) \
		    " -a " quoted("(__kev_" ruled[i] ")")
}

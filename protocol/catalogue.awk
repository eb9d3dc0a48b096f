# Makes of fields.def and topics.def what is told of them elsewhere:
#
#	make=man	the lists of kev(7), into kev.7.in at @TOPICS@ and @FIELDS@
#	make=schema	a JSON Schema of the lines that kevd sends
#	make=words	the names of the topics
#	make=completion	topics and members with their meanings, for shells to
#			complete
#
# usage: awk -v make=WHAT -f catalogue.awk fields.def topics.def [kev.7.in]
#
# kev.7.in also has @runstatedir@ and @pkgdatadir@, given with -v.

FNR == 1 { file++ }

# A record may go on after a backslash.
file < 3 && /\\$/ { held = held substr($0, 1, length($0) - 1); next }
file < 3 { $0 = held $0; held = "" }

/^FIELD\(/ {
	split($0, q, "\"")
	split(q[1], part, /[(,] */)
	id = part[2]
	member[id] = part[3]
	type[id] = part[4]
	says[id] = q[2]
	field[++fields] = id
	next
}

/^#define F_/ {
	name = $2
	sub(/^#define F_[A-Z0-9]+[ \t]*/, "")
	macro[name] = $0
	next
}

/^TOPIC\(/ {
	split($0, q, "\"")
	split(q[3], part, /, */)
	topic[++topics] = q[2]
	lasting[topics] = (part[3] == "LASTING")
	has[topics] = expand(part[4])
	meaning[topics] = q[4]
	next
}

file == 3 && $0 == "@TOPICS@" { man_topics(); next }
file == 3 && $0 == "@FIELDS@" { man_fields(); next }
file == 3 {
	gsub(/@runstatedir@/, runstatedir)
	gsub(/@pkgdatadir@/, pkgdatadir)
	print
}

END {
	if (make == "words") {
		for (t = 1; t <= topics; t++)
			print topic[t]
	} else if (make == "completion") {
		completion()
	} else if (make == "schema") {
		schema()
	}
}

# F_ROUTER | F(LIFETIME) as " GATEWAY METRIC ... LIFETIME ".
function expand(expr, out, n, i, w, words) {
	n = split(expr, words, /[ \t]*\|[ \t]*/)
	out = " "
	for (i = 1; i <= n; i++) {
		w = words[i]
		gsub(/[() \t]/, "", w)
		if (w in macro)
			out = out substr(expand(macro[w]), 2)
		else if (w != "0")
			out = out substr(w, 2) " "
	}
	return out
}

# The members of a topic in the order of events, with SEP between.
function members(t, before, after, sep, i, out) {
	out = ""
	for (i = 1; i <= fields; i++) {
		if (index(has[t], " " field[i] " ") == 0)
			continue
		if (out != "")
			out = out sep
		out = out before member[field[i]] after
	}
	return out
}

function man_topics(t) {
	for (t = 1; t <= topics; t++) {
		print ".It Li " topic[t]
		print meaning[t] (lasting[t] ? "; lasting." : ".")
		if (has[t] != " ")
			print "Members: " members(t, "", "", ", ") "."
	}
}

function man_fields(i) {
	for (i = 1; i <= fields; i++) {
		print ".It Va " member[field[i]]
		print toupper(substr(says[field[i]], 1, 1)) \
		    substr(says[field[i]], 2) "."
	}
}

function completion(i) {
	for (i = 1; i <= topics; i++)
		print "topic\t" topic[i] "\t" meaning[i]
	for (i = 1; i <= fields; i++)
		print "key\t" member[field[i]] "\t" says[field[i]]
}

function json_type(kind) {
	if (kind == "U32")
		return "\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295"
	if (kind == "I32")
		return "\"type\":\"integer\""
	if (kind == "U64")
		return "\"type\":\"integer\",\"minimum\":0"
	if (kind == "BOOL")
		return "\"type\":\"boolean\""
	if (kind == "NAMES" || kind == "FLAGS" || kind == "FAMILIES")
		return "\"type\":\"array\",\"items\":{\"type\":\"string\"}"
	return "\"type\":\"string\""
}

function schema(i, t) {
	print "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
	print "\"title\":\"An event of kevd\",\"type\":\"object\","
	print "\"required\":[\"topic\",\"time\",\"mono\",\"seq\",\"id\",\"source\",\"data\"],"
	print "\"properties\":{\"topic\":{\"enum\":["
	for (t = 1; t <= topics; t++)
		print "\"" topic[t] "\"" (t < topics ? "," : "]},")
	print "\"time\":{\"type\":\"string\",\"format\":\"date-time\"},"
	print "\"mono\":{\"type\":\"integer\",\"minimum\":0},"
	print "\"seq\":{\"type\":\"integer\",\"minimum\":0},"
	print "\"id\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]+-[0-9]+$\"},"
	print "\"ifname\":{\"type\":\"string\"},"
	print "\"ifname_hex\":{\"type\":\"string\"},"
	print "\"ifindex\":{\"type\":\"integer\",\"minimum\":1},"
	print "\"netns\":{\"type\":\"string\"},\"source\":{\"type\":\"string\"},"
	print "\"snapshot\":{\"const\":true},"
	print "\"data\":{\"type\":\"object\",\"properties\":{"
	for (i = 1; i <= fields; i++)
		print "\"" member[field[i]] "\":{\"description\":\"" \
		    says[field[i]] "\"," json_type(type[field[i]]) "}" \
		    (i < fields ? "," : "}},")
	print "\"prev\":{\"type\":\"object\"}},\"allOf\":["
	for (t = 1; t <= topics; t++)
		print "{\"if\":{\"properties\":{\"topic\":{\"const\":\"" topic[t] \
		    "\"}}},\"then\":{\"description\":\"" meaning[t] \
		    "\",\"properties\":{\"data\":{\"propertyNames\":{\"enum\":[" \
		    members(t, "\"", "\"", ",") "]}}}}}" (t < topics ? "," : "]}")
}

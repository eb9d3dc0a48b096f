#!/bin/sh
# coverage.sh SOURCE: how many lines of what reads others' bytes are reached by
# the unit tests and by the kept inputs of the fuzz targets. Builds everything
# once more, in coverage/. Fails if that is 95 % or less of any file.
top=$1
files='broker/linux/audit_decode.c broker/linux/ethtool_decode.c
	broker/linux/nl.c broker/linux/rtnl_decode.c
	broker/kame.c broker/kern_decode.c broker/packet.c broker/record.c
	broker/route_decode.c
	clients/cloudevents.c clients/duration.c clients/kev.c clients/line.c clients/moment.c
	clients/template.c clients/text.c clients/thing.c clients/variables.c
	protocol/event.c protocol/filter.c protocol/frame.c protocol/json.c
	protocol/object.c protocol/pattern.c protocol/request.c
	protocol/scan.c'

mkdir -p coverage && cd coverage || exit
[ -f config.status ] || "$top/configure" --quiet --disable-shared \
	CC=gcc CFLAGS='-O0 --coverage' || exit
find . -name '*.gcda' -exec rm -f {} +
make -s check TESTS='$(UNIT_TESTS) tests/fuzz/replay.sh' || exit

# In whatever program a line was reached, and however many it is in.
find . -name '*.gcda' -exec gcov -t {} + 2>/dev/null |
	awk -F: -v files="$files" '
	BEGIN { n = split(files, file, " ") }
	$2 == 0 && $3 == "Source" {
		source = ""
		for (i = 1; i <= n; i++)
			if (index($4 "\n", "/" file[i] "\n") > 0)
				source = file[i]
	}
	source == "" || $2 == 0 || $1 ~ /-$/ { next }
	last[source] < $2 + 0 { last[source] = $2 + 0 }
	$1 ~ /[#=]$/ { missed[source, $2 + 0] = 1; next }
	{ reached[source, $2 + 0] = 1 }
	END {
		for (key in reached) {
			delete missed[key]
			split(key, part, SUBSEP)
			good[part[1]]++
		}
		for (i = 1; i <= n; i++) {
			all = good[file[i]] + 0
			list = ""
			for (line = 1; line <= last[file[i]]; line++) {
				if (!((file[i], line) in missed))
					continue
				all++
				list = list " " line
			}
			percent = all > 0 ? 100 * good[file[i]] / all : 0
			printf "%6.2f %% of %3d lines  %s%s\n", percent, all,
			    file[i], list != "" ? " but" list : ""
			failed += percent <= 95
		}
		exit failed > 0
	}'

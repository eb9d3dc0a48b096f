# Sourced by the tests of this folder, after which:
#
#	chaos_begin			in namespaces of its own
#	chaos_run PROGRAM ARGUMENT...	is given a directory first
#
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"

chaos_begin() {
	needs ip jq
	namespaces
	own_run || :
	export KEV_SOCKET="$dir/s" top_srcdir top_builddir
	export KEV_CHAOS_SAME="sh $top_srcdir/tests/chaos/same.sh $dir"
	export KEVD="${KEV_WRAP:-} $kevd $no_sandbox ${KEV_TEST_USER:+-U $KEV_TEST_USER}"
	# What a tool takes is its own.
	[ -n "${SANITIZE:-}${KEV_WRAP:-}" ] || export KEV_CHAOS_MEMORY=1
}

chaos_run() {
	program=$1
	shift
	"$top_builddir/tests/chaos/$program" "$dir" "$@"
	status=$?
	[ $status = 77 ] && exit 77
	[ $status = 0 ] && return
	[ ! -s "$dir/diff" ] || head -c 2000 "$dir/diff" >&2
	fail "$program $*: exits with $status; kevd: $(tail -n 50 "$dir/err")"
}

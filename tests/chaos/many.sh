#!/bin/sh
# Many clients at once, and more than there are descriptors for; see many.c.
# shellcheck source=tests/chaos/lib.sh
. "${top_srcdir:-.}/tests/chaos/lib.sh"
export KEV_MANY="${KEV_MANY:-500}"
needs prlimit
chaos_begin
chaos_run many "$KEV_MANY"
# Valgrind has descriptors of its own.
[ -z "${KEV_WRAP:-}" ] || exit 0
export KEVD="prlimit --nofile=64:64 $KEVD"
chaos_run many 100 64

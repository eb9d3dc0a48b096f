#!/bin/sh
# As much as the kernel can do, and readers who don't read; see storm.c.
# KEV_STORM="ADDRESSES LINKS READERS STOPPED": another one.
# shellcheck source=tests/chaos/lib.sh
. "${top_srcdir:-.}/tests/chaos/lib.sh"
export KEV_STORM="${KEV_STORM:-5000 400 20 4}"
chaos_begin
ip link add v0 type veth peer name v1
ip link set v0 up
# shellcheck disable=SC2086 # several numbers
chaos_run storm $KEV_STORM

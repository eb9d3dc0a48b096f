#!/bin/sh
# As much as the kernel can do, and readers who don't read; see storm.c.
# Then the kernel at its fastest, as in the bench of churn: few addresses at a
# time, of IPv4.
# KEV_STORM="ADDRESSES WAVE FAMILIES LINKS READERS STOPPED": another one first.
# shellcheck source=tests/chaos/lib.sh
. "${top_srcdir:-.}/tests/chaos/lib.sh"
export KEV_STORM="${KEV_STORM:-5000 500 46 400 20 4}"
chaos_begin
ip link add v0 type veth peer name v1
ip link set v0 up
# shellcheck disable=SC2086 # several numbers
chaos_run storm $KEV_STORM
chaos_run storm 200000 32 4 0 5 4

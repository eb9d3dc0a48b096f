#!/bin/sh
# Clients and a kernel that do as they like, from a seed; see chaos.c.
# KEV_CHAOS_SEED, KEV_CHAOS_STEPS, KEV_CHAOS_CLIENTS: another run, a longer one.
# shellcheck source=tests/chaos/lib.sh
. "${top_srcdir:-.}/tests/chaos/lib.sh"
: "${KEV_CHAOS_SEED:=1}"
export KEV_CHAOS_SEED
chaos_begin
say "KEV_CHAOS_SEED=$KEV_CHAOS_SEED"
chaos_run chaos "$KEV_CHAOS_SEED" "${KEV_CHAOS_STEPS:-300}" \
    "${KEV_CHAOS_CLIENTS:-50}"
